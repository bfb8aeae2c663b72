"""The ground in perspective: its height, what grows on it, and how it is lit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nbgan.data.landscapes.canvas import Canvas, visible_surface
from nbgan.data.landscapes.classes import FLOWERS, GRASS, PATH, ROCK, SAND, SNOW, WATER
from nbgan.data.landscapes.moods import Mood
from nbgan.data.landscapes.noise import noise, smoothstep
from nbgan.data.landscapes.plan import Plan
from nbgan.data.landscapes.sky import mix, sky_color

FOCAL = 0.9
"""Screen heights per unit of X/Z: how wide the camera sees."""

FAR = 320.0
_SLICES = 144


def winding(
    z: np.ndarray | np.float32, start: float, bend: tuple[float, float, float]
) -> np.ndarray:
    """Middle of a winding path or river, as a screen place left or right of the centre."""
    drift, swing, phase = bend
    t = np.log(np.maximum(z, 1e-3))
    fade = np.exp(-t * 0.55)
    return start * fade + drift * t + swing * np.sin(3.1 * t + phase)


def path_center(plan: Plan, z: np.ndarray | np.float32) -> np.ndarray:
    """X of the middle of the path at the distance ``z``."""
    return winding(z, plan.path_start, plan.path_bend) * z / FOCAL


def ground_height(plan: Plan, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height of the ground above the water, and the distance to the shore.

    Args:
        plan: the scene.
        x: to the right, in camera heights.
        z: away from the camera.

    Returns:
        Height, negative under water, and shore distance, negative in the water; both shaped
        like ``x`` and ``z`` together.
    """
    ox, oz = plan.offset
    s = plan.bump_size
    rolling = noise("soft", x / s + ox, z / s + oz)
    fine = noise("fractal", x / (2.6 * s) + oz, z / (2.6 * s) + ox)
    calm = smoothstep(2.5, 12, z)
    land = plan.bumps * (0.12 + calm) * (0.35 + 0.65 * rolling)
    away = smoothstep(plan.rise_start, plan.rise_start + 45, z)
    land = land + plan.rise * away * (0.75 + 0.7 * fine + 0.25 * rolling)
    side = np.abs(x - plan.water_center[0] * 0.5) - plan.valley_width
    land = land + plan.valley * smoothstep(0, 14, side) * smoothstep(4, 16, z) * (1 + 0.4 * fine)
    wobble = noise("fractal", x / 7 + oz, z / 7 + oz)

    if plan.kind == "hills":
        return np.maximum(land, 0.0) + 0.05, np.full(np.broadcast(x, z).shape, 9.0, np.float32)
    if plan.kind == "lake":
        (cx, cz), (rx, rz) = plan.water_center, plan.water_size
        radius = np.sqrt(((x - cx) / rx) ** 2 + ((z - cz) / rz) ** 2) + 0.22 * wobble
        shore = (radius - 1) * min(rx, rz)
    elif plan.kind == "river":
        middle = winding(z, plan.bend_start, plan.bend) * z / FOCAL
        width = 0.9 + 0.035 * z + 0.35 * wobble
        shore = np.abs(x - middle) - width + 6 * smoothstep(45, 70, z)
    else:
        coast = 4.6 + 0.5 * plan.bump_size * 0.4 + plan.coast_slope * x + 1.5 * wobble
        shore = (coast - z) / np.sqrt(1 + plan.coast_slope**2)
        shore = np.where(z > 70, np.minimum(shore, -3), shore)
    height = np.clip(shore * 0.10, -1.0, 0.16) + np.maximum(land, -0.02) * smoothstep(0.2, 5, shore)
    if plan.kind == "sea":
        height = np.minimum(height, 1.2)
        ix, iz, size, tall = plan.island
        d = np.sqrt((x - ix) ** 2 + ((z - iz) * 1.4) ** 2) / size + 0.3 * wobble
        cliff = smoothstep(1.0, 0.72, d) * tall * (0.55 + 0.45 * fine) - 0.02
        height = np.where(d < 1, np.maximum(height, cliff), height)
        shore = np.where(d < 1, np.maximum(shore, (1 - d) * size), shore)
    return height, shore


@dataclass
class Terrain:
    """The sliced ground: what later steps need to stand things on it.

    Attributes:
        z: distance of each slice, ``[slices]``.
        x: sideways place, ``[slices, W]``.
        height: ground or water height, ``[slices, W]``.
        shore: distance to the shore, ``[slices, W]``.
        crest: screen height of each slice, ``[slices, W]``.
        covered: what each slice and those before it hide, ``[slices, W]``.
    """

    z: np.ndarray
    x: np.ndarray
    height: np.ndarray
    shore: np.ndarray
    crest: np.ndarray
    covered: np.ndarray

    def slice_at(self, z: float) -> int:
        """The slice nearest to a distance."""
        return int(np.argmin(np.abs(self.z - z)))


def fog(mood: Mood, z: np.ndarray) -> np.ndarray:
    """How much of a colour the air takes at the distance ``z``, 0..1."""
    return np.clip(1 - np.exp(-mood.haze_amount * np.maximum(z - 4, 0) / 75), 0, 0.85)


def haze_color(mood: Mood, horizon: float, x: np.ndarray) -> np.ndarray:
    """Colour of the far air for each column place, ``[..., 3]``."""
    low = sky_color(mood, horizon, x, np.full_like(x, horizon - 0.03))
    return 0.55 * np.array(mood.haze, np.float32) + 0.45 * low


