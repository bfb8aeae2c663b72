"""The ground: road, parking lanes, kerbs, pavement, green strips, markings, and their textures."""

from __future__ import annotations

import numpy as np

from nbgan.data.cityscapes.classes import PARKING, ROAD, SIDEWALK, TERRAIN
from nbgan.data.landscapes.noise import noise, random_of
from nbgan.data.streets.moods import Mood, mix
from nbgan.data.streets.plan import FAR, LANE, PAVINGS, ROADS, Plan, Side
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.sheet import UNIT, Color

UP = (0.0, 1.0, 0.0)
_NEAR = 1.0
_CLEAR = 6.0
"""A distance at which there is no haze yet."""

_GRASS: tuple[Color, ...] = ((0.46, 0.62, 0.26), (0.42, 0.58, 0.24), (0.58, 0.58, 0.26))
_KERB_HEIGHT = 0.13


def paint_ground(scene: Scene) -> None:
    """Paint everything that lies flat."""
    sheet, plan, camera = scene.sheet, scene.plan, scene.camera
    grass = _GRASS[plan.season]
    sheet.own(TERRAIN)
    wide = 400.0
    _band(scene, -wide, wide, grass, FAR * 4)
    sheet.own(ROAD)
    road = ROADS[plan.road]
    _band(scene, -plan.left.kerb, plan.right.kerb, road, FAR * 1.6)
    for side in plan.sides:
        s = side.sign
        if side.strip > side.kerb:
            sheet.own(PARKING)
            tone = mix(road, PAVINGS[plan.paving], 0.35)
            _band(scene, s * side.kerb, s * side.strip, mix(tone, (0.4, 0.4, 0.44), 0.25))
        if side.verge > side.strip:
            sheet.own(TERRAIN)
            _band(scene, s * side.strip, s * side.verge, grass)
        sheet.own(SIDEWALK)
        _band(scene, s * side.verge, s * side.front, PAVINGS[plan.paving])
        _kerb(scene, side)
    if plan.crossing is not None:
        z0, z1 = plan.crossing
        sheet.own(ROAD)
        sheet.fill(camera.ground(-120, 120, z0, z1), scene.shade(road, UP, _CLEAR))
    _markings(scene)


def _band(scene: Scene, x0: float, x1: float, color: Color, far: float = FAR) -> None:
    """A strip along the street. The haze comes later, see :func:`finish`."""
    points = scene.camera.ground(x0, x1, _NEAR, far)
    scene.sheet.fill(points, scene.shade(color, UP, _CLEAR))


def _kerb(scene: Scene, side: Side) -> None:
    """The stone edge of the pavement, with the face that looks at the road."""
    camera, sheet, plan = scene.camera, scene.sheet, scene.plan
    stone = mix(PAVINGS[plan.paving], (0.86, 0.85, 0.83), 0.6)
    x = side.sign * side.strip
    inner = side.sign * (side.strip + 0.16)
    cuts = [_NEAR, FAR]
    if plan.crossing is not None:
        cuts = [_NEAR, plan.crossing[0], plan.crossing[1], FAR]
    sheet.own(SIDEWALK)
    for z0, z1 in zip(cuts[::2], cuts[1::2], strict=True):
        face = camera.polygon(
            ((x, 0, z0), (x, _KERB_HEIGHT, z0), (x, _KERB_HEIGHT, z1), (x, 0, z1))
        )
        seen = (camera.x - x) * side.sign < 0
        if seen:
            sheet.fill(face, scene.shade(mix(stone, (0, 0, 0), 0.28), (-side.sign, 0, 0), _CLEAR))
        level = _KERB_HEIGHT if seen else 0.0
        top = camera.polygon(
            ((x, level, z0), (inner, level, z0), (inner, level, z1), (x, level, z1))
        )
        sheet.fill(top, scene.shade(stone, UP, _CLEAR))


