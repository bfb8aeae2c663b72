"""StyleGAN networks: shapes, latents, noise, features, fast paths, precision, errors."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.stylegan import (
    MappingNetwork,
    StyleGAN1Generator,
    StyleGAN2Discriminator,
    StyleGAN2Generator,
)
from nbgan.stylegan.discriminator import minibatch_deviation
from nbgan.stylegan.generator1 import UpConv
from nbgan.stylegan.modulated import ModulatedConv2d, modulated_conv2d_by_weights
from nbgan.stylegan.resample import blur, downsample, kernel_2d, upsample

GENERATORS = (StyleGAN1Generator, StyleGAN2Generator)


def small(build, size=16, **options):
    """A generator with noise switched on, which a fresh one has off."""
    torch.manual_seed(0)
    net = build(
        size=size, z_dim=6, w_dim=10, mapping_layers=2, channel_base=128, max_channels=8, **options
    )
    for name, parameter in net.named_parameters():
        if name.endswith("noise_strength"):
            torch.nn.init.constant_(parameter, 0.3)
    return net


def codes(n=3, seed=1):
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=GENERATORS, ids=lambda g: g.__name__)
def generator(request):
    return small(request.param)


def test_paints_the_asked_size_and_repeats(generator):
    image = generator(codes())
    assert image.shape == (3, 3, 16, 16) and image.dtype == torch.float32
    assert torch.equal(image, generator(codes()))
    assert not torch.allclose(image[0], image[1])


def test_noise_can_be_stored_fresh_or_given(generator):
    w_plus = generator.broadcast(generator.mapping(codes()))
    stored = generator.synthesis(w_plus)
    given = [generator.get_buffer(f"noise_{i}") for i in range(len(generator.noise_sizes))]
    assert torch.equal(stored, generator.synthesis(w_plus, given))
    fresh = generator.synthesis(w_plus, "random")
    assert not torch.allclose(fresh, stored)
    assert not torch.allclose(fresh, generator.synthesis(w_plus, "random"))


def test_each_row_of_w_plus_steers_from_its_layer_on(generator):
    """Row r changes nothing in the layers before it."""
    w_plus = generator.broadcast(generator.mapping(codes(1)))
    other = generator.broadcast(generator.mapping(codes(1, seed=2)))
    first_changed = []
    for row in range(generator.rows):
        changed = w_plus.clone()
        changed[:, row] = other[:, row]
        maps = zip(generator.features(w_plus), generator.features(changed), strict=True)
        differ = [not torch.equal(a, b) for a, b in maps]
        first_changed.append(differ.index(True) if any(differ) else len(differ))
        assert not torch.allclose(generator.synthesis(w_plus), generator.synthesis(changed))
    if isinstance(generator, StyleGAN1Generator):
        # A block's second tap, raw, comes before its second style.
        assert first_changed == [0, 0, 2, 2, 4, 4]
    else:
        assert first_changed == [1, 2, 3, 4, 5, 6]  # the last row serves the last ToRGB alone


def test_truncation_pulls_towards_the_mean(generator):
    w_plus = generator.broadcast(generator.mapping(codes()))
    generator.update_mean(torch.ones(4, 10), decay=0.75)
    torch.testing.assert_close(generator.w_mean, torch.full((10,), 0.25))
    assert torch.equal(generator.truncate(w_plus, 1.0), w_plus)
    torch.testing.assert_close(generator.truncate(w_plus, 0.0), generator.w_mean.expand_as(w_plus))
    half = generator.truncate(w_plus, 0.5, rows=2)
    torch.testing.assert_close(half[:, :2], (w_plus[:, :2] + 0.25) / 2)
    assert torch.equal(half[:, 2:], w_plus[:, 2:])


def test_picture_is_the_same_with_features_and_without(generator):
    w_plus = generator.broadcast(generator.mapping(codes()))
    image, maps = generator.synthesize_with_features(w_plus)
    assert torch.equal(image, generator.synthesis(w_plus))
    assert [m.shape[-1] for m in maps] == [4, 4, 8, 8, 16, 16]


@pytest.mark.parametrize(("size", "channels"), [(1024, 5088), (512, 5056), (256, 4992)])
def test_published_feature_stack_of_version_1(size, channels):
    """The channels that DatasetGAN reads; shapes only, nothing is computed."""
    with torch.device("meta"):
        maps = StyleGAN1Generator(size=size).features(
            torch.empty(1, 2 * size.bit_length() - 4, 512)
        )
    assert sum(m.shape[1] for m in maps) == channels
    assert maps[0].shape[1:] == (512, 4, 4) and maps[-1].shape[-1] == size


def test_published_feature_stack_of_version_2():
    """The 6,016 channels that EditGAN reads at 512 px, the constant included."""
    with torch.device("meta"):
        maps = StyleGAN2Generator(size=512).features(torch.empty(1, 16, 512))
    assert sum(m.shape[1] for m in maps) == 6016


def test_published_sizes_in_parameters():
    """About 30 and 29 million: the published 1024 px generator and discriminator."""
    with torch.device("meta"):
        generator, discriminator = StyleGAN2Generator(size=1024), StyleGAN2Discriminator(size=1024)
    assert 30 < sum(p.numel() for p in generator.parameters()) / 1e6 < 31
    assert 28.5 < sum(p.numel() for p in discriminator.parameters()) / 1e6 < 29.5


@pytest.mark.parametrize(("up", "kernel_size"), [(False, 3), (True, 3), (False, 1)])
def test_modulation_equals_weights_of_their_own_for_each_picture(up, kernel_size):
    torch.manual_seed(0)
    conv = ModulatedConv2d(
        in_channels=5, out_channels=4, kernel_size=kernel_size, w_dim=3, up=up
    ).double()
    x, w = torch.randn(3, 5, 6, 6).double().requires_grad_(), torch.randn(3, 3).double()
    style = conv.style(w)
    fast = conv(x, style) * conv.demodulation(style)[:, :, None, None]
    plain = modulated_conv2d_by_weights(x, conv, style)
    torch.testing.assert_close(fast, plain)
    # First and second derivatives too: path-length regularisation needs both.
    seconds = []
    for y in (fast, plain):
        (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
        seconds.append(torch.autograd.grad(first.square().sum(), conv.weight)[0])
    torch.testing.assert_close(seconds[0], seconds[1])


def test_resampling_by_hand():
    """A single bright pixel shows the filter."""
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 1, 2] = 1
    line = torch.tensor([1.0, 3, 3, 1]) / 4
    up = upsample(x)[0, 0]
    torch.testing.assert_close(up[1:5, 3:7], torch.outer(line, line))
    assert up.sum() == pytest.approx(4)
    assert kernel_2d((1.0, 3.0, 3.0, 1.0)).sum() == pytest.approx(1)
    torch.testing.assert_close(downsample(torch.ones(1, 1, 8, 8))[0, 0, 1:3, 1:3], torch.ones(2, 2))
    assert blur(x, padding=2).shape[-1] == 5


@pytest.mark.parametrize("channels_last", [False, True])
def test_halving_in_half_precision_is_the_same(channels_last):
    x = torch.randn(2, 8, 12, 12, generator=torch.Generator().manual_seed(0))
    if channels_last:
        x = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(
        downsample(x.bfloat16()).float(), downsample(x), atol=0.03, rtol=0.02
    )


@pytest.mark.parametrize("build", GENERATORS)
def test_bf16_and_channels_last_paint_nearly_the_same(build):
    net = small(build, size=32)
    w_plus = net.broadcast(net.mapping(codes()))
    exact = net.synthesis(w_plus)
    net = net.to(memory_format=torch.channels_last)
    torch.testing.assert_close(net.synthesis(w_plus), exact, atol=1e-4, rtol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        assert net.mapping(codes()).dtype == torch.float32
        half = net.synthesis(w_plus)
    assert half.dtype == torch.float32
    assert (half - exact).abs().mean() < 0.02 * exact.abs().mean() + 0.01


def test_mapping_ignores_the_length_of_z():
    net = MappingNetwork(z_dim=6, w_dim=4, layers=2)
    torch.testing.assert_close(net(codes()), net(5 * codes()))


def test_deviation_groups_are_interleaved():
    x = torch.randn(8, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    channel = minibatch_deviation(x, 4)[:, -1]
    assert torch.equal(channel[0], channel[2]) and torch.equal(channel[1], channel[7])
    expected = x[[1, 3, 5, 7]].std(dim=0, correction=0).mean()
    torch.testing.assert_close(channel[1, 0, 0], expected, atol=1e-4, rtol=0)
    assert minibatch_deviation(x[:6], 4).shape == (6, 3, 4, 4)
    assert minibatch_deviation(x[:1], 4)[:, -1].abs().max() < 1e-3


def test_discriminator_gives_a_logit_each_and_can_be_penalised():
    torch.manual_seed(0)
    net = StyleGAN2Discriminator(size=16, channel_base=128, max_channels=8)
    image = torch.randn(4, 3, 16, 16, requires_grad=True)
    logits = net(image)
    assert logits.shape == (4,)
    (gradient,) = torch.autograd.grad(logits.sum(), image, create_graph=True)
    gradient.square().sum().backward()
    assert all(p.grad is not None for n, p in net.named_parameters() if n.endswith("weight"))
    with torch.autocast("cpu", torch.bfloat16):
        half = net.to(memory_format=torch.channels_last)(image)
    assert half.dtype == torch.float32
    assert (half - logits).abs().max() < 0.1


def test_smaller_network_is_part_of_a_larger_one():
    """Growing takes layers over by name, so names must mean the same at every size."""
    for build in (*GENERATORS, StyleGAN2Discriminator):
        states = [build(size=s, channel_base=128, max_channels=8).state_dict() for s in (16, 32)]
        shared = states[0].keys() & states[1].keys()
        assert all(states[0][k].shape == states[1][k].shape for k in shared)
        new_only = [k for k in states[0] if k not in shared]
        assert all(".16." in k for k in new_only)  # from and to colours of the size itself


def test_gradients_reach_every_parameter(generator):
    w_plus = generator.broadcast(generator.mapping(codes()))
    generator.synthesis(w_plus, "random").square().sum().backward()
    silent = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_bad_input_is_named(generator):
    with pytest.raises(InputError, match=r"z: expected shape \[N, 6\], got \[2, 5\]"):
        generator(torch.zeros(2, 5))
    with pytest.raises(InputError, match=r"w_plus: expected shape \[N, 6, 10\], got \[2, 10\]"):
        generator.synthesis(torch.zeros(2, 10))
    w_plus = torch.zeros(2, 6, 10)
    with pytest.raises(InputError, match="'random' or a list of maps, got 'fresh'"):
        generator.synthesis(w_plus, "fresh")
    with pytest.raises(InputError, match=r"expected \d maps of the sizes 4,"):
        generator.synthesis(w_plus, [torch.zeros(1, 1, 4, 4)])
    maps = [torch.zeros(1, 1, r, r) for r in generator.noise_sizes]
    maps[1] = torch.zeros(1, 1, 5, 5)
    with pytest.raises(InputError, match=r"map 1 has shape \[1, 1, 5, 5\]"):
        generator.synthesis(w_plus, maps)


@pytest.mark.parametrize(
    ("build", "size"), itertools.product((*GENERATORS, StyleGAN2Discriminator), (4, 48))
)
def test_size_must_be_a_power_of_two(build, size):
    with pytest.raises(InputError, match=f"power of two, at least 8, got {size}"):
        build(size=size)


def test_missing_channels_and_foreign_pictures_are_named():
    with pytest.raises(InputError, match="no entry for resolution 16"):
        StyleGAN2Generator(size=16, channels={4: 8, 8: 8})
    with pytest.raises(InputError, match=r"\[N, 3, 8, 8\], got \[1, 3, 16, 16\]"):
        StyleGAN2Discriminator(size=8, max_channels=4)(torch.zeros(1, 3, 16, 16))


def test_doubling_of_version_1_equals_repeating_pixels():
    torch.manual_seed(0)
    conv = UpConv(in_channels=2, out_channels=3, transposed=False)
    x = torch.randn(1, 2, 8, 8)
    torch.testing.assert_close(conv(x), conv.by_repeating(x), atol=1e-5, rtol=1e-5)


def test_published_forms_of_doubling_differ_by_a_mirrored_kernel():
    torch.manual_seed(0)
    conv = UpConv(in_channels=2, out_channels=3, transposed=True)
    x = torch.randn(1, 2, 8, 8)
    mirrored_picture = conv.by_repeating(x.flip(2, 3)).flip(2, 3)
    torch.testing.assert_close(conv(x), mirrored_picture, atol=1e-5, rtol=1e-5)
    assert F.mse_loss(conv(x), conv.by_repeating(x)) > 1e-2
