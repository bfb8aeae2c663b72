"""Distances between the distributions of real and generated pictures, in a feature space.

Fréchet distance after Heusel et al., "GANs Trained by a Two Time-Scale Update Rule" (2017); kernel
distance after Bińkowski et al., "Demystifying MMD GANs" (2018). On Inception features these are FID
and KID. On any other network they are not, their numbers do not compare with published ones, and
they are never given those names here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.gan.perceptual import FeatureNetwork, check_images

INCEPTION = "inception"


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number with its honest name.

    Args:
        name: for example ``"FID"`` or ``"Fréchet distance (segmenter-landscapes)"``.
        value: the score; smaller is better.
        std: standard deviation over subsets, where there is one.
    """

    name: str
    value: float
    std: float | None = None

    def __str__(self) -> str:
        spread = "" if self.std is None else f" ± {self.std:.2g}"
        return f"{self.name}: {self.value:.4g}{spread}"


def distance_name(kind: str, feature_network: FeatureNetwork, maps: Sequence[int] = (-1,)) -> str:
    """Name of a distance on a feature network.

    Args:
        kind: ``"frechet"`` or ``"kernel"``.
        feature_network: its ``name`` decides: FID and KID only if that is ``"inception"``.
        maps: which of the network's maps are used; the published scores use the last one only.
    """
    published, plain = {
        "frechet": ("FID", "Fréchet distance"),
        "kernel": ("KID", "Kernel distance"),
    }[kind]
    if feature_network.name == INCEPTION and tuple(maps) == (-1,):
        return published
    return f"{plain} ({feature_network.name})"


@torch.no_grad()
def embed(
    feature_network: FeatureNetwork,
    images: Tensor | Iterable[Tensor],
    *,
    maps: Sequence[int] = (-1,),
    batch_size: int = 32,
) -> np.ndarray:
    """One feature vector per image: the mean over each map's pixels, maps side by side.

    Args:
        feature_network: images in [−1, 1] to feature maps.
        images: ``[N, 3, H, W]`` in [−1, 1], or batches of them.
        maps: which feature maps to use, by index; the default is the deepest.
        batch_size: how many images go through at once if ``images`` is one tensor.

    Returns:
        float64 ``[N, D]``, D the channels of the chosen maps together.

    Raises:
        InputError: no images, images of a wrong shape, or a map the network does not have.
    """
    batches = images.split(batch_size) if isinstance(images, Tensor) else images
    rows = []
    for batch in batches:
        check_images(batch, where="images")
        features = feature_network(batch)
        wrong = [index for index in maps if not -len(features) <= index < len(features)]
        if wrong or not maps:
            raise InputError(
                f"maps: got {list(maps)}, but {feature_network.name} has {len(features)} feature "
                f"maps; use indices from 0 to {len(features) - 1}, or -1 for the last"
            )
        pooled = [features[index].double().mean(dim=(2, 3)) for index in maps]
        rows.append(torch.cat(pooled, dim=1).cpu().numpy())
    if not rows or not sum(map(len, rows)):
        raise InputError("images: got none; give at least one image")
    return np.concatenate(rows)


def frechet_distance(a: np.ndarray | Tensor, b: np.ndarray | Tensor) -> float:
    """Fréchet distance of the Gaussians with the mean and covariance of two sets of features.

    ``|μ_a − μ_b|² + Tr(Σ_a + Σ_b − 2 (Σ_a^½ Σ_b Σ_a^½)^½)``, in float64. With fewer samples than
    dimensions the covariances have not full rank: the number is defined, but biased upwards more,
    so compare only scores from equally many samples.

    Args:
        a, b: features ``[N, D]`` and ``[M, D]``, at least two rows each.

    Returns:
        The distance, 0 or more (it is a squared length).

    Raises:
        InputError: shapes do not fit, or a value is not finite.
    """
    a, b = _check(a, b)
    return gaussian_frechet_distance(
        a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False)
    )


def gaussian_frechet_distance(
    mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray
) -> float:
    """Fréchet distance of two Gaussians with means ``[D]`` and covariances ``[D, D]``."""
    mean_a, mean_b = np.atleast_1d(mean_a), np.atleast_1d(mean_b)
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    # The eigenvalues of Σ_a^½ Σ_b Σ_a^½ are the squared singular values of Σ_a^½ Σ_b^½. Taking the
    # latter needs no square root of an eigenvalue that is zero but for rounding, which is where
    # the general matrix square root goes wrong on covariances without full rank.
    cross = np.linalg.svd(_factor(cov_a).T @ _factor(cov_b), compute_uv=False).sum()
    gap = mean_a - mean_b
    distance = gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * cross
    return max(float(distance), 0.0)


