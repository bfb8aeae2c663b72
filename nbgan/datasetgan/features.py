"""What a generator knows of each pixel: its feature maps, read where the pixel lies.

Bilinear resizing without antialiasing is reading: a map is a function on the picture's square, and
the resized map holds its values at the pixels' centres. So a pixel's features can be read straight
from the maps of 4 × 4, 8 × 8 … and no map is ever resized as a whole.

Source: Zhang et al., *DatasetGAN* (2021), section 3.1; the identity is derived in chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PixelGrid:
    """The pixels that are labelled: a rectangle in the middle of the generator's square picture.

    Args:
        height, width: of the label maps. The longer side spans the square; DatasetGAN's cars are
            labelled at 384 × 512, rows 64 to 447 of 512.

    Raises:
        InputError: a side under 1, or an odd difference, which has no middle.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 1 or (self.height - self.width) % 2:
            raise InputError(
                f"label size: got {self.height} × {self.width}; give positive sides that differ by "
                "an even number, as the rectangle is cut from the middle of a square"
            )

    @property
    def side(self) -> int:
        """Side of the square, in pixels."""
        return max(self.height, self.width)

    @property
    def pixels(self) -> int:
        """Number of labelled pixels."""
        return self.height * self.width

    def crop(self, x: Tensor) -> Tensor:
        """The labelled rectangle of ``[…, side, side]``."""
        top, left = (self.side - self.height) // 2, (self.side - self.width) // 2
        return x[..., top : top + self.height, left : left + self.width]

    def picture(self, image: Tensor) -> Tensor:
        """Generated pictures ``[N, 3, S, S]`` at the size of the labels, ``[N, 3, H, W]``."""
        return self.crop(resize(image, self.side))

    def corners(self, pixel: Tensor, resolution: int) -> tuple[Tensor, Tensor]:
        """Where, in a square map, the features of pixels are.

        Args:
            pixel: row-major numbers of labelled pixels, int64 ``[P]``.
            resolution: side of the map.

        Returns:
            Row-major numbers of the four cells around each pixel's centre, int64 ``[P, 4]``, and
            their shares, float32 ``[P, 4]``, which add up to 1.
        """
        top, left = (self.side - self.height) // 2, (self.side - self.width) // 2
        y = (pixel.div(self.width, rounding_mode="floor") + top + 0.5) * (resolution / self.side)
        x = (pixel.remainder(self.width) + left + 0.5) * (resolution / self.side)
        (above, below, ty), (before, after, tx) = (
            _neighbours(y, resolution),
            _neighbours(x, resolution),
        )
        cells = [row * resolution + column for row in (above, below) for column in (before, after)]
        shares = [a * b for a in (1 - ty, ty) for b in (1 - tx, tx)]
        return torch.stack(cells, 1), torch.stack(shares, 1)


def _neighbours(position: Tensor, resolution: int) -> tuple[Tensor, Tensor, Tensor]:
    """Cells before and after a position in cells, and the share of the second one."""
    position = position - 0.5
    first = position.floor()
    last = resolution - 1
    return (
        first.long().clamp(0, last),
        (first.long() + 1).clamp(0, last),
        position - first,
    )


def resize(x: Tensor, side: int) -> Tensor:
    """Maps ``[N, C, r, r]`` to ``[N, C, side, side]``, bilinear, half-pixel centres, and without
    antialiasing also where they shrink, as published."""
    if x.shape[-1] == side:
        return x
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)


def stack_features(maps: Sequence[Tensor], grid: PixelGrid) -> Tensor:
    """The published formulation: all maps at label size, ``[N, channels, H, W]``.

    At 1024 px and 512 × 512 labels this takes 5.3 GB a picture; the library never calls it.
    """
    return torch.cat([grid.crop(resize(x, grid.side)) for x in maps], dim=1)


