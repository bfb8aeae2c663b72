"""The losses of pix2pixHD with their published weights.

Source: Wang et al. (2018), section 3.2, equations 3 to 5, and the published implementation
(``tests/golden/pix2pixhd``). Three things differ from SPADE's: the adversarial terms are summed
over the discriminators, the discriminators' loss is halved, and feature matching is averaged
over the layers and multiplied by 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from nbgan.gan.losses import GanLoss, feature_matching_loss, gan_loss
from nbgan.train.system import Losses

LEAST_SQUARES = gan_loss("least_squares")

Outputs = Sequence[Sequence[Tensor]]
"""Per discriminator the list of its feature maps, the prediction last."""


def sum_over_scales(term: Callable[[Tensor], Tensor], outputs: Outputs) -> Tensor:
    """Sum of ``term(prediction)`` over the discriminators."""
    return torch.stack([term(features[-1].float()) for features in outputs]).sum()


def generator_loss(fake: Outputs, loss: GanLoss = LEAST_SQUARES) -> Tensor:
    """The generator's adversarial term."""
    return sum_over_scales(loss.generator, fake)


def discriminator_losses(fake: Outputs, real: Outputs, loss: GanLoss = LEAST_SQUARES) -> Losses:
    """The discriminators' terms ``fake`` and ``real``, each with its factor ½."""
    return {
        "fake": 0.5 * sum_over_scales(loss.fake, fake),
        "real": 0.5 * sum_over_scales(loss.real, real),
    }


def feature_matching(fake: Outputs, real: Outputs, *, weight: float = 10.0) -> Tensor:
    """Equation 4 as published: ``weight`` · 4 / layers / scales · sum of mean |fake − real|.

    Args:
        fake, real: outputs of the discriminators, predictions last; those take no part. No
            gradient flows to ``real``.
        weight: lambda of equation 5.
    """
    layers = len(fake[0]) - 1
    return weight * 4 / layers * feature_matching_loss(fake, real)
