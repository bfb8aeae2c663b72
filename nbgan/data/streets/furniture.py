"""What the town puts on its pavements: lamps, traffic lights, signs, bollards."""

from __future__ import annotations

import math

import numpy as np

from nbgan.data.cityscapes.classes import POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN
from nbgan.data.streets.scene import Scene, arc
from nbgan.data.streets.sheet import Color, Point

_THIN = 7.5
"""Least thickness of a pole in sheet units: about a pixel in a picture 128 pixels high."""

_FACING = (0.0, 0.0, -1.0)
_STEEL: Color = (0.42, 0.45, 0.48)


def _pole(
    scene: Scene, x: float, z: float, tall: float, thick: float, color: Color
) -> tuple[float, Point]:
    """A pole; gives the scale at its distance and the place of its top."""
    s = scene.camera.scale(z)
    foot, top = scene.camera.at(x, 0, z), scene.camera.at(x, tall, z)
    scene.soft_shadow(x, z, thick * 1.6, 0.15, 0.3)
    scene.sheet.own(POLE)
    width = max(thick * s, _THIN)
    lit = scene.shade(color, _FACING, z)
    edge = scene.shade((color[0] * 0.7, color[1] * 0.7, color[2] * 0.72), _FACING, z)
    paint: Color | str = lit
    if width > 2 * scene.sheet.pixel:
        paint = scene.sheet.fade(((0, lit, 1), (1, edge, 1)), sideways=True)
    half = width / 2
    scene.sheet.fill(
        [(foot[0] - half, foot[1]), (top[0] - half * 0.85, top[1]),
         (top[0] + half * 0.85, top[1]), (foot[0] + half, foot[1])],
        paint,
    )  # fmt: skip
    return s, top


def paint_lamp(scene: Scene, x: float, z: float, towards: int, style: int) -> None:
    """A street lamp; ``towards`` is the side of the road, -1 or 1."""
    if not scene.seen(x, z, 3):
        return
    sheet, mood = scene.sheet, scene.mood
    color: Color = ((0.36, 0.40, 0.43), (0.20, 0.26, 0.25), (0.52, 0.54, 0.55))[style % 3]
    if style % 3 == 1:
        s, (tx, ty) = _pole(scene, x, z, 3.9, 0.14, color)
        lit = scene.shade(color, _FACING, z)
        sheet.fill([(tx - 0.20 * s, ty - 0.50 * s), (tx + 0.20 * s, ty - 0.50 * s),
                    (tx + 0.12 * s, ty), (tx - 0.12 * s, ty)],
                   mood.air((1.0, 0.93, 0.74) if mood.lamps > 0.2 else (0.86, 0.88, 0.86), z),
                   line=max(0.04 * s, 1))  # fmt: skip
        low = ty - 0.48 * s
        sheet.fill([(tx - 0.28 * s, low), (tx, ty - 0.78 * s), (tx + 0.28 * s, low)],
                   lit, line=max(0.04 * s, 1))  # fmt: skip
        lamp = (tx, ty - 0.28 * s)
    else:
        s, (tx, ty) = _pole(scene, x, z, 6.4, 0.17, color)
        bend = [
            (tx + towards * s * 1.7 * (1 - math.cos(a)), ty - s * 0.75 * math.sin(a))
            for a in np.linspace(0, math.pi / 2, 7)
        ]
        lit = scene.shade(color, _FACING, z)
        sheet.stroke(bend, lit, max(0.11 * s, _THIN * 0.75))
        ex, ey = bend[-1]
        sheet.stroke([(ex, ey), (ex + towards * 0.55 * s, ey + 0.03 * s)], lit, max(0.2 * s, _THIN))
        lamp = (ex + towards * 0.35 * s, ey + 0.13 * s)
        if mood.lamps > 0.2:
            sheet.ellipse(*lamp, 0.30 * s, 0.09 * s, (1.0, 0.94, 0.76), claim=False)
    if mood.lamps > 0.2:
        r = 1.5 * s
        sheet.glow(*lamp, r, r, (1.0, 0.84, 0.52), 0.9 * mood.lamps)


def paint_traffic_light(scene: Scene, x: float, z: float, towards: int, state: int) -> None:
    """A traffic light that the viewer faces; ``state`` 0 red, 1 amber, 2 green."""
    if not scene.seen(x, z, 2):
        return
    s, (tx, ty) = _pole(scene, x, z, 3.5, 0.13, _STEEL)
    sheet = scene.sheet
    hang = [(tx, ty + 0.75 * s)]
    if towards and z < 60:
        arm = tx + towards * 2.4 * s
        sheet.stroke([(tx, ty + 0.05 * s), (arm, ty - 0.35 * s)],
                     scene.shade(_STEEL, _FACING, z), max(0.10 * s, _THIN * 0.75))  # fmt: skip
        hang.append((arm, ty + 0.1 * s))
    for cx, cy in hang:
        w, h = max(0.24 * s, 7), max(0.56 * s, 16)
        sheet.own(TRAFFIC_LIGHT)
        box = [(cx - w, cy - h), (cx + w, cy - h), (cx + w, cy + h), (cx - w, cy + h)]
        sheet.fill(box, scene.shade((0.16, 0.18, 0.19), _FACING, z), line=0.06 * s)
        lights: tuple[Color, ...] = ((0.98, 0.24, 0.20), (1.0, 0.76, 0.20), (0.25, 0.92, 0.52))
        for k, color in enumerate(lights):
            on = k == state
            y = cy + (k - 1) * h * 0.62
            tone = color if on else (color[0] * 0.25, color[1] * 0.25, color[2] * 0.25)
            sheet.ellipse(cx, y, w * 0.62, h * 0.26, tone, claim=False)
            if on:
                sheet.glow(cx, y, w * 2.6, w * 2.6, color, 0.25 + 0.5 * scene.mood.lamps)


