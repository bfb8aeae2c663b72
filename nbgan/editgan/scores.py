"""How good an edit is: the wish fulfilled inside, nothing changed outside.

Source: Ling et al., *EditGAN* (2021), section 4.2, asks the same two questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nbgan.editgan.distance import Distance
from nbgan.editgan.embedding import psnr
from nbgan.editgan.joint import View


@dataclass(frozen=True, kw_only=True)
class EditScores:
    """Numbers of one edit.

    Args:
        iou: mean over the wished classes of intersection over union with the edited picture's
            mask, inside the region; 1 is perfect.
        psnr: likeness of the pictures outside the region, in dB; infinite if nothing changed.
        distance: perceptual distance outside the region; 0 if nothing changed.
        moved: share of the pixels outside the region whose class changed.
    """

    iou: float
    psnr: float
    distance: float
    moved: float


def score_edit(
    before: View, after: View, *, target: Tensor, region: Tensor, distance: Distance
) -> EditScores:
    """Compare a picture before and after an edit.

    Args:
        before, after: one picture each, with their masks.
        target: the wish, class ids ``[H, W]``.
        region: bool ``[H, W]``, dilated.
        distance: of pictures.
    """
    target, region = (x.to(before.image.device) for x in (target, region))
    kept = ~region[None, None]
    shown = [
        torch.where(kept, view.image, torch.full_like(view.image, -1)) for view in (before, after)
    ]
    outside = ~region
    moved = (before.label[0] != after.label[0])[outside]
    with torch.no_grad():
        different = float(distance(*shown).mean())
    return EditScores(
        iou=region_iou(after.label[0][region], target[region]),
        psnr=psnr(before.image, after.image, kept.float()),
        distance=different,
        moved=float(moved.float().mean()) if len(moved) else 0.0,
    )


def region_iou(found: Tensor, wished: Tensor) -> float:
    """Mean intersection over union of class ids ``[P]``, over the classes that are wished for."""
    values = []
    for i in wished.unique():
        union = ((found == i) | (wished == i)).sum()
        values.append(((found == i) & (wished == i)).sum() / union)
    return float(torch.stack(values).mean()) if values else 1.0
