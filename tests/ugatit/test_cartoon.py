"""The generator of photo2cartoon."""

from __future__ import annotations

import pytest
import torch

from nbgan.errors import InputError
from nbgan.norms import SoftAdaLIN
from nbgan.ugatit import CartoonGenerator, UGATITGenerator


def make(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CartoonGenerator(**{"width": 4, "blocks": 2, "size": 32} | changes)


def pictures(count=1, height=32, width=32):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, 3, height, width, generator=generator) * 2 - 1


@pytest.mark.parametrize("light", [True, False])
def test_shapes(light):
    output = make(light=light)(pictures(2))
    assert output.image.shape == (2, 3, 32, 32) and output.image.abs().max() <= 1
    assert output.cam_logits.shape == (2, 2) and output.heatmap.shape == (2, 1, 8, 8)


def test_it_is_the_same_family():
    cartoon = make()
    assert isinstance(cartoon, UGATITGenerator)
    assert sum(isinstance(module, SoftAdaLIN) for module in cartoon.modules()) == 4
    assert not hasattr(cartoon, "gamma")
    assert hasattr(make(norm="adalin"), "gamma")


def test_content_and_style_both_steer_the_decoder():
    cartoon, image = make(), pictures()
    for block in cartoon.decoder:
        for norm in (block.norm_0, block.norm_1):
            norm.mix_gamma.data.fill_(0.5)
            norm.mix_beta.data.fill_(0.5)
    cartoon(image).image.square().sum().backward()
    norm = cartoon.decoder[0].norm_0
    for source in (norm.style_gamma, norm.content_gamma[0], norm.content_beta[2]):
        assert source.weight.grad.abs().max() > 0


def test_fewer_levels_for_smaller_pictures():
    assert make(levels=2, size=16)(pictures(height=16, width=24)).image.shape == (1, 3, 16, 24)


def test_checkpointing_changes_no_number():
    plain, frugal, image = make(levels=2), make(levels=2, checkpoint=True), pictures()
    for cartoon in (plain, frugal):
        cartoon(image).image.square().sum().backward()
    for (name, p), q in zip(plain.named_parameters(), frugal.parameters(), strict=True):
        if p.grad is not None:
            torch.testing.assert_close(q.grad, p.grad, msg=name)


def test_bad_input():
    with pytest.raises(InputError, match=r"image: 40 × 32.*divisible by 16"):
        make()(pictures(height=40))
    with pytest.raises(InputError, match=r"size: 16 × 16.*at least 32"):
        make(size=16)
    with pytest.raises(InputError, match="multiple of 4"):
        make(width=6)
    with pytest.raises(InputError, match="levels: got 0"):
        make(levels=0)
