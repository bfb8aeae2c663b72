"""How different two pictures look: LPIPS, or a stand-in on any feature network.

LPIPS is from Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric"
(2018). Its package ships the linear heads; the trunk's ImageNet weights are a file of their own.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.gan.perceptual import FeatureNetwork, check_images
from nbgan.gan.published import MissingWeightsError, PublishedWeights

_INSTEAD = (
    "use nbgan.metrics.FeatureDistance on a shipped segmenter's features; its numbers do not "
    "compare with published LPIPS"
)
TRUNK_WEIGHTS = {
    "alex": PublishedWeights(
        network="LPIPS' AlexNet trunk (ImageNet, torchvision)",
        file_names=("alexnet-owt-7be5be79.pth",),
        digest="7be5be79",
        url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        instead=_INSTEAD,
    ),
    "vgg": PublishedWeights(
        network="LPIPS' VGG16 trunk (ImageNet, torchvision)",
        file_names=("vgg16-397923af.pth",),
        digest="397923af",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        instead=_INSTEAD,
    ),
}


class LPIPS(nn.Module):
    """Learned perceptual distance, version 0.1, where its trunk weights are present.

    Args:
        trunk: ``"alex"`` (the authors' choice for scores) or ``"vgg"``.
        path: weight file of the trunk, or a folder that holds it. ``None`` looks in the folder that
            the environment variable ``NBGAN_PUBLISHED_WEIGHTS`` names, then in torch's hub cache.

    Raises:
        InputError: unknown trunk; the file is missing, unreadable, holds code, or does not fit.
    """

    def __init__(self, *, trunk: str = "alex", path: str | Path | None = None) -> None:
        super().__init__()
        if trunk not in TRUNK_WEIGHTS:
            raise InputError(f"trunk: got '{trunk}'; use one of {', '.join(TRUNK_WEIGHTS)}")
        weights = TRUNK_WEIGHTS[trunk]
        state, genuine = weights.read(path)
        # Imported here: it loads slowly and only this class needs it.
        import lpips

        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            # lpips asks torchvision for an untrained trunk by an argument that is now deprecated.
            warnings.simplefilter("ignore")
            self.network = lpips.LPIPS(net=trunk, pnet_rand=True, verbose=False)
        # The trunk is cut into slices that keep the layers' published numbers.
        own = self.network.net.state_dict()
        published = {key: "features." + key.split(".", 1)[1] for key in own}
        wrong = [
            name
            for key, name in published.items()
            if name not in state or state[name].shape != own[key].shape
        ]
        if wrong:
            raise weights.mismatch(path, f"{wrong[0]} is missing or has another shape")
        self.network.net.load_state_dict({key: state[name] for key, name in published.items()})
        self.name = f"LPIPS ({trunk})" if genuine else f"LPIPS ({trunk}, trunk not the published)"
        self.requires_grad_(False)
        self.eval()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance ``[N]`` between images ``a`` and ``b``, ``[N, 3, H, W]`` in [−1, 1]."""
        _check_pair(a, b)
        device = next(self.parameters()).device
        return self.network(a.to(device), b.to(device)).flatten()


class FeatureDistance:
    """LPIPS without its learned weights, on any feature network: a labelled stand-in.

    Feature vectors are scaled to unit length at every position; the distance is their squared
    difference, averaged over positions, then over maps. From 0 (same) to 4 at most.

    Args:
        feature_network: images in [−1, 1] to feature maps.
    """

    def __init__(self, feature_network: FeatureNetwork) -> None:
        self.feature_network = feature_network

    @property
    def name(self) -> str:
        """States the network, and that this is not LPIPS."""
        return f"perceptual distance, stand-in for LPIPS ({self.feature_network.name})"

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance ``[N]`` between images ``a`` and ``b``, ``[N, 3, H, W]`` in [−1, 1]."""
        _check_pair(a, b)
        terms = []
        pairs = zip(self.feature_network(a), self.feature_network(b), strict=True)
        for maps in pairs:
            x, y = (nn.functional.normalize(m.float(), dim=1, eps=1e-10) for m in maps)
            terms.append((x - y).square().sum(dim=1).mean(dim=(1, 2)))
        return torch.stack(terms).mean(dim=0)


def perceptual_distance(
    stand_in: FeatureNetwork, *, trunk: str = "alex", path: str | Path | None = None
) -> LPIPS | FeatureDistance:
    """LPIPS if its trunk's weights are on this machine, else the stand-in, with a warning.

    The result's ``name`` says which one it is.

    Args:
        stand_in: feature network for the stand-in.
        trunk: see :class:`LPIPS`.
        path: see :class:`LPIPS`. If given, the file has to be there.

    Raises:
        InputError: the weight file is there but cannot be used, or ``path`` leads nowhere.
    """
    try:
        return LPIPS(trunk=trunk, path=path)
    except MissingWeightsError as error:
        if path is not None:
            raise
        distance = FeatureDistance(stand_in)
        warnings.warn(f"{error}. Using: {distance.name}", stacklevel=2)
        return distance


def _check_pair(a: Tensor, b: Tensor) -> None:
    check_images(a, where="a")
    check_images(b, where="b")
    if a.shape != b.shape:
        raise InputError(
            f"a has shape {list(a.shape)}, b {list(b.shape)}; compare equally many images of the "
            "same size"
        )
