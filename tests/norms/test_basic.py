"""Batch, layer, instance and group normalisation against PyTorch, in double precision."""

import pytest
import torch
import torch.nn.functional as F

from nbgan import norms
from nbgan.errors import InputError


@pytest.fixture
def x() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([3e-3, 1.0, 5.0, 40.0], dtype=torch.float64)[:, None, None]
    return 3 + scale * torch.randn(3, 4, 5, 6, generator=generator, dtype=torch.float64)


@pytest.fixture
def affine() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    gamma, beta = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    return gamma, beta


def test_batch_norm_equals_pytorch(x, affine):
    torch.testing.assert_close(
        norms.batch_norm(x, *affine), F.batch_norm(x, None, None, *affine, training=True)
    )


def test_instance_norm_equals_pytorch(x, affine):
    gamma, beta = affine
    torch.testing.assert_close(
        norms.instance_norm(x, *affine), F.instance_norm(x, weight=gamma, bias=beta)
    )


def test_layer_norm_equals_pytorch(x):
    torch.testing.assert_close(norms.layer_norm(x), F.layer_norm(x, x.shape[1:]))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm_equals_pytorch(x, affine, groups):
    torch.testing.assert_close(
        norms.group_norm(x, groups, *affine), F.group_norm(x, groups, *affine)
    )


def test_group_norm_has_layer_and_instance_norm_at_its_ends(x):
    torch.testing.assert_close(norms.group_norm(x, 1), norms.layer_norm(x))
    torch.testing.assert_close(norms.group_norm(x, 4), norms.instance_norm(x))


def test_normalize_by_hand():
    x = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    centred = torch.tensor([-2.0, -1.0, 0.0, 3.0], dtype=torch.float64)
    biased = norms.normalize(x, dims=(0,), eps=0.5)
    unbiased = norms.normalize(x, dims=(0,), eps=0.5, unbiased=True)
    torch.testing.assert_close(biased, centred / (14 / 4 + 0.5) ** 0.5)
    torch.testing.assert_close(unbiased, centred / (14 / 3 + 0.5) ** 0.5)


def test_normalize_keeps_half_precision_but_measures_in_single():
    x = 100 + torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    half = x.to(torch.bfloat16)
    out = norms.instance_norm(half)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), norms.instance_norm(half.float()), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [
        norms.batch_norm,
        norms.layer_norm,
        norms.instance_norm,
        lambda x, gamma, beta: norms.group_norm(x, 2, gamma, beta),
    ],
)
def test_gradients(layer, affine):
    x = torch.randn(2, 4, 2, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    tensors = [t.clone().requires_grad_() for t in (x, *affine)]
    assert torch.autograd.gradcheck(layer, tensors)


def test_batch_norm_layer_follows_pytorch_through_training_and_evaluation(x):
    ours = norms.BatchNormByHand(channels=4).double()
    theirs = torch.nn.BatchNorm2d(4).double()
    for step in range(3):
        torch.testing.assert_close(ours(x + step), theirs(x + step))
    torch.testing.assert_close(ours.running_mean, theirs.running_mean)
    torch.testing.assert_close(ours.running_var, theirs.running_var)
    before = ours.running_mean.clone()
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x))
    assert torch.equal(ours.running_mean, before)


def test_batch_norm_layer_treats_samples_alone_only_in_eval_mode(x):
    layer = norms.BatchNormByHand(channels=4).double()
    together, alone = layer(x)[:1], layer(x[:1])
    assert (together - alone).abs().max() > 0.1
    layer.eval()
    torch.testing.assert_close(layer(x)[:1], layer(x[:1]))


def test_modulate_accepts_channel_sample_and_pixel_values(x):
    per_pixel = torch.full_like(x, 2.0)
    expected = x * 2
    for gamma in (torch.full((4,), 2.0), torch.full((3, 4), 2.0), per_pixel):
        torch.testing.assert_close(norms.modulate(x, gamma.double(), None), expected)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: norms.instance_norm(torch.zeros(1, 3, 1, 1)), "at least 2"),
        (lambda: norms.batch_norm(torch.zeros(3, 4, 4)), r"\[N, C, H, W\]"),
        (lambda: norms.batch_norm(torch.zeros(1, 3, 4, 4, dtype=torch.int64)), "int64"),
        (lambda: norms.group_norm(torch.zeros(1, 6, 4, 4), 4), "does not divide the 6 channels"),
        (lambda: norms.batch_norm(torch.zeros(1, 3, 4, 4), torch.ones(5)), "gamma.*does not fit"),
        (lambda: norms.BatchNormByHand(channels=4)(torch.zeros(1, 3, 2, 2)), "has 3 channels"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(InputError, match=words):
        call()
