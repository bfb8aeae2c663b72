"""Features read from the maps are those of the resized stack."""

import pytest
import torch

from nbgan.datasetgan import FeatureBank, PixelGrid, stack_features
from nbgan.datasetgan.generators import feature_channels
from nbgan.errors import InputError
from nbgan.stylegan import StyleGAN1Generator


def maps(sizes=(4, 8, 16, 32), n=2, channels=3):
    draw = torch.Generator().manual_seed(0)
    return [
        torch.randn(n, channels, r, r, generator=draw, dtype=torch.float64).float()
        for r in sizes
        for _ in range(2)
    ]


@pytest.mark.parametrize(
    ("height", "width"), [(32, 32), (16, 16), (24, 32), (32, 20), (64, 64), (48, 48)]
)
def test_pixels_read_from_the_maps_equal_the_stack(height, width):
    grid = PixelGrid(height=height, width=width)
    bank = FeatureBank.of(maps(), grid)
    stack = stack_features(maps(), grid)
    assert stack.shape == (2, 24, height, width)
    pixel = torch.arange(grid.pixels)
    for n in range(2):
        rows = bank.rows(torch.full_like(pixel, n), pixel)
        torch.testing.assert_close(rows, stack[n].flatten(1).T, atol=1e-5, rtol=0)


def test_finer_maps_are_averaged_not_skipped():
    fine = torch.arange(16.0).view(1, 1, 4, 4)
    bank = FeatureBank.of([fine], PixelGrid(height=2, width=2))
    assert bank.fine.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_cars_are_cut_from_the_middle_rows():
    grid = PixelGrid(height=2, width=4)
    image = torch.arange(16.0).view(1, 1, 4, 4).expand(1, 3, 4, 4)
    assert grid.picture(image)[0, 0].tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
    published = PixelGrid(height=384, width=512)
    rows = published.crop(torch.arange(512)[:, None].expand(512, 512))
    assert (rows[0, 0], rows[-1, 0]) == (64, 447)


def test_bank_of_many_pictures_is_filled_in_place():
    whole = FeatureBank.of(maps(n=3), PixelGrid(height=32, width=32))
    parts = [FeatureBank.of([x[i : i + 1] for x in maps(n=3)], whole.grid) for i in range(3)]
    bank = parts[0].room_for(3)
    for i, part in enumerate(parts):
        bank.put(i, part)
    assert len(bank) == 3
    assert bank.bytes == whole.bytes
    for ours, theirs in zip(bank.tables, whole.tables, strict=True):
        assert torch.equal(ours, theirs)


def test_maps_out_of_order_and_odd_label_sizes_are_refused():
    with pytest.raises(InputError, match="coarse to fine, got 32 × 32"):
        FeatureBank.of(maps()[::-1], PixelGrid(height=32, width=32))
    with pytest.raises(InputError, match="differ by an even number"):
        PixelGrid(height=31, width=32)


@pytest.mark.parametrize(("size", "channels"), [(1024, 5088), (512, 5056), (256, 4992)])
def test_published_sizes_have_the_published_number_of_channels(size, channels):
    with torch.device("meta"):
        generator = StyleGAN1Generator(size=size)
    assert feature_channels(generator) == channels
