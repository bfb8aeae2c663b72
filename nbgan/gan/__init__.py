"""What the papers of this book share: adversarial losses, PatchGAN discriminators, perceptual
features."""

from nbgan.gan.discriminator import MultiScaleDiscriminator, PatchDiscriminator
from nbgan.gan.losses import (
    GAN_LOSSES,
    GanLoss,
    feature_matching_loss,
    gan_loss,
    kl_loss,
    r1_penalty,
    reparameterize,
)

__all__ = [
    "GAN_LOSSES",
    "GanLoss",
    "MultiScaleDiscriminator",
    "PatchDiscriminator",
    "feature_matching_loss",
    "gan_loss",
    "kl_loss",
    "r1_penalty",
    "reparameterize",
]
