"""Pictures as ordered lists of labelled vector layers.

A :class:`Layer` is a fragment of SVG with a class id and, if it is a thing that can be counted,
an instance id. :func:`render` paints the list twice from the same geometry: once as a picture,
with its own colours and smooth edges, and once as a map, where every layer is filled with one
flat code colour and edges are not smoothed. The map is painted at twice the size, and the layer
that shows in most of a pixel's four quarters owns it, the upper one if two share it equally. So
picture, class map and instance map agree to the pixel, a line half a pixel wide stays whole, and
a hairline gap between two shapes does not become a speck.

Shadows and highlights are drawn with translucent shapes. A shape whose opacity is below
``Layer.min_opacity`` colours the picture but does not claim the pixel: the cast shadow of a
fringe stays skin.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import resvg_py
from PIL import Image

from nbgan.errors import InputError

_SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
_CLIPS = {"mask", "clipPath"}
_GRADIENTS = {"linearGradient", "radialGradient"}
_UNPAINTED = _GRADIENTS | {"filter", "pattern", "title", "desc", "metadata"}
_COLORING = {
    "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "style", "filter", "color",
    "shape-rendering", "mix-blend-mode",
}  # fmt: skip
_REFERENCE = re.compile(r'(\bid="|url\(#|href="#)')


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One labelled piece of a picture.

    Args:
        svg: SVG elements (groups, paths, basic shapes, gradients, masks, clip paths, filters),
            in the coordinates of the picture's view box. ``use``, ``image`` and ``text`` are
            refused: the first cannot be relabelled in place, the others look different on
            another machine.
        class_id: class of the pixels it covers, 0 or more.
        instance: instance of the pixels it covers; 0 means "not a countable thing".
        name: what it is, for example ``"eyes"``; free for the caller's use.
        min_opacity: a shape in it claims pixels only if its opacity reaches this value, 0..1.
    """

    svg: str
    class_id: int
    instance: int = 0
    name: str = ""
    min_opacity: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What :func:`render` returns.

    Args:
        image: uint8 ``[H, W, 3]``, smooth edges.
        label: int64 ``[H, W]``, class id of the layer that owns the pixel; ``empty_class`` where
            there is none.
        instance: int64 ``[H, W]``, its instance id; 0 where there is none.
        layer: int64 ``[H, W]``, its index; -1 where there is none.
    """

    image: np.ndarray
    label: np.ndarray
    instance: np.ndarray
    layer: np.ndarray


def render(
    layers: Sequence[Layer],
    size: int | tuple[int, int],
    *,
    view_box: tuple[float, float, float, float],
    empty_class: int = 0,
) -> Rendered:
    """Paint layers, first to last, as a picture and as its maps.

    Args:
        layers: what to paint, the furthest first; 1 to 65535 of them.
        size: side of the square output in pixels, or ``(height, width)``.
        view_box: ``(x, y, width, height)`` of the part of the plane that is shown. Where its
            aspect differs from the output's, it is scaled to cover the output and cut.
        empty_class: class of pixels that no layer claims; they are white in the picture.

    Raises:
        InputError: bad size, bad ids, SVG that does not parse or holds an element that cannot be
            labelled, or a half-transparent mask, which has no single owner per pixel.
    """
    layers = [_own_ids(layer, index) for index, layer in enumerate(layers)]
    index = layer_map(layers, size, view_box=view_box, own_ids=False)
    picture = paint(layers, size, view_box=view_box, own_ids=False)
    classes = np.array([layer.class_id for layer in layers] + [empty_class], dtype=np.int64)
    instances = np.array([layer.instance for layer in layers] + [0], dtype=np.int64)
    return Rendered(
        image=picture,
        label=classes[index],
        instance=instances[index],
        layer=index,
    )


def paint(
    layers: Sequence[Layer],
    size: int | tuple[int, int],
    *,
    view_box: tuple[float, float, float, float],
    own_ids: bool = True,
) -> np.ndarray:
    """Paint layers as a picture, uint8 ``[H, W, 3]``, on white.

    This is the picture half of :func:`render`, without the maps.

    Args:
        layers, size, view_box: as for :func:`render`.
        own_ids: as for :func:`layer_map`.

    Raises:
        InputError: bad size, or SVG that does not parse.
    """
    if own_ids:
        layers = [_own_ids(layer, index) for index, layer in enumerate(layers)]
    document = _Document(size=_check_size(size), view_box=view_box)
    picture = document.paint("".join(layer.svg for layer in layers), smooth=True)
    return np.ascontiguousarray(picture[..., :3])


def layer_map(
    layers: Sequence[Layer],
    size: int | tuple[int, int],
    *,
    view_box: tuple[float, float, float, float],
    own_ids: bool = True,
) -> np.ndarray:
    """Index of the layer that owns each pixel, int64 ``[H, W]``; -1 where there is none.

    This is the map half of :func:`render`, without the picture.

    Args:
        layers: as for :func:`render`.
        size: as for :func:`render`.
        view_box: as for :func:`render`.
        own_ids: whether the SVG ids of different layers may clash and are to be kept apart.

    Raises:
        InputError: as for :func:`render`.
    """
    if not 1 <= len(layers) <= 65535:
        raise InputError(f"layers: got {len(layers)} layers, allowed are 1 to 65535")
    if own_ids:
        layers = [_own_ids(layer, index) for index, layer in enumerate(layers)]
    codes = [_code(index) for index in range(len(layers))]
    flat = [_flatten(layer, code) for layer, code in zip(layers, codes, strict=True)]
    height, width = _check_size(size)
    document = _Document(size=(2 * height, 2 * width), view_box=view_box)
    pixels = document.paint("".join(flat), smooth=False).astype(np.int64)
    found = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    order = ((found >> 8) & 0xFFFF) - 1
    painted = pixels[..., 3] > 0
    known = np.array([int(code[1:], 16) for code in codes])
    wrong = painted & (
        (order >= len(layers)) | (order < 0) | (known[order.clip(0, len(layers) - 1)] != found)
    )
    if wrong.any() or (pixels[..., 3] % 255).any():
        raise InputError(
            f"layers: {int(wrong.sum())} pixels belong to two layers at once, which happens with "
            "half-transparent masks; allowed are masks that are fully open or closed, so make "
            "the mask's shapes opaque and draw soft shading with translucent shapes instead"
        )
    return _majority(np.where(painted, order, -1))


def _majority(fine: np.ndarray) -> np.ndarray:
    """Most frequent value of every 2 x 2 block, the largest of equally frequent ones."""
    height, width = fine.shape
    quarters = fine.reshape(height // 2, 2, width // 2, 2).transpose(0, 2, 1, 3)
    a, b, c, d = np.moveaxis(np.sort(quarters.reshape(height // 2, width // 2, 4)), -1, 0)
    return np.where(c == d, d, np.where(b == c, c, np.where(a == b, a, d)))


def _code(index: int) -> str:
    """Colour that stands for a layer: two bytes of index, one of checksum to catch blends."""
    return f"#{index + 1:04x}{(index * 37 + 11) & 255:02x}"


def _check_size(size: int | tuple[int, int]) -> tuple[int, int]:
    sides = size if isinstance(size, tuple) and len(size) == 2 else (size, size)
    for side in sides:
        if isinstance(side, bool) or not isinstance(side, int) or not 1 <= side <= 8192:
            raise InputError(
                f"size: got {size!r}, allowed is a whole number of pixels from 1 to 8192, "
                "or a pair (height, width) of them"
            )
    return sides


@dataclass(frozen=True, kw_only=True)
class _Document:
    size: tuple[int, int]
    view_box: tuple[float, float, float, float]

    def paint(self, body: str, *, smooth: bool) -> np.ndarray:
        """Render to uint8 ``[H, W, 4]``."""
        height, width = self.size
        box = " ".join(f"{value:g}" for value in self.view_box)
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="{box}" preserveAspectRatio="xMidYMid slice">{body}</svg>'
        )
        # Fonts are never needed, and looking for them is slow and differs between machines.
        try:
            png = resvg_py.svg_to_bytes(
                svg_string=svg,
                skip_system_fonts=True,
                background="#ffffff" if smooth else None,
                shape_rendering="geometric_precision" if smooth else "crisp_edges",
            )
        except ValueError as error:
            raise InputError(
                f"layers: the drawing is not valid SVG ({error}); check the fragments"
            ) from None
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def _own_ids(layer: Layer, index: int) -> Layer:
    """Prefix the SVG ids of a layer, so that two layers may both call a gradient ``shine``."""
    return replace(layer, svg=_REFERENCE.sub(rf"\g<1>layer{index}-", layer.svg))


def _flatten(layer: Layer, code: str) -> str:
    """The layer's SVG with every shape that claims pixels filled with ``code``, others removed."""
    where = f"layer '{layer.name}'" if layer.name else "layer"
    if layer.class_id < 0 or layer.instance < 0:
        raise InputError(
            f"{where}: class id {layer.class_id} and instance {layer.instance} must be 0 or more"
        )
    try:
        root = ET.fromstring(f'<g xmlns:xlink="http://www.w3.org/1999/xlink">{layer.svg}</g>')
    except ET.ParseError as error:
        raise InputError(f"{where}: its SVG does not parse ({error}); close every tag") from None
    painter = _Flattener(where=where, code=code, threshold=layer.min_opacity - 1e-6)
    painter.read_gradients(root)
    flat = painter.element(root, {"fill": "black", "stroke": "none"}, 1.0)
    return "" if flat is None else ET.tostring(flat, encoding="unicode")


