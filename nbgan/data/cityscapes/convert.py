"""From a raw Cityscapes tree to the folder layout of pix2pixHD.

``RAW/leftImg8bit/train/aachen/aachen_…_leftImg8bit.png`` becomes
``OUT/train_img/aachen_…_leftImg8bit.png``, and class ids and instance ids go to ``train_label``
and ``train_inst``; ``val`` and ``test`` alike. :mod:`nbgan.data.pix2pixhd_folder` reads the result.

Files are hard links where the disk allows it, so the converted tree takes no space; do not edit
them in place. The tree is built whole beside ``OUT`` and then takes its name, so ``OUT`` is always
either as it was or complete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from nbgan.data.cityscapes.find import Frame, find_frames
from nbgan.data.cityscapes.tree import Tree
from nbgan.data.scan import Entry, check_entry
from nbgan.errors import InputError

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """What :func:`convert` did; ``str()`` says it in words.

    Args:
        out: the converted tree.
        frames: number of frames of each split that are there now and were asked for.
        without_instances: splits that have no instance maps.
        added, replaced, kept: files that are new, that differed from the raw ones, and that were
            there already.
        copied: how many of the first two had to be copied; the others are hard links.
        problems: every frame that was left out, as a sentence that names file and fix.
    """

    out: Path
    frames: dict[str, int]
    without_instances: tuple[str, ...]
    added: int
    replaced: int
    kept: int
    copied: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether no frame was left out."""
        return not self.problems

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return self.added + self.replaced > 0

    def __str__(self) -> str:
        lines = [f"{self.out}:"]
        for split, count in self.frames.items():
            bare = ", no instance maps" if split in self.without_instances else ""
            lines.append(f"  {split:<6} {count:>6,} frames{bare}")
        linked = self.added + self.replaced - self.copied
        if self.changed:
            lines.append(
                f"{self.added:,} files added, {self.replaced:,} replaced, {self.kept:,} kept "
                f"({linked:,} hard links, {self.copied:,} copies)"
            )
        else:
            lines.append(f"nothing to do: all {self.kept:,} files are there")
        if not self.problems:
            return "\n".join([*lines, "No frame was left out."])
        count = len(self.problems)
        lines.append(f"{count:,} problem{'s' if count > 1 else ''}:")
        lines += [f"  - {problem}" for problem in self.problems[:_SHOWN]]
        if count > _SHOWN:
            lines.append(f"  … and {count - _SHOWN:,} more")
        return "\n".join(lines)


def convert(
    raw: str | Path,
    out: str | Path,
    *,
    list_file: str | Path | None = None,
    splits: Sequence[str] | None = None,
    instances: bool | None = None,
    rgb: bool = False,
    copy: bool = False,
    progress: bool = True,
) -> Conversion:
    """Convert a raw tree. A second run adds what is missing and otherwise does nothing.

    Frames that lack a file, whose files differ in size or are of a wrong kind are left out and
    named; headers are read, no pixels. Other files in ``out``, such as feature maps, stay.

    Args:
        raw: folder that holds ``leftImg8bit`` and ``gtFine``.
        out: folder of the result; new, empty, or of an earlier conversion.
        list_file: which frames, see :mod:`nbgan.data.cityscapes.find`; ``None`` walks the tree.
        splits: only these; ``None`` takes all that there are.
        instances: ``True`` leaves out frames without instance map, ``False`` takes no instance
            maps, ``None`` is ``True`` for each split in which any frame has one.
        rgb: write ``trainA`` (the colour-coded maps) and ``trainB`` (the pictures) instead; for
            training without class ids.
        copy: copy files even where hard links work.
        progress: show a bar when there are many files.

    Raises:
        InputError: no frame to convert, a folder that is not the result of a conversion, a mixture
            of frames with and without instance maps, a full or protected disk. ``out`` is then as
            it was.
    """
    raw, out = Path(raw), Path(out)
    found = find_frames(raw, list_file=list_file, splits=splits, colors=rgb)
    problems = list(found.problems)
    frames = _with_instances(found.frames, False if rgb else instances, problems)
    frames = _usable(frames, problems, rgb=rgb)
    if not frames:
        listed = "".join(f"\n  - {problem}" for problem in problems[:_SHOWN])
        raise InputError(f"{raw}: no whole frame to convert; check the folder{listed}")
    tree = Tree(out, raw=raw)
    with tree.locked():
        tree.check_mixture(frames, rgb=rgb)
        targets = {
            f"{frame.split}{kind}/{source.name}": source
            for frame in frames
            for kind, source in _parts(frame, rgb=rgb).items()
        }
        done = tree.write(targets, copy=copy, progress=progress)
    counted = Counter(frame.split for frame in frames)
    bare = {frame.split for frame in frames if frame.instance is None}
    return Conversion(
        out=out,
        frames=dict(counted),
        without_instances=tuple(split for split in counted if split in bare),
        added=done.added,
        replaced=done.replaced,
        kept=done.kept,
        copied=done.copied,
        problems=tuple(problems),
    )


def _parts(frame: Frame, *, rgb: bool) -> dict[str, Path]:
    """What a folder's name ends in, and the frame's file for it."""
    if rgb:
        return {"A": frame.label, "B": frame.image}
    parts = {"_img": frame.image, "_label": frame.label}
    if frame.instance is not None:
        parts["_inst"] = frame.instance
    return parts


def _with_instances(
    frames: Sequence[Frame], instances: bool | None, problems: list[str]
) -> list[Frame]:
    """Leave out instance maps, or frames that lack theirs."""
    have = {frame.split for frame in frames if frame.instance is not None}
    kept = []
    for frame in frames:
        wanted = frame.split in have if instances is None else instances
        if not wanted:
            kept.append(replace(frame, instance=None))
        elif frame.instance is not None:
            kept.append(frame)
        else:
            problems.append(
                f"{frame.image}: no instance map {frame.key}_gtFine_instanceIds.png in "
                f"{frame.label.parent}. The frame is left out; convert without instance maps to "
                "keep it"
            )
    return kept


def _usable(frames: Sequence[Frame], problems: list[str], *, rgb: bool) -> list[Frame]:
    """The frames whose files' headers are as they should be."""
    entries = [
        Entry(key=frame.key, image=frame.image, source=frame.label)
        if rgb
        else Entry(key=frame.key, image=frame.image, label=frame.label, instance=frame.instance)
        for frame in frames
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        wrong = list(pool.map(check_entry, entries))
    problems += [f"{problem}. The frame is left out" for found in wrong for problem in found]
    return [frame for frame, found in zip(frames, wrong, strict=True) if not found]
