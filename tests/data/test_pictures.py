"""Decoding: every kind of picture becomes upright RGB, masks keep their integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nbgan.data.palette import distinct_colors
from nbgan.data.pictures import fit, read_header, read_ids, read_picture, to_float, to_uint8
from nbgan.errors import InputError


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("L", 100, (100, 100, 100)),
        ("1", 1, (255, 255, 255)),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("LA", (40, 255), (40, 40, 40)),
        ("I;16", 257 * 200, (200, 200, 200)),
    ],
)
def test_kinds_of_picture(tmp_path: Path, mode: str, color, expected: tuple) -> None:
    path = tmp_path / "a.png"
    if mode == "I;16":
        Image.fromarray(np.full((2, 2), color, dtype=np.uint16)).save(path)
    else:
        Image.new(mode, (2, 2), color).save(path)
    picture = read_picture(path)
    assert picture.mode == "RGB" and picture.getpixel((1, 1)) == expected


def test_transparent_palette_color_becomes_paper(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([200, 0, 0, 0, 0, 200])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=0)
    read = read_picture(tmp_path / "a.png")
    assert [read.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 200)]


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_exif_orientation(tmp_path: Path, suffix: str) -> None:
    source = Image.new("RGB", (16, 8), (255, 255, 255))
    source.paste((0, 0, 0), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter: left becomes top
    path = tmp_path / f"a.{suffix}"
    source.save(path, exif=exif)
    header = read_header(path)
    assert (header.width, header.height) == (8, 16)
    picture = np.asarray(read_picture(path)).astype(int)
    assert picture.shape == (16, 8, 3)
    assert picture[:6].max() < 40 and picture[10:].min() > 215


def test_float_picture_is_refused(tmp_path: Path) -> None:
    Image.new("F", (2, 2), 0.5).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: .*layout F \(TIFF\).*8-bit"):
        read_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("bits", [1, 4, 8, 16])
def test_ids_of_any_depth(tmp_path: Path, bits: int) -> None:
    ids = np.random.default_rng(bits).integers(0, 2**bits, (5, 7))
    path = tmp_path / "a.png"
    if bits == 1:
        Image.fromarray(ids.astype(bool)).save(path)
    elif bits == 16:
        Image.fromarray(ids.astype(np.uint16)).save(path)
    else:
        indexed = Image.fromarray(ids.astype(np.uint8)).convert("L")
        indexed.putpalette(np.arange(768, dtype=np.uint8).tobytes()[: 3 * 2**bits])
        indexed.save(path, bits=bits)
    read = read_ids(path)
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, ids)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.png: no such file"):
        read_picture(tmp_path / "b.png")
    with pytest.raises(InputError, match="is a folder"):
        read_ids(tmp_path)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "bmp"])
def test_damaged_files_never_raise_anything_else(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()
    for _ in range(40):
        damaged = bytearray(whole[: rng.integers(1, len(whole))])
        for place in rng.integers(0, len(damaged), 4):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            read_header(path)
            assert read_picture(path).mode == "RGB"
        except InputError as error:
            assert f"a.{suffix}" in str(error)


def test_far_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(InputError, match=r"a\.png: far too many pixels"):
        read_picture(tmp_path / "a.png")


def test_eight_bits_there_and_back() -> None:
    every = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_uint8(to_float(every)), every)
    assert to_float(every).min() == -1 and to_float(every).max() == 1


def test_ids_take_the_pixel_under_the_centre() -> None:
    ids = np.arange(9).reshape(3, 3)
    assert fit(3, 3, size=1).ids(ids).tolist() == [[4]]
    np.testing.assert_array_equal(fit(3, 3, size=6).ids(ids), ids.repeat(2, 0).repeat(2, 1))
    assert fit(3, 9, size=3, resize="crop").box == (3, 0, 6, 3)


def test_colors_are_many_distinct_and_never_black() -> None:
    for count in (1, 19, 182, 256):
        colors = distinct_colors(count)
        assert len(set(colors)) == count and (0, 0, 0) not in colors
    assert distinct_colors(19) == distinct_colors(182)[:19]
    with pytest.raises(InputError, match="257 colours"):
        distinct_colors(257)
