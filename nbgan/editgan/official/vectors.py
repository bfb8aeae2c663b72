"""Published editing vectors: arrays ``[1, rows, w_dim]`` in files of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from nbgan.editgan.joint import JointModel
from nbgan.editgan.vectors import EditVector
from nbgan.errors import InputError


def read_published_vector(
    path: str | Path, model: JointModel, *, name: str, classes: Sequence[int]
) -> EditVector:
    """A published vector for the model that it was made with.

    Args:
        path: the ``.npy`` file.
        model: the published generator and classifiers.
        name: what to call it.
        classes: ids of the classes that it is about; the release lists them in its program: front
            lights 4 and 5; wheels 21, 22, 24, 25, 26 and 27.

    Raises:
        InputError: absent, damaged, with objects in it that would have to be unpickled, or an
            array of another shape.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"{path}: not a readable NumPy array ({error}); published vectors are .npy files of "
            "float32, copy it again"
        ) from None
    wanted = (1, model.generator.rows, model.generator.w_dim)
    if not isinstance(array, np.ndarray) or array.shape != wanted:
        raise InputError(
            f"{path}: shape {getattr(array, 'shape', None)}, this generator's vectors have {wanted}"
        )
    return EditVector(
        name=name,
        direction=torch.from_numpy(array[0].astype(np.float32)),
        region=torch.zeros(model.grid.height, model.grid.width, dtype=torch.bool),
        classes=tuple(model.label_space.classes[i] for i in classes),
        generator=model.mark,
    )
