"""Chapter 7: build or draw a face, translate it either way, see where the generator looks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

from matplotlib import colormaps
from torch import Tensor, nn

from nbgan import cam, zoo
from nbgan.cam.pictures import COLORS, STRENGTH
from nbgan.data.avatar_parts import avatar_layers
from nbgan.data.avatar_sides import PAPER, avatar_side
from nbgan.errors import InputError
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, pixels, thumbnail
from nbgan.live.export import export
from nbgan.ugatit import UGATITGenerator, UGATITSystem

MODEL = "ugatit-avatars"
INK = 6
"""How many ink drawings of the test set can be chosen."""
PARTS: dict[str, tuple[str, dict[str, str | None]]] = {
    "top": (
        "hair",
        {
            "short": "shortFlat",
            "short and curly": "shortCurly",
            "waved": "shortWaved",
            "Caesar": "theCaesar",
            "shaggy": "shaggy",
            "bob": "bob",
            "bun": "bun",
            "curly": "curly",
            "long": "straight01",
            "big": "bigHair",
            "afro": "fro",
        },
    ),
    "accessories": (
        "glasses",
        {"none": None, "round": "round", "square": "prescription02", "dark": "sunglasses"},
    ),
    "facialHair": (
        "beard",
        {"none": None, "light": "beardLight", "moustache": "moustacheMagnum"},
    ),
    "mouth": (
        "mouth",
        {"smile": "smile", "twinkle": "twinkle", "serious": "serious", "sad": "sad"},
    ),
    "eyes": (
        "eyes",
        {"open": "default", "happy": "happy", "closed": "closed", "to the side": "side"},
    ),
    "clothes": (
        "clothes",
        {"shirt": "shirtCrewNeck", "hoodie": "hoodie", "blazer": "blazerAndShirt"},
    ),
}
"""Component of the source's style: its name for the reader, and words for some of its variants."""
FIXED: dict[str, str | None] = {"eyebrows": "defaultNatural", "nose": "default"}
INKS = {"skin": "#010203", "hair": "#010204", "clothes": "#010205"}
"""Stand-ins for colours that the page fills in; the artwork uses none of them."""
SWATCHES = {
    "skin": ("#edb98a", "#ffdbb4", "#d08b5b", "#ae5d29", "#614335"),
    "hair": ("#4a312c", "#2c1b18", "#a55728", "#d6b370", "#c93305", "#ecdcbf"),
    "clothes": ("#5199e4", "#25557c", "#ff5c5c", "#a7ffc4", "#ffffb1", "#929598"),
}
_REFERENCE = re.compile(r'(\bid="|url\(#|href="#)')


