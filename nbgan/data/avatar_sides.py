"""The embedded pair for translation without pairs: coloured faces and faces in ink.

Both sides are cut from :class:`~nbgan.data.avatars.Avatars`. One artist drew all faces, and a pen
drew the ink side after him (:mod:`nbgan.data.avatar_ink`). What differs is the drawing: ink has no
colours but lines, hatching and black areas, and its eyes are larger. What a translation needs is
that every part has its counterpart on the other side, as often and in about the same place, or a
network learns to invent glasses and to forget hats. So both sides have the same share of each
attribute, stand before the same white paper, and are cut alike.

Nothing pairs the sides: their faces are drawn at random from different seeds, so target ``i`` is
not source ``i`` in ink. The answer to a translation is known all the same: :func:`avatar_twins`
draws the faces of one side as the other side would.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Dataset

from nbgan.data.avatars import DEFAULT_LENGTHS, LABEL_SPACE, Avatars
from nbgan.data.unpaired import Unpaired
from nbgan.errors import InputError

PAPER = "#ffffff"
SHARES = {
    "glasses": 0.3,
    "facial_hair": 0.2,
    "hat": 0.15,
    "smile": 0.4,
    "eyes_closed": 0.2,
    "long_hair": 0.35,
}
"""How often each attribute occurs, on both sides."""

_VIEW_BOX = (4, -20, 272, 272)
_SIDES = ("source", "target")
_INK_SEED = 1_000_003
"""What the ink side adds to a seed, so that its faces are others."""


def avatar_side(
    side: str,
    *,
    size: int = 128,
    split: str = "train",
    length: int | None = None,
    seed: int = 0,
) -> Avatars:
    """One side of the pair, with class maps, keypoints and attributes.

    Args:
        side: ``"source"``, coloured, or ``"target"``, ink.
        size, split, length, seed: as for :class:`~nbgan.data.avatars.Avatars`.

    Raises:
        InputError: no such side, and what :class:`~nbgan.data.avatars.Avatars` raises.
    """
    return _faces(side, ink=side == "target", size=size, split=split, length=length, seed=seed)


def avatar_twins(
    side: str,
    *,
    size: int = 128,
    split: str = "train",
    length: int | None = None,
    seed: int = 0,
) -> Avatars:
    """The faces of one side as the other side draws them: what translations should give.

    ``avatar_twins("source")[i]`` is the face ``avatar_side("source")[i]`` in ink, and
    ``avatar_twins("target")[i]`` the face ``avatar_side("target")[i]`` in colours.

    Args:
        side: whose faces, ``"source"`` or ``"target"``.
        size, split, length, seed: as for :func:`avatar_side`.

    Raises:
        InputError: as for :func:`avatar_side`.
    """
    return _faces(side, ink=side == "source", size=size, split=split, length=length, seed=seed)


def _faces(side: str, *, ink: bool, seed: int, **options: Any) -> Avatars:
    """The faces of a side, coloured or in ink."""
    if side not in _SIDES:
        raise InputError(f"side: got {side!r}, allowed are {', '.join(map(repr, _SIDES))}")
    if side == "target" and isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
        seed += _INK_SEED
    look: dict[str, Any] = {"background": PAPER, "shares": SHARES, "view_box": _VIEW_BOX}
    return Avatars(style="avataaars", ink=ink, seed=seed, **look, **options)


def avatar_pair(
    *, size: int = 128, split: str = "train", length: int | None = None, seed: int = 0
) -> Unpaired:
    """Coloured faces as ``source``, ink faces as ``target``, drawn independently.

    Args:
        size, split, length, seed: as for :class:`~nbgan.data.avatars.Avatars`; ``length`` faces on
            each side.
    """
    sides = [avatar_side(side, size=size, split=split, length=length, seed=seed) for side in _SIDES]
    return Unpaired(sources=sides[0], targets=sides[1], name="avatar-pair")


class AvatarSides(Dataset):
    """Labelled faces of both sides in turn, for judges of translations.

    ``ds[i]`` is what :class:`~nbgan.data.avatars.Avatars` gives; even items are coloured, odd ones
    are ink.

    Args:
        size, split, length, seed: as for :class:`~nbgan.data.avatars.Avatars`; ``length`` counts
            the faces of both sides.
    """

    label_space = LABEL_SPACE
    keypoint_names = Avatars.keypoint_names
    attribute_names = Avatars.attribute_names
    name = "avatar-sides"

    def __init__(
        self, *, size: int = 128, split: str = "train", length: int | None = None, seed: int = 0
    ) -> None:
        self.length = DEFAULT_LENGTHS.get(split, 1) if length is None else length
        each = (self.length + 1) // 2 if self.length > 0 else self.length
        self.sides = [
            avatar_side(side, size=size, split=split, length=each, seed=seed) for side in _SIDES
        ]

    @property
    def cache_key(self) -> str:
        """Those of both sides."""
        return "in turn: " + " | ".join(side.cache_key for side in self.sides)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if not 0 <= index < self.length:
            raise IndexError(f"index {index} is outside 0..{self.length - 1}")
        return self.sides[index % 2][index // 2]
