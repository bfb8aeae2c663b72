"""One figure style for the book: colours, fonts, and rows of pictures.

Chapters call :func:`use_style` once and :func:`show_images` wherever pictures stand side by side.
The colours are those of Okabe and Ito (2008), which stay apart for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nbgan.errors import InputError

Picture = torch.Tensor | np.ndarray

PALETTE = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}

INK = "#333333"


def use_style() -> None:
    """Set matplotlib's defaults to the style of the book."""
    plt.rcParams.update(
        {
            "axes.prop_cycle": plt.cycler(color=list(PALETTE.values())),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlesize": 11,
            "axes.titlecolor": INK,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#e4e4e4",
            "grid.linewidth": 0.8,
            "font.size": 10,
            "lines.linewidth": 2.0,
            "legend.frameon": False,
            "figure.figsize": (7.2, 3.2),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "savefig.facecolor": "white",
            "image.interpolation": "nearest",
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )


def to_picture(image: Picture) -> np.ndarray:
    """Anything that can be shown, as matplotlib wants it.

    Args:
        image: float tensor ``[3, H, W]`` in [-1, 1]; or ``[1, H, W]`` or ``[H, W]``, any values;
            or a uint8 array ``[H, W, 3]``.

    Returns:
        ``[H, W, 3]`` in [0, 1] or uint8, or ``[H, W]`` unchanged.

    Raises:
        InputError: another shape.
    """
    array = image.detach().float().cpu().numpy() if isinstance(image, torch.Tensor) else image
    if array.ndim == 2:
        return array
    if array.ndim == 3 and array.shape[0] == 1:
        return array[0]
    if array.ndim == 3 and array.shape[0] == 3 and array.dtype.kind == "f":
        return (array.transpose(1, 2, 0).clip(-1, 1) + 1) / 2
    if array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8:
        return array
    raise InputError(
        f"image: cannot show {array.dtype} of shape {array.shape}; pass a float tensor [3, H, W] "
        "in [-1, 1], a map [H, W], or uint8 colours [H, W, 3]"
    )


def show_images(
    images: Sequence[Picture],
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    size: float = 1.7,
    limit: float | None = None,
    cmap: str | None = None,
) -> Figure:
    """Pictures and maps side by side, without axes.

    Args:
        images: pictures as :func:`to_picture` takes them, at least one.
        titles: one line above each picture.
        columns: pictures a row; ``None`` puts all in one row.
        size: width of a picture in inches.
        limit: maps are shown from ``-limit`` to ``limit``, blue over white to red; ``None``
            stretches each map between its own minimum and maximum, in grey.
        cmap: another colour map for maps.

    Returns:
        The figure, already shown by a notebook; end the line with a semicolon to show it once.

    Raises:
        InputError: no images, or titles of another number.
    """
    if not images:
        raise InputError("images: nothing to show, the list is empty; pass at least one picture")
    if titles is not None and len(titles) != len(images):
        raise InputError(
            f"titles: {len(titles)} titles for {len(images)} images; give one title per image"
        )
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    pictures = [to_picture(image) for image in images]
    ratio = pictures[0].shape[0] / pictures[0].shape[1]
    title_height = 0.3 if titles else 0.0
    figure, axes = plt.subplots(
        rows, columns, figsize=(size * columns, (size * ratio + title_height) * rows), squeeze=False
    )
    for index, axis in enumerate(axes.flat):
        axis.axis("off")
        if index < len(pictures):
            _draw(axis, pictures[index], limit, cmap)
            if titles is not None:
                axis.set_title(titles[index], fontsize=9)
    return figure


def _draw(axis: Axes, picture: np.ndarray, limit: float | None, cmap: str | None) -> None:
    if picture.ndim == 3:
        axis.imshow(picture)
    elif limit is None:
        axis.imshow(picture, cmap=cmap or "gray")
    else:
        axis.imshow(picture, cmap=cmap or "RdBu_r", vmin=-limit, vmax=limit)
