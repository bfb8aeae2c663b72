"""Appending items to ``.npy`` files, in a way that survives being killed.

Files are appended to, not mapped: on a full disk a write fails with an error that can be
explained, while a memory map would end the process.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from io import BufferedRandom
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np

from nbgan.errors import InputError

VERSION = 1
_META = "meta.json"
_SAVE_EVERY = 256
_INTEGERS = (np.uint8, np.uint16, np.int32, np.int64)


def read_meta(folder: Path) -> dict[str, Any] | None:
    """What a cache folder says of itself; ``None`` if it is no readable cache of this version."""
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return meta if isinstance(meta, dict) and meta.get("version") == VERSION else None


class CacheWriter:
    """Writes the items of one data set, in order, into ``folder``.

    Integers take the smallest of uint8, uint16, int32, int64 that holds all values seen so far; a
    file is widened when a larger value comes.

    Args:
        folder: the partial cache; made if missing.
        key: the data set's ``cache_key``.
        length: number of items there will be.
    """

    def __init__(self, folder: Path, *, key: str, length: int) -> None:
        self.folder = folder
        self.key = key
        self.length = length
        self.count = 0
        self._files: dict[str, BufferedRandom] = {}
        self._kinds: dict[str, tuple[np.dtype, tuple[int, ...]]] = {}

    def resume(self) -> None:
        """Go on from a partial cache of the same data set, or start from nothing."""
        meta = read_meta(self.folder)
        if meta is not None and meta["key"] == self.key and meta["length"] == self.length:
            kinds = {
                part: (np.dtype(kind), tuple(shape))
                for part, (kind, shape) in meta["parts"].items()
            }
            if all(self._holds(part, *kind, meta["count"]) for part, kind in kinds.items()):
                self._kinds, self.count = kinds, meta["count"]
                for part, kind in kinds.items():
                    file = self._open(part, "r+b")
                    file.truncate(len(self._header(*kind)) + self.count * _bytes(*kind))
                    file.seek(0, os.SEEK_END)
                    self._files[part] = file
                return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def append(self, item: dict[str, np.ndarray]) -> None:
        """Write the next item.

        Raises:
            InputError: its parts or their shapes are not those of the first item.
            OSError: the disk is full or fails.
        """
        if self.count == 0:
            self._start(item)
        shapes = {part: tuple(shape) for part, (_, shape) in self._kinds.items()}
        seen = {part: tuple(value.shape) for part, value in item.items()}
        if seen != shapes:
            raise InputError(
                f"item {self.count} has {_described(seen)}, item 0 has {_described(shapes)}; a "
                "cache holds items of one size. Open the data set with a size"
            )
        for part, value in item.items():
            kind = self._kinds[part][0]
            if value.dtype.kind in "iu":
                wanted = _smallest(value, kind)
                if wanted != kind:
                    self._widen(part, wanted)
                    kind = wanted
            self._files[part].write(np.ascontiguousarray(value, dtype=kind).tobytes())
        self.count += 1
        if self.count % _SAVE_EVERY == 0:
            self._save()

    def finish(self) -> None:
        """Write everything out; the folder is then a whole cache."""
        self._save()

    def __enter__(self) -> CacheWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            try:
                file.close()
            except OSError:
                if kind is None:
                    raise

    def _start(self, item: dict[str, np.ndarray]) -> None:
        for part, value in item.items():
            kind = value.dtype
            if value.dtype.kind in "iu":
                kind = _smallest(value, np.dtype(np.uint8))
            self._kinds[part] = (kind, tuple(value.shape))
        needed = sum(_bytes(*kind) for kind in self._kinds.values()) * self.length
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise OSError(
                errno.ENOSPC, f"{needed / 2**20:,.0f} MB needed, {free / 2**20:,.0f} MB free"
            )
        for part, stored in self._kinds.items():
            self._files[part] = self._open(part, "w+b")
            self._files[part].write(self._header(*stored))

    def _open(self, part: str, mode: Literal["r+b", "w+b"]) -> BufferedRandom:
        # Held open until __exit__.
        return open(self.folder / f"{part}.npy", mode)

    def _save(self) -> None:
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        meta = {
            "version": VERSION,
            "key": self.key,
            "length": self.length,
            "count": self.count,
            "parts": {part: (kind.str, shape) for part, (kind, shape) in self._kinds.items()},
            "sizes": {part: os.fstat(file.fileno()).st_size for part, file in self._files.items()},
        }
        temporary = self.folder / f"{_META}.new"
        temporary.write_text(json.dumps(meta), encoding="utf-8")
        os.replace(temporary, self.folder / _META)

    def _widen(self, part: str, kind: np.dtype) -> None:
        """Rewrite one file with larger integers; the old one stays until the new one is whole."""
        old, shape = self._kinds[part]
        self._files[part].flush()
        path, temporary = self.folder / f"{part}.npy", self.folder / f"{part}.new"
        with open(path, "rb") as source, open(temporary, "wb") as target:
            source.seek(len(self._header(old, shape)))
            target.write(self._header(kind, shape))
            while values := source.read(_bytes(old, shape)):
                target.write(np.frombuffer(values, dtype=old).astype(kind).tobytes())
        self._files[part].close()
        # Between the two renames no meta describes the folder, so a kill there starts afresh.
        (self.folder / _META).unlink(missing_ok=True)
        os.replace(temporary, path)
        self._files[part] = self._open(part, "r+b")
        self._files[part].seek(0, os.SEEK_END)
        self._kinds[part] = (kind, shape)
        self._save()

    def _header(self, kind: np.dtype, shape: tuple[int, ...]) -> bytes:
        """The first bytes of a ``.npy`` file (format 1.0) with ``length`` items."""
        text = repr({"descr": kind.str, "fortran_order": False, "shape": (self.length, *shape)})
        padding = -(10 + len(text) + 1) % 64
        body = f"{text}{' ' * padding}\n".encode("latin1")
        return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body

    def _holds(self, part: str, kind: np.dtype, shape: tuple[int, ...], count: int) -> bool:
        path = self.folder / f"{part}.npy"
        header = self._header(kind, shape)
        if not path.is_file() or path.stat().st_size < len(header) + count * _bytes(kind, shape):
            return False
        with open(path, "rb") as file:
            return file.read(len(header)) == header


def _bytes(kind: np.dtype, shape: tuple[int, ...]) -> int:
    return kind.itemsize * int(np.prod(shape, dtype=np.int64))


def _smallest(value: np.ndarray, at_least: np.dtype) -> np.dtype:
    low, high = (int(value.min()), int(value.max())) if value.size else (0, 0)
    kinds: list[np.dtype] = [np.dtype(kind) for kind in _INTEGERS]
    for kind in kinds[kinds.index(at_least) :]:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    return np.dtype(np.int64)


def _described(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{part} {'×'.join(map(str, shape))}" for part, shape in shapes.items())
