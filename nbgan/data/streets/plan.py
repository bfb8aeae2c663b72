"""The plan of a street: what stands where, before any light falls on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nbgan.data.streets.camera import Camera
from nbgan.data.streets.sheet import Color

LANE = 3.2
STRIP = 2.2
FAR = 150.0

ROADS: dict[str, Color] = {
    "asphalt": (0.43, 0.44, 0.47),
    "worn": (0.56, 0.56, 0.57),
    "fresh": (0.33, 0.34, 0.38),
    "cobbles": (0.55, 0.52, 0.50),
    "brick": (0.62, 0.43, 0.37),
    "concrete": (0.68, 0.67, 0.63),
}
"""Surfaces of the road and their colours."""

PAVINGS: dict[str, Color] = {
    "slabs": (0.71, 0.70, 0.69),
    "sandstone": (0.78, 0.70, 0.58),
    "brick": (0.70, 0.49, 0.42),
    "cobbles": (0.62, 0.60, 0.60),
    "asphalt": (0.52, 0.52, 0.55),
}
"""Surfaces of the pavement and their colours."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of the street, from the road outwards.

    Args:
        sign: -1 left, 1 right.
        kerb: where the road ends, in metres from the middle of the street, always positive; the
            following are, too.
        strip: where the parking lane ends; equal to ``kerb`` without one.
        verge: where the green strip ends; equal to ``strip`` without one.
        front: where the pavement ends and the houses begin.
    """

    sign: int
    kerb: float
    strip: float
    verge: float
    front: float

    @property
    def pavement(self) -> float:
        """Middle of the pavement, signed."""
        return self.sign * (self.verge + self.front) / 2


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One street.

    Args:
        camera: where the viewer stands.
        left, right: the two sides.
        lanes: number of oncoming and of own lanes.
        crossing: where a cross street begins and ends, in metres ahead, or ``None``.
        zebra: whether there is a zebra crossing.
        zebra_at: its place in metres ahead.
        road, paving: names of the surfaces.
        season: 0 spring, 1 summer, 2 autumn.
        rail: whether a tramway runs in the street.
    """

    camera: Camera
    left: Side
    right: Side
    lanes: tuple[int, int]
    crossing: tuple[float, float] | None
    zebra: bool
    zebra_at: float
    road: str
    paving: str
    season: int
    rail: bool

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return self.left, self.right

    def crossed(self, z: float, margin: float = 0.0) -> bool:
        """Whether the cross street passes at this distance."""
        if self.crossing is None:
            return False
        return self.crossing[0] - margin < z < self.crossing[1] + margin


def draw_plan(rng: np.random.Generator) -> Plan:
    """Draw the layout of a street."""
    lanes = ((1, 1), (1, 1), (1, 1), (2, 2), (1, 2), (0, 2))[rng.integers(6)]
    sides = []
    for sign, count in zip((-1, 1), lanes, strict=True):
        kerb = max(count * LANE, 0.4) + rng.uniform(0.1, 0.5)
        strip = kerb + (STRIP if rng.random() < 0.78 else 0.0)
        verge = strip + (rng.uniform(1.3, 2.0) if rng.random() < 0.42 else 0.0)
        front = verge + rng.uniform(2.4, 4.6)
        sides.append(Side(sign=sign, kerb=kerb, strip=strip, verge=verge, front=front))
    left, right = sides
    where = rng.random()
    if where < 0.62:
        x = right.kerb - LANE / 2 + rng.uniform(-0.4, 0.3)
        height, vanish = rng.uniform(1.45, 2.1), rng.uniform(-240, 240)
    elif where < 0.80:
        x = right.pavement + rng.uniform(-0.3, 0.5)
        height, vanish = rng.uniform(1.6, 1.9), rng.uniform(80, 380)
    elif where < 0.92:
        x = left.pavement + rng.uniform(-0.5, 0.3)
        height, vanish = rng.uniform(1.6, 1.9), rng.uniform(-380, -80)
    else:
        x, height, vanish = rng.uniform(-1, 1), rng.uniform(2.6, 3.6), rng.uniform(-150, 150)
    camera = Camera(
        focal=rng.uniform(1050, 1400),
        x=x,
        y=height,
        vanish_x=vanish,
        horizon=rng.uniform(420, 500),
    )
    crossing = None
    if rng.random() < 0.5:
        start = rng.uniform(20, 46)
        crossing = (start, start + rng.uniform(7.5, 11))
    zebra_at = crossing[0] - 5.0 if crossing else rng.uniform(10, 24)
    return Plan(
        camera=camera,
        left=left,
        right=right,
        lanes=lanes,
        crossing=crossing,
        zebra=bool(crossing) or rng.random() < 0.35,
        zebra_at=zebra_at,
        road=_pick(rng, ROADS, (0.32, 0.2, 0.18, 0.1, 0.08, 0.12)),
        paving=_pick(rng, PAVINGS, (0.32, 0.2, 0.2, 0.12, 0.16)),
        season=int(rng.choice(3, p=(0.25, 0.5, 0.25))),
        rail=min(lanes) >= 1 and rng.random() < 0.14,
    )


def _pick(rng: np.random.Generator, table: dict[str, Color], odds: tuple[float, ...]) -> str:
    return list(table)[int(rng.choice(len(table), p=odds))]
