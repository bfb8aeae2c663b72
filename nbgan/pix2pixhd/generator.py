"""The global generator of pix2pixHD, and the trunk that it shares with encoder and enhancer.

Source: Wang et al., *High-Resolution Image Synthesis and Semantic Manipulation with Conditional
GANs* (2018), section 3.2 and appendix A; the architecture is that of Johnson et al., *Perceptual
Losses for Real-Time Style Transfer* (2016). Checked against the published implementation
(``tests/golden/pix2pixhd``).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.discriminator import NormName, norm_layer


@dataclass(frozen=True, kw_only=True)
class TrunkSizes:
    """The numbers that decide the shapes of a trunk's weights.

    Args:
        in_channels: of the input.
        width: channels at full size; they double with each halving of the size.
        downsamplings: how often the size is halved, and doubled again.
        blocks: residual blocks at the smallest size.
        norm: ``"instance"`` (parameter-free) or ``"batch"``.
    """

    in_channels: int
    width: int = 64
    downsamplings: int = 4
    blocks: int = 9
    norm: NormName = "instance"

    def __post_init__(self) -> None:
        for name in ("in_channels", "width", "downsamplings"):
            if getattr(self, name) < 1:
                raise InputError(f"{name}: must be at least 1, got {getattr(self, name)}")
        if self.blocks < 0:
            raise InputError(f"blocks: must not be negative, got {self.blocks}")
        if self.norm not in ("instance", "batch"):
            raise InputError(f"norm: must be 'instance' or 'batch', got '{self.norm}'")


def conv_norm_relu(conv: nn.Module, channels: int, norm: NormName) -> nn.Sequential:
    """A convolution, its normalisation and a ReLU."""
    return nn.Sequential(conv, norm_layer(norm, channels), nn.ReLU(inplace=True))


def conv7(before: int, after: int) -> nn.Conv2d:
    """The 7×7 convolution at full size, with mirrored borders."""
    return nn.Conv2d(before, after, 7, padding=3, padding_mode="reflect")


def halve(before: int, after: int) -> nn.Conv2d:
    """A 3×3 convolution of stride 2."""
    return nn.Conv2d(before, after, 3, stride=2, padding=1)


def double(before: int, after: int) -> nn.ConvTranspose2d:
    """A 3×3 transposed convolution of stride 2, the mirror image of :func:`halve`."""
    return nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1)


def to_picture(width: int, channels: int) -> nn.Sequential:
    """The output layer: a 7×7 convolution and tanh."""
    return nn.Sequential(conv7(width, channels), nn.Tanh())


class ResBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut; nothing follows the sum.

    Args:
        channels: of input and output.
        norm: as in :class:`TrunkSizes`.
    """

    def __init__(self, *, channels: int, norm: NormName) -> None:
        super().__init__()
        self.conv_0 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.norm_0 = norm_layer(norm, channels)
        self.conv_1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.norm_1 = norm_layer(norm, channels)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, channels, H, W]`` to the same shape."""
        y = torch.relu_(self.norm_0(self.conv_0(x)))
        return x + self.norm_1(self.conv_1(y))


class Trunk(nn.Module):
    """Down, residual blocks, up: everything of a generator but its output layer.

    Args:
        sizes: see :class:`TrunkSizes`.
    """

    def __init__(self, sizes: TrunkSizes) -> None:
        super().__init__()
        self.sizes = sizes
        norm = sizes.norm
        widths = [sizes.width * 2**i for i in range(sizes.downsamplings + 1)]
        pairs = list(pairwise(widths))
        self.stem = conv_norm_relu(conv7(sizes.in_channels, widths[0]), widths[0], norm)
        self.down = nn.Sequential(*(conv_norm_relu(halve(a, b), b, norm) for a, b in pairs))
        self.blocks = nn.Sequential(
            *(ResBlock(channels=widths[-1], norm=norm) for _ in range(sizes.blocks))
        )
        self.up = nn.Sequential(
            *(conv_norm_relu(double(b, a), a, norm) for a, b in reversed(pairs))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, width, H, W]``.

        Raises:
            InputError: wrong channels, or a size that does not divide.
        """
        check_input(x, self.sizes.in_channels, self.sizes.downsamplings)
        return self.up(self.blocks(self.down(self.stem(x))))


def check_input(x: Tensor, in_channels: int, halvings: int) -> None:
    """Refuse an input that the network cannot halve and double again.

    Raises:
        InputError: the message says by what the sides must be divisible.
    """
    if x.ndim != 4 or x.shape[1] != in_channels:
        raise InputError(
            f"input: expected [N, {in_channels}, H, W], got shape {list(x.shape)}. For a generator "
            "the channels are classes, then edges, then features; for an encoder red, green, blue"
        )
    height, width = x.shape[-2:]
    step = 2**halvings
    if height % step or width % step:
        near = [max(2, round(side / step)) * step for side in (height, width)]
        raise InputError(
            f"input: size {height} × {width} (height × width): both sides must be divisible by "
            f"{step}, because the network halves them {halvings} times. The nearest such size is "
            f"{near[0]} × {near[1]}"
        )
    if min(height, width) < max(2 * step, 4):
        raise InputError(
            f"input: size {height} × {width} (height × width) is too small: both sides must be at "
            f"least {max(2 * step, 4)}, so that borders can be mirrored after {halvings} halvings"
        )


class GlobalGenerator(nn.Module):
    """Paint a picture from one-hot classes, edges and features.

    Args:
        in_channels: classes, plus 1 for edges, plus the feature channels.
        width, downsamplings, blocks, norm: as in :class:`TrunkSizes`; the defaults are the paper's.
        out_channels: of the picture.

    Raises:
        InputError: a size below 1, or an unknown norm.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int = 64,
        downsamplings: int = 4,
        blocks: int = 9,
        norm: NormName = "instance",
        out_channels: int = 3,
    ) -> None:
        super().__init__()
        self.trunk = Trunk(
            TrunkSizes(
                in_channels=in_channels,
                width=width,
                downsamplings=downsamplings,
                blocks=blocks,
                norm=norm,
            )
        )
        self.to_rgb = to_picture(width, out_channels)

    @property
    def sizes(self) -> TrunkSizes:
        """Its numbers, which an enhancer must agree with."""
        return self.trunk.sizes

    def features(self, x: Tensor) -> Tensor:
        """The last map before the output layer, ``[N, width, H, W]``; enhancers build on it."""
        return self.trunk(x)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to pictures ``[N, out_channels, H, W]`` in (−1, 1).

        Raises:
            InputError: wrong channels, or sides not divisible by ``2 ** downsamplings``.
        """
        return self.to_rgb(self.features(x))


def initialize(network: nn.Module, *, std: float = 0.02) -> None:
    """The published initial weights: normal with mean 0; those of batch norms around 1."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, std)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, std)
            nn.init.zeros_(module.bias)
