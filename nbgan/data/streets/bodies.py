"""The shapes of cars, vans, buses, trucks and trams: what :mod:`.vehicles` paints.

A body is a profile, seen from the side, that is swept across the vehicle. Its points go from the
front bumper over the roof to the rear bumper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nbgan.data.cityscapes.classes import BUS, CAR, TRAIN, TRUCK
from nbgan.data.streets.sheet import Color


@dataclass(frozen=True, kw_only=True)
class Body:
    """One type of vehicle.

    Args:
        label: class id.
        profile: ``(u, y, half width)`` in metres, u forward; front bottom to rear bottom.
        kinds: what lies between two points: ``"bumper"``, ``"face"`` (lights), ``"body"``,
            ``"glass"``, ``"tail"`` (lights).
        belt: first and last point of the part with windows, as positions in the profile, or
            ``None`` where panes are set into the side itself.
        panes: panes in the side, ``(u0, u1, y0, y1)``.
        pillar: where the side window is parted, as u.
        wheels: places of the axles.
        radius: of the wheels.
    """

    label: int
    profile: tuple[tuple[float, float, float], ...]
    kinds: tuple[str, ...]
    belt: tuple[int, int] | None
    panes: tuple[tuple[float, float, float, float], ...] = ()
    pillar: float = 0.0
    wheels: tuple[float, ...]
    radius: float = 0.33

    @cached_property
    def reach(self) -> float:
        """Metres from the middle to the farther bumper."""
        return max(abs(u) for u, _, _ in self.profile)

    @cached_property
    def height(self) -> float:
        """Metres to the roof."""
        return max(y for _, y, _ in self.profile)

    @cached_property
    def half_width(self) -> float:
        """Metres from the middle to the side."""
        return max(w for _, _, w in self.profile)


_CAR_KINDS = ("bumper", "face", "body", "glass", "body", "glass", "body", "tail", "bumper")


def _car(
    *,
    length: float,
    tall: float,
    half: float,
    hood: float,
    hood_y: float,
    screen: float,
    rear: float,
    trunk: float,
    roof_half: float = 0.66,
) -> Body:
    """A car; ``hood``, ``screen``, ``rear``, ``trunk`` are lengths along it."""
    f, r = length / 2, -length / 2
    belt = hood_y + 0.10
    profile = (
        (f - 0.06, 0.24, half * 0.93),
        (f, 0.48, half * 0.97),
        (f - 0.14, hood_y - 0.08, half * 0.95),
        (f - hood, belt - 0.03, half * 0.97),
        (f - hood - screen, tall - 0.03, half * roof_half / 0.9),
        (r + trunk + rear, tall, half * roof_half / 0.9),
        (r + trunk, belt + 0.06, half * 0.96),
        (r + 0.05, belt - 0.02, half * 0.95),
        (r, 0.50, half * 0.97),
        (r + 0.06, 0.26, half * 0.93),
    )
    return Body(
        label=CAR,
        profile=profile,
        kinds=_CAR_KINDS,
        belt=(3, 6),
        pillar=(f - hood - screen + r + trunk + rear) / 2 - 0.05,
        wheels=(f - 0.82, r + 0.80),
    )


SEDAN = _car(
    length=4.6, tall=1.45, half=0.91, hood=1.25, hood_y=0.82, screen=0.75, rear=0.70, trunk=0.62
)
HATCH = _car(
    length=3.95, tall=1.50, half=0.87, hood=0.95, hood_y=0.86, screen=0.72, rear=0.42, trunk=0.08
)
SMALL = _car(
    length=3.4, tall=1.52, half=0.82, hood=0.68, hood_y=0.86, screen=0.62, rear=0.36, trunk=0.06
)
ESTATE = _car(
    length=4.6, tall=1.50, half=0.91, hood=1.15, hood_y=0.84, screen=0.75, rear=0.38, trunk=0.06
)
SUV = _car(
    length=4.55, tall=1.72, half=0.95, hood=1.10, hood_y=1.00, screen=0.58, rear=0.34, trunk=0.08,
    roof_half=0.72,
)  # fmt: skip
VAN = _car(
    length=4.9, tall=2.02, half=0.98, hood=0.72, hood_y=1.08, screen=0.66, rear=0.14, trunk=0.05,
    roof_half=0.80,
)  # fmt: skip


def _coach(
    label: int, length: float, tall: float, half: float, panes: int, low: float, high: float
) -> Body:
    """A bus or a tram: a long box with a band of windows."""
    f, r = length / 2, -length / 2
    profile = (
        (f - 0.05, 0.30, half),
        (f, 0.95, half),
        (f - 0.02, 1.15, half),
        (f - 0.28, tall - 0.45, half * 0.97),
        (f - 0.40, tall, half * 0.93),
        (r + 0.15, tall, half * 0.93),
        (r + 0.05, tall - 0.5, half * 0.97),
        (r, 1.35, half),
        (r, 0.75, half),
        (r + 0.05, 0.30, half),
    )
    start, end = r + 0.35, f - 0.75
    pitch = (end - start) / panes
    return Body(
        label=label,
        profile=profile,
        kinds=("bumper", "face", "glass", "body", "body", "body", "glass", "tail", "bumper"),
        belt=None,
        panes=tuple(
            (start + i * pitch + 0.06, start + (i + 1) * pitch - 0.06, low, high)
            for i in range(panes)
        ),
        wheels=(f - 2.3, r + 2.4),
        radius=0.47,
    )


BUS_BODY = _coach(BUS, 11.0, 3.05, 1.25, 7, 1.30, 2.50)
TRAM = _coach(TRAIN, 17.0, 3.35, 1.25, 10, 1.35, 2.70)
TRUCK_CAB = Body(
    label=TRUCK,
    profile=(
        (3.55, 0.35, 1.1), (3.65, 0.85, 1.15), (3.60, 1.35, 1.15), (3.35, 2.35, 1.08),
        (3.15, 2.60, 1.05), (2.0, 2.60, 1.05), (2.0, 0.45, 1.1),
    ),
    kinds=("bumper", "face", "glass", "body", "body", "body"),
    belt=None,
    panes=((2.35, 3.30, 1.40, 2.20),),
    wheels=(2.75,),
    radius=0.48,
)  # fmt: skip
TRUCK_BOX = Body(
    label=TRUCK,
    profile=(
        (1.85, 0.85, 1.22), (1.85, 3.25, 1.22), (-3.6, 3.25, 1.22), (-3.62, 1.15, 1.22),
        (-3.6, 0.85, 1.22), (-3.55, 0.50, 1.05),
    ),
    kinds=("body", "body", "body", "tail", "bumper"),
    belt=None,
    wheels=(-2.5,),
    radius=0.48,
)  # fmt: skip

CARS = (SEDAN, HATCH, SMALL, ESTATE, SUV, VAN)
PAINTS: tuple[Color, ...] = (
    (0.94, 0.94, 0.93), (0.90, 0.90, 0.90), (0.17, 0.18, 0.21), (0.66, 0.69, 0.72),
    (0.40, 0.43, 0.48), (0.80, 0.17, 0.16), (0.17, 0.36, 0.68), (0.12, 0.20, 0.40),
    (0.95, 0.76, 0.22), (0.90, 0.46, 0.18), (0.20, 0.50, 0.38), (0.36, 0.66, 0.70),
    (0.84, 0.78, 0.66), (0.50, 0.13, 0.18), (0.60, 0.74, 0.86), (0.86, 0.55, 0.56),
)  # fmt: skip
"""Body colours of cars."""

LIVERIES: tuple[Color, ...] = (
    (0.86, 0.22, 0.20), (0.95, 0.76, 0.20), (0.20, 0.45, 0.72), (0.25, 0.58, 0.42),
    (0.93, 0.92, 0.90), (0.90, 0.50, 0.20),
)  # fmt: skip
"""Colours of buses, trams and trucks."""


def draw_car(rng: np.random.Generator) -> Body:
    """A type of car, the common ones more often."""
    return CARS[int(rng.choice(6, p=(0.24, 0.24, 0.12, 0.14, 0.17, 0.09)))]
