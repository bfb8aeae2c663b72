"""Chapter 2: paint a landscape in the page. Exports the shipped SPADE and gathers its examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import torch

from nbgan import zoo
from nbgan.data.landscapes import Landscapes
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, described, thumbnail
from nbgan.live.export import export
from nbgan.live.spade import Halves, Modulate, Paint
from nbgan.spade import SpadeSystem

MODEL = "spade-landscapes"
EXAMPLES = {"meadow": 1, "river": 28, "lake": 36, "beach": 18, "firs": 16, "valley": 6}
"""Validation pictures whose label maps can be painted on; the first one is there at the start."""
STYLES = {"noon": 3, "dawn": 14, "dusk": 17, "winter": 0, "autumn": 28, "storm": 35, "night": 22}
"""Validation pictures whose styles can be chosen."""
THUMBNAIL = 128, 128


def make(folder: Path) -> None:
    """Export both halves of the generator; write examples, styles and the picture of the page."""
    write(cast(SpadeSystem, zoo.load(MODEL)), folder)


def write(system: SpadeSystem, folder: Path) -> None:
    """As :func:`make`, for any SPADE system with styles that was trained on Landscapes."""
    halves = Halves(system)
    size = halves.height, halves.width
    world = Landscapes(size=size, split="val")
    masks = {name: world[i]["label"].to(torch.uint8) for name, i in EXAMPLES.items()}
    sources = {name: world[i]["image"] for name, i in STYLES.items()}
    styles, _ = system.encode(torch.stack(list(sources.values())))
    start, style = next(iter(masks.values())), styles[:1]

    label = start[None]
    modulate, names = Modulate(halves).eval(), halves.names()
    with torch.no_grad():
        kept = dict(zip((name for name, _ in names), modulate(label), strict=True))
    cards = [
        export(
            modulate,
            {"label": label},
            name=f"{MODEL}.modulate",
            out=folder,
            outputs=list(kept),
            dynamic={"label": {1: "height", 2: "width"}},
            label_space=system.label_space,
        ),
        export(
            Paint(halves),
            {"label": label, "style": style, **kept},
            name=f"{MODEL}.paint",
            out=folder,
            label_space=system.label_space,
        ),
    ]
    space = system.label_space
    data = {
        "width": halves.width,
        "height": halves.height,
        "classes": described(space),
        "ignoreId": space.ignore_id,
        "startClass": space.index("water"),
        "examples": list(masks),
        "length": halves.z_dim,
        "styles": [
            {
                "name": name,
                "thumbnail": thumbnail(sources[name], THUMBNAIL),
                "values": values.tolist(),
            }
            for name, values in zip(sources, styles, strict=True)
        ],
        "plan": {
            "modulate": cards[0].name,
            "paint": cards[1].name,
            "width": halves.width,
            "height": halves.height,
            "reach": halves.reach(),
            "maps": [{"name": name, "stride": stride} for name, stride in names],
        },
        "parameters": f"{sum(card.parameters for card in cards):,}",
    }
    (folder / f"{PAINT_LANDSCAPES.name}.json").write_text(json.dumps(data))
    together = np.concatenate([mask.numpy().ravel() for mask in masks.values()])
    (folder / f"{PAINT_LANDSCAPES.name}.masks").write_bytes(together.tobytes())
    painted = system.generate(label.long(), style=style)[0]
    cover(space.colorize(start), painted).save(
        folder / f"{PAINT_LANDSCAPES.name}.webp", quality=88, method=6
    )


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
_PAINTER = _NBGAN / "widgets" / "painter"
PAINT_LANDSCAPES = Demo(
    name="paint-landscapes",
    module=_HERE / "paint_landscapes.js",
    alt="Left a label map: sky, mountains, a house on a meadow. Right the landscape that the "
    "generator painted from it.",
    invitation="Open the painter",
    modules={"painter.mjs": _PAINTER / "index.js"},
    files=(_HERE / "kept_maps.js", _HERE / "spade_worker.js", _PAINTER / "painter.css"),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        *sorted(_NBGAN.glob("live/**/*.py")),
        *sorted(_NBGAN.glob("spade/*.py")),
        *sorted(_NBGAN.glob("norms/*.py")),
        *sorted(_NBGAN.glob("data/landscapes/*.py")),
    ),
    runtime=True,
)
