"""Comparisons over several seeds: ``python -m nbgan.zoo.experiments [NAME …]``.

Too long for a chapter to run, so their results are recorded beside the weights, one JSON file an
experiment, and chapters read them with :func:`results`. Training goes on where it was stopped.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from nbgan.errors import InputError
from nbgan.pix2pixhd import Pix2PixHDRecipe
from nbgan.spade import SpadeRecipe
from nbgan.train import Recipe, start_training
from nbgan.train.checkpoint import write_atomically
from nbgan.ugatit import UGATITRecipe
from nbgan.zoo.build import hardware
from nbgan.zoo.few_labels import FEW_LABELS, Outcome, Trial
from nbgan.zoo.scoring import scores

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Variants of a training that differ in one thing, each run with the same seeds.

    Args:
        seeds: each variant runs once with each.
        variants: recipes by name.
        trials: what is more than one training, by name; run after the variants.
    """

    seeds: tuple[int, ...]
    variants: dict[str, Recipe] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)


_STREETS = Pix2PixHDRecipe.preset("compare")
_SPADE = SpadeRecipe.preset(
    "cpu",
    **{
        field: getattr(_STREETS, field)
        for field in (
            *("data", "mood", "train_pictures", "size", "aspect_ratio", "batch_size", "steps"),
            *("decay_from", "use_instances", "perceptual", "pixel", "ema_decay"),
            "evaluate_pictures",
        )
    },
    z_dim=None,
)
"""SPADE on the same pictures with its own losses and rates; no styles on either side."""

EXPERIMENTS: dict[str, Experiment] = {
    "streets": Experiment(
        variants={
            "pix2pixhd": _STREETS,
            "without feature matching": _STREETS.replace(feature_matching=0.0),
            "without instance edges": _STREETS.replace(use_instances=False),
            "spade": _SPADE,
        },
        seeds=(0, 1, 2),
    ),
    "ugatit": Experiment(
        variants={
            "u-gat-it": UGATITRecipe.preset("compare"),
            "without attention": UGATITRecipe.preset("compare_no_cam"),
            "instance norm alone": UGATITRecipe.preset("compare_instance"),
            "layer norm alone": UGATITRecipe.preset("compare_layer"),
            "softadalin": UGATITRecipe.preset("compare_softadalin"),
            "with face identity": UGATITRecipe.preset("compare_face"),
        },
        seeds=(0, 1, 2),
    ),
    "datasetgan": Experiment(trials=FEW_LABELS.trials(), seeds=(0,)),
}
"""What the chapters compare."""


def results(name: str) -> list[dict[str, Any]]:
    """The recorded runs of an experiment.

    Returns:
        One dict a run: ``variant``, ``seed``, ``steps``, ``pictures_seen``, ``seconds``,
        ``hardware`` and ``scores`` (dict of floats).

    Raises:
        InputError: unknown experiment.
    """
    file = RESULTS / f"{name}.json"
    if not file.exists():
        known = ", ".join(sorted(path.stem for path in RESULTS.glob("*.json"))) or "none"
        raise InputError(f"no recorded experiment '{name}'; there are {known}")
    return json.loads(file.read_text())


def train_and_score(variant: str, recipe: Recipe, seed: int, folder: Path) -> Outcome:
    """One training of one recipe."""
    out = folder / f"{variant.replace(' ', '-')}-{seed}"
    trainer = start_training(recipe.replace(seed=seed), out=out, resume=True)
    data = trainer.validation_data
    assert data is not None
    return Outcome(
        steps=trainer.step,
        pictures_seen=trainer.pictures_seen,
        seconds=trainer.seconds,
        scores=scores(trainer.system, list(DataLoader(data, batch_size=16))),
    )


def run(name: str, *, runs: Path = Path("runs")) -> list[dict[str, Any]]:
    """Train and score every variant with every seed, and record the results."""
    experiment = EXPERIMENTS[name]
    arms = {k: partial(train_and_score, k, r) for k, r in experiment.variants.items()}
    records = []
    for seed in experiment.seeds:
        for variant, trial in (arms | experiment.trials).items():
            outcome = trial(seed, runs / name)
            records.append(
                {
                    "variant": variant,
                    "seed": seed,
                    "steps": outcome.steps,
                    "pictures_seen": outcome.pictures_seen,
                    "seconds": round(outcome.seconds),
                    "hardware": hardware(),
                    "scores": {k: round(float(v), 6) for k, v in outcome.scores.items()},
                }
            )
            print(f"{name}, {variant}, seed {seed}: {records[-1]['scores']}", flush=True)
    text = json.dumps(records, indent=1) + "\n"
    write_atomically(RESULTS / f"{name}.json", text.encode())
    return records


def main(wanted: list[str] | None = None) -> None:
    """Run the named experiments, or all of them."""
    wanted = (sys.argv[1:] if wanted is None else wanted) or list(EXPERIMENTS)
    unknown = [name for name in wanted if name not in EXPERIMENTS]
    if unknown:
        raise InputError(f"no experiment {', '.join(unknown)}; known: {', '.join(EXPERIMENTS)}")
    for name in wanted:
        run(name)


if __name__ == "__main__":
    main()
