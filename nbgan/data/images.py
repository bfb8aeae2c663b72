"""A folder of pictures as a data set; what every reader of files builds on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import Geometry, check_size, fit, picture_tensor, read_picture
from nbgan.data.resize import Resizing
from nbgan.data.scan import Entry, check_folder, scan, size_mismatch
from nbgan.errors import InputError

SPLITS = ("train", "val", "test")
_FORMAT = 1
_SHOWN = 8


class ImagesDataset(Dataset):
    """A folder of pictures without labels, subfolders included.

    An item is ``{"image": float32 [3, H, W] in [−1, 1]}``.

    Args:
        images: folder of the pictures.
        size: side of the square results in pixels, or ``(height, width)``; ``None`` keeps each
            picture's own size.
        resize: ``"resize"`` stretches, ``"crop"`` keeps proportions and takes the middle,
            ``"none"`` changes nothing; or a :class:`~nbgan.data.resize.Resizing`, without
            ``size``.
        flip: also give every picture mirrored; the length doubles, mirrored ones come last.
        strict: ``True`` raises at the first look if any file is wrong; ``False`` leaves wrong
            items out and lists them in ``problems``.
        check_headers: open every file for its size and kind at construction.
        name: name for messages and caches; ``None`` takes the folder's.

    Raises:
        InputError: missing or empty folder, unreadable file, bad option.
    """

    label_space: LabelSpace | None = None

    def __init__(
        self,
        *,
        images: str | Path,
        size: int | tuple[int, int] | None = None,
        resize: str | Resizing = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
        name: str | None = None,
    ) -> None:
        self._set_up(
            folders={"images": Path(images)},
            size=size,
            resize=resize,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
            name=name,
        )

    def _set_up(
        self,
        *,
        folders: dict[str, Path],
        size: int | tuple[int, int] | None,
        resize: str | Resizing,
        flip: bool,
        strict: bool,
        check_headers: bool,
        name: str | None,
        colored_masks: bool = False,
        endings: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(resize, Resizing):
            check_size(size, resize)
        elif size is not None:
            raise InputError(
                f"size is {size!r}, and resize is a Resizing, which holds its own; leave size out"
            )
        self.size, self.resize, self.flip = size, resize, flip
        self.colored_masks = colored_masks
        self.folders = folders
        self.name = name or folders["images"].resolve().name
        found = scan(
            images=folders["images"],
            labels=folders.get("labels"),
            instances=folders.get("instances"),
            sources=folders.get("sources"),
            endings=endings,
            check_headers=check_headers,
            colored_masks=colored_masks,
        )
        self.entries, self.problems = found.entries, found.problems
        if strict:
            self._raise_problems()

    def _raise_problems(self) -> None:
        if self.problems:
            raise InputError(_summary(self.folders["images"], self.problems))

    def __len__(self) -> int:
        return len(self.entries) * (2 if self.flip else 1)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return self.read(index)

    def read(self, index: int, *, check_ids: bool = True) -> dict[str, torch.Tensor]:
        """Read one item.

        Args:
            index: 0 to ``len(self) - 1``; negative counts from the end.
            check_ids: compare class ids with the label space (off in the data-set report, which
                lists unknown ids itself).

        Raises:
            IndexError: past the end.
            InputError: a file that turns out unreadable, truncated or wrong.
        """
        entry, mirrored = self._entry(index)
        item = self._read_entry(entry, check_ids=check_ids)
        return {key: value.flip(-1) if mirrored else value for key, value in item.items()}

    def _read_entry(self, entry: Entry, *, check_ids: bool) -> dict[str, torch.Tensor]:
        picture = read_picture(entry.image)
        geometry = self.geometry(picture.height, picture.width, where=str(entry.image))
        return {"image": picture_tensor(geometry.picture(picture))}

    def geometry(self, height: int, width: int, *, where: str = "picture") -> Geometry:
        """How an item of ``height × width`` pixels is cut and resized.

        Args:
            where: what to call it in a message, usually the file name.
        """
        if isinstance(self.resize, Resizing):
            return self.resize.plan(height, width, where=where)
        return fit(height, width, size=self.size, resize=self.resize)

    def _same_size(
        self, entry: Entry, path: Path, shape: tuple[int, ...], picture: Image.Image
    ) -> None:
        """Raise InputError if what belongs to a picture has another size ``[H, W]``."""
        own = (picture.height, picture.width)
        if tuple(shape) != own:
            raise InputError(size_mismatch(path, (shape[0], shape[1]), entry.image, own))

    def item_name(self, index: int) -> str:
        """What to call an item in a message: its picture's path."""
        entry, mirrored = self._entry(index)
        return f"{entry.image}{' (mirrored)' if mirrored else ''}"

    def _entry(self, index: int) -> tuple[Entry, bool]:
        if not -len(self) <= index < len(self):
            raise IndexError(f"item {index} of '{self.name}', which has {len(self)}")
        index %= len(self)
        return self.entries[index % len(self.entries)], index >= len(self.entries)

    @cached_property
    def cache_key(self) -> str:
        """Identifies the pixels: options, label space, and name, size and time of each file."""
        digest = hashlib.sha256()
        for entry in self.entries:
            for path in self._files(entry):
                state = path.stat()
                digest.update(f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}\n".encode())
        space = "" if self.label_space is None else self.label_space.to_json()
        digest.update(f"{space}|{self._options()}".encode())
        return f"{self.name}-v{_FORMAT}-{digest.hexdigest()}"

    def _files(self, entry: Entry) -> tuple[Path, ...]:
        """Every file that decides the pixels of an item."""
        return entry.paths

    def _options(self) -> str:
        """Every option that changes pixels; subclasses with more options extend it."""
        return (
            f"{type(self).__name__}|size={self.size}|resize={self.resize}|flip={self.flip}"
            f"|colored={self.colored_masks}"
        )


def open_images(
    path: str | Path,
    *,
    split: str = "train",
    size: int | tuple[int, int] | None = None,
    **options: Any,
) -> ImagesDataset:
    """Open pictures that have no labels.

    Args:
        path: a folder of pictures, or one with the folders ``train``, ``val`` and ``test``.
        split: ``"train"``, ``"val"`` or ``"test"``; a folder without split folders is all
            ``"train"``.
        size, options: passed to :class:`ImagesDataset`.

    Raises:
        InputError: no such folder or split, and everything :class:`ImagesDataset` raises.
    """
    root = Path(path)
    check_split(split)
    check_folder(root, "picture")
    splits = [name for name in SPLITS if (root / name).is_dir()]
    if split not in splits and (splits or split != "train"):
        raise InputError(
            f"{root}: has no split '{split}': no folder {root / split}; found splits: "
            f"{', '.join(splits) or 'train (all pictures)'}. Put pictures there"
        )
    options.setdefault("name", f"{root.resolve().name}-{split}")
    return ImagesDataset(images=root / split if splits else root, size=size, **options)


def check_split(split: str) -> None:
    """Raise InputError if there can be no such split."""
    if split not in SPLITS:
        raise InputError(f"split is '{split}'; allowed are {', '.join(SPLITS)}")


def _summary(folder: Path, problems: Iterable[str]) -> str:
    listed = list(problems)
    if len(listed) == 1:
        return listed[0]
    lines = "".join(f"\n  - {problem}" for problem in listed[:_SHOWN])
    more = f"\n  … and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return (
        f"{folder}: {len(listed)} problems; allowed are readable pictures, each with what belongs "
        f"to it. Fix them, or open with strict=False to leave these items out:{lines}{more}"
    )