def paint_terrain(canvas: Canvas, plan: Plan, mood: Mood) -> Terrain:
    """Paint the ground and mark the water, which is painted last."""
    near = 0.86 * FOCAL / (1.02 - plan.horizon)
    z = np.geomspace(near, FAR, _SLICES).astype(np.float32)
    x = (canvas.x[None, :] - 0.5) * z[:, None] / FOCAL
    ground, shore = ground_height(plan, x, z[:, None])
    height = np.maximum(ground, 0)
    crest = plan.horizon + FOCAL * (1 - height) / z[:, None]
    surface, covered = visible_surface(canvas, crest)
    terrain = Terrain(z, x, height, shore, crest, covered)
    rows, cols = surface.rows, surface.cols

    along_x = np.gradient(height, axis=1) / np.gradient(x, axis=1)
    along_ray = np.gradient(height, axis=0) / np.gradient(z)[:, None]
    along_z = along_ray - along_x * (canvas.x[None, :] - 0.5) / FOCAL
    sun = mood.sun()
    gain = 2.2
    nx, nz = -gain * along_x, gain * along_z
    cosine = (nx * sun[0] + nz * sun[2] + sun[1]) / np.sqrt(nx**2 + nz**2 + 1)
    light = surface.read(np.clip(cosine, 0, 1))
    steep = surface.read(np.hypot(along_x, along_z))
    pz = surface.read(np.broadcast_to(z[:, None], x.shape))
    px = surface.read(x)
    up, edge = surface.read(ground), surface.read(shore)

    label = _classes(plan, px, pz, up, edge, steep)
    color = _ground_color(mood, label, px, pz, edge, light)
    color = mix(color, haze_color(mood, plan.horizon, canvas.x[cols]), fog(mood, pz))
    canvas.put(rows, cols, color, label)
    if plan.kind == "sea":
        # The last slice ends a little below the horizon; the sea goes all the way.
        open_sea = canvas.y[:, None] >= plan.horizon
        open_sea = np.broadcast_to(open_sea, canvas.label.shape).copy()
        open_sea[rows, cols] = False
        canvas.label[open_sea] = WATER
    return terrain


def _classes(
    plan: Plan, x: np.ndarray, z: np.ndarray, up: np.ndarray, shore: np.ndarray, steep: np.ndarray
) -> np.ndarray:
    ox, oz = plan.offset
    label = np.full(len(x), SNOW if plan.ground_snow else GRASS, np.uint8)
    patch = noise("fractal", x / 3.4 + oz, z / 3.4 + ox)
    label[(patch > 1.0 - plan.flowers) & (z < 14) & (not plan.ground_snow)] = FLOWERS
    bare = noise("fractal", x / 5 + 9, z / 5 + ox)
    label[(steep > 0.42 + 0.2 * bare) & (up > 0.1)] = ROCK
    if plan.beach:
        label[shore < plan.beach * (7 + 4 * bare)] = SAND
    if plan.path:
        width = 0.19 + 0.05 * noise("soft", x * 0.8, z * 0.8)
        label[(np.abs(x - path_center(plan, z)) < width) & (z < plan.path_end)] = PATH
    label[(up < 0) & (shore < 0)] = WATER
    return label


def _ground_color(
    mood: Mood,
    label: np.ndarray,
    x: np.ndarray,
    z: np.ndarray,
    shore: np.ndarray,
    light: np.ndarray,
) -> np.ndarray:
    """Lit colours of the ground, ``[n, 3]``; texture fades where it would be finer than pixels."""
    patches = noise("fractal", x / 4.5, z / 4.5 + 7)
    close = np.clip(5 / z, 0, 1)
    tufts = noise("fractal", x * 2.6 + 3, z * 1.2) * close
    swathes = noise("soft", x / 1.7, z / 2.6)
    ripples = noise("soft", x * 0.9, z * 2.6 + 0.8 * patches) * close
    pebbles = noise("billow", x * 2.2, z * 1.3) * close
    grass = mix(mood.color("grass"), mood.color("grass_dry"), np.clip(0.40 + 0.65 * patches, 0, 1))
    grass *= (1 + 0.24 * tufts + 0.10 * swathes * np.sqrt(close))[:, None]
    dust = mood.frost * smoothstep(-0.7, 0.3, patches + 0.5 * tufts)
    snow = mood.color("snow")
    color = mix(grass, snow, 0.55 * dust)
    tones = {
        SAND: (mood.color("sand"), 1 + 0.07 * ripples + 0.05 * patches, 0.25),
        PATH: (mood.color("path"), 1 + 0.10 * pebbles + 0.06 * patches, 0.2),
        ROCK: (mood.color("rock"), 1 + 0.22 * pebbles + 0.12 * patches, 0.4),
        SNOW: (snow, 1 + 0.04 * ripples + 0.03 * patches, 0.0),
    }
    for class_id, (albedo, texture, cover) in tones.items():
        here = label == class_id
        if here.any():
            part = albedo * texture[here, None]
            color[here] = mix(part, snow, cover * dust[here])
    here = label == SAND
    color[here] *= (0.78 + 0.22 * smoothstep(0.0, 0.35, shore[here]))[:, None]
    here = label == FLOWERS
    if here.any():
        color[here] = _flowers(mood, color[here], x[here], z[here])
    return color * mood.light(light)


def _flowers(mood: Mood, grass: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    spots = noise("billow", x * 3.0 + 5, z * 1.5)
    kind = noise("soft", x * 1.1, z * 1.1 + 4)
    bloom = mix(mood.color("flower"), mood.color("flower_second"), smoothstep(-0.15, 0.15, kind))
    far = smoothstep(4, 9, z)
    amount = (1 - far) * smoothstep(-0.05, 0.22, spots) + far * 0.55
    return mix(grass * 0.9, bloom, amount * (1 - 0.5 * mood.frost))
