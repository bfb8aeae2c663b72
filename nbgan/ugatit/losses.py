"""The losses of U-GAT-IT and photo2cartoon, with their published weights.

Source: Kim et al., *U-GAT-IT* (2020), section 2.2, eq. 3-7; checked against both published
implementations (``tests/golden/ugatit``, ``tests/golden/photo2cartoon``). All terms are computed
in float32 and come without their weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.gan.losses import GanLoss, gan_loss
from nbgan.ugatit.discriminator import DiscriminatorOutput

Terms = dict[str, Tensor]
"""Scalars by name."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """What each term is multiplied by; the defaults are those of U-GAT-IT (eq. 7)."""

    adversarial: float = 1.0
    """Both discriminators' judgement of patches, and of pooled features (CAM)."""
    cycle: float = 10.0
    """There and back again."""
    identity: float = 10.0
    """A picture of the target domain stays as it is."""
    cam: float = 1000.0
    """The generator's auxiliary classifier."""
    face: float = 0.0
    """Distance of face embeddings; photo2cartoon only."""


UGATIT = LossWeights()
"""The weights of Kim et al. (2020)."""
PHOTO2CARTOON = LossWeights(cycle=50.0, face=1.0)
"""The defaults of the published photo2cartoon training."""

LEAST_SQUARES = gan_loss("least_squares")
"""The published form of the adversarial terms."""


def adversarial_discriminator_losses(
    real: DiscriminatorOutput, fake: DiscriminatorOutput, loss: GanLoss = LEAST_SQUARES
) -> Terms:
    """One discriminator tells real pictures from translated ones (eq. 3).

    The same loss serves for its CAM logits: here they belong to the game of the two players, and a
    generator follows their slope.

    Args:
        real, fake: one discriminator's outputs for real and for translated pictures.
        loss: squares as published, real pictures to 1 and translated ones to 0; or another.

    Returns:
        ``patches``, and ``cam`` where the discriminator has attention.
    """
    terms = {"patches": _both(loss, real.scores, fake.scores)}
    if real.cam_logits is not None and fake.cam_logits is not None:
        terms["cam"] = _both(loss, real.cam_logits, fake.cam_logits)
    return terms


def adversarial_generator_losses(fake: DiscriminatorOutput, loss: GanLoss = LEAST_SQUARES) -> Terms:
    """The generator's side of :func:`adversarial_discriminator_losses`."""
    terms = {"patches": loss.generator(fake.scores.float())}
    if fake.cam_logits is not None:
        terms["cam"] = loss.generator(fake.cam_logits.float())
    return terms


def cycle_loss(image: Tensor, returned: Tensor) -> Tensor:
    """Mean absolute difference of pictures and what came back from the other domain (eq. 4).

    Args:
        image, returned: ``[N, 3, H, W]`` in [−1, 1].
    """
    return F.l1_loss(returned.float(), image.float())


def identity_loss(image: Tensor, translated: Tensor) -> Tensor:
    """Mean absolute difference of pictures and their translation into their own domain (eq. 5).

    Args:
        image, translated: ``[N, 3, H, W]`` in [−1, 1].
    """
    return F.l1_loss(translated.float(), image.float())


def generator_cam_loss(source: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a generator's auxiliary classifier (eq. 6).

    It tells the generator where the two domains differ. Nobody plays against it, so it is trained
    as any classifier is.

    Args:
        source: CAM logits ``[N, 2]`` for pictures that the generator is to translate: 1.
        target: CAM logits for pictures that are in its target domain already: 0.
    """
    source, target = source.float(), target.float()
    return F.binary_cross_entropy_with_logits(
        source, torch.ones_like(source)
    ) + F.binary_cross_entropy_with_logits(target, torch.zeros_like(target))


def _both(loss: GanLoss, real: Tensor, fake: Tensor) -> Tensor:
    return loss.real(real.float()) + loss.fake(fake.float())
