"""Pen strokes for :mod:`nbgan.data.avatar_ink`: shapes, outlines, and hatching inside of shapes."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from nbgan.data.layers import Layer

Box = tuple[float, float, float, float]
MIDDLE = 140.0
# Width of the lines of hatching on the canvas, where a face is 112 wide.
FINE = 2.2


def stroke(width: float, color: str = "black") -> str:
    """Attributes of a line with round ends."""
    return (
        f'fill="none" stroke="{color}" stroke-width="{width:.4g}" '
        'stroke-linejoin="round" stroke-linecap="round"'
    )


@dataclass(frozen=True)
class Shape:
    """One shape of a layer: its geometry as an unfinished tag, and its paint."""

    tag: str
    color: str
    opacity: float

    def drawn(self, paint: str) -> str:
        return f"{self.tag} {paint}/>"

    def lined(self, width: float, color: str = "black") -> str:
        return self.drawn(stroke(width, color))

    @property
    def brightness(self) -> float:
        """0 to 1, as the eye weighs red, green and blue."""
        named = {"black": "#000000", "white": "#ffffff"}.get(self.color, self.color)
        red, green, blue = (int(named[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue


class Sheet:
    """The drawing so far: runs of SVG that claim their pixels or do not."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.runs: list[tuple[bool, list[str]]] = []
        self.clips = 0

    def put(self, svg: str, *, claims: bool = True) -> None:
        if not self.runs or self.runs[-1][0] != claims:
            self.runs.append((claims, []))
        self.runs[-1][1].append(svg)

    def hatch(self, shape: Shape, lines: str) -> None:
        """Lines inside a shape, above what claims its pixels."""
        name = f"in{self.clips}"
        self.clips += 1
        self.put(
            f'<clipPath id="{name}">{shape.drawn("")}</clipPath>'
            f'<g clip-path="url(#{name})">{lines}</g>',
            claims=False,
        )

    def layers(self) -> Iterator[Layer]:
        for claims, parts in self.runs:
            # No shape is more than opaque: such a layer is in the picture but not in the map.
            threshold = 0.5 if claims else 2.0
            yield Layer(
                svg="".join(parts),
                class_id=self.layer.class_id,
                name=self.layer.name,
                min_opacity=threshold,
            )


def read_shapes(svg: str) -> Iterator[Shape]:
    def walk(element: ET.Element, moves: str, paint: dict[str, str]) -> Iterator[Shape]:
        if element.tag in ("defs", "linearGradient"):
            return
        moves = f"{moves} {element.get('transform', '')}".strip()
        paint = paint | {k: v for k, v in element.attrib.items() if k in ("fill", "fill-opacity")}
        for child in element:
            yield from walk(child, moves, paint)
        if element.tag != "g":
            skipped = ("fill", "fill-opacity", "opacity", "style", "transform")
            kept = [f'{k}="{v}"' for k, v in element.attrib.items() if k not in skipped]
            kept += [f'transform="{moves}"'] * bool(moves)
            tag = f"<{element.tag} {' '.join(kept)}"
            yield Shape(tag, paint["fill"], float(paint.get("fill-opacity", 1)))

    yield from walk(ET.fromstring(f'<g fill="black">{svg}</g>'), "", {})


@cache
def diagonals(step: float, slope: int, box: Box) -> str:
    """Hatching of a box: rising (1) or falling (-1) lines, ``step`` apart."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    apart = step * math.sqrt(2)
    data = ""
    for number in range(1, int((width + height) / apart) + 1):
        along = number * apart
        low, high = max(0.0, along - height), min(width, along)
        ends = ((low, along - low), (high, along - high))
        (ax, ay), (bx, by) = ((x if slope > 0 else width - x, y) for x, y in ends)
        data += f"M{left + ax:.4g} {top + ay:.4g}L{left + bx:.4g} {top + by:.4g}"
    return f'<path d="{data}" {stroke(FINE)}/>'


@cache
def strands() -> str:
    """Hatching of hair: arches from a parting in the middle, which hang down at both sides."""
    data = "".join(
        f"M{MIDDLE - k:g} 280V110A{k:g} {10 + k:g} 0 0 1 {MIDDLE + k:g} 110V280"
        for k in (4 + 7.5 * i for i in range(18))
    )
    return f'<path d="{data}" {stroke(FINE)}/>'


@cache
def shine(color: str) -> str:
    """Some strands where light falls on hair."""
    data = ""
    for number, k in enumerate(34 + 9.0 * i for i in range(10)):
        for low, high in ((198, 232), (316, 338)):
            ends = (math.radians(a + 5 * (number % 3)) for a in (low, high))
            (ax, ay), (bx, by) = (
                (MIDDLE + k * math.cos(a), 110 + (k + 10) * math.sin(a)) for a in ends
            )
            data += f"M{ax:.4g} {ay:.4g}A{k:g} {k + 10:g} 0 0 1 {bx:.4g} {by:.4g}"
    return f'<path d="{data}" {stroke(FINE, color)}/>'
