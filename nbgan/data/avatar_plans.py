"""Plans: what a face is made of, as numbers, and as a point of a Gaussian.

A *plan* says which hair, eyes, colours … a face has. :class:`~nbgan.data.avatars.Avatars` draws it
at random before it draws the picture, so it could have come out of a Gaussian as well:

- one of n equally likely variants is found by halving: a coordinate below or above a border says in
  which half it is, the next one in which quarter, and so on;
- a part that shows with probability p shows where one coordinate is above its (1 − p) quantile;
- a hue is the angle of two coordinates; saturation and brightness are quantiles of one.

:meth:`Plans.codes` goes that way backwards: from a plan to a random point that stands for it. Over
all faces these points follow the normal distribution, as far as the choices are independent. So a
network that turns them into pictures turns noise into faces.
"""

from __future__ import annotations

import colorsys
import json
import math
import zlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nbgan.data.avatar_colors import HUE_SHIFT, SATURATIONS, VALUES
from nbgan.data.avatar_parts import load_definition
from nbgan.data.avatar_styles import STYLE_SHEETS, StyleSheet

_EDGE = 1e-4
"""How near quantiles come to 0 and 1, whose coordinates would be infinite."""
_SHADES = 5
"""Numbers of a backdrop: cosine and sine of its hue, saturation, brightness, change of hue."""


@dataclass(frozen=True)
class Choice:
    """One thing that is drawn at random for each face.

    Args:
        kind: of a look's entries, ``"variants"`` or ``"colors"``.
        name: of the component or the colour.
        options: variants or values, in order; two for a part that shows or does not.
        chance: that the part shows; None if all options are equally likely.
    """

    kind: str
    name: str
    options: tuple[Any, ...]
    chance: float | None = None

    def borders(self) -> Tensor:
        """Quantiles between which an option lies, ``[options, coordinates, 2]``."""
        shares = [1 / len(self.options)] * len(self.options)
        if self.chance is not None:
            shares = [1 - self.chance, self.chance]
        depth = math.ceil(math.log2(len(shares)))
        borders = torch.tensor([0.0, 1.0]).repeat(len(shares), depth, 1)

        def halve(first: int, last: int, level: int) -> None:
            if last - first < 2:
                return
            middle = (first + last) // 2
            border = sum(shares[first:middle]) / sum(shares[first:last])
            borders[first:middle, level, 1] = border
            borders[middle:last, level, 0] = border
            halve(first, middle, level + 1)
            halve(middle, last, level + 1)

        halve(0, len(shares), 0)
        return borders


def component_variants(style: str) -> dict[str, list[str]]:
    """The variants that are drawn of every component of a style, in order."""
    components = load_definition(style)["components"]
    excluded = STYLE_SHEETS[style].excluded
    return {
        name: sorted(set(component["variants"]) - excluded.get(name, set()))
        for name, component in sorted(components.items())
    }


def chance_of(sheet: StyleSheet, name: str, component: dict[str, Any]) -> float:
    """Probability that a component shows."""
    return sheet.probability.get(name, component.get("probability", 100) / 100)


def look_share(hair: str, variants: dict[str, str | None], colors: dict[str, str]) -> int:
    """Which twentieth of all looks a face belongs to.

    Only what always shows decides, so that two faces that look the same, and differ in the colour
    of a hat that neither wears, cannot come out in different splits.
    """
    parts = [variants.get(name) for name in (hair, "mouth", "clothes", "head")]
    text = json.dumps([parts, colors.get("skin"), colors.get("clothes")])
    return zlib.crc32(text.encode()) % 20


class Plans:
    """The plans of one style, on a backdrop of its own for each face.

    Args:
        style: one of :data:`nbgan.data.avatars.STYLES`.
    """

    def __init__(self, style: str = "avataaars") -> None:
        definition, sheet = load_definition(style), STYLE_SHEETS[style]
        self.choices: list[Choice] = []
        for name, variants in component_variants(style).items():
            chance = chance_of(sheet, name, definition["components"][name])
            if chance < 1:
                self.choices.append(Choice("variants", name, (False, True), chance))
            if len(variants) > 1:
                self.choices.append(Choice("variants", name, tuple(variants)))
        for name, color in sorted(definition["colors"].items()):
            if name not in sheet.same_color and len(color["values"]) > 1:
                self.choices.append(Choice("colors", name, tuple(color["values"])))
        self.length = sum(len(choice.options) for choice in self.choices) + _SHADES
        self._borders = [choice.borders() for choice in self.choices]
        self.code_length = sum(borders.shape[1] for borders in self._borders) + _SHADES

    def plan(self, look: dict[str, dict]) -> Tensor:
        """A look of :meth:`~nbgan.data.avatars.Avatars.look` as numbers ``[length]``.

        A one for each option that was taken, all zeros for variants of a part that does not show;
        then cosine and sine of the backdrop's hue, and its other quantiles, 0 to 1.
        """
        parts = []
        for choice in self.choices:
            found = look[choice.kind][choice.name]
            if choice.chance is not None:
                found = found is not None
            parts += [float(found == option) for option in choice.options]
        return torch.tensor([*parts, *_shades(look["background"])])

    def codes(self, plans: Tensor) -> Tensor:
        """A random point of the normal distribution for each plan.

        Args:
            plans: ``[N, length]``.

        Returns:
            ``[N, code_length]``, drawn from PyTorch's global generator.
        """
        *taken, shades = plans.split([*map(len, self._borders), _SHADES], dim=1)
        parts = []
        for options, borders in zip(taken, self._borders, strict=True):
            anything = torch.randint(len(borders), (len(plans),), device=plans.device)
            option = torch.where(options.any(dim=1), options.argmax(dim=1), anything)
            low, high = borders.to(plans.device)[option].unbind(dim=2)
            parts.append(_normal(low + (high - low) * torch.rand_like(low)))
        radius = torch.randn(len(plans), 2, device=plans.device).norm(dim=1, keepdim=True)
        return torch.cat([*parts, radius * shades[:, :2], _normal(shades[:, 2:])], dim=1)


def _normal(quantiles: Tensor) -> Tensor:
    """Quantiles 0 to 1 to coordinates of the normal distribution."""
    return math.sqrt(2) * torch.erfinv(2 * quantiles.clamp(_EDGE, 1 - _EDGE) - 1)


def _shades(background: dict[str, str]) -> list[float]:
    """A backdrop of :func:`~nbgan.data.avatar_colors.backdrop_colors` as numbers."""
    top, bottom = (
        colorsys.rgb_to_hsv(*(int(background[name][i : i + 2], 16) / 255 for i in (1, 3, 5)))
        for name in ("top", "bottom")
    )
    hue, saturation, value = top
    shift = (bottom[0] - hue + 0.5) % 1 - 0.5
    return [
        math.cos(2 * math.pi * hue),
        math.sin(2 * math.pi * hue),
        _quantile(saturation, SATURATIONS),
        _quantile(value, VALUES),
        _quantile(shift, (-HUE_SHIFT, HUE_SHIFT)),
    ]


def _quantile(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return min(1.0, max(0.0, (value - low) / (high - low)))
