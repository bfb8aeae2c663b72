"""The published formulation of the Style Interpreter: readable, and heavy.

Every map is resized to the size of the labels, all are stacked, and each classifier reads the stack
pixel by pixel. Tests and the benchmark compare :mod:`nbgan.datasetgan.interpreter` with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nbgan.datasetgan.classifier import PixelClassifier
from nbgan.datasetgan.features import PixelGrid, stack_features
from nbgan.datasetgan.interpreter import Interpretation
from nbgan.datasetgan.votes import image_score


@torch.no_grad()
def interpret_stack(
    classifiers: Sequence[PixelClassifier], maps: Sequence[Tensor], grid: PixelGrid
) -> Interpretation:
    """Label pictures from their feature maps ``[N, C, r, r]``, as published."""
    stack = stack_features(maps, grid)
    rows = stack.permute(0, 2, 3, 1).flatten(0, 2)
    logits = torch.stack([classifier(rows) for classifier in classifiers])
    probability = logits.softmax(dim=2)
    mean = probability.mean(dim=0)
    entropy = torch.special.entr(probability).sum(dim=2)
    uncertainty = torch.special.entr(mean).sum(dim=1) - entropy.mean(dim=0)
    label = logits.argmax(dim=2).mode(dim=0).values
    shape = (len(stack), grid.height, grid.width)
    uncertainty = uncertainty.view(shape)
    return Interpretation(
        label=label.view(shape), uncertainty=uncertainty, score=image_score(uncertainty)
    )
