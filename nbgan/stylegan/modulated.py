"""Modulated convolution: a style scales a convolution's weights.

Source: Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), section 2.2,
equations 1 to 3.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.norms.lines import scale_channels
from nbgan.stylegan.layers import EqualLinear, full_precision
from nbgan.stylegan.resample import blur

EPS = 1e-8
"""Added under the root when demodulating."""


class ModulatedConv2d(nn.Module):
    """Convolution whose weights a style scales, one factor for each input channel.

    Published as weights of their own for each picture: see :func:`modulated_conv2d_by_weights`.
    But scaling the weights of an input channel is scaling that channel, and the demodulating factor
    belongs to an output channel. So the input is scaled, convolved with weights shared by the
    batch, and the output demodulated: the same numbers, with one dense convolution.

    Args:
        in_channels, out_channels: of the features.
        kernel_size: odd.
        w_dim: length of the code that gives the style.
        up: whether height and width are doubled.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        w_dim: int,
        up: bool = False,
    ) -> None:
        super().__init__()
        self.style = EqualLinear(in_features=w_dim, out_features=in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.scale = 1 / math.sqrt(in_channels * kernel_size**2)
        self.up = up

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Modulate and convolve, not yet demodulated.

        Args:
            x: features ``[N, in_channels, H, W]``.
            style: factors ``[N, in_channels]``, from :attr:`style`.

        Returns:
            ``[N, out_channels, H, W]``, or twice that size. Multiply it by :meth:`demodulation`.
        """
        weight = self.weight * self.scale
        x = scale_channels(x, style.to(x.dtype))
        if self.up:
            y = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
            return blur(y, padding=1, gain=4.0)
        return F.conv2d(x, weight, padding=weight.shape[-1] // 2)

    def demodulation(self, style: Tensor) -> Tensor:
        """Factors ``[N, out_channels]`` that give the output unit variance (equation 3).

        Float32, also under autocast.
        """
        with full_precision(style.device):
            power = (self.weight * self.scale).square().sum(dim=(2, 3))
            return torch.rsqrt(style.square() @ power.T + EPS)


def modulated_conv2d_by_weights(x: Tensor, conv: ModulatedConv2d, style: Tensor) -> Tensor:
    """The published formulation, read off equations 1 to 3: every picture has its own weights.

    The readable twin of :class:`ModulatedConv2d`, demodulation included; slower.

    Args:
        x: features ``[N, in_channels, H, W]``.
        conv: holds the weights.
        style: factors ``[N, in_channels]``.
    """
    outputs = []
    for picture, factors in zip(x, style, strict=True):
        weight = conv.weight * conv.scale * factors[:, None, None]  # equation 1
        weight = weight / torch.sqrt(weight.square().sum(dim=(1, 2, 3), keepdim=True) + EPS)
        if conv.up:
            y = F.conv_transpose2d(picture[None], weight.transpose(0, 1), stride=2)
            outputs.append(blur(y, padding=1, gain=4.0))
        else:
            outputs.append(F.conv2d(picture[None], weight, padding=weight.shape[-1] // 2))
    return torch.cat(outputs)
