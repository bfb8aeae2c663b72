"""The Style Interpreter: an ensemble of pixel classifiers, exact and lean.

The first layer is linear, and so is bilinear reading of a map: they commute. So each feature map is
projected to the few hidden channels at its own resolution, and the projections are read at the
pixels and added up. The stack of all maps at label size never exists.

Source: Zhang et al., *DatasetGAN* (2021), section 3.1. The published way is
:func:`~nbgan.datasetgan.reference.interpret_stack`; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.datasetgan.classifier import PixelClassifier, hidden_widths
from nbgan.datasetgan.features import FeatureBank, PixelGrid, read_cells
from nbgan.datasetgan.votes import Ballot, image_score
from nbgan.errors import InputError

TABLE_BYTES = 128 * 2**20
"""Most memory for the projections of one group of members."""

BAND_BYTES = 8 * 2**20
"""Most memory for hidden features of one band of pixels."""


BANDS = 16
"""Bands whose corners are remembered: all of a small picture's, so that the next one has them."""


@dataclass(frozen=True, kw_only=True)
class Interpretation:
    """What the ensemble says of some pictures.

    Args:
        label: class ids int64 ``[N, H, W]``, by majority vote.
        uncertainty: Jensen–Shannon divergence of the members, ``[N, H, W]``, in nats.
        score: uncertainty of each picture, ``[N]``; see
            :func:`~nbgan.datasetgan.votes.image_score`.
    """

    label: Tensor
    uncertainty: Tensor
    score: Tensor


class EnsembleLinear(nn.Module):
    """A linear layer for each member, ``[members, P, in]`` to ``[members, P, out]``."""

    def __init__(self, *, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(members, inputs, outputs) * 0.02)
        self.bias = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


class EnsembleNorm(nn.BatchNorm1d):
    """Batch normalisation of ``[members, P, features]``, for each member by itself."""

    def forward(self, x: Tensor) -> Tensor:
        members, _, features = x.shape
        y = super().forward(x.transpose(0, 1).flatten(1))
        return y.unflatten(1, (members, features)).transpose(0, 1)

    def as_affine(self, members: int) -> tuple[Tensor, Tensor]:
        """Scale and shift ``[members, features]`` that it applies in evaluation mode."""
        assert self.running_mean is not None and self.running_var is not None
        scale = self.weight * torch.rsqrt(self.running_var + self.eps)
        shift = self.bias - self.running_mean * scale
        return scale.view(members, -1), shift.view(members, -1)


