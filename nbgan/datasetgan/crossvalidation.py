"""Evaluation as DatasetGAN does it: checkpoints are chosen on one fold and tested on the others.

Source: Zhang et al., *DatasetGAN* (2021), section 4.1, and the published release (checked by
``tests/golden/datasetgan/cross_validation``). Three things differ from common usage: intersections
and unions are summed over all pixels of all pictures; background counts, and a class that never
occurs counts as 0; each fold is the *validation* part, and the other four fifths are the test part.
The network is not trained again for each fold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.metrics import ConfusionMatrix


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """Scores over folds.

    Args:
        folds: test mIoU of each fold.
        chosen: the checkpoint that each fold chose.
    """

    folds: tuple[float, ...]
    chosen: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean over the folds."""
        return float(torch.tensor(self.folds, dtype=torch.float64).mean())

    @property
    def std(self) -> float:
        """Population standard deviation over the folds, as published."""
        return float(torch.tensor(self.folds, dtype=torch.float64).std(correction=0))


def confusions(
    segment: Callable[[Tensor], Tensor],
    batches: Iterable[Mapping[str, Tensor]],
    label_space: LabelSpace,
) -> Tensor:
    """Confusion matrices of one checkpoint, picture by picture.

    Any split of the pictures is then scored by adding matrices up.

    Args:
        segment: pictures ``[N, 3, H, W]`` to class ids ``[N, H, W]``.
        batches: with ``image`` and ``label``.
        label_space: of the labels; unlabelled pixels are not counted.

    Returns:
        int64 ``[pictures, C, C]``, rows the true class, columns the predicted one.
    """
    matrices = []
    for batch in batches:
        predicted = segment(batch["image"])
        for one, label in zip(predicted, batch["label"], strict=True):
            confusion = ConfusionMatrix(label_space=label_space)
            confusion.update(one, label)
            matrices.append(confusion.matrix)
    if not matrices:
        raise InputError("batches: got none; give at least one batch (is the data set empty?)")
    return torch.stack(matrices)


def published_miou(matrices: Tensor) -> float:
    """Mean IoU over all classes of summed matrices ``[…, C, C]``; absent classes count as 0."""
    matrix = matrices.reshape(-1, *matrices.shape[-2:]).sum(dim=0).double()
    hit = matrix.diagonal()
    union = matrix.sum(dim=0) + matrix.sum(dim=1) - hit
    return float((hit / (1e-8 + union)).mean())


def cross_validate(checkpoints: Sequence[Tensor], *, folds: int = 5) -> CrossValidation:
    """Choose a checkpoint on each fold, test it on all other pictures.

    Args:
        checkpoints: for each one the matrices of :func:`confusions`, pictures in the same order.
        folds: how many. Folds are runs of ``int(pictures / folds)`` pictures; what is left over
            at the end is always tested, never validated.

    Raises:
        InputError: fewer pictures than folds, fewer than 2 folds, no checkpoints.
    """
    matrices = _stacked(checkpoints)
    pictures = matrices.shape[1]
    check_folds(pictures, folds)
    length = pictures // folds
    scores, chosen = [], []
    for fold in range(folds):
        held_out = torch.zeros(pictures, dtype=torch.bool)
        held_out[fold * length : (fold + 1) * length] = True
        best, score = _choose(matrices, held_out)
        chosen.append(best)
        scores.append(score)
    return CrossValidation(folds=tuple(scores), chosen=tuple(chosen))


def check_folds(pictures: int, folds: int) -> None:
    """Raise InputError if pictures cannot be divided into so many folds."""
    if folds < 2 or pictures < folds:
        raise InputError(
            f"folds: got {folds} for {pictures} pictures; use at least 2 and at most as many as "
            "there are pictures. Published are 5"
        )


def hold_out(checkpoints: Sequence[Tensor], *, validation: int) -> tuple[float, float]:
    """The single split: the first pictures choose the checkpoint, the rest test it.

    Args:
        checkpoints: as in :func:`cross_validate`.
        validation: how many pictures validate; with 0 both parts are all pictures, as published.

    Returns:
        mIoU of the chosen checkpoint on the validation and on the test part.

    Raises:
        InputError: no picture is left to test.
    """
    matrices = _stacked(checkpoints)
    pictures = matrices.shape[1]
    if not 0 <= validation < pictures:
        raise InputError(
            f"validation: {validation} of {pictures} pictures; leave at least one to test"
        )
    first = torch.arange(pictures) < (validation or pictures)
    scores = [published_miou(each[first]) for each in matrices]
    best = scores.index(max(scores))
    rest = ~first if validation else first
    return scores[best], published_miou(matrices[best, rest])


def _choose(matrices: Tensor, held_out: Tensor) -> tuple[int, float]:
    """The best checkpoint on the held-out pictures (the first of equal ones), and its test."""
    validated = [published_miou(each[held_out]) for each in matrices]
    best = validated.index(max(validated))
    return best, published_miou(matrices[best, ~held_out])


def _stacked(checkpoints: Sequence[Tensor]) -> Tensor:
    shapes = {tuple(x.shape) for x in checkpoints}
    if len(shapes) != 1:
        raise InputError(
            "checkpoints: expected matrices [pictures, C, C] of one shape, got "
            f"{', '.join(map(str, sorted(shapes))) or 'none'}"
        )
    return torch.stack(list(checkpoints))
