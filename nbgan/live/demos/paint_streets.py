"""Chapter 6: paint a street with instances, and choose a style for each. Exports pix2pixHD."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from nbgan import zoo
from nbgan.data.cityscapes import THINGS
from nbgan.data.streets import Streets
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, described, thumbnail
from nbgan.live.export import export
from nbgan.live.pix2pixhd import Begin, Finish, Parts
from nbgan.pix2pixhd import Pix2PixHDSystem, instance_ids

MODEL = "pix2pixhd-streets"
EXAMPLES = {
    "parked cars": 29,
    "avenue": 10,
    "pavement": 11,
    "crossing": 14,
    "brick road": 24,
    "night": 28,
}
"""Validation pictures whose maps can be painted on; the first one is there at the start."""
STYLES = 6
"""So many of a class's clusters can be chosen, those of most instances first."""
SCENES = 40
"""Among so many validation pictures, a good one of each class is looked for."""
MOST = 0.4
"""Larger than this share of the picture, an object shows its style no better."""
THUMBNAIL = 96, 72


def make(folder: Path) -> None:
    """Export both parts of the generator; write examples, styles and the picture of the page."""
    write(cast(Pix2PixHDSystem, zoo.load(MODEL)), folder)


def write(system: Pix2PixHDSystem, folder: Path) -> None:
    """As :func:`make`, for any global generator with styles that was trained on Streets."""
    parts, space = Parts(system), system.label_space
    assert system.clusters is not None
    size = parts.height, parts.width
    world = Streets(size=size, split="val")
    scenes = [world[i] for i in EXAMPLES.values()]
    own = [_own_styles(system, scene) for scene in scenes]
    first = scenes[0]
    label, instance = first["label"][None], first["instance"][None]
    features = system.paint_styles(label, instance, own[:1])
    painted = system.generate(label, instance, features=features)[0]
    inputs = {"label": label.byte(), "instance": instance.int(), "features": features}
    sides = {1: "height", 2: "width"}
    begin = Begin(parts).eval()
    cards = [
        export(
            begin,
            inputs,
            name=f"{MODEL}.begin",
            out=folder,
            outputs=["begun"],
            weights="fp16",
            dynamic={"label": sides, "instance": sides, "features": {2: "height", 3: "width"}},
            label_space=space,
        ),
        export(
            Finish(parts),
            {"begun": begin(*inputs.values()).detach()},
            name=f"{MODEL}.finish",
            out=folder,
            weights="fp16",  # a small generator: eight bits would save a megabyte and cost detail
        ),
    ]
    known = [c for c in range(space.num_classes) if len(system.clusters.of_class(c))]
    data = {
        "width": parts.width,
        "height": parts.height,
        "classes": described(space),
        "ignoreId": space.ignore_id,
        "things": list(THINGS),
        "offered": known,
        "startClass": space.index("car"),
        "startObject": _largest(instance[0], space.index("car")),
        "examples": list(EXAMPLES),
        "own": [{key: _numbers(v) for key, v in table.items()} for table in own],
        "usual": {c: _numbers(system.clusters.centre(c, 0)) for c in known},
        "styles": _thumbnails(system, world, known),
        "plan": {
            "begin": cards[0].name,
            "finish": cards[1].name,
            "width": parts.width,
            "height": parts.height,
            "features": parts.features,
            "reach": parts.reach(),
            "maps": [{"name": "begun", "stride": 1}],
        },
        "parameters": f"{sum(card.parameters for card in cards):,}",
    }
    (folder / f"{PAINT_STREETS.name}.json").write_text(json.dumps(data))
    for name, key, kind in (("masks", "label", "u1"), ("instances", "instance", "<u2")):
        together = torch.stack([scene[key] for scene in scenes]).numpy().astype(kind)
        (folder / f"{PAINT_STREETS.name}.{name}").write_bytes(together.tobytes())
    cover(space.colorize(first["label"]), painted, width=480).save(
        folder / f"{PAINT_STREETS.name}.webp", quality=88, method=6
    )


