"""Chapter 3: choose a face, an attribute and a pooling; the page adds the channels up itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import torch
from matplotlib import colormaps

from nbgan import cam, zoo
from nbgan.cam.pictures import COLORS, STRENGTH
from nbgan.classifier import POOLINGS, ClassifierSystem
from nbgan.data.avatars import Avatars
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, pixels, thumbnail

MODEL = "classifier-avatars"
FACES = 8
"""How many validation faces can be chosen."""
START = "glasses"
"""The attribute that is shown first, on the first face that has it."""


def make(folder: Path) -> None:
    """Features and masks of some faces, the linear layers, and the picture of the page."""
    write(cast(ClassifierSystem, zoo.load(MODEL)), folder)


def write(system: ClassifierSystem, folder: Path) -> None:
    """As :func:`make`, for any classifier that was trained on Avatars."""
    size = system.recipe.size
    world = Avatars(size=size, split="val")
    items = [world[i] for i in chosen(world, system.recipe.attributes)]
    faces = torch.stack([item["image"] for item in items])
    found = {pooling: system.maps(faces, pooling=pooling) for pooling in POOLINGS}
    # One byte a value: a 255th of the channel's largest value is far below what can be seen.
    features = np.stack([found[pooling].features.numpy() for pooling in POOLINGS], axis=1)
    steps = features.max(axis=(3, 4), keepdims=True) / 255
    packed = np.rint(features / np.maximum(steps, 1e-12)).astype(np.uint8)
    (folder / f"{CAM_AVATARS.name}.features").write_bytes(packed.tobytes())
    masks = torch.stack([item["label"] for item in items]).to(torch.uint8)
    (folder / f"{CAM_AVATARS.name}.masks").write_bytes(masks.numpy().tobytes())
    space = system.label_space
    assert space is not None
    data = {
        "size": size,
        "side": features.shape[-1],
        "channels": features.shape[2],
        "poolings": POOLINGS,
        "attributes": [name.replace("_", " ") for name in system.recipe.attributes],
        "evidence": [space.index(name) for name in system.recipe.evidence],
        "weight": [system.network(p).head.weight.tolist() for p in POOLINGS],
        "bias": [system.network(p).head.bias.tolist() for p in POOLINGS],
        "steps": steps[..., 0, 0].tolist(),
        "pictures": [thumbnail(face, (size, size), quality=92) for face in faces],
        "truth": [
            [
                name.replace("_", " ")
                for name, value in zip(system.recipe.attributes, item["attributes"], strict=True)
                if value
            ]
            for item in items
        ],
        "start": system.index(START),
        "share": cam.scores.SHARE,
        "strength": STRENGTH,
        "colors": (colormaps[COLORS].resampled(256)(range(256))[:, :3] * 255).round().tolist(),
    }
    (folder / f"{CAM_AVATARS.name}.json").write_text(json.dumps(data))
    maps = cam.enlarge(found["gap"].maps[:1, [system.index(START)]], (size, size))[:, 0]
    heated = cam.heat(faces[:1], (maps / maps.max()).clamp(0, 1))[0]
    cover(pixels(faces[0]), heated).save(folder / f"{CAM_AVATARS.name}.webp", quality=88, method=6)


def chosen(world: Avatars, attributes: tuple[str, ...]) -> list[int]:
    """The first face with :data:`START`, then always the first that has the rarest thing so far,
    and at last one that has nothing."""
    known = [world.attributes(i) for i in range(60)]
    shown = dict.fromkeys(attributes, 0)
    picked: list[int] = []
    wanted = START
    while len(picked) < FACES - 1:
        i = next(i for i, one in enumerate(known) if one[wanted] and i not in picked)
        picked.append(i)
        for name in attributes:
            shown[name] += bool(known[i][name])
        wanted = min(attributes, key=lambda name: shown[name])
    bare = (i for i, one in enumerate(known) if not any(one[name] for name in attributes))
    return [*picked, next(bare, len(known))]


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
CAM_AVATARS = Demo(
    name="cam-avatars",
    module=_HERE / "cam_avatars.js",
    alt="Left a cartoon face with glasses, right the same face in grey with a warm glow over the "
    "glasses: the class activation map.",
    invitation="Choose a face",
    files=(_HERE / "cam_avatars.css",),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        Path(__file__),
        *sorted(_NBGAN.glob("cam/*.py")),
        *sorted(_NBGAN.glob("classifier/*.py")),
        *sorted(_NBGAN.glob("data/avatar*.py")),
    ),
)
