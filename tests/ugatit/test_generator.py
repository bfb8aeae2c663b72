"""The generator of U-GAT-IT and what it is made of."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.norms import AdaLIN
from nbgan.ugatit import UGATITGenerator
from nbgan.ugatit.blocks import DECODER_NORMS, CamAttention, conv, decoder_norm


def make(**changes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return UGATITGenerator(**{"width": 4, "blocks": 2, "size": 32} | changes)


def pictures(count=1, height=32, width=32, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, height, width, generator=generator) * 2 - 1


@pytest.mark.parametrize("norm", DECODER_NORMS)
@pytest.mark.parametrize("light", [True, False])
def test_shapes_and_range(norm, light):
    output = make(norm=norm, light=light)(pictures(2))
    assert output.image.shape == (2, 3, 32, 32) and output.image.abs().max() <= 1
    assert output.cam_logits.shape == (2, 2)
    assert output.heatmap.shape == (2, 1, 8, 8)


def test_light_model_takes_any_size_that_four_divides():
    assert make()(pictures(height=20, width=44)).image.shape == (1, 3, 20, 44)


def test_pictures_of_a_batch_do_not_influence_each_other():
    generator, batch = make(), pictures(3)
    torch.testing.assert_close(generator(batch).image[1:2], generator(batch[1:2]).image)


def test_without_attention_there_is_no_classifier():
    generator = make(cam=False)
    output = generator(pictures())
    assert output.cam_logits is None and output.heatmap is None
    assert not any(name.startswith("attention") for name, _ in generator.named_parameters())


def test_every_parameter_takes_part():
    for norm in DECODER_NORMS:
        generator = make(norm=norm, light=norm != "layer")
        output = generator(pictures())
        (output.image.square().mean() + output.cam_logits.square().sum()).backward()
        for name, parameter in generator.named_parameters():
            assert parameter.grad is not None and parameter.grad.isfinite().all(), (norm, name)


def test_attention_is_weights_times_features_as_published():
    """Concatenate both products, then mix: the published order of the same computation."""
    torch.manual_seed(0)
    attention = CamAttention(channels=6, bias=True)
    x = torch.randn(2, 6, 5, 5)
    products = [
        x * layer.weight[:, :, None, None] for layer in (attention.average, attention.maximum)
    ]
    expected = F.relu(attention.mix(torch.cat(products, dim=1)))
    found = attention(x)
    torch.testing.assert_close(found.features, expected)
    torch.testing.assert_close(found.heatmap, expected.sum(1, keepdim=True))
    torch.testing.assert_close(found.cam_logits[:, 0:1], attention.average(x.mean((2, 3))))
    torch.testing.assert_close(found.cam_logits[:, 1:2], attention.maximum(x.amax((2, 3))))


def test_full_model_reads_features_channel_by_channel_in_any_layout():
    generator, image = make(light=False), pictures()
    expected = generator(image).image
    generator.to(memory_format=torch.channels_last)
    found = generator(image.contiguous(memory_format=torch.channels_last)).image
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("norm", "rho"), [("instance", 1.0), ("layer", 0.0)])
def test_ablation_norms_keep_their_rho(norm, rho):
    generator = make(norm=norm)
    blends = [module for module in generator.modules() if isinstance(module, AdaLIN)]
    assert len(blends) == 6
    assert all((blend.rho == rho).all() for blend in blends)
    assert not any(name.endswith("rho") for name, _ in generator.named_parameters())


def test_clip_rho_touches_rho_alone():
    generator = make()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.fill_(1.5)
    generator.clip_rho_()
    for name, parameter in generator.named_parameters():
        assert (parameter == (1.0 if name.endswith("rho") else 1.5)).all(), name


def test_clip_rho_clips_the_weights_of_soft_adalin_too():
    generator = make(norm="softadalin")
    for block in generator.decoder:
        block.norm_0.mix_gamma.data.fill_(-0.5)
    generator.clip_rho_()
    assert all((block.norm_0.mix_gamma == 0).all() for block in generator.decoder)


def test_checkpointing_changes_no_number():
    plain, frugal, image = make(), make(checkpoint=True), pictures()
    for generator in (plain, frugal):
        generator(image).image.square().sum().backward()
    torch.testing.assert_close(frugal(image).image, plain(image).image)
    for (name, p), q in zip(plain.named_parameters(), frugal.parameters(), strict=True):
        if p.grad is not None:
            torch.testing.assert_close(q.grad, p.grad, msg=name)


def test_checkpointing_keeps_fewer_activations():
    def kept(generator):
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: (sizes.append(t.numel()), t)[1], lambda t: t
        ):
            generator(pictures())
        return sum(sizes)

    assert kept(make(blocks=4, checkpoint=True)) < 0.7 * kept(make(blocks=4))


def test_channels_last_features_are_never_copied_to_the_other_layout():
    generator = make().to(memory_format=torch.channels_last)
    layouts = {}
    for name, module in generator.named_modules():
        if name and not list(module.children()):
            module.register_forward_hook(
                lambda _, __, out, name=name: layouts.setdefault(name, out)
            )
    generator(pictures(2).contiguous(memory_format=torch.channels_last))
    maps = {name: out for name, out in layouts.items() if out.ndim == 4}
    assert len(maps) > 20
    for name, out in maps.items():
        assert out.is_contiguous(memory_format=torch.channels_last), name


def test_bad_input():
    with pytest.raises(InputError, match="blocks: got 0"):
        make(blocks=0)
    with pytest.raises(InputError, match=r"size: 30 × 30.*divisible by 4"):
        make(size=30)
    with pytest.raises(InputError, match=r"image: 32 × 34.*divisible by 4"):
        make()(pictures(width=34))
    with pytest.raises(InputError, match=r"image: 4 × 32.*at least 8"):
        make()(pictures(height=4))
    with pytest.raises(InputError, match=r"full model was built for 32 × 32.*light=True"):
        make(light=False)(pictures(height=36, width=36))
    with pytest.raises(InputError, match=r"norm: 'batch' is unknown.*adalin, instance"):
        decoder_norm("batch", 4)
    with pytest.raises(InputError, match="add the batch axis"):
        make()(pictures()[0])


def test_convolutions_reflect_at_the_border():
    """A constant picture stays constant under a mean filter; zeros outside would darken it."""
    layer = conv(1, 1, 3, stride=2)
    torch.nn.init.constant_(layer.weight, 1 / 9)
    torch.testing.assert_close(layer(torch.ones(1, 1, 8, 8)), torch.ones(1, 1, 4, 4))
