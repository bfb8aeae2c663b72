"""From ids to the maps that the networks see."""

import pytest
import torch

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.spade import instance_edges, one_hot, semantics

SPACE = LabelSpace(name="three", classes=("a", "b", "c"), colors=((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def test_one_hot_by_hand():
    label = torch.tensor([[[0, 2], [1, 255]]])
    maps = one_hot(label, SPACE)
    assert maps.shape == (1, 3, 2, 2)
    assert maps[0, :, 0, 1].tolist() == [0, 0, 1]
    assert maps[0, :, 1, 1].tolist() == [0, 0, 0]
    cared = one_hot(label, SPACE, dont_care=True)
    assert cared[0, :, 1, 1].tolist() == [0, 0, 0, 1]
    assert torch.equal(cared.sum(dim=1), torch.ones(1, 2, 2))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_any_integer_type_will_do(dtype):
    label = torch.tensor([[[0, 1, 255]]]).to(dtype)
    assert torch.equal(one_hot(label, SPACE), one_hot(label.long(), SPACE))


def test_class_id_outside_the_space_is_named():
    label = torch.tensor([[[0, 3], [7, 1]]])
    with pytest.raises(InputError, match=r"unknown class id 3, 7; .*'three' allows 0 to 2"):
        one_hot(label, SPACE)


def test_float_maps_and_missing_batch_axes_are_refused():
    with pytest.raises(InputError, match="must be integers"):
        one_hot(torch.zeros(1, 2, 2), SPACE)
    with pytest.raises(InputError, match=r"expected class ids \[N, H, W\]"):
        one_hot(torch.zeros(2, 2, dtype=torch.long), SPACE)


def test_edges_mark_both_sides_and_no_diagonal():
    ids = torch.tensor([[[1, 1, 1], [1, 1, 1], [1, 1, 2]]])
    assert instance_edges(ids)[0, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1]]


def test_edge_channel_comes_last():
    label = torch.zeros(1, 2, 2, dtype=torch.long)
    instance = torch.tensor([[[1, 1], [2, 2]]])
    maps = semantics(label, instance, SPACE, dont_care=True, use_instances=True)
    assert maps.shape == (1, 5, 2, 2)
    assert maps[:, 4].min() == 1


def test_missing_or_misshapen_instances():
    label = torch.zeros(1, 2, 2, dtype=torch.long)
    with pytest.raises(InputError, match="no instance map was given"):
        semantics(label, None, SPACE, use_instances=True)
    with pytest.raises(InputError, match="differs from label's"):
        semantics(label, torch.zeros(1, 4, 4), SPACE, use_instances=True)
