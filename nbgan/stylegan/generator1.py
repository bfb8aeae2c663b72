"""The first StyleGAN's generator: styles by adaptive instance normalisation.

Source: Karras et al., *A Style-Based Generator Architecture for Generative Adversarial Networks*
(2019), figure 1b and appendix C; the taps are those of Zhang et al., *DatasetGAN* (2021). Checked
against the generator that DatasetGAN published (``tests/golden/stylegan1``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.stylegan.generator import StyleGenerator
from nbgan.stylegan.layers import SLOPE, EqualConv2d, EqualLinear, channels_by_size
from nbgan.stylegan.resample import blur

TRANSPOSED_FROM = 128
"""Output resolution from which doubling and convolving are published as one operation."""


class Epilogue(nn.Module):
    """Noise, leaky ReLU, adaptive instance normalisation.

    Args:
        channels: of the features.
        w_dim: length of the code that gives the style.
    """

    def __init__(self, *, channels: int, w_dim: int) -> None:
        super().__init__()
        self.noise_strength = nn.Parameter(torch.zeros(channels))
        self.style = EqualLinear(in_features=w_dim, out_features=2 * channels)

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """Features ``[N, C, r, r]``, codes ``[N, w_dim]``, noise ``[1 or N, 1, r, r]``."""
        strength = self.noise_strength.to(x.dtype)[:, None, None]
        x = F.leaky_relu(torch.addcmul(x, strength, noise.to(x.dtype)), SLOPE)
        # Statistics are taken in float32 whatever the features' precision.
        x = F.instance_norm(x)
        scale, shift = self.style(w).to(x.dtype)[:, :, None, None].chunk(2, dim=1)
        return torch.addcmul(shift, x, scale + 1)


class UpConv(nn.Module):
    """Double height and width, convolve 3 × 3, blur, add the bias.

    Below 128 px each pixel is repeated and the result convolved; from there on one transposed
    convolution is published to do both, with the sum of the kernel's four one-pixel shifts. That
    is the same function but for one thing: a transposed convolution applies its kernel mirrored.
    So here both are the transposed convolution, which costs less than half, and the kernel is
    mirrored where pixels are repeated; :meth:`by_repeating` is that one's readable twin.

    Args:
        in_channels, out_channels: of the features.
        transposed: the published form, see above.
    """

    def __init__(self, *, in_channels: int, out_channels: int, transposed: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.scale = math.sqrt(2 / (9 * in_channels))
        self.transposed = transposed

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, 2 H, 2 W]``."""
        weight = self.weight if self.transposed else self.weight.flip(2, 3)
        padded = F.pad(weight * self.scale, (1, 1, 1, 1))
        rows = padded[:, :, 1:] + padded[:, :, :-1]
        kernel = rows[:, :, :, 1:] + rows[:, :, :, :-1]
        x = F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2, padding=1)
        return self._finish(x)

    def by_repeating(self, x: Tensor) -> Tensor:
        """The form below 128 px as it is published."""
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return self._finish(F.conv2d(x, self.weight * self.scale, padding=1))

    def _finish(self, x: Tensor) -> Tensor:
        x = blur(x, padding=1, taps=(1.0, 2.0, 1.0))
        return x + self.bias.to(x.dtype)[:, None, None]


class Block(nn.Module):
    """Two convolutions at one resolution, an epilogue after each.

    Args:
        in_channels: of the coarser block; None for the first block, which starts from a learned
            constant instead of its first convolution.
        channels: of this block.
        w_dim: length of the codes.
        transposed: see :class:`UpConv`.
    """

    def __init__(
        self, *, in_channels: int | None, channels: int, w_dim: int, transposed: bool = False
    ) -> None:
        super().__init__()
        self.start: nn.Module | None = None
        if in_channels is None:
            self.constant = nn.Parameter(torch.ones(1, channels, 4, 4))
            self.bias = nn.Parameter(torch.zeros(channels))
        else:
            self.start = UpConv(
                in_channels=in_channels, out_channels=channels, transposed=transposed
            )
        self.epilogue_0 = Epilogue(channels=channels, w_dim=w_dim)
        self.conv = EqualConv2d(
            in_channels=channels, out_channels=channels, kernel_size=3, gain=math.sqrt(2)
        )
        self.epilogue_1 = Epilogue(channels=channels, w_dim=w_dim)

    def forward(
        self, x: Tensor | None, w_plus: Tensor, noise: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The block's output, and the raw output of its second convolution.

        Args:
            x: the coarser block's output; None for the first block.
            w_plus: this block's two codes ``[N, 2, w_dim]``.
            noise: this block's two maps.
        """
        if self.start is None:
            x = (self.constant + self.bias[:, None, None]).expand(len(w_plus), -1, -1, -1)
        else:
            assert x is not None
            x = self.start(x)
        x = self.epilogue_0(x, w_plus[:, 0], noise[0])
        raw = self.conv(x)
        return self.epilogue_1(raw, w_plus[:, 1], noise[1]), raw


class StyleGAN1Generator(StyleGenerator):
    """StyleGAN's generator at full resolution, without the fading of progressive growing.

    Rows of W+: two for each resolution, one for each epilogue.

    Feature maps, as DatasetGAN reads them: for each resolution the block's output (after its second
    epilogue), then the raw output of its second convolution, before noise, activation,
    normalisation and style. At 1024 px these are 5,088 channels.

    Args:
        size: of the picture, a power of two.
        z_dim, w_dim: lengths of z and w.
        mapping_layers: depth of the mapping network.
        channels: resolution to feature channels; None takes ``min(channel_base / resolution,
            max_channels)``.
        channel_base, max_channels: see ``channels``; the published defaults.
        mapping_rate: learning-rate factor of the mapping network.

    Raises:
        InputError: a size that is no power of two, or a resolution without channels.
    """

    def __init__(
        self,
        *,
        size: int,
        z_dim: int = 512,
        w_dim: int = 512,
        mapping_layers: int = 8,
        channels: Mapping[int, int] | None = None,
        channel_base: int = 16384,
        max_channels: int = 512,
        mapping_rate: float = 0.01,
    ) -> None:
        widths = channels_by_size(size, channels, channel_base, max_channels)
        super().__init__(
            size=size,
            z_dim=z_dim,
            w_dim=w_dim,
            mapping_layers=mapping_layers,
            mapping_rate=mapping_rate,
            noise_sizes=[r for r in widths for _ in range(2)],
        )
        self.blocks = nn.ModuleList(
            Block(
                in_channels=widths[r // 2] if r > 4 else None,
                channels=after,
                w_dim=w_dim,
                transposed=r >= TRANSPOSED_FROM,
            )
            for r, after in widths.items()
        )
        self.to_rgb = nn.ModuleDict(
            {str(size): EqualConv2d(in_channels=widths[size], out_channels=3, kernel_size=1)}
        )

    def _synthesize(self, w_plus: Tensor, noise: list[Tensor], maps: list[Tensor] | None) -> Tensor:
        x: Tensor | None = None
        for b, block in enumerate(self.blocks):
            rows = slice(2 * b, 2 * b + 2)
            x, raw = block(x, w_plus[:, rows], noise[rows])
            if maps is not None:
                maps += [x, raw]
        return self.to_rgb[str(self.size)](x).float()
