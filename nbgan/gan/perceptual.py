"""Perceptual loss on an injectable feature network.

The loss of Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution"
(2016), in the form in which pix2pixHD (Wang et al., 2018) and SPADE (Park et al., 2019) use it:
a weighted L1 distance between the feature maps of a frozen network.

A feature network is any object with a ``name`` and a call that turns images ``[N, 3, H, W]`` in
[−1, 1] into a list of feature maps ``[N, C, H', W']``, shallow to deep.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import torch
import torchvision
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.published import PublishedWeights


class FeatureNetwork(Protocol):
    """What losses and scores ask of a feature network."""

    @property
    def name(self) -> str:
        """What the network is, as it should stand beside a number."""

    def __call__(self, image: Tensor, /) -> list[Tensor]:
        """Images ``[N, 3, H, W]`` in [−1, 1] to feature maps, shallow to deep."""


VGG19_WEIGHTS = PublishedWeights(
    network="VGG19 (ImageNet, torchvision)",
    file_names=("vgg19-dcbb9e9d.pth",),
    digest="dcbb9e9d",
    url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    instead="use nbgan.gan.perceptual.embedded_features(), the features of a shipped segmenter",
)


class VGG19Features(nn.Module):
    """VGG19 at relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1, frozen.

    As in the published code of pix2pixHD and SPADE, images in [−1, 1] go in as they are: *not*
    shifted and scaled by the ImageNet mean and standard deviation with which VGG19 was trained.
    Published loss weights were chosen for that input, so it is kept.

    Args:
        path: weight file, or a folder that holds it. ``None`` looks in the folder that the
            environment variable ``NBGAN_PUBLISHED_WEIGHTS`` names, then in torch's hub cache.

    Raises:
        InputError: the file is missing, unreadable, holds code, or is of another network.
    """

    weights = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
    """Published weight of each map in the perceptual loss."""

    _taps = (1, 6, 11, 20, 29)

    def __init__(self, *, path: str | Path | None = None) -> None:
        super().__init__()
        state, genuine = VGG19_WEIGHTS.read(path)
        # On the meta device nothing is drawn: the caller's random numbers stay as they were.
        with torch.device("meta"):
            self.layers = torchvision.models.vgg19(weights=None).features[: self._taps[-1] + 1]
        prefix = "features."
        wanted = self.layers.state_dict().keys()
        state = {key.removeprefix(prefix): value for key, value in state.items()}
        try:
            self.layers.load_state_dict(
                {key: state[key] for key in wanted if key in state}, assign=True
            )
        except RuntimeError as error:
            raise VGG19_WEIGHTS.mismatch(path, _reason(error)) from None
        self.name = "VGG19" if genuine else "VGG19, weights not the published file"
        self.requires_grad_(False)
        self.eval()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Images ``[N, 3, H, W]`` in [−1, 1] to five maps with 64, 128, 256, 512, 512 channels.

        Sides are H, H/2, H/4, H/8 and H/16, rounded down.
        """
        check_images(image)
        if min(image.shape[-2:]) < 16:
            raise InputError(
                f"VGG19Features: images must be at least 16 by 16 pixels, got "
                f"{image.shape[-2]} by {image.shape[-1]}; resize them first"
            )
        maps = []
        for index, layer in enumerate(self.layers):
            image = layer(image)
            if index in self._taps:
                maps.append(image)
        return maps


class ModuleFeatures:
    """A trained network's ``features(image)`` as a frozen feature network.

    Keeps a frozen copy in evaluation mode, so the network that is handed in stays trainable.

    Args:
        module: a module with ``features(image) -> list of maps``, for example a segmenter.
        name: what to call it beside a number.
    """

    def __init__(self, module: nn.Module, *, name: str) -> None:
        if not callable(getattr(module, "features", None)):
            raise InputError(
                f"module: {type(module).__name__} has no features(image) method; "
                "pass a network that has one, such as nbgan.segmenter.Segmenter"
            )
        self.module = copy.deepcopy(module).eval().requires_grad_(False)
        self._features = cast(Callable[[Tensor], list[Tensor]], self.module.features)
        self.name = name

    def __call__(self, image: Tensor) -> list[Tensor]:
        """Images ``[N, 3, H, W]`` in [−1, 1] to feature maps, shallow to deep."""
        return self._features(image)

    def to(self, *args, **kwargs) -> ModuleFeatures:
        """Move to a device or dtype, as :meth:`torch.nn.Module.to` does."""
        self.module.to(*args, **kwargs)
        return self


