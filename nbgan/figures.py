"""Figures that several chapters draw: named rows of pictures, and the legend of a label space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nbgan.data.labels import LabelSpace
from nbgan.diagrams import Diagram
from nbgan.errors import InputError
from nbgan.plots import Picture, to_picture


def class_legend(
    label_space: LabelSpace, classes: Sequence[int] | None = None, *, width: float = 9.5
) -> Figure:
    """One row of colour swatches with class names.

    Args:
        label_space: names and colours.
        classes: which ids to show; None for all.
        width: of the figure in inches.
    """
    ids = range(label_space.num_classes) if classes is None else classes
    drawing = Diagram(width=width, height=0.42)
    step = width / len(ids)
    for place, i in enumerate(ids):
        x = (place + 0.5) * step
        colour = tuple(c / 255 for c in label_space.colors[i])
        drawing.axes.add_patch(
            Rectangle(
                (x - step * 0.44, 0.21), step * 0.88, 0.2, facecolor=colour, edgecolor="#8a8a8a"
            )
        )
        drawing.text(x, 0.09, label_space.classes[i], fontsize=8.5)
    return drawing.figure


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
        size: width of a picture in inches.

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
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(size * columns + 0.3, size * len(rows) + (0.3 if titles else 0)),
        squeeze=False,
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
