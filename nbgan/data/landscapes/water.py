"""Water: what stands behind it, mirrored, rippled and tinted."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from nbgan.data.landscapes.canvas import Canvas
from nbgan.data.landscapes.classes import WATER
from nbgan.data.landscapes.moods import Mood
from nbgan.data.landscapes.noise import noise, smoothstep
from nbgan.data.landscapes.plan import Plan
from nbgan.data.landscapes.sky import mix


def paint_water(canvas: Canvas, plan: Plan, mood: Mood) -> None:
    """Paint the water; everything else must be finished, because the water mirrors it."""
    water = canvas.label == WATER
    if not water.any():
        return
    height = len(canvas.y)
    row_of = np.arange(height, dtype=np.int64)[:, None]
    rows, cols = np.nonzero(water)
    x, y = canvas.x[cols], canvas.y[rows]
    t = np.maximum(y - plan.horizon, 0.004)
    spread = t**0.6 + 0.03
    long = noise("soft", (x - 0.5) / spread * 1.6 + 3, np.sqrt(t) * 20)
    short = noise("fractal", (x - 0.5) / spread * 3.0, np.sqrt(t) * 34 + 7)
    top = np.maximum.accumulate(np.where(water, -1, row_of), axis=0)[rows, cols] + 1
    ripple = 0.6 * long + 0.4 * short
    shift = np.rint(ripple * (0.010 + 0.07 * t) * height).astype(np.int64)

    still = uniform_filter1d(canvas.mirror, max(2, round(0.022 * height)), axis=0, mode="nearest")
    still = uniform_filter1d(still, max(1, round(0.012 * height)), axis=1, mode="nearest")
    first = int(np.ceil(plan.horizon * height - 0.5))
    mirrored = still[np.clip(rows + shift, min(first, height - 1), height - 1), cols]

    grazing = 0.42 + 0.50 * np.exp(-t / 0.16)
    depth = mood.color("water") * mood.light(np.full(len(x), 0.6, np.float32))
    color = mix(depth, mirrored * 0.96, np.clip(grazing + 0.16 * ripple, 0, 1))
    crest = smoothstep(0.15, 0.75, ripple) * (0.10 + 0.10 * smoothstep(0.0, 0.3, t))
    color = mix(color, np.array(mood.horizon, np.float32), crest)
    if mood.glitter and mood.disc is not None:
        sx, _ = mood.sun_place
        lane = np.exp(-(((x - sx) / (0.035 + 0.16 * t)) ** 2))
        spark = smoothstep(-0.15, 0.45, ripple) * lane * mood.glitter
        color = mix(color, mood.disc, np.clip(spark, 0, 0.9))
    near_shore = np.exp(-(rows - top) / (0.012 * height))
    color *= ((1 - 0.22 * near_shore) * (1 + 0.20 * ripple * smoothstep(0.02, 0.3, t)))[:, None]
    canvas.image[rows, cols] = color
