"""The data that DatasetGAN's shipped models learn from: annotated records, and shards.

A shipped segmenter, which was trained on thousands of labelled pictures, stands in for the person
who annotates. So what the models learn from few pictures is what the stand-in says of them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from nbgan import zoo
from nbgan.data.avatar_keypoints import keypoints_in_map
from nbgan.datasetgan import DatasetGANSystem, make_training_data, write_shards
from nbgan.datasetgan.factory import Order
from nbgan.datasetgan.generators import open_generator
from nbgan.errors import InputError

GENERATOR = "stylegan2-avatars"
ANNOTATOR = "segmenter-avatars"
KEYPOINTS = 8
"""How many keypoints :func:`point` finds."""


def annotate(image: Tensor) -> Tensor:
    """The stand-in's masks: pictures ``[N, 3, H, W]`` to class ids ``[N, H, W]``."""
    with torch.no_grad():
        return zoo.load_judge(ANNOTATOR)(image).argmax(dim=1)


def point(image: Tensor) -> Tensor:
    """The stand-in's keypoints, measured on its masks: ``[N, KEYPOINTS, 2]``, pixel x, y."""
    return torch.stack([torch.from_numpy(keypoints_in_map(m.numpy())) for m in annotate(image)])


def avatar_records(
    folder: Path, *, n: int = 16, held_out: int = 100, seed: int = 0, generator: str = GENERATOR
) -> None:
    """Sample and annotate ``n`` pictures, and ``held_out`` others to score with."""
    painter = open_generator(generator).generator
    space = zoo.load_segmenter(ANNOTATOR).label_space
    for split, count in (("train", n), ("val", held_out)):
        if count:
            make_training_data(
                painter,
                folder,
                label_space=space,
                n=count,
                seed=seed,
                annotator=annotate,
                point=point,
                split=split,
            )


def avatar_shards(
    folder: Path, *, model: str = "datasetgan-avatars", n: int = 600, seed: int = 1
) -> None:
    """Let a factory make ``n`` labelled pictures; goes on where it was stopped.

    Raises:
        InputError: the model is no DatasetGAN.
    """
    system = zoo.open_model(model)
    if not isinstance(system, DatasetGANSystem):
        raise InputError(f"'{model}' is a {system.recipe.system} model; a factory needs datasetgan")
    write_shards(system, folder, Order(pictures=n, seed=seed))
