"""Houses: the end wall that looks at the viewer, the roof, gables and dormers."""

from __future__ import annotations

import math

from nbgan.data.cityscapes.classes import BUILDING
from nbgan.data.streets.camera import NEAR
from nbgan.data.streets.facades import paint_front
from nbgan.data.streets.lots import Building
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.walls import Front


def paint_building(scene: Scene, b: Building) -> None:
    """A house: the end wall that looks at the viewer, the roof, the front."""
    sheet, camera = scene.sheet, scene.camera
    if b.z1 <= NEAR + 0.5:
        return
    sheet.own(BUILDING)
    back = b.front + b.sign * b.depth
    z0 = max(b.z0, NEAR)
    if b.z0 > NEAR:
        end = mix(b.wall, (0.5, 0.45, 0.42), 0.12)
        wall = [(b.front, 0, z0), (b.front, b.eaves, z0), (back, b.eaves, z0), (back, 0, z0)]
        if b.roof == "pitched":
            rise = 0.42 * b.depth * 0.8
            wall.insert(2, ((b.front + back) / 2, b.eaves + rise, z0))
        sheet.fill(camera.polygon(wall), scene.shade(end, (0, 0, -1), z0))
        if b.open_end:
            _end_windows(scene, b, z0)
    _roof(scene, b, back, z0)
    paint_front(scene, b)
    if b.roof == "gable":
        _gables(scene, b)


def _end_windows(scene: Scene, b: Building, z0: float) -> None:
    if z0 > 90:
        return
    camera, panes, frames = scene.camera, [], []
    for floor in range(b.floors):
        y = 0.95 + floor * 2.95
        for i in range(2):
            x = b.front + b.sign * b.depth * (0.3 + 0.36 * i)
            a, c = x - 0.5, x + 0.5
            panes.append([camera.at(*p, z0) for p in ((a, y), (a, y + 1.6), (c, y + 1.6), (c, y))])
            frames.append(
                [
                    camera.at(*p, z0)
                    for p in (
                        (a - 0.12, y - 0.12), (a - 0.12, y + 1.72),
                        (c + 0.12, y + 1.72), (c + 0.12, y - 0.12),
                    )
                ]
            )  # fmt: skip
    mood = scene.mood
    scene.sheet.fills(frames, scene.shade(b.trim, (0, 0, -1), z0), claim=False)
    lit = mood.lamps > 0.5 and b.seed % 3 == 0
    glass = (1.0, 0.83, 0.48) if lit else mix(mood.glass, (0.1, 0.14, 0.2), 0.4)
    scene.sheet.fills(panes, mood.air(glass, z0), claim=False)


def _roof(scene: Scene, b: Building, back: float, z0: float) -> None:
    sheet, camera = scene.sheet, scene.camera
    over = b.front - b.sign * 0.35
    if b.roof == "pitched":
        ridge, rise = (b.front + back) / 2, 0.34 * b.depth
        roof = camera.polygon(
            ((over, b.eaves - 0.1, z0), (over, b.eaves - 0.1, b.z1),
             (ridge, b.eaves + rise, b.z1), (ridge, b.eaves + rise, z0))
        )  # fmt: skip
        slope = math.hypot(rise, b.depth / 2)
        normal = (-b.sign * rise / slope, b.depth / 2 / slope, 0.0)
        sheet.fill(roof, scene.shade(b.roof_color, normal, (z0 + b.z1) / 2))
    elif b.roof == "mansard":
        inner, top = b.front + b.sign * 1.1, b.eaves + 2.5
        face = camera.polygon(
            ((b.front, b.eaves, z0), (b.front, b.eaves, b.z1), (inner, top, b.z1), (inner, top, z0))
        )
        if b.z0 > NEAR:
            gable = camera.polygon(
                ((b.front, b.eaves, z0), (inner, top, z0),
                 (back - b.sign * 1.1, top, z0), (back, b.eaves, z0))
            )  # fmt: skip
            sheet.fill(gable, scene.shade(b.roof_color, (0, 0.2, -0.98), z0))
        normal = (-0.915 * b.sign, 0.40, 0.0)
        sheet.fill(face, scene.shade(b.roof_color, normal, (z0 + b.z1) / 2))
        _dormers(scene, b)
    else:
        rim = b.eaves + 0.3
        face = camera.polygon(
            ((over, b.eaves - 0.05, z0), (over, b.eaves - 0.05, b.z1),
             (over, rim, b.z1), (over, rim, z0))
        )  # fmt: skip
        end = camera.polygon(
            ((over, b.eaves - 0.05, z0), (over, rim, z0), (back, rim, z0),
             (back, b.eaves - 0.05, z0))
        )  # fmt: skip
        if b.z0 > NEAR:
            sheet.fill(end, scene.shade(b.trim, (0, 0, -1), z0))
        sheet.fill(face, scene.shade(b.trim, (-float(b.sign), 0, 0), (z0 + b.z1) / 2))


