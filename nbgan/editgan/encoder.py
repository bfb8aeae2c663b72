"""The encoder: a picture to the latent code from which the generator paints something like it.

Sources: Ling et al., *EditGAN* (2021), section 3.2 and supplement; Richardson et al., *Encoding in
Style* (2021), section 3, whose heads it takes over: coarse rows of W+ are read off the coarse map
of a feature pyramid, fine rows off the fine one. Checked against EditGAN's release
(``tests/golden/editgan``).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nbgan.editgan.pyramid import FeaturePyramid
from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images

ROWS_PER_MAP = (3, 4)
"""Rows of W+ that the coarse and the middle map give; the fine map gives the others."""

STRIDES = (16, 8, 4)
"""How much smaller than the picture each map is, coarse to fine."""


class StyleHead(nn.Module):
    """A map to one row of W+: strided convolutions down to one pixel, then a linear layer.

    Args:
        channels: of the map.
        w_dim: length of the row.
        layers: convolutions; a map of ``2 ** layers`` pixels a side becomes one pixel.
    """

    def __init__(self, *, channels: int, w_dim: int, layers: int) -> None:
        super().__init__()
        self.convs = nn.Sequential()
        for _ in range(layers):
            self.convs.append(nn.Conv2d(channels, channels, 3, stride=2, padding=1))
            self.convs.append(nn.LeakyReLU())  # slope 0.01, unlike StyleGAN's
        self.linear = nn.Linear(channels, w_dim)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, channels, r, r]`` to ``[N, w_dim]``."""
        return self.linear(self.convs(x).flatten(1))


class PyramidEncoder(nn.Module):
    """Pictures to W+, or to W.

    Args:
        rows: of W+.
        w_dim: length of a row.
        size: of the largest square pictures that it takes; decides the depth of the heads.
        channels: of the pyramid's maps and the heads.
        width, blocks: of the backbone, see :class:`~nbgan.editgan.pyramid.FeaturePyramid`.
        one_code: encode into W: one head on the fine map gives all rows.

    Raises:
        InputError: a size that is no power of two from 16 on.
    """

    def __init__(
        self,
        *,
        rows: int,
        w_dim: int = 512,
        size: int = 512,
        channels: int = 512,
        width: int = 64,
        blocks: Sequence[int] = (3, 4, 6, 3),
        one_code: bool = False,
    ) -> None:
        super().__init__()
        if size < 16 or size & (size - 1):
            raise InputError(f"size: got {size}; give a power of two from 16 on")
        self.rows, self.w_dim, self.size, self.one_code = rows, w_dim, size, one_code
        self.pyramid = FeaturePyramid(channels=channels, width=width, blocks=blocks)
        self.maps = (2,) if one_code else maps_of_rows(rows)
        self.heads = nn.ModuleList(
            StyleHead(channels=channels, w_dim=w_dim, layers=(size // STRIDES[i]).bit_length() - 1)
            for i in self.maps
        )

    def forward(self, image: Tensor) -> Tensor:
        """Encode.

        Args:
            image: ``[N, 3, r, r]`` in [−1, 1], r a power of two from 16 to ``size``.

        Returns:
            Codes ``[N, rows, w_dim]``, float32; no mean is added and nothing is truncated.

        Raises:
            InputError: pictures of another shape.
        """
        check_images(image)
        height, width = image.shape[-2:]
        if height != width or height & (height - 1) or not 16 <= height <= self.size:
            raise InputError(
                f"image: got {height} × {width} pixels; this encoder reads square pictures of a "
                f"power of two from 16 to {self.size}. Resize them, or paste them into a square"
            )
        maps = self.pyramid(image)
        rows = [head(maps[i]).float() for i, head in zip(self.maps, self.heads, strict=True)]
        codes = torch.stack(rows, dim=1)
        return codes.expand(-1, self.rows, -1) if self.one_code else codes

    @torch.no_grad()
    def begin_at(self, w_mean: Tensor) -> None:
        """Let all pictures be encoded near ``w_mean`` ``[w_dim]``: where training starts well."""
        for linear in (module for module in self.heads.modules() if isinstance(module, nn.Linear)):
            linear.weight.mul_(0.1)
            linear.bias.copy_(w_mean)


def maps_of_rows(rows: int) -> tuple[int, ...]:
    """Which map of the pyramid, coarse to fine, each row of W+ is read off."""
    coarse, middle = ROWS_PER_MAP
    return (*[0] * coarse, *[1] * middle, *[2] * max(0, rows - coarse - middle))[:rows]


def use_batch_statistics(encoder: nn.Module) -> None:
    """Let a trained encoder normalise by the statistics of the pictures that it is given.

    The published tool does so, with a single picture. Nothing moves, in any mode.
    """
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = None
