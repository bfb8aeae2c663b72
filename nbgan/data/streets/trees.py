"""Trees: a trunk and a crown of soft lobes, darker below and lighter towards the sun."""

from __future__ import annotations

import math

import numpy as np

from nbgan.data.cityscapes.classes import VEGETATION
from nbgan.data.streets.moods import mix
from nbgan.data.streets.scene import Scene, varied
from nbgan.data.streets.sheet import Color

_SPRING: tuple[Color, ...] = (
    (0.47, 0.66, 0.30), (0.55, 0.70, 0.34), (0.93, 0.72, 0.78), (0.95, 0.88, 0.88),
)  # fmt: skip
_SUMMER: tuple[Color, ...] = (
    (0.32, 0.55, 0.26), (0.26, 0.49, 0.27), (0.40, 0.58, 0.25), (0.36, 0.56, 0.33),
)  # fmt: skip
_AUTUMN: tuple[Color, ...] = (
    (0.87, 0.58, 0.20), (0.80, 0.40, 0.20), (0.90, 0.73, 0.28), (0.50, 0.57, 0.24),
)  # fmt: skip
LEAVES = (_SPRING, _SUMMER, _AUTUMN)


def paint_tree(
    scene: Scene,
    x: float,
    z: float,
    seed: int,
    *,
    size: float = 1.0,
    crown_from: float = 2.0,
    garden: bool = False,
) -> None:
    """One tree.

    Args:
        scene: where to paint.
        x, z: where it stands.
        seed: decides its shape and colour.
        size: 1 for a street tree of about seven metres.
        crown_from: height at which the crown begins.
        garden: whether it may be a fir, whose branches reach to the ground.
    """
    if not scene.seen(x, z, 3.2 * size):
        return
    rng = np.random.default_rng(seed)
    sheet, camera, mood = scene.sheet, scene.camera, scene.mood
    kind = ("round", "round", "broad", "broad", "column", "cone")[int(rng.integers(6))]
    if kind == "cone" and not garden:
        kind = "round"
    leaves = LEAVES[scene.plan.season]
    leaf = varied(rng, leaves[int(rng.integers(len(leaves)))])
    if kind == "cone":
        leaf = varied(rng, (0.24, 0.46, 0.32))
    s = camera.scale(z)
    tall = size * rng.uniform(5.5, 8.0) * (1.25 if kind in ("column", "cone") else 1.0)
    foot, top = camera.at(x, 0, z), camera.at(x, tall * 0.7, z)
    sheet.own(VEGETATION)
    trunk = scene.shade((0.42, 0.33, 0.27), (0, 0, -1), z)
    w = max(0.26 * size * s, 3.0)
    sheet.fill(
        [(foot[0] - w * 0.6, foot[1]), (top[0] - w * 0.3, top[1]),
         (top[0] + w * 0.3, top[1]), (foot[0] + w * 0.6, foot[1])],
        trunk,
    )  # fmt: skip
    lobes = _lobes(rng, kind, tall, crown_from if kind != "cone" else 0.9, size, 9 if z < 40 else 6)
    sun_x, sun_y = mood.sun[0], mood.sun[1]
    facing = (0.0, 0.25, -0.97)
    dark = scene.shade(mix(leaf, (0.05, 0.12, 0.16), 0.38), facing, z)
    middle = scene.shade(leaf, facing, z)
    light = scene.shade(mix(leaf, (1.0, 0.97, 0.55), 0.20), (sun_x, sun_y, mood.sun[2]), z)
    cx = foot[0]

    def blobs(grow: float, dx: float, dy: float) -> list[tuple[float, float, float]]:
        return [
            (cx + s * (lx + dx * r), foot[1] - s * (ly + dy * r), s * r * grow)
            for lx, ly, r in lobes
        ]

    sheet.circles(blobs(1.03, 0, 0), dark)
    lean = 0.20 * math.copysign(1, sun_x)
    sheet.circles(blobs(0.82, lean * 0.7, 0.16), middle, claim=False)
    if s > 3.5 * sheet.pixel:
        # Only the lobes that look at the sun shine.
        middle_y = sum(ly for _, ly, _ in lobes) / len(lobes)
        shining = [
            blob
            for blob, (lx, ly, _) in zip(blobs(0.60, lean * 1.3, 0.26), lobes, strict=True)
            if lx * lean + 0.30 * (ly - middle_y) > 0.04
        ]
        sheet.circles(shining, light, claim=False, opacity=0.6)


def _lobes(
    rng: np.random.Generator, kind: str, tall: float, low: float, size: float, count: int
) -> list[tuple[float, float, float]]:
    """Circles ``(x, y, radius)`` in metres that make a crown."""
    if kind == "cone":
        n = 6
        return [
            (0.0, low + (tall - low) * (i + 0.35) / n, size * 1.75 * (1 - i / n) ** 0.8 + 0.2)
            for i in range(n)
        ]
    middle = (low + tall) / 2
    high = (tall - low) / 2
    if kind == "column":
        r = 0.95 * size
        return [
            (rng.uniform(-0.18, 0.18) * size, low + (tall - low) * (i + 0.5) / 6,
             r * (0.75 + 0.4 * math.sin(math.pi * (i + 0.8) / 6.6)))
            for i in range(6)
        ]  # fmt: skip
    wide = {"round": 2.0, "broad": 2.7}[kind] * size
    lobes = [(0.0, middle, min(wide, high) * 0.82)]
    for i in range(count):
        a = 2 * math.pi * i / count + rng.uniform(-0.2, 0.2)
        r = rng.uniform(0.34, 0.46) * min(wide, high)
        lobes.append(
            (math.cos(a) * (wide - r) * rng.uniform(0.85, 1.0),
             middle + math.sin(a) * (high - r) * rng.uniform(0.85, 1.0), r)
        )  # fmt: skip
    return lobes
