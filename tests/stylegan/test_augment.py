"""Augmentations: nothing at probability 0, what they do to a picture, and how they adapt."""

import pytest
import torch

from nbgan.stylegan.augment import Augmentation


def augment(p, **options):
    return Augmentation(probability=p, adaptive=False, **options)


@pytest.fixture
def image():
    return torch.rand(16, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_probability_zero_changes_nothing(image):
    torch.testing.assert_close(augment(0.0)(image), image, atol=1e-5, rtol=0)


def test_each_picture_is_changed_in_its_own_way(image):
    torch.manual_seed(0)
    same = image[:1].expand(16, -1, -1, -1)
    out = augment(1.0)(same)
    assert out.shape == same.shape
    assert torch.isfinite(out).all()
    assert (out - out[:1]).abs().mean(dim=(1, 2, 3))[1:].min() > 0.05


def test_grey_stays_grey():
    """Colours keep grey grey up to brightness: hue and saturation turn around the grey axis."""
    torch.manual_seed(0)
    grey = torch.full((16, 3, 8, 8), 0.3)
    out = augment(1.0)(grey)
    torch.testing.assert_close(out[:, :1].expand_as(out), out, atol=1e-4, rtol=0)


def test_gradients_reach_the_pictures(image):
    torch.manual_seed(0)
    image.requires_grad_()
    augment(1.0)(image).square().sum().backward()
    assert (image.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


def test_probability_follows_the_discriminator():
    adaptive = Augmentation(probability=0.5, adaptive=True, target=0.6, pictures=100)
    adaptive.adapt(torch.ones(10))
    assert adaptive.probability.item() == pytest.approx(0.6)
    adaptive.adapt(torch.tensor([1.0, -1.0] * 10))
    assert adaptive.probability.item() == pytest.approx(0.4)
    for _ in range(20):
        adaptive.adapt(-torch.ones(10))
    assert adaptive.probability.item() == 0.0
    fixed = augment(0.5)
    fixed.adapt(torch.ones(10))
    assert fixed.probability.item() == 0.5
