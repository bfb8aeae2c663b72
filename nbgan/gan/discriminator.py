"""PatchGAN discriminators at several scales.

Sources: Isola et al., *pix2pix* (2017), section 3.2.2; Wang et al., *pix2pixHD* (2018), section
3.2; Park et al., *SPADE* (2019), appendix A, figure 13. Checked against the published SPADE and
pix2pixHD implementations (``tests/golden/spade``, ``tests/golden/pix2pixhd``). The defaults are
SPADE's; pix2pixHD has ``spectral=False, bias=True`` and three scales.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.gan.spectral import spectral_norm

NormName = Literal["none", "instance", "batch"]


def norm_layer(kind: NormName, channels: int) -> nn.Module:
    """Parameter-free instance norm, affine batch norm, or nothing."""
    if kind == "instance":
        return nn.InstanceNorm2d(channels)
    if kind == "batch":
        return nn.BatchNorm2d(channels)
    return nn.Identity()


class PatchDiscriminator(nn.Module):
    """Judge overlapping patches of a picture.

    Convolutions 4×4 with padding 2; stride 2 but in the last two, so the output has one logit for
    about every ``2 ** (layers - 1)`` pixels.

    Args:
        in_channels: condition and picture together.
        width: channels of the first layer; doubles with each layer, at most ``max_width``.
        layers: number of convolutions before the one that gives the logits.
        norm: normalisation after the inner convolutions.
        spectral: whether the inner convolutions carry spectral norm.
        max_width: upper bound of the width.
        bias: whether the inner convolutions have a bias; None gives them one only without a norm,
            because a norm that subtracts the mean undoes it.
        sigmoid: whether the last output is a probability; otherwise it is a logit.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        width: int = 64,
        layers: int = 4,
        norm: NormName = "instance",
        spectral: bool = True,
        max_width: int = 512,
        bias: bool | None = None,
        sigmoid: bool = False,
    ) -> None:
        super().__init__()
        inner_bias = norm == "none" if bias is None else bias
        blocks = [nn.Sequential(nn.Conv2d(in_channels, width, 4, 2, 2), nn.LeakyReLU(0.2))]
        for depth in range(1, layers):
            before, width = width, min(2 * width, max_width)
            stride = 1 if depth == layers - 1 else 2
            conv = nn.Conv2d(before, width, 4, stride, 2, bias=inner_bias)
            blocks.append(
                nn.Sequential(
                    spectral_norm(conv) if spectral else conv,
                    norm_layer(norm, width),
                    nn.LeakyReLU(0.2),
                )
            )
        last: list[nn.Module] = [nn.Conv2d(width, 1, 4, 1, 2)]
        if sigmoid:
            last.append(nn.Sigmoid())
        blocks.append(nn.Sequential(*last))
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        """``[N, in_channels, H, W]`` to the output of every block; the prediction comes last."""
        outputs = []
        for block in self.blocks:
            x = block(x)
            outputs.append(x)
        return outputs


class MultiScaleDiscriminator(nn.Module):
    """Discriminators of one design that look at the picture at full, half, quarter … size.

    Args:
        in_channels: condition and picture together.
        scales: number of discriminators; the first sees the full size.
        width, layers, norm, spectral, bias, sigmoid: as in :class:`PatchDiscriminator`.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        scales: int = 2,
        width: int = 64,
        layers: int = 4,
        norm: NormName = "instance",
        spectral: bool = True,
        bias: bool | None = None,
        sigmoid: bool = False,
    ) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(
            PatchDiscriminator(
                in_channels=in_channels,
                width=width,
                layers=layers,
                norm=norm,
                spectral=spectral,
                bias=bias,
                sigmoid=sigmoid,
            )
            for _ in range(scales)
        )

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        """``[N, in_channels, H, W]`` to one list of block outputs per scale."""
        outputs = []
        for scale, discriminator in enumerate(self.discriminators):
            if scale:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            outputs.append(discriminator(x))
        return outputs


def in_autocast_type(x: Tensor) -> Tensor:
    """``x`` in the type that autocast will ask for, channels last; as it is without autocast.

    A label map of many channels goes into many convolutions. Converted once, not by each of them,
    it saves three tenths of a training step of SPADE at 128 × 256 on a processor.
    """
    kind = x.device.type
    if not torch.is_autocast_enabled(kind):
        return x
    return x.to(torch.get_autocast_dtype(kind), memory_format=torch.channels_last)


def judge_together(
    discriminator: nn.Module, condition: Tensor, fake: Tensor, real: Tensor
) -> tuple[list[list[Tensor]], list[list[Tensor]]]:
    """One forward pass over fake and real pictures, fake first.

    Together they share batch statistics and one power iteration, as in the published training.

    Args:
        condition: ``[N, K, H, W]``, put in front of the picture's channels.
        fake, real: ``[N, 3, H, W]``.

    Returns:
        The outputs for ``fake`` and for ``real``.
    """
    condition, fake, real = (in_autocast_type(x) for x in (condition, fake, real))
    pairs = torch.cat(
        [torch.cat([condition, fake], dim=1), torch.cat([condition, real], dim=1)], dim=0
    )
    outputs = discriminator(pairs)
    halves = [[features.chunk(2, dim=0) for features in scale] for scale in outputs]
    return (
        [[fake_part for fake_part, _ in scale] for scale in halves],
        [[real_part for _, real_part in scale] for scale in halves],
    )
