"""Chapter 4: sample faces with their labels, mix two of them, see where the factory is unsure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import torch
from matplotlib import colormaps

from nbgan import zoo
from nbgan.datasetgan import DatasetGANSystem
from nbgan.live.datasetgan import MEMBERS, LabelledPainter
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, described
from nbgan.live.export import export

MODEL = "datasetgan-avatars"
COLORS = "inferno"
"""Colour map of the uncertainty."""


def make(folder: Path) -> None:
    """Export generator and interpreter; write the page's picture."""
    write(cast(DatasetGANSystem, zoo.load(MODEL)), folder)


def write(system: DatasetGANSystem, folder: Path) -> None:
    """As :func:`make`, for any DatasetGAN that labels pictures at their own size."""
    generator = system.generator
    painter = LabelledPainter(system, members=min(MEMBERS, system.interpreter.members))
    draw = torch.Generator().manual_seed(0)
    code = torch.randn(2, 1, generator.z_dim, generator=draw)
    card = export(
        painter,
        {
            "code_a": code[0],
            "code_b": code[1],
            "from_b": torch.zeros(1, generator.rows),
            "psi": torch.tensor([system.recipe.psi]),
        },
        name=MODEL,
        out=folder,
        outputs=("picture", "label", "uncertainty"),
        label_space=system.label_space,
    )
    made = system.sample(4, seed=1)
    data = {
        "model": card.name,
        "parameters": f"{card.parameters:,}",
        "members": len(painter.members),
        "size": generator.size,
        "rows": generator.rows,
        "code": generator.z_dim,
        "psi": system.recipe.psi,
        "classes": described(system.label_space),
        # Bright is the same in all pictures: what one pixel of a thousand exceeds.
        "limit": float(made.uncertainty.flatten().quantile(0.999)),
        "colors": (colormaps[COLORS].resampled(256)(range(256))[:, :3] * 255).round().tolist(),
    }
    (folder / f"{DATASETGAN_AVATARS.name}.data.json").write_text(json.dumps(data))
    shown = cover(system.label_space.colorize(made.label[0]), made.image[0].clamp(-1, 1))
    shown.save(folder / f"{DATASETGAN_AVATARS.name}.webp", quality=88, method=6)


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
DATASETGAN_AVATARS = Demo(
    name="datasetgan-avatars",
    module=_HERE / "datasetgan_avatars.js",
    alt="Left the label map of a sampled cartoon face in flat colours, right the face.",
    invitation="Sample faces with labels",
    files=(_HERE / "face_demo.css", _HERE / "datasetgan_avatars.css"),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        *sorted(_NBGAN.glob("live/**/*.py")),
        *sorted(_NBGAN.glob("datasetgan/*.py")),
        *sorted(_NBGAN.glob("stylegan/*.py")),
    ),
    runtime=True,
)
