"""What every instance looks like: tables of feature vectors, and how they become a feature map.

Feature maps are constant over each instance (Wang et al., 2018, section 3.4), so one vector for
each instance says all. This module turns pixels into vectors and back.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nbgan.data.cityscapes import cityscapes_ids
from nbgan.errors import InputError
from nbgan.pix2pixhd.edges import MAX_INSTANCE_ID, check_instance
from nbgan.pix2pixhd.pooling import class_of, instance_table

SLOTS = 64
"""Instances of one class that a style tells apart; the next ones repeat the first."""

InstanceStyles = dict[int, Tensor]
"""One picture's feature vectors ``[F]`` by instance id; replace one to change one object."""


def instance_ids(label: Tensor, instance: Tensor | None) -> Tensor:
    """Instance ids as Cityscapes writes them: class · 1000 + n for things, the class for the rest.

    Where ``instance`` is 0 the class id is filled in. A number below 1000 other than the class
    counts as the n-th instance of the class, so that masks painted with instances 1, 2, 3 work.

    Args:
        label: class ids ``[N, H, W]``.
        instance: instance ids ``[N, H, W]``, 0 to 65535; 0 = no instance.

    Returns:
        int64 ``[N, H, W]``.

    Raises:
        InputError: no instance map, one of another shape, or bad ids.
    """
    if instance is None:
        raise InputError(
            "instance: this model tells instances apart (edges or features), but no instance map "
            "was given; pass instance ids [N, H, W], or build the model with use_instances=False "
            "and instance_features=False"
        )
    if instance.shape != label.shape:
        raise InputError(
            f"instance: shape {list(instance.shape)} differs from label's {list(label.shape)}; "
            "resize both with nearest neighbour to one size"
        )
    check_instance(instance)
    label, ids = label.long(), instance.long()
    numbered = (ids > 0) & (ids < 1000) & (ids != label)
    return cityscapes_ids(label, torch.where(numbered, label * 1000 + ids, ids))


def paint_rows(ids: Tensor, rows: Tensor, features: Tensor) -> Tensor:
    """Paint vectors over the instances that they belong to.

    Args:
        ids: instance ids ``[N, H, W]`` from :func:`instance_ids`.
        rows: ids that have a vector, ``[N, M]`` in ascending order, with any larger number than
            an id at the end where a picture has fewer.
        features: their vectors ``[N, M, F]``.

    Returns:
        ``[N, F, H, W]``; zeros where an instance has no vector.
    """
    flat = ids.flatten(1)
    place = torch.searchsorted(rows, flat).clamp(max=rows.shape[1] - 1)
    found = rows.gather(1, place) == flat
    values = features.gather(1, place[..., None].expand(-1, -1, features.shape[2]))
    values = values * found[..., None]
    return values.transpose(1, 2).reshape(len(ids), -1, *ids.shape[1:])


def paint_tables(ids: Tensor, tables: list[InstanceStyles], channels: int) -> Tensor:
    """The same from one dictionary per picture.

    Raises:
        InputError: another number of tables than pictures, a vector of another length, or an
            instance without a vector.
    """
    if len(tables) != len(ids):
        raise InputError(
            f"table: {len(tables)} tables for {len(ids)} label maps; give one dict per map"
        )
    most = max(map(len, tables), default=0) or 1
    rows = torch.full((len(ids), most), MAX_INSTANCE_ID + 1, device=ids.device)
    features = torch.zeros(len(ids), most, channels, device=ids.device)
    for n, table in enumerate(tables):
        missing = sorted(set(ids[n].unique().tolist()) - set(table))
        if missing:
            raise InputError(
                f"table: no vector for instance {', '.join(map(str, missing[:8]))} of picture {n}; "
                "start from instance_styles(label, instance), which has one for every instance"
            )
        for k, (identity, vector) in enumerate(sorted(table.items())):
            if tuple(vector.shape) != (channels,):
                raise InputError(
                    f"table: the vector of instance {identity} has shape {list(vector.shape)}; "
                    f"this model's have {channels} numbers"
                )
            rows[n, k], features[n, k] = identity, vector.to(features)
    return paint_rows(ids, rows, features)


def paint_style(ids: Tensor, style: Tensor) -> Tensor:
    """Paint a style: a vector for each class and slot.

    Args:
        ids: instance ids ``[N, H, W]`` from :func:`instance_ids`.
        style: ``[N, classes, SLOTS, F]``; the n-th instance of a class takes slot n.

    Returns:
        ``[N, F, H, W]``

    Raises:
        InputError: an id whose class the style does not know.
    """
    classes = check_classes(ids, style.shape[1])
    flat = (classes * SLOTS + slot_of(ids)).flatten(1)[..., None]
    table = style.flatten(1, 2)
    values = table.gather(1, flat.expand(-1, -1, style.shape[3]))
    return values.transpose(1, 2).reshape(len(ids), -1, *ids.shape[1:])


def slot_of(ids: Tensor) -> Tensor:
    """Which slot of its class an instance takes; stuff takes the first."""
    return torch.where(ids < 1000, 0, ids % 1000 % SLOTS)


def check_classes(ids: Tensor, num_classes: int) -> Tensor:
    """Class of each id, checked.

    Raises:
        InputError: a class that does not exist.
    """
    classes = class_of(ids)
    if classes.numel() and int(classes.max()) >= num_classes:
        worst = int(ids[classes == classes.max()][0])
        raise InputError(
            f"instance: id {worst} is of class {int(classes.max())}, but there are {num_classes} "
            f"classes, 0 to {num_classes - 1}; number instances as class * 1000 + n"
        )
    return classes


def styles_of(features: Tensor, ids: Tensor, fallback: Tensor) -> Tensor:
    """Styles of pictures, as far as one label map's style can serve another.

    Slots that a picture does not show repeat those that it shows; a class that it does not show
    takes the fallback.

    Args:
        features: ``[N, F, H, W]``, pooled or not.
        ids: instance ids ``[N, H, W]`` from :func:`instance_ids`.
        fallback: ``[classes, F]``.

    Returns:
        ``[N, classes, SLOTS, F]``
    """
    check_classes(ids, len(fallback))
    styles = fallback[None, :, None].repeat(len(features), 1, SLOTS, 1).to(features)
    for style, table in zip(styles, instance_table(features, ids), strict=True):
        classes, slots = class_of(table.ids), slot_of(table.ids)
        for c in classes.unique().tolist():
            mine = classes == c
            shown = table.means[mine]
            style[c] = shown[torch.arange(SLOTS, device=shown.device) % len(shown)]
            style[c, slots[mine]] = shown
    return styles
