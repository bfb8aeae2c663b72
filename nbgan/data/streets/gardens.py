"""Gardens between the houses: trees behind a wall, a fence or a hedge."""

from __future__ import annotations

import numpy as np

from nbgan.data.cityscapes.classes import FENCE, VEGETATION, WALL
from nbgan.data.streets.camera import NEAR
from nbgan.data.streets.lots import BRICK, STONE, Garden
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene, varied
from nbgan.data.streets.sheet import Color
from nbgan.data.streets.trees import paint_tree


def paint_garden(scene: Scene, garden: Garden) -> None:
    """Everything on an open lot."""
    rng = np.random.default_rng(garden.seed)
    edge, sign, z0, z1 = garden.front, garden.sign, garden.z0, garden.z1
    count = int(rng.integers(2, 5))
    trees = sorted(
        ((rng.uniform(z0, z1), rng.uniform(2.2, 8), int(rng.integers(1 << 30)))
         for _ in range(count)),
        reverse=True,
    )  # fmt: skip
    for z, away, tree in trees:
        paint_tree(scene, edge + sign * away, z, tree, size=rng.uniform(0.9, 1.25), garden=True)
    kind = ("wall", "fence", "hedge")[int(rng.integers(3))]
    tall = rng.uniform(1.0, 1.9)
    color = varied(
        rng, STONE[int(rng.integers(3))] if rng.random() < 0.5 else BRICK[int(rng.integers(4))]
    )
    _paint_barrier(scene, edge, z0, z1, sign, kind, tall, color)


def _paint_barrier(
    scene: Scene, x: float, z0: float, z1: float, sign: int, kind: str, tall: float, color: Color
) -> None:
    """A wall, a fence or a hedge along the street."""
    camera, sheet = scene.camera, scene.sheet
    a = max(z0, NEAR)
    if z1 <= a + 0.3:
        return
    normal = (-float(sign), 0.0, 0.0)

    def face(y0: float, y1: float) -> list[tuple[float, float]]:
        return camera.polygon(((x, y0, a), (x, y1, a), (x, y1, z1), (x, y0, z1)))

    if kind == "hedge":
        sheet.own(VEGETATION)
        green = (0.30, 0.48, 0.22)
        ring = face(0, tall)
        sheet.fill(ring, scene.shade(green, normal, (a + z1) / 2), line=3)
        top = face(tall * 0.86, tall)
        sheet.fill(top, scene.shade(mix(green, (0.8, 0.9, 0.3), 0.25), normal, a), claim=False)
        return
    sheet.own(WALL if kind == "wall" else FENCE)
    if kind == "wall":
        sheet.fill(face(0, tall), scene.shade(color, normal, (a + z1) / 2), line=0.6)
        cap = mix(color, (0.9, 0.9, 0.88), 0.55)
        sheet.fill(face(tall - 0.14, tall + 0.06), scene.shade(cap, normal, a))
        return
    wood = (0.90, 0.90, 0.87) if color[0] > 0.7 else (0.40, 0.34, 0.30)
    tone = scene.shade(mix(wood, (0, 0, 0), 0.18), normal, (a + z1) / 2)
    sheet.fill(face(0.08, tall), tone)
    z, slats = a, []
    while z < min(z1, 60):
        slats.append(
            camera.polygon(
                ((x, 0, z), (x, tall + 0.12, z), (x, tall + 0.12, z + 0.34), (x, 0, z + 0.34))
            )
        )
        z += 0.5
    sheet.fills(slats, scene.shade(wood, normal, (a + z1) / 2))
