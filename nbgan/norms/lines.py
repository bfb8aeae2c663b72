"""Features line by line, so that a number a channel is spread over long rows of memory.

In the layout ``channels_last`` the channels of a pixel lie side by side. PyTorch multiplies such
features with a number a channel pixel by pixel, and with eight channels most of the time goes into
beginning. A line of pixels with the numbers repeated along it is the same product in one long row.
"""

from __future__ import annotations

import torch
from torch import Tensor


def in_lines(x: Tensor) -> bool:
    """Whether features ``[N, C, H, W]`` lie in memory as lines of pixels of channels."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def lines(x: Tensor) -> Tensor:
    """Features of that layout as ``[N, H, W·C]``, a view."""
    return x.permute(0, 2, 3, 1).flatten(2)


def features(rows: Tensor, channels: int) -> Tensor:
    """The way back: ``[N, H, W·C]`` to ``[N, C, H, W]``, a view."""
    return rows.unflatten(2, (-1, channels)).permute(0, 3, 1, 2)


def along(values: Tensor, width: int) -> Tensor:
    """A number a channel ``[N, C]``, repeated along a line: ``[N, 1, W·C]``."""
    return values.repeat(1, width)[:, None]


def scale_channels(x: Tensor, factors: Tensor) -> Tensor:
    """``x * factors[:, :, None, None]``.

    Args:
        x: ``[N, C, H, W]``.
        factors: ``[N, C]``.
    """
    if not in_lines(x):
        return x * factors[:, :, None, None]
    return features(lines(x) * along(factors, x.shape[3]), x.shape[1])
