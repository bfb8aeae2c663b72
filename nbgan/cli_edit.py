"""``nbgan edit …``: edit pictures by their masks, and with vectors; each session is a folder.

Every command leaves ``before.png``, ``picture.png`` and ``mask.png`` in the session's folder. A
command that was stopped, or died, is taken up by ``nbgan edit resume``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from nbgan.errors import InputError

if TYPE_CHECKING:
    from nbgan.editgan import EditSession
    from nbgan.editgan.descent import Progress, Watcher

app = tyro.extras.SubcommandApp()
Blending = Literal["none", "plain", "poisson"]


@app.command
def sample(
    model: Annotated[str, tyro.conf.Positional],
    session: Annotated[Path, tyro.conf.Positional],
    /,
    number: int = 0,
    seed: int = 0,
    psi: float = 0.7,
) -> None:
    """Begin a session with a sampled picture.

    Args:
        model: name of a shipped EditGAN, or path of its model file.
        session: new folder.
        number: which picture of the seed.
        seed: decides the pictures.
        psi: truncation; 1 for none.
    """
    from nbgan.editgan import Editor, EditSession

    editor = Editor.open(model)
    _finish(EditSession.sample(editor, session, number=number, seed=seed, psi=psi))


@app.command
def upload(
    model: Annotated[str, tyro.conf.Positional],
    session: Annotated[Path, tyro.conf.Positional],
    picture: Annotated[Path, tyro.conf.Positional],
    /,
    steps: int = 100,
) -> None:
    """Begin a session with a picture of yours: embed it.

    Args:
        model: name of a shipped EditGAN, or path of its model file.
        session: new folder.
        picture: of any size, mode and orientation; its middle is taken.
        steps: iterations that the embedding is improved by; 0 takes the encoder's answer.
    """
    from nbgan.editgan import Editor, EditSession, EmbedSettings

    settings = EmbedSettings(steps=steps)
    editor = Editor.open(model)
    begun = EditSession.upload(editor, session, editor.read(picture), source=picture.name)
    if begun.record.note:
        print(f"warning: {begun.record.note}")
    with _watched("embedding") as watch:
        begun.embed(settings, watch=watch)
    _finish(begun)


@app.command
def mask(
    session: Annotated[Path, tyro.conf.Positional],
    mask: Annotated[Path, tyro.conf.Positional],
    /,
    steps: int = 30,
    blend: Blending = "none",
) -> None:
    """Let the session's picture have another mask: an edit from scratch.

    Args:
        session: folder of the session.
        mask: its mask.png, edited: an indexed or grey PNG of class ids, of the same size.
        steps: iterations.
        blend: outside the edited region: the generator's picture, or the original, plain or with
            Poisson blending.
    """
    import torch

    from nbgan.editgan import EditSettings

    settings = EditSettings(steps=steps)
    opened = _open(session)
    opened.paint(torch.from_numpy(opened.editor.model.label_space.read_png(mask)))
    with _watched("editing") as watch:
        opened.optimise(settings, watch=watch)
    _finish(opened, blend)


@app.command
def apply(
    session: Annotated[Path, tyro.conf.Positional],
    library: Annotated[Path, tyro.conf.Positional],
    name: Annotated[str, tyro.conf.Positional],
    /,
    strength: float = 1.0,
    steps: int = 0,
    blend: Blending = "none",
) -> None:
    """Edit the session's picture with a vector.

    Args:
        session: folder of the session.
        library: folder of vectors.
        name: of the vector.
        strength: 1 adds it as it is, a negative one takes it away.
        steps: iterations of refinement, 0 to 100.
        blend: as for `mask`.
    """
    from nbgan.editgan import EditSettings, VectorLibrary

    settings = EditSettings(steps=steps)
    vector = VectorLibrary(library).load(name)
    opened = _open(session)
    with _watched("refining") as watch:
        opened.apply(vector, strength=strength, settings=settings, watch=watch)
    _finish(opened, blend)


@app.command
def resume(session: Annotated[Path, tyro.conf.Positional], /, blend: Blending = "none") -> None:
    """Go on with what was stopped in a session.

    Args:
        session: folder of the session.
        blend: as for `mask`.
    """
    opened = _open(session)
    print(opened.unfinished or "nothing is unfinished")
    with _watched(opened.record.stage) as watch:
        opened.go_on(watch=watch)
    _finish(opened, blend)


@app.command
def save(
    session: Annotated[Path, tyro.conf.Positional],
    library: Annotated[Path, tyro.conf.Positional],
    name: Annotated[str, tyro.conf.Positional],
    /,
    classes: tuple[str, ...] = (),
    replace: bool = False,
) -> None:
    """Keep the session's edit as a vector, with a preview beside it.

    Args:
        session: folder of the session.
        library: folder of vectors; made if it is not there.
        name: lower-case words with hyphens, such as close-eyes.
        classes: what the edit is about; by default the classes of which a quarter came or went.
        replace: write over a vector of that name.
    """
    from nbgan.editgan import VectorLibrary

    vector = _open(session).result.vector(name, classes=classes or None)
    file = VectorLibrary(library).save(vector, replace=replace)
    print(f"{file}: {', '.join(vector.classes)}")


@app.command(name="list")
def list_vectors(library: Annotated[Path, tyro.conf.Positional], /) -> None:
    """List the vectors of a library.

    Args:
        library: folder of vectors.
    """
    from nbgan.editgan import VectorLibrary

    vectors = VectorLibrary(library)
    if not library.is_dir():
        raise InputError(f"{library}: no such folder; `nbgan edit save` makes a library")
    for name in vectors.names():
        vector = vectors.load(name)
        classes = ", ".join(vector.classes)
        print(f"{name:24} {classes:40} generator {vector.generator[:8]}…")


def _open(folder: Path) -> EditSession:
    """A session, with the model that it was begun with."""
    from nbgan.editgan import Editor, EditSession
    from nbgan.editgan.record import read_record

    return EditSession.open(Editor.open(read_record(folder).model), folder)


@contextmanager
def _watched(what: str) -> Iterator[Watcher]:
    """A progress bar for an optimisation; Ctrl-C stops it and keeps what was reached."""
    from tqdm.auto import tqdm

    with tqdm(unit="step", desc=what) as bar:

        def watch(now: Progress) -> None:
            bar.total = now.steps
            bar.update(now.step - bar.n)
            bar.set_postfix({name: f"{value:.3g}" for name, value in now.losses.items()})

        try:
            yield watch
        except KeyboardInterrupt:
            raise InputError(
                "stopped; what was reached is kept, `nbgan edit resume` goes on"
            ) from None


def _finish(session: EditSession, blending: Blending = "none") -> None:
    """Write the pictures, and say how it went."""
    from nbgan.editgan.preview import mask_png, png
    from nbgan.train.checkpoint import write_atomically

    record, folder = session.record, session.folder
    if record.edit is None:
        before = session.before
        write_atomically(folder / "before.png", png(session.image))
        write_atomically(folder / "picture.png", png(before.image[0]))
        write_atomically(
            folder / "mask.png", mask_png(before.label[0], session.editor.model.label_space)
        )
        print(f"{record.source}: embedding error {record.error:.4f}, PSNR {record.psnr:.1f} dB")
        print(f"edit a copy of {folder / 'mask.png'}, then: nbgan edit mask {folder} COPY")
        return
    result = session.result
    result.export(folder, blending=blending)
    scores = result.scores()
    print(f"IoU in the region: {scores.iou:.4f}")
    print(f"outside: PSNR {scores.psnr:.1f} dB, distance {scores.distance:.5f}")
    print(f"pictures: {folder}")
