"""Two classifiers that differ in their pooling, trained side by side and judged by their maps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nbgan import cam
from nbgan.classifier.network import POOLINGS, Classifier, Pooling, check_pooling
from nbgan.classifier.recipe import ClassifierRecipe
from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train.system import Batch, Losses, Phase, System
from nbgan.train.weights import load_weights


def shifted(batch: Tensor, offsets: Tensor) -> Tensor:
    """Move each picture of a batch, repeating the edge's pixels.

    Args:
        batch: pictures ``[N, C, H, W]`` or label maps ``[N, H, W]``.
        offsets: int64 ``[N, 2]``, rows down and columns right, smaller than the picture.
    """
    height, width = batch.shape[-2:]
    rows = (torch.arange(height) - offsets[:, :1].cpu()).clamp(0, height - 1)
    columns = (torch.arange(width) - offsets[:, 1:].cpu()).clamp(0, width - 1)
    moved = [
        one[..., y[:, None], x[None, :]] for one, y, x in zip(batch, rows, columns, strict=True)
    ]
    return torch.stack(moved)


class ClassifierSystem(System):
    """Two classifiers, ``gap`` and ``gmp``, or one of them, and how they learn: binary
    cross-entropy."""

    recipe_type: ClassVar = ClassifierRecipe
    shipped: ClassVar = POOLINGS
    recipe: ClassifierRecipe

    def __init__(self, recipe: ClassifierRecipe, label_space: LabelSpace | None) -> None:
        super().__init__(recipe, label_space)
        if label_space is not None:
            self.evidence_ids = [label_space.index(name) for name in recipe.evidence]
        torch.manual_seed(recipe.seed)
        fresh = Classifier(attributes=len(recipe.attributes), width=recipe.width)
        for pooling in POOLINGS:
            network = None
            if pooling in recipe.poolings:
                network = Classifier(
                    attributes=len(recipe.attributes), pooling=pooling, width=recipe.width
                )
                network.load_state_dict(fresh.state_dict())
            setattr(self, pooling, network)

    def begin_from(self, other: System) -> None:
        """Give every network the weights of the other system's last one."""
        self._check_kind(other)
        assert isinstance(other, ClassifierSystem)
        theirs = other.network(other.poolings[-1]).state_dict()
        for name, ours in self.shipped_networks().items():
            load_weights(ours, theirs, where=f"start_from '{self.recipe.start_from}' ({name})")

    @property
    def poolings(self) -> tuple[Pooling, ...]:
        """Which networks there are."""
        return tuple(pooling for pooling in POOLINGS if pooling in self.recipe.poolings)

    def network(self, pooling: Pooling = "gap") -> Classifier:
        """One of the networks.

        Raises:
            InputError: unknown pooling, or one that was not trained.
        """
        check_pooling(pooling)
        found = getattr(self, pooling)
        if found is None:
            raise InputError(
                f"pooling: this classifier was trained with {', '.join(self.poolings)} only"
            )
        return found

    def index(self, attribute: str) -> int:
        """The number of an attribute.

        Raises:
            InputError: unknown name; the message lists the known ones.
        """
        if attribute not in self.recipe.attributes:
            raise InputError(
                f"attribute: unknown '{attribute}'; choose one of "
                f"{', '.join(self.recipe.attributes)}"
            )
        return self.recipe.attributes.index(attribute)

    @torch.no_grad()
    def probabilities(self, image: Tensor, *, pooling: Pooling = "gap") -> Tensor:
        """Images ``[N, 3, H, W]`` in [−1, 1] to the probability of each attribute, ``[N, A]``."""
        return self.network(pooling)(image).sigmoid()

    def maps(self, image: Tensor, *, pooling: Pooling = "gap") -> cam.ActivationMaps:
        """Class activation maps of all attributes; see :func:`nbgan.cam.cam`."""
        return cam.cam(self.network(pooling), image, layer="features", classifier="head")

    def evidence(self, label: Tensor) -> Tensor:
        """Where each attribute could be seen: label maps ``[N, H, W]`` to bool ``[N, A, H, W]``.

        Raises:
            InputError: the model knows no label space.
        """
        if self.label_space is None:
            raise InputError(
                "label: this classifier was trained without a label space, so it does not know "
                "which classes its attributes belong to"
            )
        ids = torch.tensor(self.evidence_ids, device=label.device)
        return label[:, None] == ids[:, None, None]

    def targets(self, batch: Batch) -> Tensor:
        """The attributes of a batch, float32 ``[N, A]``, 0 or 1.

        Raises:
            InputError: another number of attributes than the recipe names.
        """
        if "attributes" not in batch:
            return self.evidence(batch["label"]).flatten(2).any(2).float()
        found = batch["attributes"]
        if found.shape[1] != len(self.recipe.attributes):
            raise InputError(
                f"recipe field 'attributes' names {len(self.recipe.attributes)}, the data set "
                f"'{self.recipe.data}' gives {found.shape[1]} a picture; name those, in its order"
            )
        return found

    def phases(self) -> list[Phase]:
        """One phase: the networks share the batch and nothing else."""
        return [
            Phase(
                name="classifier",
                networks=self.poolings,
                losses=self.losses,
                optimizer=self._optimizer,
            )
        ]

    def _optimizer(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        recipe = self.recipe
        groups: list[dict[str, Any]] = []
        for pooling in self.poolings:
            head = self.network(pooling).head
            factor = recipe.gap_head_rate if pooling == "gap" else 1.0
            rate, decay = recipe.learning_rate * factor, recipe.head_weight_decay / factor
            groups.append({"params": [head.weight], "lr": rate, "weight_decay": decay})
            # A bias that decays would be replaced by channels that are on in every picture.
            groups.append({"params": [head.bias], "lr": rate, "weight_decay": 0.0})
        heads = {id(p) for group in groups for p in group["params"]}
        groups.append({"params": [p for p in parameters if id(p) not in heads]})
        return torch.optim.AdamW(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)

    def losses(self, batch: Batch) -> Losses:
        """Binary cross-entropy of each network on shifted pictures, mean over attributes."""
        image, reach = batch["image"], self.recipe.shift
        image = shifted(image, torch.randint(-reach, reach + 1, (len(image), 2)))
        targets = self.targets(batch)
        return {
            pooling: F.binary_cross_entropy_with_logits(
                self.network(pooling)(image).float(), targets
            )
            for pooling in self.poolings
        }

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: pictures, then the map of each attribute (of the first network), one scale for a
        row."""
        image = batch["image"]
        with torch.autocast(image.device.type, enabled=False):
            maps = self.maps(image, pooling=self.poolings[0]).maps
            maps = cam.enlarge(maps, (image.shape[2], image.shape[3]))
        highest = maps.amax((0, 2, 3)).clamp(min=1e-6)
        rows = [cam.heat(image, maps[:, k] / highest[k]) for k in range(maps.shape[1])]
        return torch.cat([image.cpu(), *rows])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Balanced accuracy, and how well the maps point at the evidence, for each network."""
        collected = list(batches)
        scores: dict[str, float] = {}
        for pooling in self.poolings:
            with torch.autocast(collected[0]["image"].device.type, enabled=False):
                found = [self._judge(batch, pooling) for batch in collected]
            right, targets, pointing, iou = (torch.cat(part) for part in zip(*found, strict=True))
            scores[f"accuracy_{pooling}"] = balanced_accuracy(right, targets)
            if self.label_space is not None:
                scores[f"pointing_{pooling}"] = float(pointing.nanmean(0).nanmean())
                scores[f"iou_{pooling}"] = float(iou.nanmean(0).nanmean())
        return scores

    def _judge(self, batch: Batch, pooling: Pooling) -> tuple[Tensor, ...]:
        """For each picture and attribute: guess right? true? hit? overlap? NaN: nothing to find."""
        targets = self.targets(batch)
        found = self.maps(batch["image"], pooling=pooling)
        right = (found.scores > 0) == (targets > 0)
        hits, overlaps = (torch.full_like(targets, torch.nan) for _ in range(2))
        if self.label_space is not None:
            masks = self.evidence(batch["label"])
            there = (targets > 0) & masks.flatten(2).any(2)
            if there.any():
                height, width = batch["image"].shape[-2:]
                maps = cam.enlarge(found.maps, (height, width))[there]
                # The highest point of a map is known to half a feature.
                half = height // found.maps.shape[2] // 2
                hits[there] = cam.pointing_game(maps, masks[there], tolerance=half).float()
                overlaps[there] = cam.localisation_iou(maps, masks[there])
        return right, targets, hits, overlaps


def balanced_accuracy(right: Tensor, targets: Tensor) -> float:
    """Mean, over attributes that both occur and are missing somewhere, of the mean of the two
    accuracies; 0.5 is guessing, whatever the shares.

    Args:
        right: whether each guess was right, bool ``[N, A]``.
        targets: the truth, 0 or 1, ``[N, A]``.
    """
    sides = [
        torch.where(targets == side, right.float(), torch.nan).nanmean(0) for side in (0.0, 1.0)
    ]
    return float(((sides[0] + sides[1]) / 2).nanmean())
