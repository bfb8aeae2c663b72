"""What every painter of the street is handed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from nbgan.data.cityscapes.classes import INSTANCE_BASE
from nbgan.data.streets.camera import Camera, Place
from nbgan.data.streets.moods import Mood
from nbgan.data.streets.plan import Plan
from nbgan.data.streets.sheet import Color, Sheet


@dataclass(kw_only=True)
class Scene:
    """A sheet with the plan, the light and the random numbers of what is drawn on it.

    Args:
        sheet: what to draw on.
        plan: where things stand.
        mood: the light.
        counts: how many things of each class there are so far.
    """

    sheet: Sheet
    plan: Plan
    mood: Mood
    counts: dict[int, int] = field(default_factory=dict)

    @property
    def camera(self) -> Camera:
        """The plan's camera."""
        return self.plan.camera

    def thing(self, label: int) -> int:
        """Instance id of the next thing of a class, whether or not it can be seen."""
        n = self.counts.get(label, 0)
        self.counts[label] = n + 1
        return label * INSTANCE_BASE + n

    def shade(self, color: Color, normal: Place, z: float) -> Color:
        """Lit colour of a surface."""
        return self.mood.shade(color, *normal, z)

    def seen(self, x: float, z: float, reach: float) -> bool:
        """Whether something of a size, standing somewhere, can be in the picture."""
        if z < 1.5:
            return False
        center, _ = self.camera.at(x, 0, z)
        size = reach * self.camera.scale(max(z - reach, 1.2))
        return self.sheet.visible(center - size, center + size)

    def pixels(self, metres: float, z: float) -> float:
        """How many pixels a length at a distance takes; decides how much detail is drawn."""
        return metres * self.camera.focal / (z * self.sheet.pixel)

    def soft_shadow(self, x: float, z: float, across: float, along: float, dark: float) -> None:
        """The dark spot under a thing that stands on the ground."""
        if z - along < 1.2:
            return
        sx, sy = self.camera.at(x, 0, z)
        s = self.camera.scale(z)
        ry = (self.camera.at(x, 0, z - along)[1] - self.camera.at(x, 0, z + along)[1]) / 2
        sheet = self.sheet
        paint = self.mood.shadow_color
        if across * s > 4 * sheet.pixel:
            sheet.ellipse(
                sx, sy, across * s * 1.15, ry * 1.2, paint, opacity=dark * 0.5, claim=False
            )
        sheet.ellipse(sx, sy, across * s * 0.92, ry * 0.9, paint, opacity=dark, claim=False)


def varied(rng: np.random.Generator, color: Color, amount: float = 0.03) -> Color:
    """A colour a little lighter or darker, warmer or cooler."""
    light, warm = rng.normal(0, amount), rng.normal(0, amount * 0.4)
    r, g, b = color
    return (
        min(max(r + light + warm, 0.02), 0.98),
        min(max(g + light, 0.02), 0.98),
        min(max(b + light - warm, 0.02), 0.98),
    )


def steps(
    rng: np.random.Generator, start: float, end: float, low: float, high: float
) -> Iterator[float]:
    """Places from ``start`` to ``end`` with gaps between ``low`` and ``high``."""
    z = start
    while z < end:
        yield z
        z += rng.uniform(low, high)


def arc(n: int, start: float = 0.0, end: float = 2 * math.pi) -> list[tuple[float, float]]:
    """Cosine and sine of ``n`` angles from ``start`` up to, not including, ``end``."""
    angles = [start + (end - start) * i / n for i in range(n)]
    return [(math.cos(a), math.sin(a)) for a in angles]
