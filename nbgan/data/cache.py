"""A data set rendered once, then read from memory-mapped files.

One folder a data set, with one ``.npy`` file for each part of an item and a ``meta.json``. It is
written under the name ``….partial`` and renamed when complete, so a folder without that suffix is
always whole. A run that is killed goes on where it last saved; two processes that want the same
data set take turns, and the second finds it done.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from nbgan.data.cache_writer import CacheWriter, read_meta
from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import to_float, to_uint8
from nbgan.errors import InputError

PICTURES = ("image", "source", "target")
"""Parts of an item that are pictures in [−1, 1]."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def default_folder() -> Path:
    """Where caches live: ``$NBGAN_CACHE``, or ``~/.cache/nbgan`` if that is not set."""
    return Path(os.environ.get("NBGAN_CACHE") or Path.home() / ".cache" / "nbgan")


class CachedDataset(Dataset):
    """The same items as ``dataset``, from disk.

    The first use draws or reads every item once; later uses open at once. Pictures are kept as
    8-bit numbers, so they differ from the originals by at most half a step, 1/255 in the range
    [−1, 1]; pictures that were read from 8-bit files without resizing come back exactly. Labels,
    instances and keypoints are exact.

    Args:
        dataset: any data set with ``cache_key`` and items of equal size.
        folder: where caches live; ``None`` takes :func:`default_folder`. Each data set gets its
            own folder inside, named after its key.
        progress: show a bar while rendering.
        workers: processes that render; 0 renders in this one.

    Raises:
        InputError: items of different sizes, an image outside [−1, 1], a full or protected disk,
            or whatever reading an item raises. Nothing half-written stays behind then.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        folder: str | Path | None = None,
        progress: bool = True,
        workers: int = 0,
    ) -> None:
        key = getattr(dataset, "cache_key", None)
        if not isinstance(key, str):
            raise InputError(
                f"{type(dataset).__name__} has no cache_key; give it a text that names the data "
                "set, its version and every parameter that changes pixels"
            )
        self.dataset = dataset
        self.cache_key = key
        self._length = len(dataset)  # type: ignore[arg-type]
        if self._length == 0:
            raise InputError(f"{type(dataset).__name__} has no items; nothing to cache")
        root = default_folder() if folder is None else Path(folder)
        digest = hashlib.sha256(f"{key}|{self._length}".encode()).hexdigest()[:16]
        slug = re.sub(r"[^A-Za-z0-9._]+", "-", key)[:40].strip("-.")
        self.folder = root / f"{slug}-{digest}"
        self._arrays: dict[str, np.ndarray] | None = None
        if not self._is_complete():
            self._render(progress=progress, workers=workers)

    @property
    def label_space(self) -> LabelSpace | None:
        """The label space of the data set underneath."""
        return getattr(self.dataset, "label_space", None)

    @property
    def name(self) -> str:
        """The name of the data set underneath."""
        return getattr(self.dataset, "name", type(self.dataset).__name__)

    def item_name(self, index: int) -> str:
        """What to call an item in a message."""
        named = getattr(self.dataset, "item_name", None)
        return named(index) if named is not None else f"item {index}"

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        if not -self._length <= index < self._length:
            raise IndexError(f"item {index} of '{self.name}', which has {self._length}")
        if self._arrays is None:
            self._arrays = {
                path.stem: np.load(path, mmap_mode="r") for path in self.folder.glob("*.npy")
            }
        item = {}
        for part, array in self._arrays.items():
            values = np.array(array[index])
            if part in PICTURES and values.dtype == np.uint8:
                item[part] = to_float(torch.from_numpy(values))
            elif values.dtype.kind in "iu":
                item[part] = torch.from_numpy(values.astype(np.int64))
            else:
                item[part] = torch.from_numpy(values)
        return item

    def __getstate__(self) -> dict[str, Any]:
        # Memory maps would be pickled as whole arrays; worker processes open their own.
        return self.__dict__ | {"_arrays": None}

    def _is_complete(self) -> bool:
        meta = read_meta(self.folder)
        if meta is None or meta["count"] != self._length or meta["key"] != self.cache_key:
            return False
        return all(
            (self.folder / f"{part}.npy").is_file()
            and (self.folder / f"{part}.npy").stat().st_size == size
            for part, size in meta["sizes"].items()
        )

    def _render(self, *, progress: bool, workers: int) -> None:
        partial = self.folder.with_name(f"{self.folder.name}.partial")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.folder}.lock"):
                if self._is_complete():
                    return
                try:
                    self._fill(partial, progress=progress, workers=workers)
                    shutil.rmtree(self.folder, ignore_errors=True)
                    os.replace(partial, self.folder)
                except (InputError, OSError):
                    shutil.rmtree(partial, ignore_errors=True)
                    raise
        except OSError as error:
            raise self._disk_error(error) from None

    def _fill(self, partial: Path, *, progress: bool, workers: int) -> None:
        writer = CacheWriter(partial, key=self.cache_key, length=self._length)
        writer.resume()
        items = self._items(writer.count, workers)
        with (
            writer,
            tqdm(
                total=self._length,
                initial=writer.count,
                desc=f"caching {self.name}",
                unit="item",
                disable=not progress,
            ) as bar,
        ):
            for index, item in enumerate(items, start=writer.count):
                writer.append(self._stored(item, index))
                bar.update()
            writer.finish()

    def _items(self, start: int, workers: int) -> Iterator[dict[str, torch.Tensor]]:
        loader = DataLoader(
            _Guarded(self.dataset),
            batch_size=None,
            sampler=range(start, self._length),
            num_workers=workers,
            # Its own generator: the first use must leave the global random state as later ones do.
            generator=torch.Generator(),
        )
        for item in loader:
            if isinstance(item, InputError):
                raise item
            yield item

    def _stored(self, item: dict[str, torch.Tensor], index: int) -> dict[str, np.ndarray]:
        parts = {}
        for part, value in item.items():
            if part in PICTURES:
                if not bool((value.abs() <= 1.001).all()):
                    raise InputError(
                        f"{self.item_name(index)}: {part} values from {float(value.min()):.3g} to "
                        f"{float(value.max()):.3g}; a data set's images are in [-1, 1]. Scale them "
                        "in the data set"
                    )
                value = to_uint8(value)
            parts[part] = value.numpy()
        return parts

    def _disk_error(self, error: OSError) -> InputError:
        place = self.folder.parent
        if error.errno in _FULL:
            return InputError(
                f"{place}: the disk is full ({error.strerror}) while caching '{self.name}', "
                f"{self._length:,} items; nothing was kept. Free some space, or set NBGAN_CACHE "
                "to a folder on a larger disk"
            )
        return InputError(
            f"{place}: cannot write the cache of '{self.name}' there ({error}). Set NBGAN_CACHE "
            "to a folder you may write to"
        )


class _Guarded(Dataset):
    """Hands an InputError back as a value: a worker process would wrap it in its traceback."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitem__(self, index: int) -> Any:
        try:
            return self.dataset[index]
        except InputError as error:
            return error
        except OSError as error:
            return InputError(f"item {index}: cannot be read ({error}); check its files")
