"""The feature encoder of pix2pixHD: what an object looks like, in a few numbers.

Source: Wang et al. (2018), section 3.4 and figure 5. Checked against the published implementation
(``tests/golden/pix2pixhd``).
"""

from __future__ import annotations

from torch import Tensor, nn

from nbgan.gan.discriminator import NormName
from nbgan.pix2pixhd.generator import Trunk, TrunkSizes, to_picture
from nbgan.pix2pixhd.pooling import instance_mean


class FeatureEncoder(nn.Module):
    """A generator's trunk without residual blocks, whose output is pooled over each instance.

    Args:
        width: channels at full size.
        downsamplings: how often the size is halved, and doubled again.
        features: channels of the feature map.
        norm: ``"instance"`` or ``"batch"``.
        in_channels: of the picture.
    """

    def __init__(
        self,
        *,
        width: int = 16,
        downsamplings: int = 4,
        features: int = 3,
        norm: NormName = "instance",
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.trunk = Trunk(
            TrunkSizes(
                in_channels=in_channels,
                width=width,
                downsamplings=downsamplings,
                blocks=0,
                norm=norm,
            )
        )
        self.to_features = to_picture(width, features)

    def unpooled(self, image: Tensor) -> Tensor:
        """Features of every pixel, ``[N, features, H, W]`` in (−1, 1)."""
        return self.to_features(self.trunk(image))

    def forward(self, image: Tensor, instance: Tensor) -> Tensor:
        """Encode the objects of pictures.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1].
            instance: ids ``[N, H, W]``, 0 to 65535, things numbered, stuff by its class id; see
                :func:`~nbgan.pix2pixhd.pooling.instance_mean`.

        Returns:
            ``[N, features, H, W]`` in (−1, 1), constant over each instance.

        Raises:
            InputError: sizes that do not divide or do not agree; bad ids.
        """
        return instance_mean(self.unpooled(image), instance)
