"""The network that learns from a factory's shards: DeepLabV3, for classes or for keypoints.

Source: Chen et al., *Rethinking Atrous Convolution for Semantic Image Segmentation* (2017), as
torchvision builds it; used as in Zhang et al., *DatasetGAN* (2021), section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import torch
from torch import Tensor
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.datasetgan.crossvalidation import confusions
from nbgan.datasetgan.deeplab import BACKBONES, HEAD_WIDTH, LAST_LAYER, DeepLab
from nbgan.datasetgan.keypoints import heat_maps, pck, peaks, squared_error
from nbgan.errors import InputError
from nbgan.metrics import ConfusionMatrix
from nbgan.segmenter import dice_loss, segmentation_loss
from nbgan.train.loop import Trainer
from nbgan.train.recipe import Recipe
from nbgan.train.system import Batch, Losses, Phase, System
from nbgan.train.weights import load_weights


@dataclass(frozen=True, kw_only=True)
class DeepLabRecipe(Recipe):
    """How a downstream network is built and trained."""

    system: ClassVar[str] = "deeplab"

    data: str = "shards"
    backbone: Literal["resnet50", "resnet101", "mobilenet_v3_large"] = "resnet101"
    """What extracts the features; starts from fresh weights."""
    head_width: int = HEAD_WIDTH
    """Channels of the head; fewer make a smaller file."""
    enlarge: int = 1
    """How many times pictures are enlarged for the network; for small ones."""
    keypoints: int = 0
    """0: name the class of every pixel. Otherwise find so many keypoints, by heat maps."""
    spread: float = 0.03
    """Width (standard deviation) of a keypoint's heat, as a share of the longer side."""
    dice: float = 0.0
    """Weight of a Dice loss beside cross-entropy, in which small parts count as much as large ones;
    not published, for short trainings."""
    learning_rate: float = 1e-3
    """Rate of Adam."""
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.backbone not in BACKBONES:
            raise InputError(
                f"recipe field 'backbone' is '{self.backbone}'; choose one of "
                f"{', '.join(BACKBONES)}"
            )
        if self.enlarge < 1:
            raise InputError(f"recipe field 'enlarge' must be at least 1, got {self.enlarge}")
        if self.batch_size < 2:
            raise InputError(
                "recipe field 'batch_size' must be at least 2 for DeepLabV3, got 1; its pooled "
                "branch normalises over the batch"
            )

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` in two stages, ``compare``, ``gpu``, and the published settings."""
        paper = cls(size=512, batch_size=8, steps=20 * 9000 // 8, sample_every=1000)
        start = cls(
            backbone="mobilenet_v3_large",
            head_width=16,
            enlarge=2,
            size=64,
            batch_size=8,
            steps=600,
            dice=1.0,
            learning_rate=3e-3,
            channels_last=True,
            ema_decay=0.99,
            evaluate_pictures=500,
        )
        cpu = start.replace(size=128, steps=600, decay_from=300)
        smoke = start.replace(
            size=32,
            batch_size=2,
            steps=3,
            channels_last=False,
            head_width=16,
            enlarge=1,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        return {
            "smoke": smoke,
            "cpu_start": start,
            "cpu": cpu,
            "compare": start.replace(
                head_width=32, batch_size=4, steps=600, decay_from=300, sample_every=0
            ),
            "gpu": cpu.replace(
                backbone="resnet50",
                head_width=HEAD_WIDTH,
                batch_size=64,
                steps=5000,
                decay_from=2000,
                dice=0.0,
                precision="bf16",
            ),
            "paper": paper,
            "paper_cats": paper.replace(size=256),
        }


class DeepLabSystem(System):
    """DeepLabV3 and how it learns.

    Args:
        recipe: network, task and optimiser.
        label_space: classes; kept with the weights when keypoints are learned.

    Raises:
        InputError: no label space, where classes are learned.
    """

    recipe_type: ClassVar = DeepLabRecipe
    shipped: ClassVar = ("network",)
    recipe: DeepLabRecipe
    label_space: LabelSpace

    def __init__(self, recipe: DeepLabRecipe, label_space: LabelSpace | None) -> None:
        super().__init__(recipe, label_space)
        if label_space is None and not recipe.keypoints:
            raise InputError(
                "label space: the data set has none, so there are no classes to learn; use one "
                "with labels"
            )
        torch.manual_seed(recipe.seed)
        self.network = DeepLab(
            backbone=recipe.backbone,
            outputs=recipe.keypoints or self.label_space.num_classes,
            head_width=recipe.head_width,
            enlarge=recipe.enlarge,
        )
        self.matrices: Tensor | None = None
        """Confusion matrices of the last evaluation, picture by picture."""

    def begin_from(self, other: System) -> None:
        """Take over a trained network; of one that knows other classes, all but the last layer.

        Raises:
            InputError: another kind of system, or weights that do not fit.
        """
        if not isinstance(other, DeepLabSystem):
            raise InputError(
                f"start_from '{self.recipe.start_from}': holds a '{other.recipe.system}' model; a "
                "'deeplab' training starts from one of its own kind"
            )
        state = other.network.state_dict()
        if (other.label_space, other.recipe.keypoints) != (self.label_space, self.recipe.keypoints):
            own = self.network.state_dict()
            state |= {k: own[k] for k in own if k.startswith(LAST_LAYER)}
        load_weights(self.network, state, where=f"start_from '{self.recipe.start_from}'")

    def segment(self, image: Tensor) -> Tensor:
        """Pictures ``[N, 3, H, W]`` in [−1, 1] to class ids ``[N, H, W]``."""
        return self.network(image).argmax(dim=1)

    def find_keypoints(self, image: Tensor) -> Tensor:
        """Pictures to keypoints, pixel x, y, ``[N, K, 2]``; NaN where none is seen."""
        return peaks(self.network(image))

    def phases(self) -> list[Phase]:
        """One phase: cross-entropy, or the squared error of heat maps."""
        return [
            Phase(
                name="deeplab",
                networks=("network",),
                losses=self.keypoint_losses if self.recipe.keypoints else self.label_losses,
                optimizer=lambda p: torch.optim.Adam(p, lr=self.recipe.learning_rate),
            )
        ]

    def label_losses(self, batch: Batch) -> Losses:
        """Cross-entropy of a batch with ``image`` and ``label``, and Dice where asked for."""
        scores, ignore_id = self.network(batch["image"]), self.label_space.ignore_id
        losses = {"cross_entropy": segmentation_loss(scores, batch["label"], ignore_id)}
        if self.recipe.dice:
            losses["dice"] = self.recipe.dice * dice_loss(scores, batch["label"], ignore_id)
        return losses

    def keypoint_losses(self, batch: Batch) -> Losses:
        """Squared error of a batch with ``image`` and ``keypoints``; heat weighs more than none.

        Nearly all pixels are cold. Weighting hot ones up keeps "no heat anywhere" from being a
        good answer.
        """
        points = self._keypoints(batch)
        image = batch["image"]
        heat = heat_maps(
            points, height=image.shape[2], width=image.shape[3], sigma=self._sigma(image)
        )
        weight = (1 + 50 * heat.nan_to_num()).sqrt()
        return {"heat": squared_error(self.network(image) * weight, heat * weight)}

    def _keypoints(self, batch: Batch) -> Tensor:
        points = batch.get("keypoints")
        found = 0 if points is None else points.shape[1]
        if points is None or found != self.recipe.keypoints:
            raise InputError(
                f"the data set has {found} keypoints, recipe field 'keypoints' asks for "
                f"{self.recipe.keypoints}; set it to {found} or use another data set"
            )
        return points

    def _sigma(self, image: Tensor) -> float:
        return max(0.7, self.recipe.spread * max(image.shape[2:]))

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: picture, true map, predicted map; or picture and summed heat."""
        image = batch["image"].cpu()
        scores = self.network(batch["image"]).float().cpu()
        if self.recipe.keypoints:
            heat = scores.amax(dim=1, keepdim=True).clamp(0, 1).expand(-1, 3, -1, -1)
            return torch.cat([image, heat * 2 - 1])
        maps = torch.cat([batch["label"].cpu(), scores.argmax(dim=1)])
        colors = torch.from_numpy(self.label_space.colorize(maps)).permute(0, 3, 1, 2)
        return torch.cat([image, colors.float() / 127.5 - 1])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """mIoU and pixel accuracy; or PCK, relative to the box of the keypoints and to the
        picture."""
        if self.recipe.keypoints:
            pairs = [(self.find_keypoints(b["image"]).float(), self._keypoints(b)) for b in batches]
            found, true = (torch.cat(side) for side in zip(*pairs, strict=True))
            side = float(max(self.recipe.height_width))
            return {"pck": pck(found, true), "pck_of_picture": pck(found, true, size=side)}
        self.matrices = confusions(self.segment, batches, self.label_space)
        confusion = ConfusionMatrix(label_space=self.label_space)
        confusion.matrix += self.matrices.sum(dim=0)
        return {"miou": confusion.mean_iou, "accuracy": confusion.pixel_accuracy}


def train_checkpoints(
    recipe: DeepLabRecipe,
    train_data: Dataset,
    test_data: Dataset,
    *,
    out: str | Path,
    checkpoints: int = 5,
    progress: bool = False,
) -> list[Tensor]:
    """Train, and score several checkpoints along the way: what cross-validation chooses from.

    Args:
        recipe: of the network, for classes.
        train_data: for example a factory's shards.
        test_data: labelled pictures with the same label space, in a fixed order.
        out: folder for weights, state and log.
        checkpoints: how many, evenly spaced, the last step included; averaged weights where the
            recipe averages.
        progress: show a progress bar.

    Returns:
        Per checkpoint the matrices of :func:`~nbgan.datasetgan.crossvalidation.confusions`.

    Raises:
        InputError: the two data sets have different label spaces, or a bad number of checkpoints.
    """
    space, tested = (
        getattr(train_data, "label_space", None),
        getattr(test_data, "label_space", None),
    )
    if space is None or space != tested:
        raise InputError(
            f"test data: label space '{getattr(tested, 'name', None)}', the training data has "
            f"'{getattr(space, 'name', None)}'; their classes must be the same"
        )
    if not 1 <= checkpoints <= recipe.steps:
        raise InputError(
            f"checkpoints: got {checkpoints} for {recipe.steps} steps; use 1 to {recipe.steps}"
        )
    recipe = recipe.replace(evaluate_pictures=len(test_data))  # type: ignore[arg-type]
    trainer = Trainer(
        DeepLabSystem(recipe, space),
        train_data=train_data,
        validation_data=test_data,
        out=out,
        progress=progress,
    )
    system = trainer.system
    assert isinstance(system, DeepLabSystem)
    due = {round(recipe.steps * (k + 1) / checkpoints) for k in range(checkpoints)}
    matrices: list[Tensor] = []

    def score(step: int) -> None:
        if step in due:
            trainer.evaluate()
            assert system.matrices is not None
            matrices.append(system.matrices)

    trainer.run(after_step=score)
    return matrices
