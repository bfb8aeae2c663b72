"""Hourglass blocks."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.ugatit.hourglass import Hourglass, MultiDepthBlock, Pyramid


def features(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("residual", "channels"), [(True, 8), (False, 3)])
def test_shapes(residual, channels):
    hourglass = Hourglass(channels=8, residual=residual)
    assert hourglass(features(2, 8, 32, 48)).shape == (2, channels, 32, 48)


def test_block_keeps_what_each_convolution_gives():
    torch.manual_seed(0)
    block = MultiDepthBlock(channels=8)
    x = features(1, 8, 6, 6)
    first = block.conv_0(F.relu(F.instance_norm(x)))
    second = block.conv_1(F.relu(F.instance_norm(first)))
    third = block.conv_2(F.relu(F.instance_norm(second)))
    torch.testing.assert_close(
        block(x), x + torch.cat([first, second, third], 1), atol=1e-5, rtol=0
    )


def test_pyramid_without_blocks_adds_up_what_it_pooled():
    """With silent blocks a level is ``pool, up, + shortcut``, by hand for one level."""
    pyramid = Pyramid(channels=4, levels=1)
    for parameter in pyramid.parameters():
        torch.nn.init.zeros_(parameter)
    x = features(1, 4, 4, 4)
    expected = x + F.interpolate(F.avg_pool2d(x, 2), scale_factor=2.0)
    torch.testing.assert_close(pyramid(x), expected)


def test_residual_hourglass_starts_near_its_input_when_silent():
    hourglass = Hourglass(channels=4, levels=1)
    for name, parameter in hourglass.named_parameters():
        if name.startswith(("from_", "to_")):
            torch.nn.init.zeros_(parameter)
    x = features(1, 4, 8, 8)
    torch.testing.assert_close(hourglass(x), x)


def test_every_parameter_takes_part():
    for residual in (True, False):
        hourglass = Hourglass(channels=8, residual=residual, levels=2)
        hourglass(features(1, 8, 16, 16)).square().mean().backward()
        assert all(p.grad is not None for p in hourglass.parameters())


@pytest.mark.parametrize("channels", [2, 6])
def test_channels_must_be_a_multiple_of_four(channels):
    with pytest.raises(InputError, match=f"channels: got {channels}.*multiple of 4"):
        Hourglass(channels=channels)
