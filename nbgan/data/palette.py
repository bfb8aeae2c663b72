"""Display colours for label spaces that come without."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nbgan.errors import InputError


@lru_cache(maxsize=8)
def distinct_colors(count: int) -> tuple[tuple[int, int, int], ...]:
    """``count`` colours that are easy to tell apart, the same on every machine.

    Each next colour is the one farthest, in CIELAB, from all chosen so far. Black and its
    neighbourhood are left out: black means "unlabelled".

    Raises:
        InputError: ``count`` is not between 1 and 256.
    """
    if not 1 <= count <= 256:
        raise InputError(f"{count} colours asked for; a class map holds 1 to 256 classes")
    steps = np.linspace(0, 255, 13).round().astype(np.int64)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    # Rounded, so that ties break the same way whatever the machine's last digit is.
    lab = np.round(_lab(grid), 3)
    distance = np.round(np.linalg.norm(lab - _lab(np.zeros((1, 3))), axis=1), 3)
    distance[lab[:, 0] < 25] = -1
    chosen = []
    for _ in range(count):
        best = int(distance.argmax())
        chosen.append(best)
        distance = np.minimum(distance, np.round(np.linalg.norm(lab - lab[best], axis=1), 3))
    return tuple((int(r), int(g), int(b)) for r, g, b in grid[chosen])


def _lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB 0..255 ``[N, 3]`` to CIELAB (D65): equal distances look equally different."""
    linear = rgb / 255.0
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(
        [[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]]
    )
    xyz = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )
