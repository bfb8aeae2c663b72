"""Generator and image encoder of SPADE.

Source: Park et al., *Semantic Image Synthesis with Spatially-Adaptive Normalization* (2019),
appendix A, figures 11 to 14. Checked against the published implementation
(``tests/golden/spade``).
"""

from __future__ import annotations

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.gan.spectral import spectral_norm
from nbgan.norms import SPADE

Depth = Literal["normal", "more", "most"]
HALVINGS: dict[str, int] = {"normal": 5, "more": 6, "most": 7}
"""How often the picture's size is halved to get the size at which a generator starts."""

Modulation = tuple[Tensor, Tensor]
"""Gamma and beta of one SPADE layer, ``[N, C, h, w]`` each."""


class SpadeResBlock(nn.Module):
    """Residual block whose norms are SPADE layers (figure 11).

    The shortcut is learned where the number of channels changes.

    Args:
        in_channels, out_channels: of the features.
        label_channels: of the one-hot label map, edge channel included.
        hidden: width of the small convolution inside each SPADE layer.
        norm: parameter-free normalisation, ``"batch"`` or ``"instance"``.
        kernel_size: of the convolutions inside each SPADE layer.
        spectral: whether the convolutions carry spectral norm.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        label_channels: int,
        hidden: int = 128,
        norm: str = "batch",
        kernel_size: int = 3,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        middle = min(in_channels, out_channels)

        def spade(channels: int) -> SPADE:
            return SPADE(
                channels=channels,
                label_channels=label_channels,
                hidden=hidden,
                norm=norm,
                kernel_size=kernel_size,
            )

        wrap = spectral_norm if spectral else nn.Identity()
        self.learned_shortcut = in_channels != out_channels
        self.norm_0 = spade(in_channels)
        self.conv_0 = wrap(nn.Conv2d(in_channels, middle, 3, padding=1))
        self.norm_1 = spade(middle)
        self.conv_1 = wrap(nn.Conv2d(middle, out_channels, 3, padding=1))
        if self.learned_shortcut:
            self.norm_shortcut = spade(in_channels)
            self.conv_shortcut = wrap(nn.Conv2d(in_channels, out_channels, 1, bias=False))

    def norms(self) -> list[SPADE]:
        """The block's SPADE layers, in the order of :meth:`modulations`."""
        last = [self.norm_shortcut] if self.learned_shortcut else []
        return [self.norm_0, self.norm_1, *last]

    def modulations(self, segmap: Tensor) -> list[Modulation]:
        """Gamma and beta of every SPADE layer, for a map already at the features' size."""
        size = (segmap.shape[-2], segmap.shape[-1])
        return [norm.modulation(segmap, size) for norm in self.norms()]

    def forward(self, x: Tensor, modulations: list[Modulation]) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, H, W]``."""
        y = self.conv_0(F.leaky_relu(self.norm_0(x, modulation=modulations[0]), 0.2))
        y = self.conv_1(F.leaky_relu(self.norm_1(y, modulation=modulations[1]), 0.2))
        if self.learned_shortcut:
            x = self.conv_shortcut(self.norm_shortcut(x, modulation=modulations[2]))
        return x + y


class SpadeGenerator(nn.Module):
    """Paint a picture from a label map and, if ``z_dim`` is given, a style (figures 12, 14).

    There is no encoder of the label map: it enters only through the SPADE layers, each of which
    sees it at the size of its features.

    Args:
        label_channels: of the one-hot label map, edge channel included.
        width: channels of the last block; the first has 16 times as many.
        height_width: size of the pictures.
        depth: ``"more"`` and ``"most"`` start at a half and a quarter of the size of ``"normal"``;
            ``"most"`` has one block more.
        z_dim: length of the style; None starts from the resized label map instead.
        max_width: upper bound of the channels, None for none (as published).
        hidden, norm, kernel_size, spectral: as in :class:`SpadeResBlock`.

    Raises:
        InputError: the size does not divide as the depth needs.
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
        hidden: int = 128,
        norm: str = "batch",
        kernel_size: int = 3,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        self.label_channels, self.z_dim = label_channels, z_dim
        self.start = start_size(height_width, depth)
        channels = block_widths(width, depth, max_width)
        if z_dim is None:
            self.stem: nn.Module = nn.Conv2d(label_channels, channels[0], 3, padding=1)
        else:
            self.stem = nn.Linear(z_dim, channels[0] * self.start[0] * self.start[1])
        self.blocks = nn.ModuleList(
            SpadeResBlock(
                in_channels=before,
                out_channels=after,
                label_channels=label_channels,
                hidden=hidden,
                norm=norm,
                kernel_size=kernel_size,
                spectral=spectral,
            )
            for before, after in zip([channels[0], *channels], channels, strict=False)
        )
        self.upsample_before = upsample_before(depth)
        self.to_rgb = nn.Conv2d(channels[-1], 3, 3, padding=1)

    def modulations(self, segmap: Tensor) -> list[list[Modulation]]:
        """Gamma and beta of every SPADE layer; they depend on the label map alone.

        Compute them once and pass them to :meth:`forward` to paint one map in many styles.

        Args:
            segmap: one-hot map ``[N, label_channels, H, W]``.
        """
        resized: dict[int, Tensor] = {}
        scale, result = 1, []
        for block, upsample in zip(self.blocks, self.upsample_before, strict=True):
            scale *= 2 if upsample else 1
            if scale not in resized:
                size = (self.start[0] * scale, self.start[1] * scale)
                resized[scale] = F.interpolate(segmap, size=size, mode="nearest")
            result.append(cast(SpadeResBlock, block).modulations(resized[scale]))
        return result

    def forward(
        self,
        segmap: Tensor,
        z: Tensor | None = None,
        modulations: list[list[Modulation]] | None = None,
    ) -> Tensor:
        """Paint.

        Args:
            segmap: one-hot map ``[N, label_channels, H, W]`` at the picture's size.
            z: styles ``[N, z_dim]``; only for a generator that has styles.
            modulations: what :meth:`modulations` gave for ``segmap``; computed if None.

        Returns:
            Pictures ``[N, 3, H, W]`` in (−1, 1).
        """
        if modulations is None:
            modulations = self.modulations(segmap)
        if self.z_dim is None:
            x = self.stem(F.interpolate(segmap, size=self.start, mode="nearest"))
        else:
            x = self.stem(z).unflatten(1, (-1, *self.start))
        for block, upsample, gammas_betas in zip(
            self.blocks, self.upsample_before, modulations, strict=True
        ):
            if upsample:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(x, gammas_betas)
        return torch.tanh(self.to_rgb(F.leaky_relu(x, 0.2)))


