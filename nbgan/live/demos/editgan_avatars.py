"""Chapter 5: faces, a slider for each named vector, and masks that follow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nbgan import zoo
from nbgan.data.avatars import Avatars
from nbgan.editgan import Editor, EditVector, JointModel
from nbgan.live.demos.demo import Demo
from nbgan.live.demos.pictures import cover, described
from nbgan.live.editgan import EditedPainter
from nbgan.live.export import export
from nbgan.zoo import vectors as named

MODEL = "editgan-avatars"
FACES = 6
"""Faces of the test set that the page brings along."""
PSI = 0.7
"""Truncation of the faces that it samples."""


def make(folder: Path) -> None:
    """Export generator, classifiers and vectors; write the page's picture."""
    library = named.library()
    write(Editor.open(MODEL).model, [library.load(name) for name in library.names()], folder)


def write(model: JointModel, vectors: Sequence[EditVector], folder: Path) -> None:
    """As :func:`make`, for any model and its vectors."""
    codes, generator = faces(model), model.generator
    painter = EditedPainter(model, codes=codes, vectors=vectors, psi=PSI)
    draw = torch.Generator().manual_seed(0)
    card = export(
        painter,
        {
            "face": torch.eye(len(codes))[:1],
            "code": torch.randn(1, generator.z_dim, generator=draw),
            "strengths": torch.full((1, len(vectors)), 0.5),
        },
        name=MODEL,
        out=folder,
        outputs=("picture", "scores"),
        label_space=model.label_space,
        tolerance=1e-2,
    )
    data = {
        "model": card.name,
        "parameters": f"{card.parameters:,}",
        "size": generator.size,
        "code": generator.z_dim,
        "faces": len(codes),
        "vectors": [vector.name for vector in vectors],
        "classes": described(model.label_space),
    }
    (folder / f"{EDITGAN_AVATARS.name}.data.json").write_text(json.dumps(data))
    shown = model.view(codes[:1] + 0.8 * vectors[0].direction)
    picture = cover(model.label_space.colorize(shown.label[0]), shown.image[0])
    picture.save(folder / f"{EDITGAN_AVATARS.name}.webp", quality=88, method=6)


def faces(model: JointModel) -> Tensor:
    """Codes of faces of the test set, as the encoder knows them, ``[FACES, rows, w_dim]``."""
    world = Avatars(size=model.grid.height, split="test", length=FACES)
    images = torch.stack([world[i]["image"] for i in range(FACES)])
    return model.encode(model.square(images))


_HERE = Path(__file__).parent
_NBGAN = _HERE.parents[1]
EDITGAN_AVATARS = Demo(
    name=MODEL,
    module=_HERE / "editgan_avatars.js",
    alt="Left the mask of an edited cartoon face in flat colours, right the face.",
    invitation="Edit faces with sliders",
    files=(_HERE / "face_demo.css", _HERE / "editgan_avatars.css"),
    make=make,
    needs=(
        zoo.WEIGHTS / f"{MODEL}.safetensors",
        zoo.WEIGHTS / "datasetgan-avatars.safetensors",
        *sorted(named.VECTORS.glob("*.safetensors")),
        *sorted(_NBGAN.glob("live/**/*.py")),
        *sorted(_NBGAN.glob("editgan/*.py")),
        *sorted(_NBGAN.glob("datasetgan/*.py")),
        *sorted(_NBGAN.glob("stylegan/*.py")),
    ),
    runtime=True,
)
