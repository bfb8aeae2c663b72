"""The folder layout of pix2pixHD, which the Cityscapes converter writes.

Layout, for each split ``train``, ``val`` and ``test``::

    DIR/train_img/aachen_000000_000019_leftImg8bit.png             pictures
    DIR/train_label/aachen_000000_000019_gtFine_labelIds.png       masks of class ids
    DIR/train_inst/aachen_000000_000019_gtFine_instanceIds.png     optional: instance ids, 16 bits
    DIR/train_feat/aachen_000000_000019_gtFine_labelIds.png        optional: feature maps
    DIR/label_space.json                                           optional

Files belong together when their stems agree, apart from the endings above. Without a
``label_space.json`` or ``classes.txt`` the ids are those of Cityscapes. Feature maps are named as
the mask, as the picture or without ending; :mod:`nbgan.data.feature_files` lists their formats.

Where pictures take the place of masks, ``DIR/trainA`` holds them and ``DIR/trainB`` what they
should become (``train_A`` and ``train_B`` are read, too).
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch

from nbgan.data.cityscapes.classes import CITYSCAPES
from nbgan.data.cityscapes.layout import ENDINGS, check_instances, split_instances
from nbgan.data.feature_files import FEATURE_SUFFIXES, find_features, fit_features, read_features
from nbgan.data.folder import FolderDataset
from nbgan.data.images import SPLITS, check_split
from nbgan.data.label_files import find_label_space
from nbgan.data.labels import LabelSpace
from nbgan.data.pictures import Geometry
from nbgan.data.resize import Resizing, resizing
from nbgan.data.rgb_pairs import RgbPairs
from nbgan.data.scan import Entry, check_folder
from nbgan.errors import InputError


class Pix2PixHDFolder(FolderDataset):
    """Pictures, class ids, instance ids and feature maps in the layout above.

    An item is ``image`` float32 ``[3, H, W]`` in [−1, 1]; ``label`` int64 ``[H, W]``; with
    instance maps ``instance`` int64 ``[H, W]`` (0 = no instance); with feature maps ``features``
    float32 ``[C, H, W]``, resized to the nearest element.

    In the files of Cityscapes stuff carries its class id as instance id; here it is 0, and
    :func:`nbgan.data.cityscapes.cityscapes_ids` puts it back. In any other label space the
    instance ids are those of the file.

    Args:
        path: folder that holds ``train_img``, ``train_label`` and so on.
        split: ``"train"``, ``"val"`` or ``"test"``.
        instances: ``True`` reads ``…_inst``, ``False`` does not, ``None`` reads it if it is there.
        features: the same for ``…_feat``.
        label_space: meaning of the ids; ``None`` takes the file in ``path``, or else Cityscapes.
        size, resize, flip, strict, check_headers: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: see :class:`~nbgan.data.folder.FolderDataset`; also a picture without feature
            map, a feature map of other proportions, and instance ids that do not belong to the
            class ids.
    """

    def __init__(
        self,
        *,
        path: str | Path,
        split: str = "train",
        instances: bool | None = None,
        features: bool | None = None,
        label_space: LabelSpace | None = None,
        size: int | tuple[int, int] | None = None,
        resize: str | Resizing = "resize",
        flip: bool = False,
        strict: bool = True,
        check_headers: bool = True,
    ) -> None:
        root = Path(path)
        check_split(split)
        check_folder(root, "data set")
        folders = {"images": root / f"{split}_img", "labels": root / f"{split}_label"}
        maps = _instance_folder(root, split, instances)
        if maps is not None:
            folders["instances"] = maps
        self.label_space = label_space or find_label_space(root, above=False) or CITYSCAPES
        self._feature_files: dict[str, Path] = {}
        self._set_up(
            folders=folders,
            size=size,
            resize=resize,
            flip=flip,
            strict=False,
            check_headers=check_headers,
            name=f"{root.resolve().name}-{split}",
            endings=ENDINGS,
        )
        if _wanted(root / f"{split}_feat", features):
            self._find_features(root / f"{split}_feat")
        if strict:
            self._raise_problems()

    def _find_features(self, folder: Path) -> None:
        check_folder(folder, "feature map")
        for entry in self.entries:
            found = find_features(folder, self.feature_stems(entry))
            if found is not None:
                self._feature_files[entry.key] = found
        missing = [entry for entry in self.entries if entry.key not in self._feature_files]
        self.problems += tuple(
            f"{entry.image}: has no feature map; expected {folder / entry.key}"
            f"{FEATURE_SUFFIXES[0]}. Compute the feature maps again, or open with features=False"
            for entry in missing
        )
        self.entries = tuple(entry for entry in self.entries if entry.key in self._feature_files)

    @staticmethod
    def feature_stems(entry: Entry) -> tuple[str, ...]:
        """What the file of an item's feature map may be called, without suffix."""
        named_as = [path for path in (entry.image, entry.label) if path is not None]
        return (entry.key, *(str(Path(entry.key).with_name(path.stem)) for path in named_as))

    def whole(self) -> Pix2PixHDFolder:
        """The same items uncut, for an encoder that has to see every instance."""
        if not isinstance(self.resize, Resizing) or self.resize.whole() == self.resize:
            return self
        uncut = copy.copy(self)
        uncut.__dict__.pop("cache_key", None)
        uncut.resize = self.resize.whole()
        return uncut

    def read_instance(self, path: Path, entry: Entry) -> np.ndarray:
        """Instance ids of one file, int64 ``[H, W]``, 0 = no instance, at the file's own size."""
        stored = super().read_instance(path, entry)
        return split_instances(stored, where=str(path)) if self._is_cityscapes else stored

    def _more(
        self,
        entry: Entry,
        geometry: Geometry,
        item: dict[str, torch.Tensor],
        size: tuple[int, int],
    ) -> dict[str, torch.Tensor]:
        if "instance" in item and self._is_cityscapes:
            check_instances(
                item["instance"].numpy(), item["label"].numpy(), where=str(entry.instance)
            )
        path = self._feature_files.get(entry.key)
        if path is None:
            return {}
        features = read_features(path)
        return {
            "features": fit_features(
                features, geometry, height=size[0], width=size[1], where=str(path)
            )
        }

    @property
    def _is_cityscapes(self) -> bool:
        return self.label_space.classes == CITYSCAPES.classes

    def _files(self, entry: Entry) -> tuple[Path, ...]:
        feature_file = self._feature_files.get(entry.key)
        return super()._files(entry) + (() if feature_file is None else (feature_file,))


