"""A small classifier of attributes: which things are in a picture, without saying where.

Convolutions, global pooling and one linear layer, the network that class activation maps were made
for (Zhou et al., "Learning Deep Features for Discriminative Localization", 2016). Two of them learn
side by side from the same weights on the same pictures: one pools by the mean (GAP), one by the
maximum (GMP, after Oquab et al., "Is Object Localization for Free?", 2015), so that they can be
compared.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images

Pooling = Literal["gap", "gmp"]
POOLINGS: tuple[Pooling, ...] = ("gap", "gmp")


class ConvBlock(nn.Sequential):
    """Convolution, batch norm, ReLU. A stride divides the sides.

    ``kernel_size`` minus ``stride`` is even: so each output lies in the middle of the pixels that
    it stands for, and an enlarged map lies where it belongs.

    Batch norm in evaluation mode treats each position alone; a norm over the whole picture would
    tell every position what the others hold, and the maps would show that too.
    """

    def __init__(
        self, *, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                out_channels,
                kernel_size,
                stride=stride,
                padding=(kernel_size - stride) // 2,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class Classifier(nn.Module):
    """From pictures to one score per attribute.

    Two blocks at a quarter of the side, and three at an eighth with twice the channels. The last
    two are 1×1 convolutions, so that a feature sees 28 × 28 pixels and no more: the less it sees,
    the closer to a thing it has to be to find it.

    The linear layer begins at zero. A channel that is as large in every picture gets no gradient of
    its own; whatever weight it began with would stay, and be drawn on every map.

    Args:
        attributes: how many scores.
        pooling: ``"gap"`` takes the spatial mean of the features, ``"gmp"`` the maximum.
        width: channels at a quarter of the side.

    Raises:
        InputError: a number that cannot be built, or an unknown pooling.
    """

    def __init__(self, *, attributes: int, pooling: Pooling = "gap", width: int = 48) -> None:
        super().__init__()
        for name, value in (("attributes", attributes), ("width", width)):
            if value < 1:
                raise InputError(f"{name}: got {value}; use 1 or more")
        check_pooling(pooling)
        self.pooling = pooling
        self.features = nn.Sequential(
            ConvBlock(in_channels=3, out_channels=width, kernel_size=8, stride=4),
            ConvBlock(in_channels=width, out_channels=width, kernel_size=3),
            ConvBlock(in_channels=width, out_channels=2 * width, kernel_size=4, stride=2),
            ConvBlock(in_channels=2 * width, out_channels=2 * width, kernel_size=1),
            ConvBlock(in_channels=2 * width, out_channels=2 * width, kernel_size=1),
        )
        self.head = nn.Linear(2 * width, attributes)
        nn.init.zeros_(self.head.weight)

    def pool(self, features: Tensor) -> Tensor:
        """Features ``[N, C, h, w]`` to one number per channel, ``[N, C]``."""
        return features.mean((2, 3)) if self.pooling == "gap" else features.amax((2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Scores before the sigmoid.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1], sides of 8 pixels or more.

        Returns:
            ``[N, attributes]``
        """
        check_images(image)
        if min(image.shape[2:]) < 8:
            raise InputError(
                f"image: got {image.shape[2]} × {image.shape[3]} pixels; a feature stands for 8 × 8"
            )
        return self.head(self.pool(self.features(image)))


def check_pooling(pooling: str) -> None:
    """Raise InputError unless ``pooling`` is known."""
    if pooling not in POOLINGS:
        raise InputError(f"pooling: unknown '{pooling}'; choose one of {', '.join(POOLINGS)}")
