"""How much does the style change the picture while the label map stays?

Mean perceptual distance between pictures of one label map under different styles, after
BicycleGAN (Zhu et al., 2017), which introduced the measure with LPIPS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images


class PerceptualDistance(Protocol):
    """Distance between pictures, as :class:`nbgan.metrics.LPIPS` is one."""

    @property
    def name(self) -> str:
        """What it is, as it should stand beside a number."""

    def __call__(self, a: Tensor, b: Tensor, /) -> Tensor:
        """Distances ``[N]`` between images ``[N, 3, H, W]`` in [−1, 1]."""


@dataclass(frozen=True, kw_only=True)
class DiversityScore:
    """Spread of the pictures of one label map over styles.

    Args:
        name: states the distance it is measured by.
        value: mean distance over pairs of styles and label maps; 0 if the style has no effect.
        per_label: the same for each label map.
    """

    name: str
    value: float
    per_label: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.4g}"


@torch.no_grad()
def style_diversity(
    generate: Callable[[Tensor, Tensor], Tensor],
    distance: PerceptualDistance,
    label: Tensor,
    style: Tensor,
    *,
    batch_size: int = 32,
) -> DiversityScore:
    """Mean pairwise distance between pictures of the same label map with different styles.

    Args:
        generate: label maps ``[K, H, W]`` and styles ``[K, …]`` to images ``[K, 3, H, W]`` in
            [−1, 1]; for SPADE ``lambda label, style: system.generate(label, style=style)``.
        distance: distance between pictures.
        label: label maps ``[N, H, W]``, one after the other.
        style: styles ``[K, …]``, two or more; every label map is drawn with each.
        batch_size: how many pairs are compared at once.

    Raises:
        InputError: fewer than two styles, no label map, or images of a wrong shape.
    """
    if style.ndim < 2 or len(style) < 2:
        raise InputError(
            f"style: got shape {list(style.shape)}; give [K, …] with at least two styles"
        )
    if label.ndim != 3 or len(label) < 1:
        raise InputError(
            f"label: got shape {list(label.shape)}; give label maps [N, H, W], at least one"
        )
    first, second = torch.triu_indices(len(style), len(style), offset=1)
    per_label = []
    for one in label:
        images = generate(one.expand(len(style), -1, -1), style)
        check_images(images, where="what generate returned")
        if len(images) != len(style):
            raise InputError(
                f"what generate returned: got {len(images)} images for {len(style)} styles; "
                "return one image per style"
            )
        distances = [
            distance(images[i], images[j])
            for i, j in zip(first.split(batch_size), second.split(batch_size), strict=True)
        ]
        per_label.append(torch.cat(distances).double().mean().item())
    return DiversityScore(
        name=f"diversity over styles, {distance.name}",
        value=sum(per_label) / len(per_label),
        per_label=tuple(per_label),
    )
