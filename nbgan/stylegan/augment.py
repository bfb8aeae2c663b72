"""Augmentations of what the discriminator sees, for few training pictures.

Source: Karras et al., *Training Generative Adversarial Networks with Limited Data* (2020), section
2 and appendix B: geometric and colour transforms of real and generated pictures alike, each with
probability p, which leave the generator's pictures clean as long as p is well below 1. Ours are
one affine warp and one colour matrix a picture.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_LUMA = torch.full((3,), 3**-0.5)


class Augmentation(nn.Module):
    """Random warps and colours, and the probability with which each of them is applied.

    Args:
        probability: at the start.
        adaptive: let the probability follow the discriminator; see :meth:`adapt`.
        target: mean sign of the discriminator's answers to real pictures to aim at.
        pictures: pictures in which the probability can go from 0 to 1.
    """

    probability: Tensor

    def __init__(
        self, *, probability: float, adaptive: bool, target: float = 0.6, pictures: int = 500_000
    ) -> None:
        super().__init__()
        self.adaptive, self.target, self.pictures = adaptive, target, pictures
        self.register_buffer("probability", torch.tensor(float(probability)))

    def forward(self, images: Tensor) -> Tensor:
        """Augment pictures ``[N, 3, H, W]``, each in its own way; differentiable."""
        images = images.float()
        n, p = len(images), float(self.probability)
        theta = self._warps(n, p).to(images)
        points = F.affine_grid(theta[:, :2], list(images.shape), align_corners=False)
        warped = F.grid_sample(images, points, padding_mode="reflection", align_corners=False)
        matrix = self._colors(n, p).to(images)
        mixed = torch.einsum("nij,njhw->nihw", matrix[:, :3, :3], warped)
        return mixed + matrix[:, :3, 3, None, None]

    @torch.no_grad()
    def adapt(self, logits_of_real: Tensor) -> None:
        """Raise the probability where the discriminator is too sure of real pictures (ADA, r_t).

        Args:
            logits_of_real: ``[N]``.
        """
        if self.adaptive:
            overfitting = logits_of_real.sign().mean()
            change = len(logits_of_real) / self.pictures * (overfitting - self.target).sign()
            self.probability.add_(change.to(self.probability)).clamp_(0, 1)

    @staticmethod
    def _chosen(n: int, p: float) -> Tensor:
        return (torch.rand(n) < p).float()

    def _warps(self, n: int, p: float) -> Tensor:
        """Matrices ``[N, 3, 3]``: mirror, rotate, scale, shift, each with probability ``p``."""
        angle = self._chosen(n, p) * torch.empty(n).uniform_(-math.pi / 8, math.pi / 8)
        scale = torch.exp2(self._chosen(n, p) * torch.randn(n) * 0.2)
        mirror = 1 - 2 * self._chosen(n, 0.5 * p)
        shift = self._chosen(n, p)[:, None] * torch.randn(n, 2) * 0.25
        theta = torch.zeros(n, 3, 3)
        theta[:, 0, 0], theta[:, 0, 1] = mirror * scale * angle.cos(), -scale * angle.sin()
        theta[:, 1, 0], theta[:, 1, 1] = mirror * scale * angle.sin(), scale * angle.cos()
        theta[:, :2, 2] = shift
        theta[:, 2, 2] = 1
        return theta

    def _colors(self, n: int, p: float) -> Tensor:
        """Matrices ``[N, 4, 4]`` on (r, g, b, 1): brightness, contrast, hue, saturation."""
        identity = torch.eye(4).repeat(n, 1, 1)
        bright = identity.clone()
        bright[:, :3, 3] = (self._chosen(n, p) * torch.randn(n) * 0.2)[:, None]
        contrast = identity.clone()
        contrast[:, :3, :3] *= torch.exp2(self._chosen(n, p) * torch.randn(n) * 0.5)[:, None, None]
        grey = torch.outer(_LUMA, _LUMA)
        hue = identity.clone()
        angle = self._chosen(n, p) * torch.empty(n).uniform_(-math.pi, math.pi)
        hue[:, :3, :3] = _rotation(angle, _LUMA)
        saturation = identity.clone()
        strength = torch.exp2(self._chosen(n, p) * torch.randn(n))[:, None, None]
        saturation[:, :3, :3] = grey + (torch.eye(3) - grey) * strength
        return saturation @ hue @ contrast @ bright


def _rotation(angle: Tensor, axis: Tensor) -> Tensor:
    """Rotations ``[N, 3, 3]`` by ``angle`` ``[N]`` around a unit axis (Rodrigues)."""
    x, y, z = axis.tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    return cosine * torch.eye(3) + sine * cross + (1 - cosine) * torch.outer(axis, axis)
