"""Adversarial losses and companions, against numbers worked out by hand."""

import math

import pytest
import torch

from nbgan.errors import InputError
from nbgan.gan import (
    GAN_LOSSES,
    MultiScaleDiscriminator,
    PatchDiscriminator,
    feature_matching_loss,
    gan_loss,
    kl_loss,
    r1_penalty,
    reparameterize,
)
from nbgan.gan.discriminator import judge_together
from nbgan.gan.losses import over_scales

LOGITS = torch.tensor([-2.0, 0.0, 0.5, 3.0])


@pytest.mark.parametrize(
    ("kind", "real", "fake", "generator"),
    [
        ("hinge", (3 + 1 + 0.5 + 0) / 4, (0 + 1 + 1.5 + 4) / 4, -1.5 / 4),
        (
            "least_squares",
            (9 + 1 + 0.25 + 4) / 4,
            (4 + 0 + 0.25 + 9) / 4,
            (9 + 1 + 0.25 + 4) / 4,
        ),
        ("wasserstein", -1.5 / 4, 1.5 / 4, -1.5 / 4),
    ],
)
def test_losses_by_hand(kind, real, fake, generator):
    loss = gan_loss(kind)
    assert loss.real(LOGITS).item() == pytest.approx(real)
    assert loss.fake(LOGITS).item() == pytest.approx(fake)
    assert loss.generator(LOGITS).item() == pytest.approx(generator)


def test_logistic_loss_is_cross_entropy():
    loss = gan_loss("logistic")
    expected = [math.log(1 + math.exp(-p)) for p in LOGITS.tolist()]
    assert loss.real(LOGITS).item() == pytest.approx(sum(expected) / 4)
    assert loss.fake(LOGITS).item() == pytest.approx(loss.real(-LOGITS).item())
    assert loss.generator(LOGITS).item() == pytest.approx(loss.real(LOGITS).item())


def test_unknown_loss_lists_the_known_ones():
    with pytest.raises(InputError, match="'hing'.*hinge, least_squares"):
        gan_loss("hing")


@pytest.mark.parametrize("kind", GAN_LOSSES)
def test_generator_gains_by_raising_the_logits(kind):
    logits = torch.zeros(3, requires_grad=True)
    gan_loss(kind).generator(logits).backward()
    assert (logits.grad < 0).all()


def test_scales_count_the_same_whatever_their_size():
    outputs = [[torch.zeros(1), torch.full((8, 8), 2.0)], [torch.zeros(1), torch.full((2, 2), 4.0)]]
    assert over_scales(torch.mean, outputs).item() == 3.0


def test_feature_matching_by_hand():
    real = [[torch.zeros(2), torch.zeros(2), torch.zeros(1)], [torch.zeros(3), torch.zeros(1)]]
    fake = [
        [torch.ones(2), torch.full((2,), 3.0), torch.full((1,), 100.0)],
        [torch.full((3,), 2.0), torch.full((1,), 100.0)],
    ]
    assert feature_matching_loss(fake, real).item() == (1 + 3 + 2) / 2


def test_feature_matching_pulls_the_fake_only():
    fake, real = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    feature_matching_loss([[fake, fake]], [[real, real]]).backward()
    assert real.grad is None
    assert fake.grad.abs().sum() > 0


def test_r1_of_a_linear_critic_is_half_its_squared_norm():
    weight = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))
    images = torch.randn(5, 3, 4, 4, requires_grad=True)
    logits = (images * weight).sum(dim=(1, 2, 3))
    penalty = r1_penalty(logits, images)
    assert penalty.item() == pytest.approx(0.5 * weight.square().sum().item(), rel=1e-5)


def test_kl_of_the_prior_is_zero_and_grows_away_from_it():
    zero = torch.zeros(4, 8)
    assert kl_loss(zero, zero).item() == 0
    # KL(N(1, 1) || N(0, 1)) = 1/2 for each of the 32 numbers.
    assert kl_loss(zero + 1, zero).item() == pytest.approx(16)
    assert kl_loss(zero, zero + 1).item() == pytest.approx(32 * (math.e - 2) / 2)


def test_reparameterized_samples_have_the_right_spread():
    mu, logvar = torch.full((20000, 1), 2.0), torch.full((20000, 1), math.log(9.0))
    torch.manual_seed(0)
    z = reparameterize(mu, logvar)
    assert z.mean().item() == pytest.approx(2, abs=0.1)
    assert z.std().item() == pytest.approx(3, abs=0.1)


def test_patch_discriminator_sizes():
    torch.manual_seed(0)
    net = PatchDiscriminator(in_channels=5, width=8, layers=3)
    outputs = net(torch.randn(2, 5, 32, 48))
    assert [tuple(o.shape) for o in outputs] == [
        (2, 8, 17, 25),
        (2, 16, 9, 13),
        (2, 32, 10, 14),
        (2, 1, 11, 15),
    ]


def test_first_scale_sees_the_full_size():
    net = MultiScaleDiscriminator(in_channels=3, scales=3, width=4, layers=2)
    widths = [scale[0].shape[-1] for scale in net(torch.randn(1, 3, 64, 64))]
    assert widths == [33, 17, 9]


def test_spectral_norm_bounds_the_inner_convolutions():
    torch.manual_seed(0)
    net = PatchDiscriminator(in_channels=3, width=8, layers=3)
    for _ in range(100):
        net(torch.randn(1, 3, 128, 128))  # so large that the weights are divided
    for block in net.blocks[1:-1]:
        top = torch.linalg.matrix_norm(block[0].weight.flatten(1), ord=2).item()
        assert top == pytest.approx(1, abs=0.02)


def test_fake_and_real_are_judged_in_one_pass_fake_first():
    torch.manual_seed(0)
    net = MultiScaleDiscriminator(in_channels=5, width=4, layers=2).eval()
    condition, fake, real = (
        torch.randn(2, 2, 16, 16),
        torch.randn(2, 3, 16, 16),
        torch.zeros(2, 3, 16, 16),
    )
    calls = []
    net.register_forward_hook(lambda *args: calls.append(len(args[1][0])))
    judged_fake, judged_real = judge_together(net, condition, fake, real)
    assert calls == [4]
    alone = net(torch.cat([condition, fake], dim=1))
    torch.testing.assert_close(judged_fake[0][-1], alone[0][-1])
    assert not torch.allclose(judged_real[0][-1], alone[0][-1])
