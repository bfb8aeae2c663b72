"""Things that stand on the terrain: trees, rocks and houses, painted far to near."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nbgan.data.landscapes.canvas import Canvas
from nbgan.data.landscapes.classes import BUILDING, FOREST, ROCK
from nbgan.data.landscapes.moods import Mood
from nbgan.data.landscapes.noise import noise, random_of, smoothstep
from nbgan.data.landscapes.plan import Plan
from nbgan.data.landscapes.sky import mix
from nbgan.data.landscapes.terrain import FOCAL, Terrain, fog, haze_color, path_center

_ROW_RATIO = 1.13
_FOREST_FAR = 85.0


def paint_objects(canvas: Canvas, plan: Plan, mood: Mood, terrain: Terrain) -> None:
    """Paint everything that stands on the ground, and its mirror image, the farthest first."""
    jobs: list[tuple[float, Callable[..., None], tuple]] = []
    count = int(np.log(_FOREST_FAR / 3.6) / np.log(_ROW_RATIO))
    for i in range(count):
        z = 3.6 * _ROW_RATIO**i
        jobs.append((z, _tree_row, (i, z)))
    for x, z, size, flipped in plan.houses:
        place = path_center(plan, np.float32(z)) if x == 0.0 else x * z / FOCAL
        jobs.append((z, _house, (float(place), z, size, flipped)))
    for k, (x, z, size) in enumerate(plan.rocks):
        jobs.append((z, _rock, (x * z / FOCAL, z, size, k)))
    air = haze_color(mood, plan.horizon, canvas.x)
    canvas.mirror_background(plan.horizon)
    for _, paint, arguments in sorted(jobs, key=lambda job: -job[0]):
        paint(canvas, plan, mood, terrain, air, *arguments)


def _clear_of_things(plan: Plan, x: np.ndarray, z: float) -> np.ndarray:
    """Where a tree may stand: away from the path and from houses."""
    free = np.ones(np.shape(x), bool)
    if plan.path and z < plan.path_end + 0.5:
        free &= np.abs(x - path_center(plan, np.float32(z))) > 0.5
    for hx, hz, size, _ in plan.houses:
        if abs(z - hz) < 1.6 or hz - 5 < z < hz:
            place = path_center(plan, np.float32(hz)) if hx == 0.0 else hx * hz / FOCAL
            free &= np.abs(x - place * z / hz) > (1.5 if abs(z - hz) < 1.6 else 1.0) * size
    return free


def _tree_row(
    canvas: Canvas, plan: Plan, mood: Mood, terrain: Terrain, air: np.ndarray, i: int, z: float
) -> None:
    r = terrain.slice_at(z)
    z = float(terrain.z[r])
    tall = max(FOCAL * 1.55 * plan.tree_size / z, 0.026)
    wide = max(FOCAL * 0.62 * plan.tree_size / z, 0.017)
    salt = plan.salt + 977 * i
    u = (canvas.x - 0.5) / wide + 0.37 * i
    near_cell = np.floor(u).astype(np.int64)
    cells = near_cell[None, :] + np.array([[-1], [0], [1]])
    center = cells + 0.5 + 0.55 * (random_of(cells, salt) - 0.5)
    place = (center - 0.37 * i) * wide + 0.5
    px = ((place - 0.5) * z / FOCAL).astype(np.float32)
    ox, oz = plan.offset
    wood = noise("fractal", px / 9 + oz, np.full_like(px, z / 9 + ox)) + plan.forest_amount
    edge = plan.forest_start * (1 + 0.45 * noise("soft", px / 4 + oz, np.full_like(px, ox)))
    dense = (wood > 0) & (z > edge)
    lone = random_of(cells, salt + 5) < plan.lone_trees * (0.35 if z < 8 else 1.0)
    column = np.clip(np.searchsorted(canvas.x, place.ravel()), 0, len(canvas.x) - 1)
    shore = np.interp(place.ravel(), canvas.x, terrain.shore[r]).reshape(place.shape)
    foot = np.interp(place.ravel(), canvas.x, terrain.crest[r]).reshape(place.shape)
    hidden = terrain.covered[r][column].reshape(place.shape)
    beach = plan.beach * 9 + 0.5
    present = (dense | lone) & (shore > beach) & _clear_of_things(plan, px, z)
    present &= foot - tall < hidden
    if not present.any():
        return
    kinds = noise("soft", px / 7 + ox, np.full_like(px, z / 7))
    conifer = (plan.conifer == 1.0) | ((plan.conifer == 0.5) & (kinds > 0))
    grown = 0.62 + 0.55 * random_of(cells, salt + 1)
    grown = np.where(conifer, grown * 1.12, grown * 0.82)
    half = np.where(conifer, 0.62, 0.86) * (0.8 + 0.4 * random_of(cells, salt + 2))
    s = (u[None, :] - center) / half
    inside = np.abs(s) < 1
    crown = 0.36 + 0.64 * np.sqrt(np.clip(1 - s**2, 0, 1))
    crown = crown + 0.10 * noise("soft", s * 2.2 + cells * 0.7, np.float32(0.37 * i))
    outline = np.where(conifer, 1 - np.abs(s), crown)
    top = np.where(present & inside, foot - tall * grown * outline, 9.0)
    best = np.argmin(top, axis=0)
    pick = (best, np.arange(len(best)))
    top = top[pick]
    if top.min() > 1:
        return
    foot, grown, s, conifer = foot[pick], grown[pick], s[pick], conifer[pick]
    single = ~dense[pick]
    bottom = np.minimum(terrain.covered[r], foot + 0.004)
    band = canvas.rows_between(float(top.min()), float(bottom.max()))
    y = canvas.y[band, None]
    t = (y - (foot - tall * grown)) / (tall * grown)
    mask = (y >= top) & (y < bottom)
    bare = single & (t > np.where(conifer, 0.88, 0.66)) & (np.abs(s) > 0.14)
    if z < 16:
        # Boughs: near conifers have a stepped outline.
        step = t * 5 + 0.3 * grown
        bare |= conifer & (np.abs(s) > t * (0.70 + 0.30 * (step - np.floor(step))))
    rows, cols = np.nonzero(mask & ~bare)
    if not len(rows):
        return
    t, s, conifer = t[rows, cols], s[cols], conifer[cols]
    rows = rows + band.start
    color = _tree_color(mood, plan, t, s, conifer, cells[pick][cols], salt, z)
    trunk = single[cols] & (t > np.where(conifer, 0.88, 0.66))
    color[trunk] = mood.color("trunk") * mood.light(np.array([0.3]))
    color = mix(color, air[cols], fog(mood, np.full(len(cols), z * 1.15)))
    canvas.stand(rows, cols, color, FOREST, plan.horizon + FOCAL / z)


def _tree_color(
    mood: Mood,
    plan: Plan,
    t: np.ndarray,
    s: np.ndarray,
    conifer: np.ndarray,
    cell: np.ndarray,
    salt: int,
    z: float,
) -> np.ndarray:
    sun = mood.sun()
    vary = random_of(cell, salt + 3)
    leaf = mix(mood.color("leaf"), mood.color("leaf_second"), vary)
    needle = mood.color("conifer") * (0.82 + 0.36 * vary)[:, None]
    albedo = np.where(conifer[:, None], needle, leaf)
    tier = t * 4.5 + 0.5 * np.abs(s) + vary
    tier = tier - np.floor(tier)
    clump = noise("billow", s * 1.0 + 13 * vary, t * 2.0 + 5 * vary) * min(1.0, 14 / z)
    facing = 0.30 + 0.62 * s * sun[0] + 0.42 * (0.75 - t) * (0.4 + sun[1])
    texture = np.where(conifer, 0.22 * (0.5 - tier) * min(1.0, 14 / z), -0.30 * clump)
    cosine = np.clip(facing + texture, 0.0, 1)
    low = 1 - 0.38 * smoothstep(0.35, 1.0, t)
    dust = mood.frost * smoothstep(0.15, 0.75, 0.75 - t * 0.65 + 0.35 * s * sun[0] + texture)
    albedo = mix(albedo, mood.color("snow"), 0.62 * dust)
    return albedo * mood.light(cosine) * low[:, None]


def _sprite(
    canvas: Canvas, terrain: Terrain, x: float, z: float, box: tuple[float, float, float, float]
) -> tuple | None:
    """Local coordinates of a thing on the ground: right and up, in camera heights.

    Returns ``None`` if it stands outside the picture or in the water.
    """
    r = terrain.slice_at(z)
    scale = FOCAL / z
    place = 0.5 + x * scale
    if not canvas.x[0] - 0.15 < place < canvas.x[-1] + 0.15:
        return None
    foot = float(np.interp(place, canvas.x, terrain.crest[r]))
    shore = float(np.interp(place, canvas.x, terrain.shore[r]))
    left, right, down, up = box
    rows = canvas.rows_between(foot - up * scale, foot - down * scale)
    cols = canvas.cols_between(place + left * scale, place + right * scale)
    u = (canvas.x[None, cols] - place) / scale
    v = (foot - canvas.y[rows, None]) / scale
    # Ground in front of the thing hides it; its own slice does not hide its foot.
    shown = canvas.y[rows, None] < terrain.covered[max(r - 2, 0)][None, cols] + 0.006
    return u, v, shown, rows, cols, shore


def _rock(
    canvas: Canvas,
    plan: Plan,
    mood: Mood,
    terrain: Terrain,
    air: np.ndarray,
    x: float,
    z: float,
    size: float,
    k: int,
) -> None:
    found = _sprite(canvas, terrain, x, z, (-1.3 * size, 1.3 * size, -0.2 * size, 1.3 * size))
    if found is None:
        return
    u, v, shown, rows, cols, shore = found
    if shore < -1.2 or (plan.path and abs(x - path_center(plan, np.float32(z))) < size + 0.25):
        return
    u, v = u / (1.2 * size), v / size
    seed = np.float32(k * 3.7 + plan.offset[0])
    bumpy = 0.66 + 0.42 * noise("fractal", u * 1.1 + seed, np.zeros_like(u) + seed)
    outline = np.sqrt(np.clip(1 - u**2, 0, 1)) * bumpy
    inside = shown & (v < outline) & (v > -0.16 * (1 - u**2)) & (np.abs(u) < 1)
    row, col = np.nonzero(inside)
    if not len(row):
        return
    high = np.broadcast_to(v, inside.shape)[row, col] / np.maximum(outline[0, col], 0.05)
    across = u[0, col]
    sun = mood.sun()
    facet = noise("soft", across * 1.5 + seed, high * 0.9 + seed)
    turned = noise("soft", across * 1.5 + seed + 0.35 * sun[0], high * 0.9 + seed + 0.3)
    crack = noise("ridged", across * 1.1 + seed, high * 0.8 + seed)
    cosine = 0.44 + 0.40 * across * sun[0] + 0.34 * (high - 0.45) * sun[1] + 0.85 * (facet - turned)
    albedo = mix(mood.color("rock") * 1.08, mood.color("rock") * 0.72, smoothstep(0.45, 0.8, crack))
    dust = mood.frost * smoothstep(0.55, 0.8, high + 0.15 * facet)
    albedo = mix(albedo, mood.color("snow"), 0.85 * dust)
    contact = 0.80 + 0.20 * np.clip(high, 0, 1)
    color = albedo * mood.light(np.clip(cosine, 0, 1)) * contact[:, None]
    row, col = row + rows.start, col + cols.start
    color = mix(color, air[col], fog(mood, np.full(len(col), z)))
    canvas.stand(row, col, color, ROCK, plan.horizon + FOCAL / z)


def _house(
    canvas: Canvas,
    plan: Plan,
    mood: Mood,
    terrain: Terrain,
    air: np.ndarray,
    x: float,
    z: float,
    size: float,
    flipped: bool,
) -> None:
    found = _sprite(canvas, terrain, x, z, (-1.1 * size, 1.1 * size, -0.06, 1.5 * size))
    if found is None or found[5] < 0.8:
        return
    u, v, shown, rows, cols, _ = found
    u, v = np.broadcast_arrays(u / size, v / size)
    side = -1.0 if flipped else 1.0
    u = u * side
    sun = mood.sun()
    # Corner between gable and long wall at u = -0.2; the gable turns away to the left.
    corner, right, left, wall, ridge = -0.20, 0.92, -0.86, 0.52, 1.02
    middle = (corner + left) / 2
    slope = (ridge - wall) / (corner - middle)
    gable = (u > left) & (u < corner) & (v < ridge - slope * np.abs(u - middle)) & (v > -0.06)
    front = (u >= corner) & (u < right) & (v < wall) & (v > -0.06)
    lean = (v - wall) / slope
    roof = (v >= wall - 0.05) & (v < ridge + 0.03)
    roof &= (u > corner - 0.02 - lean) & (u < right + 0.08 - 0.45 * lean)
    eave = (u > left - 0.09) & (u <= middle + 0.02)
    eave &= np.abs(v - (ridge + 0.02 - slope * np.abs(u - middle))) < 0.07
    chimney = (np.abs(u - 0.42) < 0.07) & (v > ridge - 0.1) & (v < ridge + 0.22)
    front_light = mood.light(np.array(0.22 + 0.45 * max(side * sun[0] * 0.6 + sun[2], 0)))
    gable_light = mood.light(np.array(0.20 + 0.55 * max(-side * sun[0] + 0.3 * sun[2], 0)))
    roof_light = mood.light(np.array(np.clip(0.15 + 0.6 * sun[1] + 0.25 * side * sun[0], 0, 1)))
    roof_color = mix(mood.color("roof"), mood.color("snow"), np.array(0.85 * mood.frost))
    lit = np.array([1.0, 0.80, 0.42], np.float32)
    glass = (np.array([0.30, 0.38, 0.46]) * mood.light(np.array(0.3))).astype(np.float32)
    glass = mix(glass, lit, np.array(mood.windows))
    door = (np.abs(u - 0.22) < 0.09) & (v < 0.36)
    panes = front & (v > 0.20) & (v < 0.40) & (np.abs(np.abs(u - 0.22) - 0.36) < 0.10)
    panes |= gable & (v > 0.22) & (v < 0.42) & (np.abs(u - middle) < 0.10)
    loft = gable & (v > 0.62) & (v < 0.76) & (np.abs(u - middle) < 0.06)
    courses = 1 - 0.14 * smoothstep(0.2, 0.8, np.abs(((v - wall) * 9) % 1 - 0.5) * 2)
    image = np.zeros((*u.shape, 3), np.float32)
    inside = np.zeros(u.shape, bool)
    for part, color in (
        (chimney, mood.color("rock") * 0.9 * front_light),
        (gable, mood.color("wall") * gable_light),
        (front, mood.color("wall") * front_light),
        (front & door, mood.color("wood") * front_light),
        (panes | loft, glass),
        (roof, (roof_color * roof_light) * courses[..., None]),
        (eave, roof_color * roof_light * 0.75),
    ):
        image = np.where(part[..., None], color, image)
        inside |= part
    under = front & (v > wall - 0.14)
    image = np.where((under & ~roof)[..., None], image * 0.8, image)
    row, col = np.nonzero(inside & shown)
    color = image[row, col]
    row, col = row + rows.start, col + cols.start
    color = mix(color, air[col], fog(mood, np.full(len(col), z)))
    canvas.stand(row, col, color, BUILDING, plan.horizon + FOCAL / z)
