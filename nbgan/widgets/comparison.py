"""Two answers to one mask side by side: another style, or another model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np

from nbgan.errors import InputError
from nbgan.widgets.controls import PictureRow, explain
from nbgan.widgets.painter import Painter
from nbgan.widgets.painting import PaintingModel, Scene
from nbgan.widgets.styles import SAMPLED, StyleChoice, pixels

NOTHING, STYLE = "nothing", "another style"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is to be compared: who paints which mask, in which style."""

    model: PaintingModel
    style: StyleChoice
    painter: Painter


class Comparison(widgets.VBox):
    """Choose what to compare with, and see both.

    Args:
        pictures: pictures to take a style from, as in :class:`StyleChoice`.
        seed: of the other style.
        current: gives the answer to compare with.
        opened: gives a model by name.
        complain: told what went wrong.
    """

    def __init__(
        self,
        *,
        pictures: dict[str, Scene],
        seed: int,
        current: Callable[[], Answer],
        opened: Callable[[str], PaintingModel],
        complain: Callable[[str], None],
    ) -> None:
        self._current, self._opened, self._complain = current, opened, complain
        self._due = False
        self._with = widgets.Dropdown(
            options=[NOTHING],
            description="Compare with",
            style={"description_width": "initial"},
            layout={"width": "min(420px, 98%)"},
        )
        self.style_choice = StyleChoice(
            "The other style", pictures=pictures, source=SAMPLED, seed=seed, on_change=self.renew
        )
        self.row = PictureRow(width=300)
        super().__init__([self._with, self.style_choice, self.row])
        self._with.observe(lambda _: self._follow(), "value")
        self._follow()

    def offer(self, models: Sequence[str], *, styles: bool) -> None:
        """Say what can be compared with; the present choice is kept if it is among it."""
        options = [NOTHING, *([STYLE] if styles else []), *models]
        kept = self._with.value if self._with.value in options else NOTHING
        self._with.options = options
        self._with.value = kept
        self._follow()

    def choose(self, what: str) -> None:
        """Compare with ``"nothing"``, ``"another style"`` or a model's name.

        Raises:
            InputError: it is not offered.
        """
        if what not in self._with.options:
            raise InputError(f"compare with '{what}': choose one of {list(self._with.options)}")
        self._with.value = what

    def renew(self) -> None:
        """Compare again once the messages under way are sent; once for many requests."""
        if self._due:
            return
        self._due = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._show()
        else:
            loop.call_soon(self._show)

    def _follow(self) -> None:
        self.style_choice.layout.display = "" if self._with.value == STYLE else "none"
        if self._with.value == NOTHING:
            self.row.show()
        else:
            self.renew()

    def _show(self) -> None:
        self._due = False
        if self._with.value == NOTHING:
            return
        try:
            self.row.show(*self._both())
        except Exception as error:
            self.row.show()
            self._complain(f"No comparison: {explain(error)}")

    def _both(self) -> list[tuple[str, np.ndarray]]:
        now = self._current()
        own = now.painter.picture
        if own is None:
            return []
        other, choice = now.model, self.style_choice
        if self._with.value != STYLE:
            other, choice = self._opened(self._with.value), now.style
        if not now.model.fits(other):
            raise InputError(
                f"{other.name} paints other classes than {now.model.name}; choose a model for "
                f"{now.model.label_space.name}"
            )
        mask, instance = now.painter.mask, now.painter.instance
        maps = (other.resized(mask), None if instance is None else other.resized(instance))
        return [
            (_title(now.model, now.style), own),
            (_title(other, choice), pixels(other.paint(*maps, choice.style(other)))),
        ]


def _title(model: PaintingModel, choice: StyleChoice) -> str:
    return f"{model.name}, {choice.words if model.has_styles else 'its only style'}"
