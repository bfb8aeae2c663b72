"""Precision and recall of generated pictures: are they real enough, and is nothing missing?

Source: Kynkäänniemi et al., *Improved Precision and Recall Metric for Assessing Generative Models*
(2019), eq. 1 and 2.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from nbgan.errors import InputError


def precision_recall(
    real: np.ndarray | Tensor, generated: np.ndarray | Tensor, *, neighbours: int = 3
) -> tuple[float, float]:
    """Shares of pictures that lie within the other set's manifold.

    A set's manifold is the union of balls around its features, each reaching to the
    ``neighbours``-th nearest of the same set.

    Args:
        real, generated: features ``[N, D]`` and ``[M, D]``, for example from
            :func:`nbgan.metrics.embed`.
        neighbours: k of the k-nearest-neighbour radius; the paper uses 3.

    Returns:
        Precision (share of generated pictures inside the real manifold) and recall (share of real
        pictures inside the generated one), each 0 to 1. Two halves of one set reach less than 1:
        compare with that.

    Raises:
        InputError: fewer than ``neighbours + 1`` rows, or different numbers of columns.
    """
    sets = [torch.as_tensor(np.asarray(x), dtype=torch.float64) for x in (real, generated)]
    for name, features in zip(("real", "generated"), sets, strict=True):
        if features.ndim != 2 or len(features) <= neighbours:
            raise InputError(
                f"{name}: got features of shape {list(features.shape)}; needed are [N, D] with at "
                f"least {neighbours + 1} rows for {neighbours} neighbours"
            )
    if sets[0].shape[1] != sets[1].shape[1]:
        raise InputError(
            f"real and generated: features of {sets[0].shape[1]} and {sets[1].shape[1]} columns; "
            "use the same feature network for both"
        )
    first, second = sets
    return _covered(second, first, neighbours), _covered(first, second, neighbours)


def _covered(points: Tensor, manifold: Tensor, neighbours: int) -> float:
    """Share of ``points`` inside the manifold."""
    # The nearest of a point in its own set is the point itself.
    radius = torch.cdist(manifold, manifold).kthvalue(neighbours + 1, dim=1).values
    return (torch.cdist(points, manifold) <= radius).any(dim=1).double().mean().item()
