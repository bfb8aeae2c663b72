"""A data-set report as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    from nbgan.data.report import DataReport

# One hue, told apart by length and printed numbers: nothing depends on seeing colours.
_BAR_COLOR = "#0072B2"
_BARS = 30


def draw(report: DataReport) -> Figure:
    """Example pictures above their masks, and the share of pixels of each class.

    Made without pyplot, so that no global figure list keeps it alive.
    """
    seen = sorted((c for c in report.classes if c.pixels), key=lambda c: (-c.share, c.id))[:_BARS]
    masks = any(example.mask is not None for example in report.examples)
    columns = max(1, len(report.examples))
    chart = 0.6 + 0.24 * len(seen) if seen else 0.0
    pictures = 1.9 * (2 if masks else 1) if report.examples else 0.0
    figure = Figure(figsize=(9, max(1.5, 0.5 + pictures + chart)), layout="constrained")
    figure.suptitle(f"{report.name}: {report.length:,} pictures", fontsize=11)
    parts = figure.subfigures(
        2 if pictures and chart else 1,
        1,
        squeeze=False,
        height_ratios=[pictures, chart] if pictures and chart else None,
    )[:, 0]
    if pictures:
        axes = parts[0].subplots(2 if masks else 1, columns, squeeze=False)
        for axis in axes.flat:
            axis.set_axis_off()
        for column, example in enumerate(report.examples):
            axes[0, column].imshow(example.image)
            if example.mask is not None:
                axes[1, column].imshow(example.mask, interpolation="nearest")
    if seen:
        axis = parts[-1].subplots()
        axis.barh(range(len(seen)), [c.share * 100 for c in seen], color=_BAR_COLOR, height=0.7)
        axis.set_yticks(range(len(seen)), [c.name for c in seen], fontsize=8)
        axis.tick_params(axis="y", length=0, pad=16)
        axis.invert_yaxis()
        axis.margins(x=0.12, y=0.01)
        axis.set_xlabel(
            "share of labelled pixels, %; number of pictures that show it in brackets", fontsize=8
        )
        axis.spines[["top", "right"]].set_visible(False)
        swatches = axis.get_yaxis_transform()
        for row, entry in enumerate(seen):
            axis.text(
                entry.share * 100,
                row,
                f" {entry.share:.1%} ({entry.pictures:,})",
                va="center",
                fontsize=8,
            )
            axis.add_patch(
                Rectangle(
                    (-0.018, row - 0.35),
                    0.013,
                    0.7,
                    transform=swatches,
                    clip_on=False,
                    facecolor=tuple(c / 255 for c in entry.color),
                    edgecolor="#444444",
                    linewidth=0.5,
                )
            )
    return figure
