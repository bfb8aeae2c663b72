"""Moods: the hour and the weather that a street is painted in.

A mood changes the picture and never the maps. Colours are display red, green, blue in 0..1; the
colour of a surface is its own colour times (ambient + sun * cosine), then mixed with the haze.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from nbgan.data.streets.sheet import Color


@dataclass(frozen=True, kw_only=True)
class Mood:
    """Light and air.

    Args:
        name: what the user asks for.
        zenith: sky colour at the top.
        middle: sky colour halfway down.
        low: sky colour at the horizon.
        sun: towards the light: right, up, away from the viewer; length 1.
        sun_color: strength and colour of the direct light.
        ambient: strength and colour of the light from everywhere.
        haze: colour of the air that far things fade into.
        thickness: part of a colour that the air takes in 100 m, 0..1.
        shadow: how dark cast shadows are, 0..1.
        shadow_color: what they are tinted with.
        cloud: sunny side of the clouds.
        cover: how much of the sky they cover, 0..1.
        glow: colour of the light around the sun.
        glow_strength: 0 for none.
        lamps: how brightly lamps, windows and headlights shine, 0..1.
        stars: brightness of stars.
        glass: what unlit panes reflect.
    """

    name: str
    zenith: Color
    middle: Color
    low: Color
    sun: Color
    sun_color: Color
    ambient: Color
    haze: Color
    thickness: float
    shadow: float
    shadow_color: Color = (0.10, 0.12, 0.26)
    cloud: Color = (1.0, 1.0, 1.0)
    cover: float = 0.4
    glow: Color = (1.0, 1.0, 1.0)
    glow_strength: float = 0.0
    lamps: float = 0.0
    stars: float = 0.0
    glass: Color = (0.45, 0.58, 0.70)

    def shade(self, color: Color, nx: float, ny: float, nz: float, z: float) -> Color:
        """Colour of a surface with a normal (unit length), seen at the distance ``z``."""
        cosine = nx * self.sun[0] + ny * self.sun[1] + nz * self.sun[2]
        cosine = max(cosine, 0.0)
        # Surfaces that look up get more of the sky.
        sky = 0.92 + 0.08 * ny
        clear = (1 - self.thickness) ** max((z - 6) / 100, 0.0)
        veil = 1 - clear
        r, g, b = color
        (ar, ag, ab), (sr, sg, sb), (hr, hg, hb) = self.ambient, self.sun_color, self.haze
        return (
            clear * r * (ar * sky + sr * cosine) + veil * hr,
            clear * g * (ag * sky + sg * cosine) + veil * hg,
            clear * b * (ab * sky + sb * cosine) + veil * hb,
        )

    def air(self, color: Color, z: float) -> Color:
        """A colour that shines by itself, seen at the distance ``z``."""
        return mix(self.haze, color, (1 - self.thickness) ** max((z - 6) / 100, 0.0))

    def reach(self) -> tuple[float, float]:
        """Where the shadow of something one metre tall ends on the ground, (x, z)."""
        up = max(self.sun[1], 0.25)
        return -self.sun[0] / up, -self.sun[2] / up

    def jittered(self, rng: np.random.Generator) -> Mood:
        """The same hour on another day: sun from the other side, other clouds, other haze."""
        side = 1 if rng.random() < 0.5 else -1
        turn = rng.uniform(-0.25, 0.25)
        x, y, z = self.sun
        x, z = x * math.cos(turn) - z * math.sin(turn), x * math.sin(turn) + z * math.cos(turn)
        warm = rng.normal(0, 0.012)
        strength = rng.uniform(0.95, 1.05)
        tint = (1 + warm, 1.0, 1 - warm)

        def tuned(color: Color, gain: float = 1.0) -> Color:
            r, g, b = color
            return r * tint[0] * gain, g * tint[1] * gain, b * tint[2] * gain

        return replace(
            self,
            sun=(side * x, y, z),
            zenith=tuned(self.zenith),
            middle=tuned(self.middle),
            sun_color=tuned(self.sun_color, strength),
            ambient=tuned(self.ambient, strength),
            cover=float(np.clip(self.cover + rng.uniform(-0.25, 0.25), 0, 1)),
            thickness=float(np.clip(self.thickness * rng.uniform(0.7, 1.3), 0, 0.9)),
        )


def mix(a: Color, b: Color, t: float) -> Color:
    """``a`` for t = 0, ``b`` for t = 1."""
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t


def _unit(x: float, y: float, z: float) -> Color:
    n = math.sqrt(x * x + y * y + z * z)
    return x / n, y / n, z / n


_ALL = (
    Mood(
        name="noon",
        zenith=(0.27, 0.53, 0.85),
        middle=(0.50, 0.73, 0.93),
        low=(0.83, 0.92, 0.97),
        sun=_unit(0.62, 0.70, -0.42),
        sun_color=(0.58, 0.53, 0.43),
        ambient=(0.60, 0.64, 0.70),
        haze=(0.80, 0.89, 0.95),
        thickness=0.42,
        shadow=0.40,
        cover=0.45,
        glow=(1.0, 0.98, 0.90),
        glow_strength=0.10,
    ),
    Mood(
        name="golden",
        zenith=(0.36, 0.50, 0.74),
        middle=(0.86, 0.74, 0.66),
        low=(1.00, 0.83, 0.55),
        sun=_unit(0.55, 0.36, 0.66),
        sun_color=(0.92, 0.62, 0.30),
        ambient=(0.62, 0.54, 0.55),
        haze=(1.00, 0.82, 0.58),
        thickness=0.55,
        shadow=0.32,
        shadow_color=(0.22, 0.12, 0.26),
        cloud=(1.0, 0.88, 0.74),
        cover=0.45,
        glow=(1.0, 0.78, 0.42),
        glow_strength=0.55,
        lamps=0.25,
        glass=(0.66, 0.56, 0.52),
    ),
    Mood(
        name="morning",
        zenith=(0.52, 0.68, 0.86),
        middle=(0.80, 0.84, 0.90),
        low=(0.98, 0.88, 0.84),
        sun=_unit(-0.70, 0.45, -0.55),
        sun_color=(0.62, 0.50, 0.42),
        ambient=(0.60, 0.62, 0.70),
        haze=(0.90, 0.88, 0.92),
        thickness=0.72,
        shadow=0.28,
        shadow_color=(0.16, 0.18, 0.36),
        cloud=(1.0, 0.95, 0.93),
        cover=0.3,
        glow=(1.0, 0.88, 0.78),
        glow_strength=0.20,
        glass=(0.55, 0.62, 0.72),
    ),
    Mood(
        name="overcast",
        zenith=(0.66, 0.71, 0.76),
        middle=(0.77, 0.80, 0.83),
        low=(0.88, 0.89, 0.89),
        sun=_unit(0.30, 0.93, -0.20),
        sun_color=(0.14, 0.14, 0.14),
        ambient=(0.74, 0.76, 0.78),
        haze=(0.82, 0.84, 0.86),
        thickness=0.60,
        shadow=0.12,
        cloud=(0.93, 0.94, 0.95),
        cover=0.8,
        lamps=0.12,
        glass=(0.50, 0.56, 0.60),
    ),
    Mood(
        name="dusk",
        zenith=(0.16, 0.20, 0.45),
        middle=(0.46, 0.36, 0.60),
        low=(0.98, 0.62, 0.50),
        sun=_unit(0.35, 0.45, -0.80),
        sun_color=(0.16, 0.11, 0.16),
        ambient=(0.46, 0.42, 0.60),
        haze=(0.66, 0.50, 0.62),
        thickness=0.52,
        shadow=0.10,
        cloud=(0.92, 0.60, 0.62),
        cover=0.5,
        glow=(1.0, 0.56, 0.40),
        glow_strength=0.22,
        lamps=0.85,
        stars=0.15,
        glass=(0.24, 0.24, 0.42),
    ),
    Mood(
        name="night",
        zenith=(0.04, 0.06, 0.17),
        middle=(0.09, 0.12, 0.29),
        low=(0.23, 0.24, 0.42),
        sun=_unit(0.30, 0.80, -0.50),
        sun_color=(0.05, 0.06, 0.10),
        ambient=(0.33, 0.36, 0.53),
        haze=(0.17, 0.19, 0.36),
        thickness=0.48,
        shadow=0.14,
        shadow_color=(0.02, 0.02, 0.10),
        cloud=(0.20, 0.22, 0.38),
        cover=0.35,
        lamps=1.0,
        stars=0.9,
        glass=(0.10, 0.13, 0.25),
    ),
)
BY_NAME = {mood.name: mood for mood in _ALL}
MOODS = tuple(BY_NAME)
"""Names of the moods, in the order of the item's ``mood`` number."""
