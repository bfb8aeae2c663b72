"""Regions of interest: where a mask was changed, or where a class is.

Source: Ling et al., *EditGAN* (2021), section 3.3, and its release: a region is dilated by three
steps of 3 × 3, so that the picture may adapt around the edit.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

DILATIONS = 3
"""Steps of one pixel to each side; published."""


def dilate(region: Tensor, steps: int = DILATIONS) -> Tensor:
    """A region, bool ``[H, W]``, grown by ``steps`` pixels to all eight sides."""
    if not steps:
        return region
    grown = F.max_pool2d(region[None, None].float(), 2 * steps + 1, stride=1, padding=steps)
    return grown[0, 0] > 0


def region_of_classes(classes: Sequence[int], *labels: Tensor) -> Tensor:
    """Where any of some label maps ``[H, W]`` shows one of some classes, bool ``[H, W]``."""
    wanted = torch.tensor(list(classes), device=labels[0].device)
    return torch.stack([torch.isin(label, wanted) for label in labels]).any(dim=0)


def changed_classes(label: Tensor, target: Tensor) -> list[int]:
    """The classes that an edit is about: those of which a quarter or more came or went.

    Skin that appears where an eye was is a small part of all skin; the eye is all of the eye.

    Args:
        label, target: masks ``[H, W]`` before and after.

    Returns:
        Ids, ascending; if no class changed by a quarter, the one that changed most.
    """
    shares = {}
    for i in torch.cat([label.flatten(), target.flatten()]).unique().tolist():
        either = (label == i) | (target == i)
        shares[i] = float(((label == i) != (target == i))[either].float().mean())
    large = [i for i, share in shares.items() if share >= 0.25]
    return large or [max(shares, key=lambda i: shares[i])]
