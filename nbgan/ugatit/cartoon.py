"""Generator of photo2cartoon: U-GAT-IT's, with hourglasses around it and SoftAdaLIN inside.

Source: minivision-ai, *photo2cartoon* (2020), https://github.com/minivision-ai/photo2cartoon; it
has no paper. Checked against the published implementation (``tests/golden/photo2cartoon``).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.ugatit.blocks import DecoderNorm, conv, recompute
from nbgan.ugatit.generator import UGATITGenerator
from nbgan.ugatit.hourglass import LEVELS, Hourglass


class CartoonGenerator(UGATITGenerator):
    """What photo2cartoon changes in :class:`UGATITGenerator`.

    Two hourglasses before the encoder and two after the decoder; the last one paints the picture,
    which a 7×7 convolution finishes. The decoder mixes the picture's content features, pooled from
    the encoder, into its gamma and beta (SoftAdaLIN). The linear layers have biases.

    Args:
        width: a multiple of 4.
        blocks: 4 as published.
        levels: how often an hourglass halves the size; 4 as published.
        halvings, size, light, norm, cam: as in :class:`UGATITGenerator`.
        checkpoint: as there, and each hourglass on its own, a second time inside the part that it
            belongs to; its activations at full size are the largest.

    Raises:
        InputError: widths, blocks, levels or a size that cannot be built.
    """

    linear_bias = True

    def __init__(
        self,
        *,
        width: int = 32,
        halvings: int = 2,
        blocks: int = 4,
        size: int = 256,
        light: bool = True,
        norm: DecoderNorm = "softadalin",
        cam: bool = True,
        levels: int = LEVELS,
        checkpoint: bool = False,
    ) -> None:
        if levels < 1:
            raise InputError(f"levels: got {levels}; use 1 or more (published: {LEVELS})")
        self.least_multiple = 2**levels
        super().__init__(
            width=width,
            halvings=halvings,
            blocks=blocks,
            size=size,
            light=light,
            norm=norm,
            cam=cam,
            checkpoint=checkpoint,
        )

        def hourglass(residual: bool = True) -> Hourglass:
            return Hourglass(channels=width, residual=residual, levels=levels)

        self.before = nn.ModuleList([hourglass(), hourglass()])
        self.after = nn.ModuleList([hourglass(), hourglass(residual=False)])

    def _to_rgb(self) -> nn.Module:
        return conv(3, 3, 7)

    def enter(self, image: Tensor) -> Tensor:
        """Pictures to features of the full size, ``[N, width, H, W]``."""
        return self._through(self.before, super().enter(image))

    def leave(self, x: Tensor) -> Tensor:
        """Features of the full size to pictures before tanh."""
        return super().leave(self._through(self.after, x))

    def _through(self, hourglasses: nn.ModuleList, x: Tensor) -> Tensor:
        for hourglass in hourglasses:
            x = recompute(cast(Hourglass, hourglass), x, when=self.checkpoint)
        return x
