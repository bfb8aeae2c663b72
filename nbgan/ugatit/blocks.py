"""What the networks of U-GAT-IT and photo2cartoon are made of.

Source: Kim et al., *U-GAT-IT* (2020), section 2.1 and appendix A, tables 4 and 5. Checked against
the published implementations (``tests/golden/ugatit``, ``tests/golden/photo2cartoon``).

Every convolution is padded by reflection and none in front of a norm has a bias. Features are
``[N, C, H, W]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from nbgan.errors import InputError
from nbgan.gan.spectral import spectral_norm
from nbgan.norms import ILN, AdaLIN, SoftAdaLIN
from nbgan.norms.fused import instance_norm_fused

DecoderNorm = Literal["adalin", "instance", "layer", "softadalin"]
"""Norm of a decoder: AdaLIN (U-GAT-IT), SoftAdaLIN (photo2cartoon), or AdaLIN whose ``rho`` stays
at 1 (instance norm alone) or 0 (layer norm alone), the paper's ablation."""

DECODER_NORMS: tuple[DecoderNorm, ...] = ("adalin", "instance", "layer", "softadalin")
_FIXED_RHO = {"instance": 1.0, "layer": 0.0}


def conv(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias; reflected borders keep the size, or halve it at stride 2."""
    return nn.Conv2d(
        in_channels,
        out_channels,
        kernel,
        stride=stride,
        padding=kernel // 2,
        padding_mode="reflect",
        bias=False,
    )


def recompute(block: Callable[..., Tensor], *inputs: Tensor, when: bool) -> Tensor:
    """``block(*inputs)``; with ``when``, its inner activations are computed again in the backward
    pass instead of being kept (gradient checkpointing)."""
    if when and torch.is_grad_enabled():
        result: Any = checkpoint(block, *inputs, use_reentrant=False, preserve_rng_state=False)
        return result
    return block(*inputs)


class InstanceNorm(nn.Module):
    """Instance norm without parameters, which keeps the memory layout of its input.

    PyTorch's own copies ``channels_last`` features to the other layout.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape."""
        return instance_norm_fused(x)


class ResidualBlock(nn.Module):
    """Encoder block: two 3×3 convolutions with instance norm; no ReLU after the sum.

    Args:
        channels: of the features.
    """

    def __init__(self, *, channels: int) -> None:
        super().__init__()
        self.conv_0 = conv(channels, channels, 3)
        self.conv_1 = conv(channels, channels, 3)
        self.norm = InstanceNorm()

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to the same shape."""
        y = F.relu(self.norm(self.conv_0(x)), inplace=True)
        return cast(Tensor, x + self.norm(self.conv_1(y)))


def decoder_norm(kind: str, channels: int) -> AdaLIN | SoftAdaLIN:
    """The norm of a :class:`SteeredBlock`.

    Raises:
        InputError: unknown kind; the message lists the known ones.
    """
    if kind not in DECODER_NORMS:
        raise InputError(f"norm: '{kind}' is unknown; choose one of {', '.join(DECODER_NORMS)}")
    if kind == "softadalin":
        return SoftAdaLIN(channels=channels)
    if kind in _FIXED_RHO:
        return AdaLIN(channels=channels, rho=_FIXED_RHO[kind], learned=False)
    return AdaLIN(channels=channels)


class SteeredBlock(nn.Module):
    """Decoder block: a residual block whose two norms are steered by a pair of vectors.

    AdaLIN takes the pair as gamma and beta, SoftAdaLIN as content and style features.

    Args:
        channels: of the features.
        norm: see :data:`DecoderNorm`.
    """

    def __init__(self, *, channels: int, norm: str = "adalin") -> None:
        super().__init__()
        self.conv_0 = conv(channels, channels, 3)
        self.norm_0 = decoder_norm(norm, channels)
        self.conv_1 = conv(channels, channels, 3)
        self.norm_1 = decoder_norm(norm, channels)

    def forward(self, x: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """``x`` ``[N, C, H, W]``; ``first`` and ``second`` ``[N, C]``; returns the shape of x."""
        y = F.relu(self.norm_0(self.conv_0(x), first, second), inplace=True)
        return x + self.norm_1(self.conv_1(y), first, second)


class UpBlock(nn.Module):
    """Twice the size, half the channels: nearest neighbour, 3×3 convolution, ILN, ReLU.

    Args:
        channels: of the input; an even number.
        norm: as in the rest of the decoder; ``"instance"`` and ``"layer"`` fix ``rho`` here, too.
    """

    def __init__(self, *, channels: int, norm: str = "adalin") -> None:
        super().__init__()
        self.conv = conv(channels, channels // 2, 3)
        rho = _FIXED_RHO.get(norm)
        self.norm = ILN(channels=channels // 2, rho=rho or 0.0, learned=rho is None)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, C, H, W]`` to ``[N, C / 2, 2 H, 2 W]``."""
        x = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return F.relu(self.norm(x), inplace=True)


class Attended(NamedTuple):
    """What :class:`CamAttention` gives."""

    features: Tensor
    """``[N, C, H, W]``, weighted by their importance."""
    cam_logits: Tensor
    """``[N, 2]``: the auxiliary classifier's logits from average and from maximum pooling."""
    heatmap: Tensor
    """``[N, 1, H, W]``: the weighted features summed over channels; not normalised."""


class CamAttention(nn.Module):
    """Attention from an auxiliary classifier's class activation map (equation above eq. 1).

    Two linear classifiers tell the two domains apart, one from average-pooled and one from
    max-pooled features. Their weights say how much each channel matters, and the features go on
    multiplied by both: ``activation(W [w_avg · x, w_max · x] + b)``.

    Args:
        channels: of the features.
        bias: whether the classifiers have a bias; it takes part in the logits only.
        spectral: spectral norm on the classifiers, as in discriminators. The logits use the
            normalised weights, the product with the features the raw ones, as published.
        slope: of the leaky ReLU at the end; 0 is a ReLU.
    """

    def __init__(
        self, *, channels: int, bias: bool = False, spectral: bool = False, slope: float = 0.0
    ) -> None:
        super().__init__()
        self.average = nn.Linear(channels, 1, bias=bias)
        self.maximum = nn.Linear(channels, 1, bias=bias)
        if spectral:
            spectral_norm(self.average)
            spectral_norm(self.maximum)
        self.spectral, self.slope = spectral, slope
        self.mix = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Attended:
        """``[N, C, H, W]`` to weighted features, logits and heat map."""
        pooled_average, pooled_maximum = x.mean(dim=(2, 3)), x.amax(dim=(2, 3))
        logits = torch.cat([self.average(pooled_average), self.maximum(pooled_maximum)], dim=1)
        features = F.conv2d(x, self.mixing_weight(), self.mix.bias)
        features = F.leaky_relu(features, self.slope) if self.slope else F.relu(features)
        return Attended(features, logits, features.float().sum(dim=1, keepdim=True))

    def mixing_weight(self) -> Tensor:
        """One 1×1 kernel ``[C, C, 1, 1]`` for "multiply by both weights, concatenate, mix".

        The product of a channel with a number commutes with the convolution, so the numbers can
        go into the kernel: half the work, and no copies of the features.
        """
        for_average, for_maximum = self.mix.weight.chunk(2, dim=1)
        average, maximum = self._raw(self.average), self._raw(self.maximum)
        return for_average * average + for_maximum * maximum

    def _raw(self, layer: nn.Linear) -> Tensor:
        """A classifier's weight before spectral norm, spread over a kernel ``[1, C, 1, 1]``."""
        weight = cast(Tensor, layer.weight_orig) if self.spectral else layer.weight
        return weight[:, :, None, None]
