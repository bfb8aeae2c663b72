"""One training iteration in the published schedule, with every term by its published name.

The discriminators' and the generators' turn each make their own translations, and every
discriminator judges real and translated pictures in two passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from nbgan.ugatit.identity import FaceIdentity
from nbgan.ugatit.losses import (
    LossWeights,
    adversarial_discriminator_losses,
    adversarial_generator_losses,
    cycle_loss,
    generator_cam_loss,
    identity_loss,
)

Networks = Mapping[str, nn.Module]
"""``genA2B``, ``genB2A`` and the discriminators ``disGA``, ``disGB``, ``disLA``, ``disLB``."""
Outputs = dict[str, Tensor]


def discriminator_phase(
    networks: Networks, real: Mapping[str, Tensor], weights: LossWeights
) -> Outputs:
    """The discriminators' losses; ``Discriminator_loss`` is what they minimise.

    Args:
        networks: all six.
        real: pictures ``[N, 3, H, W]`` of the domains ``A`` and ``B``.
        weights: of the terms.
    """
    with torch.no_grad():
        fake = {
            "A": networks["genB2A"](real["B"]).image,
            "B": networks["genA2B"](real["A"]).image,
        }
    outputs: Outputs = {}
    for domain in "AB":
        terms: list[Tensor] = []
        for scale in "GL":
            judge = networks[f"dis{scale}{domain}"]
            losses = adversarial_discriminator_losses(judge(real[domain]), judge(fake[domain]))
            outputs[f"D_ad_loss_{scale}{domain}"] = losses["patches"]
            outputs[f"D_ad_cam_loss_{scale}{domain}"] = losses["cam"]
            terms += losses.values()
        outputs[f"D_loss_{domain}"] = weights.adversarial * torch.stack(terms).sum()
    outputs["Discriminator_loss"] = outputs["D_loss_A"] + outputs["D_loss_B"]
    return outputs


def generator_phase(
    networks: Networks,
    real: Mapping[str, Tensor],
    weights: LossWeights,
    face: FaceIdentity | Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Outputs:
    """The generators' losses; ``Generator_loss`` is what they minimise.

    Args:
        networks, real, weights: as in :func:`discriminator_phase`.
        face: distance of faces, one for each picture; None leaves the term out.
    """
    into = {"A": networks["genB2A"], "B": networks["genA2B"]}
    other = {"A": "B", "B": "A"}
    fake = {domain: into[domain](real[other[domain]]) for domain in "BA"}
    returned = {domain: into[domain](fake[other[domain]].image).image for domain in "AB"}
    same = {domain: into[domain](real[domain]) for domain in "AB"}
    outputs: Outputs = {}
    for domain in "AB":
        adversarial: list[Tensor] = []
        for scale in "GL":
            judged = networks[f"dis{scale}{domain}"](fake[domain].image)
            losses = adversarial_generator_losses(judged)
            outputs[f"G_ad_loss_{scale}{domain}"] = losses["patches"]
            outputs[f"G_ad_cam_loss_{scale}{domain}"] = losses["cam"]
            adversarial += losses.values()
        recon = cycle_loss(real[domain], returned[domain])
        identity = identity_loss(real[domain], same[domain].image)
        cam = generator_cam_loss(fake[domain].cam_logits, same[domain].cam_logits)
        outputs[f"G_recon_loss_{domain}"] = recon
        outputs[f"G_identity_loss_{domain}"] = identity
        outputs[f"G_cam_loss_{domain}"] = cam
        total = (
            weights.adversarial * torch.stack(adversarial).sum()
            + weights.cycle * recon
            + weights.identity * identity
            + weights.cam * cam
        )
        if face is not None:
            distance = face(real[domain], fake[other[domain]].image)
            outputs[f"G_id_loss_{domain}"] = distance
            total = total + weights.face * distance
        outputs[f"G_loss_{domain}"] = total
    outputs["Generator_loss"] = outputs["G_loss_A"] + outputs["G_loss_B"]
    return outputs
