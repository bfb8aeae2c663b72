"""Layers with an equalised learning rate, and what all StyleGAN networks share.

Source: Karras et al., *Progressive Growing of GANs* (2018), section 4.1: weights are stored with
unit variance and scaled when used, so that an adaptive optimiser moves all of them at the same
relative speed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError

SLOPE = 0.2
"""Slope of every leaky ReLU."""

GAIN = math.sqrt(2)
"""What keeps the variance after a leaky ReLU."""


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """Within this context nothing is cast to half precision; does nothing without autocast."""
    kind = device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return nullcontext()


class EqualLinear(nn.Module):
    """Linear layer whose weights are scaled by ``rate * gain / √in_features`` when used.

    Runs in float32 also under autocast: latents and styles are few, and errors in them move whole
    pictures.

    Args:
        in_features, out_features: of the layer.
        bias: initial bias.
        rate: learning-rate factor; scales weights and biases.
        gain: extra factor of the weights.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        bias: float = 0.0,
        rate: float = 1.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / rate)
        self.bias = nn.Parameter(torch.full((out_features,), bias / rate))
        self.scale = rate * gain / math.sqrt(in_features)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """``[…, in_features]`` to ``[…, out_features]``, in the weights' precision."""
        with full_precision(x.device):
            return F.linear(
                x.to(self.weight.dtype), self.weight * self.scale, self.bias * self.rate
            )


class EqualConv2d(nn.Module):
    """Convolution whose weights are scaled by ``gain / √fan_in`` when used.

    Args:
        in_channels, out_channels: of the features.
        kernel_size: odd.
        bias: whether there is one.
        gain: extra factor of the weights.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        bias: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.scale = gain / math.sqrt(in_channels * kernel_size**2)

    def forward(self, x: Tensor, *, gain: float = 1.0, stride: int = 1) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, H, W]``, times ``gain``.

        With a stride there is no padding: the map was blurred, and padded, before.
        """
        bias = None if self.bias is None else self.bias * gain
        padding = self.weight.shape[-1] // 2 if stride == 1 else 0
        return F.conv2d(x, self.weight * (self.scale * gain), bias, stride, padding)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, times √2 so that variance is kept.

    As ``activate(x)`` is ``leaky_relu(√2 x)``, convolutions put the √2 into their weights and
    biases, which saves a pass over the map.
    """
    return F.leaky_relu(x, SLOPE) * GAIN


def channels_by_size(
    size: int, channels: Mapping[int, int] | None, channel_base: int, max_channels: int
) -> dict[int, int]:
    """Feature channels at each resolution from 4 to ``size``.

    Args:
        size: of the picture.
        channels: resolution to channels; None takes ``min(channel_base / resolution,
            max_channels)``.
        channel_base, max_channels: see above.

    Raises:
        InputError: ``size`` is no power of two or under 8, or a resolution is missing.
    """
    if size < 8 or size & (size - 1):
        raise InputError(f"size must be a power of two, at least 8, got {size}")
    resolutions = [2**k for k in range(2, size.bit_length())]
    if channels is None:
        return {r: max(min(channel_base // r, max_channels), 1) for r in resolutions}
    missing = [r for r in resolutions if r not in channels]
    if missing:
        raise InputError(
            f"channels: no entry for resolution {missing[0]}; a {size} px network needs "
            f"{', '.join(map(str, resolutions))}"
        )
    return {r: int(channels[r]) for r in resolutions}
