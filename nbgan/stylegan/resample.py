"""Resampling with small symmetric filters: blur, double, halve.

Source: Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), appendix B;
the filter is [1, 3, 3, 1] along both axes. Every operation can be differentiated twice, as the
gradient penalties need.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

FILTER = (1.0, 3.0, 3.0, 1.0)
"""StyleGAN2's filter, along one axis, not yet normalised."""


def kernel_2d(taps: tuple[float, ...], *, gain: float = 1.0) -> Tensor:
    """Outer product of a filter with itself, ``[k, k]`` float32 with sum ``gain``."""
    line = torch.tensor(taps)
    plane = torch.outer(line, line)
    return plane * (gain / plane.sum())


def _depthwise(x: Tensor, taps: tuple[float, ...], gain: float) -> Tensor:
    kernel = kernel_2d(taps, gain=gain).to(x.device, x.dtype)
    return kernel.expand(x.shape[1], 1, -1, -1)


def blur(x: Tensor, *, padding: int, gain: float = 1.0, taps: tuple[float, ...] = FILTER) -> Tensor:
    """Filter each channel of ``[N, C, H, W]``; zeros surround the map.

    Args:
        x: features.
        padding: rows and columns of zeros added on each side; a filter of ``k`` taps gives
            ``H + 2 * padding - k + 1`` rows.
        gain: sum of the filter.
        taps: the filter along one axis.
    """
    return F.conv2d(x, _depthwise(x, taps, gain), padding=padding, groups=x.shape[1])


def upsample(x: Tensor) -> Tensor:
    """Double height and width of ``[N, C, H, W]``: zeros in between, then the filter, gain 4."""
    return F.conv_transpose2d(x, _depthwise(x, FILTER, 4.0), stride=2, padding=1, groups=x.shape[1])


def downsample(x: Tensor) -> Tensor:
    """Halve height and width of ``[N, C, H, W]``: the filter, then every other pixel."""
    if x.device.type == "cpu" and x.dtype != torch.float32:
        # The gradient of a strided depthwise convolution in bf16 is five to ten times as slow.
        return blur(x, padding=1)[:, :, ::2, ::2]
    return F.conv2d(x, _depthwise(x, FILTER, 1.0), stride=2, padding=1, groups=x.shape[1])
