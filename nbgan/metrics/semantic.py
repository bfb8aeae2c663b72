"""Do generated pictures show what the label map asked for?

The protocol of SPADE (Park et al., 2019, section 4): a segmenter trained on real pictures reads the
generated ones, and its answer is compared with the label map they were generated from, by mean
intersection over union and pixel accuracy. The same segmenter on the real pictures gives the upper
bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images

Batch = Mapping[str, Tensor]


class ConfusionMatrix:
    """Counts of (true class, predicted class) over pixels, added up batch by batch.

    Pixels whose true id is the label space's ignore id are not counted. Scores are over everything
    counted so far, not means over pictures.

    Args:
        label_space: the classes.

    Attributes:
        matrix: int64 ``[C, C]``, rows the true class, columns the predicted one, on the CPU.
            Matrices of several processes may be summed.
    """

    def __init__(self, *, label_space: LabelSpace) -> None:
        self.label_space = label_space
        count = label_space.num_classes
        self.matrix = torch.zeros(count, count, dtype=torch.int64)

    @torch.no_grad()
    def update(self, prediction: Tensor, label: Tensor) -> None:
        """Count a batch.

        Args:
            prediction: predicted class ids, integers of any shape.
            label: true class ids, the same shape; may hold the ignore id.

        Raises:
            InputError: shapes differ, or an id outside the label space; nothing is counted then.
        """
        if prediction.shape != label.shape:
            raise InputError(
                f"prediction has shape {list(prediction.shape)}, label {list(label.shape)}; "
                "compare maps of the same size"
            )
        count, ignore = self.label_space.num_classes, self.label_space.ignore_id
        for ids, where in ((prediction, "prediction"), (label, "label map")):
            if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
                raise InputError(
                    f"{where}: class ids must be integers, got {ids.dtype}; "
                    "use logits.argmax(dim=1) for a prediction, .long() for ids"
                )
        label = label.to(prediction.device, torch.int64)
        prediction = prediction.to(torch.int64)
        if ignore is not None:
            counted = label != ignore
            prediction, label = prediction[counted], label[counted]
        for ids, where in ((prediction, "prediction"), (label, "label map")):
            unknown = ids[(ids < 0) | (ids >= count)].unique().tolist()
            if unknown:
                extra = "" if ignore is None or where == "prediction" else f", or {ignore}"
                raise InputError(
                    f"{where}: class id {', '.join(map(str, unknown[:8]))} is not in label space "
                    f"'{self.label_space.name}', which allows 0 to {count - 1}{extra}; remap the "
                    "ids or use the label space they belong to"
                )
        pairs = torch.bincount((label * count + prediction).flatten(), minlength=count * count)
        self.matrix += pairs.reshape(count, count).cpu()

    @property
    def pixel_accuracy(self) -> float:
        """Share of the counted pixels whose class was found; NaN before the first one."""
        total = int(self.matrix.sum())
        return int(self.matrix.diagonal().sum()) / total if total else float("nan")

    @property
    def class_iou(self) -> np.ndarray:
        """Intersection over union per class, float64 ``[C]``.

        NaN for an absent class: one that neither a label nor a prediction holds. A class that is
        predicted but nowhere true has 0.
        """
        matrix = self.matrix.numpy().astype(np.float64)
        hit = matrix.diagonal()
        union = matrix.sum(axis=0) + matrix.sum(axis=1) - hit
        return np.divide(hit, union, out=np.full_like(hit, np.nan), where=union > 0)

    @property
    def mean_iou(self) -> float:
        """Mean of :attr:`class_iou` over the classes that are not absent; NaN if all are."""
        iou = self.class_iou
        present = ~np.isnan(iou)
        return float(iou[present].mean()) if present.any() else float("nan")

    def scores(self) -> SemanticScores:
        """Everything above in one record."""
        return SemanticScores(
            mean_iou=self.mean_iou,
            pixel_accuracy=self.pixel_accuracy,
            class_iou=dict(zip(self.label_space.classes, self.class_iou.tolist(), strict=True)),
            pixels=int(self.matrix.sum()),
        )


@dataclass(frozen=True, kw_only=True)
class SemanticScores:
    """Agreement of a segmenter's reading with the label maps; all shares are 0 to 1.

    Args:
        mean_iou: mean intersection over union over the classes that are not absent.
        pixel_accuracy: share of labelled pixels with the right class.
        class_iou: intersection over union by class name; NaN for absent classes.
        pixels: how many labelled pixels were compared.
    """

    mean_iou: float
    pixel_accuracy: float
    class_iou: dict[str, float]
    pixels: int


def real_images(batch: Batch) -> Tensor:
    """The pictures of the data set: as ``generate``, the upper bound of :func:`semantic_scores`."""
    return batch["image"]


@torch.no_grad()
def semantic_scores(
    generate: Callable[[Batch], Tensor],
    segmenter: Callable[[Tensor], Tensor],
    batches: Iterable[Batch],
    label_space: LabelSpace,
) -> SemanticScores:
    """Segment what ``generate`` makes of each batch and compare with the batch's label maps.

    Args:
        generate: batch to images ``[N, 3, H, W]`` in [−1, 1]; for a generator for example
            ``lambda batch: system.generate(batch["label"])``, for the upper bound
            :func:`real_images`.
        segmenter: images to logits ``[N, C, H, W]``, trained on real pictures of this label space.
            A module is run in evaluation mode and left in the mode it was in.
        batches: batches with ``label`` ``[N, H, W]`` int64, and what ``generate`` needs.
        label_space: the classes of the labels.

    Raises:
        InputError: no batches; a segmenter of another label space; images, logits and labels that
            do not fit together.
    """
    theirs = getattr(segmenter, "label_space", None)
    if theirs is not None and theirs.classes != label_space.classes:
        raise InputError(
            f"segmenter: trained on label space '{theirs.name}' with {theirs.num_classes} classes, "
            f"but the labels are of '{label_space.name}' with {label_space.num_classes}; "
            "use a segmenter of the same label space"
        )
    confusion = ConfusionMatrix(label_space=label_space)
    seen = False
    with _evaluating(segmenter) as device:
        for batch in batches:
            seen = True
            image = generate(batch)
            check_images(image, where="what generate returned")
            logits = segmenter(image if device is None else image.to(device))
            expected = (len(image), label_space.num_classes, *batch["label"].shape[-2:])
            if tuple(logits.shape) != expected:
                raise InputError(
                    f"segmenter: logits have shape {list(logits.shape)}, expected "
                    f"{list(expected)} (pictures, classes, label height and width); generate "
                    "pictures of the label map's size and use a segmenter of its label space"
                )
            confusion.update(logits.argmax(dim=1), batch["label"])
    if not seen:
        raise InputError("batches: got none; give at least one batch (is the data set empty?)")
    return confusion.scores()


@contextmanager
def _evaluating(network: object) -> Iterator[torch.device | None]:
    """Put a module into evaluation mode for a while; yields the device it lives on."""
    if not isinstance(network, nn.Module):
        yield None
        return
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        parameter = next(network.parameters(), None)
        yield None if parameter is None else parameter.device
    finally:
        for module, training in modes:
            module.training = training
