"""The feature encoder: constant over instances, blind to the rest of the batch."""

import pytest
import torch

from nbgan.errors import InputError
from nbgan.pix2pixhd.encoder import FeatureEncoder


def small(**changes):
    torch.manual_seed(0)
    return FeatureEncoder(**({"width": 4, "downsamplings": 2} | changes))


IDS = torch.arange(2).repeat_interleave(8).expand(2, 16, 16).clone() + 26000


def test_features_are_constant_over_an_instance_and_bounded():
    features = small()(torch.randn(2, 3, 16, 16), IDS)
    assert features.shape == (2, 3, 16, 16)
    assert features.abs().max() < 1
    for half in (features[..., :8], features[..., 8:]):
        assert torch.equal(half, half[:, :, :1, :1].expand_as(half))
    assert not torch.equal(features[0, :, 0, 0], features[1, :, 0, 0])


def test_other_pictures_of_the_batch_play_no_part():
    encoder, images = small().eval(), torch.randn(2, 3, 16, 16)
    together = encoder(images, IDS)
    alone = torch.cat([encoder(images[i : i + 1], IDS[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(together, alone)


def test_gradients_reach_every_weight():
    encoder = small(norm="batch", features=2)
    encoder(torch.randn(2, 3, 16, 16), IDS).square().sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())


def test_sizes_that_do_not_divide_or_agree_are_refused():
    with pytest.raises(InputError, match="divisible by 4"):
        small()(torch.randn(2, 3, 18, 16), IDS)
    with pytest.raises(InputError, match="does not belong to features"):
        small()(torch.randn(2, 3, 32, 16), IDS)
