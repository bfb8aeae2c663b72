"""Discriminators of U-GAT-IT: PatchGANs with CAM attention.

Source: Kim et al., *U-GAT-IT* (2020), section 2.1.2 and appendix A, tables 5 (local) and 6
(global). Checked against the published implementation (``tests/golden/ugatit``).
"""

from __future__ import annotations

from typing import NamedTuple, cast

from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images
from nbgan.gan.spectral import spectral_norm
from nbgan.ugatit.blocks import CamAttention


class DiscriminatorOutput(NamedTuple):
    """What a discriminator gives."""

    scores: Tensor
    """``[N, 1, h, w]``, one for each patch; 1 means real, 0 generated."""
    cam_logits: Tensor | None
    """``[N, 2]``, real or generated, from average-pooled and from max-pooled features; None
    without attention."""
    heatmap: Tensor | None
    """``[N, 1, h + 1, w + 1]``, where the discriminator looks; None without attention."""


class CAMDiscriminator(nn.Module):
    """Judges patches: about 70 pixels wide with 5 layers (local), 286 with 7 (global).

    All convolutions are 4×4 with a reflected border of 1 and spectral norm; the first
    ``layers - 2`` halve the size.

    Args:
        layers: 5 or 7 as published; 3 or more.
        width: channels of the first layer; doubles with each layer.
        max_width: upper bound of the channels, None for none (as published).
        cam: attention and its auxiliary classifier.

    Raises:
        InputError: fewer than 3 layers.
    """

    def __init__(
        self,
        *,
        layers: int = 5,
        width: int = 64,
        max_width: int | None = None,
        cam: bool = True,
    ) -> None:
        super().__init__()
        if layers < 3 or width < 1:
            raise InputError(
                f"layers, width: got {layers}, {width}; use 3 layers or more (published: 5 and 7) "
                "and a positive width"
            )
        self.layers = layers
        blocks: list[nn.Module] = []
        before = 3
        for depth in range(layers - 1):
            after = min(width * 2**depth, max_width or width * 2**depth)
            stride = 2 if depth < layers - 2 else 1
            blocks += [_conv(before, after, stride), nn.LeakyReLU(0.2, inplace=True)]
            before = after
        self.blocks = nn.Sequential(*blocks)
        self.attention = CamAttention(channels=before, spectral=True, slope=0.2) if cam else None
        self.to_scores = _conv(before, 1, 1, bias=False)

    def forward(self, image: Tensor) -> DiscriminatorOutput:
        """Judge.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1].

        Raises:
            InputError: not such pictures, or pictures too small for this many layers.
        """
        check_images(image)
        if min(image.shape[-2:]) < smallest_side(self.layers):
            raise InputError(
                f"image: {image.shape[-2]} × {image.shape[-1]} is too small for {self.layers} "
                f"layers, which need at least {smallest_side(self.layers)} pixels a side; use "
                "fewer layers or larger pictures"
            )
        x = self.blocks(image)
        cam_logits = heatmap = None
        if self.attention is not None:
            x, cam_logits, heatmap = self.attention(x)
        scores = cast(Tensor, self.to_scores(x))
        return DiscriminatorOutput(scores, cam_logits, heatmap)


def smallest_side(layers: int) -> int:
    """Pixels that a picture's side needs: 3 must be left before the last two convolutions."""
    return 3 * 2 ** (layers - 2)


def _conv(before: int, after: int, stride: int, *, bias: bool = True) -> nn.Module:
    layer = nn.Conv2d(before, after, 4, stride=stride, padding=1, padding_mode="reflect", bias=bias)
    return spectral_norm(layer)
