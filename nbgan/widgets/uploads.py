"""Files that a user hands over in a browser: checked by their headers before they are decoded.

A picture or mask of another size is resized, and the note says so: proportions are kept and the
middle is cut out; pictures are smoothed, masks take the nearest pixel, never a blend.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import (
    Header,
    check_picture_header,
    fit,
    picture_tensor,
    read_header,
    read_ids,
    read_picture,
)
from nbgan.errors import InputError

MOST_MEGABYTES = 8
"""Of a file. Servers of notebooks cut the connection at messages of 10 MB."""
MOST_MEGAPIXELS = 50
"""Of a picture: small files can hold far more pixels than memory does."""
PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
PICTURE_SUFFIXES = ",".join(f".{name.lower()}" for name in (*PICTURE_FORMATS, "jpg", "tif"))
"""What a page's file dialogue offers."""


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """What became of a file.

    Args:
        value: the picture, float ``[3, H, W]`` in [−1, 1]; or the class ids, uint8 ``[H, W]``.
        note: what was done to make it fit; empty if nothing was.
    """

    value: Tensor | np.ndarray
    note: str


def uploaded_picture(name: str, content: bytes, size: tuple[int, int]) -> Uploaded:
    """A picture file at ``size`` (height, width).

    Raises:
        InputError: too large, not a picture, of an unknown format, truncated.
    """
    with _on_disk(name, content) as path:
        header = _checked_header(name, path)
        if header.format not in PICTURE_FORMATS:
            raise InputError(
                f"{name}: a {header.format} file; allowed are {', '.join(PICTURE_FORMATS)}. "
                "Export it again as PNG or JPEG"
            )
        check_picture_header(path, header)
        picture = read_picture(path)
    plan = fit(picture.height, picture.width, size=size, resize="crop")
    note = _note((picture.height, picture.width), size, "smoothly")
    return Uploaded(value=picture_tensor(plan.picture(picture)), note=note)


def uploaded_mask(
    name: str, content: bytes, label_space: LabelSpace, size: tuple[int, int]
) -> Uploaded:
    """A mask file at ``size`` (height, width): a PNG of ids, or of the classes' exact colours.

    Where a palette holds the classes' colours, these decide: other programs reorder palettes.

    Raises:
        InputError: too large, not a PNG, truncated, transparent, or with unknown ids or colours.
    """
    with _on_disk(name, content) as path:
        header = _checked_header(name, path)
        if header.format != "PNG":
            raise InputError(
                f"{name}: a {header.format} file; a mask must be a PNG, because other formats "
                "change colours at edges. Export it again as PNG"
            )
        ids = _read_mask(name, path, header, label_space)
    plan = fit(*ids.shape, size=size, resize="crop")
    note = _note((ids.shape[0], ids.shape[1]), size, "with nearest neighbour")
    return Uploaded(value=plan.ids(ids).astype(np.uint8), note=note)


def _read_mask(name: str, path: Path, header: Header, space: LabelSpace) -> np.ndarray:
    if header.mode.startswith("RGB"):
        return space.from_colors(_opaque(name, path), where=name)
    if header.mode == "P":
        named = _by_palette(name, path, space)
        if named is not None:
            return named
    ids = read_ids(path)
    space.check(ids, where=name)
    return ids


def _opaque(name: str, path: Path) -> np.ndarray:
    """Colours, uint8 ``[H, W, 3]``, of a picture without transparent pixels."""
    read_picture(path)  # reports a broken file
    with Image.open(path) as picture:
        colors = np.asarray(picture.convert("RGBA"))
    clear = np.argwhere(colors[..., 3] < 255)
    if len(clear):
        y, x = clear[0]
        raise InputError(
            f"{name}: a transparent pixel at x {x}, y {y}; every pixel needs a class, fill it"
        )
    return colors[..., :3]


def _by_palette(name: str, path: Path, space: LabelSpace) -> np.ndarray | None:
    """Ids by the colours of an indexed PNG; None where its palette names no classes."""
    try:
        ids = space.from_colors(_opaque(name, path), where=name)
    except InputError:
        return None
    return None if bool((ids == space.ignore_id).all()) else ids


def _checked_header(name: str, path: Path) -> Header:
    with warnings.catch_warnings():
        # Pillow warns of many pixels; here they are an error, with a limit of its own.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        header = read_header(path)
    pixels = header.height * header.width
    if pixels > MOST_MEGAPIXELS * 1e6:
        raise InputError(
            f"{name}: {header.width} × {header.height} pixels are {pixels / 1e6:.0f} megapixels; "
            f"at most {MOST_MEGAPIXELS} are read. Make it smaller"
        )
    return header


def check_bytes(name: str, count: int) -> None:
    """Raise InputError if a file of ``count`` bytes is empty or too large."""
    if not count:
        raise InputError(f"{name}: the file is empty; choose another one")
    if count > MOST_MEGABYTES * 1e6:
        raise InputError(
            f"{name}: {count / 1e6:.1f} MB; at most {MOST_MEGABYTES} MB are read. Make it smaller"
        )


@contextmanager
def _on_disk(name: str, content: bytes) -> Iterator[Path]:
    """The content as a file; errors call it by its own name."""
    check_bytes(name, len(content))
    with tempfile.TemporaryDirectory(prefix="nbgan-") as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        try:
            yield path
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None


def _note(found: tuple[int, int], wanted: tuple[int, int], how: str) -> str:
    if found == wanted:
        return ""
    cut = "" if found[0] * wanted[1] == found[1] * wanted[0] else ", its middle cut out"
    return f"{found[1]} × {found[0]} pixels were resized to {wanted[1]} × {wanted[0]} {how}{cut}"
