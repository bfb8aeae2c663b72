"""DeepLabV3 as torchvision builds it, on pictures in [−1, 1].

Source: Chen et al., *Rethinking Atrous Convolution for Semantic Image Segmentation* (2017).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import segmentation
from torchvision.models.segmentation.deeplabv3 import ASPP

from nbgan.gan.perceptual import check_images

BACKBONES = {
    "resnet50": segmentation.deeplabv3_resnet50,
    "resnet101": segmentation.deeplabv3_resnet101,
    "mobilenet_v3_large": segmentation.deeplabv3_mobilenet_v3_large,
}
HEAD_WIDTH = 256
"""Channels of torchvision's own head."""
MOMENTUM = 0.1
"""Share of a batch in the running statistics, for all normalisations."""
LAST_LAYER = "network.classifier.4."
"""How the names of the last convolution's weights begin."""


class DeepLab(nn.Module):
    """torchvision's DeepLabV3 on pictures in [−1, 1].

    Args:
        backbone: a name of :data:`BACKBONES`.
        outputs: classes, or heat maps.
        head_width: channels of the head.
        enlarge: how many times pictures are enlarged first. The backbone halves its maps three to
            five times, so small pictures come out with a few cells.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, *, backbone: str, outputs: int, head_width: int = HEAD_WIDTH, enlarge: int = 1
    ) -> None:
        super().__init__()
        self.enlarge = enlarge
        self.network = BACKBONES[backbone](
            weights=None, weights_backbone=None, num_classes=outputs, aux_loss=False
        )
        if head_width != HEAD_WIDTH:
            channels = self.network.classifier[0].convs[0][0].in_channels
            self.network.classifier = nn.Sequential(
                ASPP(channels, [12, 24, 36], head_width),
                nn.Conv2d(head_width, head_width, 3, padding=1, bias=False),
                nn.BatchNorm2d(head_width),
                nn.ReLU(),
                nn.Conv2d(head_width, outputs, 1),
            )
        # torchvision's MobileNetV3 takes in a hundredth of each batch's statistics. A training of
        # some hundred steps would then be evaluated with the statistics of its beginning.
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = MOMENTUM
        # ImageNet's statistics, which the published training uses as well.
        statistics = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
        for name, values in statistics.items():
            self.register_buffer(name, torch.tensor(values)[:, None, None], persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Pictures ``[N, 3, H, W]`` to scores ``[N, outputs, H, W]``."""
        check_images(image)
        size = [self.enlarge * side for side in image.shape[2:]]
        large = image if self.enlarge == 1 else F.interpolate(image, size=size, mode="bilinear")
        scores = self.network((large * 0.5 + 0.5 - self.mean) / self.std)["out"]
        if self.enlarge == 1:
            return scores
        return F.interpolate(scores, size=image.shape[2:], mode="bilinear")
