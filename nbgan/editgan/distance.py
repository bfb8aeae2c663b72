"""How different two pictures look, as losses and scores of this room measure it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nbgan.gan.perceptual import embedded_features
from nbgan.metrics.perceptual import LPIPS, FeatureDistance

Distance = Callable[[Tensor, Tensor], Tensor]
"""Two batches of pictures ``[N, 3, H, W]`` in [−1, 1] to how different they look, ``[N]``.
Published: LPIPS with VGG16."""


class PictureDistance:
    """LPIPS, or its stand-in, on whatever device the pictures are.

    A plain callable, so that the frozen network becomes part of no checkpoint.

    Args:
        network: ``"lpips"``, with VGG16; or ``"embedded"``, the same distance on the features of
            the avatars' segmenter, which ships with the library.

    Raises:
        InputError: LPIPS, where its trunk's weights are absent.
    """

    def __init__(self, network: str) -> None:
        self._device = torch.device("cpu")
        self._measure: LPIPS | FeatureDistance
        if network == "lpips":
            self._measure = lpips = LPIPS(trunk="vgg")
            self._move: Callable[[torch.device], object] = lpips.to
        else:
            features = embedded_features("segmenter-avatars", instead_of="VGG16")
            self._measure, self._move = FeatureDistance(features), features.to
        self.name = self._measure.name

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance ``[N]`` between pictures ``a`` and ``b``, ``[N, 3, H, W]`` in [−1, 1]."""
        if a.device != self._device:
            self._move(a.device)
            self._device = a.device
        return self._measure(a, b)
