"""SPADE's generator in two halves, so that a stroke costs the page only what it changed.

gamma and beta depend on the label map alone, and each pixel of them on a few pixels around it
(two convolutions). At fine scales they are two thirds of the work. So the page keeps them, and
computes them again only around a stroke; a new style needs none of them.

The halves hold the generator's own layers: what they compute together is what the generator
computes (compared in the tests).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.norms import SPADE
from nbgan.spade import SpadeGenerator, SpadeResBlock, SpadeSystem

FINE = 4
"""Blocks with at most this many picture pixels per feature, along a side, count as fine."""


class Halves(nn.Module):
    """What both halves need to know of a generator.

    Args:
        system: with a SPADE generator, styles and no instance map.

    Raises:
        InputError: another kind of system.
    """

    class_ids: Tensor

    def __init__(self, system: SpadeSystem) -> None:
        super().__init__()
        generator, recipe = system.generator, system.recipe
        if not isinstance(generator, SpadeGenerator):
            raise InputError(
                "system: this model takes the label map at its input and has no modulations to "
                "keep; export its generator as a whole with nbgan.live.export"
            )
        if recipe.z_dim is None or recipe.use_instances:
            what = "an instance map" if recipe.use_instances else "no style"
            raise InputError(
                f"system: this model takes {what}; the page's painter hands over class ids and a "
                "style. Use a model with z_dim and use_instances=False"
            )
        space = system.label_space
        ids = list(range(space.num_classes))
        if recipe.dont_care:
            ids.append(-1 if space.ignore_id is None else space.ignore_id)
        self.generator = generator
        self.z_dim = recipe.z_dim
        self.height, self.width = recipe.height_width
        self.register_buffer("class_ids", torch.tensor(ids, dtype=torch.int32))
        self.label_space = space
        self.strides = []
        stride = self.height // generator.start[0]
        for upsample in generator.upsample_before:
            stride //= 2 if upsample else 1
            self.strides.append(stride)

    def fine(self) -> list[int]:
        """Positions of the fine blocks."""
        return [i for i, stride in enumerate(self.strides) if stride <= FINE]

    def reach(self) -> int:
        """How far, in features, a changed pixel of the map changes gamma and beta."""
        first = cast(SpadeResBlock, self.generator.blocks[0]).norm_0
        return 2 * (int(first.shared.kernel_size[0]) // 2)

    def names(self) -> list[tuple[str, int]]:
        """Name and stride of each kept map, in the order in which the halves pass them on."""
        return [
            (f"{part}_{block}_{norm}", self.strides[block])
            for block in self.fine()
            for norm in range(len(self.block(block).norms()))
            for part in ("gamma", "beta")
        ]

    def block(self, index: int) -> SpadeResBlock:
        """One of the generator's blocks."""
        return cast(SpadeResBlock, self.generator.blocks[index])

    def modulations(self, label: Tensor, block: int) -> list[tuple[Tensor, Tensor]]:
        """gamma and beta of a block, from class ids uint8 ``[1, H, W]`` at the picture's size."""
        stride = self.strides[block]
        # The legacy nearest rule takes the first pixel of each stride.
        ids = label[:, None, ::stride, ::stride].to(torch.int32)
        segmap = (ids == self.class_ids[:, None, None]).float()
        return [_modulation(norm, segmap) for norm in self.block(block).norms()]


def _modulation(norm: SPADE, segmap: Tensor) -> tuple[Tensor, Tensor]:
    """As :meth:`SPADE.modulation`, for a map that has the features' size already."""
    hidden = F.relu(norm.shared(segmap))
    return norm.gamma(hidden), norm.beta(hidden)


class Modulate(nn.Module):
    """Class ids, uint8 ``[1, H, W]`` of any size, to gamma and beta of the fine blocks.

    H and W are multiples of :data:`FINE`. For a part of a map, only what lies further than the
    reach from a cut edge is right.
    """

    def __init__(self, halves: Halves) -> None:
        super().__init__()
        self.halves = halves

    def forward(self, label: Tensor) -> tuple[Tensor, ...]:
        """Maps in the order of :meth:`Halves.names`, float32 ``[1, C, H / stride, W / stride]``."""
        return tuple(
            part
            for block in self.halves.fine()
            for pair in self.halves.modulations(label, block)
            for part in pair
        )


class Paint(nn.Module):
    """Class ids, style and what :class:`Modulate` gave, to a picture."""

    def __init__(self, halves: Halves) -> None:
        super().__init__()
        self.halves = halves

    def forward(self, label: Tensor, style: Tensor, *kept: Tensor) -> Tensor:
        """Paint.

        Args:
            label: class ids, uint8 ``[1, H, W]``; another id than a class means unlabelled.
            style: float32 ``[1, z_dim]``.
            kept: what :class:`Modulate` gave for this label map.

        Returns:
            Picture, float32 ``[1, 3, H, W]`` in (−1, 1).
        """
        pairs = iter(zip(kept[::2], kept[1::2], strict=True))
        fine, generator = self.halves.fine(), self.halves.generator
        x = generator.stem(style).unflatten(1, (-1, *generator.start))
        for i, upsample in enumerate(generator.upsample_before):
            block = self.halves.block(i)
            if upsample:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            if i in fine:
                modulations = [next(pairs) for _ in block.norms()]
            else:
                modulations = self.halves.modulations(label, i)
            x = block(x, modulations)
        return torch.tanh(generator.to_rgb(F.leaky_relu(x, 0.2)))
