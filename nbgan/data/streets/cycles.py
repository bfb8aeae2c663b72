"""Bicycles and motorcycles, parked or ridden."""

from __future__ import annotations

import math

import numpy as np

from nbgan.data.cityscapes.classes import BICYCLE, MOTORCYCLE, RIDER
from nbgan.data.streets.bodies import PAINTS
from nbgan.data.streets.moods import mix
from nbgan.data.streets.people import CLOTHES, HAIR, SKINS, TROUSERS
from nbgan.data.streets.scene import Scene, arc, varied
from nbgan.data.streets.sheet import Color, Point

_CIRCLE = arc(18)
_HELMETS: tuple[Color, ...] = ((0.92, 0.92, 0.92), (0.85, 0.25, 0.22), (0.2, 0.22, 0.28),
                               (0.25, 0.5, 0.75))  # fmt: skip


def paint_cycle(
    scene: Scene, x: float, z: float, heading: float, seed: int, *, motor: bool, ridden: bool
) -> None:
    """A bicycle or motorcycle, and its rider if it is ridden."""
    label = MOTORCYCLE if motor else BICYCLE
    machine = scene.thing(label)
    rider = scene.thing(RIDER) if ridden else 0
    if not scene.seen(x, z, 1.1):
        return
    rng = np.random.default_rng(seed)
    scene.soft_shadow(x, z, 0.25 + 0.6 * abs(math.sin(heading)), 0.5, 0.32)
    along = abs(math.sin(heading)) < 0.35
    paint = varied(rng, PAINTS[int(rng.integers(len(PAINTS)))])
    scene.sheet.own(label, machine)
    _machine(scene, x, z, heading, paint, motor)
    if not ridden:
        return
    scene.sheet.own(RIDER, rider)
    if along:
        _rider_along(scene, x, z, rng, motor, away=math.cos(heading) > 0)
    else:
        _rider_side(scene, x, z, heading, rng, motor)
    if along:
        scene.sheet.own(label, machine)
        _end_wheel(scene, x, z, motor=motor, away=math.cos(heading) > 0)


def _tone(scene: Scene, color: Color, z: float, dark: float = 0.0) -> Color:
    return scene.shade(mix(color, (0.05, 0.04, 0.10), dark), (0.0, 0.0, -1.0), z)


def _machine(scene: Scene, x: float, z: float, heading: float, paint: Color, motor: bool) -> None:
    sheet, camera = scene.sheet, scene.camera
    s = camera.scale(z)
    sin, cos = math.sin(heading), math.cos(heading)

    def at(u: float, y: float) -> Point:
        return camera.at(x + u * sin, y, z + u * cos)

    thin = max((0.13 if motor else 0.055) * s, 3.2)
    r = 0.31 if motor else 0.34
    base = 0.68 if motor else 0.52
    black = _tone(scene, (0.12, 0.12, 0.13), z)
    for u in (base, -base):
        ring = [at(u + r * c, r + r * q) for c, q in _CIRCLE]
        sheet.stroke([*ring, ring[0]], black, thin)
    color = _tone(scene, paint, z)
    frame = max((0.16 if motor else 0.06) * s, 3.2)
    if motor:
        sheet.fill([at(-0.75, 0.72), at(-0.2, 0.80), at(0.25, 0.92), at(0.55, 0.78), at(0.3, 0.38),
                    at(-0.35, 0.35)], color, line=0.08 * s)  # fmt: skip
        sheet.stroke([at(-0.7, 0.80), at(0.0, 0.84)], black, max(0.12 * s, 2.5))
        sheet.stroke([at(base, r), at(0.45, 0.98), at(0.36, 1.06)], black, max(0.07 * s, 2.5))
        if abs(sin) < 0.5:
            bx, by = at(0.0, 0.62)
            sheet.ellipse(bx, by, 0.20 * s, 0.30 * s, color)
    else:
        crank, seat, head = at(-0.05, 0.30), at(-0.18, 0.86), at(0.36, 0.86)
        hub_f, hub_r = at(base, r), at(-base, r)
        sheet.stroke([hub_r, crank, head, seat, hub_r], color, frame)
        sheet.stroke([crank, seat], color, frame)
        sheet.stroke([at(0.33, 0.98), hub_f], color, frame)
        sheet.stroke([at(-0.28, 0.93), at(-0.08, 0.93)], black, max(0.07 * s, 2.5))
    bx, by = at(0.34, 1.03)
    reach = 0.10 + 0.20 * abs(cos)
    sheet.stroke([(bx - reach * s, by), (bx + reach * s, by)], black, max(0.05 * s, 2.2))


