"""Keypoints as heat maps: how they are drawn, read off, and scored.

Source: Zhang et al., *DatasetGAN* (2021), section 4.2 (the same interpreter with heat maps); PCK,
the percentage of correct keypoints: Yang and Ramanan, *Articulated Human Detection with Flexible
Mixtures of Parts* (2013).
"""

from __future__ import annotations

import torch
from torch import Tensor

from nbgan.errors import InputError


def heat_at(keypoints: Tensor, x: Tensor, y: Tensor, *, sigma: float) -> Tensor:
    """Heat of each keypoint at some pixels: 1 at the keypoint, a bell of width ``sigma``.

    Args:
        keypoints: pixel x, y, ``[…, K, 2]``; NaN for a keypoint that cannot be seen.
        x, y: pixels ``[…]``, of the same leading shape.
        sigma: of the bell, in pixels.

    Returns:
        ``[…, K]``; NaN for keypoints that cannot be seen.
    """
    dx = x[..., None] - keypoints[..., 0]
    dy = y[..., None] - keypoints[..., 1]
    return torch.exp(-(dx.square() + dy.square()) / (2 * sigma**2))


def heat_maps(keypoints: Tensor, *, height: int, width: int, sigma: float) -> Tensor:
    """Keypoints ``[N, K, 2]`` to heat maps ``[N, K, height, width]``; see :func:`heat_at`."""
    y, x = torch.meshgrid(
        torch.arange(height, device=keypoints.device),
        torch.arange(width, device=keypoints.device),
        indexing="ij",
    )
    heat = heat_at(keypoints[:, None, None], x[None], y[None], sigma=sigma)
    return heat.permute(0, 3, 1, 2)


def squared_error(predicted: Tensor, heat: Tensor) -> Tensor:
    """Mean squared error over keypoints that can be seen; zero where none can. Any shape."""
    seen = ~heat.isnan()
    error = (predicted.float() - heat.nan_to_num()).square() * seen
    return error.sum() / seen.sum().clamp(min=1)


def peaks(heat: Tensor, *, least: float = 0.2) -> Tensor:
    """Keypoints of heat maps: the hottest pixel, moved to the top of the bell through it.

    A bell's logarithm is a parabola, so three neighbours in a row tell where its top is.

    Args:
        heat: ``[N, K, H, W]``.
        least: heat under which a keypoint counts as not seen.

    Returns:
        Pixel x, y, float32 ``[N, K, 2]``; NaN where not seen.
    """
    _, _, height, width = heat.shape
    flat = heat.float().flatten(2)
    value, place = flat.max(dim=2)
    y, x = place // width, place % width

    def at(row: Tensor, column: Tensor) -> Tensor:
        cell = row.clamp(0, height - 1) * width + column.clamp(0, width - 1)
        return flat.gather(2, cell[..., None])[..., 0].clamp(min=1e-6).log()

    top = at(y, x)
    dx = _top(at(y, x - 1), top, at(y, x + 1)) * ((x > 0) & (x < width - 1))
    dy = _top(at(y - 1, x), top, at(y + 1, x)) * ((y > 0) & (y < height - 1))
    points = torch.stack([x + dx, y + dy], dim=2)
    return points.masked_fill((value < least)[..., None], float("nan"))


def _top(before: Tensor, middle: Tensor, after: Tensor) -> Tensor:
    """Where the parabola through three values has its top, from the middle one, at most ½ away."""
    bend = (2 * middle - before - after).clamp(min=1e-6)
    return ((after - before) / (2 * bend)).clamp(-0.5, 0.5)


def pck(predicted: Tensor, true: Tensor, *, alpha: float = 0.1, size: float | None = None) -> float:
    """Share of keypoints that were found near enough.

    Args:
        predicted, true: pixel x, y, ``[N, K, 2]``; NaN for not seen. Only keypoints that are
            truly seen count; one of them that was not predicted is a miss.
        alpha: near enough is within ``alpha`` times the reference size.
        size: reference size in pixels; None takes the longer side of the box around each
            picture's true keypoints.

    Raises:
        InputError: shapes differ, or no keypoint can be seen.
    """
    if predicted.shape != true.shape or true.shape[-1] != 2:
        raise InputError(
            f"keypoints: predicted {list(predicted.shape)}, true {list(true.shape)}; expected the "
            "same shape [N, K, 2]"
        )
    seen = ~true.isnan().any(dim=2)
    if not seen.any():
        raise InputError("keypoints: none of the true ones can be seen (all NaN); nothing to score")
    if size is None:
        high = true.nan_to_num(nan=-torch.inf).amax(dim=1)
        low = true.nan_to_num(nan=torch.inf).amin(dim=1)
        reference = (high - low).amax(dim=1)
    else:
        reference = true.new_full((len(true),), size)
    distance = (predicted - true).norm(dim=2)
    near = distance <= alpha * reference[:, None]  # false for NaN
    return float((near & seen).sum() / seen.sum())
