"""Hourglass blocks: features seen at five sizes and brought back to the first.

Sources: Newell et al., *Stacked Hourglass Networks* (2016), section 3.1; the residual block of
parallel depths is that of Bulat and Tzimiropoulos, *How far are we from solving the 2D & 3D Face
Alignment problem?* (2017), figure 1. As used in photo2cartoon (minivision-ai, 2020), against whose
published implementation they were checked (``tests/golden/photo2cartoon``).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.norms.fused import instance_norm_fused
from nbgan.ugatit.blocks import InstanceNorm, conv

LEVELS = 4
"""How often an hourglass halves the size."""


class MultiDepthBlock(nn.Module):
    """Residual block of three 3×3 convolutions in a row; what each of them gives is kept.

    ``x + [a, b, c]`` with ``a = f(x)``, ``b = f(a)``, ``c = f(b)``, where ``f`` is instance norm,
    ReLU, convolution; ``a`` has half the channels, ``b`` and ``c`` a quarter each.

    Args:
        channels: a multiple of 4.
    """

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        half, quarter = channels // 2, channels // 4
        self.conv_0 = conv(channels, half, 3)
        self.conv_1 = conv(half, quarter, 3)
        self.conv_2 = conv(quarter, quarter, 3)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape."""
        parts, last = [], x
        for layer in (self.conv_0, self.conv_1, self.conv_2):
            last = layer(F.relu(instance_norm_fused(last), inplace=True))
            parts.append(last)
        return x + torch.cat(parts, dim=1)


class Pyramid(nn.Module):
    """Down by halves, and up again with a shortcut at every size.

    Each level pools the features as they came, not those of its shortcut.

    Args:
        channels: a multiple of 4.
        levels: how often the size is halved.
    """

    def __init__(self, *, channels: int, levels: int = LEVELS) -> None:
        super().__init__()

        def stage() -> nn.ModuleList:
            return nn.ModuleList(MultiDepthBlock(channels=channels) for _ in range(levels))

        self.skips, self.down, self.up = stage(), stage(), stage()
        self.centre = MultiDepthBlock(channels=channels)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape; sides divisible by ``2 ** levels``."""
        shortcuts = []
        for skip, down in zip(self.skips, self.down, strict=True):
            shortcuts.append(skip(x))
            x = down(F.avg_pool2d(x, 2))
        x = self.centre(x)
        for up, shortcut in zip(self.up, reversed(shortcuts), strict=True):
            x = F.interpolate(up(x), scale_factor=2.0, mode="nearest") + shortcut
        return x


class Hourglass(nn.Module):
    """A pyramid and a rough picture made from it.

    With ``residual`` the features go on, the rough picture mixed into them; otherwise the picture
    is the result.

    Args:
        channels: a multiple of 4.
        residual: what comes out, see above.
        levels: how often the size is halved.

    Raises:
        InputError: channels that four does not divide.
    """

    def __init__(self, *, channels: int, residual: bool = True, levels: int = LEVELS) -> None:
        super().__init__()
        if channels < 4 or channels % 4:
            raise InputError(
                f"channels: got {channels}, an hourglass needs a positive multiple of 4"
            )
        self.pyramid = Pyramid(channels=channels, levels=levels)
        self.block = MultiDepthBlock(channels=channels)
        self.project = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = InstanceNorm()
        self.to_picture = nn.Conv2d(channels, 3, 1)
        self.from_features = nn.Conv2d(channels, channels, 1) if residual else None
        self.from_picture = nn.Conv2d(3, channels, 1) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C, H, W]``, or to ``[N, 3, H, W]`` without ``residual``."""
        features = F.relu(self.norm(self.project(self.block(self.pyramid(x)))), inplace=True)
        picture: Tensor = self.to_picture(features)
        if self.from_features is None or self.from_picture is None:
            return picture
        return cast(Tensor, x + self.from_features(features) + self.from_picture(picture))
