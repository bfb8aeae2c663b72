"""The classifier network: shapes, pooling, locality."""

import pytest
import torch

from nbgan.classifier import Classifier
from nbgan.errors import InputError


@pytest.fixture(params=["gap", "gmp"])
def network(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier(attributes=4, pooling=request.param, width=8).eval()


@pytest.mark.parametrize("size", [(32, 32), (33, 50), (8, 8)])
def test_any_size(network, size):
    scores = network(torch.zeros(2, 3, *size))
    assert scores.shape == (2, 4) and scores.isfinite().all()


def test_pooling_by_hand(network):
    features = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert network.pool(features).item() == (3 if network.pooling == "gap" else 6)


def test_a_position_sees_its_neighbourhood_only(network):
    """A norm over the whole picture would carry the news of a far corner to every position."""
    image = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1
    changed = image.clone()
    changed[:, :, :16, :16] = 1
    difference = (network.features(changed) - network.features(image)).abs().amax(1)[0]
    assert difference[0, 0] > 0
    assert difference[8:].max() == 0 and difference[:, 8:].max() == 0


def test_a_feature_lies_in_the_middle_of_its_pixels(network):
    """What a position sees is symmetric around its own 8 × 8 pixels."""
    image = torch.randn(1, 3, 128, 128).requires_grad_()
    network.features(image)[..., 8, 6].abs().sum().backward()
    seen = image.grad.abs().sum((0, 1)) > 0
    rows, columns = seen.any(1).nonzero()[:, 0], seen.any(0).nonzero()[:, 0]
    assert rows[0] + rows[-1] == 2 * (8 * 8 + 3.5)
    assert columns[0] + columns[-1] == 2 * (8 * 6 + 3.5)


def test_wide_pictures_are_pooled_as_one(network):
    """Two pictures side by side: the mean of both, or the larger of both, away from the seam."""
    left, right = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    both = network.features(torch.cat([left, right], dim=3))
    parts = torch.cat([network.features(left), network.features(right)], dim=3)
    inner = [0, 1, -2, -1]
    torch.testing.assert_close(both[..., inner], parts[..., inner])


def test_bad_numbers():
    with pytest.raises(InputError, match="pooling: unknown 'sum'; choose one of gap, gmp"):
        Classifier(attributes=2, pooling="sum")
    with pytest.raises(InputError, match="width: got 0"):
        Classifier(attributes=2, width=0)
    with pytest.raises(InputError, match="attributes: got 0"):
        Classifier(attributes=0)
    with pytest.raises(InputError, match="image: got 7 × 20 pixels"):
        Classifier(attributes=2)(torch.zeros(1, 3, 7, 20))
