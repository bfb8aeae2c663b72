"""Masks as PNG files, between the painter and Python, and the files that are refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from nbgan.data.labels import LabelSpace

pytestmark = pytest.mark.timeout(300)

SPACE = LabelSpace(
    name="four",
    classes=("sky", "water", "grass", "snow"),
    colors=((142, 202, 240), (20, 84, 170), (140, 196, 62), (255, 255, 255)),
)
MASK = np.random.default_rng(0).integers(0, 4, (24, 32)).astype(np.uint8)


def png(picture, **options):
    file = io.BytesIO()
    picture.save(file, format="PNG", **options)
    return file.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(rows, *, width=32, height=24, depth=8, colour=0, interlaced=0, palette=None):
    """A PNG made by hand, so that it can say what Pillow would not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    if palette is not None:
        parts.insert(1, chunk(b"PLTE", palette))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def desk(open_painter):
    return open_painter(width=32, height=24)


def offer(desk, data, name="mask.png"):
    """Give the painter a file, and wait until it has said something about it."""
    desk.page.evaluate("painter.say('waiting', 'info')")
    kind = {"name": name, "mimeType": "image/png", "buffer": data}
    desk.page.locator("input[type=file]").set_input_files(kind)
    desk.page.wait_for_function(
        "document.querySelector('.nbgan-message').textContent !== 'waiting'"
    )
    return desk.message.inner_text()


def accepted(desk, data, expected=MASK):
    said = offer(desk, data)
    assert said == "Loaded mask.png."
    np.testing.assert_array_equal(np.array(desk.mask), expected)


def saved(desk, folder):
    with desk.page.expect_download() as download:
        desk.button("Save").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def test_python_reads_what_the_painter_saves(desk, tmp_path):
    desk.page.evaluate("(ids) => painter.setMask(Uint8Array.from(ids))", MASK.ravel().tolist())
    desk.choose("snow")
    desk.drag((3, 3), (20, 15))
    path = saved(desk, tmp_path)
    assert path.name == "mask.png"
    np.testing.assert_array_equal(SPACE.read_png(path), np.array(desk.mask))
    picture = Image.open(path)
    assert picture.mode == "P"
    colours = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(colours, SPACE.colorize(np.array(desk.mask)))


def test_painter_reads_what_python_saves(desk, tmp_path):
    SPACE.write_png(tmp_path / "mask.png", MASK)
    accepted(desk, (tmp_path / "mask.png").read_bytes())
    assert desk.strokes == 1
    desk.button("Undo").click()
    assert len(desk.painted(0)) == 24 * 32


def test_unlabelled_pixels_survive_the_round_trip(desk, tmp_path):
    mask = MASK.copy()
    mask[3:9, 4:20] = 255
    SPACE.write_png(tmp_path / "mask.png", mask)
    accepted(desk, (tmp_path / "mask.png").read_bytes(), mask)
    np.testing.assert_array_equal(SPACE.read_png(saved(desk, tmp_path)), mask)


def test_colours_and_other_palettes_are_read_by_their_exact_colours(desk):
    colours = Image.fromarray(SPACE.colorize(MASK))
    accepted(desk, png(colours))
    desk.button("Undo").click()
    accepted(desk, png(colours.convert("RGBA")))
    desk.button("Undo").click()
    shuffled = Image.fromarray((3 - MASK).astype(np.uint8), mode="P")
    shuffled.putpalette(bytes(np.array(SPACE.colors[::-1], np.uint8)))
    accepted(desk, png(shuffled))


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_few_bits_and_grey_ids(desk, bits):
    picture = Image.fromarray(MASK, mode="P")
    picture.putpalette(bytes(range(12)))
    accepted(desk, png(picture, bits=bits))
    desk.button("Undo").click()
    accepted(desk, png(Image.fromarray(MASK)))


@pytest.mark.parametrize("filtered", [1, 2, 3, 4])
def test_every_row_filter(desk, filtered):
    rows, above = b"", np.zeros(32, np.int64)
    for row in MASK.astype(np.int64):
        left = np.concatenate([[0], row[:-1]])
        corner = np.concatenate([[0], above[:-1]])
        guess = left + above - corner
        near = np.abs(np.stack([guess - left, guess - above, guess - corner]))
        paeth = np.choose(near.argmin(0), [left, above, corner])
        base = {1: left, 2: above, 3: (left + above) // 2, 4: paeth}[filtered]
        rows += bytes([filtered]) + ((row - base) % 256).astype(np.uint8).tobytes()
        above = row
    data = raw_png(rows)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), MASK)
    accepted(desk, data)


def grey_rows(mask):
    return b"".join(b"\0" + row.tobytes() for row in mask)


def smoothed():
    picture = SPACE.colorize(np.zeros((24, 32), np.uint8))
    picture[7, 5] = (1, 2, 3)
    return png(Image.fromarray(picture))


def with_id(value, palette=None):
    mask = np.zeros((24, 32), np.uint8)
    mask[7, 5] = value
    return raw_png(grey_rows(mask), colour=0 if palette is None else 3, palette=palette)


def see_through():
    picture = Image.fromarray(SPACE.colorize(MASK)).convert("RGBA")
    picture.putpixel((5, 7), (20, 84, 170, 128))
    return png(picture)


def jpeg():
    file = io.BytesIO()
    Image.fromarray(SPACE.colorize(MASK)).save(file, format="JPEG")
    return file.getvalue()


def damaged():
    data = bytearray(png(Image.fromarray(MASK)))
    data[data.index(b"IDAT") + 8] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "messages"),
    [
        (jpeg, ["JPEG", "Save the mask as PNG"]),
        (smoothed, ["colour #010203 at x 5, y 7 belongs to no class"]),
        (lambda: with_id(9), ["unknown class id 9 at x 5, y 7", "0 to 3"]),
        (lambda: with_id(9, bytes(30)), ["unknown class id 9 (colour #000000)"]),
        (see_through, ["transparent pixel at x 5, y 7"]),
        (lambda: png(Image.fromarray(MASK[:20])), ["32 × 20 pixels", "32 × 24", "nearest"]),
        (lambda: png(Image.fromarray(MASK))[:-30], ["ends too early"]),
        (damaged, ["the IDAT part is damaged"]),
        (lambda: raw_png(b"\0" * 48 * 65, depth=16), ["16 bits per channel"]),
        (lambda: raw_png(grey_rows(MASK), interlaced=1), ["interlaced"]),
        (lambda: raw_png(grey_rows(MASK[:9])), ["incomplete"]),
        (lambda: raw_png(b"\0" * 10**6), ["longer than its size says"]),
        (lambda: raw_png(b"", width=10**5, height=10**5), ["100000 × 100000 pixels"]),
        (lambda: b"GIF89a" + bytes(40), ["GIF"]),
        (lambda: b"hello", ["not a picture"]),
    ],
)
def test_other_files_are_refused_with_their_name(desk, make, messages):
    desk.drag((3, 3), (20, 15))
    before = desk.mask
    said = offer(desk, make(), name="drawing.png")
    assert said.startswith("drawing.png: ")
    for message in messages:
        assert message in said
    assert desk.message.get_attribute("data-kind") == "error"
    assert desk.mask == before
    assert desk.strokes == 1


def test_a_black_pixel_without_an_ignore_id_is_refused(open_painter):
    desk = open_painter(width=32, height=24, ignoreId=None)
    picture = SPACE.colorize(MASK)
    picture[0, 1] = 0
    assert "colour #000000 at x 1, y 0" in offer(desk, png(Image.fromarray(picture)))
