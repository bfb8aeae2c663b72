"""The studio with both ways of working: paint from a mask, or edit a picture by its mask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from nbgan import zoo
from nbgan.widgets.controls import Notice, explain
from nbgan.widgets.edit_panel import EditPanel
from nbgan.widgets.studio import Studio

PAINT, EDIT = "Paint from a mask", "Edit a picture"


def editing_models() -> list[str]:
    """The models of the zoo that edit pictures."""
    return [name for name in zoo.names() if zoo.card(name)["system"] == "editgan"]


class Desk(widgets.VBox):
    """A studio, and a panel for edits that is opened when it is first asked for.

    Args:
        seed: decides what is sampled.
        options: as for :class:`~nbgan.widgets.studio.Studio`.
    """

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        self.studio = Studio(seed=seed, **options)
        self.panel: EditPanel | None = None
        self._seed = seed
        self._models = editing_models()
        self._choice = widgets.ToggleButtons(options=[PAINT, EDIT], description="")
        self._notice = Notice()
        above = widgets.VBox([self._choice, self._notice])
        above.add_class("nbgan-live")
        above.layout.display = "" if self._models else "none"
        self._place = widgets.VBox([self.studio])
        super().__init__([above, self._place])
        self.add_class("nbgan-studio")
        self._choice.observe(self._on_choice, "value")

    def show(self, what: str) -> None:
        """Show :data:`PAINT` or :data:`EDIT`."""
        self._choice.value = what

    def _on_choice(self, change: Mapping[str, Any]) -> None:
        if change["new"] == PAINT:
            self._place.children = [self.studio]
            return
        try:
            self.panel = self.panel or EditPanel(self._models[0], seed=self._seed)
        except Exception as error:
            self._notice.say(explain(error), "error")
            self._choice.value = PAINT
            return
        self._notice.say("")
        self._place.children = [self.panel]