def kernel_distance(
    a: np.ndarray | Tensor,
    b: np.ndarray | Tensor,
    subsets: int = 100,
    subset_size: int | None = None,
    seed: int = 0,
) -> tuple[float, float]:
    """Squared maximum mean discrepancy under the kernel ``(x·y / D + 1)³``, unbiased.

    Mean over random subsets, as in KID. Its expectation is 0 where both sets come from the same
    distribution, so small negative values are normal; unlike the Fréchet distance, it does not
    depend on the number of samples.

    Args:
        a, b: features ``[N, D]`` and ``[M, D]``.
        subsets: how many random subsets.
        subset_size: rows drawn from each set, without repetition; ``None`` takes half of the
            smaller set, 1000 at most (the published KID uses 1000).
        seed: of the draw.

    Returns:
        Mean and standard deviation over the subsets.

    Raises:
        InputError: shapes do not fit, a value is not finite, or there are too few rows.
    """
    a, b = _check(a, b)
    smaller = min(len(a), len(b))
    size = min(1000, max(2, smaller // 2)) if subset_size is None else subset_size
    if not 2 <= size <= smaller:
        raise InputError(
            f"subset_size: got {size}; the smaller set has {smaller} rows, use 2 to {smaller}"
        )
    if subsets < 1:
        raise InputError(f"subsets: got {subsets}; use 1 or more")
    random = np.random.default_rng(seed)
    values = [
        _unbiased_mmd(
            a[random.choice(len(a), size, replace=False)],
            b[random.choice(len(b), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return float(np.mean(values)), float(np.std(values))


def distribution_scores(
    feature_network: FeatureNetwork,
    real: Tensor | Iterable[Tensor],
    generated: Tensor | Iterable[Tensor],
    *,
    maps: Sequence[int] = (-1,),
    subset_size: int | None = None,
    seed: int = 0,
) -> tuple[Score, Score]:
    """Fréchet and kernel distance between real and generated pictures, named by their network.

    Args:
        feature_network: images in [−1, 1] to feature maps.
        real, generated: ``[N, 3, H, W]`` in [−1, 1], or batches of them.
        maps: which feature maps to use, see :func:`embed`.
        subset_size: see :func:`kernel_distance`.
        seed: of the kernel distance's subsets.
    """
    a = embed(feature_network, real, maps=maps)
    b = embed(feature_network, generated, maps=maps)
    mean, std = kernel_distance(a, b, subset_size=subset_size, seed=seed)
    return (
        Score(name=distance_name("frechet", feature_network, maps), value=frechet_distance(a, b)),
        Score(name=distance_name("kernel", feature_network, maps), value=mean, std=std),
    )


def _check(a: np.ndarray | Tensor, b: np.ndarray | Tensor) -> tuple[np.ndarray, np.ndarray]:
    arrays = []
    for name, features in (("a", a), ("b", b)):
        array = features.detach().cpu().numpy() if isinstance(features, Tensor) else features
        array = np.asarray(array, dtype=np.float64)
        if array.ndim != 2 or len(array) < 2:
            raise InputError(
                f"{name}: features must be [N, D] with at least two rows, got shape "
                f"{list(array.shape)}; use embed() on two or more images"
            )
        if not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            raise InputError(
                f"{name}: row {row} holds a value that is not finite; "
                "look at that image, the network that made it may have diverged"
            )
        arrays.append(array)
    if arrays[0].shape[1] != arrays[1].shape[1]:
        raise InputError(
            f"a has {arrays[0].shape[1]} features per row, b {arrays[1].shape[1]}; "
            "embed both with the same network and maps"
        )
    return arrays[0], arrays[1]


def _factor(covariance: np.ndarray) -> np.ndarray:
    """``F`` ``[D, rank]`` with ``F Fᵀ`` the covariance; directions of rounding size are dropped."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])


def _unbiased_mmd(x: np.ndarray, y: np.ndarray) -> float:
    within = 0.0
    for rows in (x, x), (y, y):
        kernel = _polynomial_kernel(*rows)
        within += (kernel.sum() - np.trace(kernel)) / (len(kernel) * (len(kernel) - 1))
    return within - 2 * _polynomial_kernel(x, y).mean()


def _polynomial_kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3
