"""A DatasetGAN as one graph for the page: codes in, picture with labels and uncertainty out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.datasetgan import DatasetGANSystem
from nbgan.datasetgan.generators import feature_channels
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.errors import InputError

MEMBERS = 4
"""Classifiers that the page computes: enough to disagree, few enough to wait for."""


class LabelledPainter(nn.Module):
    """Generator and interpreter as the page uses them.

    The first layer is computed at the maps' own resolutions and resized afterwards, as the
    interpreter does it, with operators that ONNX has.

    Args:
        system: labels pictures at the generator's own size.
        members: how many classifiers of the ensemble, the first ones.

    Raises:
        InputError: labels of another size than the pictures, or more members than there are.
    """

    def __init__(self, system: DatasetGANSystem, *, members: int = MEMBERS) -> None:
        super().__init__()
        size = system.generator.size
        if (system.grid.height, system.grid.width) != (size, size):
            raise InputError(
                f"system: labels of {system.grid.height} × {system.grid.width} for pictures of "
                f"{size} × {size}; the page shows both at one size"
            )
        interpreter = system.interpreter
        if not 1 <= members <= interpreter.members:
            raise InputError(f"members: got {members}; the ensemble has {interpreter.members}")
        # Without gradients norms are plain operators, which can be exported.
        self.generator = system.generator.requires_grad_(False)
        self.classes = interpreter.outputs
        assert feature_channels(system.generator) == interpreter.channels
        self.members = members_of(interpreter, members)

    def forward(
        self, code_a: Tensor, code_b: Tensor, from_b: Tensor, psi: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Mix, paint, label.

        Args:
            code_a, code_b: z, float32 ``[1, z_dim]``.
            from_b: 1 for the rows of W+ that come from b, else 0; float32 ``[1, rows]``.
            psi: truncation, float32 ``[1]``.

        Returns:
            Picture ``[1, 3, H, W]``, class ids as float32 ``[1, H, W]``, uncertainty
            ``[1, H, W]`` in nats.
        """
        a, b = (self.generator.mapping(z)[:, None] for z in (code_a, code_b))
        w_plus = a + from_b[:, :, None] * (b - a)
        mean = self.generator.w_mean
        w_plus = mean + psi * (w_plus - mean)
        image, maps = self.generator.synthesize_with_features(w_plus)
        tables = tables_of(maps)
        votes = torch.zeros(1)
        mean_share, mean_entropy = torch.zeros(1), torch.zeros(1)
        for member in self.members:
            scores = member(tables)
            share = scores.softmax(dim=1)
            mean_share = mean_share + share / len(self.members)
            mean_entropy = mean_entropy + _entropy(share) / len(self.members)
            classes = torch.arange(self.classes)[:, None, None]
            votes = votes + (scores.argmax(dim=1, keepdim=True) == classes).float()
        # Of equal votes the smallest class.
        order = torch.arange(self.classes, dtype=torch.float32)[:, None, None]
        label = (votes * self.classes - order).argmax(dim=1).float()
        return image, label, _entropy(mean_share) - mean_entropy


def members_of(interpreter: StyleInterpreter, count: int) -> nn.ModuleList:
    """The first classifiers of an ensemble, each a :class:`Member`."""
    first, layers = interpreter.linear_0, interpreter.folded()
    return nn.ModuleList(
        Member(
            [first.weight[m], *(weight[m] for weight, _ in layers)],
            [first.bias[m], *(shift[m] for _, shift in layers)],
        )
        for m in range(count)
    )


def tables_of(maps: Sequence[Tensor]) -> list[Tensor]:
    """A generator's maps, coarse to fine, joined where they have one resolution."""
    return [torch.cat(list(group), dim=1) for _, group in groupby(maps, key=lambda x: x.shape[-1])]


class Member(nn.Module):
    """One classifier as 1 × 1 convolutions, given weights ``[in, out]`` and biases ``[1, out]``."""

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> None:
        super().__init__()
        self.weights = nn.ParameterList(
            nn.Parameter(w.detach().T[:, :, None, None].clone()) for w in weights
        )
        self.biases = nn.ParameterList(nn.Parameter(b.detach()[0].clone()) for b in biases)

    def forward(self, tables: list[Tensor]) -> Tensor:
        """Maps ``[1, C, r, r]``, one a resolution, to scores ``[1, classes, H, W]``."""
        blocks = self.weights[0].split([x.shape[1] for x in tables], dim=1)
        x = F.conv2d(tables[-1], blocks[-1], self.biases[0])
        for table, block in zip(tables[:-1], blocks[:-1], strict=True):
            small = F.conv2d(table, block)
            x = x + F.interpolate(small, size=x.shape[2:], mode="bilinear")
        for weight, bias in zip(self.weights[1:], self.biases[1:], strict=True):
            x = F.conv2d(x.relu(), weight, bias)
        return x


def _entropy(share: Tensor) -> Tensor:
    return -(share * share.clamp(min=1e-12).log()).sum(dim=1)