def _markings(scene: Scene) -> None:
    camera, sheet, plan = scene.camera, scene.sheet, scene.plan
    sheet.own(ROAD)
    white = (0.93, 0.93, 0.90)
    dashes: list[tuple[float, float, float, float]] = []
    lines = [(i * LANE, False) for i in range(-plan.lanes[0] + 1, plan.lanes[1])]
    for x, _ in lines:
        middle = abs(x) < 0.1 and min(plan.lanes) > 0
        length, gap = (3.2, 3.4) if not middle or max(plan.lanes) == 1 else (FAR, 1.0)
        z = 2.2 + (abs(x) * 1.7) % 2
        while z < 90:
            end = min(z + length, 95)
            for a, b in _without(plan, z, end):
                dashes.append((x - 0.075, x + 0.075, a, b))
            z += length + gap
    rings = [camera.ground(*dash) for dash in dashes]
    sheet.fills(rings, scene.shade(white, UP, _CLEAR), opacity=0.92, claim=False)
    edges = []
    for side in plan.sides:
        if side.strip > side.kerb:
            x = side.sign * side.kerb
            for a, b in _without(plan, _NEAR, 90):
                edges.append(camera.ground(x - 0.06, x + 0.06, a, b))
    sheet.fills(edges, scene.shade(white, UP, _CLEAR), opacity=0.75, claim=False)
    if plan.rail:
        rails = []
        for middle_x in (-LANE / 2, LANE / 2):
            for x in (middle_x - 0.72, middle_x + 0.72):
                rails.append(camera.ground(x - 0.035, x + 0.035, _NEAR, 120))
        sheet.fills(rails, scene.shade((0.24, 0.25, 0.28), UP, _CLEAR), claim=False)
        shine = [[(x, y) for x, y in ring] for ring in rails]
        sheet.fills(shine, scene.shade((0.75, 0.78, 0.82), UP, _CLEAR), opacity=0.35, claim=False)
    if plan.zebra:
        x = -plan.left.kerb + 0.35
        stripes = []
        while x < plan.right.kerb - 0.4:
            stripes.append(camera.ground(x, x + 0.5, plan.zebra_at, plan.zebra_at + 3.2))
            x += 1.0
        sheet.fills(stripes, scene.shade(white, UP, _CLEAR), opacity=0.93, claim=False)
        stop = camera.ground(0.2, plan.right.kerb - 0.2, plan.zebra_at - 1.7, plan.zebra_at - 1.3)
        sheet.fill(stop, scene.shade(white, UP, _CLEAR), opacity=0.9, claim=False)


def _without(plan: Plan, a: float, b: float) -> list[tuple[float, float]]:
    """The part of a stretch of road that carries markings along the street."""
    blocked = []
    if plan.zebra:
        blocked.append((plan.zebra_at - 1.8, plan.zebra_at + 3.4))
    if plan.crossing is not None:
        blocked.append((plan.crossing[0] - 0.5, plan.crossing[1] + 0.5))
    parts = [(a, b)]
    for low, high in blocked:
        cut = [piece for x, y in parts for piece in ((x, min(y, low)), (max(x, high), y))]
        parts = [(x, y) for x, y in cut if y - x > 0.3]
    return parts


def finish(image: np.ndarray, label: np.ndarray, plan: Plan, mood: Mood, seed: float) -> np.ndarray:
    """Give the ground its texture, and veil it with haze.

    Joints and stones have their true size in metres and fade where they are finer than pixels.

    Args:
        image: the picture, float32 ``[H, W, 3]``; changed in place.
        label: class ids ``[H, W]``; other classes than the ground's are left alone.
        plan: the street.
        mood: the light.
        seed: moves the patterns.

    Returns:
        ``image``.
    """
    height, width = label.shape
    kinds = {ROAD: plan.road, PARKING: "asphalt", SIDEWALK: plan.paving, TERRAIN: "grass"}
    known = np.zeros(256, bool)
    known[list(kinds)] = True
    rows, cols = np.nonzero(known[label])
    if not len(rows):
        return image
    x, z, footprint = _places(plan, rows, cols, width, UNIT / height)
    here = label[rows, cols]
    value = np.ones(len(rows), np.float32)
    for class_id, kind in kinds.items():
        chosen = here == class_id
        if chosen.any():
            value[chosen] = _pattern(kind, x[chosen], z[chosen], footprint[chosen], seed)
    clear = (1 - mood.thickness) ** (np.clip(z - 6, 0, 300) / 100)
    haze = np.array(mood.haze, np.float32) * (1 - clear)[:, None]
    image[rows, cols] = image[rows, cols] * (value * clear)[:, None] + haze
    return image


