"""A style for one object: that of the whole picture, its own, or one of its class's clusters.

Source of the clusters: Wang et al. (2018), section 3.4, figure 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets
from torch import Tensor

from nbgan.widgets.controls import to_png
from nbgan.widgets.painter import Painter
from nbgan.widgets.painting import PaintingModel, Scene

HERE = Path(__file__).parent
MOST = 8
"""Clusters that are offered; each costs one picture."""
AS_THE_REST, AS_IN_PICTURE = "as the rest", "as in the picture"
_NOTHING = (
    "<b>Style of one object</b><p class='nbgan-words'>Choose the tool “Object” in the painter and "
    "click on something in the mask: its styles appear here.</p>"
)


class SwatchRow(anywidget.AnyWidget):
    """Small pictures, one of which is chosen.

    Args:
        label: name of the row for screen readers.
    """

    _esm = HERE / "swatches.js"
    _css = HERE / "controls.css"

    label = traitlets.Unicode().tag(sync=True)
    items: traitlets.List = traitlets.List().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)


@dataclass(frozen=True, kw_only=True)
class Painting:
    """What objects are chosen in: who paints which maps, in which style for all."""

    model: PaintingModel
    painter: Painter
    style: Tensor | None


class ObjectStyles(widgets.VBox):
    """Choose the style of the object that is chosen in the painter.

    Args:
        current: gives what is painted now.
        on_change: called when an object got another style.
    """

    def __init__(self, *, current: Callable[[], Painting], on_change: Callable[[], None]) -> None:
        self._current, self._on_change = current, on_change
        self._own: Mapping[int, Tensor] = {}
        self._chosen: dict[int, tuple[str, Tensor]] = {}
        self._options: list[tuple[str, Tensor | None]] = []
        self._object: int | None = None
        self._title = widgets.HTML(_NOTHING)
        self._row = SwatchRow(label="style of the object")
        self._forget = widgets.Button(
            description="Forget all choices",
            layout={"width": "auto", "align_self": "flex-start", "display": "none"},
        )
        super().__init__([self._title, self._row, self._forget])
        self._row.observe(self._on_row, "chosen")
        self._forget.on_click(lambda _: self.forget())

    @property
    def vectors(self) -> dict[int, Tensor]:
        """Vectors of the objects that were given a style, by instance id."""
        return {key: vector for key, (_, vector) in self._chosen.items()}

    @property
    def choices(self) -> list[str]:
        """What the chosen object can look like."""
        return [title for title, _ in self._options]

    def choose(self, title: str) -> None:
        """Give the chosen object one of :attr:`choices`."""
        self._row.chosen = self.choices.index(title)

    def forget(self) -> None:
        """Give all objects the style of the whole picture again."""
        self._chosen.clear()
        self._mark()
        self._on_change()

    def clear(self) -> None:
        """Know nothing: another model, whose styles are other numbers."""
        self._chosen.clear()
        self._own = {}

    def restart(self, scene: Scene) -> None:
        """A mask was opened that belongs to a picture: objects may look as they do there."""
        now = self._current()
        self._chosen.clear()
        self._own = now.model.object_vectors(scene) if now.model.takes(scene) else {}
        self.show(now.painter.selected)

    def show(self, selected: tuple[int, int] | None) -> None:
        """Offer styles for an object, ``(class, instance)`` as the painter tells it."""
        now = self._current()
        self._options, self._object = [], None
        if selected is None or not now.model.object_styles:
            self._title.value = _NOTHING
        else:
            class_id, instance = selected
            self._object = instance or class_id
            name = now.model.label_space.classes[class_id]
            what = f"this {name} ({instance})" if instance else f"the {name}"
            self._title.value = f"<b>Style of {what}</b>"
            self._options = [(AS_THE_REST, None)]
            if self._object in self._own:
                self._options.append((AS_IN_PICTURE, self._own[self._object]))
            for number, centre in enumerate(now.model.clusters(class_id)[:MOST], start=1):
                self._options.append((f"style {number}", centre))
        self._draw(now)

    def _draw(self, now: Painting) -> None:
        items = []
        mask, instance = now.painter.mask, now.painter.instance
        area = _around(mask, instance, self._object)
        for title, vector in self._options:
            objects = dict(self.vectors)
            assert self._object is not None
            objects.pop(self._object, None)
            if vector is not None:
                objects[self._object] = vector
            picture = now.model.paint(mask, instance, now.style, objects)
            items.append({"title": title, "png": _cut(picture, area)})
        with self._row.hold_sync():
            self._row.items = items
            self._mark()

    def _mark(self) -> None:
        """Show which style the object has; the row must not take that for a choice."""
        has = self._chosen.get(self._object, (AS_THE_REST,))[0] if self._object is not None else ""
        self._row.unobserve(self._on_row, "chosen")
        self._row.chosen = self.choices.index(has) if has in self.choices else -1
        self._row.observe(self._on_row, "chosen")
        self._forget.layout.display = "" if self._chosen else "none"

    def _on_row(self, change: Mapping[str, int]) -> None:
        if self._object is None or not 0 <= change["new"] < len(self._options):
            return
        title, vector = self._options[change["new"]]
        if vector is None:
            self._chosen.pop(self._object, None)
        else:
            self._chosen[self._object] = (title, vector)
        self._forget.layout.display = "" if self._chosen else "none"
        self._on_change()


def _around(
    mask: np.ndarray, instance: np.ndarray | None, identity: int | None
) -> tuple[slice, slice]:
    """The part of the picture, in proportions 4 : 3, that shows an object."""
    ids = mask if instance is None else np.where(instance > 0, instance, mask)
    spots = np.argwhere(ids == identity)
    if not len(spots):
        return slice(None), slice(None)
    size, shape = np.array(mask.shape), np.array([3, 4])
    low, high = spots.min(0), spots.max(0) + 1
    unit = min(max(((high - low + 4) / shape).max(), 8), (size / shape).min())
    span = np.maximum(np.round(shape * unit).astype(int), 1)
    start = np.clip((low + high - span) // 2, 0, size - span)
    rows, columns = (slice(a, a + n) for a, n in zip(start, span, strict=True))
    return rows, columns


def _cut(picture: Tensor, area: tuple[slice, slice]) -> bytes:
    """A part of a picture as a PNG file."""
    part = ((picture + 1) * 127.5).round().clamp(0, 255).byte()[:, *area]
    return to_png(np.ascontiguousarray(part.permute(1, 2, 0).cpu().numpy()))
