"""StyleGAN2's generator: modulated convolutions, noise, and pictures added up over resolutions.

Source: Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2020), sections 2
to 4. Checked against two published implementations (``tests/golden/stylegan2``).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.stylegan.generator import StyleGenerator
from nbgan.stylegan.layers import GAIN, SLOPE, channels_by_size
from nbgan.stylegan.modulated import ModulatedConv2d
from nbgan.stylegan.resample import upsample


class StyledConv(nn.Module):
    """Modulated convolution, noise of learned strength, bias, leaky ReLU (figure 2d).

    Args:
        in_channels, out_channels: of the features.
        w_dim: length of the code that gives the style.
        up: whether height and width are doubled.
    """

    def __init__(self, *, in_channels: int, out_channels: int, w_dim: int, up: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(
            in_channels=in_channels, out_channels=out_channels, kernel_size=3, w_dim=w_dim, up=up
        )
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """``[N, in_channels, H, W]``, code and noise map to ``[N, out_channels, H', W']``."""
        style = self.conv.style(w)
        y = self.conv(x, style)
        # The activation's √2 goes into the three terms, which saves a pass over the map.
        factor = (self.conv.demodulation(style) * GAIN).to(y.dtype)
        grain = (noise * (self.noise_strength * GAIN)).to(y.dtype)
        bias = (self.bias * GAIN).to(y.dtype)
        y = torch.addcmul(grain, y, factor[:, :, None, None]) + bias[:, None, None]
        return F.leaky_relu(y, SLOPE)


class ToRGB(nn.Module):
    """Features to a picture: 1 × 1 modulated convolution without demodulation, and a bias.

    Args:
        in_channels: of the features.
        w_dim: length of the code that gives the style.
    """

    def __init__(self, *, in_channels: int, w_dim: int) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(
            in_channels=in_channels, out_channels=3, kernel_size=1, w_dim=w_dim
        )
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, 3, H, W]`` float32."""
        rgb = self.conv(x, self.conv.style(w)).to(self.bias.dtype)
        return rgb + self.bias[:, None, None]


class StyleGAN2Generator(StyleGenerator):
    """StyleGAN2's generator with skip connections (figure 7b).

    Rows of W+: the 4 × 4 convolution reads row 0; at each further resolution two convolutions
    follow; each ``ToRGB`` shares its row with the convolution after it.

    Feature maps, as EditGAN reads them: the learned constant, the 4 × 4 convolution's output, then
    two maps for each resolution; all after noise, bias and activation.

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
        channel_base: int = 32768,
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
            noise_sizes=[4, *(r for r in widths if r > 4 for _ in range(2))],
        )
        self.constant = nn.Parameter(torch.randn(1, widths[4], 4, 4))
        self.convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        before = widths[4]
        for resolution, after in widths.items():
            if resolution > 4:
                self.convs.append(
                    StyledConv(in_channels=before, out_channels=after, w_dim=w_dim, up=True)
                )
            self.convs.append(
                StyledConv(in_channels=after, out_channels=after, w_dim=w_dim, up=False)
            )
            self.to_rgbs.append(ToRGB(in_channels=after, w_dim=w_dim))
            before = after

    def _synthesize(self, w_plus: Tensor, noise: list[Tensor], maps: list[Tensor] | None) -> Tensor:
        x = self.constant.expand(len(w_plus), -1, -1, -1)
        if maps is not None:
            maps.append(x)
        image: Tensor | None = None
        for i, conv in enumerate(self.convs):
            x = conv(x, w_plus[:, i], noise[i])
            if maps is not None:
                maps.append(x)
            if i % 2 == 0:  # the last convolution of its resolution
                rgb = self.to_rgbs[i // 2](x, w_plus[:, i + 1])
                image = rgb if image is None else upsample(image) + rgb
        assert image is not None
        return image
