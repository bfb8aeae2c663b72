"""The baseline of chapter 2: the label map at the input, batch norm everywhere else.

After the global generator of Wang et al., *pix2pixHD* (2018), with the residual blocks of SPADE's
generator in place of its own, so that only the way of conditioning differs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.gan.spectral import spectral_norm
from nbgan.spade.networks import HALVINGS, Depth, block_widths, start_size, upsample_before


class PlainResBlock(nn.Module):
    """The residual block of SPADE with ordinary batch norm in the place of SPADE."""

    def __init__(self, *, in_channels: int, out_channels: int, spectral: bool = True) -> None:
        super().__init__()
        middle = min(in_channels, out_channels)
        wrap = spectral_norm if spectral else nn.Identity()
        self.main = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.LeakyReLU(0.2),
            wrap(nn.Conv2d(in_channels, middle, 3, padding=1)),
            nn.BatchNorm2d(middle),
            nn.LeakyReLU(0.2),
            wrap(nn.Conv2d(middle, out_channels, 3, padding=1)),
        )
        self.shortcut = (
            nn.Sequential(
                nn.BatchNorm2d(in_channels),
                wrap(nn.Conv2d(in_channels, out_channels, 1, bias=False)),
            )
            if in_channels != out_channels
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, H, W]``."""
        return self.shortcut(x) + self.main(x)


class InputGenerator(nn.Module):
    """The baseline: the label map goes in at the input only, and batch norm everywhere.

    An encoder brings the one-hot map down to the start size with strided convolutions; then come
    the same blocks as in :class:`SpadeGenerator`. This is the design of pix2pixHD's global
    generator in the clothes of SPADE's, so that only the way of conditioning differs.

    Args: as in :class:`SpadeGenerator`.
    """

    def __init__(
        self,
        *,
        label_channels: int,
        width: int = 64,
        height_width: tuple[int, int] = (256, 256),
        depth: Depth = "normal",
        z_dim: int | None = None,
        max_width: int | None = None,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        self.label_channels, self.z_dim = label_channels, z_dim
        self.start = start_size(height_width, depth)
        channels = block_widths(width, depth, max_width)
        layers: list[nn.Module] = [
            nn.Conv2d(label_channels, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
        ]
        before = width
        for _ in range(HALVINGS[depth]):
            after = min(2 * before, channels[0])
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.LeakyReLU(0.2),
            ]
            before = after
        layers.append(nn.Conv2d(before, channels[0], 3, padding=1))
        self.encoder = nn.Sequential(*layers)
        self.style = None if z_dim is None else nn.Linear(z_dim, channels[0])
        self.blocks = nn.ModuleList(
            PlainResBlock(in_channels=before, out_channels=after, spectral=spectral)
            for before, after in zip([channels[0], *channels], channels, strict=False)
        )
        self.upsample_before = upsample_before(depth)
        self.to_rgb = nn.Conv2d(channels[-1], 3, 3, padding=1)

    def forward(self, segmap: Tensor, z: Tensor | None = None) -> Tensor:
        """As :meth:`SpadeGenerator.forward`; there are no modulations."""
        x = self.encoder(segmap)
        if self.style is not None:
            x = x + self.style(z)[:, :, None, None]
        for block, upsample in zip(self.blocks, self.upsample_before, strict=True):
            if upsample:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(x)
        return torch.tanh(self.to_rgb(F.leaky_relu(x, 0.2)))
