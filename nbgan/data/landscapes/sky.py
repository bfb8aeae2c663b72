"""Sky, sun, stars and clouds."""

from __future__ import annotations

import numpy as np

from nbgan.data.landscapes.canvas import Canvas
from nbgan.data.landscapes.classes import CLOUD, SKY
from nbgan.data.landscapes.moods import Mood
from nbgan.data.landscapes.noise import noise, random_of, smoothstep
from nbgan.data.landscapes.plan import Plan


def mix(a: object, b: object, amount: np.ndarray) -> np.ndarray:
    """Blend colours: ``a`` where ``amount`` is 0, ``b`` where it is 1; ``[..., 3]``."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return a + (b - a) * np.asarray(amount, np.float32)[..., None]


def sky_color(mood: Mood, horizon: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colour of the clear sky at the places ``(x, y)``, without the disc; ``[..., 3]``."""
    x, y = np.broadcast_arrays(x, y)
    up = np.clip((horizon - y) / max(horizon, 0.3), 0, 1)
    color = mix(mood.horizon, mood.middle, smoothstep(0, 0.5, up))
    color = mix(color, mood.zenith, smoothstep(0.3, 1.1, up))
    if mood.glow_strength:
        sx, height = mood.sun_place
        distance = np.sqrt(((x - sx) * 0.8) ** 2 + (y - horizon + height) ** 2)
        near = mood.glow_strength * (np.exp(-distance / 0.16) + 0.35 * np.exp(-distance / 0.45))
        color = mix(color, mood.glow, np.clip(near, 0, 1))
    return color


def _stars(canvas: Canvas, mood: Mood, sky: np.ndarray, horizon: float, salt: int) -> None:
    cell = 0.045
    cx, cy = np.floor(canvas.x / cell), np.floor(canvas.y[: len(sky)] / cell)
    key = (cy[:, None] * 4096 + cx[None, :]).astype(np.int64)
    dx = canvas.x[None, :] / cell - cx[None, :] - 0.2 - 0.6 * random_of(key, salt + 1)
    dy = canvas.y[: len(sky), None] / cell - cy[:, None] - 0.2 - 0.6 * random_of(key, salt + 2)
    size = 0.05 + 0.07 * random_of(key, salt + 3) ** 3
    bright = np.exp(-(dx**2 + dy**2) / size**2) * (random_of(key, salt + 4) < 0.34)
    bright *= mood.stars * np.clip((horizon - canvas.y[: len(sky), None]) / 0.2, 0, 1)
    sky += bright[..., None] * np.array([0.9, 0.93, 1.0], np.float32)


def paint_sky(canvas: Canvas, plan: Plan, mood: Mood) -> None:
    """Paint sky and clouds over the rows above the horizon; lower rows get sky as well."""
    x, y = canvas.x[None, :], canvas.y[:, None]
    sky = sky_color(mood, plan.horizon, x, y)
    if mood.stars:
        _stars(canvas, mood, sky, plan.horizon, plan.salt)
    if mood.disc is not None:
        sx, height = mood.sun_place
        distance = np.sqrt((x - sx) ** 2 + (y - plan.horizon + height) ** 2)
        edge = 0.006
        disc = smoothstep(mood.disc_radius + edge, mood.disc_radius - edge, distance)
        sky = mix(sky, mood.disc, disc)
    canvas.image[:] = sky
    canvas.label[:] = SKY
    density, lit = _cloud_density(canvas, plan, mood)
    if density is None:
        return
    rows, cols = np.nonzero(density > 0)
    d, light = density[rows, cols], lit[rows, cols]
    color = mix(mood.cloud_shade, mood.cloud_lit, np.clip(light, 0, 1))
    if mood.glow_strength:
        sx, height = mood.sun_place
        distance = np.hypot(canvas.x[cols] - sx, canvas.y[rows] - plan.horizon + height)
        color = mix(color, mood.glow, 0.6 * mood.glow_strength * np.exp(-distance / 0.22))
    base = sky[rows, cols]
    far = smoothstep(0.5, 1.0, canvas.y[rows] / plan.horizon)
    color = mix(color, base, 0.35 * far)
    solid = 0.45 + 0.55 * smoothstep(0, 0.30, d)
    canvas.put(rows, cols, mix(base, color, solid), CLOUD)


def _cloud_density(canvas: Canvas, plan: Plan, mood: Mood) -> tuple:
    """Density above 0 inside clouds, and light 0..1, both ``[rows above the horizon, W]``."""
    rows = canvas.rows_between(0, plan.horizon)
    x, y = canvas.x[None, :], canvas.y[rows, None]
    ox, oy = plan.offset
    sun = mood.sun()
    if plan.cloud_kind == "clear" or not len(y):
        return None, None
    if plan.cloud_kind == "heaps":
        return _heaps(x, y, plan, sun)
    # A layer seen in perspective: features shrink and flatten towards the horizon.
    depth = 1 / (plan.horizon - y + 0.16)
    flat = 0.55 if plan.cloud_kind == "streaks" else 1.3
    u = (x - 0.5) * depth * (0.45 if plan.cloud_kind == "streaks" else 0.8) + ox
    v = depth * flat * 1.6 + oy
    field = noise("fractal", u, v + 0.12 * (x - 0.5))
    toward = noise("fractal", u + 0.10 * sun[0], v - 0.10)
    threshold = 0.28 if plan.cloud_kind == "streaks" else 0.42 - plan.streaks
    density = (field - threshold) * smoothstep(0.0, 0.06, plan.horizon - y)
    density = density - 0.06
    return density, 0.62 + 1.5 * (field - toward) - 0.35 * np.clip(density, 0, 1)


def _heaps(x: np.ndarray, y: np.ndarray, plan: Plan, sun: np.ndarray) -> tuple:
    ox, oy = plan.offset
    lumps = noise("billow", x * 6 + ox, y * 7 + oy)
    wisps = noise("fractal", x * 5 + oy, y * 9 + ox)
    density = np.full(lumps.shape, -1.0, np.float32)
    light = np.zeros_like(density)
    for i, cloud in enumerate(plan.clouds):
        dx = (x - cloud.x) / cloud.width
        dy = (cloud.y - y) / cloud.height
        # A heap: wide flat base, towers of different height on top.
        tower = 0.75 + 0.65 * noise("soft", x * 1.1 / cloud.width + ox + 7 * i, np.float32(oy))
        rise = np.clip(1 - dx**2, 0, 1) * np.clip(tower, 0.2, 1.3)
        up = np.where(dy > 0, dy / np.maximum(rise, 0.05), -dy * 4.5)
        body = 1 - np.sqrt(dx**2 * 0.7 + up**2) - 0.36 * lumps + 0.14 * wisps
        body = np.where(np.abs(dx) > 1.6, -1, body)
        shade = 0.42 + 0.42 * dy + 0.26 * sun[0] * dx - 0.30 * lumps + 0.10 * sun[1]
        inside = body > 0
        density = np.where(inside, body, density)
        light = np.where(inside, shade, light)
    return density, light
