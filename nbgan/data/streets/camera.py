"""The camera: metres in the street to places on the sheet.

X goes right, Y up, Z away from the viewer, all in metres; the viewer stands at Z = 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Point = tuple[float, float]
Place = tuple[float, float, float]

NEAR = 1.0
"""Nothing nearer than this is drawn, metres."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera that looks along the street; uprights stay upright.

    Args:
        focal: units on the sheet of one metre at one metre.
        x: where the viewer stands across the street.
        y: height of the eye.
        vanish_x: place of the vanishing point on the sheet.
        horizon: height of the horizon on the sheet.
    """

    focal: float
    x: float
    y: float
    vanish_x: float
    horizon: float

    def scale(self, z: float) -> float:
        """Units of one metre at a distance."""
        return self.focal / z

    def at(self, x: float, y: float, z: float) -> Point:
        """A place in front of the viewer."""
        s = self.focal / z
        return self.vanish_x + s * (x - self.x), self.horizon + s * (self.y - y)

    def polygon(self, places: Iterable[Place]) -> list[Point]:
        """A polygon, cut off at :data:`NEAR`; empty if all of it is behind."""
        corners = list(places)
        if all(z >= NEAR for _, _, z in corners):
            return [self.at(*corner) for corner in corners]
        kept: list[Place] = []
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True):
            if a[2] >= NEAR:
                kept.append(a)
            if (a[2] >= NEAR) != (b[2] >= NEAR):
                t = (NEAR - a[2]) / (b[2] - a[2])
                kept.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), NEAR))
        return [self.at(*corner) for corner in kept]

    def ground(self, x0: float, x1: float, z0: float, z1: float) -> list[Point]:
        """A rectangle on the ground."""
        return self.polygon(((x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)))


def area(points: list[Point]) -> float:
    """Signed area of a polygon on the sheet; positive if its corners run clockwise."""
    total = 0.0
    x0, y0 = points[-1]
    for x, y in points:
        total += x0 * y - x * y0
        x0, y0 = x, y
    return total / 2
