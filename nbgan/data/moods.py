"""What the drawn worlds with moods share: arguments, randomness by index, names for the cache."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError

SPLITS = {"train": 20000, "val": 500, "test": 500}
"""Splits and their default lengths."""


class MoodyWorld(Dataset):
    """A world whose pictures depend on split, index and seed alone, each painted in a mood.

    Subclasses name their moods and sizes and draw in ``__getitem__``.

    Args:
        size: picture height and width, or ``(height, width)``; ``None`` for the world's default.
        split: ``"train"``, ``"val"`` or ``"test"``; they share no scene.
        length: number of pictures; ``None`` for 20000 (train) or 500.
        seed: another seed, another world; 0 or more.
        mood: one of ``moods``, or ``None`` to draw a mood for each index.

    Raises:
        InputError: an argument is out of its range.
    """

    label_space: LabelSpace
    moods: ClassVar[tuple[str, ...]]
    """Names of the moods; a picture's ``mood`` is a position in it."""
    version: ClassVar[int]
    """Raised whenever the same index gives other pixels than before."""
    default_size: ClassVar[tuple[int, int]]
    smallest: ClassVar[int]
    """Least height and width in pixels."""
    salt: ClassVar[tuple[int, ...]] = ()
    """Keeps the randomness of two worlds apart."""

    def __init__(
        self,
        *,
        size: int | tuple[int, int] | None = None,
        split: str = "train",
        length: int | None = None,
        seed: int = 0,
        mood: str | None = None,
    ) -> None:
        name = type(self).__name__
        self.size = self.default_size if size is None else self._checked_size(size)
        if split not in SPLITS:
            raise InputError(f"{name}: split={split!r} is unknown; use one of {', '.join(SPLITS)}")
        if mood is not None and mood not in self.moods:
            raise InputError(
                f"{name}: mood={mood!r} is unknown; use one of {', '.join(self.moods)}, "
                "or None to draw one for each picture"
            )
        for argument, value, least in (("length", length, 1), ("seed", seed, 0)):
            if argument == "length" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise InputError(
                    f"{name}: {argument}={value!r} must be a whole number of at least {least}"
                )
        self.split = split
        self.seed = int(seed)
        self.fixed_mood = mood
        self.length = SPLITS[split] if length is None else int(length)

    @property
    def cache_key(self) -> str:
        """Name, version and every argument that changes pixels."""
        height, width = self.size
        return (
            f"{type(self).__name__.lower()}-v{self.version}-{height}x{width}-{self.split}"
            f"-n{self.length}-seed{self.seed}-{self.fixed_mood or 'moods'}"
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
        return self.moods[int(self._random(index, 1).integers(len(self.moods)))]

    def _checked_index(self, index: int) -> int:
        position = int(index)
        if position < 0:
            position += self.length
        if not 0 <= position < self.length:
            raise IndexError(
                f"{type(self).__name__}: index {index} is past the end, length {self.length}"
            )
        return position

    def _random(self, index: int, stream: int) -> np.random.Generator:
        """Generator of one index; streams: 0 layout, 1 choice of mood, 2 and up the world's own."""
        split = list(SPLITS).index(self.split)
        return np.random.default_rng((*self.salt, self.seed, split, index, stream))

    def _checked_size(self, size: int | tuple[int, int]) -> tuple[int, int]:
        pair = (size, size) if isinstance(size, int | np.integer) else size
        whole = isinstance(pair, tuple | list) and len(pair) == 2
        whole = whole and all(
            isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= self.smallest
            for n in pair
        )
        if not whole:
            raise InputError(
                f"{type(self).__name__}: size={size!r} must be a whole number of at least "
                f"{self.smallest}, or a pair (height, width) of them"
            )
        return int(pair[0]), int(pair[1])
