"""Moods: the light, the air and the season that a landscape is painted in.

A mood changes the picture and never the class map. Colours are display red, green, blue in 0..1;
the colour of a surface is its own colour times (ambient + sun * cosine), then mixed with the haze.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

Color = tuple[float, float, float]

MATERIALS: dict[str, Color] = {
    "mountain": (0.50, 0.46, 0.48),
    "snow": (0.93, 0.95, 1.00),
    "sand": (0.90, 0.79, 0.58),
    "grass": (0.37, 0.56, 0.20),
    "grass_dry": (0.64, 0.66, 0.29),
    "conifer": (0.15, 0.33, 0.21),
    "leaf": (0.27, 0.46, 0.16),
    "leaf_second": (0.42, 0.54, 0.18),
    "trunk": (0.33, 0.24, 0.18),
    "rock": (0.62, 0.59, 0.56),
    "path": (0.78, 0.65, 0.48),
    "wall": (0.95, 0.90, 0.80),
    "roof": (0.68, 0.31, 0.22),
    "wood": (0.36, 0.25, 0.18),
    "flower": (0.90, 0.30, 0.36),
    "flower_second": (0.97, 0.86, 0.42),
    "water": (0.10, 0.31, 0.40),
}
"""Colour of each surface under white light, before the season changes it."""


@dataclass(frozen=True, kw_only=True)
class Mood:
    """Light, air and season.

    Args:
        name: what the user asks for.
        zenith: sky colour at the top.
        middle: sky colour halfway down.
        horizon: sky colour at the horizon.
        sun_direction: towards the light: right, up, towards the viewer.
        sun_color: strength and colour of the direct light.
        ambient: strength and colour of the light from everywhere.
        sun_place: where the disc stands: from the left edge 0..1, and above the horizon.
        disc: colour of the disc, ``None`` if it is out of the picture.
        disc_radius: as a part of the picture height.
        glow: colour of the light around the disc.
        glow_strength: 0 for none.
        haze: colour of the air that far things fade into.
        haze_amount: 0 clear, 1 thick.
        cloud_lit: sunny side of clouds.
        cloud_shade: shaded side of clouds.
        materials: surfaces that look different in this season.
        frost: 0..1, how much snow dust lies on grass, trees and roofs.
        stars: brightness of stars.
        windows: 0..1, how brightly lit the windows are.
        glitter: strength of the sun's path on water.
    """

    name: str
    zenith: Color
    middle: Color
    horizon: Color
    sun_direction: Color
    sun_color: Color
    ambient: Color
    sun_place: tuple[float, float]
    disc: Color | None = None
    disc_radius: float = 0.03
    glow: Color = (1.0, 1.0, 1.0)
    glow_strength: float = 0.0
    haze: Color
    haze_amount: float = 0.5
    cloud_lit: Color
    cloud_shade: Color
    materials: dict[str, Color] = field(default_factory=dict)
    frost: float = 0.0
    stars: float = 0.0
    windows: float = 0.0
    glitter: float = 0.0

    def color(self, name: str) -> np.ndarray:
        """Colour of a material in this season, float32 ``[3]``."""
        return np.array(self.materials.get(name, MATERIALS[name]), dtype=np.float32)

    def light(self, cosine: np.ndarray) -> np.ndarray:
        """Light that falls on surfaces, ``[..., 3]``.

        Args:
            cosine: of the angle between the surface and the sun, 0..1, ``[...]``.
        """
        sun = np.array(self.sun_color, dtype=np.float32)
        return np.array(self.ambient, dtype=np.float32) + cosine[..., None] * sun

    def sun(self) -> np.ndarray:
        """Unit vector towards the light: right, up, towards the viewer."""
        direction = np.array(self.sun_direction, dtype=np.float32)
        return direction / np.sqrt((direction**2).sum())

    def jittered(self, rng: np.random.Generator) -> Mood:
        """This mood a little brighter, warmer or hazier: no two evenings are alike."""
        tint = 1 + rng.normal(0, 0.025, 3)
        bright = 1 + rng.normal(0, 0.05)

        def shifted(color: Color, factor: float = 1.0) -> Color:
            r, g, b = (float(c * t * factor) for c, t in zip(color, tint, strict=True))
            return (r, g, b)

        x, up = self.sun_place
        return replace(
            self,
            zenith=shifted(self.zenith),
            middle=shifted(self.middle),
            horizon=shifted(self.horizon),
            haze=shifted(self.haze),
            sun_color=shifted(self.sun_color, bright),
            ambient=shifted(self.ambient),
            haze_amount=float(self.haze_amount * rng.uniform(0.75, 1.25)),
            sun_place=(x + float(rng.normal(0, 0.05)), up * float(rng.uniform(0.7, 1.3))),
        )


_AUTUMN = {
    "grass": (0.50, 0.51, 0.21),
    "grass_dry": (0.72, 0.61, 0.28),
    "conifer": (0.20, 0.32, 0.18),
    "leaf": (0.80, 0.38, 0.12),
    "leaf_second": (0.90, 0.63, 0.16),
    "flower": (0.72, 0.36, 0.50),
    "flower_second": (0.90, 0.70, 0.30),
    "water": (0.10, 0.25, 0.33),
}
_WINTER = {
    "grass": (0.78, 0.80, 0.80),
    "grass_dry": (0.86, 0.88, 0.92),
    "conifer": (0.20, 0.31, 0.29),
    "leaf": (0.45, 0.40, 0.38),
    "leaf_second": (0.54, 0.48, 0.45),
    "sand": (0.83, 0.80, 0.74),
    "path": (0.70, 0.65, 0.62),
    "flower": (0.72, 0.60, 0.66),
    "flower_second": (0.84, 0.82, 0.76),
    "water": (0.14, 0.29, 0.37),
}

_ALL = (
    Mood(
        name="noon",
        zenith=(0.20, 0.46, 0.82),
        middle=(0.42, 0.67, 0.93),
        horizon=(0.76, 0.88, 0.97),
        sun_direction=(-0.55, 0.70, 0.35),
        sun_color=(0.82, 0.77, 0.66),
        ambient=(0.38, 0.43, 0.50),
        sun_place=(0.2, 0.9),
        haze=(0.70, 0.82, 0.94),
        haze_amount=0.50,
        cloud_lit=(1.0, 1.0, 0.99),
        cloud_shade=(0.66, 0.74, 0.86),
    ),
    Mood(
        name="dawn",
        zenith=(0.42, 0.56, 0.80),
        middle=(0.80, 0.74, 0.84),
        horizon=(1.0, 0.83, 0.70),
        sun_direction=(-0.88, 0.34, 0.10),
        sun_color=(0.95, 0.66, 0.52),
        ambient=(0.46, 0.44, 0.52),
        sun_place=(0.22, 0.09),
        disc=(1.0, 0.96, 0.84),
        disc_radius=0.030,
        glow=(1.0, 0.80, 0.62),
        glow_strength=0.55,
        haze=(0.93, 0.80, 0.80),
        haze_amount=0.80,
        cloud_lit=(1.0, 0.84, 0.76),
        cloud_shade=(0.68, 0.62, 0.76),
        materials={"water": (0.20, 0.32, 0.42)},
        glitter=0.5,
    ),
    Mood(
        name="dusk",
        zenith=(0.20, 0.20, 0.45),
        middle=(0.72, 0.38, 0.47),
        horizon=(1.0, 0.66, 0.34),
        sun_direction=(0.90, 0.28, 0.08),
        sun_color=(1.05, 0.55, 0.27),
        ambient=(0.44, 0.36, 0.43),
        sun_place=(0.74, 0.07),
        disc=(1.0, 0.90, 0.58),
        disc_radius=0.038,
        glow=(1.0, 0.60, 0.28),
        glow_strength=0.75,
        haze=(0.88, 0.54, 0.42),
        haze_amount=0.62,
        cloud_lit=(1.0, 0.64, 0.40),
        cloud_shade=(0.46, 0.28, 0.44),
        materials={"water": (0.14, 0.14, 0.26)},
        windows=0.8,
        glitter=1.0,
    ),
    Mood(
        name="winter",
        zenith=(0.46, 0.62, 0.80),
        middle=(0.68, 0.79, 0.89),
        horizon=(0.92, 0.92, 0.92),
        sun_direction=(-0.72, 0.48, 0.30),
        sun_color=(0.62, 0.58, 0.52),
        ambient=(0.44, 0.49, 0.57),
        sun_place=(0.2, 0.7),
        haze=(0.84, 0.89, 0.94),
        haze_amount=0.65,
        cloud_lit=(0.98, 0.98, 0.99),
        cloud_shade=(0.72, 0.78, 0.86),
        materials=_WINTER,
        frost=0.8,
    ),
    Mood(
        name="autumn",
        zenith=(0.32, 0.53, 0.76),
        middle=(0.60, 0.73, 0.84),
        horizon=(0.95, 0.90, 0.78),
        sun_direction=(0.70, 0.52, 0.30),
        sun_color=(0.88, 0.72, 0.48),
        ambient=(0.38, 0.38, 0.42),
        sun_place=(0.8, 0.7),
        haze=(0.88, 0.84, 0.78),
        haze_amount=0.60,
        cloud_lit=(1.0, 0.97, 0.90),
        cloud_shade=(0.72, 0.72, 0.78),
        materials=_AUTUMN,
    ),
    Mood(
        name="storm",
        zenith=(0.22, 0.26, 0.32),
        middle=(0.38, 0.44, 0.50),
        horizon=(0.66, 0.70, 0.70),
        sun_direction=(-0.25, 0.90, 0.30),
        sun_color=(0.26, 0.27, 0.28),
        ambient=(0.40, 0.43, 0.46),
        sun_place=(0.4, 0.9),
        haze=(0.52, 0.57, 0.61),
        haze_amount=0.95,
        cloud_lit=(0.60, 0.63, 0.66),
        cloud_shade=(0.24, 0.27, 0.32),
        materials={"water": (0.16, 0.24, 0.27), "grass": (0.34, 0.47, 0.22)},
        windows=0.5,
    ),
    Mood(
        name="night",
        zenith=(0.03, 0.05, 0.15),
        middle=(0.07, 0.12, 0.28),
        horizon=(0.18, 0.27, 0.44),
        sun_direction=(0.60, 0.62, 0.25),
        sun_color=(0.22, 0.28, 0.42),
        ambient=(0.16, 0.21, 0.34),
        sun_place=(0.72, 0.26),
        disc=(0.98, 0.97, 0.88),
        disc_radius=0.032,
        glow=(0.45, 0.56, 0.82),
        glow_strength=0.40,
        haze=(0.14, 0.21, 0.38),
        haze_amount=0.55,
        cloud_lit=(0.36, 0.43, 0.60),
        cloud_shade=(0.10, 0.14, 0.27),
        materials={"water": (0.03, 0.07, 0.16)},
        stars=0.9,
        windows=1.0,
        glitter=0.6,
    ),
)

MOODS: tuple[str, ...] = tuple(mood.name for mood in _ALL)
BY_NAME: dict[str, Mood] = {mood.name: mood for mood in _ALL}
