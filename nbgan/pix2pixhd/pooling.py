"""Instance-wise average pooling: every pixel of an object gets the object's mean feature.

Source: Wang et al. (2018), section 3.4. Checked against the published implementation
(``tests/golden/pix2pixhd``), which visits one instance of one picture after another;
:func:`instance_mean` takes one pass over the pixels, whatever the number of instances.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.pix2pixhd.edges import MAX_INSTANCE_ID, check_instance


class InstanceTable(NamedTuple):
    """The instances of one picture, in ascending order of their ids.

    ``ids`` int64 ``[K]``; ``means`` ``[K, C]``; ``pixels`` int64 ``[K]``.
    """

    ids: Tensor
    means: Tensor
    pixels: Tensor


class _Groups(NamedTuple):
    """Pixels grouped by picture and instance; groups are ordered by picture, then by id."""

    group_of: Tensor
    """Group of each pixel of the batch, ``[N * H * W]``."""
    keys: Tensor
    """Picture * 65536 + id of each group, ``[G]``."""
    pixels: Tensor
    """Pixels of each group, ``[G]``."""


def instance_mean(features: Tensor, instance: Tensor) -> Tensor:
    """Replace the features of each pixel by their mean over its instance, in one pass.

    Pictures are pooled apart: the same id in two pictures of a batch is two instances. Whether an
    instance is connected does not matter. Differentiable.

    Args:
        features: ``[N, C, H, W]``, any floating type; sums are taken in double precision.
        instance: ids ``[N, H, W]``, 0 to 65535. Every id counts as an instance, 0 as well; give
            classes without instances their class id (``nbgan.data.cityscapes.cityscapes_ids``) or
            they are pooled as one.

    Returns:
        ``[N, C, H, W]`` of the features' type.

    Raises:
        InputError: no map of ids, or of another size than the features.
    """
    _check(features, instance)
    groups = _group(instance)
    means = _group_means(features, groups)
    n, channels, height, width = features.shape
    pooled = means.to(features.dtype).index_select(0, groups.group_of)
    return pooled.view(n, height, width, channels).permute(0, 3, 1, 2)


def instance_mean_loop(features: Tensor, instance: Tensor) -> Tensor:
    """The readable twin of :func:`instance_mean`: one instance after another, as published.

    Arguments, result and errors as there; its time grows with the number of instances.
    """
    _check(features, instance)
    pooled = features.clone()
    for identity in torch.unique(instance).tolist():
        for picture in range(len(features)):
            ys, xs = torch.nonzero(instance[picture] == identity, as_tuple=True)
            if not len(ys):
                continue
            for channel in range(features.shape[1]):
                values = features[picture, channel, ys, xs]
                pooled[picture, channel, ys, xs] = values.mean().expand_as(values)
    return pooled


def instance_table(features: Tensor, instance: Tensor) -> list[InstanceTable]:
    """Mean feature and size of every instance, one table per picture.

    Args:
        features: ``[N, C, H, W]``; already pooled ones give the same means.
        instance: ids ``[N, H, W]``, 0 to 65535.

    Raises:
        InputError: as :func:`instance_mean`.
    """
    _check(features, instance)
    groups = _group(instance)
    means = _group_means(features, groups).to(features.dtype)
    picture = groups.keys.div(MAX_INSTANCE_ID + 1, rounding_mode="floor")
    per_picture = torch.bincount(picture, minlength=len(features)).tolist()
    ids = groups.keys % (MAX_INSTANCE_ID + 1)
    return [
        InstanceTable(*table)
        for table in zip(
            ids.split(per_picture),
            means.split(per_picture),
            groups.pixels.split(per_picture),
            strict=True,
        )
    ]


def class_of(ids: Tensor) -> Tensor:
    """Class of each instance id: the id itself below 1000, else the id divided by 1000."""
    return torch.where(ids < 1000, ids, ids.div(1000, rounding_mode="floor"))


def class_tables(features: Tensor, instance: Tensor, num_classes: int) -> list[Tensor]:
    """The published table that features are clustered from: rows of instances, per class.

    Args:
        features: ``[N, C, H, W]``.
        instance: ids ``[N, H, W]`` as Cityscapes defines them: the class itself, or
            class * 1000 + n.
        num_classes: number of classes.

    Returns:
        For each class ``[rows, C + 1]`` in double precision: the mean features, then the area as
        pixels / (H * W // 32). Rows are in order of picture and id; a class without instance has
        none.

    Raises:
        InputError: as :func:`instance_mean`, or an id whose class is not below ``num_classes``.
    """
    unit = features.shape[-2] * features.shape[-1] // 32
    if not unit:
        raise InputError(
            f"features: {features.shape[-2]} × {features.shape[-1]} pixels; the area of an "
            "instance is counted in 32nds of the picture, so it needs at least 32"
        )
    tables = instance_table(features, instance)
    classes = class_of(torch.cat([table.ids for table in tables]))
    if len(classes) and int(classes.max()) >= num_classes:
        raise InputError(
            f"instance: an id of class {int(classes.max())}; there are {num_classes} classes, "
            f"0 to {num_classes - 1}. Number the instances as class * 1000 + n"
        )
    rows = torch.cat(
        [
            torch.cat([table.means.double(), table.pixels.double()[:, None] / unit], dim=1)
            for table in tables
        ]
    )
    return [rows[classes == c] for c in range(num_classes)]


def _check(features: Tensor, instance: Tensor) -> None:
    check_instance(instance)
    expected = (features.shape[0], *features.shape[2:])
    if features.ndim != 4 or tuple(instance.shape) != expected:
        raise InputError(
            f"instance: shape {list(instance.shape)} does not belong to features of shape "
            f"{list(features.shape)}; expected features [N, C, H, W] and ids [N, H, W]. "
            "Resize the ids with nearest neighbour"
        )


def _group(instance: Tensor) -> _Groups:
    # Counting into one box per possible id is several times faster than sorting the pixels.
    picture = torch.arange(len(instance), device=instance.device)[:, None, None]
    key = (instance.long() + picture * (MAX_INSTANCE_ID + 1)).flatten()
    counts = torch.bincount(key, minlength=len(instance) * (MAX_INSTANCE_ID + 1))
    present = counts > 0
    number = present.cumsum(0) - 1
    (keys,) = torch.nonzero(present, as_tuple=True)
    return _Groups(number.index_select(0, key), keys, counts.index_select(0, keys))


def _group_means(features: Tensor, groups: _Groups) -> Tensor:
    # In float32 a running sum over a large, even surface rounds every addition the same way.
    channels_last = features.permute(0, 2, 3, 1)
    flat = channels_last.to(torch.double, memory_format=torch.contiguous_format).flatten(0, 2)
    sums = flat.new_zeros(len(groups.keys), features.shape[1])
    return sums.index_add(0, groups.group_of, flat) / groups.pixels[:, None]