class _Flattener:
    def __init__(self, *, where: str, code: str, threshold: float) -> None:
        self.where, self.code, self.threshold = where, code, threshold
        self.gradients: dict[str, float] = {}

    def read_gradients(self, root: ET.Element) -> None:
        """Note the mean opacity of every gradient."""
        for element in root.iter():
            if element.tag in _GRADIENTS:
                stops = [float(_painting(stop).get("stop-opacity", 1)) for stop in element]
                self.gradients[element.get("id", "")] = sum(stops) / max(len(stops), 1)

    def element(
        self, element: ET.Element, paint: dict[str, str], opacity: float
    ) -> ET.Element | None:
        if element.tag in _UNPAINTED:
            return None
        if element.tag in _CLIPS:
            return _crisp(element)
        if element.tag not in _SHAPES | {"g", "defs"}:
            raise InputError(
                f"{self.where}: SVG element <{element.tag}> cannot be labelled; allowed are "
                f"groups, masks, gradients and {', '.join(sorted(_SHAPES))}. Expand or convert it"
            )
        own = _painting(element)
        if own.get("display") == "none":
            return None
        opacity *= float(own.get("opacity", 1))
        paint = paint | {
            key: own[key]
            for key in ("fill", "stroke", "fill-opacity", "stroke-opacity")
            if key in own
        }
        kept = {key: value for key, value in element.attrib.items() if key not in _COLORING}
        flat = ET.Element(element.tag, kept)
        if element.tag in _SHAPES:
            colors = {side: self.color(side, paint, opacity) for side in ("fill", "stroke")}
            flat.attrib.update(colors)
            return None if set(colors.values()) == {"none"} else flat
        children = [self.element(child, paint, opacity) for child in element]
        flat.extend([child for child in children if child is not None])
        return flat if len(flat) else None

    def color(self, side: str, paint: dict[str, str], opacity: float) -> str:
        value = paint[side]
        opacity *= float(paint.get(f"{side}-opacity", 1))
        if value.startswith("url(#"):
            opacity *= self.gradients.get(value[5:].rstrip(")"), 1.0)
        claims = value not in ("none", "transparent") and opacity >= self.threshold
        return self.code if claims else "none"


def _painting(element: ET.Element) -> dict[str, str]:
    """Attributes of an element with its ``style`` declarations taken in."""
    declared = (part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)
    return dict(element.attrib) | {key.strip(): value.strip() for key, value in declared}


def _crisp(element: ET.Element) -> ET.Element:
    """Copy of a mask or clip path that does not ask for smooth edges."""
    kept = {key: value for key, value in element.attrib.items() if key != "shape-rendering"}
    copy = ET.Element(element.tag, kept)
    copy.extend([_crisp(child) for child in element])
    return copy
