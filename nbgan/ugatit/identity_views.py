"""Views of a face that leave its identity alone: moved, recoloured, grey, or drawn in ink."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.errors import InputError

_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, kw_only=True)
class Views:
    """Draws one random view of each picture, from PyTorch's global generator.

    Args:
        shift: largest shift, as a share of the picture's side.
        scale: largest change of scale, 0 to 1.
        jitter: largest change of brightness and contrast, and of hue as a share of half a circle.
        grey: share of the views without colour.
        ink: share of the views as ink drawings.

    Raises:
        InputError: a value outside [0, 1].
    """

    shift: float = 0.08
    scale: float = 0.12
    jitter: float = 0.3
    grey: float = 0.2
    ink: float = 0.4

    def __post_init__(self) -> None:
        for name in ("shift", "scale", "jitter", "grey", "ink"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"{name}: got {getattr(self, name)}, allowed is 0 to 1")

    def __call__(
        self, image: Tensor, label: Tensor | None = None, ink: float | None = None
    ) -> Tensor:
        """One view of each picture.

        Args:
            image: ``[N, 3, H, W]`` in [−1, 1].
            label: class ids ``[N, H, W]``; class 0 is a backdrop, which gets a colour of its own
                in each view, so that it says nothing about the face. None leaves it alone.
            ink: share of ink drawings; None takes the one given before.

        Returns:
            ``[N, 3, H, W]`` in [−1, 1].
        """
        share = self.ink if ink is None else ink
        if label is not None:
            color = _uniform(image, -1, 1, channels=3)
            image = torch.where((label == 0)[:, None], color, image)
        image = recolor(self._moved(image), self.jitter)
        image = torch.where(_chance(image, self.grey), luminance(image).expand_as(image), image)
        if share:
            image = torch.where(_chance(image, share), ink_drawing(image), image)
        return image

    def _moved(self, image: Tensor) -> Tensor:
        count = len(image)
        factor = 1 + self.scale * (2 * torch.rand(count, device=image.device) - 1)
        moved = 2 * self.shift * (2 * torch.rand(count, 2, device=image.device) - 1)
        matrix = torch.zeros(count, 2, 3, device=image.device)
        matrix[:, 0, 0] = matrix[:, 1, 1] = factor
        matrix[:, :, 2] = moved
        grid = F.affine_grid(matrix, list(image.shape), align_corners=False)
        return F.grid_sample(image, grid, padding_mode="border", align_corners=False)


def luminance(image: Tensor) -> Tensor:
    """Brightness ``[N, 1, H, W]`` in [−1, 1] of pictures ``[N, 3, H, W]``."""
    weights = image.new_tensor(_LUMA)[None, :, None, None]
    return (image * weights).sum(dim=1, keepdim=True)


def recolor(image: Tensor, amount: float) -> Tensor:
    """Random brightness, contrast and hue for each picture ``[N, 3, H, W]`` in [−1, 1].

    The hue turns about the grey axis of the colour cube (Rodrigues' rotation).
    """
    angle = math.pi * amount * (2 * torch.rand(len(image), device=image.device) - 1)
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    along = torch.full((3, 3), 1 / 3, device=image.device)
    across = image.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = cosine * torch.eye(3, device=image.device) + (1 - cosine) * along + sine * across
    turned = torch.einsum("nij,njhw->nihw", turn, image)
    contrast = _uniform(image, 1 - amount, 1 + amount)
    brightness = _uniform(image, -amount / 2, amount / 2)
    return (turned * contrast + brightness).clamp(-1, 1)


def ink_drawing(image: Tensor) -> Tensor:
    """Pictures ``[N, 3, H, W]`` in [−1, 1] as black lines and black areas on white paper.

    Lines lie where the brightness differs from that of the surroundings; areas are filled where it
    is below a random threshold.
    """
    light = luminance(image)
    blurred = F.avg_pool2d(F.pad(light, (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    lines = (6 * (light - blurred).abs()).clamp(max=1)
    threshold = _uniform(image, -0.9, -0.1)
    paper = torch.sigmoid(12 * (light - threshold))
    return (2 * paper * (1 - lines) - 1).expand_as(image)


def _uniform(image: Tensor, low: float, high: float, channels: int = 1) -> Tensor:
    values = torch.rand(len(image), channels, 1, 1, device=image.device, dtype=image.dtype)
    return low + (high - low) * values


def _chance(image: Tensor, share: float) -> Tensor:
    return torch.rand(len(image), 1, 1, 1, device=image.device) < share
