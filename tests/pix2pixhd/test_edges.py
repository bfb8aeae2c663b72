"""The edge channel, by hand, and instance maps that must be refused."""

import pytest
import torch

from nbgan.errors import InputError
from nbgan.pix2pixhd.edges import edge_map


def test_touching_cars_of_one_class_are_separated():
    ids = torch.tensor([[[7, 7, 7, 7], [26000, 26000, 26001, 26001]]])
    edges = edge_map(ids)
    assert edges.shape == (1, 1, 2, 4)
    assert edges.dtype == torch.float32
    assert edges[0, 0].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]
    assert edge_map(ids // 1000)[0, 0, 1].tolist() == [1, 1, 1, 1]
    lonely = torch.full((1, 3, 5), 26000)
    lonely[:, :, 3:] = 26001
    assert edge_map(lonely)[0, 0, 1].tolist() == [0, 0, 1, 1, 0]
    assert edge_map(lonely // 1000).sum() == 0


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64])
def test_any_integer_type_will_do(dtype):
    ids = torch.tensor([[[1, 1, 2]]]).to(dtype)
    assert edge_map(ids)[0, 0].tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("bad", [65536, -1])
def test_ids_beyond_16_bits_are_refused(bad):
    ids = torch.tensor([[[26000, bad]]])
    with pytest.raises(InputError, match=rf"instance: id {bad} is outside 0 to 65535"):
        edge_map(ids)


def test_float_ids_and_other_shapes_are_refused():
    with pytest.raises(InputError, match=r"must be integers, got torch\.float32"):
        edge_map(torch.zeros(1, 2, 2))
    with pytest.raises(InputError, match=r"expected ids \[N, H, W\], got shape \[1, 1, 2, 2\]"):
        edge_map(torch.zeros(1, 1, 2, 2, dtype=torch.long))
