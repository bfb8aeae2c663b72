"""Train, score and pack the shipped weights: ``python -m nbgan.zoo.build [NAME …]``.

Training goes on where it was stopped; what is already trained is only scored and packed again.
"""

from __future__ import annotations

import base64
import io
import platform
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from nbgan.errors import InputError
from nbgan.train import Recipe, save_model, start_training
from nbgan.train.start import open_split
from nbgan.train.system import Batch, System
from nbgan.zoo import WEIGHTS
from nbgan.zoo.entries import ENTRIES
from nbgan.zoo.scoring import scores

LICENCE = "MIT; trained on the embedded worlds of this repository"


def hardware() -> str:
    """The processor or GPU that this runs on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
    return f"{model}, {torch.get_num_threads()} threads"


def grid(system: System, batch: Batch) -> str:
    """The system's preview of a batch as WebP, base64 text: an eighth of a PNG."""
    count = len(next(iter(batch.values())))
    picture = make_grid(system.preview(batch), nrow=count, padding=2, pad_value=1)
    file = io.BytesIO()
    to_pil_image(picture.mul(0.5).add(0.5).clamp(0, 1)).save(
        file, format="WEBP", quality=90, method=6
    )
    return base64.b64encode(file.getvalue()).decode()


def whole_recipe(name: str, *, runs: Path = Path("runs")) -> Recipe:
    """An entry's recipe, with the run that it starts from and the files that it trains on."""
    return list(trainings(name, runs=runs).values())[-1]


def trainings(name: str, *, runs: Path = Path("runs")) -> dict[Path, Recipe]:
    """Every training of an entry by its folder, in order: what is called ``…-start`` is the start
    of what is called so without."""
    entry = ENTRIES[name]
    stages = [*entry.before, entry.recipe]
    by_folder: dict[Path, Recipe] = {}
    for stage, recipe in enumerate(stages, start=1):
        if entry.data is not None:
            recipe = recipe.replace(data_path=str(runs / f"{name}-data"))
        if by_folder:
            recipe = recipe.replace(start_from=str(list(by_folder)[-1]))
        elif entry.start_from is not None:
            recipe = recipe.replace(start_from=str(runs / entry.start_from))
        by_folder[runs / (name + "-start" * (len(stages) - stage))] = recipe
    return by_folder


def make(name: str, *, runs: Path = Path("runs")) -> dict[str, Any]:
    """Train (or go on training), score and pack one model; returns its card."""
    entry = ENTRIES[name]
    recipe = whole_recipe(name, runs=runs)
    if entry.data is not None:
        assert recipe.data_path is not None
        entry.data(Path(recipe.data_path))
    trained = [
        start_training(stage, out=out, resume=True)
        for out, stage in trainings(name, runs=runs).items()
    ]
    trainer = trained[-1]
    system = trainer.system
    data = trainer.validation_data
    if entry.scored_on is not None:
        data = open_split(recipe.replace(data=entry.scored_on, data_path=None), "val")
    assert data is not None
    batches = list(DataLoader(data, batch_size=16))
    measured = scores(system, batches[: -(-500 // 16)])
    card = {
        "steps": trainer.step,
        "seconds": round(sum(training.seconds for training in trained)),
        "pictures_seen": sum(training.pictures_seen for training in trained),
        "hardware": hardware(),
        "parameters": sum(
            p.numel() for net in system.shipped_networks().values() for p in net.parameters()
        ),
        "scores": {key: round(float(value), 6) for key, value in measured.items()},
        "scored_on": f"{len(data)} validation pictures of "  # type: ignore[arg-type]
        f"{entry.scored_on or recipe.data}",
        "failures": list(entry.failures),
        "licence": LICENCE,
        "grid": grid(system, {k: v[:8] for k, v in batches[0].items()}),
    }
    save_model(WEIGHTS / f"{name}.safetensors", system, card=card, half=True)
    return card


def main(wanted: list[str] | None = None) -> None:
    """Make the named models, or all of them."""
    wanted = (sys.argv[1:] if wanted is None else wanted) or list(ENTRIES)
    unknown = [name for name in wanted if name not in ENTRIES]
    if unknown:
        raise InputError(f"no zoo entry {', '.join(unknown)}; known: {', '.join(ENTRIES)}")
    for name in wanted:
        card = make(name)
        print(f"{name}: {card['scores']}", flush=True)


if __name__ == "__main__":
    main()
