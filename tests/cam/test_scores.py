"""Scores of maps, on cases that can be counted by hand."""

import pytest
import torch

from nbgan.cam import bounding_boxes, box_iou, localisation_iou, pointing_game, region
from nbgan.errors import InputError


def square(left, top, right, bottom, size=10):
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[:, top:bottom, left:right] = True
    return mask


def test_pointing():
    mask = square(2, 3, 5, 6)
    maps = torch.zeros(1, 10, 10)
    maps[0, 3, 4] = 1
    assert pointing_game(maps, mask).tolist() == [True]
    maps[0, 3, 6] = 2  # two columns right of the mask
    assert pointing_game(maps, mask).tolist() == [False]
    assert pointing_game(maps, mask, tolerance=1).tolist() == [False]
    assert pointing_game(maps, mask, tolerance=2).tolist() == [True]


def test_overlap():
    maps = torch.zeros(3, 10, 10)
    maps[0, 0:4, 0:4] = 1.0
    maps[0, 0:4, 4:6] = 0.3
    maps[1] = -1.0
    maps[2, 0, 0], maps[2, 5, 5] = 1.0, -5.0
    masks = square(0, 0, 4, 4).expand(3, -1, -1)
    assert region(maps).flatten(1).sum(1).tolist() == [24, 0, 1]
    torch.testing.assert_close(localisation_iou(maps, masks), torch.tensor([16 / 24, 0, 1 / 16]))
    torch.testing.assert_close(localisation_iou(maps, masks, share=0.5)[0], torch.tensor(1.0))


def test_boxes():
    two = square(1, 2, 4, 9) | square(6, 6, 8, 8)
    boxes = bounding_boxes(torch.cat([two, torch.zeros_like(two), square(0, 0, 10, 10)]))
    assert boxes.tolist() == [[1, 2, 4, 9], [0, 0, 0, 0], [0, 0, 10, 10]]
    # 3 × 7 against 4 × 7, overlap 2 × 6.
    other = torch.tensor([[2, 3, 6, 10]])
    assert box_iou(boxes[:1], other).item() == pytest.approx(12 / (21 + 28 - 12))
    assert box_iou(boxes[1:2], boxes[1:2]).item() == 0
    assert box_iou(boxes[:1], torch.tensor([[5, 2, 9, 9]])).item() == 0
    corner_only = torch.zeros(1, 4, 4, dtype=torch.bool)
    corner_only[0, 0, 0] = corner_only[0, 1, 1] = corner_only[0, 1, 2] = True
    assert bounding_boxes(corner_only).tolist() == [[1, 1, 3, 2]]


def test_refused():
    maps, mask = torch.zeros(1, 10, 10), square(0, 0, 2, 2)
    with pytest.raises(InputError, match="number 0 is empty"):
        pointing_game(maps, torch.zeros_like(mask))
    with pytest.raises(InputError, match="expected floating-point and bool"):
        localisation_iou(maps, mask.long())
    with pytest.raises(InputError, match="Enlarge the maps"):
        pointing_game(torch.zeros(1, 5, 5), mask)
    with pytest.raises(InputError, match="share: got 0"):
        region(maps, share=0)