class FeatureBank:
    """Feature maps of some pictures, kept at their own resolution, to be read at any pixel.

    Maps coarser than the labels stay as they are. Finer ones, and those of the same size, are kept
    at the labels' pixels, which loses nothing: they are never read anywhere else.

    Args:
        grid: the labelled pixels.
        resolutions: sides of the coarse maps, each once.
        coarse: for each of them ``[N, r², C]``: the maps of that resolution, side by side.
        fine: ``[N, H * W, C]``, all other maps.
    """

    def __init__(
        self,
        *,
        grid: PixelGrid,
        resolutions: Sequence[int],
        coarse: Sequence[Tensor],
        fine: Tensor,
    ) -> None:
        self.grid, self.resolutions = grid, tuple(resolutions)
        self.coarse, self.fine = list(coarse), fine

    @classmethod
    def of(cls, maps: Sequence[Tensor], grid: PixelGrid) -> FeatureBank:
        """A bank of a generator's feature maps ``[N, C, r, r]``, coarse to fine.

        Raises:
            InputError: maps that are not square, or not in the order coarse to fine.
        """
        sides = [x.shape[-1] for x in maps]
        if any(x.shape[-2] != x.shape[-1] for x in maps) or sides != sorted(sides):
            raise InputError(
                "feature maps: expected square maps from coarse to fine, got "
                f"{', '.join(f'{x.shape[-2]} × {x.shape[-1]}' for x in maps)}"
            )
        coarse: dict[int, list[Tensor]] = {}
        fine = []
        for x in maps:
            if x.shape[-1] < grid.side:
                coarse.setdefault(x.shape[-1], []).append(_rows(x))
            else:
                fine.append(_rows(grid.crop(resize(x, grid.side))))
        n, like = len(maps[0]), maps[0]
        return cls(
            grid=grid,
            resolutions=list(coarse),
            coarse=[torch.cat(group, dim=2) for group in coarse.values()],
            fine=torch.cat(fine, dim=2) if fine else like.new_zeros(n, grid.pixels, 0),
        )

    def room_for(self, n: int) -> FeatureBank:
        """An empty bank for ``n`` pictures of the same kind; fill it with :meth:`put`."""
        return FeatureBank(
            grid=self.grid,
            resolutions=self.resolutions,
            coarse=[x.new_empty(n, *x.shape[1:]) for x in self.coarse],
            fine=self.fine.new_empty(n, *self.fine.shape[1:]),
        )

    def put(self, first: int, other: FeatureBank) -> None:
        """Copy the pictures of another bank to the places from ``first`` on."""
        for mine, theirs in zip(self.tables, other.tables, strict=True):
            mine[first : first + len(theirs)] = theirs

    @property
    def tables(self) -> list[Tensor]:
        """All tables, coarse to fine, in the published order of channels."""
        return [*self.coarse, self.fine]

    @property
    def channels(self) -> list[int]:
        """Channels of each table."""
        return [x.shape[2] for x in self.tables]

    @property
    def bytes(self) -> int:
        """Memory that the maps take."""
        return sum(x.numel() * x.element_size() for x in self.tables)

    def __len__(self) -> int:
        return len(self.fine)

    def rows(self, picture: Tensor, pixel: Tensor) -> Tensor:
        """Features of single pixels.

        Args:
            picture: numbers of pictures in the bank, int64 ``[P]``.
            pixel: row-major numbers of their pixels, int64 ``[P]``.

        Returns:
            ``[P, channels]``, equal to the pixels' columns of :func:`stack_features`.
        """
        parts = []
        for resolution, table in zip(self.resolutions, self.coarse, strict=True):
            cells, shares = self.grid.corners(pixel, resolution)
            parts.append(
                read_cells(table.flatten(0, 1), cells + picture[:, None] * resolution**2, shares)
            )
        parts.append(self.fine[picture, pixel])
        return torch.cat(parts, dim=1)


def read_cells(table: Tensor, cells: Tensor, shares: Tensor) -> Tensor:
    """Weighted sums of a table's rows: ``[cells, C]``, ``[P, K]``, ``[P, K]`` to ``[P, C]``."""
    return F.embedding_bag(cells, table, per_sample_weights=shares.to(table.dtype), mode="sum")


def _rows(x: Tensor) -> Tensor:
    """``[N, C, H, W]`` to ``[N, H * W, C]``: what belongs to a pixel lies together in memory."""
    return x.flatten(2).transpose(1, 2)
