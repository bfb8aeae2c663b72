"""Picture and mask files in, arrays out: the only place that decodes files.

Pictures are made upright (EXIF orientation) and three-channel; masks keep their integers. Every
failure is an :class:`~nbgan.errors.InputError` that names the file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from nbgan.errors import InputError

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

_ID_MODES = ("1", "P", "L", "I", "I;16", "I;16B")
_EXIF_ORIENTATION = 0x0112
_QUARTER_TURNS = (5, 6, 7, 8)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of itself before its pixels are decoded.

    Args:
        height, width: size in pixels, after the EXIF orientation is applied.
        mode: Pillow's name of the pixel layout, for example ``"RGB"`` or ``"P"`` (indexed).
        format: file format, for example ``"PNG"``.
    """

    height: int
    width: int
    mode: str
    format: str


def read_header(path: str | Path) -> Header:
    """Size and kind of a picture file; decodes no pixels.

    Raises:
        InputError: no such file, or not a picture.
    """
    with _opened(path) as picture:
        width, height = picture.size
        # Asking a PNG for its EXIF block can decode the whole file, so look only at what the
        # header already holds.
        has_exif = picture.format != "PNG" or "exif" in picture.info
        if has_exif and picture.getexif().get(_EXIF_ORIENTATION) in _QUARTER_TURNS:
            width, height = height, width
        return Header(height=height, width=width, mode=picture.mode, format=str(picture.format))


def check_picture_header(path: str | Path, header: Header) -> None:
    """Raise InputError if a picture's pixel layout cannot become 8-bit colour."""
    if header.mode == "F" or (header.mode.startswith("I") and header.format != "PNG"):
        raise InputError(
            f"{path}: the picture has pixel layout {header.mode} ({header.format}), whose "
            "brightness scale is unknown; allowed are 8-bit pictures of any kind and 16-bit PNG. "
            "Convert it to an 8-bit PNG or JPEG"
        )


def check_ids_header(path: str | Path, header: Header, what: str = "mask") -> None:
    """Raise InputError if a file cannot hold one integer a pixel without loss."""
    if what == "instance map" and (header.format != "PNG" or header.mode not in _ID_MODES):
        raise InputError(
            f"{path}: an instance map must be a grey PNG of at most 16 bits, ids 0 to 65535, got "
            f"{header.mode} ({header.format}); number the instances anew so that their ids fit, "
            "and save them as a 16-bit PNG"
        )
    if header.format != "PNG":
        raise InputError(
            f"{path}: a {what} must be a PNG that stores ids, got {header.format}; lossy formats "
            f"change ids, export the {what} as an indexed PNG"
        )
    if header.mode not in _ID_MODES:
        raise InputError(
            f"{path}: a {what} must store one id a pixel (indexed or grey PNG), got a "
            f"{header.mode} colour image; convert colours to ids with LabelSpace.from_colors, or "
            "open the folder with colored_masks=True"
        )


def read_picture(path: str | Path) -> Image.Image:
    """Read a picture as upright 8-bit RGB.

    Transparent pictures are laid on white, grey ones get three equal channels, 16-bit grey PNGs
    are scaled to 8 bits.

    Raises:
        InputError: missing, unreadable, truncated, or of a layout with no known brightness scale.
    """
    with _opened(path) as picture:
        header = _stored_header(picture)
        check_picture_header(path, header)
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        if upright.mode.startswith("I"):
            wide = np.asarray(upright).astype(np.float64)
            return Image.fromarray(np.rint(wide / 257).clip(0, 255).astype(np.uint8)).convert("RGB")
        if _is_transparent(upright):
            clear = upright.convert("RGBA")
            paper = Image.new("RGBA", clear.size, (255, 255, 255, 255))
            return Image.alpha_composite(paper, clear).convert("RGB")
        return upright.convert("RGB")


def has_alpha(path: str | Path) -> bool:
    """Whether a picture file says how opaque its pixels are; decodes no pixels.

    Raises:
        InputError: no such file, or not a picture.
    """
    with _opened(path) as picture:
        return _is_transparent(picture)


def read_opacity(path: str | Path) -> np.ndarray | None:
    """How opaque each pixel of a picture is, float64 ``[H, W]`` in [0, 1], upright.

    Returns:
        ``None`` if the file holds no alpha.

    Raises:
        InputError: missing, unreadable or truncated.
    """
    with _opened(path) as picture:
        if not _is_transparent(picture):
            return None
        picture.load()
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        return np.asarray(upright.getchannel("A")) / 255


