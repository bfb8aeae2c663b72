"""The classes of Cityscapes: ids, names, colours, and which of them are counted one by one.

Ids and colours are those of the data set's own table
(https://www.cityscapes-dataset.com/dataset-overview). It paints several classes the same; where a
colour would come back, it is moved by a few steps here, so that a colour always names one class.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch

from nbgan.data.labels import LabelSpace

_TABLE: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("unlabeled", (0, 0, 0)),
    ("ego vehicle", (12, 12, 12)),
    ("rectification border", (24, 24, 24)),
    ("out of roi", (36, 36, 36)),
    ("static", (20, 20, 20)),
    ("dynamic", (111, 74, 0)),
    ("ground", (81, 0, 81)),
    ("road", (128, 64, 128)),
    ("sidewalk", (244, 35, 232)),
    ("parking", (250, 170, 160)),
    ("rail track", (230, 150, 140)),
    ("building", (70, 70, 70)),
    ("wall", (102, 102, 156)),
    ("fence", (190, 153, 153)),
    ("guard rail", (180, 165, 180)),
    ("bridge", (150, 100, 100)),
    ("tunnel", (150, 120, 90)),
    ("pole", (153, 153, 153)),
    ("polegroup", (165, 165, 165)),
    ("traffic light", (250, 170, 30)),
    ("traffic sign", (220, 220, 0)),
    ("vegetation", (107, 142, 35)),
    ("terrain", (152, 251, 152)),
    ("sky", (70, 130, 180)),
    ("person", (220, 20, 60)),
    ("rider", (255, 0, 0)),
    ("car", (0, 0, 142)),
    ("truck", (0, 0, 70)),
    ("bus", (0, 60, 100)),
    ("caravan", (0, 0, 90)),
    ("trailer", (0, 0, 110)),
    ("train", (0, 80, 100)),
    ("motorcycle", (0, 0, 230)),
    ("bicycle", (119, 11, 32)),
    ("license plate", (0, 0, 160)),
)

CITYSCAPES = LabelSpace(
    name="streets",
    classes=tuple(name for name, _ in _TABLE),
    colors=tuple(color for _, color in _TABLE),
    ignore_id=None,
)
"""The 35 classes, position = id. "unlabeled" is class 0, so there is no id outside of them.

The published table gives "license plate" the id -1; it is 34 here, as in the 35-channel maps of
pix2pixHD and SPADE.
"""

UNLABELED, STATIC, DYNAMIC, GROUND = 0, 4, 5, 6
ROAD, SIDEWALK, PARKING, BUILDING, WALL, FENCE = 7, 8, 9, 11, 12, 13
POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN, VEGETATION, TERRAIN, SKY = 17, 19, 20, 21, 22, 23
PERSON, RIDER, CAR, TRUCK, BUS = 24, 25, 26, 27, 28
CARAVAN, TRAILER, TRAIN, MOTORCYCLE, BICYCLE = 29, 30, 31, 32, 33

THINGS = (PERSON, RIDER, CAR, TRUCK, BUS, CARAVAN, TRAILER, TRAIN, MOTORCYCLE, BICYCLE)
"""Ids of the classes whose objects have instance ids."""

INSTANCE_BASE = 1000
"""The n-th object of a class has the instance id ``class * INSTANCE_BASE + n``, n from 0."""

_Array = TypeVar("_Array", np.ndarray, torch.Tensor)


def cityscapes_ids(label: _Array, instance: _Array) -> _Array:
    """Instance ids as Cityscapes' files hold them: where nothing is counted, the class id.

    Ids that are already of that kind come back as they are.

    Args:
        label: class ids ``[..., H, W]``, any integer type.
        instance: instance ids of the same shape, 0 = no instance.

    Returns:
        ``instance`` where it is above 0, elsewhere ``label``; type of ``instance``.
    """
    if isinstance(instance, torch.Tensor):
        return torch.where(instance > 0, instance, label.to(instance.dtype))
    return np.where(instance > 0, instance, label.astype(instance.dtype))
