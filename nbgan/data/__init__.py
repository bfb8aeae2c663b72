"""Data: label spaces, the embedded worlds, readers of real data sets, cache and report.

Names are loaded when they are first used, so ``import nbgan.data`` costs nothing. The data-set
report is :func:`nbgan.data.report.report`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgan.data.ade20k import Ade20k, ade20k_labels
    from nbgan.data.avatars import Avatars
    from nbgan.data.cache import CachedDataset
    from nbgan.data.coco_stuff import CocoStuff, coco_stuff_labels
    from nbgan.data.folder import FolderDataset, folder_splits, open_folder
    from nbgan.data.images import ImagesDataset, open_images
    from nbgan.data.label_files import find_label_space, infer_label_space, read_label_space
    from nbgan.data.labels import LabelSpace
    from nbgan.data.landscapes import Landscapes
    from nbgan.data.palette import distinct_colors
    from nbgan.data.registry import dataset_names, needs_path, open_dataset
    from nbgan.data.report import DataReport

_HOMES = {
    "Ade20k": "ade20k",
    "Avatars": "avatars",
    "CachedDataset": "cache",
    "CocoStuff": "coco_stuff",
    "DataReport": "report",
    "FolderDataset": "folder",
    "ImagesDataset": "images",
    "LabelSpace": "labels",
    "Landscapes": "landscapes",
    "ade20k_labels": "ade20k",
    "coco_stuff_labels": "coco_stuff",
    "dataset_names": "registry",
    "distinct_colors": "palette",
    "find_label_space": "label_files",
    "folder_splits": "folder",
    "infer_label_space": "label_files",
    "needs_path": "registry",
    "open_dataset": "registry",
    "open_folder": "folder",
    "open_images": "images",
    "read_label_space": "label_files",
}

__all__ = [
    "Ade20k",
    "Avatars",
    "CachedDataset",
    "CocoStuff",
    "DataReport",
    "FolderDataset",
    "ImagesDataset",
    "LabelSpace",
    "Landscapes",
    "ade20k_labels",
    "coco_stuff_labels",
    "dataset_names",
    "distinct_colors",
    "find_label_space",
    "folder_splits",
    "infer_label_space",
    "needs_path",
    "open_dataset",
    "open_folder",
    "open_images",
    "read_label_space",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nbgan.data' has no attribute '{name}'")
    return getattr(import_module(f"nbgan.data.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
