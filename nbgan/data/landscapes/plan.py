"""The plan of a scene: everything that the layout decides, drawn once per index.

Nothing here knows the resolution or the mood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = ("lake", "sea", "river", "hills")
_WEIGHTS = (0.33, 0.22, 0.22, 0.23)


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One heap of cloud: centre and half sizes in picture heights."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Range:
    """One mountain range behind the terrain."""

    height: float
    scale: float
    center: float
    spread: float
    tilt: float
    snow_line: float
    distance: float
    offset: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is where, in camera coordinates: X right, Z away, heights in camera heights.

    Offsets choose the part of the noise that a thing is cut from.
    """

    kind: str
    horizon: float
    offset: tuple[float, float]
    bumps: float
    bump_size: float
    rise: float
    rise_start: float
    valley: float
    valley_width: float
    water_center: tuple[float, float]
    water_size: tuple[float, float]
    coast_slope: float
    island: tuple[float, float, float, float]
    beach: float
    bend: tuple[float, float, float]
    bend_start: float
    ground_snow: bool
    forest_amount: float
    forest_start: float
    conifer: float
    lone_trees: float
    tree_size: float
    path: bool
    path_bend: tuple[float, float, float]
    path_start: float
    path_end: float
    houses: tuple[tuple[float, float, float, bool], ...]
    rocks: tuple[tuple[float, float, float], ...]
    flowers: float
    cloud_kind: str
    clouds: tuple[Cloud, ...]
    streaks: float
    ranges: tuple[Range, ...]
    salt: int


def _ranges(rng: np.random.Generator, kind: str, horizon: float) -> tuple[Range, ...]:
    chance = {"lake": 0.85, "sea": 0.45, "river": 0.8, "hills": 0.5}[kind]
    if rng.random() > chance:
        return ()
    count = int(rng.choice([1, 2], p=[0.55, 0.45]))
    tall = rng.uniform(0.4, 0.95) * horizon
    snow = rng.random() < 0.75
    ranges = []
    for i in range(count):
        near = i == count - 1
        wide = kind != "sea" and rng.random() < 0.6
        ranges.append(
            Range(
                height=float(tall * (1 if not near or count == 1 else rng.uniform(0.45, 0.75))),
                scale=float(rng.uniform(2.2, 3.8)),
                center=float(rng.uniform(0.05, 0.95)),
                spread=float(rng.uniform(1.2, 2.0) if wide else rng.uniform(0.45, 0.8)),
                tilt=float(rng.uniform(0.2, 0.45)),
                snow_line=float(rng.uniform(0.3, 0.62) if snow else 2.0),
                distance=float(1.0 if not near or count == 1 else 0.55),
                offset=(float(rng.uniform(0, 32)), float(rng.uniform(0, 32))),
            )
        )
    return tuple(ranges)


def _clouds(rng: np.random.Generator, horizon: float) -> tuple[str, tuple[Cloud, ...]]:
    kind = str(rng.choice(["clear", "heaps", "streaks", "broken"], p=[0.14, 0.48, 0.2, 0.18]))
    clouds = []
    if kind == "heaps":
        for _ in range(int(rng.integers(2, 7))):
            y = rng.uniform(0.12, 0.88)
            size = rng.uniform(0.5, 1.2) * (1.15 - y)
            clouds.append(
                Cloud(
                    x=float(rng.uniform(-0.3, 1.3)),
                    y=float(y * horizon),
                    width=float(0.27 * size),
                    height=float(0.17 * size * rng.uniform(0.7, 1.2)),
                )
            )
    return kind, tuple(sorted(clouds, key=lambda c: -c.y))


