"""What closes the view at the end of the street."""

from __future__ import annotations

import numpy as np

from nbgan.data.cityscapes.classes import BUILDING, VEGETATION
from nbgan.data.streets.lots import ROOFS, STYLES, WALLS
from nbgan.data.streets.moods import mix
from nbgan.data.streets.plan import FAR
from nbgan.data.streets.scene import Scene, varied


def paint_backdrop(scene: Scene, rng: np.random.Generator) -> None:
    """A belt of trees, and the houses where the street ends."""
    sheet, camera = scene.sheet, scene.camera
    z = FAR * 1.5
    mood = scene.mood
    sheet.own(VEGETATION)
    ring = [camera.at(-700, 0, z)]
    for x in np.linspace(-700, 700, 71):
        ring.append(camera.at(float(x), rng.uniform(9, 16), z))
    ring.append(camera.at(700, 0, z))
    sheet.fill(ring, mood.shade((0.34, 0.46, 0.30), 0, 0, -1, z), line=6)
    closed = rng.random() < 0.6
    sheet.own(BUILDING)
    x = -64.0
    while x < 64:
        width = rng.uniform(9, 17)
        tall = rng.uniform(9, 22)
        style = STYLES[int(rng.integers(4))]
        wall = varied(rng, WALLS[style][int(rng.integers(len(WALLS[style])))])
        roof = ROOFS[int(rng.integers(len(ROOFS)))]
        steep = rng.random() < 0.6
        if closed or abs(x + width / 2) > 14:
            corners = [(x, 0), (x, tall), (x + width, tall), (x + width, 0)]
            sheet.fill([camera.at(p, q, FAR) for p, q in corners],
                       mood.shade(wall, 0, 0, -1, FAR))  # fmt: skip
            if steep:
                top = [(x - 0.5, tall), (x + 1.8, tall + 4), (x + width - 1.8, tall + 4),
                       (x + width + 0.5, tall)]  # fmt: skip
                sheet.fill([camera.at(p, q, FAR) for p, q in top],
                           mood.shade(roof, 0, 0.6, -0.8, FAR))  # fmt: skip
            panes = []
            for y in np.arange(2, tall - 2, 3.2):
                for u in np.arange(x + 1.4, x + width - 1.8, 2.8):
                    corners = [(u, y), (u, y + 1.7), (u + 1.2, y + 1.7), (u + 1.2, y)]
                    panes.append([camera.at(p, q, FAR) for p, q in corners])
            glass = (1.0, 0.83, 0.48) if mood.lamps > 0.5 else mix(mood.glass, (0.1, 0.1, 0.2), 0.3)
            if abs(x + width / 2) < 36:
                sheet.fills(panes, mood.air(glass, FAR), claim=False, opacity=0.8)
        x += width + (0.0 if rng.random() < 0.7 else rng.uniform(1, 5))
