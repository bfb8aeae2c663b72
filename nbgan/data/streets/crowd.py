"""Who is in the street: parked and moving vehicles, people, cycles, trees, lamps and signs.

Every object is drawn from the random numbers first, as a :class:`Thing`; then the shadows of all
fall on the ground; then the things are painted, see :mod:`.order`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from nbgan.data.streets.bodies import (
    BUS_BODY,
    LIVERIES,
    PAINTS,
    TRAM,
    TRUCK_BOX,
    TRUCK_CAB,
    Body,
    draw_car,
)
from nbgan.data.streets.cycles import paint_cycle
from nbgan.data.streets.frames import Vehicle
from nbgan.data.streets.furniture import (
    paint_bollard,
    paint_lamp,
    paint_sign,
    paint_traffic_light,
)
from nbgan.data.streets.people import paint_person
from nbgan.data.streets.plan import LANE, STRIP, Plan, Side
from nbgan.data.streets.scene import Scene, steps, varied
from nbgan.data.streets.sheet import Color
from nbgan.data.streets.trees import paint_tree
from nbgan.data.streets.vehicles import paint_vehicle


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that stands in the street.

    Args:
        x, z: where.
        half, along: half of its extent across and along the street.
        low, high: between which heights it casts a shadow.
        paint: paints it.
        lamp: whether it lights the ground.
    """

    x: float
    z: float
    half: float
    along: float
    low: float
    high: float
    paint: Callable[[Scene], None]
    lamp: bool = False

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Where it touches the ground: left, right, near end, far end."""
        half, along = (0.15, 0.15) if self.low > 0 else (self.half, self.along)
        return self.x - half, self.x + half, self.z - along, self.z + along


def draw_things(plan: Plan, rng: np.random.Generator) -> list[Thing]:
    """Everything that stands in a street, in no order."""
    things: list[Thing] = []
    busy = rng.uniform(0.35, 1.0)
    for side in plan.sides:
        things += _parked(plan, side, rng)
        things += _along_kerb(plan, side, rng)
        things += _walkers(plan, side, rng, busy)
        things += _cycles(plan, side, rng)
    things += _traffic(plan, rng, busy)
    if plan.zebra:
        things += _crossing_people(plan, rng, busy)
    return things


def _vehicle(
    bodies: tuple[Body, ...],
    rng: np.random.Generator,
    x: float,
    z: float,
    heading: float,
    *,
    moving: bool,
) -> Thing:
    big = len(bodies) > 1 or bodies[0].height > 2.5
    palette = LIVERIES if big else PAINTS
    paint: Color = varied(rng, palette[int(rng.integers(len(palette)))], 0.025)
    second: Color = varied(rng, (*LIVERIES, (0.88, 0.88, 0.86))[int(rng.integers(7))], 0.02)
    if len(bodies) > 1 and rng.random() < 0.4:
        second = (0.92, 0.91, 0.88)
    v = Vehicle(x=x, z=z, heading=heading, paint=paint, second=second, moving=moving)
    length = max(b.reach for b in bodies)
    half = bodies[0].half_width
    across, along = abs(math.sin(heading)), abs(math.cos(heading))
    return Thing(
        x=x, z=z, half=half * along + length * across, along=length * along + half * across,
        low=0.0, high=max(b.height for b in bodies) * 0.92,
        paint=partial(paint_vehicle, bodies=bodies, v=v),
    )  # fmt: skip


def _parked(plan: Plan, side: Side, rng: np.random.Generator) -> Iterator[Thing]:
    if side.strip <= side.kerb:
        return
    x = side.sign * (side.kerb + STRIP / 2)
    full = rng.uniform(0.55, 0.97)
    for z in steps(rng, rng.uniform(3.6, 7), 85, 5.0, 6.4):
        if plan.crossed(z, 6.0) or (plan.zebra and abs(z - plan.zebra_at - 1.6) < 4.4):
            continue
        if rng.random() > full:
            continue
        heading = (0.0 if side.sign > 0 else math.pi) + rng.normal(0, 0.02)
        if rng.random() < 0.15:
            heading += math.pi
        yield _vehicle((draw_car(rng),), rng, x + rng.normal(0, 0.06), z, heading, moving=False)


def _traffic(plan: Plan, rng: np.random.Generator, busy: float) -> Iterator[Thing]:
    tram_lane = None
    if plan.rail and rng.random() < 0.75:
        away = rng.random() < 0.5
        tram_lane = 0.5 * LANE if away else -0.5 * LANE
        z = rng.uniform(19, 45)
        yield _vehicle((TRAM,), rng, tram_lane, z, 0.0 if away else math.pi, moving=True)
    waiting = plan.crossing is not None and rng.random() < 0.4
    for i in range(-plan.lanes[0], plan.lanes[1]):
        x = (i + 0.5) * LANE
        if tram_lane is not None and abs(x - tram_lane) < 0.1:
            continue
        mine = abs(x - plan.camera.x) < 1.7
        heading = 0.0 if i >= 0 else math.pi
        z = rng.uniform(9.5, 20) if mine else rng.uniform(6, 22)
        while z < 100:
            bodies = _draw_traffic(rng)
            length = max(b.reach for b in bodies)
            place = z + length
            free = not (plan.zebra and -length - 0.3 < place - plan.zebra_at - 1.6 < length + 1.9)
            if free and rng.random() < 0.45 + 0.5 * busy:
                yield _vehicle(bodies, rng, x + rng.normal(0, 0.12), place,
                               heading + rng.normal(0, 0.01), moving=True)  # fmt: skip
            gap = rng.uniform(2.2, 4) if waiting and heading == 0 else rng.uniform(5, 26) / busy
            z = place + length + gap
    if plan.crossing is not None:
        z0, z1 = plan.crossing
        for k, (sign, z) in enumerate(((1, z0 + 0.27 * (z1 - z0)), (-1, z0 + 0.75 * (z1 - z0)))):
            if rng.random() < 0.45:
                x = rng.uniform(-9, 9)
                for _ in range(int(rng.integers(1, 3))):
                    yield _vehicle(_draw_traffic(rng), rng, x, z, sign * math.pi / 2, moving=True)
                    x += 13 + rng.uniform(0, 6) + k


def _draw_traffic(rng: np.random.Generator) -> tuple[Body, ...]:
    chance = rng.random()
    if chance < 0.09:
        return (BUS_BODY,)
    if chance < 0.19:
        return (TRUCK_CAB, TRUCK_BOX)
    return (draw_car(rng),)


def _walkers(plan: Plan, side: Side, rng: np.random.Generator, busy: float) -> Iterator[Thing]:
    low, high = side.verge + 0.55, side.front - 0.35
    for z in steps(rng, rng.uniform(4.5, 9), 46, 2.5 / busy, 10 / busy):
        if plan.crossed(z, 0.5):
            continue
        x = rng.uniform(low, high)
        group = int(rng.choice((1, 2, 3, 4), p=(0.48, 0.3, 0.14, 0.08)))
        for k in range(group):
            px = side.sign * float(np.clip(x + (k - (group - 1) / 2) * 0.55, low, high))
            yield _person(rng, px + rng.normal(0, 0.05), z + rng.normal(0, 0.3))


def _person(rng: np.random.Generator, x: float, z: float) -> Thing:
    seed = int(rng.integers(1 << 30))
    return Thing(x=x, z=z, half=0.22, along=0.15, low=0.0, high=1.7,
                 paint=partial(paint_person, x=x, z=z, seed=seed))  # fmt: skip


def _crossing_people(plan: Plan, rng: np.random.Generator, busy: float) -> Iterator[Thing]:
    for _ in range(int(rng.integers(0, round(2 + 6 * busy)))):
        x = rng.uniform(-plan.left.kerb, plan.right.kerb)
        yield _person(rng, x, plan.zebra_at + rng.uniform(0.4, 2.9))


def _cycle(
    rng: np.random.Generator, x: float, z: float, heading: float, *, motor: bool, ridden: bool
) -> Thing:
    seed = int(rng.integers(1 << 30))
    return Thing(
        x=x, z=z, half=0.3, along=0.8, low=0.0, high=1.6 if ridden else 0.9,
        paint=partial(
            paint_cycle, x=x, z=z, heading=heading, seed=seed, motor=motor, ridden=ridden
        ),
    )  # fmt: skip


def _cycles(plan: Plan, side: Side, rng: np.random.Generator) -> Iterator[Thing]:
    """Riders at the edge of the lane, and a rack of parked cycles."""
    for z in steps(rng, rng.uniform(7, 30), 60, 14, 40):
        if (plan.zebra and abs(z - plan.zebra_at - 1.6) < 2.6) or rng.random() < 0.35:
            continue
        x = side.sign * (side.kerb - 0.55)
        if abs(x - plan.camera.x) < 0.9 and z < 6:
            continue
        heading = 0.0 if side.sign > 0 else math.pi
        yield _cycle(rng, x, z, heading, motor=rng.random() < 0.3, ridden=True)
    if rng.random() < 0.55:
        start = rng.uniform(6, 24)
        motor = rng.random() < 0.35
        for k in range(int(rng.integers(2, 6))):
            z = start + k * 0.75
            if not plan.crossed(z, 1.0):
                x = side.sign * (side.front - 1.0)
                turn = math.pi / 2 * (1 if rng.random() < 0.5 else -1) + rng.normal(0, 0.12)
                yield _cycle(rng, x, z, turn, motor=motor, ridden=False)


def _along_kerb(plan: Plan, side: Side, rng: np.random.Generator) -> Iterator[Thing]:
    s = side.sign
    line = s * (side.strip + 0.45)
    style = int(rng.integers(3))
    taken: list[float] = []
    if plan.crossing is not None:
        z = plan.zebra_at - 0.6
        taken.append(z)
        state, arm = int(rng.choice(3, p=(0.5, 0.1, 0.4))), -s if rng.random() < 0.5 else 0
        yield _post(
            line, z, 3.6, partial(paint_traffic_light, x=line, z=z, towards=arm, state=state)
        )
        far = plan.crossing[1] + 1.2
        taken.append(far)
        yield _post(
            line, far, 3.6, partial(paint_traffic_light, x=line, z=far, towards=0, state=state)
        )
    for z in steps(rng, rng.uniform(7, 15), 62, 15, 22):
        if not plan.crossed(z, 1.0) and _clear(z, taken, 1.5):
            taken.append(z)
            yield _post(
                line, z, 6, partial(paint_lamp, x=line, z=z, towards=-s, style=style), lamp=True
            )
    for z in steps(rng, rng.uniform(6, 14), 48, 8, 24):
        if not plan.crossed(z, 0.8) and _clear(z, taken, 1.2):
            taken.append(z)
            kind = int(rng.choice(7, p=(0.16, 0.18, 0.18, 0.1, 0.14, 0.16, 0.08)))
            yield _post(line, z, 2.8, partial(paint_sign, x=line, z=z, kind=kind))
    leafy = side.verge > side.strip or rng.random() < 0.45
    if leafy:
        x = s * (side.strip + side.verge) / 2 if side.verge > side.strip else s * (side.strip + 0.6)
        size = rng.uniform(0.65, 1.05)
        for z in steps(rng, rng.uniform(6, 12), 110, 7, 13):
            if not plan.crossed(z, 2.5) and _clear(z, taken, 1.0):
                seed = int(rng.integers(1 << 30))
                yield Thing(x=x, z=z, half=1.9 * size, along=1.9 * size, low=2.0, high=6.5 * size,
                            paint=partial(paint_tree, x=x, z=z, seed=seed, size=size,
                                          crown_from=2.3))  # fmt: skip
    elif rng.random() < 0.4:
        for z in steps(rng, rng.uniform(3.5, 5), 32, 2.2, 2.3):
            if not plan.crossed(z, 1.0) and _clear(z, taken, 0.6):
                yield _post(line, z, 0.9, partial(paint_bollard, x=line, z=z))


def _post(
    x: float, z: float, high: float, paint: Callable[[Scene], None], *, lamp: bool = False
) -> Thing:
    return Thing(x=x, z=z, half=0.09, along=0.09, low=0.0, high=high, paint=paint, lamp=lamp)


def _clear(z: float, taken: list[float], room: float) -> bool:
    return all(abs(z - other) > room for other in taken)
