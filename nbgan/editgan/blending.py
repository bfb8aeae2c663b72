"""Blending: the edited pixels inside a region, the original ones outside.

A generator repaints the whole picture, so that pixels far from the edit change a little. Where the
original is at hand, only the region need be taken from the edited picture: as it is, or so that its
gradients stay and its rim meets the original without a seam.

Source of the latter: Pérez et al., *Poisson Image Editing* (2003), equations 2 and 3, as EditGAN's
release uses it: each colour channel is solved exactly as a sparse linear system.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from scipy.sparse import csr_array, diags_array
from scipy.sparse.linalg import spsolve
from torch import Tensor

from nbgan.errors import InputError

Blending = Literal["none", "plain", "poisson"]


def blend(original: Tensor, edited: Tensor, region: Tensor, how: Blending = "plain") -> Tensor:
    """The edited picture inside a region and the original outside.

    Args:
        original, edited: ``[3, H, W]`` in [−1, 1].
        region: bool ``[H, W]``; dilated, so that what belongs to the edit is in it.
        how: ``"none"`` gives the edited picture; ``"plain"`` copies pixels; ``"poisson"`` copies
            gradients.

    Returns:
        ``[3, H, W]`` in [−1, 1].

    Raises:
        InputError: sizes that differ, or an unknown way.
    """
    if original.shape != edited.shape or original.shape[1:] != region.shape:
        raise InputError(
            f"blend: original {list(original.shape)}, edited {list(edited.shape)} and region "
            f"{list(region.shape)} differ in size; resize the pictures to that of the region"
        )
    if how == "none":
        return edited
    if how == "plain":
        return torch.where(region, edited, original)
    if how == "poisson":
        return _poisson(original, edited, region)
    raise InputError(f"blend: got '{how}'; choose none, plain or poisson")


def _poisson(original: Tensor, edited: Tensor, region: Tensor) -> Tensor:
    """Inside, the differences between neighbours are the edited picture's."""
    inside = region.cpu().numpy()
    if inside.all() or not inside.any():  # no rim to meet
        return edited if inside.all() else original
    target = original.cpu().double().numpy()
    source = edited.cpu().double().numpy()
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    unknowns = int(inside.sum())
    degree = np.zeros(unknowns)
    right = np.zeros((unknowns, 3))
    rows, columns = [], []
    for here, there in _neighbours(inside):
        own = number[inside & here]
        degree[own] += 1
        y, x = np.nonzero(inside & here)
        ny, nx = y + there[0], x + there[1]
        right[own] += (source[:, y, x] - source[:, ny, nx]).T
        other = number[ny, nx]
        known = other < 0
        right[own[known]] += target[:, ny[known], nx[known]].T
        rows.append(own[~known])
        columns.append(other[~known])
    row, column = np.concatenate(rows), np.concatenate(columns)
    links = csr_array((np.ones(len(row)), (row, column)), shape=(unknowns, unknowns))
    found = spsolve((diags_array(degree) - links).tocsc(), right)
    blended = target.copy()
    blended[:, inside] = found.T
    return torch.from_numpy(blended).to(original).clamp(-1, 1)


def _neighbours(inside: np.ndarray) -> list[tuple[np.ndarray, tuple[int, int]]]:
    """For each of the four directions: which pixels have such a neighbour, and where it is."""
    height, width = inside.shape
    y, x = np.indices(inside.shape)
    return [
        (y > 0, (-1, 0)),
        (y < height - 1, (1, 0)),
        (x > 0, (0, -1)),
        (x < width - 1, (0, 1)),
    ]
