"""How Cityscapes names its files and what its instance numbers say."""

from __future__ import annotations

import numpy as np

from nbgan.data.cityscapes.classes import CITYSCAPES, INSTANCE_BASE
from nbgan.errors import InputError

PICTURE_ENDING = "_leftImg8bit"
LABEL_ENDING = "_gtFine_labelIds"
INSTANCE_ENDING = "_gtFine_instanceIds"
COLOR_ENDING = "_gtFine_color"

ENDINGS = {
    "picture": PICTURE_ENDING,
    "mask": LABEL_ENDING,
    "instance map": INSTANCE_ENDING,
    "source picture": COLOR_ENDING,
}
"""What a file's stem ends in, by the kinds of :func:`nbgan.data.scan.scan`."""

_STRANGE = 0.01


def split_instances(stored: np.ndarray, *, where: str = "instance map") -> np.ndarray:
    """Instance ids of a Cityscapes file with 0 where nothing is counted, int64 ``[H, W]``.

    The files hold the class id on stuff, and on a group of things that cannot be told apart;
    :func:`~nbgan.data.cityscapes.classes.cityscapes_ids` puts these ids back.

    Args:
        stored: the file's values: a class id, or class · 1000 + n.
        where: what to call the map in a message, usually the file name.

    Raises:
        InputError: ids of no class.
    """
    highest = CITYSCAPES.num_classes * INSTANCE_BASE
    known = (stored >= 0) & (stored < CITYSCAPES.num_classes)
    known |= (stored >= INSTANCE_BASE) & (stored < highest)
    if not known.all():
        strange = np.unique(stored[~known]).tolist()
        raise InputError(
            f"{where}: instance id {', '.join(map(str, strange[:8]))} belongs to no class; allowed "
            f"are class ids 0 to {CITYSCAPES.num_classes - 1}, and class × {INSTANCE_BASE} + n "
            f"from {INSTANCE_BASE} to {highest - 1}. For another data set put its label_space.json "
            "into the folder"
        )
    return np.where(stored >= INSTANCE_BASE, stored, 0)


def check_instances(instance: np.ndarray, label: np.ndarray, *, where: str) -> None:
    """Raise InputError if an instance map is of another picture than the class ids.

    Args:
        instance: ids ``[H, W]``, class · 1000 + n or 0.
        label: class ids ``[H, W]``.
        where: what to call the map in a message, usually the file name.
    """
    things = instance > 0
    wrong = things & (instance // INSTANCE_BASE != label)
    # Resizing may have moved a border by a pixel in files that others prepared.
    if wrong.sum() <= _STRANGE * things.sum():
        return
    row, column = np.argwhere(wrong)[0].tolist()
    raise InputError(
        f"{where}: {wrong.sum() / things.sum():.0%} of the instance pixels lie on another class, "
        f"for example instance {instance[row, column]} on class {label[row, column]}; instance map "
        "and mask are of different pictures. Check the files' names"
    )
