"""The sheet: one drawing, printed twice, as a picture and as a map of who owns each pixel.

Every shape goes into the picture with its colour and, if it claims its pixels, into the map with
the flat code of its owner. The picture is printed with smooth edges, the map without, from the
same outlines. Coordinates are thousandths of the picture height, x from the middle, y from the
top, so a drawing does not depend on the number of pixels.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np
import resvg_py
from PIL import Image

Color = tuple[float, float, float]
Point = tuple[float, float]

UNIT = 1000
"""Picture height in the sheet's units."""


class Sheet:
    """Collects shapes, back to front.

    Args:
        height, width: size of the picture in pixels. Callers may skip what lies outside, and
            details that claim nothing where they would be finer than pixels.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.half_width = UNIT * width / height / 2
        self.pixel = UNIT / height
        self._picture: list[str] = []
        self._codes: list[str] = []
        self._gradients: dict[str, str] = {}
        self._owners: list[tuple[int, int]] = [(0, 0)]
        self._code = ""

    def own(self, label: int, instance: int = 0) -> None:
        """Whose the next shapes are: a class id, and an instance id or 0."""
        self._owners.append((label, instance))
        self._code = f"#{len(self._owners) - 1:06x}"

    def visible(self, left: float, right: float) -> bool:
        """Whether a range of x reaches into the picture."""
        return right > -self.half_width and left < self.half_width

    def fill(
        self,
        points: Sequence[Point],
        color: Color | str,
        *,
        opacity: float = 1.0,
        claim: bool = True,
        line: float = 0.0,
    ) -> None:
        """A polygon; ``line`` widens it by a rounded border of the same colour."""
        self.fills((points,), color, opacity=opacity, claim=claim, line=line)

    def fills(
        self,
        rings: Iterable[Sequence[Point]],
        color: Color | str,
        *,
        opacity: float = 1.0,
        claim: bool = True,
        line: float = 0.0,
    ) -> None:
        """Several polygons as one shape: where they overlap, opacity counts once."""
        d = "".join([_ring(ring) for ring in rings if len(ring) > 2])
        if d:
            border = f' stroke-width="{line:.1f}" stroke-linejoin="round"' if line else ""
            self._add(f'<path d="{d}"{border}', color, opacity, claim, "both" if line else "fill")

    def stroke(
        self,
        points: Sequence[Point],
        color: Color | str,
        width: float,
        *,
        opacity: float = 1.0,
        claim: bool = True,
        flat: bool = False,
    ) -> None:
        """An open line with round ends and corners; ``flat`` ends it square."""
        d = _line(points)
        caps = "" if flat else ' stroke-linecap="round" stroke-linejoin="round"'
        self._add(
            f'<path d="{d}" stroke-width="{width:.1f}"{caps}', color, opacity, claim, "stroke"
        )

    def lines(
        self, lines: Iterable[Sequence[Point]], color: Color, width: float, *, opacity: float = 1.0
    ) -> None:
        """Several thin lines that claim nothing."""
        d = "".join([_line(line) for line in lines])
        if d:
            self._add(f'<path d="{d}" stroke-width="{width:.1f}"', color, opacity, False, "stroke")

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        color: Color | str,
        *,
        opacity: float = 1.0,
        claim: bool = True,
    ) -> None:
        """An ellipse around ``(x, y)``."""
        geometry = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}"'
        self._add(geometry, color, opacity, claim, "fill")

    def circles(
        self,
        circles: Iterable[tuple[float, float, float]],
        color: Color | str,
        *,
        opacity: float = 1.0,
        claim: bool = True,
    ) -> None:
        """Several circles ``(x, y, radius)`` as one shape."""
        d = "".join(
            [
                f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0"
                f"a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0"
                for x, y, r in circles
            ]
        )
        if d:
            self._add(f'<path d="{d}"', color, opacity, claim, "fill")

    def glow(self, x: float, y: float, rx: float, ry: float, color: Color, opacity: float) -> None:
        """A soft spot of light, strongest in its middle; it claims nothing."""
        paint = self._gradient(
            '<radialGradient id="{}">', ((0.0, color, opacity), (0.4, color, opacity * 0.35),
                                         (1.0, color, 0.0)), "</radialGradient>"
        )  # fmt: skip
        self.ellipse(x, y, rx, ry, paint, claim=False)

    def fade(self, stops: Sequence[tuple[float, Color, float]], *, sideways: bool = False) -> str:
        """A gradient over the box of a shape, from its top to its bottom or left to right.

        Args:
            stops: place 0..1, colour, opacity.
            sideways: from left to right.

        Returns:
            What to give as ``color``.
        """
        axis = 'x2="1" y2="0"' if sideways else 'x2="0" y2="1"'
        return self._gradient(
            f'<linearGradient id="{{}}" x1="0" y1="0" {axis}>', stops, "</linearGradient>"
        )

    def _gradient(self, head: str, stops: Sequence[tuple[float, Color, float]], tail: str) -> str:
        middle = "".join(
            [
                f'<stop offset="{place:.2f}" stop-color="{_hex(color)}" stop-opacity="{a:.2f}"/>'
                for place, color, a in stops
            ]
        )
        key = head + middle + tail
        if key not in self._gradients:
            self._gradients[key] = f"g{len(self._gradients)}"
        return f"url(#{self._gradients[key]})"

    def _add(
        self, geometry: str, color: Color | str, opacity: float, claim: bool, how: str
    ) -> None:
        paint = color if isinstance(color, str) else _hex(color)
        # Opacity of a whole element would cost a buffer of its own.
        faint = (
            f' fill-opacity="{opacity:.2f}" stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
        )
        self._picture.append(f"{geometry}{_PAINT[how].format(paint)}{faint}/>")
        if claim:
            self._codes.append(f"{geometry}{_PAINT[how].format(self._code)}/>")

    def picture(self) -> np.ndarray:
        """The picture, float32 ``[H, W, 4]``, 0..1, opacity last, not multiplied in."""
        defs = "".join([key.format(name) for key, name in self._gradients.items()])
        body = f"<defs>{defs}</defs>{''.join(self._picture)}"
        return _print(body, self.height, self.width, smooth=True).astype(np.float32) / 255

    def owners(self) -> tuple[np.ndarray, np.ndarray]:
        """Class ids and instance ids, int64 ``[H, W]`` each; unclaimed pixels are (0, 0)."""
        pixels = _print("".join(self._codes), self.height, self.width, smooth=False).astype(
            np.int32
        )
        code = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
        table = np.array(self._owners, dtype=np.int64)
        return table[code, 0], table[code, 1]


_PAINT = {
    "fill": ' fill="{}"',
    "stroke": ' fill="none" stroke="{}"',
    "both": ' fill="{0}" stroke="{0}"',
}


# One pattern for each number of corners: formatting is most of the work of drawing.
_LINES = tuple("M" + "L".join(["%.1f %.1f"] * n) for n in range(100))


def _line(points: Sequence[Point]) -> str:
    return _LINES[len(points)] % tuple([c for point in points for c in point])


def _ring(points: Sequence[Point]) -> str:
    return _line(points) + "Z"


def _hex(color: Color) -> str:
    r, g, b = color
    return f"#{_byte(r) << 16 | _byte(g) << 8 | _byte(b):06x}"


def _byte(value: float) -> int:
    level = int(value * 255 + 0.5)
    return 0 if level < 0 else 255 if level > 255 else level


def _print(body: str, height: int, width: int, *, smooth: bool) -> np.ndarray:
    across = UNIT * width / height
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="{-across / 2:.4f} 0 {across:.4f} {UNIT}">{body}</svg>'
    )
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        skip_system_fonts=True,
        shape_rendering="geometric_precision" if smooth else "crisp_edges",
    )
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
