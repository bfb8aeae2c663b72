"""Uploaded pictures and masks: what is taken, and what is refused before it is decoded."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from png_files import indexed, png

from nbgan.data import LabelSpace
from nbgan.errors import InputError
from nbgan.widgets.uploads import MOST_MEGAPIXELS, uploaded_mask, uploaded_picture

SPACE = LabelSpace(
    name="garden",
    classes=("sky", "grass", "pond"),
    colors=((90, 180, 230), (20, 160, 110), (10, 60, 160)),
)


def test_masks_by_ids_colours_and_reordered_palettes():
    ids = np.random.default_rng(0).integers(0, 3, (8, 8)).astype(np.uint8)
    files = {
        "ids": png(ids),
        "palette": indexed(ids, SPACE.colors),
        "reordered": indexed(2 - ids, SPACE.colors[::-1]),
        "other palette": indexed(ids, [(1, 1, 1), (2, 2, 2), (3, 3, 3)]),
        "black palette": indexed(ids, [(0, 0, 0)] * 3),
        "colours": png(SPACE.colorize(ids)),
    }
    for name, content in files.items():
        made = uploaded_mask(name, content, SPACE, (8, 8))
        assert (made.value == ids).all(), name
        assert made.note == ""


def test_masks_that_are_refused():
    def refused(content, message):
        with pytest.raises(InputError, match=message):
            uploaded_mask("m.png", content, SPACE, (8, 8))

    colors = SPACE.colorize(np.zeros((8, 8), np.int64))
    wrong = colors.copy()
    wrong[3, 3] = (1, 2, 3)
    refused(png(wrong), "m.png: colour #010203 belongs to no class")
    clear = np.dstack([colors, np.full((8, 8), 255, np.uint8)])
    clear[2, 5, 3] = 10
    refused(png(clear), "m.png: a transparent pixel at x 5, y 2")
    jpeg = io.BytesIO()
    Image.fromarray(colors).save(jpeg, format="JPEG")
    refused(jpeg.getvalue(), "m.png: a JPEG file; a mask must be a PNG")
    refused(png(colors)[:-30], "m.png: not a readable picture")
    refused(b"", "m.png: the file is empty")


def test_pictures_of_another_size_keep_their_proportions():
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80] = 255
    made = uploaded_picture("wide.png", png(wide), (32, 32))
    assert made.note == "120 × 40 pixels were resized to 32 × 32 smoothly, its middle cut out"
    assert made.value.shape == (3, 32, 32)
    assert made.value[:, :, 2:-2].min() > 0.99


def test_pictures_that_are_none():
    def refused(content, message):
        with pytest.raises(InputError, match=message):
            uploaded_picture("p.png", content, (32, 32))

    refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "p.png: not a readable picture")
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    refused(png(picture)[:2000], "p.png: not a readable picture")
    gif = io.BytesIO()
    Image.fromarray(picture).save(gif, format="GIF")
    refused(gif.getvalue(), "p.png: a GIF file; allowed are PNG, JPEG")
    refused(bytes(8_000_001), "p.png: 8.0 MB; at most 8 MB are read")


def gigantic(width, height):
    """A PNG of a few kilobytes that claims, and holds, so many black pixels."""
    squeeze = zlib.compressobj(9)
    row = bytes(1 + -(-width // 8))
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (20_000, 20_000)])
def test_a_hundred_megapixels_in_a_few_kilobytes_are_not_decoded(monkeypatch, width, height):
    content = gigantic(width, height)
    assert len(content) < 60_000

    def never(self):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    for read in (
        lambda: uploaded_picture("huge.png", content, (32, 32)),
        lambda: uploaded_mask("huge.png", content, SPACE, (32, 32)),
    ):
        with pytest.raises(InputError, match="huge.png: .*pixels"):
            read()
    assert MOST_MEGAPIXELS < 100
