"""Feature maps as files: what an encoder made of each picture, kept for later training.

One file a picture, ``[C, H, W]``; a map may be smaller than its picture, in the same proportions:

- ``.png``: three channels in [−1, 1] as the colours of an 8-bit picture. The published program
  reads and writes such files; a map that is constant over instances takes a few kilobytes;
- ``.safetensors``: the tensor ``features`` in half precision, any number of channels;
- ``.npy``: read only.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, PngImagePlugin
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from nbgan.data.pictures import Geometry, picture_tensor, read_picture, to_uint8
from nbgan.errors import InputError

FEATURE_SUFFIXES = (".safetensors", ".npy", ".png")
WRITTEN_SUFFIXES = (".png", ".safetensors")

_NAME = "features"
_ENCODER = "encoder"


def write_features(path: str | Path, features: torch.Tensor, *, encoder: str = "") -> None:
    """Save a feature map, whole or not at all; folders on the way are made.

    Args:
        path: ends in ``.png`` or ``.safetensors``.
        features: float ``[C, H, W]``; kept in half precision, or in 8 bits in a picture.
        encoder: names what made it; :func:`encoder_of` gives it back.

    Raises:
        InputError: another suffix, shape or number format, values that are not finite or do not
            fit a picture, or a disk that cannot be written.
    """
    path = Path(path)
    if path.suffix not in WRITTEN_SUFFIXES:
        raise InputError(
            f"{path}: feature maps are written as {' or '.join(WRITTEN_SUFFIXES)}; change the "
            "ending"
        )
    _check(features, str(path))
    features = features.detach().cpu()
    if path.suffix == ".png":
        content = _as_png(features, encoder, path)
    else:
        content = save({_NAME: features.half().contiguous()}, {_ENCODER: encoder})
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
        temporary.chmod(0o644)  # temporary files are private
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise InputError(
            f"{path}: cannot write the feature map ({error.strerror or error}); free some space "
            "or choose another folder"
        ) from None


def read_features(path: str | Path) -> torch.Tensor:
    """Read a feature map, float32 ``[C, H, W]``. Pickled arrays are refused, not opened.

    Raises:
        InputError: missing, unreadable, pickled, or not a finite float map of three axes.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; compute the feature maps again")
    try:
        if path.suffix == ".png":
            features = picture_tensor(read_picture(path))
        elif path.suffix == ".npy":
            features = torch.from_numpy(np.load(path, allow_pickle=False))
        else:
            with safe_open(path, framework="pt") as tensors:
                features = tensors.get_tensor(_NAME)
    except (SafetensorError, OSError, ValueError, EOFError, TypeError) as error:
        raise InputError(
            f"{path}: not a readable feature map ({error}); allowed are .png, .safetensors with "
            f"a tensor '{_NAME}', and .npy without pickled objects. Compute it again"
        ) from None
    _check(features, str(path))
    return features.float()


def encoder_of(path: str | Path) -> str | None:
    """What :func:`write_features` was told of the encoder; None for any other file."""
    path = Path(path)
    try:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                return picture.info.get(_ENCODER)
        with safe_open(path, framework="pt") as tensors:
            return (tensors.metadata() or {}).get(_ENCODER)
    except (SafetensorError, OSError, SyntaxError, ValueError):
        return None


def find_features(folder: Path, stems: tuple[str, ...]) -> Path | None:
    """The feature map of a picture: the first file with one of the stems, or ``None``."""
    for stem in stems:
        for suffix in FEATURE_SUFFIXES:
            path = folder / f"{stem}{suffix}"
            if path.is_file():
                return path
    return None


def fit_features(
    features: torch.Tensor, geometry: Geometry, *, height: int, width: int, where: str
) -> torch.Tensor:
    """Cut and resize a feature map as its picture, to the nearest element, ``[C, H', W']``.

    Args:
        features: ``[C, h, w]``, of the picture's size or smaller in proportion.
        geometry: what is done to the picture.
        height, width: the picture's own size.
        where: what to call the map in a message.

    Raises:
        InputError: proportions that differ from the picture's.
    """
    rows, columns = features.shape[1:]
    # A side that is not a whole number of elements may be rounded either way.
    if abs(rows * width - columns * height) > max(width, height):
        raise InputError(
            f"{where}: {columns} × {rows} elements (width × height) for a picture of "
            f"{width} × {height} pixels; both must have the same proportions. Compute the feature "
            "maps again from these pictures"
        )
    left, top, right, bottom = geometry.box
    across, down = columns / width, rows / height
    scaled = Geometry(
        box=(left * across, top * down, right * across, bottom * down),
        height=geometry.height,
        width=geometry.width,
    )
    values = features.numpy()
    return torch.from_numpy(np.stack([scaled.ids(channel) for channel in values]))


def _as_png(features: torch.Tensor, encoder: str, path: Path) -> bytes:
    if len(features) != 3 or features.abs().max() > 1:
        raise InputError(
            f"{path}: {len(features)} channels, values up to {features.abs().max():.3g}; a picture "
            "holds three channels in [-1, 1]. Write it as .safetensors"
        )
    text = PngImagePlugin.PngInfo()
    text.add_text(_ENCODER, encoder)
    buffer = io.BytesIO()
    picture = Image.fromarray(to_uint8(features).permute(1, 2, 0).contiguous().numpy())
    picture.save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _check(features: torch.Tensor, where: str) -> None:
    if features.ndim != 3 or not features.is_floating_point():
        raise InputError(
            f"{where}: a feature map is a float array [C, H, W], got {features.dtype} "
            f"{list(features.shape)}; compute it again"
        )
    if not bool(torch.isfinite(features).all()):
        raise InputError(f"{where}: the feature map holds values that are not finite")
