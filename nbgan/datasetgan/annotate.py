"""Annotating training data in the painter: one picture after another, saved at every stroke."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nbgan.data.latents import LatentFolder, open_latents
from nbgan.data.pictures import read_picture
from nbgan.datasetgan.records import latent_of, save_mask
from nbgan.errors import InputError


class Annotation:
    """A folder of records that is being annotated.

    Args:
        path: as :func:`~nbgan.datasetgan.records.make_training_data` wrote it.
        split: ``"train"``, ``"val"`` or ``"test"``.

    Raises:
        InputError: no such folder, or a mask and a latent that do not belong together.
    """

    def __init__(self, path: str | Path, *, split: str = "train") -> None:
        self.records: LatentFolder = open_latents(path, split=split)
        self.label_space = self.records.label_space

    def __len__(self) -> int:
        return len(self.records)

    def mask(self, i: int) -> np.ndarray:
        """The mask of record ``i`` as saved, int64 ``[H, W]``."""
        return self.records.read_label(self._mask_path(i))

    def unlabelled(self, i: int) -> float:
        """Share of the pixels of record ``i`` that have no label yet."""
        ignore = self.label_space.ignore_id
        return 0.0 if ignore is None else float((self.mask(i) == ignore).mean())

    def next(self) -> int | None:
        """The first record with unlabelled pixels: where to go on. None if all are done."""
        return next((i for i in range(len(self)) if self.unlabelled(i)), None)

    def save(self, i: int, mask: np.ndarray) -> None:
        """Write the mask of record ``i``.

        Raises:
            InputError: another size, or ids beyond the label space; the earlier mask is kept.
        """
        before = self.mask(i)
        if mask.shape != before.shape:
            raise InputError(
                f"mask of record {i}: got {list(mask.shape)}, the picture has {list(before.shape)}"
            )
        path = self._mask_path(i)
        save_mask(path, mask, self.label_space, latent_of(path))

    def painter(self, i: int | None = None) -> Any:
        """A painter for record ``i`` (None: where to go on), beside its picture.

        Every finished stroke is saved.
        """
        from nbgan.widgets import Painter

        if i is None:
            i = self.next() or 0
        number = i
        painter = Painter(
            self.label_space, mask=self.mask(number), label=f"mask of record {number}"
        )
        painter.picture = np.array(read_picture(self.records.entries[number].image))
        painter.on_stroke(lambda mask: self.save(number, mask))
        return painter

    def _mask_path(self, i: int) -> Path:
        path = self.records.entries[i].label
        assert path is not None
        return path
