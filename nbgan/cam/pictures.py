"""Maps as pictures: warm colours over the picture in grey."""

from __future__ import annotations

import torch
from matplotlib import colormaps
from torch import Tensor

from nbgan.errors import InputError

COLORS = "inferno"
"""Matplotlib's map from black over red to yellow: lightness grows all the way, so it reads in grey
and for colour-blind readers."""
STRENGTH = 0.65
"""Share of the colours; the rest is the picture."""


def heat(image: Tensor, maps: Tensor) -> Tensor:
    """Pictures in grey under maps in colours from black (0) to yellow (1).

    Args:
        image: ``[N, 3, H, W]`` in [−1, 1].
        maps: ``[N, H, W]`` in [0, 1]; values outside are clipped. See :func:`nbgan.cam.to_unit`.

    Returns:
        ``[N, 3, H, W]`` in [−1, 1], on the CPU.

    Raises:
        InputError: sizes that do not fit.
    """
    if image.ndim != 4 or maps.shape != image[:, 0].shape:
        raise InputError(
            f"image, maps: got {list(image.shape)} and {list(maps.shape)}; expected [N, 3, H, W] "
            "and [N, H, W]. Enlarge the maps with nbgan.cam.enlarge"
        )
    table = torch.tensor(colormaps[COLORS].resampled(256)(range(256)), dtype=torch.float32)[:, :3]
    steps = (maps.detach().float().cpu().clamp(0, 1) * 255).round().long()
    colors = table[steps].permute(0, 3, 1, 2) * 2 - 1
    grey = image.detach().float().cpu().mean(dim=1, keepdim=True)
    return STRENGTH * colors + (1 - STRENGTH) * grey
