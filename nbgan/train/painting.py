"""What systems that paint from label maps have in common: styles, preview and scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.train.system import Batch, System


class PaintingSystem(System):
    """Paints pictures from label maps, in a style if it was trained with styles.

    A style is a tensor whose first axis counts pictures; what the other axes mean is the system's
    own affair. Widgets, scores and the command line ask for no more than this.
    """

    label_space: LabelSpace

    @property
    @abstractmethod
    def has_styles(self) -> bool:
        """Whether one label map has more than one picture."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @abstractmethod
    def generate(
        self, label: Tensor, instance: Tensor | None = None, style: Tensor | None = None
    ) -> Tensor:
        """Label maps ``[N, H, W]`` to pictures ``[N, 3, H, W]`` in [−1, 1].

        Args:
            label: class ids.
            instance: instance ids ``[N, H, W]``, if the model was built for them.
            style: from :meth:`style_of` or :meth:`sample_style`; None takes a fixed one.
        """

    @abstractmethod
    def sample_style(self, n: int, seed: int = 0) -> Tensor:
        """Draw ``n`` styles.

        Raises:
            InputError: the model was trained without styles.
        """

    @abstractmethod
    def style_of(
        self, image: Tensor, label: Tensor | None = None, instance: Tensor | None = None
    ) -> Tensor:
        """The styles of pictures ``[N, 3, H, W]``, with their maps where the system needs them.

        Raises:
            InputError: the model was trained without styles, or maps are missing.
        """

    @torch.no_grad()
    def preview(self, batch: Batch) -> Tensor:
        """Rows: label map, real picture, picture in its own style, pictures in a random style."""
        colors = torch.from_numpy(self.label_space.colorize(batch["label"]))
        maps = colors.permute(0, 3, 1, 2).float() / 127.5 - 1
        rows = [maps.to(self.device), batch["image"]]
        label, instance = batch["label"], batch.get("instance")
        rows.append(self.paint_in_own_style(batch))
        if self.has_styles:
            rows.append(self.generate(label, instance, self.sample_style(len(label))))
        return torch.cat([row.float() for row in rows])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """mIoU and pixel accuracy of painted pictures under the world's segmenter, if it ships."""
        from nbgan import zoo
        from nbgan.metrics import semantic_scores

        judge = f"segmenter-{self.label_space.name}"
        if judge not in zoo.names():
            return {}
        segmenter = zoo.load_judge(judge).to(self.device)
        scores = semantic_scores(self.paint_in_own_style, segmenter, batches, self.label_space)
        return {"miou": scores.mean_iou, "accuracy": scores.pixel_accuracy}

    @torch.no_grad()
    def paint_in_own_style(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Paint a batch's label maps in the styles of its pictures, where there are styles."""
        label, instance = batch["label"], batch.get("instance")
        style = self.style_of(batch["image"], label, instance) if self.has_styles else None
        return self.generate(label, instance, style).float()