class Translator(nn.Module):
    """A generator as the page uses it: its heat map is enlarged and stretched to [0, 1].

    Args:
        generator: with attention.
    """

    def __init__(self, generator: UGATITGenerator) -> None:
        super().__init__()
        # Without gradients norms are plain operators, which can be exported.
        self.generator = generator.requires_grad_(False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """``[1, 3, H, W]`` in [−1, 1] to a picture like it, a heat map ``[1, H, W]`` in [0, 1], and
        CAM logits ``[1, 2]``."""
        made = self.generator(image)
        assert made.heatmap is not None and made.cam_logits is not None
        large = cam.enlarge(made.heatmap, (image.shape[-2], image.shape[-1]))[:, 0]
        return made.image, cam.to_unit(large), made.cam_logits


def make(folder: Path) -> None:
    """Export both generators; write the parts of faces, ink drawings and the page's picture."""
    write(cast(UGATITSystem, zoo.load(MODEL)), folder)


def write(system: UGATITSystem, folder: Path) -> None:
    """As :func:`make`, for any system with attention that was trained on the embedded pair.

    Raises:
        InputError: a system without attention.
    """
    if not system.recipe.cam:
        raise InputError(f"{MODEL}: has no attention to show; train it with cam=True")
    size = system.recipe.size
    inks = avatar_side("target", size=size, split="test")
    face = avatar_side("source", size=size, split="test")[0]["image"]
    cards = {
        direction: export(
            Translator(generator),
            {"image": face[None]},
            name=f"{MODEL}.{direction}",
            out=folder,
            outputs=("picture", "heat", "logits"),
        )
        for direction, generator in (
            ("a2b", system.generator_a2b),
            ("b2a", system.generator_b2a),
        )
    }
    data = {
        "size": size,
        "models": {direction: card.name for direction, card in cards.items()},
        "parameters": f"{cards['a2b'].parameters:,}",
        "viewBox": list(avatar_side("source").sheet.view_box),
        "paper": PAPER,
        "parts": face_parts(),
        "order": [label for label, _ in PARTS.values()],
        "stand_ins": INKS,
        "swatches": SWATCHES,
        "ink": [thumbnail(inks[i]["image"], (size, size), quality=95) for i in range(INK)],
        "strength": STRENGTH,
        "colors": (colormaps[COLORS].resampled(256)(range(256))[:, :3] * 255).round().tolist(),
    }
    (folder / f"{UGATIT_AVATARS.name}.json").write_text(json.dumps(data))
    made = system.translate(face[None], "a2b").image[0]
    cover(pixels(face), made).save(folder / f"{UGATIT_AVATARS.name}.webp", quality=88, method=6)


def face_parts() -> list[dict]:
    """The vector drawing of every part, in painting order.

    Returns:
        One dict a component: ``name`` (None for what every face has), and ``variants``, each with
        ``word`` and ``svg``, where :data:`INKS` stand for the colours.
    """
    colors = _colors()
    some: dict[str, str | None] = {
        name: next(v for v in words.values() if v) for name, (_, words) in PARTS.items()
    }
    style = avatar_side("source").style
    order = dict.fromkeys(
        layer.name for layer in avatar_layers(style, some | FIXED | _left_out(), colors)
    )
    parts = []
    for name in order:
        label, words = PARTS.get(name, (None, {"": FIXED.get(name)}))
        variants = [{"word": word, "svg": _fragment(name, v)} for word, v in words.items()]
        parts.append({"name": label, "variants": variants})
    return parts


def _fragment(component: str, variant: str | None) -> str:
    """What one component adds to a face, with ids of its own."""
    if variant is None and component != "base":
        return ""
    chosen: dict[str, str | None] = dict.fromkeys([*PARTS, *FIXED]) | _left_out()
    if component != "base":
        chosen[component] = variant
    layers = avatar_layers(avatar_side("source").style, chosen, _colors())
    svg = "".join(layer.svg for layer in layers if layer.name == component)
    return _REFERENCE.sub(rf"\g<1>{component}-", svg)


def _left_out() -> dict[str, str | None]:
    """Components that the page does not offer."""
    known = {*PARTS, *FIXED}
    return {n: None for n in avatar_side("source").definition["components"] if n not in known}


def _colors() -> dict[str, str]:
    """Every colour of the style; those that the reader chooses as stand-ins."""
    palette = avatar_side("source").definition["colors"]
    fixed = {"accessories": "#262e33", "hat": "#3c4f5c", "facialHair": INKS["hair"]}
    return {name: INKS.get(name) or fixed[name] for name in palette}


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
UGATIT_AVATARS = Demo(
    name="ugatit-avatars",
    module=_HERE / "ugatit_avatars.js",
    alt="Left a coloured cartoon face, right the ink drawing that the generator made of it.",
    invitation="Translate a face",
    files=(_HERE / "ugatit_avatars.css",),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        *sorted(_NBGAN.glob("live/**/*.py")),
        *sorted(_NBGAN.glob("ugatit/*.py")),
        *sorted(_NBGAN.glob("norms/*.py")),
        *sorted(_NBGAN.glob("cam/*.py")),
        *sorted(_NBGAN.glob("data/avatar*.py")),
    ),
    runtime=True,
)
