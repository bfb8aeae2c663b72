"""How well a map says where something is, measured against true masks.

The pointing game is that of Zhang et al., "Top-Down Neural Attention by Excitation Backprop"
(2016), section 4.1. Thresholding at a share of the map's maximum and boxing the largest connected
part is the protocol of Zhou et al. (2016), section 3.2; a box counts as right from an intersection
over union of 0.5.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from nbgan.errors import InputError

SHARE = 0.2
"""Share of the maximum at which Zhou et al. cut a map."""


def pointing_game(maps: Tensor, masks: Tensor, *, tolerance: int = 0) -> Tensor:
    """Whether the highest point of each map lies on the object.

    Args:
        maps: ``[N, H, W]`` at the size of the masks; see :func:`nbgan.cam.enlarge`.
        masks: true where the object is, bool ``[N, H, W]``, none of them empty.
        tolerance: pixels by which the point may miss (a square around it); the paper takes 15 for
            photographs of about 500 pixels.

    Returns:
        bool ``[N]``; its mean is the score.

    Raises:
        InputError: shapes that do not fit, or an empty mask.
    """
    _check(maps, masks)
    if tolerance:
        grown = F.max_pool2d(masks[:, None].float(), 2 * tolerance + 1, 1, tolerance)
        masks = grown[:, 0].bool()
    place = maps.flatten(1).argmax(dim=1, keepdim=True)
    return masks.flatten(1).gather(1, place)[:, 0]


def region(maps: Tensor, *, share: float = SHARE) -> Tensor:
    """Where each map is at least ``share`` of its maximum.

    Args:
        maps: ``[N, H, W]``, any values. A map that is nowhere positive has no region.
        share: above 0, at most 1.

    Returns:
        bool ``[N, H, W]``

    Raises:
        InputError: another share.
    """
    if not 0 < share <= 1:
        raise InputError(f"share: got {share}; use a share of the maximum above 0, at most 1")
    highest = maps.amax((-2, -1), keepdim=True)
    return (maps >= share * highest) & (highest > 0)


def localisation_iou(maps: Tensor, masks: Tensor, *, share: float = SHARE) -> Tensor:
    """Intersection over union of the thresholded map and the true mask.

    Args:
        maps: ``[N, H, W]`` at the size of the masks.
        masks: bool ``[N, H, W]``, none of them empty.
        share: see :func:`region`.

    Returns:
        ``[N]`` in [0, 1].

    Raises:
        InputError: shapes that do not fit, an empty mask, or a bad share.
    """
    _check(maps, masks)
    found = region(maps, share=share)
    both = (found & masks).sum((1, 2)).float()
    return both / (found | masks).sum((1, 2)).clamp(min=1)


def bounding_boxes(regions: Tensor) -> Tensor:
    """The box around the largest connected part of each region.

    Args:
        regions: bool ``[N, H, W]``; pixels that share a side are connected.

    Returns:
        int64 ``[N, 4]``: left, top, right, bottom, the last two exclusive; zeros for an empty one.
    """
    boxes = torch.zeros(len(regions), 4, dtype=torch.int64)
    for i, one in enumerate(regions.cpu().numpy()):
        parts, count = ndimage.label(one)
        if count:
            largest = int(np.bincount(parts.ravel())[1:].argmax())
            rows, columns = ndimage.find_objects(parts)[largest]
            boxes[i] = torch.tensor([columns.start, rows.start, columns.stop, rows.stop])
    return boxes


def box_iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes, pair by pair.

    Args:
        first, second: ``[N, 4]`` as :func:`bounding_boxes` gives them.

    Returns:
        ``[N]`` in [0, 1]; 0 where both are empty.
    """
    a, b = first.float(), second.float()
    sides = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    both = sides.prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    return both / (areas - both).clamp(min=1)


def _check(maps: Tensor, masks: Tensor) -> None:
    if maps.ndim != 3 or maps.shape != masks.shape or masks.dtype != torch.bool:
        raise InputError(
            f"maps, masks: got {maps.dtype} {list(maps.shape)} and {masks.dtype} "
            f"{list(masks.shape)}; expected floating-point and bool, both [N, H, W]. Enlarge the "
            "maps with nbgan.cam.enlarge"
        )
    empty = (~masks.flatten(1).any(1)).nonzero().flatten().tolist()
    if empty:
        raise InputError(
            f"masks: number {empty[0]} is empty ({len(empty)} in all); leave out pictures without "
            "the object, there is nothing to find in them"
        )
