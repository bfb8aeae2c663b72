"""What the painter accepts: class maps, instance maps and pictures, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import check_size, to_uint8
from nbgan.errors import InputError

Map = np.ndarray | Tensor
Masks = Map | tuple[Map, Map]
"""A class map, or a class map with its instance map."""
Picture = Tensor | np.ndarray | Image.Image

LAST_INSTANCE = 65535


@dataclass(frozen=True, kw_only=True)
class MapChecks:
    """Checks against one label space and one size, ``(height, width)``."""

    label_space: LabelSpace
    shape: tuple[int, int]

    def mask(self, given: Map, where: str) -> np.ndarray:
        """Class ids as uint8 ``[H, W]``; InputError names ``where``."""
        array = self._shaped(given, where)
        self.label_space.check(array, where)
        return array.astype(np.uint8)

    def instance(self, given: Map, where: str) -> np.ndarray:
        """Instance ids as uint16 ``[H, W]``; InputError names ``where``."""
        array = self._shaped(given, where)
        if array.dtype.kind not in "iu":
            raise InputError(
                f"{where}: instance ids must be integers, got {array.dtype}; convert with .long()"
            )
        if array.min() < 0 or array.max() > LAST_INSTANCE:
            raise InputError(
                f"{where}: instance ids from {array.min()} to {array.max()}; allowed are 0 (no "
                f"instance) to {LAST_INSTANCE}. Number them anew"
            )
        return array.astype(np.uint16)

    def pair(self, given: Masks, where: str) -> tuple[np.ndarray, np.ndarray]:
        """Class map and instance map; without the latter, no pixel has an instance."""
        if isinstance(given, tuple):
            mask, instance = given
            return self.mask(mask, where), self.instance(instance, where)
        return self.mask(given, where), np.zeros(self.shape, np.uint16)

    def _shaped(self, given: Map, where: str) -> np.ndarray:
        array = as_array(given, where)
        if array.shape != self.shape:
            raise InputError(
                f"{where}: shape {array.shape}; this painter has {self.shape} (height, width). "
                "Resize it with nearest neighbour"
            )
        return array


def as_array(given: Any, where: str) -> np.ndarray:
    """A NumPy array or tensor as an array."""
    if isinstance(given, Tensor):
        return given.detach().cpu().numpy()
    if not isinstance(given, np.ndarray):
        raise InputError(f"{where}: got {type(given).__name__}; give a NumPy array or a tensor")
    return given


def map_shape(
    size: int | tuple[int, int] | None, mask: Map | None, default: int
) -> tuple[int, int]:
    """``(height, width)`` from a wanted size, else from a mask, else a square of ``default``."""
    if size is None and mask is not None:
        shape = as_array(mask, "mask").shape
        if len(shape) != 2:
            raise InputError(f"mask: shape {shape}; give class ids [H, W]")
        return int(shape[0]), int(shape[1])
    pair = check_size(default if size is None else size, "resize")
    assert pair is not None
    return pair


def to_rgb(picture: Any) -> np.ndarray:
    """A picture of any accepted kind as uint8 ``[H, W, 3]``.

    Raises:
        InputError: neither a float tensor ``[3, H, W]``, nor a uint8 array ``[H, W, 3]``, nor a
            PIL image.
    """
    if isinstance(picture, Image.Image):
        return np.asarray(picture.convert("RGB"))
    if isinstance(picture, Tensor):
        if picture.ndim == 3 and picture.shape[0] == 3 and picture.is_floating_point():
            return np.ascontiguousarray(to_uint8(picture.detach().cpu()).permute(1, 2, 0).numpy())
        seen = f"tensor {tuple(picture.shape)} {picture.dtype}"
    elif isinstance(picture, np.ndarray):
        if picture.ndim == 3 and picture.shape[2] == 3 and picture.dtype == np.uint8:
            return np.ascontiguousarray(picture)
        seen = f"array {picture.shape} {picture.dtype}"
    else:
        seen = type(picture).__name__
    raise InputError(
        f"picture: {seen} is not one; give a float tensor [3, H, W] in [−1, 1], a uint8 array "
        "[H, W, 3] or a PIL image"
    )
