"""Data: label spaces, the embedded worlds, readers of real data sets, cache and report.

Names are loaded when they are first used, so ``import nbgan.data`` costs nothing. The data-set
report is :func:`nbgan.data.report.report`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgan.data.ade20k import Ade20k, ade20k_labels
    from nbgan.data.avatar_sides import AvatarSides, avatar_pair, avatar_side, avatar_twins
    from nbgan.data.avatars import Avatars
    from nbgan.data.background import Cutouts, remove_background
    from nbgan.data.cache import CachedDataset
    from nbgan.data.celeba_mask_hq import CelebAMaskHQ, celeba_mask_hq_labels
    from nbgan.data.coco_stuff import CocoStuff, coco_stuff_labels
    from nbgan.data.folder import FolderDataset, folder_splits, open_folder
    from nbgan.data.images import ImagesDataset, open_images
    from nbgan.data.label_files import find_label_space, infer_label_space, read_label_space
    from nbgan.data.labels import LabelSpace
    from nbgan.data.landscapes import Landscapes
    from nbgan.data.latents import LatentFolder, open_latents
    from nbgan.data.palette import distinct_colors
    from nbgan.data.pix2pixhd_folder import Pix2PixHDFolder, open_pix2pixhd, pix2pixhd_splits
    from nbgan.data.registry import dataset_names, needs_path, open_dataset
    from nbgan.data.report import DataReport
    from nbgan.data.resize import Resizing
    from nbgan.data.rgb_pairs import RgbPairs
    from nbgan.data.shards import Shards, shard_splits
    from nbgan.data.streets import Streets
    from nbgan.data.unpaired import Unpaired, open_unpaired, unpaired_splits

_HOMES = {
    "Ade20k": "ade20k",
    "Avatars": "avatars",
    "AvatarSides": "avatar_sides",
    "CachedDataset": "cache",
    "CelebAMaskHQ": "celeba_mask_hq",
    "CocoStuff": "coco_stuff",
    "Cutouts": "background",
    "DataReport": "report",
    "FolderDataset": "folder",
    "ImagesDataset": "images",
    "LabelSpace": "labels",
    "Landscapes": "landscapes",
    "LatentFolder": "latents",
    "Streets": "streets",
    "Pix2PixHDFolder": "pix2pixhd_folder",
    "Resizing": "resize",
    "RgbPairs": "rgb_pairs",
    "Shards": "shards",
    "Unpaired": "unpaired",
    "ade20k_labels": "ade20k",
    "avatar_pair": "avatar_sides",
    "avatar_side": "avatar_sides",
    "avatar_twins": "avatar_sides",
    "celeba_mask_hq_labels": "celeba_mask_hq",
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
    "open_latents": "latents",
    "open_pix2pixhd": "pix2pixhd_folder",
    "open_unpaired": "unpaired",
    "pix2pixhd_splits": "pix2pixhd_folder",
    "read_label_space": "label_files",
    "remove_background": "background",
    "shard_splits": "shards",
    "unpaired_splits": "unpaired",
}

__all__ = [
    "Ade20k",
    "AvatarSides",
    "Avatars",
    "CachedDataset",
    "CelebAMaskHQ",
    "CocoStuff",
    "Cutouts",
    "DataReport",
    "FolderDataset",
    "ImagesDataset",
    "LabelSpace",
    "Landscapes",
    "LatentFolder",
    "Pix2PixHDFolder",
    "Resizing",
    "RgbPairs",
    "Shards",
    "Streets",
    "Unpaired",
    "ade20k_labels",
    "avatar_pair",
    "avatar_side",
    "avatar_twins",
    "celeba_mask_hq_labels",
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
    "open_latents",
    "open_pix2pixhd",
    "open_unpaired",
    "pix2pixhd_splits",
    "read_label_space",
    "remove_background",
    "shard_splits",
    "unpaired_splits",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'nbgan.data' has no attribute '{name}'")
    return getattr(import_module(f"nbgan.data.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
