"""The losses, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from nbgan.ugatit import PHOTO2CARTOON, UGATIT, DiscriminatorOutput
from nbgan.ugatit.losses import (
    adversarial_discriminator_losses,
    adversarial_generator_losses,
    cycle_loss,
    generator_cam_loss,
    identity_loss,
)


def judged(score, *logits):
    return DiscriminatorOutput(
        torch.full((1, 1, 2, 2), float(score)), torch.tensor([logits]) if logits else None, None
    )


def test_published_weights():
    assert (UGATIT.adversarial, UGATIT.cycle, UGATIT.identity) == (1, 10, 10)
    assert (UGATIT.cam, UGATIT.face) == (1000, 0)
    assert (PHOTO2CARTOON.cycle, PHOTO2CARTOON.cam, PHOTO2CARTOON.face) == (50, 1000, 1)


def test_discriminator_squares_without_halves():
    losses = adversarial_discriminator_losses(judged(3, 1.0, 2.0), judged(0.5, 0.0, 1.0))
    assert losses["patches"].item() == pytest.approx((3 - 1) ** 2 + 0.5**2)
    assert losses["cam"].item() == pytest.approx((0 + 1) / 2 + (0 + 1) / 2)


def test_generator_squares():
    losses = adversarial_generator_losses(judged(3, 1.0, 3.0))
    assert losses["patches"].item() == pytest.approx(4)
    assert losses["cam"].item() == pytest.approx((0 + 4) / 2)


def test_no_cam_term_without_attention():
    assert adversarial_discriminator_losses(judged(1), judged(0)).keys() == {"patches"}
    assert adversarial_generator_losses(judged(1)).keys() == {"patches"}


def test_generator_cam_loss_is_cross_entropy():
    loss = generator_cam_loss(torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0, 2.0]]))
    by_hand = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    by_hand += (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert loss.item() == pytest.approx(by_hand)


def test_generator_cam_loss_wants_source_high_and_target_low():
    source = torch.zeros(1, 2, requires_grad=True)
    target = torch.zeros(1, 2, requires_grad=True)
    generator_cam_loss(source, target).backward()
    assert (source.grad < 0).all() and (target.grad > 0).all()


def test_cycle_and_identity_are_mean_absolute_differences():
    image, other = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), -0.25)
    assert cycle_loss(image, other).item() == pytest.approx(0.25)
    assert identity_loss(image, other).item() == pytest.approx(0.25)


def test_half_precision_in_full_precision_out():
    half = judged(0.3, 0.1, 0.2)
    half = DiscriminatorOutput(half.scores.bfloat16(), half.cam_logits.bfloat16(), None)
    losses = adversarial_generator_losses(half) | adversarial_discriminator_losses(half, half)
    losses["g"] = generator_cam_loss(half.cam_logits, half.cam_logits)
    losses["c"] = cycle_loss(torch.zeros(1, 3, 2, 2).bfloat16(), torch.ones(1, 3, 2, 2).bfloat16())
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