def draw_plan(rng: np.random.Generator) -> Plan:
    """Draw a scene."""
    kind = str(rng.choice(KINDS, p=_WEIGHTS))
    low, high = {"lake": (0.36, 0.6), "sea": (0.3, 0.62)}.get(kind, (0.34, 0.56))
    horizon = float(rng.uniform(low, high))
    path = rng.random() < {"lake": 0.4, "sea": 0.3, "river": 0.35, "hills": 0.85}[kind]
    path_end = float(rng.uniform(4.8, 12))
    bend = (
        float(rng.uniform(-0.12, 0.12)),
        float(rng.uniform(0.04, 0.13)),
        float(rng.uniform(0, 6.3)),
    )
    houses = []
    if path and rng.random() < 0.75:
        houses.append((0.0, path_end, float(rng.uniform(0.8, 1.15)), bool(rng.random() < 0.5)))
    elif rng.random() < 0.5:
        houses.append(
            (
                float(rng.uniform(-0.35, 0.35)),
                float(rng.uniform(6, 14)),
                float(rng.uniform(0.8, 1.3)),
                bool(rng.random() < 0.5),
            )
        )
    for _ in range(int(rng.integers(0, 4)) if houses and rng.random() < 0.5 else 0):
        houses.append(
            (
                float(rng.uniform(-0.4, 0.4)),
                float(rng.uniform(7, 20)),
                float(rng.uniform(0.8, 1.2)),
                bool(rng.random() < 0.5),
            )
        )
    rocks = []
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.6 else 0):
        x, z = rng.uniform(-0.55, 0.55), rng.uniform(2.3, 9)
        for _ in range(int(rng.integers(1, 5))):
            rocks.append(
                (
                    float(x + rng.normal(0, 0.10)),
                    float(z * rng.uniform(0.85, 1.15)),
                    float(rng.uniform(0.12, 0.5) * rng.uniform(0.6, 1.1)),
                )
            )
    cloud_kind, clouds = _clouds(rng, horizon)
    return Plan(
        kind=kind,
        horizon=horizon,
        offset=(float(rng.uniform(0, 32)), float(rng.uniform(0, 32))),
        bumps=float(rng.uniform(0.15, 0.6)),
        bump_size=float(rng.uniform(4, 9)),
        rise=float(rng.uniform(0.5, 6.5) if kind != "sea" else rng.uniform(0, 3)),
        rise_start=float(rng.uniform(10, 22)),
        valley=float(rng.uniform(0.0, 2.4)),
        valley_width=float(rng.uniform(2.5, 6)),
        water_center=(float(rng.uniform(-4, 4)), float(rng.uniform(7, 14))),
        water_size=(float(rng.uniform(4, 14)), float(rng.uniform(3.5, 8.5))),
        coast_slope=float(rng.uniform(-1.6, 1.6)),
        island=(
            float(rng.uniform(-16, 16)),
            float(rng.uniform(16, 34)),
            float(rng.uniform(4, 13)),
            float(rng.uniform(0.8, 3.2)),
        ),
        beach=float(rng.choice([0.0, 0.05, 0.12, 0.22], p=[0.2, 0.25, 0.3, 0.25])),
        bend=(
            float(rng.uniform(-0.2, 0.2)),
            float(rng.uniform(0.1, 0.26)),
            float(rng.uniform(0, 6.3)),
        ),
        bend_start=float(rng.uniform(-0.6, 0.6)),
        ground_snow=bool(rng.random() < 0.07),
        forest_amount=float(rng.uniform(-0.75, 0.55)),
        forest_start=float(rng.uniform(4.5, 12)),
        conifer=float(rng.choice([0.0, 0.5, 1.0], p=[0.25, 0.25, 0.5])),
        lone_trees=float(rng.choice([0.0, 0.06, 0.15])),
        tree_size=float(rng.uniform(0.8, 1.3)),
        path=bool(path),
        path_bend=bend,
        path_start=float(rng.uniform(-0.35, 0.35)),
        path_end=path_end,
        houses=tuple(houses),
        rocks=tuple(rocks),
        flowers=float(rng.uniform(0.35, 0.9) if rng.random() < 0.55 else -2.0),
        cloud_kind=cloud_kind,
        clouds=clouds,
        streaks=float(rng.uniform(0.15, 0.5)),
        ranges=_ranges(rng, kind, horizon),
        salt=int(rng.integers(0, 1 << 20)),
    )