def embedded_features(
    zoo_name: str = "segmenter-landscapes", *, instead_of: str = "VGG19"
) -> ModuleFeatures:
    """The default where no published network is present: features of a shipped segmenter.

    Args:
        zoo_name: a segmenter among ``nbgan.zoo.names()``.
        instead_of: the published network whose place it takes; the name says that it is not that.
    """
    # The zoo builds on the papers' rooms, which build on this module.
    from nbgan import zoo

    return ModuleFeatures(zoo.load(zoo_name), name=f"{zoo_name} (not {instead_of})")


class PerceptualLoss:
    """Weighted L1 distance between the feature maps of two images.

    ``loss(x, y) = Σ_i weight_i · mean |F_i(x) − F_i(y)|``

    The feature network is frozen; gradients reach ``x`` only. This is a plain callable rather than
    a module, so that the frozen network becomes part of no checkpoint and no optimiser; it follows
    the images to their device by itself.

    Args:
        features: feature network. A module that is still trainable or in training mode is copied.
        weights: one weight per map. ``None`` takes the network's own ``weights`` if it has some
            (VGG19: the published ones), otherwise the mean over its maps.

    Raises:
        InputError: at the call, if the number of weights differs from the number of maps, or the
            images differ in shape.
    """

    def __init__(self, features: FeatureNetwork, weights: Sequence[float] | None = None) -> None:
        if isinstance(features, nn.Module) and (
            features.training or any(p.requires_grad for p in features.parameters())
        ):
            features = copy.deepcopy(features).eval().requires_grad_(False)
        self.features = features
        self.weights = getattr(features, "weights", None) if weights is None else tuple(weights)
        self._device: torch.device | None = None

    @property
    def name(self) -> str:
        """Name of the loss with that of its feature network."""
        return f"perceptual loss ({self.features.name})"

    def __call__(self, image: Tensor, target: Tensor) -> Tensor:
        """Scalar loss of ``image`` against ``target``, both ``[N, 3, H, W]`` in [−1, 1]."""
        if image.shape != target.shape:
            raise InputError(
                f"perceptual loss: image {tuple(image.shape)} and target {tuple(target.shape)} "
                "differ in shape; resize one of them"
            )
        check_images(image)
        if image.device != self._device and hasattr(self.features, "to"):
            self.features.to(image.device)
            self._device = image.device
        with torch.no_grad():
            target_maps = self.features(target)
        maps = self.features(image)
        weights = [1 / len(maps)] * len(maps) if self.weights is None else self.weights
        if len(weights) != len(maps):
            raise InputError(
                f"weights: got {len(weights)}, but {self.features.name} has {len(maps)} feature "
                "maps; give one weight per map"
            )
        # In half precision the mean over a large map would lose most of its digits.
        terms = [
            weight * (ours.float() - theirs.float()).abs().mean()
            for weight, ours, theirs in zip(weights, maps, target_maps, strict=True)
        ]
        return torch.stack(terms).sum()


def check_images(image: Tensor, where: str = "image") -> None:
    """Raise InputError unless ``image`` is floating point and ``[N, 3, H, W]``."""
    if not isinstance(image, Tensor):
        raise InputError(f"{where}: expected a tensor [N, 3, H, W], got {type(image).__name__}")
    if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
        raise InputError(
            f"{where}: expected floating-point images [N, 3, H, W] in [-1, 1], got {image.dtype} "
            f"{list(image.shape)}; scale bytes with x / 127.5 - 1 and add the batch axis"
        )


def _reason(error: RuntimeError) -> str:
    """The telling line of a load_state_dict error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[1] if len(lines) > 1 else lines[0]
    return text if len(text) <= 160 else text[:160] + " …"
