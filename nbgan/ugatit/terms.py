"""All loss terms of a training step, with their weights, from what the networks made.

Source: Kim et al., *U-GAT-IT* (2020), section 2.2, eq. 3 to 7, and photo2cartoon's face-identity
term; the single terms are those of :mod:`nbgan.ugatit.losses`. A term carries the domain that it
is about: ``a`` for pictures of the source domain and for the generator that leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nbgan.gan.losses import GanLoss
from nbgan.ugatit.losses import (
    LEAST_SQUARES,
    LossWeights,
    Terms,
    adversarial_discriminator_losses,
    adversarial_generator_losses,
    cycle_loss,
    generator_cam_loss,
    identity_loss,
)

SCALES = ("global", "local")
"""Each domain has one discriminator of either kind, named ``global_a`` and so on."""


class Translated(NamedTuple):
    """What one generator makes of a batch."""

    fake: Tensor
    """Pictures of the other domain, translated; ``[N, 3, H, W]``."""
    same: Tensor
    """Pictures of its own target domain, which should stay as they are."""
    fake_logits: Tensor | None
    """CAM logits of the former."""
    same_logits: Tensor | None
    """CAM logits of the latter."""


def discriminator_terms(
    discriminator: nn.Module,
    real: Tensor,
    made: Translated,
    weights: LossWeights,
    loss: GanLoss = LEAST_SQUARES,
) -> Terms:
    """What one discriminator minimises, on patches and on CAM logits.

    Real and translated pictures pass in two goes, each with its power iteration of spectral norm.

    Args:
        discriminator: of the domain that the pictures belong to.
        real: pictures ``[N, 3, H, W]``.
        made: translations into that domain; no gradient reaches them.
        weights: of the terms.
        loss: of the adversarial terms.
    """
    judged = discriminator(real), discriminator(made.fake.detach())
    terms = adversarial_discriminator_losses(*judged, loss)
    return {term: weights.adversarial * value for term, value in terms.items()}


def generator_terms(
    discriminators: nn.ModuleDict,
    real: Mapping[str, Tensor],
    made: Mapping[str, Translated],
    returned: Mapping[str, Tensor],
    weights: LossWeights,
    face: Callable[[Tensor, Tensor], Tensor] | None = None,
    loss: GanLoss = LEAST_SQUARES,
) -> Terms:
    """What both generators minimise.

    Args:
        discriminators: by scale and domain.
        real: pictures ``[N, 3, H, W]`` by their domain.
        made: translations by the domain that they lead into, with their graphs.
        returned: pictures that went to the other domain and back, by their domain.
        weights: of the terms.
        face: distance of faces ``[N]``; None leaves the term out.
        loss: of the adversarial terms.
    """
    losses: Terms = {}
    for domain, other in (("a", "b"), ("b", "a")):
        own = made[domain]
        judged = [
            adversarial_generator_losses(discriminators[f"{scale}_{domain}"](own.fake), loss)
            for scale in SCALES
        ]
        for term in judged[0]:
            total = torch.stack([terms[term] for terms in judged]).sum()
            losses[f"{term}_{domain}"] = weights.adversarial * total
        losses[f"cycle_{domain}"] = weights.cycle * cycle_loss(real[domain], returned[domain])
        losses[f"identity_{domain}"] = weights.identity * identity_loss(real[domain], own.same)
        if own.fake_logits is not None and own.same_logits is not None:
            told = generator_cam_loss(own.fake_logits, own.same_logits)
            losses[f"attention_{domain}"] = weights.cam * told
        if face is not None:
            distance = face(real[domain], made[other].fake).mean()
            losses[f"face_{domain}"] = weights.face * distance
    return losses
