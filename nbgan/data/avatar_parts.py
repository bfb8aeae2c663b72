"""From a DiceBear style definition to labelled layers.

DiceBear builds an avatar from components (eyes, mouth, hair ...), each drawn by one of several
variants. Its SVG keeps that structure: every component is a ``<use>`` of a definition named
``component-variant-hash``, in painting order. This module expands the references and cuts the
drawing into layers, one per run of shapes of the same component and class.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from importlib import resources

from dicebear import Avatar, Style

from nbgan.data.avatar_styles import CLASSES, STYLE_SHEETS, StyleSheet
from nbgan.data.layers import Layer
from nbgan.errors import InputError

ALLOWED_LICENSES = (
    "CC0 1.0",
    "CC BY 4.0",
    "MIT",
    "Free for personal and commercial use",
)
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_URL = re.compile(r"url\(#([^)]+)\)")
# Groups with one of these act on their content as a whole and cannot be cut into layers.
_WHOLE = {"mask", "clip-path", "opacity", "filter", "style"}


def check_license(style: str, meta: dict) -> None:
    """Raise InputError unless a definition's licence allows use and adaptation by anybody.

    Args:
        style: name of the style, for the message.
        meta: the ``meta`` block of a DiceBear definition.
    """
    name = meta.get("license", {}).get("name")
    if name not in ALLOWED_LICENSES:
        raise InputError(
            f"style '{style}': licence {name!r} is not known to allow use here; allowed are "
            f"{', '.join(ALLOWED_LICENSES)}. Choose another style"
        )


@cache
def load_definition(style: str) -> dict:
    """A DiceBear style definition, as installed with the package ``dicebear-styles``.

    Raises:
        InputError: unknown style, or a licence that is not allowed.
    """
    if style not in STYLE_SHEETS:
        raise InputError(f"style: got {style!r}, allowed are {', '.join(map(repr, STYLE_SHEETS))}")
    text = resources.files("dicebear_styles").joinpath(f"{style}.json").read_text("utf-8")
    definition = json.loads(text)
    check_license(style, definition["meta"])
    return definition


@cache
def _dicebear_style(style: str) -> Style:
    return Style(load_definition(style))


def avatar_layers(
    style: str, variants: dict[str, str | None], colors: dict[str, str]
) -> list[Layer]:
    """Layers of one avatar, without a background, in the canvas coordinates of its style.

    Args:
        style: a key of ``STYLE_SHEETS``.
        variants: variant of every component; ``None`` leaves the component out.
        colors: ``#rrggbb`` of every named colour of the definition.

    Returns:
        Layers with class ids of ``CLASSES``; ``Layer.name`` is the component's name.
    """
    # The seed only ends up in ids: everything that could be random is given.
    options: dict[str, object] = {"seed": "avatar"}
    for component, variant in variants.items():
        options[f"{component}Probability"] = 0 if variant is None else 100
        if variant is not None:
            options[f"{component}Variant"] = [variant]
    for name, value in colors.items():
        options[f"{name}Color"] = [value]
    root = ET.fromstring(Avatar(_dicebear_style(style), options).to_string())
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
    return _Cutter(root, STYLE_SHEETS[style]).cut()


class _Cutter:
    """Walks an expanded drawing and collects its shapes as layers."""

    def __init__(self, root: ET.Element, sheet: StyleSheet) -> None:
        self.sheet = sheet
        self.root = root
        self.by_id = {e.get("id"): e for e in root.iter() if e.get("id")}
        self.layers: list[Layer] = []
        self.seen: dict[tuple[str, str], int] = {}

    def cut(self) -> list[Layer]:
        # DiceBear wraps the drawing in one group that clips it to the canvas; the view box
        # does that here.
        canvas = self.root.findall("g")[-1]
        inherited = {"fill": self.root.get("fill", "black")}
        for child in canvas:
            self.visit(child, [inherited], ("base", "base"))
        for lower, upper in self.sheet.below:
            names = [layer.name for layer in self.layers]
            if lower in names and upper in names and names.index(lower) > names.index(upper):
                moved = self.layers.pop(names.index(lower))
                self.layers.insert(names.index(upper), moved)
        return self.layers

    def visit(
        self, element: ET.Element, wrappers: list[dict[str, str]], part: tuple[str, str]
    ) -> None:
        if element.tag == "use":
            target = self.by_id[element.get("href", "")[1:]]
            component, variant, _ = target.get("id", "").split("-")
            own = {k: v for k, v in element.attrib.items() if k != "href"}
            for child in target:
                self.visit(child, [*wrappers, own], (component, variant))
        elif element.tag == "g" and not _WHOLE & set(element.attrib):
            for child in element:
                self.visit(child, [*wrappers, dict(element.attrib)], part)
        elif element.tag in ("mask", "clipPath", "defs", "linearGradient", "radialGradient"):
            return
        else:
            self.add(element, wrappers, part)

    def add(
        self, element: ET.Element, wrappers: list[dict[str, str]], part: tuple[str, str]
    ) -> None:
        component, variant = part
        number = self.seen.get(part, 0)
        self.seen[part] = number + 1
        pieces = [element]
        rules = self.sheet.shape_classes(component, variant, number)
        if len(rules) > 1:
            pieces = _split_path(element, len(rules))
        masked = self.masked_component(element)
        for piece, rule in zip(pieces, rules, strict=True):
            # A translucent patch cut out in the shape of a mouth shows the mouth through a beard.
            class_name = self.sheet.parts[masked] if masked else rule
            threshold = 0.0 if masked or class_name in self.sheet.translucent else 0.5
            name = masked or component
            self.append(self.markup(piece, wrappers), class_name, name, threshold)

    def append(self, svg: str, class_name: str, name: str, threshold: float) -> None:
        class_id = CLASSES.index(class_name)
        last = self.layers[-1] if self.layers else None
        if last and (last.class_id, last.name, last.min_opacity) == (class_id, name, threshold):
            svg = self.layers.pop().svg + svg
        self.layers.append(Layer(svg=svg, class_id=class_id, name=name, min_opacity=threshold))

    def masked_component(self, element: ET.Element) -> str | None:
        for child in element.iter():
            for name in _URL.findall(child.get("mask", "")):
                for use in self.by_id[name].iter("use"):
                    return use.get("href", "")[1:].split("-")[0]
        return None

    def markup(self, element: ET.Element, wrappers: list[dict[str, str]]) -> str:
        """The element as text, references expanded, with what it refers to and its wrappers."""
        body = ET.tostring(self.expanded(element), encoding="unicode")
        needed: list[str] = []
        self.collect(body, needed)
        definitions = "".join(needed)
        if definitions:
            body = f"<defs>{definitions}</defs>{body}"
        for attributes in reversed(wrappers):
            if attributes:
                group = ET.Element("g", attributes)
                group.text = "\0"
                body = ET.tostring(group, encoding="unicode").replace("\0", body)
        return body

    def collect(self, text: str, needed: list[str]) -> None:
        for name in dict.fromkeys(_URL.findall(text)):
            definition = ET.tostring(self.expanded(self.by_id[name]), encoding="unicode")
            if definition not in needed:
                self.collect(definition, needed)
                needed.append(definition)

    def expanded(self, element: ET.Element) -> ET.Element:
        if element.tag == "use":
            own = {k: v for k, v in element.attrib.items() if k != "href"}
            copy = ET.Element("g", own)
            copy.extend([self.expanded(c) for c in self.by_id[element.get("href", "")[1:]]])
            return copy
        copy = ET.Element(element.tag, dict(element.attrib))
        inside = element.tag in ("mask", "clipPath")
        copy.extend(
            [self.expanded(c) for c in element if inside or c.tag not in ("mask", "clipPath")]
        )
        return copy


def _split_path(element: ET.Element, count: int) -> list[ET.Element]:
    """Cut a path at its absolute moves; the last ``count - 1`` pieces come out alone."""
    moves = re.findall(r"M[^M]*", element.get("d", ""))
    head = len(moves) - count + 1
    return [
        ET.Element(element.tag, dict(element.attrib) | {"d": data})
        for data in ["".join(moves[:head]), *moves[head:]]
    ]
