"""A folder that changes as a whole: built beside itself, then renamed."""

from __future__ import annotations

import errno
import filecmp
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from nbgan.data.cityscapes.classes import CITYSCAPES
from nbgan.data.cityscapes.find import Frame
from nbgan.errors import InputError

_MARK = "conversion.json"
_FORMAT = "nbgan pix2pixhd folder 1"
_LABEL_SPACE = "label_space.json"
_MANY = 2000
_NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True, kw_only=True)
class Written:
    """Numbers of files: new ones, replaced ones, ones already there, and copies among the new."""

    added: int
    replaced: int
    kept: int
    copied: int


class Tree:
    """The converted folder.

    Args:
        out: the folder; it need not exist.
        raw: where the files come from; neither folder may lie in the other.

    Raises:
        InputError: ``out`` is a file, holds something else than a conversion, or overlaps ``raw``.
    """

    def __init__(self, out: Path, *, raw: Path) -> None:
        self.out = out.resolve()
        source = raw.resolve()
        if self.out == source or source in self.out.parents or self.out in source.parents:
            raise InputError(
                f"{out}: lies in the raw tree {raw}, or around it; choose a folder beside it"
            )
        self._partial = self.out.with_name(f".{self.out.name}.partial")
        self._old = self.out.with_name(f".{self.out.name}.old")
        self._lock = self.out.with_name(f".{self.out.name}.lock")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other conversions out, and clear away what a killed one left.

        Raises:
            InputError: a folder that is not a conversion's, or a disk that cannot be written.
        """
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock):
                self._recover()
                self._check_ours()
                yield
        except OSError as error:
            raise InputError(
                f"{self.out}: cannot convert to this folder ({error}); it is as it was. Free "
                "some space, or choose a folder that you may write to"
            ) from None

    def _recover(self) -> None:
        if self._old.is_dir():
            if self.out.exists():
                shutil.rmtree(self._old)
            else:
                os.rename(self._old, self.out)
        if self._partial.is_dir():
            shutil.rmtree(self._partial)

    def _check_ours(self) -> None:
        if not self.out.exists():
            return
        if not self.out.is_dir():
            raise InputError(f"{self.out}: is a file; choose a folder")
        inside = sorted(path.name for path in self.out.iterdir())
        if inside and _MARK not in inside:
            raise InputError(
                f"{self.out}: holds files that no conversion wrote ({', '.join(inside[:8])}); "
                "choose a new or empty folder"
            )

    def check_mixture(self, frames: Sequence[Frame], *, rgb: bool) -> None:
        """Raise InputError if some frames of a split would have instance maps and some not."""
        for split in sorted({frame.split for frame in frames}):
            kind = "B" if rgb else "_img"
            there = self._names(f"{split}{kind}")
            coming = [frame for frame in frames if frame.split == split]
            names = there | {frame.image.name for frame in coming}
            maps = self._names(f"{split}_inst") | {
                frame.instance.name for frame in coming if frame.instance is not None
            }
            if maps and len(maps) != len(names):
                raise InputError(
                    f"{self.out}: split '{split}' would have {len(names)} pictures but {len(maps)} "
                    "instance maps, because an earlier conversion was made with another choice of "
                    "instance maps; choose the same again, or another folder"
                )

    def _names(self, folder: str) -> set[str]:
        path = self.out / folder
        return {file.name for file in path.iterdir()} if path.is_dir() else set()

    def write(self, targets: Mapping[str, Path], *, copy: bool, progress: bool) -> Written:
        """Bring files into the folder, all or none.

        Args:
            targets: path in the folder, and the file that is to be there.
            copy: copy instead of linking.
            progress: show a bar when there are many files.
        """
        present = [name for name in targets if (self.out / name).exists()]
        same = {name for name in present if _same(targets[name], self.out / name)}
        missing = {name: source for name, source in targets.items() if name not in same}
        counts = {"replaced": len(present) - len(same), "kept": len(same)}
        if not missing:
            return Written(added=0, copied=0, **counts)
        try:
            copied = self._build(missing, copy=copy, progress=progress)
            self._swap()
        finally:
            shutil.rmtree(self._partial, ignore_errors=True)
        return Written(added=len(targets) - len(present), copied=copied, **counts)

    def _build(self, missing: Mapping[str, Path], *, copy: bool, progress: bool) -> int:
        self._partial.mkdir()
        if self.out.is_dir():
            shutil.copytree(
                self.out,
                self._partial,
                symlinks=True,
                copy_function=_Placer(copy=False).place,
                dirs_exist_ok=True,
            )
        placer = _Placer(copy=copy)
        hidden = not progress or len(missing) < _MANY
        for name, source in tqdm(missing.items(), desc="converting", unit="file", disable=hidden):
            target = self._partial / name
            target.parent.mkdir(exist_ok=True)
            target.unlink(missing_ok=True)
            placer.place(str(source.resolve()), str(target))
        masks = any(self._partial.glob("*_label"))
        if masks and not (self._partial / _LABEL_SPACE).exists():
            (self._partial / _LABEL_SPACE).write_text(CITYSCAPES.to_json() + "\n", encoding="utf-8")
        # Unlinked first: the name may be a hard link to the earlier tree's file.
        (self._partial / _MARK).unlink(missing_ok=True)
        (self._partial / _MARK).write_text(json.dumps({"format": _FORMAT}) + "\n", encoding="utf-8")
        return placer.copied

    def _swap(self) -> None:
        """Give the new tree its name; whatever interrupts, the earlier one gets it back."""
        if not self.out.exists():
            os.rename(self._partial, self.out)
            return
        try:
            os.rename(self.out, self._old)
            os.rename(self._partial, self.out)
        except BaseException:
            if not self.out.exists():
                os.rename(self._old, self.out)
            raise
        shutil.rmtree(self._old, ignore_errors=True)


class _Placer:
    """Hard-links files; where the disk or its rights do not allow that, copies from then on."""

    def __init__(self, *, copy: bool) -> None:
        self.copy = copy
        self.copied = 0

    def place(self, source: str, target: str) -> str:
        if not self.copy:
            try:
                os.link(source, target)
                return target
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self.copy = True
        shutil.copy2(source, target)
        self.copied += 1
        return target


def _same(source: Path, target: Path) -> bool:
    """Whether a file is a link to, or a copy of, another."""
    one, other = source.stat(), target.stat()
    if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
        return True
    if one.st_size != other.st_size:
        return False
    return one.st_mtime_ns == other.st_mtime_ns or filecmp.cmp(source, target, shallow=False)
