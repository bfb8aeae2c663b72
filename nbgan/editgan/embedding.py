"""Embedding: the code from which the generator paints a given picture, or nearly.

The encoder answers at once; an optimisation from there trades time for likeness.

Source: Ling et al., *EditGAN* (2021), section 3.2; schedule and weights are those of its release.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nbgan.editgan.descent import Descent, Watcher, warm_and_cool
from nbgan.editgan.distance import Distance
from nbgan.editgan.joint import JointModel
from nbgan.editgan.terms import EmbedObjective, EmbedSettings, unit_range


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """A picture as the generator knows it.

    Args:
        w_plus: its code, ``[1, rows, w_dim]``.
        error: perceptual distance between the picture and what the code paints.
        psnr: peak signal-to-noise ratio of the two, in dB.
    """

    w_plus: Tensor
    error: float
    psnr: float


def embed(
    model: JointModel,
    image: Tensor,
    distance: Distance,
    *,
    settings: EmbedSettings | None = None,
    descent: Descent | None = None,
    watch: Watcher | None = None,
) -> Embedding:
    """Embed one picture.

    Args:
        model: with an encoder.
        image: ``[1, 3, H, W]`` in [−1, 1], of the labels' size.
        distance: of pictures.
        settings: None for the published ones; with 0 steps the encoder's answer is taken.
        descent: one that was begun before; None begins at the encoder's answer.
        watch: told of each iteration; may stop it.

    Raises:
        InputError: a picture of another size, or a model without encoder.
    """
    settings = settings or EmbedSettings()
    square = model.square(image)
    descent = descent or Descent(model.encode(square))
    if descent.step < settings.steps:
        objective = EmbedObjective(model=model, image=square, settings=settings, distance=distance)
        rate = warm_and_cool(settings.learning_rate)
        descent.run(objective, steps=settings.steps, rate=rate, watch=watch)
    w_plus = descent.w_plus.detach().clone()
    with torch.no_grad():
        painted = model.generator.synthesis(w_plus).clamp(-1, 1)
        error = float(distance(painted, square).mean())
    return Embedding(w_plus=w_plus, error=error, psnr=psnr(painted, square))


def psnr(a: Tensor, b: Tensor, kept: Tensor | None = None) -> float:
    """Peak signal-to-noise ratio of pictures in [−1, 1], in dB; infinite where they are equal.

    Args:
        a, b: ``[N, 3, H, W]``.
        kept: weights of the pixels, ``[N or 1, 1, H, W]``; None weighs all alike.
    """
    error = (unit_range(a) - unit_range(b)).square()
    weight = torch.ones_like(error) if kept is None else kept.expand_as(error)
    mean = (error * weight).sum() / weight.sum().clamp(min=1)
    return float(-10 * torch.log10(mean))
