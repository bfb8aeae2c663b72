"""Figures that several chapters draw: rows of pictures, legends, instance maps in colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nbgan.data.labels import LabelSpace
from nbgan.diagrams import Diagram
from nbgan.errors import InputError
from nbgan.plots import Picture, to_picture


def class_legend(
    label_space: LabelSpace,
    classes: Sequence[int] | None = None,
    *,
    width: float = 9.5,
    columns: int | None = None,
) -> Figure:
    """Colour swatches with class names.

    Args:
        label_space: names and colours.
        classes: which ids to show; None for all.
        width: of the figure in inches.
        columns: swatches a row; None puts all in one row.
    """
    ids = range(label_space.num_classes) if classes is None else classes
    columns = columns or len(ids)
    rows = -(-len(ids) // columns)
    drawing = Diagram(width=width, height=0.42 * rows)
    step = width / columns
    for place, i in enumerate(ids):
        x, y = (place % columns + 0.5) * step, 0.42 * (rows - 1 - place // columns)
        colour = tuple(c / 255 for c in label_space.colors[i])
        drawing.axes.add_patch(
            Rectangle(
                (x - step * 0.44, y + 0.21), step * 0.88, 0.2, facecolor=colour, edgecolor="#8a8a8a"
            )
        )
        drawing.text(x, y + 0.09, label_space.classes[i], fontsize=8.5)
    return drawing.figure


def instance_colors(instance: np.ndarray | torch.Tensor) -> np.ndarray:
    """Instance ids as colours; neighbours in number differ clearly, 0 is a pale grey.

    Args:
        instance: ids ``[H, W]``, any integers from 0.

    Returns:
        uint8 ``[H, W, 3]``.
    """
    ids = np.asarray(instance).astype(np.int64)
    found, places = np.unique(ids, return_inverse=True)
    # Steps of the golden ratio around the circle of hues never come close to each other soon.
    hues = (found * 0.618033988749895) % 1.0
    light = 0.62 + 0.3 * ((found * 0.754877666246693) % 1.0)
    waves = np.stack([np.cos(2 * np.pi * (hues - shift)) for shift in (0, 1 / 3, 2 / 3)], axis=1)
    colors = np.clip(255 * light[:, None] * (0.72 + 0.38 * waves), 0, 255).astype(np.uint8)
    colors[found == 0] = 235
    return colors[places.reshape(ids.shape)]


def picture_rows(
    rows: Mapping[str, Sequence[Picture | None]],
    titles: Sequence[str] | None = None,
    *,
    size: float = 1.5,
) -> Figure:
    """Rows of pictures, each with a name at its left; columns may carry titles.

    Args:
        rows: name of a row to its pictures, as :func:`nbgan.plots.to_picture` takes them, None for
            an empty place; the same number in every row.
        titles: one above each column.
        size: width of a picture in inches; the first one's proportions decide the height of all.

    Raises:
        InputError: no rows, rows of different length, or titles of another number.
    """
    columns = len(next(iter(rows.values()), []))
    for name, pictures in rows.items():
        if len(pictures) != columns:
            raise InputError(
                f"rows: '{name}' has {len(pictures)} pictures, the first row {columns}; "
                "give equally many"
            )
    if not columns:
        raise InputError("rows: nothing to show; give at least one row with one picture")
    if titles is not None and len(titles) != columns:
        raise InputError(f"titles: {len(titles)} titles for {columns} columns; give one each")
    shown = [p for pictures in rows.values() for p in pictures if p is not None]
    height, width = to_picture(shown[0]).shape[:2] if shown else (1, 1)
    high = size * height / width * len(rows) + (0.3 if titles else 0)
    figure, axes = plt.subplots(
        len(rows), columns, figsize=(size * columns + 0.3, high), squeeze=False
    )
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, fontsize=9)
        for axis, picture in zip(line, pictures, strict=True):
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set(visible=picture is not None, color="#cccccc", linewidth=0.6)
            if picture is not None:
                axis.imshow(to_picture(picture), cmap="gray")
    for axis, title in zip(axes[0], titles or [""] * columns, strict=True):
        axis.set_title(title, fontsize=9)
    return figure
