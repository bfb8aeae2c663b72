"""Data sets by name, for recipes and the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from nbgan.errors import InputError

_WORLDS = {
    "landscapes": ("nbgan.data.landscapes", "Landscapes"),
    "avatars": ("nbgan.data.avatars", "Avatars"),
    "streets": ("nbgan.data.streets", "Streets"),
    "avatar-pair": ("nbgan.data.avatar_sides", "avatar_pair"),
    "avatar-sides": ("nbgan.data.avatar_sides", "AvatarSides"),
}
_ON_DISK = {
    "folder": ("nbgan.data.folder", "open_folder"),
    "images": ("nbgan.data.images", "open_images"),
    "coco_stuff": ("nbgan.data.coco_stuff", "CocoStuff"),
    "ade20k": ("nbgan.data.ade20k", "Ade20k"),
    "pix2pixhd": ("nbgan.data.pix2pixhd_folder", "open_pix2pixhd"),
    "latents": ("nbgan.data.latents", "open_latents"),
    "shards": ("nbgan.data.shards", "Shards"),
    "unpaired": ("nbgan.data.unpaired", "open_unpaired"),
    "celeba_mask_hq": ("nbgan.data.celeba_mask_hq", "CelebAMaskHQ"),
}


def dataset_names() -> tuple[str, ...]:
    """Names that :func:`open_dataset` knows, the embedded worlds first."""
    return (*_WORLDS, *_ON_DISK)


def needs_path(name: str) -> bool:
    """Whether a data set is read from files of yours, so that it needs a path."""
    return name in _ON_DISK


def open_dataset(
    name: str,
    *,
    size: int | tuple[int, int] | None = None,
    split: str = "train",
    path: str | Path | None = None,
    **options: Any,
) -> Dataset:
    """Open a data set by name; only the module that it needs is loaded.

    Args:
        name: ``"landscapes"``, ``"avatars"``, ``"streets"``, ``"avatar-pair"`` or
            ``"avatar-sides"`` (embedded); ``"folder"``, ``"images"``, ``"coco_stuff"``,
            ``"ade20k"``, ``"pix2pixhd"``, ``"latents"``, ``"shards"``, ``"unpaired"`` or
            ``"celeba_mask_hq"`` (from ``path``).
        size: side of the pictures in pixels; ``None`` takes the world's default, or the files'.
        split: ``"train"``, ``"val"`` or ``"test"`` where the data set has it.
        path: folder of the files; not for the embedded worlds.
        options: passed on, for example ``seed`` or ``flip``.

    Raises:
        InputError: unknown name or option, path missing or not wanted, and whatever the data set
            itself raises.
    """
    if name not in _WORLDS and name not in _ON_DISK:
        raise InputError(f"data set '{name}' is unknown; allowed are {', '.join(dataset_names())}")
    if needs_path(name) and path is None:
        raise InputError(f"data set '{name}' needs a path: give the folder that holds its files")
    if not needs_path(name) and path is not None:
        raise InputError(
            f"path is {path}, but data set '{name}' is embedded and reads no files; leave path "
            f"out, or choose one of {', '.join(_ON_DISK)}"
        )
    module, attribute = (_WORLDS | _ON_DISK)[name]
    factory = getattr(import_module(module), attribute)
    arguments = {"split": split, **options}
    if path is not None:
        arguments["path"] = path
    if size is not None:
        arguments["size"] = size
    known = _options(factory)
    unknown = sorted(set(arguments) - known)
    if unknown:
        raise InputError(
            f"data set '{name}' has no option {', '.join(unknown)}; allowed are "
            f"{', '.join(sorted(known))}"
        )
    return factory(**arguments)


def _options(factory: Callable[..., Any]) -> set[str]:
    """Parameter names; a function that passes options on takes those of what it returns, too."""
    parameters = inspect.signature(factory).parameters.values()
    names = {p.name for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD}
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        made = inspect.get_annotations(factory, eval_str=True)["return"]
        names |= set(inspect.signature(made).parameters) - {"images", "labels"}
    return names