def _numbers(vector: Tensor) -> list[float]:
    """Few digits: eight bits would do for a style."""
    return [round(value, 4) for value in vector.tolist()]


def _own_styles(system: Pix2PixHDSystem, scene: dict[str, Tensor]) -> dict[int, Tensor]:
    """The vector of each instance, as in its picture."""
    label, instance, image = (scene[key][None] for key in ("label", "instance", "image"))
    return system.instance_styles(label, instance, image=image)[0]


def _largest(ids: Tensor, class_id: int) -> int:
    """A pixel in the middle of the largest object of a class; -1 if there is none."""
    best = max(_objects(ids, class_id), key=lambda found: found[1], default=None)
    if best is None:
        return -1
    inside = (ids == best[0]).nonzero()
    y, x = inside[len(inside) // 2].tolist()
    return y * ids.shape[1] + x


def _objects(ids: Tensor, class_id: int) -> Iterator[tuple[int, int]]:
    """Id and size of the objects of a class."""
    for identity, count in zip(*(v.tolist() for v in ids.unique(return_counts=True)), strict=True):
        if identity in (class_id, *range(class_id * 1000, (class_id + 1) * 1000)):
            yield identity, count


def _thumbnails(
    system: Pix2PixHDSystem, world: Streets, known: list[int]
) -> dict[int, list[dict[str, object]]]:
    """Clusters of each class, with a picture of an object that is painted in each."""
    assert system.clusters is not None
    best: dict[int, tuple[int, int, dict[str, Tensor]]] = {}
    for index in range(SCENES):
        scene = world[index]
        ids = instance_ids(scene["label"][None], scene["instance"][None])[0]
        for c in known:
            for identity, count in _objects(ids, c):
                if count <= MOST * ids.numel() and count > best.get(c, (0,))[0]:
                    best[c] = count, identity, scene
    styles: dict[int, list[dict[str, object]]] = {}
    for c in known:
        centres = system.clusters.of_class(c)[:STYLES]
        styles[c] = [{"values": _numbers(centre)} for centre in centres]
        if c not in best or len(centres) < 2:
            continue
        _, identity, scene = best[c]
        table = _own_styles(system, scene)
        label = scene["label"].expand(len(centres), -1, -1)
        instance = scene["instance"].expand(len(centres), -1, -1)
        tables = [table | {identity: centre} for centre in centres]
        features = system.paint_styles(label, instance, tables)
        pictures = system.generate(label, instance, features=features)
        area = _around(instance_ids(label, instance)[0] == identity)
        for style, picture in zip(styles[c], pictures, strict=True):
            style["thumbnail"] = thumbnail(picture[(slice(None), *area)], THUMBNAIL, quality=70)
    return styles


def _around(inside: Tensor) -> tuple[slice, slice]:
    """A part of the picture around an object, in the proportions of a thumbnail."""
    size = np.array(inside.shape)
    spots = inside.nonzero().numpy()
    low, high = spots.min(0), spots.max(0) + 1
    high_wide = np.array(THUMBNAIL[::-1])
    unit = min(max(((high - low + 4) / high_wide).max(), 0.25), (size / high_wide).min())
    span = np.round(high_wide * unit).astype(int)
    start = np.clip((low + high - span) // 2, 0, size - span)
    return slice(start[0], start[0] + span[0]), slice(start[1], start[1] + span[1])


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
_PAINTER = _NBGAN / "widgets" / "painter"
PAINT_STREETS = Demo(
    name="paint-streets",
    module=_HERE / "paint_streets.js",
    alt="Above a label map of a street with cars, below the street that the generator painted "
    "from it.",
    invitation="Paint a street",
    modules={"painter.mjs": _PAINTER / "index.js"},
    files=(_HERE / "kept_maps.js", _HERE / "street_worker.js", _PAINTER / "painter.css"),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        *sorted(_NBGAN.glob("live/**/*.py")),
        *sorted(_NBGAN.glob("pix2pixhd/*.py")),
        *sorted(_NBGAN.glob("data/streets/*.py")),
        *sorted(_NBGAN.glob("data/cityscapes/*.py")),
    ),
    runtime=True,
)
