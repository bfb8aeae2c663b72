"""Generator of U-GAT-IT: one picture translated into the other domain.

Source: Kim et al., *U-GAT-IT* (2020), section 2.1.1 and appendix A, table 4. Checked against the
published implementation (``tests/golden/ugatit``).
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images
from nbgan.norms import clip_rho_
from nbgan.ugatit.blocks import (
    CamAttention,
    DecoderNorm,
    InstanceNorm,
    ResidualBlock,
    SteeredBlock,
    UpBlock,
    conv,
    recompute,
)


class GeneratorOutput(NamedTuple):
    """What a generator gives."""

    image: Tensor
    """``[N, 3, H, W]`` in (−1, 1)."""
    cam_logits: Tensor | None
    """``[N, 2]``, "does this picture come from the source domain?" from average-pooled and from
    max-pooled features; None without attention."""
    heatmap: Tensor | None
    """``[N, 1, h, w]``, where the generator looks, not normalised; None without attention. Sides
    are the picture's, divided by 2 to the number of halvings; a quarter as published."""


class UGATITGenerator(nn.Module):
    """Encoder, CAM attention, and a decoder steered by AdaLIN (figure 1).

    Args:
        width: channels after the first layer; each halving doubles them.
        halvings: how often the encoder halves the size; 2 as published.
        blocks: residual blocks of the encoder, and of the decoder; 6 or 4 as published.
        size: side of the pictures. The full model works at this size only; the light one at any.
        light: gamma and beta come from pooled features; otherwise from all features in a row,
            whose linear layer holds, as published, ``4 width · (size / 4)² · 4 width`` numbers.
        norm: of the decoder; see :data:`~nbgan.ugatit.blocks.DecoderNorm`.
        cam: attention; without it features go on as they are, and there are no CAM logits.
        checkpoint: recompute activations in the backward pass, down-sampling, blocks and the last
            layer each on its own: less memory, about a third more time.

    Raises:
        InputError: widths, blocks or a size that cannot be built.
    """

    least_multiple = 1
    """Sides of pictures must be divisible by this, whatever the halvings."""
    linear_bias = False
    """Whether the linear layers have a bias."""

    def __init__(
        self,
        *,
        width: int = 64,
        halvings: int = 2,
        blocks: int = 6,
        size: int = 256,
        light: bool = True,
        norm: DecoderNorm = "adalin",
        cam: bool = True,
        checkpoint: bool = False,
    ) -> None:
        super().__init__()
        for name, value in (("width", width), ("halvings", halvings), ("blocks", blocks)):
            if value < 1:
                raise InputError(f"{name}: got {value}; use a positive number, such as 4")
        self.width, self.size, self.light = width, size, light
        self.norm, self.checkpoint = norm, checkpoint
        self.multiple = max(2**halvings, self.least_multiple)
        self._check_size(size, size, "size")
        channels = 2**halvings * width
        self.stem = nn.Sequential(conv(3, width, 7), InstanceNorm(), nn.ReLU(True))
        self.down = nn.Sequential(
            *(layer for depth in range(halvings) for layer in _halve(2**depth * width))
        )
        self.encoder = nn.ModuleList(ResidualBlock(channels=channels) for _ in range(blocks))
        self.attention = CamAttention(channels=channels, bias=self.linear_bias) if cam else None
        features = channels if light else channels * (size // 2**halvings) ** 2
        self.style = nn.Sequential(
            nn.Linear(features, channels, bias=self.linear_bias),
            nn.ReLU(),
            nn.Linear(channels, channels, bias=self.linear_bias),
            nn.ReLU(),
        )
        if norm != "softadalin":
            self.gamma = nn.Linear(channels, channels, bias=self.linear_bias)
            self.beta = nn.Linear(channels, channels, bias=self.linear_bias)
        self.decoder = nn.ModuleList(
            SteeredBlock(channels=channels, norm=norm) for _ in range(blocks)
        )
        self.up = nn.Sequential(
            *(UpBlock(channels=channels // 2**depth, norm=norm) for depth in range(halvings))
        )
        self.to_rgb = self._to_rgb()

    def _to_rgb(self) -> nn.Module:
        return conv(self.width, 3, 7)

    def enter(self, image: Tensor) -> Tensor:
        """Pictures to features of the full size, ``[N, width, H, W]``."""
        return cast(Tensor, self.stem(image))

    def leave(self, x: Tensor) -> Tensor:
        """Features of the full size to pictures before tanh."""
        return cast(Tensor, self.to_rgb(x))

    def forward(self, image: Tensor) -> GeneratorOutput:
        """Translate.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1].

        Raises:
            InputError: not such pictures, or a size that the network cannot take.
        """
        check_images(image)
        height, width = image.shape[-2:]
        self._check_size(height, width, "image")
        if not self.light and (height, width) != (self.size, self.size):
            raise InputError(
                f"image: {height} × {width}, but the full model was built for {self.size} × "
                f"{self.size} only; resize the pictures, or build the light model (light=True)"
            )
        keep = not self.checkpoint
        x = recompute(lambda seen: self.down(self.enter(seen)), image, when=not keep)
        content = []
        for block in self.encoder:
            x = recompute(block, x, when=not keep)
            if self.norm == "softadalin":
                content.append(x.mean(dim=(2, 3)))
        cam_logits = heatmap = None
        if self.attention is not None:
            x, cam_logits, heatmap = self.attention(x)
        for block, pair in zip(self.decoder, self._pairs(x, content), strict=True):
            x = recompute(block, x, *pair, when=not keep)
        for block in self.up:
            x = recompute(block, x, when=not keep)
        x = recompute(self.leave, x, when=not keep)
        return GeneratorOutput(torch.tanh(x), cam_logits, heatmap)

    def _pairs(self, x: Tensor, content: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        """What steers each decoder block: gamma and beta, or content and style features."""
        style = self.style(x.mean(dim=(2, 3)) if self.light else x.flatten(1))
        if self.norm == "softadalin":
            # The first block of the decoder answers to the last one of the encoder.
            return [(features, style) for features in reversed(content)]
        return [(self.gamma(style), self.beta(style))] * len(self.decoder)

    def clip_rho_(self) -> None:
        """Clip every ``rho``, and the weights of SoftAdaLIN, to [0, 1]; after each update."""
        clip_rho_(self)

    def _check_size(self, height: int, width: int, where: str) -> None:
        least = 2 * self.multiple
        if height % self.multiple or width % self.multiple or min(height, width) < least:
            raise InputError(
                f"{where}: {height} × {width}, but both sides must be divisible by "
                f"{self.multiple} and at least {least}; crop or resize the pictures"
            )


def _halve(channels: int) -> list[nn.Module]:
    return [
        conv(channels, 2 * channels, 3, stride=2),
        InstanceNorm(),
        nn.ReLU(True),
    ]
