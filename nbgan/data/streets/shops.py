"""Shops on the ground floor: panes, a sign, an awning."""

from __future__ import annotations

import numpy as np

from nbgan.data.streets.camera import NEAR
from nbgan.data.streets.lots import ACCENTS, WARM, Building
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene, varied
from nbgan.data.streets.sheet import Point
from nbgan.data.streets.walls import Front, Lit


def paint_shop(scene: Scene, front: Front, b: Building, rng: np.random.Generator, lit: Lit) -> None:
    """The ground floor of a shop; ``lit`` gives the lit colour of what is on the wall."""
    sheet, mood = scene.sheet, scene.mood
    z0, z1 = max(b.z0 + 0.5, NEAR + 0.3), b.z1 - 0.5
    if z1 - z0 < 1:
        return
    sheet.fill(
        front.quad(z0, z1, 0.25, 3.45), lit(mix(b.accent, (0.1, 0.1, 0.1), 0.15)), claim=False
    )
    count = max(2, round((b.z1 - b.z0 - 1) / 2.6))
    pitch = (b.z1 - b.z0 - 1) / count
    panes, gleams = [], []
    for i in range(count):
        z = b.z0 + 0.5 + i * pitch
        if z + 0.15 > NEAR + 0.3:
            low = 0.05 if i == count // 2 else 0.7
            panes.append(front.quad(z + 0.15, z + pitch - 0.15, low, 2.75))
            a, c = z + 0.35 * pitch, z + 0.60 * pitch
            gleams.append([front.at(a, low), front.at(a + 0.22 * pitch, 2.75),
                           front.at(c + 0.22 * pitch, 2.75), front.at(c, low)])  # fmt: skip
    inside = mix(mix(mood.glass, (0.16, 0.16, 0.20), 0.45), WARM[int(rng.integers(3))],
                 0.18 + 0.75 * mood.lamps)  # fmt: skip
    upper = mix(inside, mood.glass, 0.55 - 0.45 * mood.lamps)
    pane = sheet.fade(((0, mood.air(upper, b.z0), 1), (0.55, mood.air(inside, b.z0), 1),
                       (1, mood.air(mix(inside, (0.1, 0.08, 0.1), 0.35), b.z0), 1)))  # fmt: skip
    sheet.fills(panes, pane, claim=False)
    if front.width(z0, z1) > 25 * sheet.pixel:
        sheet.fills(gleams, (1.0, 1.0, 1.0), opacity=0.13, claim=False)
    sheet.fill(front.quad(z0, z1, 2.9, 3.4), lit(varied(rng, b.accent, 0.05)), claim=False)
    if rng.random() < 0.7:
        letters = []
        z, end = b.z0 + 0.3 * (b.z1 - b.z0), b.z0 + 0.7 * (b.z1 - b.z0)
        while z < end:
            step = rng.uniform(0.2, 0.42)
            if z > NEAR + 0.3:
                letters.append(front.quad(z, z + step, 3.03, 3.27))
            z += step + 0.14
        bright = (1.0, 0.95, 0.80)
        sheet.fills(
            letters, mood.air(bright, b.z0) if mood.lamps > 0.5 else lit(bright), claim=False
        )
    if rng.random() < 0.6 and front.width(z0, z1) > 3 * sheet.pixel:
        _awning(scene, b, rng, z0, z1)


def _awning(scene: Scene, b: Building, rng: np.random.Generator, z0: float, z1: float) -> None:
    """A striped cloth that leans out over the pavement."""
    camera, sheet = scene.camera, scene.sheet
    first = ACCENTS[int(rng.integers(len(ACCENTS)))]
    second = (0.95, 0.93, 0.88)
    out = b.front - b.sign * 1.15
    count = max(4, round((z1 - z0) / 0.8))
    rings: tuple[list[list[Point]], list[list[Point]]] = ([], [])
    flaps: tuple[list[list[Point]], list[list[Point]]] = ([], [])
    for i in range(count):
        a, c = z0 + (z1 - z0) * i / count, z0 + (z1 - z0) * (i + 1) / count
        rings[i % 2].append(
            camera.polygon(((b.front, 3.0, a), (out, 2.35, a), (out, 2.35, c), (b.front, 3.0, c)))
        )
        flaps[i % 2].append(
            camera.polygon(((out, 2.35, a), (out, 2.12, a), (out, 2.12, c), (out, 2.35, c)))
        )
    for color, cloth, flap in zip((first, second), rings, flaps, strict=True):
        sheet.fills(cloth, scene.shade(color, (-0.45 * b.sign, 0.89, 0), b.z0))
        sheet.fills(flap, scene.shade(mix(color, (0, 0, 0), 0.12), (-float(b.sign), 0, 0), b.z0))
