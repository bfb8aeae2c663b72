"""Writes a data set with Cityscapes' classes as the raw Cityscapes tree.

The result is what the archives ``leftImg8bit_trainvaltest.zip`` and ``gtFine_trainvaltest.zip``
unpack to, so everything that reads Cityscapes reads it::

    OUT/leftImg8bit/train/lindhafen/lindhafen_000000_000019_leftImg8bit.png
    OUT/gtFine/train/lindhafen/lindhafen_000000_000019_gtFine_labelIds.png      8 bits
    OUT/gtFine/train/lindhafen/lindhafen_000000_000019_gtFine_instanceIds.png   16 bits
    OUT/gtFine/train/lindhafen/lindhafen_000000_000019_gtFine_color.png         RGB
    OUT/train.txt, OUT/val.txt, OUT/test.txt

Instance files hold class * 1000 + n on things and the class id elsewhere. A list file names one
frame a line, paths below OUT: the picture, a space, the class ids.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from nbgan.data.cityscapes.classes import CITYSCAPES, cityscapes_ids
from nbgan.data.cityscapes.find import ANNOTATIONS, PICTURES
from nbgan.data.cityscapes.layout import (
    COLOR_ENDING,
    INSTANCE_ENDING,
    LABEL_ENDING,
    PICTURE_ENDING,
    check_instances,
    split_instances,
)
from nbgan.data.images import SPLITS
from nbgan.data.pictures import to_uint8
from nbgan.errors import InputError

CITIES = {
    "train": ("lindhafen", "silberau", "mohnfeld", "sternbach"),
    "val": ("kranichsee", "windheim"),
    "test": ("eulental", "nebelau"),
}
"""Invented towns; as in Cityscapes, each belongs to one split."""

_FRAME = 19
"""The annotated frame of each sequence of Cityscapes."""


def export_streets(
    out: str | Path,
    *,
    pictures: int = 100,
    height: int = 512,
    width: int = 1024,
    seed: int = 0,
    progress: bool = True,
    workers: int = 0,
) -> dict[str, int]:
    """Draw streets and write them as a raw Cityscapes tree.

    Args:
        out: folder for the tree; missing or empty.
        pictures: number of training pictures; "val" and "test" get a fifth of that each, at
            least one.
        height, width: size of the pictures in pixels; Cityscapes' own is 1024 x 2048.
        seed: which town, see :class:`~nbgan.data.streets.Streets`.
        progress: show a bar.
        workers: processes that draw; 0 draws in this one.

    Returns:
        Number of frames of each split.

    Raises:
        InputError: no pictures asked for, a bad size, and whatever :func:`export_cityscapes`
            raises.
    """
    from nbgan.data.streets import Streets

    if isinstance(pictures, bool) or not isinstance(pictures, int) or pictures < 1:
        raise InputError(f"pictures={pictures!r} must be a whole number of at least 1")
    fifth = max(1, pictures // 5)
    counts = {"train": pictures, "val": fifth, "test": fifth}
    datasets = {
        split: Streets(size=(height, width), split=split, length=count, seed=seed)
        for split, count in counts.items()
    }
    return export_cityscapes(datasets, out, progress=progress, workers=workers)


def export_cityscapes(
    datasets: Mapping[str, Dataset],
    out: str | Path,
    *,
    progress: bool = True,
    workers: int = 0,
) -> dict[str, int]:
    """Write data sets as a raw Cityscapes tree, all of it or nothing.

    Args:
        datasets: a data set for each split that is to be written; items hold ``image``,
            ``label`` and ``instance``, the classes are those of
            :data:`~nbgan.data.cityscapes.classes.CITYSCAPES`. Both kinds of instance ids are
            taken: 0, or the class id, where nothing is counted.
        out: folder for the tree; missing or empty.
        progress: show a bar.
        workers: processes that read the items; 0 reads them in this one.

    Returns:
        Number of frames of each split.

    Raises:
        InputError: unknown split, other classes, no items, an item without instances, ids that
            do not fit, a folder that holds files, or a disk that cannot be written.
    """
    counts = _checked(datasets)
    with (
        _new_folder(Path(out)) as folder,
        tqdm(
            total=sum(counts.values()), desc="exporting", unit="frame", disable=not progress
        ) as bar,
    ):
        for split, dataset in datasets.items():
            lines = []
            for index, item in enumerate(_items(dataset, counts[split], workers)):
                lines.append(_write_frame(folder, split, index, item))
                bar.update()
            (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return counts


def _checked(datasets: Mapping[str, Dataset]) -> dict[str, int]:
    if not datasets:
        raise InputError("datasets is empty; give a data set for at least one split")
    counts = {}
    for split, dataset in datasets.items():
        if split not in SPLITS:
            raise InputError(f"split '{split}' is unknown; allowed are {', '.join(SPLITS)}")
        space = getattr(dataset, "label_space", None)
        if space is None or space.classes != CITYSCAPES.classes:
            theirs = "no classes" if space is None else f"the classes of '{space.name}'"
            raise InputError(
                f"{type(dataset).__name__} for split '{split}' has {theirs}; a Cityscapes tree "
                "needs the 35 classes of nbgan.data.cityscapes.CITYSCAPES"
            )
        counts[split] = len(dataset)  # type: ignore[arg-type]
        if not counts[split]:
            raise InputError(f"{type(dataset).__name__} for split '{split}' has no items")
    return counts


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that takes its name if the body ends well, and is gone if not."""
    out = out.resolve()
    partial = out.with_name(f".{out.name}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(out.with_name(f".{out.name}.lock")):
            _check_empty(out)
            # What a killed export left.
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            try:
                yield partial
                if out.exists():
                    out.rmdir()
                os.rename(partial, out)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"{out}: cannot write the tree there ({error}); nothing was kept. Free some space, or "
            "choose a folder that you may write to"
        ) from None


