"""Discriminators with CAM attention."""

from __future__ import annotations

import pytest
import torch

from nbgan.errors import InputError
from nbgan.ugatit import CAMDiscriminator
from nbgan.ugatit.discriminator import smallest_side


def make(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CAMDiscriminator(**{"layers": 5, "width": 4} | changes).eval()


def pictures(side=32, count=1):
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(("layers", "side", "scores"), [(5, 32, 2), (7, 128, 2), (3, 16, 6)])
def test_shapes(layers, side, scores):
    output = make(layers=layers, width=2)(pictures(side, 2))
    assert output.scores.shape == (2, 1, scores, scores)
    assert output.cam_logits.shape == (2, 2)
    assert output.heatmap.shape == (2, 1, scores + 1, scores + 1)


def test_smallest_side_is_the_smallest():
    for layers in (3, 5, 7):
        side = smallest_side(layers)
        assert make(layers=layers, width=2)(pictures(side)).scores.shape == (1, 1, 1, 1)
        with pytest.raises(InputError, match=f"at least {side} pixels"):
            make(layers=layers, width=2)(pictures(side - 1))


def test_a_score_sees_its_patch_only():
    discriminator = make(cam=False)
    image = pictures(128).requires_grad_()
    discriminator(image).scores[0, 0, 7, 7].backward()
    rows = image.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == 70


def test_widths_double_up_to_the_bound():
    def widths(network):
        return [layer.out_channels for layer in network.blocks if hasattr(layer, "out_channels")]

    assert widths(make(layers=7, width=2)) == [2, 4, 8, 16, 32, 64]
    assert widths(make(layers=7, width=2, max_width=12)) == [2, 4, 8, 12, 12, 12]


def test_power_iteration_runs_in_training_only():
    discriminator, image = make(), pictures()
    before = discriminator.blocks[0].weight_u.clone()
    discriminator(image)
    assert torch.equal(discriminator.blocks[0].weight_u, before)
    discriminator.train()(image)
    assert not torch.equal(discriminator.blocks[0].weight_u, before)


def test_logits_use_normalised_weights_and_the_map_raw_ones():
    discriminator = make()
    attention, image = discriminator.attention, pictures()
    output = discriminator(image)
    with torch.no_grad():
        attention.average.weight_orig *= 3
    tripled = discriminator(image)
    torch.testing.assert_close(tripled.cam_logits, output.cam_logits)
    assert not torch.allclose(tripled.heatmap, output.heatmap)


def test_without_attention():
    discriminator = make(cam=False)
    output = discriminator(pictures())
    assert output.cam_logits is None and output.heatmap is None
    assert output.scores.shape == (1, 1, 2, 2)
    assert discriminator.attention is None


def test_bad_input():
    with pytest.raises(InputError, match="3 layers or more"):
        make(layers=2)
    with pytest.raises(InputError, match="floating-point images"):
        make()(torch.zeros(1, 1, 32, 32))