def paint_sign(scene: Scene, x: float, z: float, kind: int) -> None:
    """A traffic sign that the viewer faces; ``kind`` 0..6."""
    if not scene.seen(x, z, 1):
        return
    s, (tx, ty) = _pole(scene, x, z, 2.7, 0.09, (0.60, 0.62, 0.64))
    sheet = scene.sheet
    sheet.own(TRAFFIC_SIGN)
    r = max(0.42 * s, 15)
    cy = ty - 0.25 * r

    def tone(color: Color) -> Color:
        return scene.shade(color, _FACING, z)

    def ring(n: int, size: float, turn: float, lift: float = 0.0) -> list[Point]:
        return [(tx + size * c, cy + lift + size * q) for c, q in arc(n, turn, turn + 2 * math.pi)]

    def marks(*corners: Point) -> list[Point]:
        return [(tx + a * r, cy + b * r) for a, b in corners]

    red, white = tone((0.84, 0.16, 0.17)), tone((0.97, 0.96, 0.94))
    blue, yellow, dark = (
        tone((0.14, 0.37, 0.74)),
        tone((0.98, 0.79, 0.20)),
        tone((0.15, 0.15, 0.17)),
    )
    if kind == 0:
        sheet.fill(ring(20, r, 0), red)
        sheet.fill(ring(20, r * 0.70, 0), white, claim=False)
        left = marks((-0.3, -0.3), (-0.08, -0.3), (-0.08, 0.3), (-0.3, 0.3))
        right = marks((0.08, -0.3), (0.3, -0.3), (0.3, 0.3), (0.08, 0.3))
        sheet.fills([left, right], dark, claim=False)
    elif kind == 1:
        sheet.fill(ring(3, r * 1.2, -math.pi / 2, 0.2 * r), red, line=0.12 * r)
        sheet.fill(ring(3, r * 0.72, -math.pi / 2, 0.2 * r), white, claim=False)
    elif kind == 2:
        sheet.fill(ring(20, r, 0), blue)
        arrow = marks((-0.14, 0.55), (-0.14, -0.05), (-0.42, -0.05), (0, -0.6), (0.42, -0.05),
                      (0.14, -0.05), (0.14, 0.55))  # fmt: skip
        sheet.fill(arrow, white, claim=False)
    elif kind == 3:
        sheet.fill(ring(8, r * 1.05, math.pi / 8), red)
        bar = marks((-0.65, -0.2), (0.65, -0.2), (0.65, 0.2), (-0.65, 0.2))
        sheet.fill(bar, white, claim=False)
    elif kind == 4:
        sheet.fill(ring(4, r * 1.15, 0), white, line=0.06 * r)
        sheet.fill(ring(4, r * 0.82, 0), yellow, claim=False)
    elif kind == 5:
        sheet.fill(ring(4, r * 1.25, math.pi / 4), blue, line=0.08 * r)
        letter = marks((-0.32, 0.6), (-0.32, -0.6), (0.2, -0.6), (0.42, -0.25), (0.2, 0.12),
                       (-0.04, 0.12), (-0.04, 0.6))  # fmt: skip
        sheet.fill(letter, white, claim=False)
    else:
        wide, high = 1.9 * r, 0.55 * r
        for lift, color in ((-0.3 * r, blue), (0.95 * r, yellow)):
            box = [(tx + a * wide, cy + lift + b * high) for a, b in
                   ((-0.75, -1), (0.7, -1), (1.0, 0), (0.7, 1), (-0.75, 1))]  # fmt: skip
            sheet.fill(box, color, line=0.04 * r)
            text = white if color is blue else dark
            sheet.lines([[(tx - wide * 0.55, cy + lift), (tx + wide * 0.5, cy + lift)]],
                        text, 0.28 * r)  # fmt: skip


def paint_bollard(scene: Scene, x: float, z: float) -> None:
    """A knee-high post at the kerb."""
    if scene.seen(x, z, 0.5):
        s, (tx, ty) = _pole(scene, x, z, 0.95, 0.15, (0.27, 0.30, 0.33))
        r = max(0.10 * s, _THIN * 0.6)
        scene.sheet.ellipse(tx, ty, r, r, scene.shade((0.80, 0.80, 0.78), _FACING, z))
