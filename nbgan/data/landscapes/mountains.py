"""Mountain ranges behind the terrain: ridged fractals, sliced, lit and snowed on."""

from __future__ import annotations

import numpy as np

from nbgan.data.landscapes.canvas import Canvas, visible_surface
from nbgan.data.landscapes.classes import MOUNTAIN, SNOW
from nbgan.data.landscapes.moods import Mood
from nbgan.data.landscapes.noise import noise, smoothstep
from nbgan.data.landscapes.plan import Plan, Range
from nbgan.data.landscapes.sky import mix, sky_color

_SLICES = 96


def paint_mountains(canvas: Canvas, plan: Plan, mood: Mood) -> None:
    """Paint the ranges, far to near."""
    for mountain in plan.ranges:
        _paint_range(canvas, plan, mood, mountain)


def _paint_range(canvas: Canvas, plan: Plan, mood: Mood, mountain: Range) -> None:
    x = canvas.x[None, :]
    z = np.linspace(0, 1, _SLICES, dtype=np.float32)[:, None]
    u = x * mountain.scale + mountain.offset[0]
    v = z * mountain.scale * 0.8 + mountain.offset[1]
    bend = 0.25 * noise("soft", u * 0.9 + 5, v * 0.9)
    ridged = noise("ridged", (u + bend) * 0.75, (v + bend) * 0.75)
    massif = 0.5 + 0.5 * noise("soft", u * 0.45 + 11, v * 0.3 + 3)
    across = np.exp(-(((x - mountain.center) / mountain.spread) ** 2))
    front = smoothstep(0, 0.75, z) * (1 - 0.25 * smoothstep(0.75, 1, z))
    rise = across * front * (0.30 + 0.42 * massif + 0.62 * ridged)
    height = mountain.height * np.clip(rise, 0, 1.15)
    tilt = 0.03 * mountain.tilt
    crest = plan.horizon + 0.015 - height - tilt * z
    surface, _ = visible_surface(canvas, crest)
    rows, cols = surface.rows, surface.cols
    if not len(rows):
        return
    slope_x = np.gradient(height, axis=1) / (x[0, 1] - x[0, 0])
    slope_z = np.gradient(height, axis=0) * _SLICES * mountain.scale * 0.16
    sun = mood.sun()
    length = np.sqrt(slope_x**2 + slope_z**2 + 0.36)
    cosine = (-slope_x * sun[0] + slope_z * sun[2] + 0.6 * sun[1]) / length
    light = surface.read(np.clip(cosine, 0, 1))
    steep = surface.read(np.abs(slope_x) + 0.3 * np.abs(slope_z))
    up = surface.read(height) / max(mountain.height, 1e-3)
    grain = noise("fractal", canvas.x[cols] * 9 + 3, canvas.y[rows] * 9)
    streak = noise("soft", canvas.x[cols] * 14 + 3 * up, canvas.y[rows] * 5)

    line = mountain.snow_line + 0.10 * grain + 0.12 * np.clip(steep - 0.7, -0.6, 1.8)
    snow = up > line
    rock = mix(mood.color("mountain"), mood.color("rock") * 0.85, 0.5 + 0.6 * grain)
    low_green = mix(mood.color("conifer") * 1.25, mood.color("grass"), 0.35 + 0.4 * grain)
    rock = mix(rock, low_green, 0.75 * smoothstep(0.42, 0.1, up + 0.12 * grain))
    rock = mix(rock, mood.color("snow"), 0.55 * mood.frost * smoothstep(-0.3, 0.5, grain + up))
    albedo = np.where(snow[:, None], mood.color("snow"), rock)
    bright = np.where(snow, 0.08 + 0.66 * light**1.3, light)
    color = albedo * mood.light(np.clip(bright * (1 + 0.18 * streak), 0, 1.1))
    # Snow in the shade is blue: it is lit by the sky alone.
    shade = np.clip(1 - light * 2.2, 0, 1) * snow * 0.35
    color = mix(color, np.array(mood.ambient) * (0.95, 1.15, 1.45), shade)
    air = mood.haze_amount * mountain.distance
    fog = np.clip(air * (0.22 + 0.75 * smoothstep(0.55, 0.0, up)), 0, 0.93)
    haze = 0.5 * np.array(mood.haze, np.float32) + 0.5 * sky_color(
        mood, plan.horizon, canvas.x[cols], np.full(len(cols), plan.horizon - 0.04, np.float32)
    )
    canvas.put(rows, cols, mix(color, haze, fog), np.where(snow, SNOW, MOUNTAIN))
