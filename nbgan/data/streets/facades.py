"""House fronts: walls with rows of windows, doors and balconies."""

from __future__ import annotations

import numpy as np

from nbgan.data.streets.camera import NEAR
from nbgan.data.streets.lots import WARM, Building
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.sheet import Color, Point
from nbgan.data.streets.shops import paint_shop
from nbgan.data.streets.walls import Front, Lit


def paint_front(scene: Scene, b: Building) -> None:
    """Everything on the wall that faces the street; the sheet's owner is set already."""
    rng = np.random.default_rng(b.seed)
    front = Front(scene, b)
    sheet, mood = scene.sheet, scene.mood
    normal = (-float(b.sign), 0.0, 0.0)
    z0 = max(b.z0, NEAR)
    middle = min((z0 + b.z1) / 2, z0 * 1.8)

    def lit(color: Color) -> Color:
        return scene.shade(color, normal, middle)

    # A little longer than the house, so that no gap opens towards the next one.
    outline = front.quad(z0, b.z1 + 0.06, 0, b.eaves)
    across = front.width(z0, b.z1)
    edges = [x for x, _ in outline]
    if across < 4 * sheet.pixel:
        sheet.fill(outline, lit(b.wall))
        if across > 0.6 * sheet.pixel and sheet.visible(min(edges), max(edges)):
            _windows(scene, front, b, rng, lit)
        return
    sheet.fill(outline, lit(b.wall))
    if not sheet.visible(min(edges), max(edges)):
        return
    base = lit(mix(b.trim, (0.45, 0.43, 0.42), 0.55))
    sheet.fill(front.quad(z0, b.z1, 0, 0.5), base, claim=False)
    if b.style == "brick" and z0 < 16 and across > 30 * sheet.pixel:
        courses = [[front.at(z0, y), front.at(b.z1, y)] for y in np.arange(0.7, b.eaves, 0.42)]
        sheet.lines(courses, lit((0.30, 0.20, 0.18)), 1.2, opacity=0.22)
    bands = [front.quad(z0, b.z1, b.eaves - 0.35, b.eaves)]
    if b.style in ("stucco", "stone") or b.floors > 2:
        y = b.ground_floor
        bands.append(front.quad(z0, b.z1, y - 0.05, y + 0.18))
    sheet.fills(bands, lit(mix(b.trim, b.wall, 0.1)), claim=False)
    under = front.quad(z0, b.z1, b.eaves - 0.60, b.eaves - 0.35)
    sheet.fill(under, lit(mix(b.wall, (0.1, 0.08, 0.14), 0.35)), opacity=0.7, claim=False)
    if b.age > 0.5 and z0 < 40:
        _weather(scene, front, b, rng, z0)
    _windows(scene, front, b, rng, lit)
    if b.shop:
        paint_shop(scene, front, b, rng, lit)
    else:
        _door(scene, front, b, rng, lit)
    if across > 8 * sheet.pixel:
        shade = ((0.0, mood.shadow_color, 0.0), (1.0, mood.shadow_color, 0.28))
        low = front.quad(z0, b.z1, 0, min(3.4, 0.5 * b.eaves))
        sheet.fill(low, sheet.fade(shade), claim=False)


def _weather(scene: Scene, front: Front, b: Building, rng: np.random.Generator, z0: float) -> None:
    """Paler and darker patches where old plaster has worn."""
    patches = []
    for _ in range(3):
        z = rng.uniform(z0, b.z1)
        y = rng.uniform(0.6, b.eaves - 1)
        r = rng.uniform(0.6, 1.5)
        # fmt: off
        ring = [(z - r, y), (z - 0.5 * r, y + 0.7 * r), (z + 0.4 * r, y + 0.5 * r),
                (z + r, y - 0.1 * r), (z + 0.3 * r, y - 0.8 * r), (z - 0.6 * r, y - 0.6 * r)]
        # fmt: on
        patches.append([front.at(min(max(z, z0), b.z1), max(y, 0.1)) for z, y in ring])
    tone = scene.shade(mix(b.wall, (0.45, 0.38, 0.32), 0.5), (-float(b.sign), 0, 0), 12)
    scene.sheet.fills(patches, tone, opacity=0.35, claim=False)


