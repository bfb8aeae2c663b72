"""From a recipe to a trained system: open the data, build, train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch.utils.data import Dataset

from nbgan.data import (
    CachedDataset,
    LabelSpace,
    folder_splits,
    needs_path,
    open_dataset,
    pix2pixhd_splits,
    shard_splits,
    unpaired_splits,
)
from nbgan.errors import InputError
from nbgan.train.loop import Trainer
from nbgan.train.recipe import Recipe
from nbgan.train.system import System, system_type

_SPLITS: dict[str, Callable[..., tuple[str, ...]]] = {
    "folder": folder_splits,
    "latents": folder_splits,
    "pix2pixhd": pix2pixhd_splits,
    "shards": shard_splits,
    "unpaired": unpaired_splits,
}
"""Readers of folders that may lack a split."""


def open_split(recipe: Recipe, split: str, *, progress: bool = True) -> Dataset | None:
    """The training or validation pictures that a recipe names; None if there is no such split.

    Embedded worlds are drawn once and then read from the disk cache.
    """
    if recipe.data_path is None and needs_path(recipe.data):
        raise InputError(
            f"data set '{recipe.data}' needs a path: give 'data_path' (--data-path on the command "
            "line), the folder that holds its files"
        )
    size = recipe.size if recipe.aspect_ratio == 1 else recipe.height_width
    if recipe.data_path is not None:
        options = recipe.reader_options() | recipe.world_options()
        folders = {key: options[key] for key in ("target",) if key in options}
        # Of training pictures the reader itself says what is missing.
        splits = _SPLITS.get(recipe.data) if split != "train" else None
        if splits is not None and split not in splits(recipe.data_path, **folders):
            return None
        if recipe.resize != "resize":
            options["resize"] = recipe.resize
        # Without resizing every file keeps its own size.
        wanted = None if recipe.resize == "none" else size
        return open_dataset(recipe.data, size=wanted, split=split, path=recipe.data_path, **options)
    length = recipe.train_pictures if split == "train" else recipe.evaluate_pictures
    options = recipe.world_options()
    world = open_dataset(recipe.data, size=size, split=split, length=length, **options)
    return CachedDataset(world, progress=progress)


def build(recipe: Recipe, label_space: LabelSpace | None) -> System:
    """A system with fresh weights for the classes of a data set."""
    return system_type(recipe.system)(recipe, label_space)


def start_training(
    recipe: Recipe,
    *,
    out: str | Path,
    resume: bool = False,
    until: int | None = None,
    progress: bool = True,
    after_step: Callable[[int], None] | None = None,
) -> Trainer:
    """Train a recipe from beginning to end, or go on where an earlier run stopped.

    Args:
        recipe: what to train.
        out: folder for weights, training state, log and samples.
        resume: go on from the state in ``out``, if there is one.
        until: stop early at this step; a later run can resume.
        progress: show progress bars.
        after_step: called with the number of steps done.

    Returns:
        The trainer; its ``system`` carries the averaged weights, in evaluation mode.
    """
    train_data = open_split(recipe, "train", progress=progress)
    assert train_data is not None
    trainer = Trainer(
        build(recipe, getattr(train_data, "label_space", None)),
        train_data=train_data,
        validation_data=open_split(recipe, "val", progress=progress),
        out=out,
        resume=resume,
        progress=progress,
    )
    trainer.run(until=until, after_step=after_step)
    return trainer
