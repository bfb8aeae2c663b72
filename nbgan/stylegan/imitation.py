"""Learning to draw avatars from their plans, before the game: what a picture counts, and how fast.

Ours, for machines without the time to play for long; published generators are told nothing. See
:mod:`nbgan.data.avatar_plans`.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

IMITATION_RATE, MAPPING_RATE, IMITATION_BETAS = 6e-3, 2e-2, (0.9, 0.99)
"""Of Adam, while the generator imitates; the mapping network learns apart, and faster."""
HEAD_START = 500
"""Steps for which the discriminator learns to tell imitations before the game begins."""
REMINDER = 2
"""Every so many steps of the game the generator imitates again, lest it forget rare faces."""
CODES = 64
"""Points of the normal distribution for each plan and step."""


def plan_reader(length: int, w_dim: int) -> nn.Sequential:
    """The network from plans ``[N, length]`` to latents ``[N, w_dim]``."""
    return nn.Sequential(
        nn.Linear(length, 256), nn.LeakyReLU(0.2), nn.Linear(256, w_dim), nn.LeakyReLU(0.2)
    )


def detail_weights(image: Tensor) -> Tensor:
    """What a pixel counts: the more, the more the picture changes around it; 1 on average.

    Without them eyes, which are small, would be drawn last.

    Args:
        image: ``[N, C, H, W]``.

    Returns:
        ``[N, 1, H, W]``.
    """
    radius = image.shape[-1] // 32 + 1
    window = 2 * radius + 1

    def around(x: Tensor) -> Tensor:
        # One axis after the other: two short windows cost less than one large one.
        padded = F.pad(x.contiguous(), 4 * [radius], mode="replicate")
        rows = F.avg_pool2d(padded, (1, window), stride=1)
        return F.avg_pool2d(rows, (window, 1), stride=1)

    variance = (around(image.square()) - around(image).square()).mean(dim=1, keepdim=True)
    weights = 0.05 + variance.clamp(min=0).sqrt()
    return weights / weights.mean()
