"""Does a picture show where one object ends and its neighbour of the same class begins?

A label map does not say it, an instance map does; pix2pixHD (Wang et al., 2018, section 3.3 and
figure 5) shows it by eye on parked cars. Here it is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.gan.perceptual import check_images

Batch = Mapping[str, Tensor]

_BINS = 2048
_STEEPEST = 20.0  # Sobel's filters on three channels in [−1, 1] reach 8 · 2 · √3 at most, rarely 20
_MARGIN = 2


@dataclass(frozen=True, kw_only=True)
class BoundaryScore:
    """How well borders between touching objects of one class stand out.

    Args:
        accuracy: of all pairs of a border pixel and a pixel inside an object, the share in which
            the border pixel has the steeper gradient, ties counted half (the area under the ROC
            curve). 0.5 is chance; real pictures give the bound, below 1 because objects have
            edges inside, too.
        border_pixels: border pixels counted; 0 makes ``accuracy`` NaN.
    """

    accuracy: float
    border_pixels: int


def touching_borders(label: Tensor, instance: Tensor) -> Tensor:
    """Pixels at a border between two instances of one class, bool ``[N, H, W]``.

    Args:
        label: class ids ``[N, H, W]``.
        instance: instance ids ``[N, H, W]``, 0 = no instance.
    """
    borders = torch.zeros_like(label, dtype=torch.bool)
    for axis in (1, 2):
        size = label.shape[axis]

        def sides(x: Tensor, axis: int = axis, size: int = size) -> tuple[Tensor, Tensor]:
            return x.narrow(axis, 0, size - 1), x.narrow(axis, 1, size - 1)

        (label_a, label_b), (a, b) = sides(label), sides(instance)
        meet = (label_a == label_b) & (a != b) & (a > 0) & (b > 0)
        for side in sides(borders):
            side |= meet
    return borders


def inside(instance: Tensor, margin: int = _MARGIN) -> Tensor:
    """Pixels of an instance at least ``margin`` pixels from any other id, bool ``[N, H, W]``."""
    ids = instance.float()[:, None]
    size = 2 * margin + 1
    highest = F.max_pool2d(ids, size, stride=1, padding=margin)
    lowest = -F.max_pool2d(-ids, size, stride=1, padding=margin)
    return ((highest == lowest)[:, 0]) & (instance > 0)


def gradient(image: Tensor) -> Tensor:
    """Steepness ``[N, H, W]`` of pictures ``[N, 3, H, W]``: Sobel's filters, all channels."""
    sobel = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    kernels = torch.stack([sobel, sobel.T])[:, None].repeat(3, 1, 1, 1)
    steps = F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), kernels, groups=3)
    return steps.square().sum(dim=1).sqrt()


@torch.no_grad()
def boundary_score(generate: Callable[[Batch], Tensor], batches: Iterable[Batch]) -> BoundaryScore:
    """Score pictures on the borders between touching objects of one class.

    Args:
        generate: batch to pictures ``[N, 3, H, W]`` in [−1, 1]; ``nbgan.metrics.real_images`` for
            the bound.
        batches: with ``label`` and ``instance``, int64 ``[N, H, W]``.
    """
    border_counts = torch.zeros(_BINS, dtype=torch.float64)
    inner_counts = torch.zeros(_BINS, dtype=torch.float64)
    for batch in batches:
        label, instance = batch["label"].cpu(), batch["instance"].cpu()
        image = generate(batch).float().cpu()
        check_images(image, where="what generate returned")
        steep = (gradient(image) / _STEEPEST).clamp(0, 1)
        bins = (steep * (_BINS - 1)).long()
        border_counts += torch.bincount(bins[touching_borders(label, instance)], minlength=_BINS)
        inner_counts += torch.bincount(bins[inside(instance)], minlength=_BINS)
    borders, inner = float(border_counts.sum()), float(inner_counts.sum())
    if not borders or not inner:
        return BoundaryScore(accuracy=float("nan"), border_pixels=int(borders))
    below = inner_counts.cumsum(0) - inner_counts / 2
    wins = float((border_counts * below).sum())
    return BoundaryScore(accuracy=wins / (borders * inner), border_pixels=int(borders))
