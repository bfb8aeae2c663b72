"""pix2pixHD's ways of resizing: sizes, windows, the same for pictures and ids, clear errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from nbgan.data.resize import RESIZE_MODES, Resizing, check_divisible, resizing
from nbgan.errors import InputError


def picture(height: int, width: int, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def place(height: int, width: int) -> np.ndarray:
    """Ids that say where they come from."""
    return np.arange(height * width).reshape(height, width)


@pytest.mark.parametrize(
    ("how", "size"),
    [
        (Resizing(mode="scale_width", size=1024), (512, 1024)),
        (Resizing(mode="scale_width", size=(512, 1024)), (512, 1024)),
        (Resizing(mode="scale_width", size=1000), (500, 1000)),
        (Resizing(mode="scale_width_and_crop", load_size=1024, size=512), (512, 512)),
        (Resizing(mode="scale_width_and_crop", load_size=1024, size=(256, 768)), (256, 768)),
        (Resizing(mode="resize_and_crop", load_size=600, size=512), (512, 512)),
        (Resizing(mode="resize_and_crop", load_size=(300, 600), size=(256, 512)), (256, 512)),
        (Resizing(mode="crop", size=(256, 512)), (256, 512)),
        (Resizing(mode="none"), (1024, 2048)),
        (Resizing(mode="none", multiple=32), (1024, 2048)),
        (Resizing(mode="none", multiple=96), (1056, 2016)),
    ],
)
def test_sizes_for_cityscapes(how: Resizing, size: tuple[int, int]) -> None:
    plan = how.plan(1024, 2048)
    assert (plan.height, plan.width) == size
    assert plan.ids(place(1024, 2048)).shape == size


def test_scale_width_keeps_proportions_as_published() -> None:
    # The published program cuts the height off: 100 · 33 / 70 = 47.1.
    plan = Resizing(mode="scale_width", size=100).plan(33, 70)
    assert (plan.height, plan.width) == (47, 100) and plan.box == (0, 0, 70, 33)


def test_none_rounds_to_the_nearest_multiple() -> None:
    for height, width, rounded in ((33, 70, (32, 64)), (49, 90, (64, 96)), (5, 16, (32, 32))):
        plan = Resizing(mode="none", multiple=32).plan(height, width)
        assert (plan.height, plan.width) == rounded and plan.box == (0, 0, width, height)
    source = picture(32, 64)
    assert Resizing(mode="none", multiple=32).plan(32, 64).picture(source) is source


@pytest.mark.parametrize("load", [40, 100])
def test_window_is_cut_from_the_scaled_picture(load: int) -> None:
    source, ids = picture(32, 64), place(32, 64)
    how = Resizing(mode="scale_width_and_crop", load_size=load, size=(16, 24), random_crop=True)
    whole = Resizing(mode="scale_width", size=load).plan(32, 64)
    scaled, scaled_ids = np.asarray(whole.picture(source)).astype(int), whole.ids(ids)
    torch.manual_seed(1)
    places = set()
    for _ in range(8):
        plan = how.plan(32, 64)
        left, top = round(plan.box[0] * load / 64), round(plan.box[1] * load / 64)
        places.add((left, top))
        window = (slice(top, top + 16), slice(left, left + 24))
        np.testing.assert_array_equal(plan.ids(ids), scaled_ids[window])
        difference = np.asarray(plan.picture(source)).astype(int) - scaled[window]
        assert np.abs(difference).max() <= 1
    assert len(places) > 3


def test_windows_reach_every_place_and_no_further() -> None:
    how = Resizing(mode="crop", size=2, random_crop=True)
    torch.manual_seed(0)
    found = {tuple(how.plan(3, 4).box[:2]) for _ in range(200)}
    assert found == {(x, y) for x in (0, 1, 2) for y in (0, 1)}


def test_windows_repeat_with_the_seed_and_lie_in_the_middle_without() -> None:
    how = Resizing(mode="crop", size=8, random_crop=True)
    torch.manual_seed(3)
    first = [how.plan(100, 100) for _ in range(4)]
    torch.manual_seed(3)
    assert [how.plan(100, 100) for _ in range(4)] == first
    assert Resizing(mode="crop", size=8).plan(100, 20).box == (6, 46, 14, 54)


def test_ids_are_never_blended() -> None:
    ids = np.where(place(32, 64) % 7 == 0, 26001, 7)
    for mode in RESIZE_MODES:
        how = resizing(mode, size=None if mode == "none" else 16, multiple=8)
        plan = how.plan(32, 64)  # type: ignore[union-attr]
        assert set(np.unique(plan.ids(ids))) <= {7, 26001}


@pytest.mark.parametrize("mode", [mode for mode in RESIZE_MODES if mode != "none"])
def test_sizes_that_do_not_fit_the_network(mode: str) -> None:
    how = resizing(mode, size=40, load_size=None, multiple=32)
    with pytest.raises(InputError, match=r"hill\.png, resize .* divisible by 32; the nearest such"):
        how.plan(64, 80, where="hill.png")  # type: ignore[union-attr]


def test_check_divisible_names_the_nearest_size() -> None:
    check_divisible(64, 128, multiple=32, where="x")
    with pytest.raises(InputError, match=r"x: 130 × 50 .* divisible by 32; .* is 128 × 64"):
        check_divisible(50, 130, multiple=32, where="x")


def test_window_larger_than_the_picture() -> None:
    with pytest.raises(InputError, match=r"a\.png: the window is 99 × 99 .* has 64 × 32; lower"):
        Resizing(mode="crop", size=99).plan(32, 64, where="a.png")
    with pytest.raises(InputError, match="scaled to 40 × 20; lower size or raise load_size"):
        Resizing(mode="scale_width_and_crop", load_size=40, size=30).plan(32, 64)


def test_height_that_comes_out_otherwise() -> None:
    with pytest.raises(InputError, match="scaled to width 32 have height 16, wanted is 32"):
        Resizing(mode="scale_width", size=(32, 32)).plan(32, 64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "fit"}, "resize is 'fit'; allowed are scale_width, scale_width_and_crop"),
        ({"mode": "none", "size": 4}, "size is 4, but resize 'none' takes none"),
        ({"mode": "crop"}, "size is None; resize 'crop' needs one positive whole number, or"),
        ({"mode": "crop", "size": 4, "load_size": 8}, "load_size is 8, but resize 'crop' takes"),
        ({"mode": "crop", "size": (4, 4, 4)}, "size is"),
        ({"mode": "crop", "size": (4, -4)}, "size is"),
        ({"mode": "scale_width", "size": 2.5}, r"size is 2\.5"),
        ({"mode": "scale_width_and_crop", "size": 4}, "load_size is None; .* a width"),
        ({"mode": "scale_width_and_crop", "size": 4, "load_size": (8, 8)}, "load_size is"),
        ({"mode": "none", "multiple": 0}, "multiple is 0"),
    ],
)
def test_bad_options(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Resizing(**options)


def test_modes_by_name() -> None:
    assert resizing("resize", size=32, multiple=16) == "resize"
    how = resizing("scale_width_and_crop", size=(256, 512), multiple=16)
    assert isinstance(how, Resizing) and how.load_size == 1024
    how = resizing("resize_and_crop", size=(256, 512))
    assert isinstance(how, Resizing) and how.load_size == (512, 1024)
    with pytest.raises(InputError, match="resize is 'squash'; allowed are resize, scale_width"):
        resizing("squash", size=8)
    with pytest.raises(InputError, match="load_size is 9, but resize 'resize' takes none"):
        resizing("resize", size=8, load_size=9)
    with pytest.raises(InputError, match="size: 30 × 30 .* divisible by 16"):
        resizing("resize", size=30, multiple=16)


@pytest.mark.parametrize(
    ("how", "size"),
    [
        (Resizing(mode="crop", size=96, multiple=32, random_crop=True), (128, 256)),
        (Resizing(mode="scale_width_and_crop", size=64, load_size=300, multiple=32), (160, 288)),
        (Resizing(mode="resize_and_crop", size=64, load_size=100, multiple=32), (96, 96)),
        (Resizing(mode="resize_and_crop", size=64, load_size=(90, 200)), (90, 200)),
    ],
)
def test_whole_keeps_the_scale_and_cuts_nothing(how: Resizing, size: tuple[int, int]) -> None:
    plan = how.whole().plan(128, 250)
    assert (plan.height, plan.width) == size and plan.box == (0, 0, 250, 128)
    assert how.whole().whole().plan(128, 250) == plan


def test_whole_of_what_cuts_nothing_is_itself() -> None:
    for how in (Resizing(mode="none", multiple=8), Resizing(mode="scale_width", size=64)):
        assert how.whole() is how
