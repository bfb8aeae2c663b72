"""What stands along the street: houses with their styles and colours, and gardens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nbgan.data.streets.moods import mix
from nbgan.data.streets.plan import FAR, Plan, Side
from nbgan.data.streets.scene import varied
from nbgan.data.streets.sheet import Color

STUCCO: tuple[Color, ...] = (
    (0.94, 0.87, 0.72), (0.95, 0.77, 0.62), (0.90, 0.72, 0.42), (0.83, 0.54, 0.42),
    (0.90, 0.69, 0.67), (0.70, 0.77, 0.65), (0.66, 0.77, 0.85), (0.78, 0.73, 0.84),
    (0.94, 0.93, 0.90), (0.78, 0.73, 0.66), (0.70, 0.84, 0.78), (0.55, 0.66, 0.72),
)  # fmt: skip
BRICK: tuple[Color, ...] = (
    (0.66, 0.36, 0.28), (0.72, 0.45, 0.34), (0.55, 0.31, 0.27), (0.77, 0.58, 0.42),
)  # fmt: skip
MODERN: tuple[Color, ...] = (
    (0.86, 0.87, 0.88), (0.47, 0.52, 0.57), (0.66, 0.62, 0.57), (0.60, 0.66, 0.70),
)  # fmt: skip
STONE: tuple[Color, ...] = ((0.80, 0.75, 0.66), (0.71, 0.69, 0.65), (0.84, 0.80, 0.73))
ROOFS: tuple[Color, ...] = (
    (0.72, 0.38, 0.28), (0.36, 0.40, 0.47), (0.50, 0.36, 0.30), (0.60, 0.31, 0.25),
    (0.40, 0.42, 0.44),
)  # fmt: skip
ACCENTS: tuple[Color, ...] = (
    (0.20, 0.42, 0.36), (0.16, 0.34, 0.52), (0.62, 0.20, 0.22), (0.86, 0.62, 0.20),
    (0.36, 0.24, 0.20), (0.30, 0.36, 0.42), (0.22, 0.50, 0.56), (0.56, 0.30, 0.44),
)  # fmt: skip
WARM: tuple[Color, ...] = ((1.0, 0.83, 0.48), (1.0, 0.90, 0.66), (1.0, 0.72, 0.38))

STYLES = ("stucco", "brick", "stone", "modern")
WALLS = {"stucco": STUCCO, "brick": BRICK, "stone": STONE, "modern": MODERN}


@dataclass(frozen=True, kw_only=True)
class Building:
    """One house.

    Args:
        sign: side of the street, -1 or 1.
        front: signed place of its front.
        z0, z1: where it begins and ends.
        depth: how far it goes back from the street.
        floors: number of storeys; the ground floor is the first.
        style: ``"stucco"``, ``"brick"``, ``"stone"`` or ``"modern"``.
        wall, trim, roof_color, accent: colours.
        roof: ``"flat"``, ``"pitched"``, ``"mansard"`` or ``"gable"``.
        shop: whether the ground floor is a shop.
        shutters, balconies: what the windows have.
        age: 0 new, 1 weathered.
        seed: decides windows, curtains, lights.
        open_end: whether the wall at its near end can be seen.
    """

    sign: int
    front: float
    z0: float
    z1: float
    depth: float
    floors: int
    style: str
    wall: Color
    trim: Color
    roof_color: Color
    accent: Color
    roof: str
    shop: bool
    shutters: bool
    balconies: bool
    age: float
    seed: int
    open_end: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The ground that it covers: left, right, near end, far end."""
        back = self.front + self.sign * self.depth
        return min(self.front, back), max(self.front, back), self.z0, self.z1

    @property
    def ground_floor(self) -> float:
        """Height of the ground floor."""
        return 3.7 if self.shop else 3.2

    @property
    def eaves(self) -> float:
        """Height of the wall."""
        return self.ground_floor + (self.floors - 1) * 2.95 + 0.55


@dataclass(frozen=True, kw_only=True)
class Garden:
    """A lot without a house: trees behind a wall, a fence or a hedge.

    Args:
        sign: side of the street, -1 or 1.
        front: signed place of its edge.
        z0, z1: where it begins and ends.
        seed: decides what grows there.
        depth: how far it goes back from the street.
    """

    sign: int
    front: float
    z0: float
    z1: float
    seed: int
    depth: float = 10.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The ground that it covers: left, right, near end, far end."""
        back = self.front + self.sign * self.depth
        return min(self.front, back), max(self.front, back), self.z0, self.z1


Lot = Building | Garden


def draw_rows(plan: Plan, rng: np.random.Generator) -> list[Lot]:
    """Draw the lots of both sides."""
    lots: list[Lot] = []
    odds = rng.dirichlet((1.6, 1.1, 0.8, 0.8))
    height = rng.uniform(2.2, 4.6)
    green = 0.10 if rng.random() < 0.7 else 0.35
    for side in plan.sides:
        z = rng.uniform(-7, -2)
        before = ""
        while z < FAR:
            width = rng.uniform(7.5, 15)
            end = z + width
            crossing = plan.crossing
            if crossing and z < crossing[0] - 0.5 < end + 3:
                end = crossing[0] - 1.0
            elif crossing and z < crossing[1] + 1 and end > crossing[0] - 0.6:
                z, before = crossing[1] + 1.0, ""
                continue
            if end - z < 2.5:
                z, before = end + 0.1 if not crossing else crossing[1] + 1.0, ""
                continue
            if rng.random() < green and before != "garden":
                before = "garden"
                seed = int(rng.integers(1 << 30))
                front = side.sign * side.front
                lots.append(Garden(sign=side.sign, front=front, z0=z, z1=end, seed=seed))
            else:
                house = _draw_building(rng, side, z, end, odds, height, open_end=before != "house")
                before = "house"
                lots.append(house)
            z = end
    return lots


def _draw_building(
    rng: np.random.Generator,
    side: Side,
    z0: float,
    z1: float,
    odds: np.ndarray,
    height: float,
    *,
    open_end: bool,
) -> Building:
    style = STYLES[int(rng.choice(4, p=odds))]
    tall = 1.4 if style == "modern" else 1.0
    floors = int(np.clip(round(rng.normal(height * tall, 0.8)), 1, 7))
    wall = varied(rng, WALLS[style][int(rng.integers(len(WALLS[style])))])
    trims = ((0.95, 0.94, 0.91), (0.93, 0.89, 0.80), mix(wall, (1, 1, 1), 0.45))
    roofs = {
        "stucco": ("pitched", "pitched", "mansard", "flat"),
        "brick": ("pitched", "gable", "gable", "flat"),
        "stone": ("mansard", "mansard", "pitched", "flat"),
        "modern": ("flat", "flat", "flat", "flat"),
    }
    return Building(
        sign=side.sign,
        front=side.sign * side.front,
        z0=z0,
        z1=z1,
        depth=rng.uniform(8, 13),
        floors=floors,
        style=style,
        wall=wall,
        trim=trims[int(rng.integers(3))],
        roof_color=varied(rng, ROOFS[int(rng.integers(len(ROOFS)))]),
        accent=varied(rng, ACCENTS[int(rng.integers(len(ACCENTS)))]),
        roof=roofs[style][int(rng.integers(4))],
        shop=rng.random() < 0.42,
        shutters=style == "stucco" and rng.random() < 0.5,
        balconies=style in ("modern", "stucco") and rng.random() < 0.35,
        age=rng.random(),
        seed=int(rng.integers(1 << 30)),
        open_end=open_end,
    )
