"""Edit a picture by its mask, in a notebook: sample or upload, embed, paint, optimise, save."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from nbgan.editgan import Editor, EditSession, EditSettings, EmbedSettings, VectorLibrary
from nbgan.editgan.descent import Watcher
from nbgan.editgan.record import SESSION_FILE
from nbgan.errors import InputError
from nbgan.widgets.controls import Notice, PictureRow, UploadButton, explain
from nbgan.widgets.edit_files import EditFiles
from nbgan.widgets.painter import Painter
from nbgan.widgets.strengths import StrengthSliders
from nbgan.widgets.styles import pixels
from nbgan.widgets.uploads import PICTURE_SUFFIXES, uploaded_picture
from nbgan.widgets.work import WorkBar

_SAVED = (
    "This is a saved page without a kernel: you can paint on the mask, but nothing answers. Open "
    "the notebook with “make lab”, or the studio with “make app”."
)


class EditPanel(widgets.VBox):
    """One picture that is being edited, and everything that one can do with it.

    Optimisations run in a thread of their own, so that they can be stopped; one at a time.

    Args:
        editor: the model, or the name of a shipped EditGAN or a model file.
        vectors: named vectors for the sliders; None takes those that ship.
        folder: where sessions are kept, one folder each; the newest is opened again. None makes a
            temporary one.
        seed: decides the sampled faces.

    Raises:
        InputError: no such model.
    """

    def __init__(
        self,
        editor: Editor | str = "editgan-avatars",
        *,
        vectors: VectorLibrary | None = None,
        folder: str | Path | None = None,
        seed: int = 0,
    ) -> None:
        if vectors is None:
            from nbgan.zoo.vectors import library

            vectors = library()
        self.editor = Editor.open(editor) if isinstance(editor, str) else editor
        self.folder = Path(folder or tempfile.mkdtemp(prefix="nbgan-edit-"))
        self._seed, self._number = seed, 0
        kept = sorted(self.folder.glob(f"*/{SESSION_FILE}"))
        if kept:
            self.session = EditSession.open(self.editor, kept[-1].parent)
        else:
            self.session = EditSession.sample(self.editor, self._new_folder(), seed=seed)
        model = self.editor.model
        self.painter = Painter(
            model.label_space,
            mask=self.session.record.painted.numpy(),
            label="mask of the picture",
        )
        self.painter.on_stroke(self._keep)
        self.sliders = StrengthSliders(vectors, model=model, on_change=self._apply)
        self.files = EditFiles(current=lambda: self.session)
        self._row = PictureRow(width=220)
        self._notice = Notice(saved=_SAVED)
        self._about = widgets.HTML()
        super().__init__(self._parts())
        self.add_class("nbgan-studio")
        self._follow()

    def _parts(self) -> list[widgets.Widget]:
        begin = [self._button("New face", self.sample), self._button("Come closer", self.embed)]
        self._work = WorkBar(
            cancel=self.cancel,
            say=self._notice.say,
            buttons=[
                self._button("Optimise", self.optimise),
                self._button("Refine sliders", self.refine),
                self._button("Go on", self.go_on),
                self._button("Edit the result next", self.accept),
            ],
            others=begin,
        )
        upload = UploadButton("Upload a picture …", accept=PICTURE_SUFFIXES, receive=self.upload)
        above = widgets.HBox([*begin, upload], layout={"flex_flow": "row wrap", "grid_gap": "8px"})
        top = widgets.VBox([self._about, above])
        below: list[widgets.Box | PictureRow] = [self._work, self._row, self.sliders, self.files]
        bottom = widgets.VBox(below)
        for part in below:
            part.add_class("nbgan-section")
        for part in (top, bottom):
            part.add_class("nbgan-live")
        return [top, self.painter, self._notice, bottom]

    def _button(self, words: str, action: Callable[[], None]) -> widgets.Button:
        button = widgets.Button(description=words, layout={"width": "auto"})

        def click(_: Any) -> None:
            try:
                action()
            except Exception as error:
                self._notice.say(explain(error), "error")

        button.on_click(click)
        return button

    # --- from Python -------------------------------------------------------------------------

    @property
    def mask(self) -> np.ndarray:
        """Class ids as painted so far, uint8 ``[H, W]``; set it to change the page."""
        return self.painter.mask

    @mask.setter
    def mask(self, value: np.ndarray | Tensor) -> None:
        self.painter.mask = value

    @property
    def strengths(self) -> dict[str, float]:
        """The named vectors that are added, by name; set it to add others."""
        return self.sliders.strengths

    @strengths.setter
    def strengths(self, value: Mapping[str, float]) -> None:
        self.sliders.strengths = value
        self._apply()

    @property
    def message(self) -> str:
        """What the panel says."""
        return self._notice.text

    def sample(self) -> None:
        """Begin anew with another sampled face."""
        self._work.check_idle()
        self._number += 1
        self._begin(
            EditSession.sample(
                self.editor, self._new_folder(), number=self._number, seed=self._seed
            )
        )
        self._notice.say("A sampled face; its code is known.")

    def upload(self, name: str, content: bytes) -> str:
        """Begin anew with a picture file; returns what to tell.

        Raises:
            InputError: not a readable picture; an optimisation is under way.
        """
        self._work.check_idle()
        grid = self.editor.model.grid
        made = uploaded_picture(name, content, (grid.height, grid.width))
        assert isinstance(made.value, Tensor)
        self._begin(EditSession.upload(self.editor, self._new_folder(), made.value, source=name))
        record = self.session.record
        warning = f" Beware: {record.note}." if record.note else ""
        note = f" ({made.note})" if made.note else ""
        return (
            f"{name}{note}: embedding error {record.error:.3f}, PSNR {record.psnr:.1f} dB."
            f"{warning} “Come closer” improves it."
        )

    def embed(self, steps: int | None = None) -> None:
        """Bring the code nearer to the picture; forgets the edit."""
        settings = EmbedSettings(steps=self._work.steps if steps is None else steps)
        self._start("Embedding", lambda watch: self.session.embed(settings, watch=watch))

    def optimise(self, steps: int | None = None) -> None:
        """Let the picture have the painted mask.

        Raises:
            InputError: an optimisation is under way.
        """
        settings = EditSettings(steps=self._work.steps if steps is None else steps)
        mask = torch.from_numpy(self.mask.astype(np.int64))

        def work(watch: Watcher) -> None:
            self.session.paint(mask)
            self.session.optimise(settings, watch=watch)

        self._start("Optimising", work)

    def refine(self, steps: int | None = None) -> None:
        """Apply the sliders' vectors, and optimise from there.

        Raises:
            InputError: all sliders are at 0; an optimisation is under way.
        """
        vector = self.sliders.vector()
        if vector is None:
            raise InputError("all sliders are at 0, so there is nothing to refine; move one")
        settings = EditSettings(steps=self._work.steps if steps is None else steps)
        self._start(
            "Refining", lambda watch: self.session.apply(vector, settings=settings, watch=watch)
        )

    def go_on(self) -> None:
        """Go on with what was stopped."""
        if not self.session.unfinished:
            raise InputError("nothing was stopped, so there is nothing to go on with")
        self._start("Going on", lambda watch: self.session.go_on(watch=watch))

    def cancel(self) -> None:
        """Stop after the present step; what was reached is kept."""
        self.session.cancel()

    def wait(self) -> None:
        """Wait until nothing is under way."""
        self._work.wait()

    def accept(self) -> None:
        """Take the edited picture as the one to edit next."""
        self._work.check_idle()
        self.session.accept()
        self._reset_sliders()
        self._follow()
        self._notice.say("The edited picture is the one to edit now.")

    # --- work --------------------------------------------------------------------------------

    def _new_folder(self) -> Path:
        taken = [int(path.name) for path in self.folder.glob("[0-9]*") if path.name.isdigit()]
        return self.folder / f"{max(taken, default=0) + 1:04d}"

    def _begin(self, session: EditSession) -> None:
        self.session = session
        self._reset_sliders()
        self._follow()

    def _reset_sliders(self) -> None:
        self.sliders.strengths = {}

    def _keep(self, mask: np.ndarray) -> None:
        """A stroke is finished; it survives the program."""
        if not self._work.busy:
            self.session.paint(torch.from_numpy(mask.astype(np.int64)))

    def _apply(self) -> None:
        """The sliders moved: add what they say."""
        try:
            self._work.check_idle()
            vector = self.sliders.vector()
            if vector is None:
                self.session.record.edit = self.session.record.edited = None
                self.session.paint(self.session.before.label[0])
            else:
                self.session.apply(vector)
            self._follow()
        except Exception as error:
            self._notice.say(explain(error), "error")

    def _start(self, words: str, work: Callable[[Watcher], None]) -> None:
        self._work.start(words, work, done=self._tell_result)

    def _tell_result(self) -> None:
        self._follow()
        record = self.session.record
        stopped = f" Stopped: {self.session.unfinished}." if self.session.unfinished else ""
        if record.edit is None:
            self._notice.say(f"Embedding error {record.error:.3f}.{stopped}")
            return
        scores = self.session.result.scores()
        self._notice.say(
            f"IoU in the region {scores.iou:.2f}; outside: PSNR {scores.psnr:.1f} dB, "
            f"{scores.moved:.1%} of the pixels changed their class.{stopped}"
        )

    def _follow(self) -> None:
        """Show the session as it is."""
        before, after = self.session.before, self.session.after
        edited = self.session.record.edited is not None
        mask = after.label[0] if edited else self.session.record.painted
        self.painter.mask = mask.cpu().numpy().astype(np.uint8)
        self.painter.picture = after.image[0]
        shown = [("given", self.session.image), ("as the generator knows it", before.image[0])]
        if edited:
            shown.append(("edited", after.image[0]))
        self._row.show(*((title, pixels(image.cpu())) for title, image in shown))
        source = html.escape(f"{self.editor.name or 'model'}: {self.session.record.source}")
        self._about.value = (
            f"<p class='nbgan-words'>{source}; kept in {html.escape(str(self.session.folder))}</p>"
        )