def _places(
    plan: Plan, rows: np.ndarray, cols: np.ndarray, width: int, pixel: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Metres across and ahead of ground pixels, and how many metres of depth a pixel covers."""
    camera = plan.camera
    down = np.maximum((rows + 0.5) * pixel - camera.horizon, 2.0).astype(np.float32)
    z = (camera.focal * camera.y / down).astype(np.float32)
    sx = ((cols + 0.5 - width / 2) * pixel - camera.vanish_x).astype(np.float32)
    return camera.x + sx * z / np.float32(camera.focal), z, z * np.float32(pixel) / down


def _pattern(
    kind: str, x: np.ndarray, z: np.ndarray, footprint: np.ndarray, seed: float
) -> np.ndarray:
    patches = 0.045 * noise("fractal", x / 5.5 + seed, z / 9.0 + seed)
    if kind in ("asphalt", "fresh", "worn"):
        tracks = 0.025 * np.cos(2 * np.pi * (x / (LANE / 2) + 0.25))
        strength = 1.8 if kind == "worn" else 0.8
        return 1 + strength * patches - tracks * np.clip(1 - z / 70, 0, 1)
    if kind == "grass":
        tufts = noise("fractal", x * 1.1 + seed, z * 0.5)
        return 1 + 1.6 * patches + 0.09 * tufts * np.clip(1 - footprint / 1.5, 0, 1)
    sizes = {
        "slabs": (0.95, 0.95, 0.07),
        "sandstone": (0.75, 1.1, 0.08),
        "brick": (0.45, 0.30, 0.13),
        "cobbles": (0.40, 0.34, 0.15),
        "concrete": (LANE, 4.2, 0.03),
    }
    wide, deep, spread = sizes[kind]
    row = np.floor(z / deep + 0.37)
    shifted = x / wide + (0.5 * (row % 2) if kind in ("brick", "cobbles", "sandstone") else 0.0)
    column = np.floor(shifted)
    tone = (random_of(column * 131 + row, 3) - 0.5) * 2 * spread
    in_row, in_column = z / deep + 0.37 - row, shifted - column
    gap = 0.05
    joint_z = np.clip(1 - np.minimum(in_row, 1 - in_row) / (gap + footprint / deep), 0, 1)
    joint_x = np.clip(1 - np.minimum(in_column, 1 - in_column) / (gap + z / 700 / wide), 0, 1)
    joint_z *= gap / (gap + footprint / deep)
    dark = 0.20 * np.maximum(joint_x * gap / (gap + z / 700 / wide), joint_z)
    fade = np.clip(1.6 - footprint / deep, 0, 1)
    return 1 + patches + (tone - dark) * fade


def under_lamps(scene: Scene, places: list[tuple[float, float]]) -> None:
    """The pools of light that street lamps throw on the ground around ``(x, z)``."""
    if scene.mood.lamps < 0.3:
        return
    camera = scene.camera
    for x, z in places:
        if z < 4:
            continue
        sx, sy = camera.at(x, 0, z)
        s = camera.scale(z)
        deep = camera.at(x, 0, z - min(3.2, z - 2))[1] - sy
        scene.sheet.glow(sx, sy, 4.2 * s, max(deep, 6), (1.0, 0.80, 0.46), 0.5 * scene.mood.lamps)