def _end_wheel(scene: Scene, x: float, z: float, *, motor: bool, away: bool) -> None:
    """Seen from its end, the nearer wheel stands before the legs of the rider."""
    sheet, camera = scene.sheet, scene.camera
    s = camera.scale(z)
    fx, fy = camera.at(x, 0, z - 0.3)
    tall = (0.62 if motor else 0.68) * s
    wide = max((0.16 if motor else 0.07) * s, 3.2)
    sheet.stroke([(fx, fy - wide / 2), (fx, fy - tall)], _tone(scene, (0.12, 0.12, 0.13), z), wide)
    if motor:
        lamps = scene.mood.lamps
        off: Color = (0.80, 0.14, 0.12) if away else (0.95, 0.90, 0.75)
        on: Color = (1.0, 0.22, 0.14) if away else (1.0, 0.93, 0.74)
        r = (0.07 if away else 0.11) * s
        sheet.ellipse(fx, fy - 0.86 * s, r, r, mix(_tone(scene, off, z), on, lamps))
        if lamps > 0.2:
            reach = (0.4 if away else 0.6) * s
            sheet.glow(fx, fy - 0.86 * s, reach, reach, on, 0.7 * lamps)


def _dress(rng: np.random.Generator) -> tuple[Color, Color, Color, Color]:
    return (
        SKINS[int(rng.integers(len(SKINS)))],
        varied(rng, CLOTHES[int(rng.integers(len(CLOTHES)))]),
        varied(rng, TROUSERS[int(rng.integers(len(TROUSERS)))]),
        _HELMETS[int(rng.integers(4))]
        if rng.random() < 0.6
        else HAIR[int(rng.integers(len(HAIR)))],
    )


def _rider_along(
    scene: Scene, x: float, z: float, rng: np.random.Generator, motor: bool, *, away: bool
) -> None:
    sheet, camera = scene.sheet, scene.camera
    s = camera.scale(z)
    fx, fy = camera.at(x, 0, z)
    skin, top, legs, cap = _dress(rng)

    def at(px: float, py: float) -> Point:
        return fx + px * s, fy - py * s

    w = max(0.14 * s, 2.5)
    sheet.stroke(
        [at(-0.10, 0.95), at(-0.20, 0.62), at(-0.14, 0.22)], _tone(scene, legs, z, 0.15), w
    )
    sheet.stroke([at(0.10, 0.95), at(0.21, 0.72), at(0.14, 0.40)], _tone(scene, legs, z), w)
    sleeve = max(0.10 * s, 2.0)
    for side in (-1, 1):
        sheet.stroke([at(side * 0.19, 1.42), at(side * 0.30, 1.18), at(side * 0.25, 1.02)],
                     _tone(scene, top, z, 0.2), sleeve)  # fmt: skip
    torso = [at(-0.19, 1.44), at(0.19, 1.44), at(0.15, 0.95), at(-0.15, 0.95)]
    light = _tone(scene, mix(top, (1, 1, 1), 0.1), z)
    sheet.fill(
        torso, sheet.fade(((0, light, 1), (1, _tone(scene, top, z, 0.14), 1))), line=0.07 * s
    )
    hx, hy = at(0, 1.66)
    r = 0.135 * s
    sheet.ellipse(hx, hy, r, 1.05 * r, _tone(scene, cap, z))
    if not away:
        sheet.ellipse(hx, hy + 0.28 * r, 0.80 * r, 0.80 * r, _tone(scene, skin, z))


def _rider_side(
    scene: Scene, x: float, z: float, heading: float, rng: np.random.Generator, motor: bool
) -> None:
    sheet, camera = scene.sheet, scene.camera
    s = camera.scale(z)
    sin = math.sin(heading)
    skin, top, legs, cap = _dress(rng)

    def at(u: float, y: float) -> Point:
        return camera.at(x + u * sin, y, z)

    w = max(0.145 * s, 2.5)
    hip = (-0.18, 0.98)
    pedals = ((0.12, 0.24), (-0.12, 0.40)) if not motor else ((0.05, 0.35), (0.05, 0.38))
    for pedal, knee, dark in zip(pedals, ((0.22, 0.66), (0.18, 0.78)), (0.22, 0.0), strict=True):
        sheet.stroke([at(*hip), at(*knee), at(*pedal)], _tone(scene, legs, z, dark), w)
        fx, fy = at(*pedal)
        sheet.ellipse(fx, fy, 0.11 * s, 0.055 * s, _tone(scene, TROUSERS[1], z))
    shoulder = (0.16, 1.44)
    ring = [at(-0.30, 0.96), at(-0.02, 0.92), at(0.28, 1.36), at(0.06, 1.50)]
    light = _tone(scene, mix(top, (1, 1, 1), 0.1), z)
    sheet.fill(ring, sheet.fade(((0, light, 1), (1, _tone(scene, top, z, 0.14), 1))), line=0.07 * s)
    sheet.stroke([at(*shoulder), at(0.30, 1.18), at(0.36, 1.05)], _tone(scene, top, z, 0.22),
                 max(0.10 * s, 2.0))  # fmt: skip
    hx, hy = at(0.26, 1.66)
    r = 0.135 * s
    sheet.ellipse(hx, hy, r, 1.05 * r, _tone(scene, cap, z))
    face = 0.34 * math.copysign(r, sin)
    sheet.ellipse(hx + face, hy + 0.25 * r, 0.66 * r, 0.74 * r, _tone(scene, skin, z))
