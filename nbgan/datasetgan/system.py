"""DatasetGAN as a system: a generator, and the interpreter that labels what it paints.

Source: Zhang et al., *DatasetGAN: Efficient Labeled Data Factory with Minimal Human Effort* (2021),
sections 3.1 and 3.2. The generator stays as it is; only the interpreter learns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.datasetgan.features import FeatureBank, PixelGrid
from nbgan.datasetgan.generators import draw_latents, feature_channels, open_generator
from nbgan.datasetgan.interpreter import Interpretation, StyleInterpreter
from nbgan.datasetgan.keypoints import heat_at, pck, peaks, squared_error
from nbgan.datasetgan.pixels import Numbers, TrainingPixels
from nbgan.datasetgan.recipe import DatasetGANRecipe
from nbgan.errors import InputError
from nbgan.stylegan import StyleGANRecipe, StyleGANSystem, StyleGenerator
from nbgan.train.system import Batch, Losses, Phase, System
from nbgan.train.weights import load_weights


@dataclass(frozen=True, kw_only=True)
class LabelledPictures:
    """Sampled pictures with what the interpreter says of them.

    Args:
        image: ``[N, 3, H, W]``, in [−1, 1] but for overshoots, at the size of the labels.
        label: class ids, int64 ``[N, H, W]``.
        uncertainty: disagreement of the ensemble, ``[N, H, W]``, in nats.
        score: uncertainty of each picture, ``[N]``.
        keypoints: pixel x, y, float32 ``[N, K, 2]``, NaN for not seen; None without keypoints.
    """

    image: Tensor
    label: Tensor
    uncertainty: Tensor
    score: Tensor
    keypoints: Tensor | None = None


class DatasetGANSystem(System):
    """A StyleGAN and a Style Interpreter.

    Args:
        recipe: which generator, which interpreter, how it learns.
        label_space: classes of the labels.

    Raises:
        InputError: no label space, or ``generator`` names no StyleGAN.
    """

    recipe_type: ClassVar = DatasetGANRecipe
    shipped: ClassVar = ("generator", "interpreter", "pointer")
    recipe: DatasetGANRecipe
    label_space: LabelSpace

    def __init__(self, recipe: DatasetGANRecipe, label_space: LabelSpace | None) -> None:
        if label_space is None:
            raise InputError(
                "label space: a Style Interpreter needs classes; put a label_space.json or "
                "classes.txt beside the masks"
            )
        painter = None if recipe.generator_recipe else open_generator(recipe.generator)
        if painter is not None:
            recipe = recipe.replace(generator_recipe=json.dumps(painter.recipe.to_dict()))
        super().__init__(recipe, label_space)
        style = StyleGANRecipe.from_dict(json.loads(recipe.generator_recipe))
        self.generator: StyleGenerator = StyleGANSystem(style, None).generator
        if painter is not None:
            load_weights(
                self.generator,
                painter.generator.state_dict(),
                where=f"generator '{recipe.generator}'",
            )
        height, width = recipe.height_width
        self.grid = PixelGrid(height=height, width=width)
        torch.manual_seed(recipe.seed)
        channels = feature_channels(self.generator)
        self.interpreter = StyleInterpreter(
            channels=channels, outputs=label_space.num_classes, members=recipe.members
        )
        self.pointer: StyleInterpreter | None = None
        if recipe.keypoints:
            self.pointer = StyleInterpreter(
                channels=channels, outputs=recipe.keypoints, members=recipe.members
            )
        self._records: TrainingPixels | None = None

    # --- use -------------------------------------------------------------------------------

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.generator.parameters()).device

    @torch.no_grad()
    def latents(self, numbers: Sequence[int], *, seed: int = 0) -> Tensor:
        """Latents ``[N, rows, w_dim]`` of numbered pictures, truncated as the recipe says.

        Each is drawn by itself: number and seed decide it, whatever else is drawn.
        """
        return draw_latents(
            self.generator,
            numbers,
            seed=seed,
            psi=self.recipe.psi,
            rows=self.recipe.psi_rows or None,
        )

    def sample(self, n: int, seed: int = 0, *, batch_size: int = 4) -> LabelledPictures:
        """Paint pictures and label them.

        Args:
            n: how many.
            seed: the same seed gives the same pictures; fewer of them are the first ones.
            batch_size: pictures per forward pass.
        """
        parts = [
            self.label(self.latents(range(i, min(i + batch_size, n)), seed=seed))
            for i in range(0, n, batch_size)
        ]
        points = [x.keypoints for x in parts if x.keypoints is not None]
        return LabelledPictures(
            image=torch.cat([x.image for x in parts]),
            label=torch.cat([x.label for x in parts]),
            uncertainty=torch.cat([x.uncertainty for x in parts]),
            score=torch.cat([x.score for x in parts]),
            keypoints=torch.cat(points) if points else None,
        )

    @torch.no_grad()
    def label(self, w_plus: Tensor) -> LabelledPictures:
        """Paint latents ``[N, rows, w_dim]`` and label the pictures."""
        image, maps = self.generator.synthesize_with_features(w_plus.to(self.device))
        bank = FeatureBank.of(maps, self.grid)
        said: Interpretation = self.interpreter.interpret(bank)
        points = None
        if self.pointer is not None:
            points = peaks(self.pointer.mean_scores(bank))
        return LabelledPictures(
            image=self.grid.picture(image),
            label=said.label,
            uncertainty=said.uncertainty,
            score=said.score,
            keypoints=points,
        )

    # --- training --------------------------------------------------------------------------

    def training_data(self, data: Dataset) -> Dataset:
        """Read the records' feature maps once; steps then draw pixels from them."""
        self._records = TrainingPixels(
            data,
            generator=self.generator,
            grid=self.grid,
            ignore_id=self.label_space.ignore_id,
            min_pixels=self.recipe.min_pixels,
            keypoints=self.recipe.keypoints,
        )
        return Numbers(len(data))  # type: ignore[arg-type]

    def phases(self) -> list[Phase]:
        """The classes; and the keypoints, if there are some."""
        phases = [self._phase_of("interpreter", self.label_losses)]
        if self.pointer is not None:
            phases.append(self._phase_of("pointer", self.keypoint_losses))
        return phases

    def _phase_of(self, network: str, losses: Callable[[Batch], Losses]) -> Phase:
        return Phase(
            name=network,
            networks=(network,),
            losses=losses,
            optimizer=lambda p: torch.optim.Adam(p, lr=self.recipe.learning_rate, fused=True),
        )

    def label_losses(self, batch: Batch) -> Losses:
        """Cross-entropy at pixels of all records, drawn anew for each member."""
        records = self._known_records()
        picture, pixel = records.draw_labelled((self.recipe.members, self.recipe.points))
        rows = records.bank.rows(picture.flatten(), pixel.flatten())
        logits = self.interpreter(rows.unflatten(0, picture.shape))
        target = records.label[picture, pixel]
        loss = F.cross_entropy(logits.float().flatten(0, 1), target.flatten())
        # Each member learns from its own pixels at its own pace, so their losses are summed.
        return {"cross_entropy": loss * self.recipe.members}

    def keypoint_losses(self, batch: Batch) -> Losses:
        """Squared error of the heat at pixels, half of them near keypoints."""
        assert self.pointer is not None
        records = self._known_records()
        shape = (self.recipe.members, self.recipe.points)
        picture, pixel = records.draw_hot(shape, sigma=self._sigma)
        rows = records.bank.rows(picture.flatten(), pixel.flatten())
        predicted = self.pointer(rows.unflatten(0, shape))
        heat = heat_at(
            records.keypoints[picture],
            pixel % self.grid.width,
            pixel // self.grid.width,
            sigma=self._sigma,
        )
        return {"heat": squared_error(predicted, heat) * self.recipe.members}

    @property
    def _sigma(self) -> float:
        return self.recipe.spread * self.grid.side

    def _known_records(self) -> TrainingPixels:
        if self._records is None:
            raise InputError(
                "no training records: train through nbgan.train.Trainer, which reads them"
            )
        return self._records

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: picture, the annotator's map, the interpreter's map, uncertainty."""
        said = self.label(batch["latent"])
        maps = torch.cat([batch["label"], said.label])
        colors = torch.from_numpy(self.label_space.colorize(maps)).permute(0, 3, 1, 2)
        doubt = said.uncertainty / said.uncertainty.max().clamp(min=1e-6)
        return torch.cat(
            [
                said.image.cpu().clamp(-1, 1),
                colors.float() / 127.5 - 1,
                doubt.cpu()[:, None].expand(-1, 3, -1, -1) * 2 - 1,
            ]
        )

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """mIoU and accuracy against the annotator's masks of other generated pictures; PCK."""
        from nbgan.metrics import ConfusionMatrix

        confusion = ConfusionMatrix(label_space=self.label_space)
        scores, found, true = [], [], []
        for batch in batches:
            said = self.label(batch["latent"])
            confusion.update(said.label, batch["label"])
            scores.append(said.score)
            if said.keypoints is not None and "keypoints" in batch:
                found.append(said.keypoints)
                true.append(batch["keypoints"])
        result = {
            "miou": confusion.mean_iou,
            "accuracy": confusion.pixel_accuracy,
            "uncertainty": float(torch.cat(scores).mean()),
        }
        if found:
            result["pck"] = pck(torch.cat(found), torch.cat(true))
        return result