def _dormers(scene: Scene, b: Building) -> None:
    front = Front(scene, b)
    count = max(1, round((b.z1 - b.z0) / 3.4))
    pitch = (b.z1 - b.z0) / count
    frames, panes = [], []
    for i in range(count):
        z = b.z0 + (i + 0.5) * pitch
        if z < NEAR + 1.5:
            continue
        y = b.eaves + 0.25
        frames.append(
            [front.at(z - 0.62, y), front.at(z - 0.62, y + 1.5), front.at(z, y + 1.95),
             front.at(z + 0.62, y + 1.5), front.at(z + 0.62, y)]
        )  # fmt: skip
        panes.append(front.quad(z - 0.38, z + 0.38, y + 0.15, y + 1.35))
    mood, z0 = scene.mood, max(b.z0, NEAR)
    scene.sheet.fills(frames, scene.shade(b.trim, (-float(b.sign), 0, 0), z0))
    lit = mood.lamps > 0.5 and b.seed % 2 == 0
    glass = (1.0, 0.83, 0.48) if lit else mix(mood.glass, (0.1, 0.14, 0.2), 0.4)
    scene.sheet.fills(panes, mood.air(glass, z0), claim=False)


def _gables(scene: Scene, b: Building) -> None:
    """Stepped or pointed gables over the front."""
    front = Front(scene, b)
    count = max(1, round((b.z1 - b.z0) / 7.5))
    pitch = (b.z1 - b.z0) / count
    stepped = b.seed % 2 == 0
    for i in range(count - 1, -1, -1):
        a, c = b.z0 + i * pitch, b.z0 + (i + 1) * pitch
        if a < NEAR:
            continue
        y, m, rise = b.eaves - 0.02, (a + c) / 2, 0.42 * pitch
        outline = [(a, y)]
        if stepped:
            for k in range(3):
                outline += [(a + k * pitch / 7, y + (k + 1) * rise / 3.2)] * 1
                outline.append((a + (k + 1) * pitch / 7, y + (k + 1) * rise / 3.2))
            outline += [(2 * m - z, h) for z, h in reversed(outline)]
        else:
            outline += [(m, y + rise), (c, y)]
        ring = [front.at(z, h) for z, h in outline]
        normal = (-float(b.sign), 0.0, 0.0)
        scene.sheet.fill(ring, scene.shade(b.wall, normal, max(a, 2)))
        edge = [ring[k] for k in range(len(ring))]
        scene.sheet.stroke(
            edge, scene.shade(b.trim, normal, max(a, 2)), max(0.16 * scene.camera.scale(m), 1.2)
        )
        pane = front.quad(m - 0.4, m + 0.4, y + 0.35, y + 1.5)
        scene.sheet.fill(pane, scene.mood.air(mix(scene.mood.glass, (0.1, 0.14, 0.2), 0.4), a),
                         claim=False)  # fmt: skip
