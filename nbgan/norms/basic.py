"""Batch, layer, instance and group normalisation, written to be read.

Sources: Ioffe and Szegedy 2015 (batch), Ba et al. 2016 (layer), Ulyanov et al. 2016 (instance),
Wu and He 2018 (group). Checked against ``torch.nn.functional`` in double precision.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nbgan.errors import InputError


def check_features(x: Tensor, channels: int | None = None, where: str = "x") -> None:
    """Raise InputError unless ``x`` is float ``[N, C, H, W]`` with ``channels``, if given."""
    if x.ndim != 4 or not x.is_floating_point():
        raise InputError(
            f"{where}: expected a float tensor [N, C, H, W], got {x.dtype} with shape "
            f"{tuple(x.shape)}; add the missing axes or convert with .float()"
        )
    if channels is not None and x.shape[1] != channels:
        raise InputError(
            f"{where}: has {x.shape[1]} channels (shape {tuple(x.shape)}), this layer was built "
            f"for {channels}; build it with channels={x.shape[1]} or pass the matching features"
        )


def check_count(x: Tensor, dims: tuple[int, ...]) -> None:
    """Raise InputError unless ``dims`` of ``x`` hold two values or more: one has no spread."""
    count = 1
    for dim in dims:
        count *= x.shape[dim]
    if count < 2:
        raise InputError(
            f"normalize: dims {dims} of shape {tuple(x.shape)} hold {count} value to average, "
            "at least 2 are needed; use a larger picture or batch, or average over more axes"
        )


def normalize(
    x: Tensor, *, dims: tuple[int, ...], eps: float = 1e-5, unbiased: bool = False
) -> Tensor:
    """``(x - mean) / sqrt(variance + eps)``, mean and variance taken over ``dims``.

    Args:
        x: activations of any shape, float.
        dims: the axes that are averaged; the others keep statistics of their own.
        eps: added to the variance, in its unit (the square of the unit of ``x``).
        unbiased: divide the sum of squares by ``n - 1`` instead of ``n``.

    Returns:
        Tensor shaped like ``x``; over ``dims`` its mean is 0 and its variance almost 1.

    Raises:
        InputError: fewer than two values to average, so that no spread can be measured.
    """
    check_count(x, dims)
    # Sums over a whole picture lose too many digits in half precision.
    wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    variance, mean = torch.var_mean(wide, dims, correction=int(unbiased), keepdim=True)
    return ((wide - mean) * torch.rsqrt(variance + eps)).to(x.dtype)


def modulate(x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Tensor:
    """``x * gamma + beta``; ``[C]`` and ``[N, C]`` are spread over the pixels, ``None`` leaves out.

    Raises:
        InputError: gamma or beta does not fit ``x``.
    """
    if gamma is not None:
        x = x * spread_over(x, "gamma", gamma)
    return x if beta is None else x + spread_over(x, "beta", beta)


def spread_over(x: Tensor, name: str, value: Tensor) -> Tensor:
    """``[C]`` or ``[N, C]`` with two axes of length 1 added; ``[N, C, H, W]`` as it is.

    Raises:
        InputError: the value does not fit ``x``.
    """
    if value.ndim <= 2:
        value = value[..., None, None]
    fits = value.ndim in (3, 4) and all(
        have in (1, want)
        for have, want in zip(reversed(value.shape), reversed(x.shape), strict=False)
    )
    if not fits:
        raise InputError(
            f"{name}: shape {tuple(value.shape)} does not fit activations "
            f"{tuple(x.shape)}; give [C], [N, C] or [N, C, H, W]"
        )
    return value


def batch_norm(
    x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Batch normalisation with the statistics of the batch: one mean and variance per channel."""
    check_features(x)
    return modulate(normalize(x, dims=(0, 2, 3), eps=eps), gamma, beta)


def layer_norm(
    x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Layer normalisation over channels and pixels: one mean and variance per sample."""
    check_features(x)
    return modulate(normalize(x, dims=(1, 2, 3), eps=eps), gamma, beta)


def instance_norm(
    x: Tensor, gamma: Tensor | None = None, beta: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Instance normalisation: one mean and variance per sample and channel."""
    check_features(x)
    return modulate(normalize(x, dims=(2, 3), eps=eps), gamma, beta)


def group_norm(
    x: Tensor,
    groups: int,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Group normalisation: one mean and variance per sample and group of neighbouring channels."""
    check_features(x)
    if groups < 1 or x.shape[1] % groups:
        raise InputError(
            f"groups: {groups} does not divide the {x.shape[1]} channels of x; "
            "choose a divisor (1 is layer norm, one group per channel is instance norm)"
        )
    grouped = x.unflatten(1, (groups, -1))
    return modulate(normalize(grouped, dims=(2, 3, 4), eps=eps).flatten(1, 2), gamma, beta)


class BatchNormByHand(nn.Module):
    """Batch normalisation with running statistics, written to be read.

    In train mode it uses the statistics of the batch and updates the running ones; in eval mode
    it uses the running ones, so that a sample's result does not depend on its companions. The
    running variance is the unbiased one, the variance used in train mode is not.

    Args:
        channels: number of channels of the input.
        eps: added to the variance.
        momentum: weight of the newest batch in the running statistics.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, *, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.channels, self.eps, self.momentum = channels, eps, momentum
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        check_features(x, self.channels)
        if self.training:
            normalized = normalize(x, dims=(0, 2, 3), eps=self.eps)
            with torch.no_grad():
                variance, mean = torch.var_mean(x, (0, 2, 3), correction=1)
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(variance, self.momentum)
        else:
            mean, variance = self.running_mean[:, None, None], self.running_var[:, None, None]
            normalized = (x - mean) * torch.rsqrt(variance + self.eps)
        return modulate(normalized, self.gamma, self.beta)
