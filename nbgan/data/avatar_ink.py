"""Pen drawings of avatars: black ink on white paper, made from the coloured layers.

:func:`ink_layers` redraws the labelled layers of a face of the style ``"avataaars"`` as a pen
would, and knows no grey:

- every shape has a black outline, and a white fill that claims its pixels in the class map;
- hair, beards, clothes and hats are left white, hatched, cross-hatched or filled, by the brightness
  of their colour; hair is hatched along its strands, and filled hair has a shine;
- the shade below the chin and below a fringe becomes short hatching, which belongs to the skin;
- black shapes are parted from what lies below by a thin white line;
- eyes are drawn larger, brows bolder and a little higher, glasses with thick black rims;
- skin is white paper, whatever its colour.

So a class map still agrees with its picture to the pixel, and lies where the coloured one does, but
for outlines, eyes and brows.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nbgan.data.avatar_styles import CLASSES
from nbgan.data.layers import Layer

EYE_SCALE = 1.4
"""How much larger eyes are than in the coloured drawing."""
TONES = ("black", "cross", "hatch", "white")
"""From dark to light."""
_EYES = ((114.0, 112.0), (166.0, 112.0))
_MIDDLE = 140.0
_BROWS_UP = 4.0
_JAW = "M116 180.61A56 56 0 0 0 164 180.61"
_EARS = "M79.5 111c3.5 1 5 4 4.5 8M200.500 111c-3.500 1-5 4-4.500 8"
# Where shapes of a kind can lie, x and y from and to: lines are drawn no further, which is faster.
_NECK, _CLOTHES, _CANVAS = (112, 178, 168, 202), (36, 180, 244, 280), (10, -20, 270, 280)
# Widths of lines on the canvas, where a face is 112 wide.
_OUTLINE, _INNER, _FINE, _HALO = 3.6, 2.6, 2.2, 3.2
# Between the lines of hatching, and of shade.
_STEP, _SHADE = 8.0, 4.6
# Brightness, 0 to 1, below which a colour is filled, cross-hatched or hatched.
_LIMITS = {
    "hair": (0.33, 0.33, 0.6),
    "facial_hair": (0.6, 0.6, 0.6),
    "clothes": (0.25, 0.52, 0.75),
    "hat": (0.25, 0.52, 0.75),
}
# A round pupil in the middle of the left and of the right eye, which gets a glint.
_PUPILS = (re.compile(r"M22 14a6 6 0 1 1"), re.compile(r"M22 14a6 .*m52 0a|<circle cx=\"68\""))
_GLINTS = "M108 119l9-13M115 120l8-11.500M160 119l9-13M167 120l8-11.500"
_Box = tuple[float, float, float, float]
_STROKE = 'fill="none" stroke="{color}" stroke-width="{width:.4g}"'
_JOINS = 'stroke-linejoin="round" stroke-linecap="round"'


@dataclass(frozen=True)
class _Shape:
    """One shape of a layer: its geometry as an unfinished tag, and its paint."""

    tag: str
    color: str
    opacity: float

    def drawn(self, paint: str) -> str:
        return f"{self.tag} {paint}/>"

    def lined(self, width: float, color: str = "black") -> str:
        return self.drawn(f"{_STROKE.format(color=color, width=width)} {_JOINS}")

    @property
    def brightness(self) -> float:
        """0 to 1, as the eye weighs red, green and blue."""
        named = {"black": "#000000", "white": "#ffffff"}.get(self.color, self.color)
        red, green, blue = (int(named[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue


class _Sheet:
    """The drawing so far: runs of SVG that claim their pixels or do not."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.runs: list[tuple[bool, list[str]]] = []
        self.clips = 0

    def put(self, svg: str, *, claims: bool = True) -> None:
        if not self.runs or self.runs[-1][0] != claims:
            self.runs.append((claims, []))
        self.runs[-1][1].append(svg)

    def hatch(self, shape: _Shape, lines: str) -> None:
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


def ink_layers(layers: Sequence[Layer]) -> list[Layer]:
    """The layers of a pen drawing of the same face.

    Args:
        layers: those of :func:`~nbgan.data.avatar_parts.avatar_layers` for ``"avataaars"``, with
            or without a backdrop named ``"background"`` below, which becomes white paper.

    Returns:
        Layers in the same order, with the same class ids and names; layers whose ``min_opacity``
        is above 1 are shading that claims no pixels.
    """
    drawn: list[Layer] = []
    ground = "white"
    for layer in layers:
        sheet = _Sheet(layer)
        shapes = list(_shapes(layer.svg))
        kind = CLASSES[layer.class_id]
        if layer.name == "clothes":
            ground = _tone(next(s for s in reversed(shapes) if _own_color(s)), kind)
        if layer.name == "clothesGraphic":
            _graphic(sheet, shapes, ground)
        elif kind in _DRAW:
            _DRAW[kind](sheet, shapes)
        else:
            _worn(sheet, shapes)
        drawn.extend(sheet.layers())
    return drawn