class ImageEncoder(nn.Module):
    """Picture to mean and log variance of its style (figure 14).

    Args:
        width: channels of the first layer; later ones have 2, 4, 8, 8, 8 times as many.
        z_dim: length of the style.
        size: pictures are first resized to ``size`` × ``size``; a power of two, 256 as published.
    """

    def __init__(self, *, width: int = 64, z_dim: int = 256, size: int = 256) -> None:
        super().__init__()
        if size < 16 or size & (size - 1):
            raise InputError(f"encoder size must be a power of two, at least 16, got {size}")
        self.size = size
        layers: list[nn.Module] = []
        channels = 3
        for depth in range(size.bit_length() - 3):
            after = width * min(2**depth, 8)
            layers += [
                spectral_norm(nn.Conv2d(channels, after, 3, stride=2, padding=1, bias=False)),
                nn.InstanceNorm2d(after),
                nn.LeakyReLU(0.2),
            ]
            channels = after
        self.layers = nn.Sequential(*layers)
        self.mu = nn.Linear(channels * 16, z_dim)
        self.logvar = nn.Linear(channels * 16, z_dim)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``[N, 3, H, W]`` in [−1, 1] to mu and logvar, ``[N, z_dim]`` each."""
        if image.shape[-2:] != (self.size, self.size):
            image = F.interpolate(image, size=(self.size, self.size), mode="bilinear")
        x = self.layers(image).flatten(1)
        return self.mu(x), self.logvar(x)


def start_size(height_width: tuple[int, int], depth: str) -> tuple[int, int]:
    """Height and width at which a generator starts.

    Raises:
        InputError: unknown depth, or a width that does not divide.
    """
    if depth not in HALVINGS:
        raise InputError(f"unknown depth '{depth}'; choose one of {', '.join(HALVINGS)}")
    height, width = height_width
    step = 2 ** HALVINGS[depth]
    if height % step or width % step:
        raise InputError(
            f"size {height} × {width} cannot be made by a generator of depth '{depth}': both sides "
            f"must be divisible by {step}. Take the nearest such size, or a shallower depth"
        )
    return height // step, width // step


def block_widths(width: int, depth: str, max_width: int | None) -> list[int]:
    """Output channels of each block."""
    channels = [16 * width, 16 * width, 16 * width, 8 * width, 4 * width, 2 * width, width]
    if depth == "most":
        channels.append(width // 2)
    return [min(c, max_width) if max_width else c for c in channels]


def upsample_before(depth: str) -> list[bool]:
    """Whether the features are doubled in size before each block."""
    plan = [False, True, depth != "normal", True, True, True, True]
    return [*plan, True] if depth == "most" else plan