def _check_empty(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out}: is not a folder; choose a new or empty one")
    inside = sorted(path.name for path in out.iterdir()) if out.exists() else []
    if inside:
        raise InputError(
            f"{out}: holds files already ({', '.join(inside[:8])}); choose a new or empty folder"
        )


def _items(dataset: Dataset, count: int, workers: int) -> Iterator[dict[str, Any]]:
    # Its own generator: exporting must leave the global random state alone.
    yield from DataLoader(
        dataset,
        batch_size=None,
        sampler=range(count),
        num_workers=workers,
        generator=torch.Generator(),
    )


def _write_frame(folder: Path, split: str, index: int, item: dict[str, Any]) -> str:
    """Write the four files of a frame; gives its line in the list file."""
    cities = CITIES[split]
    city = cities[index % len(cities)]
    key = f"{city}_{index // len(cities):06d}_{_FRAME:06d}"
    if "instance" not in item:
        raise InputError(
            f"item {index} of split '{split}' has no instance map; a Cityscapes tree needs one"
        )
    label = item["label"].numpy()
    CITYSCAPES.check(label, where=f"item {index} of split '{split}', label")
    where = f"item {index} of split '{split}', instance"
    counted = split_instances(item["instance"].numpy(), where=where)
    check_instances(counted, label, where=where)
    picture = to_uint8(item["image"]).permute(1, 2, 0).numpy()
    arrays = {
        (PICTURES, PICTURE_ENDING): picture,
        (ANNOTATIONS, LABEL_ENDING): label.astype(np.uint8),
        (ANNOTATIONS, INSTANCE_ENDING): cityscapes_ids(label, counted).astype(np.uint16),
        (ANNOTATIONS, COLOR_ENDING): CITYSCAPES.colorize(label),
    }
    names = {}
    for (trunk, ending), array in arrays.items():
        name = f"{trunk}/{split}/{city}/{key}{ending}.png"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / name, format="PNG")
        names[ending] = name
    return f"{names[PICTURE_ENDING]} {names[LABEL_ENDING]}"
