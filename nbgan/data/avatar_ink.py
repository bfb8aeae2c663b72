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

import re
from collections.abc import Sequence

from nbgan.data.avatar_pen import (
    FINE,
    MIDDLE,
    Box,
    Shape,
    Sheet,
    diagonals,
    read_shapes,
    shine,
    strands,
    stroke,
)
from nbgan.data.avatar_styles import CLASSES
from nbgan.data.layers import Layer

EYE_SCALE = 1.4
"""How much larger eyes are than in the coloured drawing."""
TONES = ("black", "cross", "hatch", "white")
"""From dark to light."""
_EYES = ((114.0, 112.0), (166.0, 112.0))
_BROWS_UP = 4.0
# Widths of lines on the canvas, where a face is 112 wide.
_OUTLINE, _INNER, _HALO = 3.6, 2.6, 3.2
# Between the lines of hatching, and of shade.
_STEP, _SHADE = 8.0, 4.6
_JAW = "M116 180.61A56 56 0 0 0 164 180.61"
_EARS = "M79.5 111c3.5 1 5 4 4.5 8M200.5 111c-3.5 1-5 4-4.5 8"
# Where shapes of a kind can lie, x and y from and to: lines are drawn no further, which is faster.
_NECK, _CLOTHES, _CANVAS = (112, 178, 168, 202), (36, 180, 244, 280), (10, -20, 270, 280)
# Brightness, 0 to 1, below which a colour is filled, cross-hatched or hatched.
_LIMITS = {
    "hair": (0.33, 0.33, 0.6),
    "facial_hair": (0.6, 0.6, 0.6),
    "clothes": (0.25, 0.52, 0.75),
    "hat": (0.25, 0.52, 0.75),
}
# A round pupil in the middle of the left and of the right eye, which gets a glint.
_PUPILS = (re.compile(r"M22 14a6 6 0 1 1"), re.compile(r"M22 14a6 .*m52 0a|<circle cx=\"68\""))
_GLINTS = "M108 119l9-13M115 120l8-11.5M160 119l9-13M167 120l8-11.5"


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
        sheet = Sheet(layer)
        shapes = list(read_shapes(layer.svg))
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


def _own_color(shape: Shape) -> bool:
    """Whether it has the colour of its part: all others are black, white or nearly white."""
    return shape.opacity == 1 and shape.color not in ("#E6E6E6", "#F2F2F2", "#F4F4F4")


def _tone(shape: Shape, kind: str) -> str:
    limits = _LIMITS.get(kind)
    if limits is None:
        return "white"
    return TONES[sum(shape.brightness >= limit for limit in limits)]


def _paper(sheet: Sheet, shapes: list[Shape]) -> None:
    for shape in shapes:
        sheet.put(shape.drawn('fill="white"'))


def _skin(sheet: Sheet, shapes: list[Shape]) -> None:
    for shape in shapes:
        if shape.opacity < 0.5:
            sheet.hatch(shape, diagonals(_SHADE, 1, _NECK))
            continue
        _outlined(sheet, shape, _OUTLINE)
        for lines, width in ((_EARS, _INNER), (_JAW, _OUTLINE)):
            sheet.put(f'<path d="{lines}" {stroke(width)}/>')


def _nose(sheet: Sheet, shapes: list[Shape]) -> None:
    for shape in shapes:
        sheet.put(shape.drawn('fill="white"'))
        sheet.put(shape.lined(_INNER))


