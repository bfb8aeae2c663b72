"""Generated pictures with masks, and the latents that they were painted from.

The layout of :mod:`nbgan.data.folder` with one more folder::

    DIR/images/0003.png             the picture
    DIR/labels/0003.png             its mask, indexed PNG
    DIR/latents/0003.safetensors    w_plus [rows, w_dim], average [w_dim], keypoints [K, 2] if any
    DIR/label_space.json            what the ids mean

A mask carries the mark of its latent as PNG text, so that files which were mixed up are noticed.
Masks that were saved by other programs carry none and are taken by their name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from nbgan.data.folder import FolderDataset, split_folder
from nbgan.data.label_files import find_label_space
from nbgan.data.pictures import Geometry
from nbgan.data.scan import Entry
from nbgan.errors import InputError

LATENT_FORMAT = "nbgan latent 1"
MARK = "nbgan-latent"
"""Name of the PNG text that holds the mark of a mask's latent."""


@dataclass(frozen=True, kw_only=True)
class Latent:
    """What one picture was painted from.

    Args:
        w_plus: codes of all layers, float32 ``[rows, w_dim]``, truncated.
        average: the centre of truncation, float32 ``[w_dim]``.
        generator: mark of the generator's weights.
        keypoints: float32 ``[K, 2]``, pixel x, y in the picture, or None.
    """

    w_plus: Tensor
    average: Tensor
    generator: str
    keypoints: Tensor | None = None

    @property
    def mark(self) -> str:
        """Text that tells this latent of this generator from all others."""
        digest = hashlib.sha256(self.generator.encode())
        digest.update(self.w_plus.float().contiguous().numpy().tobytes())
        return digest.hexdigest()[:32]


def read_latent(path: str | Path) -> Latent:
    """Read one latent.

    Raises:
        InputError: absent, damaged, or no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path}: no such file; each picture needs its latent. Make the set anew with "
            "nbgan.datasetgan.make_training_data, or remove the picture"
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file ({error}); it may be truncated, copy it again"
        ) from None
    if metadata.get("format") != LATENT_FORMAT or not {"w_plus", "average"} <= tensors.keys():
        raise InputError(
            f"{path}: expected '{LATENT_FORMAT}' with w_plus and average, found "
            f"'{metadata.get('format', 'no nbgan metadata')}' with {', '.join(tensors)}"
        )
    return Latent(
        w_plus=tensors["w_plus"],
        average=tensors["average"],
        generator=metadata["generator"],
        keypoints=tensors.get("keypoints"),
    )


def read_mark(path: str | Path) -> str | None:
    """The mark of the latent that a mask was painted for; None if the mask carries none."""
    with Image.open(path) as picture:
        mark = picture.info.get(MARK)
    return mark if isinstance(mark, str) else None


class LatentFolder(FolderDataset):
    """Generated pictures, their masks and their latents.

    An item is that of :class:`~nbgan.data.folder.FolderDataset`, and ``latent`` float32
    ``[rows, w_dim]``; ``keypoints`` float32 ``[K, 2]``, pixel x, y, where the records have them.

    Args:
        latents: folder of the latents.
        options: those of :class:`~nbgan.data.folder.FolderDataset`.

    Raises:
        InputError: a picture without latent, a mask of another latent, and everything that
            :class:`~nbgan.data.folder.FolderDataset` raises.
    """

    def __init__(self, *, latents: str | Path, **options: Any) -> None:
        super().__init__(**options)
        if self.flip:
            raise InputError("flip: a mirrored picture has no latent; leave flip out")
        self.records = []
        for entry in self.entries:
            latent = read_latent(Path(latents) / f"{entry.image.stem}.safetensors")
            self._check_mark(entry, latent)
            self.records.append(latent)

    def _check_mark(self, entry: Entry, latent: Latent) -> None:
        assert entry.label is not None
        mark = read_mark(entry.label)
        if mark is not None and mark != latent.mark:
            raise InputError(
                f"{entry.label}: painted for latent {mark[:8]}…, but the latent of that name is "
                f"{latent.mark[:8]}…; mask and latent do not belong together. Bring back the files "
                "that were written together, or paint the mask again"
            )

    def _more(
        self,
        entry: Entry,
        geometry: Geometry,
        item: dict[str, Tensor],
        size: tuple[int, int],
    ) -> dict[str, Tensor]:
        latent = self.records[self.entries.index(entry)]
        more = {"latent": latent.w_plus.float()}
        if latent.keypoints is not None:
            more["keypoints"] = moved(latent.keypoints, geometry)
        return more


def moved(keypoints: Tensor, geometry: Geometry) -> Tensor:
    """Keypoints ``[K, 2]`` of a source picture in the picture that was cut from it."""
    left, top, right, bottom = geometry.box
    scale = torch.tensor([geometry.width / (right - left), geometry.height / (bottom - top)])
    corner = torch.tensor([left, top])
    return ((keypoints.float() + 0.5 - corner) * scale - 0.5).to(torch.float32)


def open_latents(
    path: str | Path,
    *,
    split: str = "train",
    size: int | tuple[int, int] | None = None,
    **options: Any,
) -> LatentFolder:
    """Open a folder of the layout above.

    Args:
        path: the folder that holds ``images``, ``labels`` and ``latents``.
        split: ``"train"``, or ``"val"`` and ``"test"`` if there are such folders inside.
        size, options: passed to :class:`LatentFolder`.

    Raises:
        InputError: no such split or layout, no label space, and what :class:`LatentFolder` raises.
    """
    root = Path(path)
    folder = split_folder(root, split)
    if not (folder / "latents").is_dir():
        raise InputError(
            f"{folder}: holds no folder 'latents'; make such a set with "
            "nbgan.datasetgan.make_training_data"
        )
    if options.get("label_space") is None:
        options["label_space"] = find_label_space(root, above=False)
    options.setdefault("name", f"{root.resolve().name}-{split}")
    return LatentFolder(
        images=folder / "images",
        labels=folder / "labels",
        latents=folder / "latents",
        size=size,
        **options,
    )


def indexed_picture(label: np.ndarray, colors: tuple[tuple[int, int, int], ...]) -> Image.Image:
    """Class ids ``[H, W]`` as an indexed picture: the pixel values are the ids."""
    picture = Image.fromarray(label.astype(np.uint8), mode="P")
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(colors)] = colors
    picture.putpalette(palette.tobytes())
    return picture
