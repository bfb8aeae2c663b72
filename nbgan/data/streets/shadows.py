"""Shadows that houses, trees and everything in the street cast on the ground."""

from __future__ import annotations

import math

from nbgan.data.streets.camera import NEAR, area
from nbgan.data.streets.crowd import Thing
from nbgan.data.streets.lots import Building, Lot
from nbgan.data.streets.scene import Scene, arc
from nbgan.data.streets.sheet import Point

_CIRCLE = arc(12)


def paint_shadows(scene: Scene, lots: list[Lot], things: list[Thing]) -> None:
    """Paint all cast shadows as one shape, so that none is darker where two meet."""
    mood = scene.mood
    if mood.shadow < 0.11:
        return
    dx, dz = mood.reach()
    rings: list[list[Point]] = []
    for lot in lots:
        if isinstance(lot, Building) and dx * lot.sign < 0:
            rings.append(_house(scene, lot, dx, dz))
    for thing in things:
        if thing.z > 70:
            continue
        rings += _thing(scene, thing, dx, dz)
    turned = [ring if area(ring) > 0 else ring[::-1] for ring in rings if len(ring) > 2]
    scene.sheet.fills(turned, mood.shadow_color, opacity=mood.shadow, claim=False)


def _house(scene: Scene, b: Building, dx: float, dz: float) -> list[Point]:
    tall = b.eaves
    z0, z1 = max(b.z0, NEAR), b.z1
    return scene.camera.polygon(
        (
            (b.front, 0, z0),
            (b.front, 0, z1),
            (b.front + tall * dx, 0, z1 + tall * dz),
            (b.front + tall * dx, 0, z0 + tall * dz),
        )
    )


def _thing(scene: Scene, thing: Thing, dx: float, dz: float) -> list[list[Point]]:
    camera = scene.camera
    if thing.low > 0:
        return [
            _disc(scene, thing, t * thing.high * dx, t * thing.high * dz) for t in (0.45, 0.62, 0.8)
        ]
    if thing.half < 0.5:
        return [_strip(scene, thing, dx * thing.high, dz * thing.high)]
    rings = []
    for t in (0.0, 0.34, 0.67, 1.0):
        x, z = thing.x + t * thing.high * dx, thing.z + t * thing.high * dz
        rings.append(
            camera.ground(x - thing.half, x + thing.half, z - thing.along, z + thing.along)
        )
    return rings


def _disc(scene: Scene, thing: Thing, dx: float, dz: float) -> list[Point]:
    x, z = thing.x + dx, thing.z + dz
    return scene.camera.polygon([(x + thing.half * c, 0, z + thing.along * q) for c, q in _CIRCLE])


def _strip(scene: Scene, thing: Thing, dx: float, dz: float) -> list[Point]:
    """The shadow of something thin: a strip along the ground."""
    n = math.hypot(dx, dz)
    ox, oz = -dz / n * thing.half, dx / n * thing.half
    x, z = thing.x, thing.z
    corners = ((ox, oz), (-ox, -oz), (dx - ox, dz - oz), (dx + ox, dz + oz))
    return scene.camera.polygon([(x + a, 0, z + b) for a, b in corners])