def _shapes(svg: str) -> Iterator[_Shape]:
    def walk(element: ET.Element, moves: str, paint: dict[str, str]) -> Iterator[_Shape]:
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
            yield _Shape(tag, paint["fill"], float(paint.get("fill-opacity", 1)))

    yield from walk(ET.fromstring(f'<g fill="black">{svg}</g>'), "", {})


def _own_color(shape: _Shape) -> bool:
    """Whether it has the colour of its part: all others are black, white or nearly white."""
    return shape.opacity == 1 and shape.color not in ("#E6E6E6", "#F2F2F2", "#F4F4F4")


def _tone(shape: _Shape, kind: str) -> str:
    limits = _LIMITS.get(kind)
    if limits is None:
        return "white"
    return TONES[sum(shape.brightness >= limit for limit in limits)]


def _paper(sheet: _Sheet, shapes: list[_Shape]) -> None:
    for shape in shapes:
        sheet.put(shape.drawn('fill="white"'))


def _skin(sheet: _Sheet, shapes: list[_Shape]) -> None:
    for shape in shapes:
        if shape.opacity < 0.5:
            sheet.hatch(shape, _diagonals(_SHADE, 1, _NECK))
            continue
        _outlined(sheet, shape, _OUTLINE)
        for lines, width in ((_EARS, _INNER), (_JAW, _OUTLINE)):
            paint = _STROKE.format(color="black", width=width)
            sheet.put(f'<path d="{lines}" {paint} {_JOINS}/>')


def _nose(sheet: _Sheet, shapes: list[_Shape]) -> None:
    for shape in shapes:
        sheet.put(shape.drawn('fill="white"'))
        sheet.put(shape.lined(_INNER))


def _eyes(sheet: _Sheet, shapes: list[_Shape]) -> None:
    """Each eye by itself, larger about its own centre."""
    # Hearts are as large as larger eyes.
    scale = EYE_SCALE if all(s.color in ("black", "white") for s in shapes) else 1.1
    for side, (x, y) in enumerate(_EYES):
        left, clip = side * _MIDDLE, f"side{side}"
        sheet.put(
            f'<clipPath id="{clip}"><rect x="{left}" y="0" width="{_MIDDLE}" height="280"/>'
            f'</clipPath><g clip-path="url(#{clip})"><g transform="translate({x} {y}) '
            f'scale({scale}) translate({-x} {-y})">'
        )
        for shape in shapes:
            if shape.color == "white":
                _outlined(sheet, shape, _INNER / scale)
                continue
            sheet.put(shape.drawn('fill="black"') + shape.lined(0.8))
            if _PUPILS[side].search(shape.tag):
                sheet.put(f'<circle cx="{x - 2}" cy="{y - 2.2}" r="2" fill="white"/>')
        sheet.put("</g></g>")


def _brows(sheet: _Sheet, shapes: list[_Shape]) -> None:
    for shape in shapes:
        bold = shape.drawn('fill="black"') + shape.lined(1.8)
        sheet.put(f'<g transform="translate(0 {-_BROWS_UP})">{bold}</g>')


def _mouth(sheet: _Sheet, shapes: list[_Shape]) -> None:
    for number, shape in enumerate(shapes):
        if shape.color == "black":
            sheet.put(shape.drawn('fill="black"') + shape.lined(1.2))
        elif shape.color == "#E6E6E6":
            sheet.put(shape.drawn('fill="black"'))
        elif shape.color == "white":
            sheet.put(shape.drawn('fill="white"'))
        else:
            _outlined(sheet, shape, _FINE if number else _OUTLINE)


def _glasses(sheet: _Sheet, shapes: list[_Shape]) -> None:
    """Black rims, black lenses with glints."""
    solid = [shape for shape in shapes if shape.opacity > 0.5 and "url" not in shape.color]
    for shape in solid:
        # A frame below its lenses stays white, or both would be one blot.
        if shape.opacity == 1 and shape is not solid[-1]:
            _outlined(sheet, shape, _INNER)
        else:
            sheet.put(shape.drawn('fill="black"') + shape.lined(1.6))
    if len(solid) > 1:
        sheet.put(f'<path d="{_GLINTS}" {_STROKE.format(color="white", width=_FINE)} {_JOINS}/>')


