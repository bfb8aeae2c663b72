"""Sliders for the strengths of editing vectors; what they say together is one vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import torch

from nbgan.editgan import EditVector, JointModel, VectorLibrary
from nbgan.errors import InputError

MOST = 2.0
"""Strengths go from minus this to this; beyond, pictures fall apart."""


class StrengthSliders(widgets.VBox):
    """A slider for each vector of a library that fits a model.

    Args:
        library: named vectors.
        model: what they are added to; vectors of other generators are left out.
        on_change: called when a slider was moved.
    """

    def __init__(
        self, library: VectorLibrary, *, model: JointModel, on_change: Callable[[], None]
    ) -> None:
        self._on_change, self._quiet = on_change, False
        found = {name: library.load(name) for name in library.names()}
        self.vectors = {n: v for n, v in found.items() if v.generator == model.mark}
        self._sliders = {name: self._slider(name) for name in self.vectors}
        box = widgets.Box(
            list(self._sliders.values()),
            layout={"display": "grid", "grid_template_columns": "repeat(auto-fill, 300px)"},
        )
        words = "Strength of named vectors" if found else "No named vectors are here."
        left_out = len(found) - len(self.vectors)
        if left_out:
            words += f" ({left_out} of another generator left out)"
        super().__init__([widgets.HTML(f"<p class='nbgan-words'>{words}</p>"), box])

    def _slider(self, name: str) -> widgets.FloatSlider:
        slider = widgets.FloatSlider(
            0.0,
            min=-MOST,
            max=MOST,
            step=0.1,
            description=name,
            readout_format=".1f",
            continuous_update=False,
            style={"description_width": "110px"},
            layout={"width": "290px"},
        )
        slider.observe(self._moved, "value")
        return slider

    def _moved(self, _: Any) -> None:
        if not self._quiet:
            self._on_change()

    @property
    def strengths(self) -> dict[str, float]:
        """The vectors that are not at 0; set it to move the sliders, those not named go to 0.

        Raises:
            InputError: an unknown vector, or a strength that no slider can show.
        """
        return {name: s.value for name, s in self._sliders.items() if s.value}

    @strengths.setter
    def strengths(self, wanted: Mapping[str, float]) -> None:
        for name, value in wanted.items():
            if name not in self._sliders:
                known = ", ".join(self._sliders) or "none"
                raise InputError(f"strengths: no vector '{name}' here; there are {known}")
            if not -MOST <= value <= MOST:
                raise InputError(
                    f"strength of '{name}': got {value}, allowed are {-MOST} to {MOST}"
                )
        self._quiet = True
        try:
            for name, slider in self._sliders.items():
                slider.value = wanted.get(name, 0.0)
        finally:
            self._quiet = False

    def vector(self) -> EditVector | None:
        """The sum of all vectors at their strengths; None if all are at 0."""
        parts = [(self.vectors[name], value) for name, value in self.strengths.items()]
        if not parts:
            return None
        first = parts[0][0]
        return EditVector(
            name="-and-".join(vector.name for vector, _ in parts),
            direction=torch.stack([value * v.direction for v, value in parts]).sum(dim=0),
            region=torch.stack([vector.region for vector, _ in parts]).any(dim=0),
            classes=tuple(dict.fromkeys(c for vector, _ in parts for c in vector.classes)),
            generator=first.generator,
        )
