"""Where a vehicle stands, and how places on it come to the sheet."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nbgan.data.streets.camera import Place
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.sheet import Color, Point


@dataclass(frozen=True, kw_only=True)
class Vehicle:
    """Where a vehicle stands, and its paint.

    Args:
        x, z: its middle.
        heading: direction it drives, radians: 0 away from the viewer, pi / 2 to the right.
        paint: body colour.
        second: colour of the lower part of a bus, of a truck's load.
        moving: whether its lights are on at night.
    """

    x: float
    z: float
    heading: float
    paint: Color
    second: Color
    moving: bool


class Frame:
    """Turns a vehicle's own axes (u forward, w right, y up) into places on the sheet."""

    def __init__(self, scene: Scene, v: Vehicle) -> None:
        self.camera, self.v = scene.camera, v
        self.sin, self.cos = math.sin(v.heading), math.cos(v.heading)

    def at(self, u: float, y: float, w: float) -> Point:
        """Place on the sheet."""
        return self.camera.at(
            self.v.x + u * self.sin + w * self.cos, y, self.v.z + u * self.cos - w * self.sin
        )

    def place(self, u: float, w: float) -> Place:
        """Where on the ground, in metres."""
        return self.v.x + u * self.sin + w * self.cos, 0.0, self.depth(u, w)

    def depth(self, u: float, w: float) -> float:
        """Metres ahead of the viewer."""
        return self.v.z + u * self.cos - w * self.sin

    def normal(self, nu: float, ny: float, nw: float) -> Place:
        """A direction, from the vehicle's axes to the street's."""
        return nu * self.sin + nw * self.cos, ny, nu * self.cos - nw * self.sin