def open_pix2pixhd(
    path: str | Path,
    *,
    split: str = "train",
    rgb: bool | None = None,
    instances: bool | None = None,
    features: bool | None = None,
    label_space: LabelSpace | None = None,
    size: int | tuple[int, int] | None = None,
    resize: str = "resize",
    load_size: int | tuple[int, int] | None = None,
    multiple: int = 1,
    random_crop: bool | None = None,
    flip: bool = False,
    strict: bool = True,
    check_headers: bool = True,
) -> Pix2PixHDFolder | RgbPairs:
    """Open a folder in the layout of pix2pixHD.

    Args:
        path: folder that holds ``train_img`` and ``train_label``, or ``trainA`` and ``trainB``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        rgb: ``True`` reads pictures instead of masks (:class:`~nbgan.data.rgb_pairs.RgbPairs`),
            ``None`` does so if there are such folders and no masks.
        instances: ``True`` reads ``…_inst``, ``False`` does not, ``None`` reads it if it is there.
        features: the same for ``…_feat``; masks only.
        label_space: meaning of the ids; ``None`` takes the file in ``path``, or else Cityscapes.
        size: final size in pixels; ``None`` keeps the files'.
        resize: ``"resize"`` stretches to ``size``; the others are those of
            :mod:`nbgan.data.resize`, with ``size``, ``load_size`` and ``multiple`` as there.
        load_size: ``None`` loads at twice the window's size.
        multiple: what the network needs sizes to be divisible by.
        random_crop: place windows at random; ``None`` does so for the training split.
        flip, strict, check_headers: see :class:`~nbgan.data.images.ImagesDataset`.

    Raises:
        InputError: no such folder or split, bad option, or whatever the data set itself raises.
    """
    root = Path(path)
    check_split(split)
    check_folder(root, "data set")
    splits = pix2pixhd_splits(root)
    if split not in splits:
        raise InputError(
            f"{root}: has no split '{split}': no folder {root / f'{split}_label'} or "
            f"{root / f'{split}A'}; found splits: {', '.join(splits) or 'none'}. A raw Cityscapes "
            "tree is converted with `nbgan data convert-cityscapes`"
        )
    how = resizing(
        resize,
        size=size,
        load_size=load_size,
        multiple=multiple,
        random_crop=split == "train" if random_crop is None else random_crop,
    )
    if isinstance(how, Resizing):
        size = None
    if rgb is None:
        rgb = not (root / f"{split}_label").is_dir()
    if not rgb:
        return Pix2PixHDFolder(
            path=root,
            split=split,
            instances=instances,
            features=features,
            label_space=label_space,
            size=size,
            resize=how,
            flip=flip,
            strict=strict,
            check_headers=check_headers,
        )
    for name, value in (("features", features), ("label_space", label_space)):
        if value:
            raise InputError(
                f"{name} is given, but {root} is read as pairs of pictures, which have none; leave "
                "it out, or open with rgb=False"
            )
    sources, images = _rgb_folders(root, split)
    return RgbPairs(
        sources=sources,
        images=images,
        instances=_instance_folder(root, split, instances),
        size=size,
        resize=how,
        flip=flip,
        strict=strict,
        check_headers=check_headers,
        name=f"{root.resolve().name}-{split}",
        endings=ENDINGS,
    )


def pix2pixhd_splits(path: str | Path) -> tuple[str, ...]:
    """Splits that a folder in this layout has."""
    root = Path(path)
    return tuple(
        split
        for split in SPLITS
        if any((root / f"{split}{kind}").is_dir() for kind in ("_label", "A", "_A"))
    )


def _rgb_folders(root: Path, split: str) -> tuple[Path, Path]:
    """The folders of the pictures given and of the pictures wanted."""
    between = "_" if (root / f"{split}_A").is_dir() else ""
    return root / f"{split}{between}A", root / f"{split}{between}B"


def _instance_folder(root: Path, split: str, choice: bool | None) -> Path | None:
    folder = root / f"{split}_inst"
    if choice and not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder for the instance maps, which are asked for. Convert the "
            "data with instance maps, or do without them: instances=False for a reader, "
            "use_instances=False and instance_features=False in a recipe"
        )
    return folder if _wanted(folder, choice) else None


def _wanted(folder: Path, choice: bool | None) -> bool:
    return folder.is_dir() if choice is None else choice
