"""How far do a few labels go? DatasetGAN against other uses of the same labelled pictures.

The comparison of Zhang et al., *DatasetGAN* (2021), section 4.1, on real avatars that no model has
seen. Every arm trains the same network with the same recipe and is scored in the same way; the
arms differ in the pictures that they learn from. A seed decides which pictures are labelled.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset, Subset

from nbgan.data import CachedDataset, Shards, open_dataset
from nbgan.datasetgan import (
    DatasetGANRecipe,
    DeepLabRecipe,
    DeepLabSystem,
    cross_validate,
    train_checkpoints,
)
from nbgan.metrics import ConfusionMatrix
from nbgan.train import Trainer, start_training
from nbgan.train.checkpoint import write_atomically
from nbgan.train.start import open_split
from nbgan.zoo.labelled import KEYPOINTS, avatar_records, avatar_shards

LABELS = (1, 5, 16)
"""How many labelled pictures the arms get."""

OTHER_WORLD = "landscapes"
"""Where the arm that transfers has learned before."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a trial came to: see :func:`nbgan.zoo.experiments.results`."""

    steps: int
    pictures_seen: int
    seconds: float
    scores: dict[str, float]


Trial = Callable[[int, Path], Outcome]
"""Seed and folder of the experiment to what came out. A trial that is done is not done again."""