def _eyes(sheet: Sheet, shapes: list[Shape]) -> None:
    """Each eye by itself, larger about its own centre."""
    # Hearts are as large as larger eyes.
    scale = EYE_SCALE if all(s.color in ("black", "white") for s in shapes) else 1.1
    for side, (x, y) in enumerate(_EYES):
        left, clip = side * MIDDLE, f"side{side}"
        sheet.put(
            f'<clipPath id="{clip}"><rect x="{left}" y="0" width="{MIDDLE}" height="280"/>'
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


def _brows(sheet: Sheet, shapes: list[Shape]) -> None:
    for shape in shapes:
        bold = shape.drawn('fill="black"') + shape.lined(1.8)
        sheet.put(f'<g transform="translate(0 {-_BROWS_UP})">{bold}</g>')


def _mouth(sheet: Sheet, shapes: list[Shape]) -> None:
    for number, shape in enumerate(shapes):
        if shape.color == "black":
            sheet.put(shape.drawn('fill="black"') + shape.lined(1.2))
        elif shape.color == "#E6E6E6":
            sheet.put(shape.drawn('fill="black"'))
        elif shape.color == "white":
            sheet.put(shape.drawn('fill="white"'))
        else:
            _outlined(sheet, shape, FINE if number else _OUTLINE)


def _glasses(sheet: Sheet, shapes: list[Shape]) -> None:
    """Black rims, black lenses with glints."""
    solid = [shape for shape in shapes if shape.opacity > 0.5 and "url" not in shape.color]
    for shape in solid:
        # A frame below its lenses stays white, or both would be one blot.
        if shape.opacity == 1 and shape is not solid[-1]:
            _outlined(sheet, shape, _INNER)
        else:
            sheet.put(shape.drawn('fill="black"') + shape.lined(1.6))
    if len(solid) > 1:
        sheet.put(f'<path d="{_GLINTS}" {stroke(FINE, "white")}/>')


def _graphic(sheet: Sheet, shapes: list[Shape], ground: str) -> None:
    """A print: white on dark cloth, black on light, with a rim that parts it from hatching."""
    ink, rim = ("white", "black") if ground in ("black", "cross") else ("black", "white")
    for shape in shapes:
        if ground != "white":
            sheet.put(shape.lined(5, rim))
        sheet.put(shape.drawn(f'fill="{ink}"'))


def _worn(sheet: Sheet, shapes: list[Shape]) -> None:
    """Hair, beards, clothes, hats and what is put into hair."""
    kind = CLASSES[sheet.layer.class_id]
    tone, box = "white", _CLOTHES if kind == "clothes" else _CANVAS
    solid = any(shape.opacity > 0.6 for shape in shapes)
    for shape in shapes:
        if shape.opacity > 0.6 or not solid:
            tone = _tone(shape, kind) if _own_color(shape) else "white"
            _toned(sheet, shape, tone, kind, box)
        elif kind == "hat" and (shape.color == "white" or shape.opacity == 0.5):
            sheet.put(shape.drawn(f'fill="{shape.color}"') + shape.lined(FINE))
        elif shape.color == "black" and tone != "black":
            # Against the hatching of clothes, so that shade becomes cross-hatching.
            sheet.hatch(shape, diagonals(_SHADE, -1 if kind == "clothes" else 1, box))
        elif shape.color == "white" and shape.opacity >= 0.3:
            sheet.put(shape.drawn(f'fill="{"black" if tone == "white" else "white"}"'))


def _toned(sheet: Sheet, shape: Shape, tone: str, kind: str, box: Box) -> None:
    slope = 1 if kind == "clothes" else -1
    if tone == "black":
        sheet.put(shape.lined(_OUTLINE + 2 * _HALO, "white"), claims=False)
        sheet.put(shape.drawn('fill="black"') + shape.lined(_OUTLINE))
        if kind == "hair":
            sheet.hatch(shape, shine("white"))
        return
    sheet.put(shape.drawn('fill="white"'))
    if tone == "white" and kind == "hair":
        sheet.hatch(shape, shine("black"))
    elif tone != "white":
        lines = strands() if kind == "hair" else diagonals(_STEP, slope, box)
        if tone == "cross":
            lines += diagonals(_STEP, -slope, box)
        sheet.hatch(shape, lines)
    sheet.put(shape.lined(_OUTLINE if kind != "accessory" else FINE))


def _outlined(sheet: Sheet, shape: Shape, width: float) -> None:
    sheet.put(shape.drawn('fill="white"') + shape.lined(width))


_DRAW = {
    "background": _paper,
    "skin": _skin,
    "nose": _nose,
    "eyes": _eyes,
    "eyebrows": _brows,
    "mouth": _mouth,
    "glasses": _glasses,
}
