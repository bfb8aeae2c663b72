"""StyleGAN2's residual discriminator.

Source: Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), section 4.1
and figure 7c; the minibatch standard deviation is from *Progressive Growing of GANs* (2018),
section 3. Checked against two published implementations (``tests/golden/stylegan2``).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.stylegan.layers import (
    GAIN,
    SLOPE,
    EqualConv2d,
    EqualLinear,
    activate,
    channels_by_size,
)
from nbgan.stylegan.resample import blur, downsample


class ResidualBlock(nn.Module):
    """Two convolutions beside a 1 × 1 skip; halves height and width.

    Args:
        in_channels, out_channels: of the features.
    """

    def __init__(self, *, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv_0 = EqualConv2d(in_channels=in_channels, out_channels=in_channels, kernel_size=3)
        self.conv_1 = EqualConv2d(in_channels=in_channels, out_channels=out_channels, kernel_size=3)
        self.skip = EqualConv2d(
            in_channels=in_channels, out_channels=out_channels, kernel_size=1, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, H / 2, W / 2]``."""
        y = F.leaky_relu(self.conv_0(x, gain=GAIN), SLOPE)
        # The sum is divided by √2 to keep its variance, which takes the √2 of conv_1 away.
        y = F.leaky_relu(self.conv_1(blur(y, padding=2), stride=2), SLOPE)
        return y + self.skip(downsample(x), gain=1 / GAIN)


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """How much pictures of a group differ, as one more channel at the end.

    Groups are interleaved: of 8 pictures in groups of 4, pictures 0, 2, 4, 6 form one.

    Args:
        x: features ``[N, C, H, W]``.
        group: pictures in a group; where the batch does not divide, the largest number below
            that does.
    """
    n = len(x)
    group = next(g for g in range(min(group, n), 0, -1) if n % g == 0)
    groups = x.float().unflatten(0, (group, -1))
    deviation = (groups.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    channel = deviation.to(x.dtype).repeat(group)[:, None, None, None]
    return torch.cat([x, channel.expand(-1, 1, *x.shape[2:])], dim=1)


class StyleGAN2Discriminator(nn.Module):
    """Residual blocks down to 4 × 4, minibatch standard deviation, two linear layers.

    Args:
        size: of the picture, a power of two.
        channels: resolution to feature channels; None takes ``min(channel_base / resolution,
            max_channels)``.
        channel_base, max_channels: see ``channels``; the published defaults.
        group: pictures in a group of the minibatch standard deviation.

    Raises:
        InputError: a size that is no power of two, or a resolution without channels.
    """

    def __init__(
        self,
        *,
        size: int,
        channels: Mapping[int, int] | None = None,
        channel_base: int = 32768,
        max_channels: int = 512,
        group: int = 4,
    ) -> None:
        super().__init__()
        widths = channels_by_size(size, channels, channel_base, max_channels)
        self.size, self.group = size, group
        # Named by resolution, so that a smaller network's layers are found in a larger one.
        self.from_rgb = nn.ModuleDict(
            {str(size): EqualConv2d(in_channels=3, out_channels=widths[size], kernel_size=1)}
        )
        self.blocks = nn.ModuleDict(
            {
                str(r): ResidualBlock(in_channels=widths[r], out_channels=widths[r // 2])
                for r in reversed(widths)
                if r > 4
            }
        )
        last = widths[4]
        self.final_conv = EqualConv2d(in_channels=last + 1, out_channels=last, kernel_size=3)
        self.linear_0 = EqualLinear(in_features=last * 16, out_features=last)
        self.linear_1 = EqualLinear(in_features=last, out_features=1)

    def forward(self, image: Tensor) -> Tensor:
        """Pictures ``[N, 3, size, size]`` to logits ``[N]`` float32; high means real.

        Raises:
            InputError: pictures of another size.
        """
        if image.ndim != 4 or image.shape[1:] != (3, self.size, self.size):
            raise InputError(
                f"image: expected shape [N, 3, {self.size}, {self.size}], got "
                f"{list(image.shape)}; resize the pictures or build the discriminator for them"
            )
        x = F.leaky_relu(self.from_rgb[str(self.size)](image, gain=GAIN), SLOPE)
        for block in self.blocks.values():
            x = block(x)
        x = minibatch_deviation(x, self.group)
        x = F.leaky_relu(self.final_conv(x, gain=GAIN), SLOPE)
        x = activate(self.linear_0(x.flatten(1)))
        return self.linear_1(x)[:, 0]
