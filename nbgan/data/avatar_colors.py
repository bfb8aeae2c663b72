"""Colours of avatars: what can be told apart, and what stands behind a face."""

from __future__ import annotations

import colorsys

import numpy as np

# Distance in RGB between the skin and everything worn or grown on it.
_LEAST_CONTRAST = 48.0
SATURATIONS, VALUES = (0.18, 0.42), (0.78, 0.94)
"""Between which saturation and brightness of a backdrop lie."""
HUE_SHIFT = 0.06
"""Largest change of hue from its top to its bottom, as a share of the circle."""


def stands_out(color: str, other: str | None) -> bool:
    """Whether a colour can be told from another one; from ``None`` it always can."""
    return other is None or bool(np.linalg.norm(_rgb(color) - _rgb(other)) >= _LEAST_CONTRAST)


def _rgb(color: str) -> np.ndarray:
    """``#rrggbb`` as three numbers 0..255."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def backdrop_colors(rng: np.random.Generator, colors: dict[str, str]) -> dict[str, str]:
    """A soft vertical gradient that stands apart from the colours of the face."""
    used = np.array([_rgb(color) for color in colors.values()])
    for least in np.linspace(60, 0, 25):
        hue, saturation, value = rng.random(), rng.uniform(*SATURATIONS), rng.uniform(*VALUES)
        top = colorsys.hsv_to_rgb(hue, saturation, value)
        bottom = colorsys.hsv_to_rgb(
            hue + rng.uniform(-HUE_SHIFT, HUE_SHIFT), saturation * 0.6, value
        )
        middle = 127.5 * (np.array(top) + np.array(bottom))
        if np.linalg.norm(used - middle, axis=1).min() >= least:
            break
    return {
        name: "#" + "".join(f"{round(255 * channel):02x}" for channel in color)
        for name, color in (("top", top), ("bottom", bottom))
    }
