"""Instance norm, and its blend with layer norm, in two passes over the features.

Both norms of AdaLIN divide by statistics that follow from one mean and one variance a channel: the
layer's mean is the mean of the channels' means, its variance the mean of their variances plus the
variance of their means. So the blend, with gamma and beta, is one number to multiply each channel
with and one to add, and no normalised copy of the features is ever made. Numbers and gradients
equal those of the formulas in ``basic`` and ``adaptive``, which are the ones to read.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from nbgan.norms.basic import check_count
from nbgan.norms.lines import along, in_lines, lines

Moments = tuple[Tensor, Tensor]


def instance_norm_fused(x: Tensor, eps: float = 1e-5) -> Tensor:
    """:func:`nbgan.norms.instance_norm` without gamma and beta.

    Args:
        x: ``[N, C, H, W]`` in any float format; the statistics are float32.
    """
    mean, variance = channel_moments(x)
    scale = torch.rsqrt(variance + eps)
    return scale_and_shift(x, scale, -mean * scale)


def adalin_fused(
    x: Tensor, rho: Tensor, gamma: Tensor | None, beta: Tensor | None, eps: float = 1e-5
) -> Tensor:
    """:func:`nbgan.norms.adaptive.adalin`: the blend, times gamma, plus beta.

    Args:
        x: ``[N, C, H, W]`` in any float format; the statistics are float32.
        rho: ``[C]``; 1 is instance norm, 0 layer norm.
        gamma, beta: ``[N, C]`` or ``[C]``; None leaves them out.
    """
    mean, variance = channel_moments(x)
    pixels, channels = x.shape[2] * x.shape[3], x.shape[1]
    # Unbiased: the sums of squares are divided by one less than the numbers they are made of.
    layer_mean = mean.mean(dim=1, keepdim=True)
    squares = (variance + (mean - layer_mean).square()).mean(dim=1, keepdim=True)
    count = pixels * channels
    layer_scale = torch.rsqrt(squares * (count / (count - 1)) + eps)
    instance_scale = torch.rsqrt(variance * (pixels / (pixels - 1)) + eps)
    scale = rho * instance_scale + (1 - rho) * layer_scale
    shift = -(rho * instance_scale * mean + (1 - rho) * layer_scale * layer_mean)
    if gamma is not None:
        scale, shift = scale * gamma, shift * gamma
    return scale_and_shift(x, scale, shift if beta is None else shift + beta)


def channel_moments(x: Tensor) -> Moments:
    """Mean and biased variance over the pixels, ``[N, C]`` each, float32 (or x's if wider).

    Raises:
        InputError: a single pixel, which has no spread.
    """
    check_count(x, (2, 3))
    if torch.is_grad_enabled() and x.requires_grad:
        return cast(Moments, _Moments.apply(x))
    return _moments(x)


def scale_and_shift(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """``x * scale + shift`` a channel, computed in float32 and given in the format of ``x``.

    Args:
        x: ``[N, C, H, W]``.
        scale, shift: ``[N, C]``.
    """
    if torch.is_grad_enabled() and (x.requires_grad or scale.requires_grad or shift.requires_grad):
        return cast(Tensor, _ScaleAndShift.apply(x, scale, shift))
    return _scaled_and_shifted(x, scale, shift)


def _wide(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def _spread(values: Tensor) -> Tensor:
    """``[N, C]`` to ``[N, C, 1, 1]``."""
    return values[:, :, None, None]


def _moments(x: Tensor) -> Moments:
    mean = _channel_mean(_wide(x))
    return mean, _channel_mean(_scaled_and_shifted(_wide(x), None, -mean).square_())


def _channel_mean(x: Tensor) -> Tensor:
    return _channel_sum(x) / (x.shape[2] * x.shape[3])


def _channel_sum(x: Tensor) -> Tensor:
    if in_lines(x):
        return lines(x).sum(dim=1).unflatten(1, (-1, x.shape[1])).sum(dim=1)
    return x.sum(dim=(2, 3))


def _scaled_and_shifted(x: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    """``x * scale + shift`` in the format of ``x``; None leaves a part out."""
    if in_lines(x):
        width = x.shape[3]
        parts = [None if v is None else along(v, width) for v in (scale, shift)]
        # Into a tensor of its own: what follows may overwrite a function's result, but no view.
        result = torch.empty_like(x)
        lines(result).copy_(_times_plus(lines(x), *parts))
        return result
    values = (None if v is None else _spread(v) for v in (scale, shift))
    return _times_plus(x, *values).to(x.dtype)


def _times_plus(x: Tensor, scale: Tensor | None, shift: Tensor | None) -> Tensor:
    wide = _wide(x)
    if scale is None:
        return wide if shift is None else wide + shift
    return wide * scale if shift is None else torch.addcmul(shift, wide, scale)


class _Moments(torch.autograd.Function):
    """:func:`_moments`, which keeps nothing but the features for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Moments:
        mean, variance = _moments(x)
        ctx.save_for_backward(x, mean)
        return mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_mean: Tensor, of_variance: Tensor) -> Tensor:
        # d mean / d x = 1 / n, d variance / d x = 2 (x - mean) / n
        x, mean = ctx.saved_tensors
        count = x.shape[2] * x.shape[3]
        slope = of_variance * (2 / count)
        return _scaled_and_shifted(x, slope, of_mean / count - slope * mean)


class _ScaleAndShift(torch.autograd.Function):
    """:func:`_scaled_and_shifted`, which keeps the features in their own format."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        return _scaled_and_shifted(x, scale, shift)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_result: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        wide = _wide(of_result)
        of_x = _scaled_and_shifted(wide, scale, None).to(x.dtype)
        return of_x, _channel_sum(wide * x), _channel_sum(wide)