def _graphic(sheet: _Sheet, shapes: list[_Shape], ground: str) -> None:
    """A print: white on dark cloth, black on light, with a rim that parts it from hatching."""
    ink, rim = ("white", "black") if ground in ("black", "cross") else ("black", "white")
    for shape in shapes:
        if ground != "white":
            sheet.put(shape.lined(5, rim))
        sheet.put(shape.drawn(f'fill="{ink}"'))


def _worn(sheet: _Sheet, shapes: list[_Shape]) -> None:
    """Hair, beards, clothes, hats and what is put into hair."""
    kind = CLASSES[sheet.layer.class_id]
    tone, box = "white", _CLOTHES if kind == "clothes" else _CANVAS
    solid = any(shape.opacity > 0.6 for shape in shapes)
    for shape in shapes:
        if shape.opacity > 0.6 or not solid:
            tone = _tone(shape, kind) if _own_color(shape) else "white"
            _toned(sheet, shape, tone, kind, box)
        elif kind == "hat" and (shape.color == "white" or shape.opacity == 0.5):
            sheet.put(shape.drawn(f'fill="{shape.color}"') + shape.lined(_FINE))
        elif shape.color == "black" and tone != "black":
            # Against the hatching of clothes, so that shade becomes cross-hatching.
            sheet.hatch(shape, _diagonals(_SHADE, -1 if kind == "clothes" else 1, box))
        elif shape.color == "white" and shape.opacity >= 0.3:
            sheet.put(shape.drawn(f'fill="{"black" if tone == "white" else "white"}"'))


def _toned(sheet: _Sheet, shape: _Shape, tone: str, kind: str, box: _Box) -> None:
    slope = 1 if kind == "clothes" else -1
    if tone == "black":
        sheet.put(shape.lined(_OUTLINE + 2 * _HALO, "white"), claims=False)
        sheet.put(shape.drawn('fill="black"') + shape.lined(_OUTLINE))
        if kind == "hair":
            sheet.hatch(shape, _shine("white"))
        return
    sheet.put(shape.drawn('fill="white"'))
    if tone == "white" and kind == "hair":
        sheet.hatch(shape, _shine("black"))
    elif tone != "white":
        lines = _strands() if kind == "hair" else _diagonals(_STEP, slope, box)
        if tone == "cross":
            lines += _diagonals(_STEP, -slope, box)
        sheet.hatch(shape, lines)
    sheet.put(shape.lined(_OUTLINE if kind != "accessory" else _FINE))


def _outlined(sheet: _Sheet, shape: _Shape, width: float) -> None:
    sheet.put(shape.drawn('fill="white"') + shape.lined(width))


@cache
def _diagonals(step: float, slope: int, box: _Box) -> str:
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
    return f'<path d="{data}" {_STROKE.format(color="black", width=_FINE)}/>'


@cache
def _strands() -> str:
    """Hatching of hair: arches from a parting in the middle, which hang down at both sides."""
    data = "".join(
        f"M{_MIDDLE - k:g} 280V110A{k:g} {10 + k:g} 0 0 1 {_MIDDLE + k:g} 110V280"
        for k in (4 + 7.5 * i for i in range(18))
    )
    return f'<path d="{data}" {_STROKE.format(color="black", width=_FINE)}/>'


@cache
def _shine(color: str) -> str:
    """Some strands where light falls on hair."""
    data = ""
    for number, k in enumerate(34 + 9.0 * i for i in range(10)):
        for low, high in ((198, 232), (316, 338)):
            ends = (math.radians(a + 5 * (number % 3)) for a in (low, high))
            (ax, ay), (bx, by) = (
                (_MIDDLE + k * math.cos(a), 110 + (k + 10) * math.sin(a)) for a in ends
            )
            data += f"M{ax:.4g} {ay:.4g}A{k:g} {k + 10:g} 0 0 1 {bx:.4g} {by:.4g}"
    return f'<path d="{data}" {_STROKE.format(color=color, width=_FINE)} {_JOINS}/>'


_DRAW = {
    "background": _paper,
    "skin": _skin,
    "nose": _nose,
    "eyes": _eyes,
    "eyebrows": _brows,
    "mouth": _mouth,
    "glasses": _glasses,
}
