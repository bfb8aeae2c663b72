"""From class ids and instance ids to the map that SPADE's networks see."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError


def label_channels(label_space: LabelSpace, *, dont_care: bool, use_instances: bool) -> int:
    """Channels of :func:`semantics`."""
    return label_space.num_classes + int(dont_care) + int(use_instances)


def one_hot(label: Tensor, label_space: LabelSpace, *, dont_care: bool = False) -> Tensor:
    """Class ids ``[N, H, W]`` to a float map ``[N, C, H, W]`` of zeros and ones.

    Unlabelled pixels get channel ``num_classes`` if ``dont_care``, otherwise all zeros.

    Raises:
        InputError: not an integer map ``[N, H, W]``, or unknown ids. Checked here because an id
            that is too large would end as a crash of the device later.
    """
    if label.ndim != 3:
        raise InputError(
            f"label: expected class ids [N, H, W], got shape {list(label.shape)}; "
            "add a batch axis with label[None]"
        )
    label_space.check(label)
    classes = label_space.num_classes
    ids = label.long()
    if label_space.ignore_id is not None:
        ids = torch.where(ids == label_space.ignore_id, classes, ids)
    maps = F.one_hot(ids, classes + 1).permute(0, 3, 1, 2).float()
    return maps if dont_care else maps[:, :classes]


def instance_edges(instance: Tensor) -> Tensor:
    """Where an instance meets another: ``[N, H, W]`` ids to ``[N, 1, H, W]`` zeros and ones.

    A pixel is an edge if one of its four neighbours has another id, so both sides of a border are
    marked; the picture's own border is no edge.
    """
    edges = torch.zeros_like(instance, dtype=torch.bool)
    across = instance[:, :, 1:] != instance[:, :, :-1]
    down = instance[:, 1:] != instance[:, :-1]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:] |= down
    edges[:, :-1] |= down
    return edges[:, None].float()


def semantics(
    label: Tensor,
    instance: Tensor | None,
    label_space: LabelSpace,
    *,
    dont_care: bool = False,
    use_instances: bool = False,
) -> Tensor:
    """One-hot classes, then the don't-care channel, then the instance edges.

    Args:
        label: class ids ``[N, H, W]``.
        instance: instance ids ``[N, H, W]``; needed if ``use_instances``.

    Returns:
        Float map ``[N, label_channels, H, W]``.

    Raises:
        InputError: bad ids, no instance map, or one of another size.
    """
    maps = one_hot(label, label_space, dont_care=dont_care)
    if not use_instances:
        return maps
    if instance is None:
        raise InputError(
            "instance: this model draws edges between instances, but no instance map was given; "
            "pass instance ids [N, H, W], or build the model with use_instances=False"
        )
    if instance.shape != label.shape:
        raise InputError(
            f"instance: shape {list(instance.shape)} differs from label's {list(label.shape)}; "
            "resize both with nearest neighbour to one size"
        )
    return torch.cat([maps, instance_edges(instance)], dim=1)
