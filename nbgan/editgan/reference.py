"""The published formulation of the segmentation inside an optimisation: readable, and heavy.

Every map is resized to label size, all are stacked, and each classifier reads the chosen columns of
the stack. At 512 × 512 and 6,016 channels the stack takes 6.3 GB, and as much again while it is
put together. Tests and the benchmark compare :mod:`nbgan.editgan.reading` with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.datasetgan.classifier import PixelClassifier
from nbgan.datasetgan.features import PixelGrid, stack_features


def mean_scores_of_stack(
    classifiers: Sequence[PixelClassifier],
    maps: Sequence[Tensor],
    grid: PixelGrid,
    pixels: Tensor | None = None,
    *,
    nearest: bool = False,
) -> Tensor:
    """Mean class scores ``[P, classes]`` at chosen pixels of one picture.

    Arguments as for :class:`~nbgan.editgan.reading.MeanScores`; maps finer than the labels are
    resized without nearest neighbours there, and here.
    """
    if nearest:
        maps = [
            F.interpolate(x, (grid.side, grid.side)) if x.shape[-1] < grid.side else x for x in maps
        ]
    rows = stack_features(maps, grid)[0].flatten(1).T
    rows = rows if pixels is None else rows[pixels]
    return torch.stack([classifier(rows) for classifier in classifiers]).mean(dim=0)
