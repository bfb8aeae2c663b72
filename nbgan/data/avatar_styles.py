"""What nbgan knows about each avatar style: which drawing part is which class, and what varies.

The drawings and their licences come from the package ``dicebear-styles``; this table only says
how to read them. Coordinates are those of a style's own canvas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CLASSES = (
    "background",
    "skin",
    "hair",
    "eyes",
    "eyebrows",
    "nose",
    "mouth",
    "facial_hair",
    "glasses",
    "clothes",
    "hat",
    "accessory",
)
COLORS = (
    (38, 38, 46),
    (244, 190, 150),
    (122, 74, 48),
    (62, 142, 214),
    (160, 110, 200),
    (240, 142, 72),
    (214, 56, 76),
    (84, 112, 66),
    (40, 190, 190),
    (96, 118, 214),
    (236, 200, 66),
    (236, 120, 180),
)
FLAGS = ("glasses", "facial_hair", "hat", "smile", "eyes_closed", "long_hair")


def _numbered(numbers: str) -> frozenset[str]:
    return frozenset(f"variant{int(number):02d}" for number in numbers.split())


@dataclass(frozen=True, kw_only=True)
class StyleSheet:
    """How to read one DiceBear definition.

    Args:
        parts: class name of every component.
        shapes: exceptions: ``(component, variant, number of the shape)`` to class names;
            ``"*"`` and ``-1`` match every variant and every number. With several names the path
            is cut at its last absolute moves and each piece gets its own class.
        translucent: classes drawn with a shade so light that it would not claim its pixels.
        flags: which of ``FLAGS`` the style knows: true if ``component`` shows one of
            ``variants``; an empty set stands for any variant. A flag that is not listed is false.
        hair: component whose variant is reported as the hair style.
        view_box: the square of the canvas that is shown.
        chin: lowest point of the face, by variant of the component ``head``; ``"*"`` for any.
        probability: chance, 0..1, that a component shows; where it differs from the definition.
        excluded: variants that are never drawn, with the reason beside the table.
        same_color: colours that follow another colour.
        below: ``(component, component)`` pairs: the first is painted below the second, although
            the definition has it above.
    """

    parts: Mapping[str, str]
    flags: Mapping[str, tuple[str, frozenset[str]]]
    hair: str
    view_box: tuple[float, float, float, float]
    chin: Mapping[str, tuple[float, float]]
    shapes: Mapping[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    translucent: frozenset[str] = frozenset()
    probability: Mapping[str, float] = field(default_factory=dict)
    excluded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    same_color: Mapping[str, str] = field(default_factory=dict)
    below: tuple[tuple[str, str], ...] = ()

    def shape_classes(self, component: str, variant: str, number: int) -> tuple[str, ...]:
        """Class names of the ``number``-th shape of a component: usually one."""
        for key in (
            (component, variant, number),
            (component, variant, -1),
            (component, "*", number),
        ):
            if key in self.shapes:
                return self.shapes[key]
        return (self.parts[component],)


_FACE = {"eyes": "eyes", "eyebrows": "eyebrows", "nose": "nose", "mouth": "mouth"}
_HATS = ("hat", "hijab", "turban", "winterHat02", "winterHat03", "winterHat04", "winterHat1")

_AVATAAARS = StyleSheet(
    parts=_FACE
    | {
        "base": "skin",
        "clothes": "clothes",
        "clothesGraphic": "clothes",
        "top": "hair",
        "facialHair": "facial_hair",
        "accessories": "glasses",
    },
    shapes={("top", hat, -1): ("hat",) for hat in _HATS}
    | {("top", "hat", 1): ("hair",), ("top", "froBand", 1): ("accessory",)}
    | {("top", "frida", number): ("accessory",) for number in range(2, 18)},
    translucent=frozenset({"nose"}),
    flags={
        "glasses": ("accessories", frozenset()),
        "facial_hair": ("facialHair", frozenset()),
        "hat": ("top", frozenset(_HATS)),
        "smile": ("mouth", frozenset({"default", "smile", "twinkle", "tongue"})),
        "eyes_closed": ("eyes", frozenset({"closed", "happy"})),
        "long_hair": (
            "top",
            frozenset({"bigHair", "bob", "curly", "curvy", "dreads", "longButNotTooLong"})
            | {"miaWallace", "shavedSides", "straight01", "straight02", "straightAndStrand"},
        ),
    },
    hair="top",
    view_box=(14, 2, 252, 252),
    chin={"*": (140, 185)},
    probability={"accessories": 0.25, "facialHair": 0.2},
    excluded={
        # Not a face one wants to meet, or blush and tears drawn as part of the mouth or eye.
        "mouth": frozenset({"vomit", "eating"}),
        "eyes": frozenset({"cry", "xDizzy"}),
        "accessories": frozenset({"eyepatch"}),
        # Pale grey whatever the hair colour.
        "eyebrows": frozenset({"unibrowNatural"}),
    },
    same_color={"facialHair": "hair"},
)

_TOON_HEAD = StyleSheet(
    parts=_FACE
    | {
        "body": "skin",
        "head": "skin",
        "clothes": "clothes",
        "hair": "hair",
        "rearHair": "hair",
        "beard": "facial_hair",
    },
    # The nose is the last stroke of the face's shading.
    shapes={("head", "*", 1): ("skin", "nose")},
    translucent=frozenset({"nose"}),
    flags={
        "facial_hair": ("beard", frozenset()),
        "smile": ("mouth", frozenset({"smile", "laugh"})),
        "eyes_closed": ("eyes", frozenset({"bow", "humble"})),
        "long_hair": ("rearHair", frozenset()),
    },
    hair="hair",
    view_box=(34, 0, 700, 700),
    chin={"*": (384, 586)},
    probability={"beard": 0.25, "rearHair": 0.45},
)

_LORELEI = StyleSheet(
    parts=_FACE
    | {
        "head": "skin",
        "freckles": "skin",
        "hair": "hair",
        "hairAccessories": "accessory",
        "earrings": "accessory",
        "beard": "facial_hair",
        "glasses": "glasses",
    },
    flags={
        "glasses": ("glasses", frozenset()),
        "facial_hair": ("beard", frozenset()),
        "smile": (
            "mouth",
            frozenset(f"happy{n:02d}" for n in (*range(1, 8), 9, 13, 15, 16)),
        ),
        "eyes_closed": ("eyes", _numbered("1 19 22")),
        "long_hair": (
            "hair",
            _numbered("5 10 13 14 15 16 17 18 19 20 21 23 24 29 30 31 32 33 35 37 42 48"),
        ),
    },
    hair="hair",
    view_box=(60, 0, 850, 850),
    chin={"*": (560, 720)},
    probability={"glasses": 0.2, "beard": 0.1, "earrings": 0.2, "hairAccessories": 0.1},
    # Fringes that hide an eye and most of the face.
    excluded={"hair": _numbered("40 41 45")},
)

_NOTIONISTS = StyleSheet(
    parts=_FACE
    | {
        "head": "skin",
        "clothes": "clothes",
        "clothesGraphic": "clothes",
        "hair": "hair",
        "beard": "facial_hair",
        "glasses": "glasses",
        "gesture": "skin",
    },
    shapes={("hair", name, -1): ("hat",) for name in ("hat", "variant61", "variant62", "variant63")}
    # A headband, a scrunchy and a bow.
    | {
        ("hair", "variant08", 0): ("accessory",),
        ("hair", "variant45", 1): ("accessory",),
        ("hair", "variant46", 1): ("accessory",),
    },
    flags={
        "glasses": ("glasses", frozenset()),
        "facial_hair": ("beard", frozenset()),
        "hat": ("hair", _numbered("61 62 63") | {"hat"}),
        "smile": ("mouth", _numbered("3 5 6 8 10 14 17 21 22 23 25 30")),
        "eyes_closed": ("eyes", _numbered("3")),
        "long_hair": (
            "hair",
            _numbered("2 8 10 11 23 28 36 37 39 41 45 46 47 58"),
        ),
    },
    hair="hair",
    view_box=(330, 180, 1100, 1100),
    chin={"*": (900, 1050)},
    # Raised hands belong to arms in sleeves: two classes in one drawing.
    probability={"gesture": 0.0, "glasses": 0.25, "beard": 0.15},
    # Cap and hair in one path; strands, dots or spikes with the background between them.
    excluded={"hair": _numbered("14 42 44 51 60")},
    # Black brows on black lenses would be in the map but not in sight.
    below=(("eyebrows", "glasses"),),
)

STYLE_SHEETS: dict[str, StyleSheet] = {
    "avataaars": _AVATAAARS,
    "toon-head": _TOON_HEAD,
    "lorelei": _LORELEI,
    "notionists": _NOTIONISTS,
}