class StyleInterpreter(nn.Module):
    """Pixel classifiers that are computed together.

    Args:
        channels: features of a pixel: the sum over the generator's maps.
        outputs: classes, or heat maps. Decides the hidden widths, see
            :func:`~nbgan.datasetgan.classifier.hidden_widths`.
        members: classifiers in the ensemble.
    """

    def __init__(self, *, channels: int, outputs: int, members: int = 10) -> None:
        super().__init__()
        if members < 1:
            raise InputError(f"members must be at least 1, got {members}; published are 10")
        self.channels, self.outputs, self.members = channels, outputs, members
        widths = (channels, *hidden_widths(outputs), outputs)
        first, second, last = (
            EnsembleLinear(members=members, inputs=before, outputs=after)
            for before, after in pairwise(widths)
        )
        self.linear_0, self.linear_1, self.linear_2 = first, second, last
        self.norm_0 = EnsembleNorm(members * widths[1])
        self.norm_1 = EnsembleNorm(members * widths[2])

    def forward(self, rows: Tensor) -> Tensor:
        """Features ``[members, P, channels]`` (its own pixels for each member, or expanded) to
        scores before softmax ``[members, P, outputs]``. What training calls."""
        x = self.norm_0(F.relu(self.linear_0(rows)))
        x = self.norm_1(F.relu(self.linear_1(x)))
        return self.linear_2(x)

    @property
    def linears(self) -> tuple[EnsembleLinear, EnsembleLinear, EnsembleLinear]:
        """The three linear layers."""
        return self.linear_0, self.linear_1, self.linear_2

    @property
    def norms(self) -> tuple[EnsembleNorm, EnsembleNorm]:
        """The normalisations after the first and the second layer's ReLU."""
        return self.norm_0, self.norm_1

    # --- whole pictures --------------------------------------------------------------------

    @torch.no_grad()
    def interpret(self, maps: FeatureBank) -> Interpretation:
        """Label every pixel of every picture in a bank."""
        grid = maps.grid
        labels, disagreement = [], []
        for n in range(len(maps)):
            ballot = Ballot(
                pixels=grid.pixels,
                classes=self.outputs,
                members=self.members,
                device=maps.fine.device,
            )
            for pixels, logits in self.scores(maps, n):
                for member in logits:
                    ballot.add(pixels, member)
            labels.append(ballot.labels)
            disagreement.append(ballot.disagreement)
        shape = (len(maps), grid.height, grid.width)
        uncertainty = torch.stack(disagreement).view(shape)
        return Interpretation(
            label=torch.stack(labels).view(shape),
            uncertainty=uncertainty,
            score=image_score(uncertainty),
        )

    @torch.no_grad()
    def mean_scores(self, maps: FeatureBank) -> Tensor:
        """Outputs averaged over the members, ``[N, outputs, H, W]``: heat maps."""
        grid = maps.grid
        mean = torch.zeros(len(maps), grid.pixels, self.outputs, device=maps.fine.device)
        for n in range(len(maps)):
            for pixels, scores in self.scores(maps, n):
                mean[n, pixels] += scores.float().sum(dim=0) / self.members
        return mean.transpose(1, 2).unflatten(2, (grid.height, grid.width))

    @torch.no_grad()
    def scores(self, maps: FeatureBank, n: int) -> Iterator[tuple[slice, Tensor]]:
        """Scores of one picture, some members and some pixels at a time, in evaluation mode.

        Args:
            maps: the bank.
            n: which of its pictures.

        Yields:
            Which pixels, and scores before softmax ``[some members, some pixels, outputs]``.

        Raises:
            InputError: a bank with other channels than the interpreter was built for.
        """
        if sum(maps.channels) != self.channels:
            raise InputError(
                f"feature maps: {sum(maps.channels)} channels, this interpreter reads "
                f"{self.channels}; use the generator that it was trained with"
            )
        layers = self.folded()
        width = self.linear_0.bias.shape[2]
        cells = sum(r * r for r in maps.resolutions)
        group = max(1, min(self.members, TABLE_BYTES // (4 * width * max(cells, 1))))
        for first in range(0, self.members, group):
            members = slice(first, min(first + group, self.members))
            yield from self._group_scores(maps, n, members, layers)

    def _group_scores(
        self, maps: FeatureBank, n: int, members: slice, layers: list[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[slice, Tensor]]:
        count = members.stop - members.start
        table, fine_weight, bias = self._project(maps, n, members)
        width = bias.shape[0] // count
        pixels_at_once = max(1, BAND_BYTES // (4 * len(bias)))
        for start in range(0, maps.grid.pixels, pixels_at_once):
            pixels = slice(start, min(start + pixels_at_once, maps.grid.pixels))
            x = torch.addmm(bias, maps.fine[n, pixels], fine_weight)
            if table is not None:
                where = corners(maps.grid, pixels.start, pixels.stop, maps.resolutions)
                x += read_cells(table, *(part.to(table.device) for part in where))
            x = x.relu_().view(-1, count, width).transpose(0, 1)
            for last, (weight, shift) in zip((False, True), layers, strict=True):
                x = torch.baddbmm(shift[members], x, weight[members])
                if not last:
                    x = x.relu_()
            yield pixels, x

    def _project(
        self, maps: FeatureBank, n: int, members: slice
    ) -> tuple[Tensor | None, Tensor, Tensor]:
        """The first layer at the maps' own resolutions: one matrix product a resolution for all
        members. Returns the coarse maps' projections ``[cells, width]``, the fine maps' weights
        and the bias, members side by side."""
        weight = self.linear_0.weight[members].permute(1, 0, 2).flatten(1)
        weights = weight.split(maps.channels)
        coarse = [x[n] for x in maps.coarse]
        table = None
        if coarse:
            table = weight.new_empty(sum(map(len, coarse)), weight.shape[1])
            rows = table.split([len(x) for x in coarse])
            for x, part, out in zip(coarse, weights, rows, strict=False):
                torch.mm(x, part, out=out)
        return table, weights[-1], self.linear_0.bias[members].flatten()

    def folded(self) -> list[tuple[Tensor, Tensor]]:
        """The second and third layer with the normalisation before them taken in: weights
        ``[members, in, out]`` and shifts ``[members, 1, out]``."""
        layers = []
        for norm, linear in zip(self.norms, self.linears[1:], strict=True):
            scale, shift = norm.as_affine(self.members)
            layers.append(
                (
                    linear.weight * scale[:, :, None],
                    linear.bias + shift[:, None] @ linear.weight,
                )
            )
        return layers

    # --- members ---------------------------------------------------------------------------

    def classifier(self, member: int) -> PixelClassifier:
        """One member as a classifier of its own, with copies of its weights."""
        single = PixelClassifier(channels=self.channels, outputs=self.outputs)
        linears, norms = _parts(single)
        with torch.no_grad():
            for linear, mine in zip(linears, self.linears, strict=True):
                linear.weight.copy_(mine.weight[member].T)
                linear.bias.copy_(mine.bias[member, 0])
            for norm, ours in zip(norms, self.norms, strict=True):
                for name in ("weight", "bias", "running_mean", "running_var"):
                    getattr(norm, name).copy_(getattr(ours, name).view(self.members, -1)[member])
        return single.eval()

    @classmethod
    def from_classifiers(cls, classifiers: Sequence[PixelClassifier]) -> StyleInterpreter:
        """An ensemble of given classifiers, for example published ones.

        Raises:
            InputError: none, or classifiers of different sizes.
        """
        sizes = {(single.channels, single.outputs) for single in classifiers}
        if len(sizes) != 1:
            raise InputError(
                "classifiers: expected some of one size, got "
                f"{', '.join(f'{a} channels and {b} outputs' for a, b in sorted(sizes)) or 'none'}"
            )
        channels, outputs = sizes.pop()
        ensemble = cls(channels=channels, outputs=outputs, members=len(classifiers))
        with torch.no_grad():
            for m, single in enumerate(classifiers):
                linears, norms = _parts(single)
                for linear, ours in zip(linears, ensemble.linears, strict=True):
                    ours.weight[m] = linear.weight.T
                    ours.bias[m, 0] = linear.bias
                for norm, stacked in zip(norms, ensemble.norms, strict=True):
                    for name in ("weight", "bias", "running_mean", "running_var"):
                        getattr(stacked, name).view(len(classifiers), -1)[m] = getattr(norm, name)
        return ensemble.eval()


def _parts(single: PixelClassifier) -> tuple[list[nn.Linear], list[nn.BatchNorm1d]]:
    layers = list(single.layers)
    return (
        [x for x in layers if isinstance(x, nn.Linear)],
        [x for x in layers if isinstance(x, nn.BatchNorm1d)],
    )


@lru_cache(maxsize=BANDS)
def corners(
    grid: PixelGrid, start: int, stop: int, resolutions: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Cells and shares ``[P, 4 R]`` of the pixels from ``start`` to ``stop`` in the R maps of some
    resolutions whose cells are numbered one after another."""
    numbers = torch.arange(start, stop)
    cells, shares, offset = [], [], 0
    for resolution in resolutions:
        where, share = grid.corners(numbers, resolution)
        cells.append(where + offset)
        shares.append(share)
        offset += resolution**2
    return torch.cat(cells, dim=1), torch.cat(shares, dim=1)
