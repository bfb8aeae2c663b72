"""A session: one picture from upload or sample to the saved edit; chapter, studio and command line
share it.

Everything is kept on disk after each step, and every few iterations of an optimisation. A session
whose program died is opened again and goes on where it was, with the same numbers.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from nbgan.data.pictures import to_float, to_uint8
from nbgan.datasetgan.generators import draw_latents
from nbgan.editgan.descent import Descent, Progress, Watcher
from nbgan.editgan.editor import Editor
from nbgan.editgan.edits import edit_mask, edit_vector
from nbgan.editgan.embedding import embed
from nbgan.editgan.joint import View
from nbgan.editgan.record import SESSION_FILE, Record, read_record, write_record
from nbgan.editgan.result import Result
from nbgan.editgan.terms import EditSettings, EmbedSettings
from nbgan.editgan.vectors import EditVector
from nbgan.errors import InputError

KEEP_EVERY = 5
"""Iterations after which an optimisation is kept on disk."""


class EditSession:
    """One picture that is being edited. Start one with :meth:`sample`, :meth:`upload` or
    :meth:`open`.

    Args:
        editor: the model.
        folder: where the session is kept.
        record: what it is.
    """

    def __init__(self, editor: Editor, folder: str | Path, record: Record) -> None:
        self.editor, self.folder, self.record = editor, Path(folder), record
        self._cancelled = False

    # --- beginning -------------------------------------------------------------------------

    @classmethod
    def sample(
        cls, editor: Editor, folder: str | Path, *, number: int = 0, seed: int = 0, psi: float = 0.7
    ) -> EditSession:
        """Begin with a picture that the generator samples; number and seed decide it.

        Raises:
            InputError: the folder holds a session already.
        """
        w_plus = draw_latents(editor.model.generator, [number], seed=seed, psi=psi).cpu()
        image = editor.model.view(w_plus).image[0]
        return cls._begin(editor, folder, image, w_plus, source=f"sample {number} of seed {seed}")

    @classmethod
    def upload(
        cls, editor: Editor, folder: str | Path, image: Tensor, *, source: str = "upload"
    ) -> EditSession:
        """Begin with a given picture, as the encoder knows it; :meth:`embed` comes closer.

        Args:
            editor: the model.
            folder: where to keep the session.
            image: ``[3, H, W]`` in [−1, 1], as :meth:`Editor.read` gives it.
            source: where it is from, in words.

        Raises:
            InputError: a picture of another size; the folder holds a session already.
        """
        first = embed(editor.model, image[None], editor.distance, settings=EmbedSettings(steps=0))
        session = cls._begin(editor, folder, image, first.w_plus.cpu(), source=source)
        session.record.error, session.record.psnr = first.error, first.psnr
        session.record.note = editor.strange(first.error)
        session.keep()
        return session

    @classmethod
    def open(cls, editor: Editor, folder: str | Path) -> EditSession:
        """Open a session again, whatever became of the program that ran it.

        Raises:
            InputError: no session there, a damaged one, or one of another generator.
        """
        record = read_record(folder)
        if record.generator != editor.model.mark:
            raise InputError(
                f"{folder}: a session with generator {record.generator[:8]}…, this one is "
                f"{editor.model.mark[:8]}…; open it with '{record.model}' as it was then"
            )
        return cls(editor, folder, record)

    @classmethod
    def _begin(
        cls, editor: Editor, folder: str | Path, image: Tensor, w_plus: Tensor, *, source: str
    ) -> EditSession:
        file = Path(folder) / SESSION_FILE
        if file.exists():
            raise InputError(f"{file}: there is a session already; open it, or use another folder")
        record = Record(
            model=editor.name,
            generator=editor.model.mark,
            source=source,
            image=to_uint8(image.cpu()),
            w_plus=w_plus,
            painted=editor.model.view(w_plus).label[0].to(torch.uint8).cpu(),
        )
        session = cls(editor, folder, record)
        session.keep()
        return session

    # --- looking ---------------------------------------------------------------------------

    @property
    def image(self) -> Tensor:
        """The picture as it was given or sampled, ``[3, H, W]`` in [−1, 1]."""
        return to_float(self.record.image)

    @property
    def before(self) -> View:
        """The picture as the generator knows it, and its mask."""
        return self.editor.model.view(self.record.w_plus)

    @property
    def after(self) -> View:
        """The edited picture and its mask; before the first edit, those of :attr:`before`."""
        edited = self.record.edited
        return self.before if edited is None else self.editor.model.view(edited)

    @property
    def result(self) -> Result:
        """The edit as it is now: compared, and taken away.

        Raises:
            InputError: there is no edit yet.
        """
        record = self.record
        if record.edit is None or record.edited is None:
            raise InputError("this session has no edit yet; paint and optimise, or apply a vector")
        return Result(editor=self.editor, image=self.image, edit=record.edit, edited=record.edited)

    @property
    def unfinished(self) -> str:
        """What :meth:`go_on` would go on with, in words; empty if nothing is under way."""
        return self.record.unfinished

    # --- working ---------------------------------------------------------------------------

    def embed(self, settings: EmbedSettings | None = None, *, watch: Watcher | None = None) -> None:
        """Come closer to the given picture by optimisation; forgets edits."""
        settings = settings or EmbedSettings()
        start = self.editor.model.encode(self.editor.model.square(self.image[None]))
        self._start("embedding", Descent(start), embedding=settings, edit=None, edited=None)
        self.go_on(watch=watch)

    def paint(self, mask: Tensor) -> None:
        """Keep a painted mask: the wish, integer ``[H, W]``.

        Raises:
            InputError: another size, or unknown classes; the earlier one is kept.
        """
        self.editor.model.label_space.check(mask.cpu().numpy(), where="painted mask")
        if mask.shape != self.record.painted.shape:
            raise InputError(
                f"painted mask: got {list(mask.shape)}, the picture has "
                f"{list(self.record.painted.shape)}"
            )
        self.record.painted = mask.to(torch.uint8).cpu()
        self.keep()

    def optimise(
        self,
        settings: EditSettings | None = None,
        *,
        region: Tensor | None = None,
        watch: Watcher | None = None,
    ) -> None:
        """Edit from scratch: let the picture have the painted mask.

        Args:
            settings: None for the published ones.
            region: where, bool ``[H, W]``; None takes the pixels that were painted.
            watch: told of each iteration; may stop it.

        Raises:
            InputError: the mask changes nothing.
        """
        model = self.editor.model
        edit = edit_mask(
            model, self.record.w_plus, self.record.painted, region=region, settings=settings
        )
        self._start("editing", edit.descent(), edit=edit, edited=edit.start)
        self.go_on(watch=watch)

    def apply(
        self,
        vector: EditVector,
        *,
        strength: float = 1.0,
        settings: EditSettings | None = None,
        watch: Watcher | None = None,
    ) -> None:
        """Edit by a vector; ``settings.steps`` iterations of refinement, None for none.

        Raises:
            InputError: a vector of another generator.
        """
        edit = edit_vector(
            self.editor.model, self.record.w_plus, vector, strength=strength, settings=settings
        )
        self._start("editing", edit.descent(), edit=edit, edited=edit.start)
        self.go_on(watch=watch)

    def go_on(self, *, watch: Watcher | None = None) -> None:
        """Go on with what is under way, up to its end or until :meth:`cancel`."""
        if self.record.stage == "ready":
            return
        self._cancelled = False
        descent = Descent(self.record.descent["w_plus"], rows=self.record.rows)
        descent.resume(self.record.descent)

        def each(now: Progress) -> bool:
            if self.record.stage == "editing":
                self.record.edited = now.w_plus.cpu()
            self.record.descent = descent.state()
            if now.step % KEEP_EVERY == 0:
                self.keep()
            told = None if watch is None else watch(now)
            return told is not False and not self._cancelled

        try:
            self._run(descent, each)
            if descent.step >= self.record.steps:
                self.record.stage, self.record.descent = "ready", {}
        finally:
            self.keep()

    def cancel(self) -> None:
        """Stop the optimisation after its present iteration; may be called from another thread.
        What was reached is kept, and :meth:`go_on` goes on."""
        self._cancelled = True

    def accept(self) -> None:
        """Take the edited picture as the one to edit next."""
        now = self.result
        self.record = replace(
            self.record,
            image=to_uint8(now.after.image[0].cpu()),
            w_plus=now.edited.to(now.edit.before),
            painted=now.after.label[0].to(torch.uint8).cpu(),
            stage="ready",
            edit=None,
            edited=None,
            descent={},
        )
        self.keep()

    def _start(self, stage: str, descent: Descent, **fields: object) -> None:
        self.record = replace(
            self.record,
            stage=stage,  # type: ignore[arg-type]
            descent=descent.state(),
            **fields,  # type: ignore[arg-type]
        )
        self.keep()

    def _run(self, descent: Descent, watch: Watcher) -> None:
        editor, record = self.editor, self.record
        if record.stage == "embedding":
            found = embed(
                editor.model,
                self.image[None],
                editor.distance,
                settings=record.embedding,
                descent=descent,
                watch=watch,
            )
            record.w_plus, record.error, record.psnr = found.w_plus.cpu(), found.error, found.psnr
            record.painted = self.before.label[0].to(torch.uint8).cpu()
        else:
            assert record.edit is not None
            edited = record.edit.run(editor.model, editor.distance, descent=descent, watch=watch)
            record.edited = edited.cpu()

    def keep(self) -> None:
        """Write the session to disk; done by itself after each step."""
        write_record(self.folder, self.record)
