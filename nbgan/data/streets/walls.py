"""The plane of a house front, and how places on it come to the sheet."""

from __future__ import annotations

from collections.abc import Callable

from nbgan.data.streets.camera import NEAR
from nbgan.data.streets.lots import Building
from nbgan.data.streets.scene import Scene
from nbgan.data.streets.sheet import Color, Point

Lit = Callable[[Color], Color]
"""Gives the lit colour of something on a wall."""


class Front:
    """A flat wall along the street; its own axes are z and height."""

    def __init__(self, scene: Scene, building: Building) -> None:
        camera = scene.camera
        self.k = camera.focal * (building.front - camera.x)
        self.focal, self.eye = camera.focal, camera.y
        self.vanish_x, self.horizon = camera.vanish_x, camera.horizon

    def at(self, z: float, y: float) -> Point:
        """Place on the sheet."""
        z = max(z, NEAR)
        return self.vanish_x + self.k / z, self.horizon + self.focal * (self.eye - y) / z

    def quad(self, z0: float, z1: float, y0: float, y1: float) -> list[Point]:
        """A rectangle on the wall."""
        near, far = max(z0, NEAR), max(z1, NEAR)
        x0, x1 = self.vanish_x + self.k / near, self.vanish_x + self.k / far
        a, b = self.focal / near, self.focal / far
        return [
            (x0, self.horizon + a * (self.eye - y0)),
            (x0, self.horizon + a * (self.eye - y1)),
            (x1, self.horizon + b * (self.eye - y1)),
            (x1, self.horizon + b * (self.eye - y0)),
        ]

    def width(self, z0: float, z1: float) -> float:
        """Units across of a stretch of wall."""
        return abs(self.k) * abs(1 / max(z0, NEAR) - 1 / max(z1, NEAR))
