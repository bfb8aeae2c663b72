"""Diagrams of architectures, drawn with matplotlib: boxes, arrows, small pictures.

Coordinates are inches from the lower left corner, so text keeps its size whatever the drawing's
size. Each kind of box has its own pale fill (after Okabe and Ito, 2008) under dark text, which
reads on a light and on a dark page, and says in words what it is, so that no meaning hangs on
colour alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from nbgan.errors import InputError
from nbgan.plots import INK, Picture, to_picture

Point = tuple[float, float]

FILLS = {
    "map": "#fbe6bf",
    "feature": "#d6e8f5",
    "layer": "#f1f1f1",
    "norm": "#cdebe0",
    "modulation": "#f3dcea",
    "loss": "#f8d9c8",
    "plain": "#ffffff",
}
"""Fill by kind: label maps, features and pictures, layers, norms, gamma and beta, losses."""

EDGES = {
    "map": "#b37a00",
    "feature": "#005a8e",
    "layer": "#6b6b6b",
    "norm": "#00694d",
    "modulation": "#93517a",
    "loss": "#a34700",
    "plain": "#6b6b6b",
}


@dataclass(frozen=True, kw_only=True)
class Box:
    """A placed box: its middle and its size; the other points are where arrows start and end."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        """Middle of the left side."""
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        """Middle of the right side."""
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        """Middle of the upper side."""
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> Point:
        """Middle of the lower side."""
        return self.x, self.y - self.height / 2


class Diagram:
    """A drawing surface.

    Args:
        width, height: of the drawing in inches; about 9.5 wide fills the page.
    """

    def __init__(self, *, width: float, height: float) -> None:
        if width <= 0 or height <= 0:
            raise InputError(f"width, height: got {width} × {height}; give inches above 0")
        self.figure: Figure = plt.figure(figsize=(width, height), layout="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")

    def box(
        self,
        x: float,
        y: float,
        text: str,
        *,
        kind: str = "layer",
        width: float = 1.3,
        height: float = 0.46,
        note: str | None = None,
        fontsize: float = 9,
    ) -> Box:
        """A rounded box around ``(x, y)``.

        Args:
            x, y: its middle.
            text: what stands in it; ``\\n`` breaks the line, ``$…$`` is a formula.
            kind: one of :data:`FILLS`.
            width, height: in inches.
            note: small text under the box, such as a tensor's shape.
            fontsize: of ``text``.

        Raises:
            InputError: unknown kind.
        """
        if kind not in FILLS:
            raise InputError(f"kind: unknown '{kind}'; choose one of {', '.join(FILLS)}")
        self.axes.add_patch(
            FancyBboxPatch(
                (x - width / 2, y - height / 2),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=0.07",
                facecolor=FILLS[kind],
                edgecolor=EDGES[kind],
                linewidth=1.1,
                zorder=2,
            )
        )
        self.text(x, y, text, fontsize=fontsize)
        if note:
            self.text(x, y - height / 2 - 0.13, note, fontsize=8, color="#555555")
        return Box(x=x, y=y, width=width, height=height)

    def operator(self, x: float, y: float, text: str, *, radius: float = 0.16) -> Box:
        """A small circle with a sign, ``"+"`` or ``"×"``."""
        self.axes.add_patch(
            Circle((x, y), radius, facecolor="white", edgecolor=INK, linewidth=1.2, zorder=2)
        )
        self.text(x, y - 0.01, text, fontsize=13)
        return Box(x=x, y=y, width=2 * radius, height=2 * radius)

    def picture(
        self, x: float, y: float, image: Picture, *, size: float = 0.9, note: str | None = None
    ) -> Box:
        """A picture or map around ``(x, y)``; ``size`` is its width in inches."""
        array = to_picture(image)
        height = size * array.shape[0] / array.shape[1]
        left, right, low, high = x - size / 2, x + size / 2, y - height / 2, y + height / 2
        self.axes.imshow(
            array, extent=(left, right, low, high), zorder=2, aspect="auto", cmap="gray"
        )
        self.axes.add_patch(
            Rectangle((left, low), size, height, fill=False, edgecolor=INK, linewidth=0.8, zorder=3)
        )
        # imshow moves the limits to the picture.
        width, tall = self.figure.get_size_inches()
        self.axes.set(xlim=(0, width), ylim=(0, tall))
        if note:
            self.text(x, low - 0.13, note, fontsize=8, color="#555555")
        return Box(x=x, y=y, width=size, height=height)

    def arrow(self, *points: Point, label: str | None = None, dashed: bool = False) -> None:
        """A line through the points, with a head at the last one.

        Args:
            points: two or more.
            label: small text beside the middle of the longest piece.
            dashed: for what is only sometimes there.
        """
        if len(points) < 2:
            raise InputError(f"points: got {len(points)}; an arrow needs a start and an end")
        style = (0, (4, 2.5)) if dashed else "solid"
        for a, b in pairwise(points[:-1]):
            self.axes.plot(
                *zip(a, b, strict=True), color=INK, linewidth=1.2, linestyle=style, zorder=1
            )
        self.axes.annotate(
            "",
            xy=points[-1],
            xytext=points[-2],
            arrowprops={
                "arrowstyle": "-|>,head_length=0.35,head_width=0.17",
                "color": INK,
                "linewidth": 1.2,
                "linestyle": style,
                "shrinkA": 0,
                "shrinkB": 0,
            },
            zorder=1,
        )
        if label:
            pieces = list(pairwise(points))
            a, b = max(pieces, key=lambda piece: np.hypot(*np.subtract(piece[0], piece[1])))
            flat = abs(a[1] - b[1]) < abs(a[0] - b[0])
            x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            self.text(
                x if flat else x + 0.06,
                y + 0.11 if flat else y,
                label,
                fontsize=8,
                color="#555555",
                align="center" if flat else "left",
            )

    def frame(self, left: float, low: float, right: float, high: float, label: str) -> None:
        """A dashed frame around a group, named at its upper left corner."""
        self.axes.add_patch(
            FancyBboxPatch(
                (left, low),
                right - left,
                high - low,
                boxstyle="round,pad=0,rounding_size=0.1",
                facecolor="none",
                edgecolor="#8a8a8a",
                linewidth=1.0,
                linestyle=(0, (4, 3)),
                zorder=0,
            )
        )
        self.text(left + 0.08, high + 0.12, label, fontsize=9, align="left", weight="bold")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        fontsize: float = 9,
        color: str = INK,
        align: str = "center",
        weight: str = "normal",
    ) -> None:
        """Text around ``(x, y)``, or beginning there with ``align="left"``."""
        self.axes.text(
            x,
            y,
            text,
            fontsize=fontsize,
            color=color,
            ha=align,
            va="center",
            weight=weight,
            linespacing=1.25,
            zorder=4,
        )
