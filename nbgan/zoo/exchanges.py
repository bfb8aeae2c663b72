"""The same avatars twice, with one part exchanged: what named editing vectors are made of.

Artists draw each part by itself, so a face with its eyes open and the same face with its eyes
closed differ in nothing else, picture and mask alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nbgan.data.avatars import Avatars
from nbgan.errors import InputError

SHORT = ("shortFlat", "shortRound", "shortWaved", "theCaesar", "theCaesarAndSidePart", "sides")
"""Variants of the hair that leave ears and neck free."""
_OPEN = ("default", "side", "surprised", "squint")
_CLOSED_MOUTHS = ("serious", "default", "twinkle", "smile", "sad", "concerned", "disbelief")
_UNHAPPY = ("serious", "sad", "concerned", "disbelief", "grimace")
_BEARDS = ("beardLight", "beardMajestic", "beardMedium")
_DARK_GLASSES = ("kurt", "wayfarers", "sunglasses")
"""Rims alone are too thin for the shipped generator."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A part that is exchanged for another.

    Args:
        component: of the style's drawings.
        before: variants that a face may have; None stands for a part that is left out.
        after: the variant that it gets; None leaves the part out.
        classes: what the edit is about.
        without: components that must not be there, as they would hide it.
    """

    component: str
    before: tuple[str | None, ...]
    after: str | None
    classes: tuple[str, ...]
    without: tuple[str, ...] = ()

    def fits(self, look: dict[str, dict]) -> bool:
        """Whether a face, as :meth:`~nbgan.data.avatars.Avatars.look` gives it, can be edited."""
        variants = look["variants"]
        hidden = any(variants[name] is not None for name in self.without)
        return variants[self.component] in self.before and not hidden


EXCHANGES: dict[str, Exchange] = {
    "close-eyes": Exchange(
        component="eyes",
        before=_OPEN,
        after="closed",
        classes=("eyes",),
        without=("accessories",),
    ),
    "open-mouth": Exchange(
        component="mouth", before=_CLOSED_MOUTHS, after="screamOpen", classes=("mouth",)
    ),
    "smile": Exchange(component="mouth", before=_UNHAPPY, after="smile", classes=("mouth",)),
    "add-beard": Exchange(
        component="facialHair", before=(None,), after="beardMajestic", classes=("facial_hair",)
    ),
    "remove-beard": Exchange(
        component="facialHair", before=_BEARDS, after=None, classes=("facial_hair",)
    ),
    "add-glasses": Exchange(
        component="accessories", before=(None,), after="sunglasses", classes=("glasses", "eyes")
    ),
    "remove-glasses": Exchange(
        component="accessories", before=_DARK_GLASSES, after=None, classes=("glasses", "eyes")
    ),
    "long-hair": Exchange(component="top", before=SHORT, after="straight01", classes=("hair",)),
    "curly-hair": Exchange(component="top", before=SHORT, after="fro", classes=("hair",)),
    "short-hair": Exchange(
        component="top",
        before=("straight01", "straight02", "longButNotTooLong", "curvy", "bob", "miaWallace"),
        after="shortFlat",
        classes=("hair",),
    ),
    "put-on-hat": Exchange(
        component="top", before=SHORT, after="winterHat02", classes=("hat", "hair")
    ),
}
"""The named vectors."""


class Exchanged(Avatars):
    """Avatars with one part exchanged; face by face the partners of ``Avatars(…)``.

    Args:
        exchange: which part.
        options: as for :class:`~nbgan.data.avatars.Avatars`.
    """

    def __init__(self, exchange: Exchange, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.exchange = exchange

    @property
    def cache_key(self) -> str:
        """The key of the avatars, and the part."""
        return f"{super().cache_key}-{self.exchange.component}-{self.exchange.after}"

    def look(self, index: int) -> dict[str, dict]:
        """What the face ``index`` is made of."""
        look = super().look(index)
        variants = look["variants"] | {self.exchange.component: self.exchange.after}
        return look | {"variants": variants}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A face and its partner.

    Args:
        before, after: what :class:`~nbgan.data.avatars.Avatars` gives of the two.
    """

    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]

    @property
    def region(self) -> torch.Tensor:
        """Where their masks differ, bool ``[H, W]``."""
        return self.before["label"] != self.after["label"]


def pairs(
    exchange: Exchange, *, count: int, size: int, split: str = "train", seed: int = 0
) -> list[Pair]:
    """The first faces of a split that an exchange fits, with their partners.

    Faces on which nothing is to be seen of it, behind hair for example, are left out.

    Raises:
        InputError: there are too few.
    """
    most = 200 * count
    world = Avatars(size=size, split=split, length=most, seed=seed)
    partners = Exchanged(exchange, size=size, split=split, length=most, seed=seed)
    found: list[Pair] = []
    for index in range(most):
        if not exchange.fits(world.look(index)):
            continue
        pair = Pair(before=world[index], after=partners[index])
        if pair.region.any():
            found.append(pair)
        if len(found) == count:
            return found
    raise InputError(
        f"pairs: {count} were asked for, {len(found)} of {most} faces fit; ask for fewer"
    )