def _is_transparent(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def read_ids(path: str | Path, what: str = "mask") -> np.ndarray:
    """Read the integers of an indexed or grey PNG (1 to 16 bits), int64 ``[H, W]``.

    The values are not compared with a label space.

    Raises:
        InputError: missing, unreadable, truncated, not a PNG, or a colour image.
    """
    with _opened(path) as picture:
        header = _stored_header(picture)
        check_ids_header(path, header, what)
        picture.load()
        return np.asarray(picture).astype(np.int64)


def _stored_header(picture: Image.Image) -> Header:
    return Header(
        height=picture.height,
        width=picture.width,
        mode=picture.mode,
        format=str(picture.format),
    )


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """Open a picture; whatever a broken file makes Pillow raise becomes an InputError."""
    try:
        with Image.open(path) as picture:
            yield picture
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder, not a picture; give a file") from None
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{path}: far too many pixels ({error}); allowed are pictures up to "
            f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels. Make it smaller"
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error) as error:
        raise InputError(
            f"{path}: not a readable picture ({error}); it may be truncated or of another "
            f"format. Allowed are {', '.join(IMAGE_SUFFIXES)}; export or copy it again"
        ) from None


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Which rectangle of a source becomes how many pixels, the same for picture and mask.

    Args:
        box: left, top, right, bottom of the rectangle, in source pixels (may be fractional).
        height, width: size of the result in pixels.
    """

    box: tuple[float, float, float, float]
    height: int
    width: int

    def picture(self, source: Image.Image) -> Image.Image:
        """Resize a picture: bicubic, smoothed when it shrinks."""
        size = (self.width, self.height)
        if source.size == size and self.box == (0, 0, *size):
            return source
        return source.resize(size, Image.Resampling.BICUBIC, box=self.box)

    def ids(self, source: np.ndarray) -> np.ndarray:
        """Resize ids ``[H, W]``: the source pixel under each new pixel's centre, never a blend."""
        left, top, right, bottom = self.box
        rows = top + (np.arange(self.height) + 0.5) * (bottom - top) / self.height
        columns = left + (np.arange(self.width) + 0.5) * (right - left) / self.width
        # A centre on the border of two pixels takes the later one, however the sum was rounded.
        rows, columns = (rows + 1e-6).astype(np.int64), (columns + 1e-6).astype(np.int64)
        return source[
            np.clip(rows, 0, source.shape[0] - 1)[:, None],
            np.clip(columns, 0, source.shape[1] - 1)[None, :],
        ]


def fit(
    height: int, width: int, *, size: int | tuple[int, int] | None, resize: str = "resize"
) -> Geometry:
    """Plan how a source of ``height × width`` becomes the wanted size.

    Args:
        size: wanted size, one number for a square or ``(height, width)``; ``None`` keeps it.
        resize: ``"resize"`` stretches the whole source, ``"crop"`` keeps proportions and cuts the
            middle out, ``"none"`` changes nothing.

    Raises:
        InputError: a size that is not positive, or an unknown way of resizing.
    """
    target = check_size(size, resize)
    if target is None:
        return Geometry(box=(0, 0, width, height), height=height, width=width)
    new_height, new_width = target
    box = (0.0, 0.0, float(width), float(height))
    if resize == "crop":
        scale = min(height / new_height, width / new_width)
        left, top = (width - new_width * scale) / 2, (height - new_height * scale) / 2
        box = (
            max(left, 0.0),
            max(top, 0.0),
            min(left + new_width * scale, float(width)),
            min(top + new_height * scale, float(height)),
        )
    return Geometry(box=box, height=new_height, width=new_width)


def check_size(size: int | tuple[int, int] | None, resize: str) -> tuple[int, int] | None:
    """The wanted ``(height, width)``, or ``None`` to keep sources as they are.

    Raises:
        InputError: see :func:`fit`.
    """
    if resize not in ("resize", "crop", "none"):
        raise InputError(f"resize is '{resize}'; allowed are 'resize', 'crop' and 'none'")
    if size is None:
        return None
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2 or any(not isinstance(n, int) or n < 1 for n in pair):
        raise InputError(
            f"size is {size!r}; give one positive whole number, or (height, width), or None"
        )
    if resize == "none":
        raise InputError(
            f"size is {size!r} but resize is 'none'; leave size out to keep the files' sizes, or "
            "choose resize='resize' or 'crop'"
        )
    return pair[0], pair[1]


def to_uint8(image: torch.Tensor) -> torch.Tensor:
    """An image in [−1, 1], any shape, to uint8 0..255, rounded to the nearest."""
    return ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_float(image: torch.Tensor) -> torch.Tensor:
    """A uint8 image, any shape, to float32 in [−1, 1]; :func:`to_uint8` gives it back exactly."""
    return image.to(torch.float32) / 127.5 - 1


def picture_tensor(picture: Image.Image) -> torch.Tensor:
    """An RGB picture to float32 ``[3, H, W]`` in [−1, 1]."""
    return to_float(torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous())
