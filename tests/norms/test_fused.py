"""The fast instance norm and AdaLIN against the formulas to read."""

import pytest
import torch

from nbgan import norms
from nbgan.errors import InputError
from nbgan.norms.adaptive import adalin
from nbgan.norms.fused import adalin_fused, channel_moments, instance_norm_fused


def features(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def offset_features():
    """Channels of very different level and spread."""
    return features(2, 3, 5, 4) * torch.tensor([3e-3, 1, 40]).view(3, 1, 1) + 7


def gradients(function, *tensors):
    leaves = [t.clone().requires_grad_() for t in tensors]
    out = function(*leaves)
    out.mul(features(*out.shape, seed=9)).sum().backward()
    return [out, *(leaf.grad for leaf in leaves)]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("batched", [True, False])
def test_adalin_and_its_gradients_equal_the_readable_form(batched, layout):
    shape = (2, 3) if batched else (3,)
    tensors = [
        offset_features().contiguous(memory_format=layout),
        torch.tensor([0.0, 0.3, 1.0], dtype=torch.float64),
        features(*shape, seed=1),
        features(*shape, seed=2),
    ]
    found, expected = gradients(adalin_fused, *tensors), gradients(adalin, *tensors)
    for ours, readable in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, readable, rtol=1e-9, atol=1e-9)


def test_without_gamma_and_beta():
    x, rho = offset_features(), torch.full((3,), 0.4, dtype=torch.float64)
    torch.testing.assert_close(adalin_fused(x, rho, None, None), adalin(x, rho, None, None))


def test_instance_norm_and_its_gradient_equal_the_readable_form():
    found = gradients(instance_norm_fused, offset_features())
    for ours, readable in zip(
        found, gradients(norms.instance_norm, offset_features()), strict=True
    ):
        torch.testing.assert_close(ours, readable, rtol=1e-9, atol=1e-9)


def test_same_numbers_with_and_without_a_graph():
    x = offset_features().float()
    with torch.no_grad():
        alone = instance_norm_fused(x)
    assert torch.equal(instance_norm_fused(x.requires_grad_()), alone)


def test_gradcheck():
    assert torch.autograd.gradcheck(channel_moments, [features(2, 2, 3, 2).requires_grad_()])


def test_half_precision_keeps_its_format_and_float_statistics():
    x = offset_features().bfloat16().requires_grad_()
    out = instance_norm_fused(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == torch.bfloat16
    assert channel_moments(x)[0].dtype == torch.float32
    expected = norms.instance_norm(x.detach().double())
    torch.testing.assert_close(out.double(), expected, rtol=0.01, atol=0.01)


def test_graph_keeps_the_features_once():
    """The readable form keeps several normalised copies."""

    def kept(function):
        storages = {}
        x = torch.randn(1, 4, 16, 16, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t: (storages.setdefault(t.data_ptr(), t.numel()), t)[1], lambda t: t
        ):
            function(x, torch.full((4,), 0.5), None, None)
        return sum(n for n in storages.values() if n >= x.numel()) / x.numel()

    assert kept(adalin_fused) == 1
    assert kept(adalin) >= 3


def test_memory_layout_stays():
    x = torch.randn(2, 4, 8, 8).contiguous(memory_format=torch.channels_last).requires_grad_()
    out = adalin_fused(x, torch.full((4,), 0.5), torch.ones(2, 4), torch.zeros(2, 4))
    assert out.is_contiguous(memory_format=torch.channels_last)


def test_adalin_layer_takes_gamma_for_every_pixel_too():
    layer, x = norms.AdaLIN(channels=3).double(), offset_features()
    gamma = features(2, 3, seed=1)
    everywhere = gamma[..., None, None].expand_as(x)
    torch.testing.assert_close(layer(x, everywhere, None), layer(x, gamma, None))


def test_one_pixel_has_no_spread():
    with pytest.raises(InputError, match="at least 2 are needed"):
        instance_norm_fused(torch.zeros(1, 3, 1, 1))
