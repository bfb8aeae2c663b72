"""Backgrounds taken away: what a picture's alpha or a mask keeps, on white."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from nbgan.data.images import ImagesDataset
from nbgan.data.pictures import has_alpha, picture_tensor, read_ids, read_opacity, read_picture
from nbgan.data.scan import Entry
from nbgan.errors import InputError


def on_white(picture: Image.Image, keep: np.ndarray) -> Image.Image:
    """Lay a picture on white.

    Args:
        picture: RGB.
        keep: float ``[H, W]`` in [0, 1]: 1 keeps the picture, 0 makes it white. Of another size
            than the picture, it is scaled bilinearly, which smooths its edge.
    """
    mask = Image.fromarray(np.rint(keep * 255).astype(np.uint8))
    if mask.size != picture.size:
        mask = mask.resize(picture.size, Image.Resampling.BILINEAR)
    return Image.composite(picture, Image.new("RGB", picture.size, (255, 255, 255)), mask)


def remove_background(picture: str | Path, mask: str | Path | None = None) -> Image.Image:
    """Read a picture and make white what is not the person.

    Args:
        picture: a picture file; without ``mask`` its own alpha says what stays.
        mask: a grey or indexed PNG of the same size, 0 where the background is. A mask of two
            values keeps all others; a grey one with values up to 255 is taken as opacity.

    Returns:
        Upright, 8-bit RGB.

    Raises:
        InputError: neither alpha nor mask, an alpha that is opaque everywhere, a mask that keeps
            nothing or has another size, or unreadable files.
    """
    image = read_picture(picture)
    if mask is None:
        keep = read_opacity(picture)
        if keep is None:
            raise InputError(_no_alpha(picture))
        if keep.min() == 1:
            raise InputError(
                f"{picture}: its alpha is opaque everywhere, so there is no background to remove. "
                "Export it with a transparent background, or give a mask"
            )
        return on_white(image, keep)
    values = read_ids(mask)
    if values.shape != (image.height, image.width):
        raise InputError(
            f"{mask}: {values.shape[1]} × {values.shape[0]} pixels (width × height), but its "
            f"picture {picture} has {image.width} × {image.height}; both must be equal"
        )
    if values.max() == 0:
        raise InputError(
            f"{mask}: is 0 everywhere, so nothing of {picture} would stay; 0 means background, "
            "anything else stays. Is it inverted?"
        )
    grey = values.max() == 255 and len(np.unique(values)) > 2
    return on_white(image, values / 255 if grey else (values > 0).astype(np.float64))


class Cutouts(ImagesDataset):
    """A folder of pictures whose background becomes white.

    An item is ``{"image": float32 [3, H, W] in [−1, 1]}``.

    Args:
        images: folder of the pictures.
        masks: folder of PNG masks of the same names, see :func:`remove_background`; ``None``
            takes the pictures' own alpha.
        options: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: a picture has neither alpha nor mask, and what
            :class:`~nbgan.data.images.ImagesDataset` raises.
    """

    def __init__(
        self, *, images: str | Path, masks: str | Path | None = None, **options: Any
    ) -> None:
        folders = {"images": Path(images)}
        if masks is not None:
            folders["labels"] = Path(masks)
        chosen: dict[str, Any] = {
            "size": None,
            "resize": "resize",
            "flip": False,
            "strict": True,
            "check_headers": True,
            "name": None,
        }
        strict = options.get("strict", True)
        self._set_up(folders=folders, **(chosen | options | {"strict": False}))
        if masks is None:
            bare = [entry for entry in self.entries if not has_alpha(entry.image)]
            self.problems += tuple(_no_alpha(entry.image) for entry in bare)
            self.entries = tuple(entry for entry in self.entries if entry not in bare)
        if strict:
            self._raise_problems()

    def _read_entry(self, entry: Entry, *, check_ids: bool) -> dict[str, torch.Tensor]:
        picture = remove_background(entry.image, entry.label)
        geometry = self.geometry(picture.height, picture.width, where=str(entry.image))
        return {"image": picture_tensor(geometry.picture(picture))}


def _no_alpha(picture: str | Path) -> str:
    return (
        f"{picture}: background removal is asked for, but the picture has no alpha and there is no "
        "mask for it. Give a folder of PNG masks (0 = background), export the picture as a PNG "
        "with a transparent background, or keep backgrounds (background='keep')"
    )
