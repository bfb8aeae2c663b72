"""Adversarial losses and the terms that go with them.

Sources:
    hinge: Lim & Ye, *Geometric GAN* (2017), eq. 13-14; least squares: Mao et al., *Least Squares
    GANs* (2017), eq. 2; logistic (non-saturating): Goodfellow et al., *Generative Adversarial
    Networks* (2014), section 3; R1: Mescheder et al., *Which Training Methods for GANs do actually
    Converge?* (2018), eq. 9; feature matching: Wang et al., *pix2pixHD* (2018), eq. 4; KL: Kingma
    & Welling, *Auto-Encoding Variational Bayes* (2014), appendix B.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class GanLoss:
    """The three terms of an adversarial loss, each a function of logits ``[...]`` to a scalar.

    Args:
        real: discriminator's term on real pictures.
        fake: discriminator's term on generated pictures.
        generator: generator's term on its own pictures.
    """

    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]


GanLossName = Literal["hinge", "least_squares", "logistic", "wasserstein"]

GAN_LOSSES: dict[str, GanLoss] = {
    "hinge": GanLoss(
        real=lambda p: F.relu(1 - p).mean(),
        fake=lambda p: F.relu(1 + p).mean(),
        generator=lambda p: -p.mean(),
    ),
    "least_squares": GanLoss(
        real=lambda p: (p - 1).square().mean(),
        fake=lambda p: p.square().mean(),
        generator=lambda p: (p - 1).square().mean(),
    ),
    "logistic": GanLoss(
        real=lambda p: F.softplus(-p).mean(),
        fake=lambda p: F.softplus(p).mean(),
        generator=lambda p: F.softplus(-p).mean(),
    ),
    "wasserstein": GanLoss(
        real=lambda p: -p.mean(),
        fake=lambda p: p.mean(),
        generator=lambda p: -p.mean(),
    ),
}


def gan_loss(kind: str) -> GanLoss:
    """Look up an adversarial loss by name.

    Raises:
        InputError: unknown name; the message lists the known ones.
    """
    if kind not in GAN_LOSSES:
        raise InputError(f"unknown GAN loss '{kind}'; choose one of {', '.join(GAN_LOSSES)}")
    return GAN_LOSSES[kind]


def over_scales(term: Callable[[Tensor], Tensor], outputs: Sequence[Sequence[Tensor]]) -> Tensor:
    """Mean of ``term`` over discriminators.

    Args:
        term: function of logits to a scalar.
        outputs: per discriminator the list of its feature maps, the prediction last, as
            :class:`~nbgan.gan.MultiScaleDiscriminator` returns them.
    """
    return torch.stack([term(features[-1].float()) for features in outputs]).mean()


def feature_matching_loss(
    fake: Sequence[Sequence[Tensor]], real: Sequence[Sequence[Tensor]]
) -> Tensor:
    """Mean absolute difference of discriminator features, summed over layers, mean over scales.

    No gradient flows to ``real``. Predictions (the last entry of each list) do not take part.

    Args:
        fake: per discriminator, its feature maps for generated pictures.
        real: the same for real pictures, same shapes.
    """
    terms = [
        F.l1_loss(f.float(), r.detach().float())
        for fake_features, real_features in zip(fake, real, strict=True)
        for f, r in zip(fake_features[:-1], real_features[:-1], strict=True)
    ]
    return torch.stack(terms).sum() / len(fake)


def r1_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Half the squared gradient norm of the logits at real pictures, mean over the batch.

    Args:
        logits: discriminator output for ``images``, any shape with the batch first.
        images: ``[N, C, H, W]``, with ``requires_grad``.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return 0.5 * gradient.float().square().sum(dim=(1, 2, 3)).mean()


def kl_loss(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL divergence from ``N(mu, exp(logvar))`` to ``N(0, 1)``, summed over batch and dimensions.

    SPADE's published weight, 0.05, belongs to this plain sum.

    Args:
        mu, logvar: ``[N, D]``.
    """
    mu, logvar = mu.float(), logvar.float()
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()


def reparameterize(mu: Tensor, logvar: Tensor, noise: Tensor | None = None) -> Tensor:
    """Sample ``mu + noise * sigma``, differentiable in both.

    Args:
        mu, logvar: ``[N, D]``.
        noise: standard normal ``[N, D]``; drawn if ``None``.
    """
    if noise is None:
        noise = torch.randn_like(mu)
    return mu + noise * (0.5 * logvar).exp()
