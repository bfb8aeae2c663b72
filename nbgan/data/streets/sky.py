"""The sky: a gradient, the glow of the sun, soft clouds, stars."""

from __future__ import annotations

import numpy as np

from nbgan.data.landscapes.noise import noise, smoothstep
from nbgan.data.streets.moods import Mood
from nbgan.data.streets.plan import Plan
from nbgan.data.streets.sheet import UNIT


def sun_place(plan: Plan, mood: Mood) -> tuple[float, float]:
    """Where the sun's light comes from on the sheet; behind the viewer, far out to its side."""
    camera = plan.camera
    x, y, z = mood.sun
    ahead = max(z, 0.35)
    # The lens would put a sun this high out of the picture; its glow is brought down.
    return camera.vanish_x + 0.75 * camera.focal * x / ahead, camera.horizon - 480 * y / ahead


def paint_sky(plan: Plan, mood: Mood, height: int, width: int, cloud_seed: float) -> np.ndarray:
    """The sky over the whole picture, float32 ``[H, W, 3]``."""
    pixel = UNIT / height
    x = ((np.arange(width) + 0.5 - width / 2) * pixel).astype(np.float32)[None, :]
    horizon = plan.camera.horizon
    rows = min(height, int(np.ceil(horizon / pixel)) + 2)
    y = ((np.arange(rows) + 0.5) * pixel).astype(np.float32)[:, None]
    t = np.clip(y / horizon, 0, 1)
    zenith, middle, low = (np.array(c, np.float32) for c in (mood.zenith, mood.middle, mood.low))
    down = smoothstep(0.0, 0.62, t)[..., None]
    lower = smoothstep(0.45, 1.0, t)[..., None]
    color = zenith + (middle - zenith) * down
    color = np.repeat(color + (low - color) * lower, width, axis=1)

    sx, sy = sun_place(plan, mood)
    away = np.hypot(x - sx, (y - sy) * 1.15) / UNIT
    glow = (np.exp(-away * 2.6) * mood.glow_strength)[..., None]
    color += (np.array(mood.glow, np.float32) - color) * np.clip(glow * 1.3, 0, 0.9)

    if mood.stars:
        color += mood.stars * _stars(x, y, t)[..., None]
    if mood.cover > 0.05:
        # Clouds lie on a flat ceiling: they shrink and flatten towards the horizon.
        depth = np.maximum(horizon + 90 - y, 60)
        u = (x - plan.camera.vanish_x) / depth * 0.62 + cloud_seed
        v = 420 / depth + cloud_seed * 1.7
        puff = noise("fractal", u, v)
        edge = 0.75 - 1.1 * mood.cover
        amount = smoothstep(edge, edge + 0.65, puff) * (0.88 - 0.35 * t)
        lit = np.array(mood.cloud, np.float32)
        thick = smoothstep(edge + 0.25, edge + 1.2, puff)[..., None]
        cloud = lit + (0.55 * lit + 0.45 * middle * 0.92 - lit) * thick * 0.45
        color += (cloud - color) * amount[..., None]
    sky = np.empty((height, width, 3), np.float32)
    sky[:rows] = color
    sky[rows:] = color[-1:]
    return sky


def _stars(x: np.ndarray, y: np.ndarray, t: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(7)
    total = np.zeros((y.shape[0], x.shape[1]), np.float32)
    step = float(y[1, 0] - y[0, 0])
    for px, py, strength in rng.uniform((-1000, 0, 0.2), (1000, 420, 0.9), (46, 3)):
        column = round((px - float(x[0, 0])) / step)
        row = round((py - float(y[0, 0])) / step)
        if 0 <= column < total.shape[1] and 0 <= row < total.shape[0]:
            total[row, column] = strength * (1 - 0.8 * float(t[row, 0]))
    return total


def sunlight(image: np.ndarray, plan: Plan, mood: Mood) -> np.ndarray:
    """Let the glow of a low sun spill over everything, float32 ``[H, W, 3]``."""
    if mood.glow_strength < 0.15:
        return image
    height, width = image.shape[:2]
    pixel = UNIT / height
    sx, sy = sun_place(plan, mood)
    x = ((np.arange(width) + 0.5 - width / 2) * pixel - sx).astype(np.float32)[None, :]
    y = ((np.arange(height) + 0.5) * pixel - sy).astype(np.float32)[:, None]
    spill = 0.42 * mood.glow_strength * np.exp(-np.hypot(x, y) / 420)
    return image + (np.array(mood.glow, np.float32) - image) * spill[..., None]
