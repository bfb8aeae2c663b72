"""Class scores inside an optimisation: the first layer at the maps' own resolution, and nothing
kept for the backward pass.

Chapter 4's identity again: the classifiers' first layer is linear and so is reading a map at a
pixel, so they commute. Pixels are read in bands. A band needs few cells of each map: only these are
projected, then read and added up. The backward pass computes the band once more, so that neither
the stack of all maps at label size nor the hidden layers of more than one band ever exist.

Source: Ling et al., *EditGAN* (2021), section 3.3, equation 3. The published way is
:func:`~nbgan.editgan.reference.mean_scores_of_stack`; tests compare the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nbgan.datasetgan.features import FeatureBank, PixelGrid, read_cells
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.errors import InputError

BAND = 2048
"""Pixels that are computed at once: few enough to stay in a core's cache."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """Some pixels, and what they read.

    Args:
        pixels: which of the chosen ones.
        rows: for each table of the bank, the cells that the pixels read, int64 ``[U]``.
        cells: for each pixel, where in the coarse tables' cells, one table after another, its
            features are, int64 ``[P, K]``.
        shares: of these cells, float32 ``[P, K]``; those of one map add up to 1.
    """

    pixels: slice
    rows: list[Tensor]
    cells: Tensor
    shares: Tensor


class MeanScores:
    """Class scores, averaged over the ensemble, at chosen pixels of one picture; differentiable
    with respect to the feature maps.

    Args:
        interpreter: the classifiers; they do not learn here.
        grid: the labelled pixels.
        pixels: row-major numbers of the chosen ones, int64 ``[P]``; None takes all.
        nearest: read each map at its nearest cell, as the published optimisation does, instead of
            between four cells, as the classifiers have learned.
    """

    def __init__(
        self,
        *,
        interpreter: StyleInterpreter,
        grid: PixelGrid,
        pixels: Tensor | None = None,
        nearest: bool = False,
    ) -> None:
        device = interpreter.linear_0.weight.device
        self.grid, self.nearest = grid, nearest
        chosen = torch.arange(grid.pixels) if pixels is None else pixels
        self.pixels = chosen.to(device)
        self.channels, self.members = interpreter.channels, interpreter.members
        with torch.no_grad():
            self._first = interpreter.linear_0.weight.permute(1, 0, 2).flatten(1)
            self._bias = interpreter.linear_0.bias.flatten()
            self._layers = interpreter.folded()
        self._plan: tuple[tuple[int, ...], list[Band]] | None = None

    def __call__(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps ``[1, C, r, r]``, coarse to fine, to scores ``[P, classes]``.

        Raises:
            InputError: maps of several pictures, or of another generator.
        """
        bank = FeatureBank.of(maps, self.grid)
        if len(bank) != 1 or sum(bank.channels) != self.channels:
            raise InputError(
                f"feature maps: {len(bank)} pictures with {sum(bank.channels)} channels; this "
                f"reads one picture with {self.channels}, of the generator that it was trained with"
            )
        weights = list(self._first.split(bank.channels))
        tables = [table[0] for table in bank.tables]
        scores: Tensor = _Recomputed.apply(self, self._bands(bank.resolutions), weights, *tables)
        return scores

    def band_scores(self, rows: Sequence[Tensor], weights: Sequence[Tensor], band: Band) -> Tensor:
        """Scores of one band ``[P, classes]`` from the cells ``[U, C]`` that it reads."""
        x = torch.addmm(self._bias, rows[-1], weights[-1])
        if len(rows) > 1:
            coarse = [r @ w for r, w in zip(rows[:-1], weights[:-1], strict=True)]
            x = x + read_cells(torch.cat(coarse), band.cells, band.shares)
        x = x.relu().view(len(x), self.members, -1).transpose(0, 1)
        for last, (weight, shift) in zip((False, True), self._layers, strict=True):
            x = torch.baddbmm(shift, x, weight)
            if not last:
                x = x.relu()
        return x.mean(dim=0)

    def _bands(self, resolutions: tuple[int, ...]) -> list[Band]:
        """Where the pixels read; the same at each call with maps of the same sizes."""
        if self._plan is None or self._plan[0] != resolutions:
            starts = range(0, len(self.pixels), BAND)
            bands = [self._band(slice(s, s + BAND), resolutions) for s in starts]
            self._plan = (resolutions, bands)
        return self._plan[1]

    def _band(self, which: slice, resolutions: tuple[int, ...]) -> Band:
        pixel = self.pixels[which]
        rows, cells, shares, offset = [], [], [], 0
        for resolution in resolutions:
            if self.nearest:
                place = nearest_cell(self.grid, pixel, resolution)[:, None]
                share = torch.ones_like(place, dtype=torch.float32)
            else:
                place, share = self.grid.corners(pixel, resolution)
            needed, compact = place.unique(return_inverse=True)
            rows.append(needed)
            cells.append(compact + offset)
            shares.append(share)
            offset += len(needed)
        empty = pixel.new_zeros(len(pixel), 0)
        return Band(
            pixels=which,
            rows=[*rows, pixel],
            cells=torch.cat(cells or [empty], dim=1),
            shares=torch.cat(shares or [empty.float()], dim=1),
        )


def nearest_cell(grid: PixelGrid, pixel: Tensor, resolution: int) -> Tensor:
    """The cell of a square map that nearest-neighbour resizing copies to each pixel, ``[P]``."""
    top, left = (grid.side - grid.height) // 2, (grid.side - grid.width) // 2
    y = (pixel // grid.width + top) * resolution // grid.side
    x = (pixel % grid.width + left) * resolution // grid.side
    return y * resolution + x


class _Recomputed(torch.autograd.Function):
    """Band after band, forwards without a graph, backwards with the graph of one band."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        scores, bands, weights, *tables = given
        ctx.given = (scores, bands, weights)
        ctx.save_for_backward(*tables)
        return torch.cat(
            [
                scores.band_scores([t[r] for t, r in zip(tables, b.rows, strict=True)], weights, b)
                for b in bands
            ]
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        scores, bands, weights = ctx.given
        tables = ctx.saved_tensors
        sums = [torch.zeros_like(table) for table in tables]
        for band in bands:
            rows = [table[r].requires_grad_() for table, r in zip(tables, band.rows, strict=True)]
            with torch.enable_grad():
                answer = scores.band_scores(rows, weights, band)
            parts = torch.autograd.grad(answer, rows, gradients[0][band.pixels])
            for total, where, part in zip(sums, band.rows, parts, strict=True):
                total.index_add_(0, where, part)
        return (None, None, None, *sums)
