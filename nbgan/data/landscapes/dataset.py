"""The Landscapes world: procedural pictures, with class maps that agree to the pixel."""

from __future__ import annotations

import numpy as np
import torch
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.data.landscapes.canvas import Canvas
from nbgan.data.landscapes.classes import LANDSCAPES
from nbgan.data.landscapes.moods import BY_NAME, MOODS
from nbgan.data.landscapes.mountains import paint_mountains
from nbgan.data.landscapes.objects import paint_objects
from nbgan.data.landscapes.plan import draw_plan
from nbgan.data.landscapes.sky import paint_sky
from nbgan.data.landscapes.terrain import paint_terrain
from nbgan.data.landscapes.water import paint_water
from nbgan.errors import InputError

VERSION = 2
"""Raised whenever the same index gives other pixels than before."""

_SPLITS = {"train": 20000, "val": 500, "test": 500}
_MIN_SIZE = 16


class Landscapes(Dataset):
    """Lakes, coasts, rivers and hills in several moods, drawn on the fly.

    ``ds[i]`` is a dict of ``image`` (float32 ``[3, H, W]``, -1..1), ``label`` (int64 ``[H, W]``,
    ids of :data:`LANDSCAPES`) and ``mood`` (int64 scalar, position in :data:`MOODS`). It depends
    on split, index and seed alone. The layout does not depend on the mood, and not on the size: a
    larger picture shows the same scene with finer detail, a wider one shows more at the sides.

    Args:
        size: picture height and width, or ``(height, width)``; at least 16.
        split: ``"train"``, ``"val"`` or ``"test"``; they share no scene.
        length: number of pictures; ``None`` for 20000 (train) or 500.
        seed: another seed, another world; 0 or more.
        mood: one of :data:`MOODS`, or ``None`` to draw a mood for each index.

    Raises:
        InputError: an argument is out of its range.
    """

    label_space: LabelSpace = LANDSCAPES

    def __init__(
        self,
        *,
        size: int | tuple[int, int] = 128,
        split: str = "train",
        length: int | None = None,
        seed: int = 0,
        mood: str | None = None,
    ) -> None:
        self.size = _checked_size(size)
        if split not in _SPLITS:
            raise InputError(
                f"Landscapes: split={split!r} is unknown; use one of {', '.join(_SPLITS)}"
            )
        if mood is not None and mood not in BY_NAME:
            raise InputError(
                f"Landscapes: mood={mood!r} is unknown; use one of {', '.join(MOODS)}, "
                "or None to draw one for each picture"
            )
        for name, value, least in (("length", length, 1), ("seed", seed, 0)):
            if name == "length" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise InputError(
                    f"Landscapes: {name}={value!r} must be a whole number of at least {least}"
                )
        self.split = split
        self.seed = int(seed)
        self.fixed_mood = mood
        self.length = _SPLITS[split] if length is None else int(length)

    @property
    def cache_key(self) -> str:
        """Name, version and every argument that changes pixels."""
        height, width = self.size
        return (
            f"landscapes-v{VERSION}-{height}x{width}-{self.split}-n{self.length}"
            f"-seed{self.seed}-{self.fixed_mood or 'moods'}"
        )

    def __len__(self) -> int:
        return self.length

    def mood(self, index: int) -> str:
        """Name of the mood that picture ``index`` is painted in.

        Raises:
            IndexError: the index is past the end.
        """
        index = self._checked_index(index)
        if self.fixed_mood is not None:
            return self.fixed_mood
        return MOODS[int(self._random(index, 1).integers(len(MOODS)))]

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        index = self._checked_index(index)
        name = self.mood(index)
        plan = draw_plan(self._random(index, 0))
        mood = BY_NAME[name].jittered(self._random(index, 2 + MOODS.index(name)))
        canvas = Canvas.blank(*self.size)
        paint_sky(canvas, plan, mood)
        paint_mountains(canvas, plan, mood)
        terrain = paint_terrain(canvas, plan, mood)
        paint_objects(canvas, plan, mood, terrain)
        paint_water(canvas, plan, mood)
        image = np.clip(canvas.image, 0, 1).transpose(2, 0, 1) * 2 - 1
        return {
            "image": torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32)),
            "label": torch.from_numpy(canvas.label.astype(np.int64)),
            "mood": torch.tensor(MOODS.index(name)),
        }

    def _checked_index(self, index: int) -> int:
        position = int(index)
        if position < 0:
            position += self.length
        if not 0 <= position < self.length:
            raise IndexError(f"Landscapes: index {index} is past the end, length {self.length}")
        return position

    def _random(self, index: int, stream: int) -> np.random.Generator:
        """Generator of one index; streams: 0 layout, 1 choice of mood, 2 and up its jitter."""
        return _generator(self.seed, list(_SPLITS).index(self.split), index, stream)


def _generator(*words: int) -> np.random.Generator:
    return np.random.default_rng(words)


def _checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int | np.integer) else size
    whole = isinstance(pair, tuple | list) and len(pair) == 2
    whole = whole and all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= _MIN_SIZE for n in pair
    )
    if not whole:
        raise InputError(
            f"Landscapes: size={size!r} must be a whole number of at least {_MIN_SIZE}, "
            "or a pair (height, width) of them"
        )
    return int(pair[0]), int(pair[1])