def _windows(scene: Scene, front: Front, b: Building, rng: np.random.Generator, lit: Lit) -> None:
    sheet, mood = scene.sheet, scene.mood
    length = b.z1 - b.z0
    modern = b.style == "modern"
    columns = max(2, round(length / (rng.uniform(2.3, 2.9) if not modern else 3.0)))
    pitch = length / columns
    wide = pitch * (0.78 if modern else rng.uniform(0.38, 0.48))
    tall = 1.75 if not modern else 1.9
    pixel, edge = scene.sheet.pixel, scene.sheet.half_width
    fine = front.width(max(b.z0, NEAR), b.z1) > 9 * pixel
    frames: list[list[Point]] = []
    dark: list[list[Point]] = []
    pale: list[list[Point]] = []
    glow: list[list[Point]] = []
    second: list[list[Point]] = []
    sills: list[list[Point]] = []
    panels: list[list[Point]] = []
    bars: list[list[Point]] = []
    for floor in range(0 if not b.shop else 1, b.floors):
        y = 0.85 if floor == 0 else b.ground_floor + (floor - 1) * 2.95 + 0.75
        for column in range(columns):
            choice, lamp = rng.random(), rng.random()
            if floor == 0 and column == columns // 2:
                continue
            z = b.z0 + (column + 0.5) * pitch
            if z - wide / 2 < NEAR + 0.3:
                continue
            if front.width(z - wide / 2, z + wide / 2) < 0.3 * pixel:
                continue
            if abs(front.at(z, y)[0]) > edge + front.width(z - wide, z + wide):
                continue
            a, c = z - wide / 2, z + wide / 2
            frames.append(front.quad(a - 0.13, c + 0.13, y - 0.10, y + tall + 0.13))
            pane = front.quad(a, c, y, y + tall)
            if lamp < 0.62 * mood.lamps:
                (glow if choice < 0.6 else second).append(pane)
            else:
                (dark if choice < 0.6 else pale).append(pane)
            if fine:
                sills.append(front.quad(a - 0.22, c + 0.22, y - 0.22, y - 0.08))
                if not modern and front.width(a, c) > 3 * pixel:
                    bars.append([front.at(z, y), front.at(z, y + tall)])
                    bars.append([front.at(a, y + 0.68 * tall), front.at(c, y + 0.68 * tall)])
            if b.shutters and floor > 0:
                s = min(0.42, (pitch - wide) / 2 - 0.05)
                panels.append(front.quad(a - s - 0.05, a - 0.05, y - 0.05, y + tall + 0.05))
                panels.append(front.quad(c + 0.05, c + s + 0.05, y - 0.05, y + tall + 0.05))
    sheet.fills(frames, lit(b.trim), claim=False)
    glass = mood.glass
    sheet.fills(dark, mood.air(mix(glass, (0.10, 0.14, 0.20), 0.52), b.z0), claim=False)
    sheet.fills(pale, mood.air(mix(glass, (0.10, 0.14, 0.20), 0.22), b.z0), claim=False)
    if glow or second:
        sheet.fills(glow, mood.air(WARM[0], b.z0), claim=False)
        sheet.fills(second, mood.air(WARM[2], b.z0), claim=False)
    sheet.lines(bars, lit(b.trim), 2.0)
    sheet.fills(panels, lit(b.accent), claim=False)
    sheet.fills(sills, lit(mix(b.trim, (1, 1, 1), 0.15)), claim=False)
    if b.balconies:
        _balconies(scene, front, b, columns, pitch, lit)


def _balconies(
    scene: Scene, front: Front, b: Building, columns: int, pitch: float, lit: Lit
) -> None:
    """Railings in front of every other column of windows."""
    rails = []
    for floor in range(1, b.floors):
        y = b.ground_floor + (floor - 1) * 2.95 + 0.45
        for column in range(b.seed % 2, columns, 2):
            z = b.z0 + (column + 0.5) * pitch
            if z - 0.5 * pitch > NEAR + 0.3:
                rails.append(front.quad(z - 0.46 * pitch, z + 0.46 * pitch, y, y + 0.95))
    tone = lit(mix(b.accent, (0.2, 0.2, 0.22), 0.4))
    scene.sheet.fills(rails, tone, opacity=0.88, claim=False)


def _door(scene: Scene, front: Front, b: Building, rng: np.random.Generator, lit: Lit) -> None:
    columns = 3
    z = b.z0 + (b.z1 - b.z0) * (columns // 2 + 0.5) / columns
    if z - 0.8 < NEAR + 0.3:
        return
    sheet = scene.sheet
    sheet.fill(front.quad(z - 0.78, z + 0.78, 0, 2.75), lit(b.trim), claim=False)
    sheet.fill(front.quad(z - 0.58, z + 0.58, 0, 2.5), lit(b.accent), claim=False)
    top = scene.mood.air(WARM[1], z) if scene.mood.lamps > 0.5 else lit((0.62, 0.70, 0.76))
    sheet.fill(front.quad(z - 0.45, z + 0.45, 2.0, 2.4), top, claim=False)
