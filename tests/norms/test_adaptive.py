"""AdaIN, ILN, AdaLIN and SoftAdaLIN."""

import pytest
import torch

from nbgan import norms
from nbgan.errors import InputError


def features(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_match_statistics_takes_over_mean_and_spread():
    content, style = features(2, 3, 8, 8), 5 + 3 * features(2, 3, 4, 6, seed=1)
    out = norms.match_statistics(content, style, eps=0.0)
    torch.testing.assert_close(out.mean((2, 3)), style.mean((2, 3)))
    torch.testing.assert_close(
        out.std((2, 3), correction=0), style.std((2, 3), correction=0), rtol=1e-9, atol=0
    )
    torch.testing.assert_close(norms.match_statistics(content, content), content)


def test_adain_is_instance_norm_when_the_style_says_nothing():
    layer = norms.AdaIN(channels=3, style_features=5).double()
    torch.nn.init.zeros_(layer.affine.weight)
    torch.nn.init.zeros_(layer.affine.bias)
    x = features(2, 3, 4, 4)
    torch.testing.assert_close(layer(x, features(2, 5)), norms.instance_norm(x))


def test_adain_splits_its_linear_map_into_gamma_and_beta():
    layer = norms.AdaIN(channels=3, style_features=5).double()
    x, style = features(2, 3, 4, 4), features(2, 5, seed=1)
    vector = style @ layer.affine.weight.T + layer.affine.bias
    expected = norms.instance_norm(x, 1 + vector[:, :3], vector[:, 3:])
    torch.testing.assert_close(layer(x, style), expected)


@pytest.mark.parametrize(("rho", "dims"), [(1.0, (2, 3)), (0.0, (1, 2, 3))])
def test_adalin_ends_are_instance_and_layer_norm_with_unbiased_variance(rho, dims):
    layer = norms.AdaLIN(channels=3, rho=rho).double()
    x, gamma, beta = features(2, 3, 4, 5), features(2, 3, seed=1), features(2, 3, seed=2)
    variance = x.var(dims, correction=1, keepdim=True)
    normalized = (x - x.mean(dims, keepdim=True)) / (variance + 1e-5).sqrt()
    expected = normalized * gamma[..., None, None] + beta[..., None, None]
    torch.testing.assert_close(layer(x, gamma, beta), expected)


def test_adalin_blends_channel_by_channel():
    layer = norms.AdaLIN(channels=2).double()
    layer.rho.data = torch.tensor([1.0, 0.25], dtype=torch.float64)
    x = features(1, 2, 4, 4)
    instance = norms.normalize(x, dims=(2, 3), unbiased=True)
    whole = norms.normalize(x, dims=(1, 2, 3), unbiased=True)
    out = layer(x, None, None)
    torch.testing.assert_close(out[:, 0], instance[:, 0])
    torch.testing.assert_close(out[:, 1], 0.25 * instance[:, 1] + 0.75 * whole[:, 1])


def test_lin_is_iln_and_starts_as_layer_norm():
    assert norms.LIN is norms.ILN
    layer = norms.ILN(channels=3).double()
    x = features(2, 3, 4, 4)
    torch.testing.assert_close(layer(x), norms.normalize(x, dims=(1, 2, 3), unbiased=True))
    assert {name for name, _ in layer.named_parameters()} == {"rho", "gamma", "beta"}


@pytest.mark.parametrize(("mix", "source"), [(0.0, "style"), (1.0, "content")])
def test_soft_adalin_mixes_style_and_content(mix, source):
    layer = norms.SoftAdaLIN(channels=3, features=4).double()
    layer.mix_gamma.data.fill_(mix)
    layer.mix_beta.data.fill_(mix)
    x, content, style = features(2, 3, 4, 4), features(2, 4, seed=1), features(2, 4, seed=2)
    vector = content if source == "content" else style
    gamma = getattr(layer, f"{source}_gamma")(vector)
    beta = getattr(layer, f"{source}_beta")(vector)
    torch.testing.assert_close(layer(x, content, style), layer.norm(x, gamma, beta))


def test_clip_reaches_every_blend_in_a_network_and_nothing_else():
    network = torch.nn.ModuleList(
        [norms.ILN(channels=2), norms.AdaLIN(channels=2), norms.SoftAdaLIN(channels=2)]
    )
    for parameter in network.parameters():
        parameter.data.fill_(1.5)
    network[0].rho.data = torch.tensor([-0.5, 0.5])
    norms.clip_rho_(network)
    assert network[0].rho.tolist() == [0.0, 0.5]
    clipped = [network[1].rho, network[2].norm.rho, network[2].mix_gamma, network[2].mix_beta]
    assert all(value.tolist() == [1.0, 1.0] for value in clipped)
    assert network[0].gamma.tolist() == [1.5, 1.5]
    assert network[2].style_gamma.bias.tolist() == [1.5, 1.5]


def test_gradients_reach_every_parameter():
    torch.manual_seed(4)  # some draws leave all of a layer's ReLUs silent
    layer = norms.SoftAdaLIN(channels=3).double()
    layer.mix_gamma.data.fill_(0.5)
    layer.mix_beta.data.fill_(0.5)
    layer(features(2, 3, 4, 4), features(2, 3, seed=1), features(2, 3, seed=2)).pow(
        3
    ).sum().backward()
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_adalin_gradcheck():
    layer = norms.AdaLIN(channels=2, rho=0.3).double()
    tensors = [features(2, 2, 2, 3), features(2, 2, seed=1), features(2, 2, seed=2)]
    assert torch.autograd.gradcheck(layer, [t.requires_grad_() for t in tensors])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: norms.AdaIN(channels=3, style_features=5)(
                torch.zeros(2, 3, 4, 4), torch.zeros(5)
            ),
            "style: expected shape",
        ),
        (lambda: norms.ILN(channels=3)(torch.zeros(2, 4, 4, 4)), "has 4 channels"),
        (
            lambda: norms.AdaLIN(channels=3)(torch.zeros(2, 3, 4, 4), torch.zeros(2, 4), None),
            "gamma.*does not fit",
        ),
        (
            lambda: norms.SoftAdaLIN(channels=3)(
                torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 1, 1), torch.zeros(2, 3)
            ),
            "content: expected shape",
        ),
        (
            lambda: norms.match_statistics(torch.zeros(1, 3, 4, 4), torch.zeros(1, 2, 4, 4)),
            "content: has 3 channels",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(InputError, match=words):
        call()
