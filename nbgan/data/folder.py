"""A folder of pictures and a folder of masks (and one of instance maps) as a data set.

The folder layout of :func:`open_folder`, which ``nbgan train … --data folder --path DIR`` uses::

    DIR/images/…            pictures: PNG, JPEG, WebP, BMP or TIFF
    DIR/labels/…            masks: PNG, indexed or grey, whose pixel values are class ids
    DIR/instances/…         optional: PNG, up to 16 bits, 0 = no instance
    DIR/label_space.json    or classes.txt: what the ids mean, see nbgan.data.label_files
    DIR/val/images, DIR/val/labels …        optional: the validation split
    DIR/test/images, DIR/test/labels …      optional: the test split

Picture, mask and instance map belong together when their names agree up to the suffix:
``images/hill.jpg``, ``labels/hill.png``, ``instances/hill.png``. Training pictures may also lie in
``DIR/train/images`` and so on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from nbgan.data.images import SPLITS, ImagesDataset, check_split
from nbgan.data.label_files import find_label_space, infer_label_space
from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import Geometry, picture_tensor, read_ids, read_picture
from nbgan.data.resize import Resizing
from nbgan.data.scan import Entry, check_folder
from nbgan.errors import InputError


class FolderDataset(ImagesDataset):
    """A folder of pictures and a folder of masks, paired by file stem, instances if wished.

    An item is ``image`` float32 ``[3, H, W]`` in [−1, 1]; ``label`` int64 ``[H, W]``; with an
    instance folder ``instance`` int64 ``[H, W]`` (0 = no instance). Pictures are resized bicubic,
    masks and instance maps to the nearest pixel.

    Pairs, file kinds and sizes are checked at construction; ids when an item is read.

    Args:
        images: folder of the pictures.
        labels: folder of the masks, PNG: indexed or grey, values are class ids.
        instances: folder of the instance maps, PNG up to 16 bits; ``None`` leaves them out.
        label_space: meaning of the ids; ``None`` looks for ``label_space.json`` or
            ``classes.txt`` in ``labels`` and beside it, then takes the masks' own palette.
        colored_masks: masks are RGB PNGs in the label space's exact colours.
        size, resize, flip, strict, check_headers, name: see
            :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: missing or empty folder, missing pair, sizes that differ, a mask that stores
            no ids, unreadable file, no label space to be found, bad option.
    """

    label_space: LabelSpace

    def __init__(
        self,
        *,
        images: str | Path,
        labels: str | Path,
        instances: str | Path | None = None,
        label_space: LabelSpace | None = None,
        colored_masks: bool = False,
        size: int | tuple[int, int] | None = None,
        resize: str | Resizing = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
        name: str | None = None,
    ) -> None:
        folders = {"images": Path(images), "labels": Path(labels)}
        if instances is not None:
            folders["instances"] = Path(instances)
        self._set_up(
            folders=folders,
            size=size,
            resize=resize,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
            name=name,
            colored_masks=colored_masks,
        )
        if label_space is None:
            label_space = find_label_space(folders["labels"])
        if label_space is None:
            masks = [entry.label for entry in self.entries if entry.label is not None]
            label_space = infer_label_space(masks, name=self.name)
        self.label_space = label_space

    def _read_entry(self, entry: Entry, *, check_ids: bool) -> dict[str, torch.Tensor]:
        picture = read_picture(entry.image)
        geometry = self.geometry(picture.height, picture.width, where=str(entry.image))
        ids = {}
        if entry.label is not None:
            ids["label"] = (entry.label, self.read_label(entry.label, check_ids=check_ids))
        if entry.instance is not None:
            ids["instance"] = (entry.instance, self.read_instance(entry.instance, entry))
        item = {"image": picture_tensor(geometry.picture(picture))}
        for key, (path, values) in ids.items():
            self._same_size(entry, path, values.shape, picture)
            item[key] = torch.from_numpy(geometry.ids(values))
        return item | self._more(entry, geometry, item, (picture.height, picture.width))

    def _more(
        self,
        entry: Entry,
        geometry: Geometry,
        item: dict[str, torch.Tensor],
        size: tuple[int, int],
    ) -> dict[str, torch.Tensor]:
        """What a subclass adds to an item.

        Args:
            geometry: what was done to the picture.
            item: the parts so far, resized.
            size: the picture's own height and width.
        """
        return {}

    def read_label(self, path: Path, *, check_ids: bool = True) -> np.ndarray:
        """Class ids of one mask file, int64 ``[H, W]``, at the file's own size.

        Args:
            path: the mask.
            check_ids: compare the ids with the label space.
        """
        if self.colored_masks:
            return self.label_space.from_colors(np.asarray(read_picture(path)), where=str(path))
        ids = read_ids(path)
        if check_ids:
            self.label_space.check(ids, where=str(path))
        return ids

    def read_instance(self, path: Path, entry: Entry) -> np.ndarray:
        """Instance ids of one file, int64 ``[H, W]``, 0 = no instance, at the file's own size.

        Args:
            path: the instance map.
            entry: the item that it belongs to.
        """
        return read_ids(path, "instance map")


def open_folder(
    path: str | Path,
    *,
    split: str = "train",
    size: int | tuple[int, int] | None = None,
    **options: Any,
) -> FolderDataset:
    """Open a folder of your own; the module's documentation shows the layout.

    Args:
        path: the folder that holds ``images`` and ``labels``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        size, options: passed to :class:`FolderDataset`. Without ``label_space`` every split
            takes the one in ``path``, or else the palette of the training masks.

    Raises:
        InputError: no such split or layout, and everything :class:`FolderDataset` raises.
    """
    root = Path(path)
    folder = split_folder(root, split)
    if options.get("label_space") is None:
        space = find_label_space(root, above=False)
        if space is None and split != "train":
            train = split_folder(root, "train") / "labels"
            space = find_label_space(train) or infer_label_space(
                sorted(train.rglob("*.png")), name=root.resolve().name
            )
        options["label_space"] = space
    if "instances" not in options and (folder / "instances").is_dir():
        options["instances"] = folder / "instances"
    options.setdefault("name", f"{root.resolve().name}-{split}")
    return FolderDataset(images=folder / "images", labels=folder / "labels", size=size, **options)


def folder_splits(path: str | Path) -> tuple[str, ...]:
    """Splits that a folder in the layout of :func:`open_folder` has."""
    root = Path(path)
    splits = [split for split in SPLITS if (root / split / "images").is_dir()]
    if (root / "images").is_dir() and "train" not in splits:
        splits.insert(0, "train")
    return tuple(splits)


def split_folder(path: str | Path, split: str) -> Path:
    """The folder that holds ``images`` and ``labels`` of a split.

    Raises:
        InputError: unknown split, no such folder, or the folder does not have that split.
    """
    root = Path(path)
    check_split(split)
    check_folder(root, "data set")
    splits = folder_splits(root)
    if split not in splits:
        wanted = root / "images" if split == "train" else root / split / "images"
        raise InputError(
            f"{root}: has no split '{split}': no folder {wanted}; found splits: "
            f"{', '.join(splits) or 'none'}. Put pictures there and masks in "
            f"{wanted.parent / 'labels'}"
        )
    return root / split if (root / split / "images").is_dir() else root
