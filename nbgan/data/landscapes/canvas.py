"""The canvas, and how a height field in slices becomes visible pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Canvas:
    """A picture and its class map, painted together.

    Attributes:
        image: float32 ``[H, W, 3]``, display colour, may leave 0..1 while painting.
        label: uint8 ``[H, W]``, class ids.
        mirror: float32 ``[H, W, 3]``, what still water would show at each pixel.
        x: float32 ``[W]``, place of each column; 0..1 is the middle square of the picture.
        y: float32 ``[H]``, place of each row, 0 at the top and 1 at the bottom.
    """

    image: np.ndarray
    label: np.ndarray
    mirror: np.ndarray
    x: np.ndarray
    y: np.ndarray

    @classmethod
    def blank(cls, height: int, width: int) -> Canvas:
        """An empty canvas; all of it is class 0."""
        return cls(
            image=np.zeros((height, width, 3), np.float32),
            label=np.zeros((height, width), np.uint8),
            mirror=np.zeros((height, width, 3), np.float32),
            x=((np.arange(width) + 0.5 - width / 2) / height + 0.5).astype(np.float32),
            y=((np.arange(height) + 0.5) / height).astype(np.float32),
        )

    def put(self, rows: np.ndarray, cols: np.ndarray, color: np.ndarray, label: object) -> None:
        """Paint pixels: ``color`` ``[n, 3]``, ``label`` one id or ``[n]``."""
        self.image[rows, cols] = color
        self.label[rows, cols] = label

    def mirror_background(self, horizon: float) -> None:
        """Fill the mirror below the horizon with the picture above it, upside down."""
        height = len(self.y)
        source = np.rint(2 * horizon * height - 1 - np.arange(height)).astype(np.int64)
        self.mirror[:] = self.image[np.clip(source, 0, max(int(horizon * height) - 1, 0))]

    def stand(
        self, rows: np.ndarray, cols: np.ndarray, color: np.ndarray, label: int, level: float
    ) -> None:
        """Paint pixels of an upright thing, and its mirror image below ``level``.

        Args:
            rows: pixel rows ``[n]``.
            cols: pixel columns ``[n]``.
            color: ``[n, 3]``.
            label: the class id.
            level: screen height of the water at the distance of the thing.
        """
        self.put(rows, cols, color, label)
        height = len(self.y)
        below = round(2 * level * height) - 1 - rows
        shown = (below >= 0) & (below < height)
        self.mirror[below[shown], cols[shown]] = color[shown]

    def rows_between(self, top: float, bottom: float) -> slice:
        """Rows whose place lies between two heights."""
        height = len(self.y)
        first = int(np.clip(np.ceil(top * height - 0.5), 0, height))
        last = int(np.clip(np.ceil(bottom * height - 0.5), 0, height))
        return slice(first, last)

    def cols_between(self, left: float, right: float) -> slice:
        """Columns whose place lies between two places."""
        return slice(*np.searchsorted(self.x, (left, right)))


@dataclass
class Surface:
    """The visible pixels of a height field, and where between two slices each lies."""

    rows: np.ndarray
    cols: np.ndarray
    near: np.ndarray
    far: np.ndarray
    fraction: np.ndarray

    def read(self, values: np.ndarray) -> np.ndarray:
        """Values given at ``[slices, W]``, read at the visible pixels ``[n]``."""
        width = values.shape[1]
        flat = values.reshape(-1)
        a = flat[self.near * width + self.cols]
        b = flat[self.far * width + self.cols]
        return a + (b - a) * self.fraction


def visible_surface(canvas: Canvas, crest: np.ndarray) -> tuple[Surface, np.ndarray]:
    """Find which slice of a height field shows at each pixel.

    Args:
        canvas: gives the pixel places.
        crest: screen height of each slice, near to far, ``[slices, W]``.

    Returns:
        The visible pixels, and for each slice the height ``[slices, W]`` below which it and the
        slices in front of it hide everything behind.
    """
    slices, width = crest.shape
    height = len(canvas.y)
    covered = np.minimum.accumulate(crest, axis=0)
    first_row = np.clip(np.ceil(covered * height - 0.5), 0, height).astype(np.int64)
    flat = first_row * width + np.arange(width)
    hits = np.bincount(flat.ravel(), minlength=(height + 1) * width).reshape(height + 1, width)
    index = slices - np.cumsum(hits, axis=0)[:height]
    rows, cols = np.nonzero(index < slices)
    far = index[rows, cols]
    near = np.maximum(far - 1, 0)
    low, high = crest[near, cols], crest[far, cols]
    fraction = np.clip((low - canvas.y[rows]) / np.maximum(low - high, 1e-6), 0, 1)
    return Surface(rows, cols, near, far, fraction.astype(np.float32)), covered