@dataclass(frozen=True, kw_only=True)
class FewLabels:
    """The sizes of the comparison.

    Args:
        deeplab: recipe of the network that every arm trains.
        interpreter: recipe of the Style Interpreter.
        pictures: how many a factory makes, and how many labelled ones full supervision has.
        tested: how many real pictures score; divided into ``folds``.
        folds: each chooses a checkpoint, which the others test.
        checkpoints: to choose from.
    """

    deeplab: DeepLabRecipe
    interpreter: DatasetGANRecipe
    pictures: int = 500
    tested: int = 200
    folds: int = 5
    checkpoints: int = 5

    def trials(self) -> dict[str, Trial]:
        """All arms by name."""
        found: dict[str, Trial] = {}
        for k in LABELS:
            found[f"factory, {k} labels"] = partial(self.factory, k)
            found[f"labelled pictures alone, {k} labels"] = partial(self.alone, k)
            found[f"transfer, {k} labels"] = partial(self.transfer, k)
        most = LABELS[-1]
        found[f"factory, {most} labels, certain pictures"] = partial(self.factory, most, drop=0.1)
        found["full supervision"] = self.supervised
        found[f"keypoints, factory, {most} labels"] = partial(self.keypoints, most)
        return found

    # --- the arms --------------------------------------------------------------------------

    def factory(self, labels: int, seed: int, folder: Path, *, drop: float = 0.0) -> Outcome:
        """The labels teach an interpreter, whose factory makes the training pictures."""
        shards = Shards(path=self._shards(labels, seed, folder), size=self._size, drop=drop)
        name = f"factory-{labels}" + (f"-drop{drop}" if drop else "")
        return self._scored(name, shards, seed, folder)

    def alone(self, labels: int, seed: int, folder: Path) -> Outcome:
        """The labelled pictures are the training pictures."""
        return self._scored(f"alone-{labels}", self._labelled(labels, seed, folder), seed, folder)

    def transfer(self, labels: int, seed: int, folder: Path) -> Outcome:
        """The same, by a network that has learned another world's classes before."""
        before = folder / OTHER_WORLD
        recipe = self.deeplab.replace(data=OTHER_WORLD, train_pictures=self.pictures)
        start_training(recipe, out=before, resume=True, progress=False)
        data = self._labelled(labels, seed, folder)
        return self._scored(f"transfer-{labels}", data, seed, folder, start_from=str(before))

    def supervised(self, seed: int, folder: Path) -> Outcome:
        """Real pictures with true labels, as many as a factory makes."""
        recipe = self.deeplab.replace(data="avatars", train_pictures=self.pictures)
        data = open_split(recipe, "train", progress=False)
        assert data is not None
        return self._scored("supervised", data, seed, folder)

    def keypoints(self, labels: int, seed: int, folder: Path) -> Outcome:
        """The factory's keypoints; scored by PCK on real pictures, at the last step."""
        shards = Shards(path=self._shards(labels, seed, folder), size=self._size)
        out = folder / f"keypoints-{labels}-{seed}"
        recipe = self.deeplab.replace(keypoints=KEYPOINTS, seed=seed, evaluate_pictures=self.tested)

        def train() -> tuple[int, dict[str, float]]:
            trainer = Trainer(
                DeepLabSystem(recipe, shards.label_space),
                train_data=shards,
                validation_data=FirstKeypoints(self._real(), KEYPOINTS),
                out=out,
                progress=False,
            )
            trainer.run()
            return trainer.pictures_seen, trainer.evaluate()

        return self._once(out, train)

    # --- what they share -------------------------------------------------------------------

    @property
    def _size(self) -> tuple[int, int]:
        return self.deeplab.height_width

    def _records(self, labels: int, seed: int, folder: Path) -> Path:
        path = folder / f"records-{labels}-{seed}"
        avatar_records(path, n=labels, held_out=0, seed=seed, generator=self.interpreter.generator)
        return path

    def _shards(self, labels: int, seed: int, folder: Path) -> Path:
        model, shards = (folder / f"{part}-{labels}-{seed}" for part in ("interpreter", "shards"))
        recipe = self.interpreter.replace(
            data_path=str(self._records(labels, seed, folder)),
            seed=seed,
            keypoints=KEYPOINTS if labels == LABELS[-1] else 0,
        )
        start_training(recipe, out=model, resume=True, progress=False)
        avatar_shards(shards, model=str(model), n=self.pictures, seed=seed + 1)
        return shards

    def _labelled(self, labels: int, seed: int, folder: Path) -> Dataset:
        path = self._records(labels, seed, folder)
        data = open_dataset("latents", path=path, size=self._size)
        # A batch must be filled, so few pictures are repeated.
        least = max(self.deeplab.batch_size, labels)
        return _part(data, [i % labels for i in range(least)])

    def _real(self) -> Dataset:
        world = open_dataset("avatars", size=self.deeplab.size, split="test", length=self.tested)
        return CachedDataset(world, progress=False)

    def _scored(self, name: str, data: Dataset, seed: int, folder: Path, **changes: Any) -> Outcome:
        out = folder / f"{name}-{seed}"
        recipe = self.deeplab.replace(seed=seed, **changes)

        def train() -> tuple[int, dict[str, float]]:
            matrices = train_checkpoints(
                recipe, data, self._real(), out=out, checkpoints=self.checkpoints
            )
            chosen = cross_validate(matrices, folds=self.folds)
            confusion = ConfusionMatrix(label_space=data.label_space)  # type: ignore[attr-defined]
            confusion.matrix += matrices[-1].sum(dim=0)
            scores = {"miou": chosen.mean, "std_over_folds": chosen.std}
            scores |= {f"fold_{i + 1}": fold for i, fold in enumerate(chosen.folds)}
            scores |= {
                "miou_of_present": confusion.mean_iou,
                "accuracy": confusion.pixel_accuracy,
            }
            return recipe.steps * recipe.batch_size, scores

        return self._once(out, train)

    def _once(self, out: Path, train: Callable[[], tuple[int, dict[str, float]]]) -> Outcome:
        """Train if it was not done before; a training that was cut off starts again."""
        file = out / "outcome.json"
        if file.exists():
            return Outcome(**json.loads(file.read_text()))
        shutil.rmtree(out, ignore_errors=True)
        started = time.perf_counter()
        seen, scores = train()
        outcome = Outcome(
            steps=self.deeplab.steps,
            pictures_seen=seen,
            seconds=time.perf_counter() - started,
            scores=scores,
        )
        write_atomically(file, json.dumps(asdict(outcome)).encode())
        return outcome


class FirstKeypoints(Dataset):
    """A data set whose pictures carry only the first ``count`` of their keypoints."""

    def __init__(self, data: Dataset, count: int) -> None:
        self.data, self.count = data, count

    def __len__(self) -> int:
        return len(self.data)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = self.data[index]
        return item | {"keypoints": item["keypoints"][: self.count]}


def _part(data: Dataset, numbers: list[int]) -> Dataset:
    part = Subset(data, numbers)
    part.label_space = data.label_space  # type: ignore[attr-defined]
    return part


FEW_LABELS = FewLabels(
    deeplab=DeepLabRecipe.preset("compare"),
    # Labels no larger than the network that learns from them sees.
    interpreter=DatasetGANRecipe.preset("cpu", size=64, steps=800, decay_from=400),
)
"""The comparison that chapter 4 reports."""
