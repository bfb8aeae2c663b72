"""Fréchet and kernel distance against closed forms, scipy and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torchmetrics.image.kid import poly_mmd

from nbgan.errors import InputError
from nbgan.metrics import distribution_scores, embed, frechet_distance, kernel_distance
from nbgan.metrics.distance import Score, distance_name, gaussian_frechet_distance


class TwoMaps:
    """Feature network with the image itself and its horizontal halves' mean as maps."""

    def __init__(self, name: str = "two maps") -> None:
        self.name = name

    def __call__(self, image: torch.Tensor) -> list[torch.Tensor]:
        return [image, image[:, :2, ::2] * 2]


def random_covariance(random: np.random.Generator, size: int) -> np.ndarray:
    factor = random.normal(size=(size, size))
    return factor @ factor.T / size


def test_frechet_closed_form_for_diagonal_gaussians():
    mean_a, mean_b = np.array([0.0, 1.0, 2.0]), np.array([3.0, 1.0, 0.0])
    variance_a, variance_b = np.array([1.0, 4.0, 9.0]), np.array([4.0, 4.0, 1.0])
    expected = 9 + 0 + 4 + (1 - 2) ** 2 + 0 + (3 - 1) ** 2
    value = gaussian_frechet_distance(mean_a, np.diag(variance_a), mean_b, np.diag(variance_b))
    assert value == pytest.approx(expected)


def test_frechet_agrees_with_the_general_matrix_square_root():
    random = np.random.default_rng(0)
    cov_a, cov_b = random_covariance(random, 6), random_covariance(random, 6)
    mean_a, mean_b = random.normal(size=(2, 6))
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a + cov_b - 2 * root)
    assert gaussian_frechet_distance(mean_a, cov_a, mean_b, cov_b) == pytest.approx(expected)
    assert gaussian_frechet_distance(mean_b, cov_b, mean_a, cov_a) == pytest.approx(expected)


def test_frechet_of_samples_approaches_the_closed_form():
    random = np.random.default_rng(1)
    a = random.normal(size=(40_000, 4))
    b = random.normal(size=(40_000, 4)) * 2 + 1
    assert frechet_distance(a, b) == pytest.approx(4 * (1 + 1), rel=0.02)


def test_frechet_of_one_dimension():
    assert frechet_distance(np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])) == pytest.approx(
        4 + (np.sqrt(2) - np.sqrt(8)) ** 2
    )


def test_frechet_without_full_rank():
    """Fewer samples than dimensions: zero to itself, a pure shift counts exactly."""
    a = np.random.default_rng(2).normal(size=(10, 200))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 0.5) == pytest.approx(200 * 0.25, rel=1e-9)
    assert frechet_distance(np.zeros((3, 5)), np.ones((3, 5))) == pytest.approx(5)


def test_kernel_distance_agrees_with_torchmetrics():
    random = np.random.default_rng(3)
    a, b = random.normal(size=(2, 30, 8))
    b += 0.7
    expected = poly_mmd(torch.from_numpy(a), torch.from_numpy(b)).item()
    mean, std = kernel_distance(a, b, subsets=3, subset_size=30)
    assert mean == pytest.approx(expected)
    assert std == pytest.approx(0, abs=1e-12)


def test_kernel_distance_by_hand():
    # D = 1: kernels (xy + 1)³. Within a: 1·2 + 1 = 3 → 27, within b: 1, across: 1 and 1.
    a, b = np.array([[1.0], [2.0]]), np.array([[0.0], [5.0]])
    across = (1 + 6**3 + 1 + 11**3) / 4
    assert kernel_distance(a, b, subsets=1, subset_size=2)[0] == pytest.approx(27 + 1 - 2 * across)


def test_kernel_distance_is_zero_on_average_for_one_distribution():
    random = np.random.default_rng(4)
    values = [
        kernel_distance(*random.normal(size=(2, 60, 5)), subsets=10, subset_size=30)[0]
        for _ in range(60)
    ]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error
    assert min(values) < 0 < max(values)
    shifted = kernel_distance(random.normal(size=(60, 5)), random.normal(size=(60, 5)) + 1)[0]
    assert shifted > 10 * np.std(values)


def test_kernel_distance_is_seeded_and_leaves_global_random_numbers_alone():
    a, b = np.random.default_rng(5).normal(size=(2, 40, 3))
    before = np.random.get_state()[1].copy()
    first = kernel_distance(a, b, subsets=5, subset_size=10, seed=1)
    assert first == kernel_distance(a, b, subsets=5, subset_size=10, seed=1)
    assert first != kernel_distance(a, b, subsets=5, subset_size=10, seed=2)
    assert np.array_equal(before, np.random.get_state()[1])


def test_embed_pools_and_joins_maps():
    images = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(6)) * 2 - 1
    last = embed(TwoMaps(), images)
    assert last == pytest.approx((images[:, :2, ::2] * 2).mean(dim=(2, 3)).numpy(), abs=1e-6)
    both = embed(TwoMaps(), images, maps=(0, 1), batch_size=2)
    assert both.shape == (5, 5) and both.dtype == np.float64
    assert both[:, :3] == pytest.approx(images.mean(dim=(2, 3)).numpy(), abs=1e-6)
    assert np.array_equal(both, embed(TwoMaps(), iter(images.split(3)), maps=(0, 1)))


def test_only_inception_features_give_fid_and_kid():
    assert distance_name("frechet", TwoMaps("inception")) == "FID"
    assert distance_name("kernel", TwoMaps("inception")) == "KID"
    assert distance_name("frechet", TwoMaps("segmenter")) == "Fréchet distance (segmenter)"
    assert distance_name("kernel", TwoMaps("inception-like")) == "Kernel distance (inception-like)"
    assert "FID" not in distance_name("frechet", TwoMaps("inception"), maps=(0, -1))


def test_distribution_scores():
    random = torch.Generator().manual_seed(7)
    real = torch.rand(40, 3, 4, 4, generator=random)
    fake = torch.rand(40, 3, 4, 4, generator=random) - 0.8
    frechet, kernel = distribution_scores(TwoMaps(), real, fake)
    same, _ = distribution_scores(TwoMaps(), real, real)
    assert frechet.name == "Fréchet distance (two maps)" and kernel.std is not None
    assert frechet.value == pytest.approx(2 * 1.6**2, rel=0.15)
    assert same.value == pytest.approx(0, abs=1e-9) and kernel.value > 0
    assert str(Score(name="FID", value=12.3456)) == "FID: 12.35"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: frechet_distance(np.zeros((1, 3)), np.zeros((4, 3))), "a: .*at least two rows"),
        (lambda: frechet_distance(np.zeros((4, 3)), np.zeros((4, 2))), "3 features per row, b 2"),
        (lambda: frechet_distance(np.zeros((4, 3)), np.full((4, 3), np.nan)), "b: row 0"),
        (lambda: kernel_distance(np.zeros((4, 3)), np.zeros((9, 3)), subset_size=5), "use 2 to 4"),
        (lambda: kernel_distance(np.zeros((4, 3)), np.zeros((4, 3)), subsets=0), "subsets: got 0"),
        (lambda: embed(TwoMaps(), torch.zeros(2, 3, 4, 4), maps=(2,)), "has 2 feature maps"),
        (lambda: embed(TwoMaps(), torch.zeros(2, 4, 4)), "images: expected"),
        (lambda: embed(TwoMaps(), []), "got none"),
        (lambda: embed(TwoMaps(), torch.zeros(0, 3, 4, 4)), "got none"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
