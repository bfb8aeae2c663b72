"""A feature pyramid: what a picture holds, at three scales, each map knowing the coarser ones.

Sources: He et al., *Deep Residual Learning for Image Recognition* (2016), the backbone; Lin et al.,
*Feature Pyramid Networks for Object Detection* (2017), section 3, the way back up. Checked against
EditGAN's release (``tests/golden/editgan``): the maps are smoothed after the whole way down, so
that what is handed on is not smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck


class FeaturePyramid(nn.Module):
    """ResNet from fine to coarse, then back to fine with lateral connections.

    Args:
        channels: of the maps that it gives.
        width: channels after the stem; the stages have 4, 8, 16 and 32 times as many.
        blocks: bottlenecks of each stage; (3, 4, 6, 3) is ResNet-50, as published.
    """

    def __init__(
        self, *, channels: int = 512, width: int = 64, blocks: Sequence[int] = (3, 4, 6, 3)
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.ModuleList()
        before = width
        for level, count in enumerate(blocks):
            after = width << level
            stride = 1 if level == 0 else 2
            stage = [_bottleneck(before, after, stride)]
            before = after * Bottleneck.expansion
            stage += [_bottleneck(before, after, 1) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(*stage))
        self.top = nn.Conv2d(before, channels, 1)
        self.laterals = nn.ModuleList(
            nn.Conv2d(before // shrink, channels, 1) for shrink in (2, 4, 8)
        )
        self.smooths = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, padding=1) for _ in self.laterals
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Pictures ``[N, 3, H, W]`` in [−1, 1] to maps ``[N, channels, H / s, W / s]`` for s of
        16, 8 and 4: coarse to fine."""
        x = self.stem(image)
        found = []
        for stage in self.stages:
            x = stage(x)
            found.append(x)
        x = self.top(x)
        maps = []
        for lateral, fine in zip(self.laterals, reversed(found[:-1]), strict=True):
            side = lateral(fine)
            x = F.interpolate(x, side.shape[-2:], mode="bilinear", align_corners=False) + side
            maps.append(x)
        return [smooth(x) for smooth, x in zip(self.smooths, maps, strict=True)]


def _bottleneck(before: int, middle: int, stride: int) -> Bottleneck:
    after = middle * Bottleneck.expansion
    shortcut = None
    if stride > 1 or before != after:
        shortcut = nn.Sequential(
            nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
        )
    return Bottleneck(before, middle, stride=stride, downsample=shortcut)
