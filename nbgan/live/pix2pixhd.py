"""pix2pixHD's global generator in two parts, so that a stroke costs the page only what it changed.

The first convolution sees classes, edges and features, dozens of channels at full size: a third
of the work. A pixel of it depends on a few pixels around alone, so the page keeps its map and
computes it again only around a stroke, or around the object whose style was changed. Everything
behind it depends on the whole picture (instance norm), and is computed anew.

The parts hold the generator's own layers: what they compute together is what the generator
computes (compared in the tests).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.errors import InputError
from nbgan.pix2pixhd.generator import GlobalGenerator
from nbgan.pix2pixhd.system import Pix2PixHDSystem


class Parts(nn.Module):
    """What both parts need to know of a generator.

    Args:
        system: with a global generator, edges and instance features.

    Raises:
        InputError: another kind of system.
    """

    class_ids: Tensor

    def __init__(self, system: Pix2PixHDSystem) -> None:
        super().__init__()
        recipe = system.recipe
        if not isinstance(system.generator, GlobalGenerator):
            raise InputError(
                "system: an enhancer is too large for a page; export the global generator that it "
                "was built on"
            )
        if not (recipe.use_instances and recipe.instance_features):
            raise InputError(
                "system: this model has no "
                f"{'styles' if recipe.use_instances else 'instance edges'}; the page's painter "
                "hands over both. Use a model with use_instances=True and instance_features=True"
            )
        self.generator = system.generator
        self.height, self.width = recipe.height_width
        self.features = recipe.feature_channels
        ids = torch.arange(system.label_space.num_classes, dtype=torch.int32)
        self.register_buffer("class_ids", ids)

    @property
    def first(self) -> nn.Conv2d:
        """The first convolution."""
        return cast(nn.Conv2d, self.generator.trunk.stem[0])

    def reach(self) -> int:
        """How far a changed pixel changes the kept map: its neighbours' edges, then a kernel."""
        return 1 + int(self.first.kernel_size[0]) // 2


class Begin(nn.Module):
    """Maps of ids and features, of any size, to the first convolution's map.

    For a part of the maps, only what lies further than the reach from a cut edge is right.
    """

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, label: Tensor, instance: Tensor, features: Tensor) -> Tensor:
        """Convolve classes, edges and features.

        Args:
            label: class ids, uint8 ``[1, H, W]``.
            instance: instance ids, int32 ``[1, H, W]``; class · 1000 + n on things, else 0 or
                the class id.
            features: float32 ``[1, F, H, W]``, constant over each instance.

        Returns:
            float32 ``[1, width, H, W]``
        """
        classes = label[:, None].to(torch.int32)
        one_hot = (classes == self.parts.class_ids[:, None, None]).float()
        ids = torch.where(instance[:, None] > 0, instance[:, None], classes)
        edges = _edges(ids)
        return self.parts.first(torch.cat([one_hot, edges, features], dim=1))


class Finish(nn.Module):
    """The map that :class:`Begin` gave to a picture, ``[1, 3, H, W]`` in (−1, 1)."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, begun: Tensor) -> Tensor:
        """float32 ``[1, width, H, W]`` to a picture."""
        generator = self.parts.generator
        trunk, norm = generator.trunk, generator.trunk.stem[1]
        # Not in place, as the trunk does it: with a norm that passes its input on, the kept map
        # would be changed.
        x = F.relu(norm(begun))
        return generator.to_rgb(trunk.up(trunk.blocks(trunk.down(x))))


def _edges(ids: Tensor) -> Tensor:
    """As :func:`nbgan.spade.semantics.instance_edges`, without writing into parts of a tensor."""
    across = (ids[..., 1:] != ids[..., :-1]).float()
    down = (ids[..., 1:, :] != ids[..., :-1, :]).float()
    sides = torch.maximum(F.pad(across, (1, 0)), F.pad(across, (0, 1)))
    return torch.maximum(sides, torch.maximum(F.pad(down, (0, 0, 1, 0)), F.pad(down, (0, 0, 0, 1))))
