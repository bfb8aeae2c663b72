"""An optimisation under way: its steps, its progress, and a button that stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import ipywidgets as widgets

from nbgan.editgan.descent import Progress, Watcher
from nbgan.errors import InputError
from nbgan.widgets.controls import explain


class WorkBar(widgets.HBox):
    """Runs one piece of work at a time, in a thread of its own, so that it can be stopped.

    Args:
        cancel: stops what is under way after its present step.
        say: told what happens, with the kind ``"info"`` or ``"error"``.
        buttons: shown before the progress bar; all are out of use while work is under way.
        others: buttons elsewhere that are, too.
    """

    def __init__(
        self,
        *,
        cancel: Callable[[], None],
        say: Callable[[str, str], None],
        buttons: Sequence[widgets.Button],
        others: Sequence[widgets.Button] = (),
    ) -> None:
        self._say, self._buttons = say, [*buttons, *others]
        self._thread: threading.Thread | None = None
        self._steps = widgets.BoundedIntText(
            30, min=1, max=500, description="Steps", layout={"width": "150px"}
        )
        self._progress = widgets.IntProgress(0, layout={"width": "220px"})
        self._stop = widgets.Button(description="Stop", disabled=True, layout={"width": "auto"})
        self._stop.on_click(lambda _: cancel())
        super().__init__(
            [self._steps, *buttons, self._stop, self._progress],
            layout={"flex_flow": "row wrap", "grid_gap": "8px"},
        )

    @property
    def steps(self) -> int:
        """Steps that the user asks for."""
        return self._steps.value

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self._thread is not None and self._thread.is_alive()

    def check_idle(self) -> None:
        """Raise InputError if work is under way."""
        if self.busy:
            raise InputError("an optimisation is under way; wait for it, or press Stop")

    def wait(self) -> None:
        """Wait until nothing is under way."""
        if self._thread is not None:
            self._thread.join()

    def start(
        self, words: str, work: Callable[[Watcher], None], *, done: Callable[[], None]
    ) -> None:
        """Begin.

        Args:
            words: what it is, as in "Embedding".
            work: takes a watcher, to be told of each step.
            done: called afterwards, in the same thread.

        Raises:
            InputError: other work is under way.
        """
        self.check_idle()

        def watch(now: Progress) -> None:
            self._progress.max, self._progress.value = now.steps, now.step
            terms = ", ".join(f"{name} {value:.3g}" for name, value in now.losses.items())
            self._say(f"{words}, step {now.step} of {now.steps}: {terms}", "info")

        def run() -> None:
            try:
                work(watch)
                done()
            except Exception as error:
                self._say(explain(error), "error")
            finally:
                self._offer(True)

        self._offer(False)
        self._progress.value = 0
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def _offer(self, idle: bool) -> None:
        for button in self._buttons:
            button.disabled = not idle
        self._stop.disabled = idle
