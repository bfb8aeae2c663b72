"""The global generator: shapes, structure and inputs that must be refused."""

import pytest
import torch
from torch import nn

from nbgan.errors import InputError
from nbgan.pix2pixhd.generator import GlobalGenerator, ResBlock, TrunkSizes, initialize


def small(**changes):
    torch.manual_seed(0)
    return GlobalGenerator(
        **({"in_channels": 5, "width": 4, "downsamplings": 2, "blocks": 2} | changes)
    )


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_picture_has_the_size_of_the_map(norm):
    picture = small(norm=norm)(torch.randn(2, 5, 16, 24))
    assert picture.shape == (2, 3, 16, 24)
    assert picture.abs().max() < 1


def test_features_are_what_the_output_layer_sees():
    generator = small()
    x = torch.randn(1, 5, 8, 8)
    features = generator.features(x)
    assert features.shape == (1, 4, 8, 8)
    torch.testing.assert_close(generator.to_rgb(features), generator(x))


def test_paper_size_has_the_published_number_of_parameters():
    with torch.device("meta"):
        generator = GlobalGenerator(in_channels=36)

    def conv(before, after, kernel):
        return before * after * kernel**2 + after

    ups_and_downs = sum(
        conv(64 * 2**i, 128 * 2**i, 3) + conv(128 * 2**i, 64 * 2**i, 3) for i in range(4)
    )
    blocks = 9 * 2 * conv(1024, 1024, 3)
    expected = conv(36, 64, 7) + ups_and_downs + blocks + conv(64, 3, 7)
    assert sum(p.numel() for p in generator.parameters()) == expected


def test_nothing_follows_the_sum_of_a_residual_block():
    block = ResBlock(channels=3, norm="instance")
    nn.init.zeros_(block.conv_1.weight)
    nn.init.zeros_(block.conv_1.bias)
    x = torch.randn(1, 3, 4, 4)
    assert torch.equal(block(x), x)


def test_gradients_reach_every_weight():
    generator = small(norm="batch")
    generator(torch.randn(2, 5, 8, 8)).square().sum().backward()
    assert all(p.grad is not None for p in generator.parameters())


def test_published_initial_weights():
    generator = small(width=16, norm="batch")
    initialize(generator)
    weight = generator.trunk.blocks[0].conv_0.weight
    assert weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert generator.trunk.blocks[0].norm_0.weight.mean().item() == pytest.approx(1, abs=0.02)


def test_sizes_say_by_what_they_must_be_divisible():
    with pytest.raises(InputError, match=r"18 × 24 .* divisible by 4, .* nearest .* 16 × 24"):
        small()(torch.randn(1, 5, 18, 24))
    with pytest.raises(InputError, match="too small: both sides must be at least 8"):
        small()(torch.randn(1, 5, 4, 24))


def test_wrong_channels_and_bad_sizes_are_refused():
    with pytest.raises(InputError, match=r"expected \[N, 5, H, W\], got shape \[1, 4, 8, 8\]"):
        small()(torch.randn(1, 4, 8, 8))
    with pytest.raises(InputError, match="downsamplings: must be at least 1, got 0"):
        small(downsamplings=0)
    with pytest.raises(InputError, match="'instance' or 'batch', got 'layer'"):
        TrunkSizes(in_channels=3, norm="layer")
