"""The published weighting, by hand."""

import torch

from nbgan.gan import MultiScaleDiscriminator, gan_loss
from nbgan.pix2pixhd.losses import discriminator_losses, feature_matching, generator_loss


def outputs(*predictions):
    return [[torch.zeros(3), torch.full((2, 2), p)] for p in predictions]


def test_terms_are_summed_over_discriminators_and_halved():
    fake, real = outputs(2.0, 3.0), outputs(1.0, -1.0)
    terms = discriminator_losses(fake, real)
    assert terms["fake"].item() == 0.5 * (4 + 9)
    assert terms["real"].item() == 0.5 * (0 + 4)
    assert generator_loss(fake).item() == 1 + 4


def test_another_adversarial_loss():
    assert generator_loss(outputs(2.0, 3.0), gan_loss("wasserstein")).item() == -5


def test_feature_matching_by_hand():
    fake = [[torch.full((2,), 1.0 + d)] * 4 + [torch.ones(1)] for d in (0, 2)]
    real = [[torch.zeros(2)] * 4 + [torch.full((1,), 9.0)] for _ in range(2)]
    assert feature_matching(fake, real, weight=10.0).item() == 10 * (4 / 4) * (4 * 1 + 4 * 3) / 2
    fewer = [scale[2:] for scale in fake], [scale[2:] for scale in real]
    assert feature_matching(*fewer, weight=1.0).item() == (4 / 2) * (2 * 1 + 2 * 3) / 2


def test_feature_matching_pulls_the_fake_only():
    fake, real = torch.ones(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    feature_matching([[fake, fake]], [[real, real]]).backward()
    assert (fake.grad > 0).all()
    assert real.grad is None


def test_published_discriminator_is_the_shared_module():
    torch.manual_seed(0)
    arguments = {"in_channels": 4, "scales": 3, "width": 4, "spectral": False, "bias": True}
    judge = MultiScaleDiscriminator(**arguments)
    names = {k for k in judge.state_dict() if k.startswith("discriminators.0.")}
    assert all(not k.endswith(("_orig", "_u", "_v")) for k in names)
    assert len(names) == 2 * 5
    unsure = MultiScaleDiscriminator(**arguments, sigmoid=True)
    unsure.load_state_dict(judge.state_dict())
    x = torch.randn(2, 4, 32, 32)
    for logits, probabilities in zip(judge(x), unsure(x), strict=True):
        torch.testing.assert_close(logits[-1].sigmoid(), probabilities[-1])
        assert torch.equal(logits[-2], probabilities[-2])
