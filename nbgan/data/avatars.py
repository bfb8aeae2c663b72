"""The Avatars world: artists' cartoon faces with exact part maps and keypoints.

Pictures, class maps and keypoints come from the same vector drawings, made by the artists that
:func:`credits` names and collected by DiceBear (https://www.dicebear.com).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata

import numpy as np
import torch
from torch.utils.data import Dataset

from nbgan.data.avatar_colors import backdrop_colors, stands_out
from nbgan.data.avatar_ink import ink_layers
from nbgan.data.avatar_keypoints import KEYPOINT_NAMES, find_keypoints
from nbgan.data.avatar_parts import avatar_layers, load_definition
from nbgan.data.avatar_plans import Plans, chance_of, component_variants, look_share
from nbgan.data.avatar_styles import CLASSES, COLORS, FLAGS, STYLE_SHEETS
from nbgan.data.labels import LabelSpace
from nbgan.data.layers import Layer, paint, render
from nbgan.errors import InputError

STYLES = tuple(STYLE_SHEETS)
LABEL_SPACE = LabelSpace(name="avatars", classes=CLASSES, colors=COLORS)
DEFAULT_LENGTHS = {"train": 10_000, "val": 500, "test": 500}
_VERSION = 2
# Of every 20 looks, 18 belong to "train", one to "val" and one to "test".
_SPLIT_SHARES = {"train": range(18), "val": range(18, 19), "test": range(19, 20)}


def credits() -> list[dict[str, str]]:
    """Who drew the styles and on what terms they may be used.

    Returns:
        One dict per style with ``style``, ``title``, ``creator``, ``creator_url``, ``source``,
        ``license``, ``license_url`` and ``text``, taken from the definitions themselves.
    """
    rows = []
    for style in STYLES:
        meta = load_definition(style)["meta"]
        rows.append(
            {
                "style": style,
                "title": meta["source"]["name"],
                "creator": meta["creator"]["name"],
                "creator_url": meta["creator"].get("url", ""),
                "source": meta["source"]["url"],
                "license": meta["license"]["name"],
                "license_url": meta["license"]["url"],
                "text": meta["license"].get("text", ""),
            }
        )
    return rows


class Avatars(Dataset):
    """Cartoon faces of one style.

    ``ds[i]`` is a dict with ``image`` float32 ``[3, H, W]`` in [-1, 1], ``label`` int64
    ``[H, W]`` with ids of ``label_space``, ``keypoints`` float32 ``[K, 2]``, pixel x, y
    (pixel centres at whole numbers) in the order of ``keypoint_names``, NaN where a part is
    hidden or missing, and ``attributes`` float32 ``[A]``, 0 or 1 in the order of
    ``attribute_names``. Left and right are the viewer's.

    The same style, size, split, seed and index give the same sample on every machine. A
    combination of hair, mouth, clothes, skin and clothes colour belongs to exactly one split,
    whatever the seed, so no face of "test" is ever seen in training.

    Args:
        style: one of ``STYLES``. ``"avataaars"`` and ``"toon-head"`` are coloured and frontal,
            ``"lorelei"`` and ``"notionists"`` are black ink, turned to the right.
        size: side of the pictures in pixels, 16 to 2048.
        split: ``"train"``, ``"val"`` or ``"test"``.
        length: number of samples; ``None`` means 10000 for "train", 500 for the others.
        seed: another seed gives other faces of the same split.
        background: one colour ``#rrggbb`` behind every face; ``None`` draws a soft gradient for
            each. What a face wears never has nearly that colour.
        view_box: ``(x, y, side, side)``, the square of the style's canvas that is shown; ``None``
            takes the style's own.
        shares: for some of ``attribute_names``, the share of faces that have them; ``None`` takes
            what the style gives.
        plans: samples have a ``plan`` too, float32 ``[P]``, what the face is made of: see
            :mod:`nbgan.data.avatar_plans`.
        ink: draw the faces with a pen, black on white paper: see :mod:`nbgan.data.avatar_ink`. All
            else stays, so face ``i`` is the same person with and without. ``"avataaars"`` only.

    Raises:
        InputError: an argument outside what is allowed.
    """

    keypoint_names = KEYPOINT_NAMES
    attribute_names = FLAGS
    label_space = LABEL_SPACE

    def __init__(
        self,
        *,
        style: str = "avataaars",
        size: int = 128,
        split: str = "train",
        length: int | None = None,
        seed: int = 0,
        background: str | None = None,
        view_box: tuple[float, float, float, float] | None = None,
        shares: Mapping[str, float] | None = None,
        plans: bool = False,
        ink: bool = False,
    ) -> None:
        self.definition = load_definition(style)
        if isinstance(size, bool) or not isinstance(size, int) or not 16 <= size <= 2048:
            raise InputError(f"size: got {size!r}, allowed are whole numbers from 16 to 2048")
        if split not in DEFAULT_LENGTHS:
            raise InputError(f"split: got {split!r}, allowed are 'train', 'val', 'test'")
        if length is None:
            length = DEFAULT_LENGTHS[split]
        for name, value, least in (("length", length, 1), ("seed", seed, 0)):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"{name}: got {value!r}, allowed are whole numbers from {least}")
        self.style, self.size, self.split, self.seed = style, size, split, seed
        self.length = length
        self.sheet = STYLE_SHEETS[style]
        if view_box is not None:
            self.sheet = replace(self.sheet, view_box=view_box)
        self.background, self.shares, self.ink = background, dict(shares or {}), ink
        self._check_look()
        self._variants = component_variants(style)
        self.plans = Plans(style) if plans else None
        self._palettes: dict[tuple[str, str | None], list[str]] = {}

    @property
    def cache_key(self) -> str:
        """Name, versions and every parameter that changes pixels."""
        artwork = metadata.version("dicebear-styles")
        return (
            f"avatars-v{_VERSION}-{artwork}-{self.style}-size{self.size}-{self.split}"
            f"-len{self.length}-seed{self.seed}{self._changed()}"
        )

    def _changed(self) -> str:
        """The options that are not the style's own, for :attr:`cache_key`."""
        own = STYLE_SHEETS[self.style].view_box
        parts = ["" if self.background is None else f"-on{self.background}"]
        parts.append("" if self.sheet.view_box == own else f"-view{self.sheet.view_box}")
        parts += [f"-{flag}{share}" for flag, share in sorted(self.shares.items())]
        parts += ["-plans"] * (self.plans is not None) + ["-ink"] * self.ink
        return "".join(parts)

    def _check_look(self) -> None:
        if self.ink and self.style != "avataaars":
            raise InputError(
                f"ink: style '{self.style}' cannot be drawn in ink; take style 'avataaars'"
            )
        if self.background is not None and not re.fullmatch(r"#[0-9a-f]{6}", self.background):
            raise InputError(
                f"background: got {self.background!r}, allowed is a colour such as '#ffffff'"
            )
        for flag, share in self.shares.items():
            if flag not in self.sheet.flags or not 0 <= share <= 1:
                raise InputError(
                    f"shares: got {flag!r}: {share!r}; style '{self.style}' knows "
                    f"{', '.join(self.sheet.flags)}, each with a share from 0 to 1"
                )

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        look = self.look(index)
        layers = self._layers(look)
        drawn = render(layers, self.size, view_box=self.sheet.view_box)
        head = look["variants"].get("head") or "*"
        points = find_keypoints(self.sheet, layers, drawn.layer, head=head)
        sample = {
            "image": _as_image(drawn.image),
            "label": torch.from_numpy(drawn.label),
            "keypoints": torch.from_numpy(points),
            "attributes": torch.tensor([float(flag) for flag in self._flags(look).values()]),
        }
        return sample if self.plans is None else sample | {"plan": self.plans.plan(look)}

    def picture(self, index: int) -> torch.Tensor:
        """The ``image`` of item ``index`` alone, in a third of the time."""
        layers = self._layers(self.look(index))
        return _as_image(paint(layers, self.size, view_box=self.sheet.view_box))

    def look(self, index: int) -> dict[str, dict]:
        """What the face ``index`` is made of.

        Returns:
            ``variants``: the variant of every component, ``None`` if it is left out;
            ``colors``: every named colour as ``#rrggbb``; ``background``: ``top`` and ``bottom``
            colours of the backdrop.
        """
        rng = self._rng(index)
        while True:
            variants, colors = self._draw_variants(rng), self._draw_colors(rng)
            if look_share(self.sheet.hair, variants, colors) in _SPLIT_SHARES[self.split]:
                break
        if self.background is None:
            backdrop = backdrop_colors(rng, colors)
        else:
            backdrop = {"top": self.background, "bottom": self.background}
        return {"variants": variants, "colors": colors, "background": backdrop}

    def layers(self, index: int) -> list[Layer]:
        """The labelled vector layers of face ``index``, backdrop first."""
        return self._layers(self.look(index))

    def _layers(self, look: dict[str, dict]) -> list[Layer]:
        x, y, width, height = self.sheet.view_box
        backdrop = (
            '<linearGradient id="backdrop" x1="0" y1="0" x2="0" y2="1">'
            f'<stop offset="0" stop-color="{look["background"]["top"]}"/>'
            f'<stop offset="1" stop-color="{look["background"]["bottom"]}"/></linearGradient>'
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="url(#backdrop)"/>'
        )
        layers = [
            Layer(svg=backdrop, class_id=0, name="background"),
            *avatar_layers(self.style, look["variants"], look["colors"]),
        ]
        return ink_layers(layers) if self.ink else layers

    def attributes(self, index: int) -> dict[str, bool | str]:
        """What can be said about face ``index`` in words.

        Returns:
            ``glasses``, ``facial_hair``, ``hat``, ``smile``, ``eyes_closed``, ``long_hair`` as
            bool; ``hair``, ``eyes``, ``mouth`` as names of the style's variants; ``skin_color``,
            ``hair_color`` and ``clothes_color`` as ``#rrggbb`` where the style has such a colour.
        """
        look = self.look(index)
        variants, colors = look["variants"], look["colors"]
        found: dict[str, bool | str] = dict(self._flags(look))
        for name, component in (("hair", self.sheet.hair), ("eyes", "eyes"), ("mouth", "mouth")):
            found[name] = variants[component] or "none"
        for name in ("skin", "hair", "clothes"):
            if name in colors:
                found[f"{name}_color"] = colors[name]
        return found

    def _flags(self, look: dict[str, dict]) -> dict[str, bool]:
        found = {}
        for flag in FLAGS:
            component, wanted = self.sheet.flags.get(flag, ("", frozenset()))
            shown = look["variants"].get(component)
            found[flag] = shown is not None and (not wanted or shown in wanted)
        return found

    def _rng(self, index: int) -> np.random.Generator:
        if not isinstance(index, (int, np.integer)):
            raise InputError(f"index: got {index!r}, allowed are whole numbers")
        if not 0 <= index < self.length:
            raise IndexError(f"index {index} is outside 0..{self.length - 1}")
        split = list(DEFAULT_LENGTHS).index(self.split)
        return np.random.default_rng([zlib.crc32(self.style.encode()), split, self.seed, index])

    def _draw_variants(self, rng: np.random.Generator) -> dict[str, str | None]:
        wanted = {f: rng.random() < self.shares[f] for f in FLAGS if f in self.shares}
        variants: dict[str, str | None] = {}
        for name, allowed in self._variants.items():
            component = self.definition["components"][name]
            chance = chance_of(self.sheet, name, component)
            for flag, yes in wanted.items():
                part, shown = self.sheet.flags[flag]
                if part == name and shown:
                    # Some go not together, such as a hat and long hair: the first one wins.
                    allowed = [v for v in allowed if (v in shown) == yes] or allowed
                elif part == name:
                    chance = float(yes)
            choice = allowed[rng.integers(len(allowed))]
            variants[name] = choice if rng.random() < chance else None
        return variants

    def _draw_colors(self, rng: np.random.Generator) -> dict[str, str]:
        colors: dict[str, str] = {}
        # Skin first: hair or a beard of nearly its colour would be in the map but not in sight.
        for name in sorted(self.definition["colors"], key=lambda name: (name != "skin", name)):
            values = self._palette(name, colors.get("skin"))
            colors[name] = values[rng.integers(len(values))]
        for follower, leader in self.sheet.same_color.items():
            colors[follower] = colors[leader]
        return colors

    def _palette(self, name: str, skin: str | None) -> list[str]:
        """Values of a named colour that can be told from the skin, and from a flat background."""
        if (name, skin) not in self._palettes:
            values = self.definition["colors"][name]["values"]
            self._palettes[name, skin] = [
                value
                for value in values
                if stands_out(value, skin)
                # Paper is white on white: ink has lines around it.
                and (len(values) == 1 or stands_out(value, self.background))
            ]
        return self._palettes[name, skin]


def _as_image(picture: np.ndarray) -> torch.Tensor:
    """uint8 ``[H, W, 3]`` to float32 ``[3, H, W]`` in [-1, 1]."""
    return (torch.from_numpy(picture).permute(2, 0, 1).float() / 127.5 - 1).contiguous()
