"""MobileFaceNet: a face as a point on a sphere, so that pictures of one person lie close together.

Source: Chen et al., *MobileFaceNets* (2018), table 1, built from the inverted residuals of Sandler
et al., *MobileNetV2* (2018), figure 3. The variant that photo2cartoon uses, checked against its
published implementation (``tests/golden/photo2cartoon``).
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images

Widths = tuple[int, int, int, int]
PUBLISHED_WIDTHS: Widths = (64, 128, 256, 512)


class ConvUnit(nn.Sequential):
    """Convolution without bias, batch norm and, unless ``linear``, PReLU with a slope a channel."""

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel: int = 1,
        stride: int = 1,
        padding: int | None = None,
        depthwise: bool = False,
        linear: bool = False,
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(
                in_channels,
                out_channels,
                kernel,
                stride=stride,
                padding=kernel // 2 if padding is None else padding,
                groups=in_channels if depthwise else 1,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
        ]
        super().__init__(*layers, *([] if linear else [nn.PReLU(out_channels)]))


class InvertedResidual(nn.Module):
    """Expand by a 1×1 convolution, filter each channel alone, project back.

    Args:
        in_channels, out_channels: of the features.
        expanded: channels between the two 1×1 convolutions.
        stride: of the depthwise convolution. The input is added where it is 1 and ``shortcut``.
        shortcut: whether the input is added to the output.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        expanded: int,
        stride: int = 1,
        shortcut: bool = False,
    ) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.expand = ConvUnit(in_channels=in_channels, out_channels=expanded)
        self.depthwise = ConvUnit(
            in_channels=expanded, out_channels=expanded, kernel=3, stride=stride, depthwise=True
        )
        self.project = ConvUnit(in_channels=expanded, out_channels=out_channels, linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """``[N, in_channels, H, W]`` to ``[N, out_channels, H / stride, W / stride]``."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.shortcut else y


class MobileFaceNet(nn.Module):
    """Face crops to embeddings of length 1.

    Args:
        embedding: numbers in an embedding.
        widths: channels of the first stage, of the other stages, and of the two expansions.
        repeats: residual blocks in the three stages.
        size: side of the face crops, a multiple of 16; 112 as published.

    Raises:
        InputError: a size that cannot be built.
    """

    def __init__(
        self,
        *,
        embedding: int = 512,
        widths: Widths = PUBLISHED_WIDTHS,
        repeats: tuple[int, int, int] = (4, 6, 2),
        size: int = 112,
    ) -> None:
        super().__init__()
        if size < 16 or size % 16:
            raise InputError(f"size: got {size}, face crops need a multiple of 16 (published: 112)")
        self.size, self.repeats = size, repeats
        first, inner, expanded, last = widths

        def down(before: int, after: int, between: int) -> InvertedResidual:
            return InvertedResidual(
                in_channels=before, out_channels=after, expanded=between, stride=2
            )

        def stage(channels: int, between: int, count: int) -> list[InvertedResidual]:
            return [
                InvertedResidual(
                    in_channels=channels, out_channels=channels, expanded=between, shortcut=True
                )
                for _ in range(count)
            ]

        self.stem = nn.Sequential(
            ConvUnit(in_channels=3, out_channels=first, kernel=3, stride=2),
            ConvUnit(in_channels=first, out_channels=first, kernel=3, depthwise=True),
        )
        self.blocks = nn.Sequential(
            down(first, first, inner),
            *stage(first, inner, repeats[0]),
            down(first, inner, expanded),
            *stage(inner, expanded, repeats[1]),
            down(inner, inner, last),
            *stage(inner, expanded, repeats[2]),
        )
        self.head = nn.Sequential(
            ConvUnit(in_channels=inner, out_channels=last),
            ConvUnit(
                in_channels=last,
                out_channels=last,
                kernel=size // 16,
                padding=0,
                depthwise=True,
                linear=True,
            ),
        )
        self.linear = nn.Linear(last, embedding, bias=False)
        self.norm = nn.BatchNorm1d(embedding)

    def forward(self, face: Tensor) -> Tensor:
        """Embed.

        Args:
            face: ``[N, 3, size, size]`` in [−1, 1].

        Returns:
            ``[N, embedding]``, rows of length 1.

        Raises:
            InputError: another size.
        """
        check_images(face, "face")
        if face.shape[-2:] != (self.size, self.size):
            raise InputError(
                f"face: {face.shape[-2]} × {face.shape[-1]}, this network was built for "
                f"{self.size} × {self.size}; resize the faces"
            )
        x = self.head(self.blocks(self.stem(face))).flatten(1)
        return F.normalize(cast(Tensor, self.norm(self.linear(x))), eps=0.0)
