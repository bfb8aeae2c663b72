"""What generator and discriminators are told: classes or a picture, and the edges of instances.

Source: Wang et al. (2018), section 3.3. The published program also paints from pictures without
class ids (option ``label_nc 0``); their three channels then take the place of the one-hot map.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.perceptual import check_images
from nbgan.pix2pixhd.edges import check_instance, edge_map
from nbgan.pix2pixhd.styles import check_classes, instance_ids
from nbgan.spade.semantics import one_hot
from nbgan.train.system import Batch


def condition_channels(label_space: LabelSpace | None, *, edges: bool) -> int:
    """Channels of :func:`condition_maps`."""
    return (3 if label_space is None else label_space.num_classes) + int(edges)


def condition_maps(
    given: Tensor,
    instance: Tensor | None,
    label_space: LabelSpace | None,
    *,
    edges: bool,
    ids: bool,
    device: torch.device,
) -> tuple[Tensor, Tensor | None]:
    """What is given as maps for the networks.

    Args:
        given: class ids ``[N, H, W]``; without label space pictures ``[N, 3, H, W]`` in [−1, 1].
        instance: instance ids ``[N, H, W]``; needed for edges and ids.
        label_space: the classes; None for pictures.
        edges: append the edges of instances.
        ids: also return instance ids, whose classes must be those of the label space.
        device: where the maps are wanted.

    Returns:
        ``[N, C, H, W]``, and instance ids ``[N, H, W]`` if edges or ids are asked for.

    Raises:
        InputError: bad ids or pictures, or no instance map where one is needed.
    """
    if label_space is None:
        check_images(given, "source")
        maps = given.to(device)
    else:
        maps = one_hot(given, label_space).to(device)
    if not (edges or ids):
        return maps, None
    if label_space is None:
        found = source_instances(given, instance).to(device)
    else:
        found = instance_ids(given, instance).to(device)
        if ids:
            check_classes(found, label_space.num_classes)
    return (torch.cat([maps, edge_map(found)], dim=1) if edges else maps), found


def source_instances(source: Tensor, instance: Tensor | None) -> Tensor:
    """Instance ids ``[N, H, W]`` that belong to pictures ``[N, 3, H, W]``, checked.

    Raises:
        InputError: no instance map, one of another size, or bad ids.
    """
    if instance is None:
        raise InputError(
            "instance: this model draws the edges of instances, but no instance map was given; "
            "pass instance ids [N, H, W], or build the model with use_instances=False"
        )
    check_instance(instance)
    expected = (len(source), *source.shape[-2:])
    if tuple(instance.shape) != expected:
        raise InputError(
            f"instance: shape {list(instance.shape)}, expected {list(expected)} as the pictures; "
            "resize with nearest neighbour to their size"
        )
    return instance.long()


def check_item(
    item: Batch, *, rgb: bool, needs_instances: bool, features: int | None, multiple: int
) -> None:
    """Refuse data that lacks what a recipe asks for, by its first item.

    Args:
        item: one item of the data set, without batch axis.
        rgb: pictures are given instead of classes.
        needs_instances: edges or styles of instances are asked for.
        features: channels that a feature map must have, if the item holds one; None for any.
        multiple: what the networks need sizes to be divisible by.

    Raises:
        InputError: says what is missing or wrong, and which recipe field asks for it.
    """
    given = "source" if rgb else "label"
    if given not in item:
        raise InputError(
            f"data: has no {given} beside its pictures; "
            + (
                "recipe field 'rgb' needs pairs of pictures, trainA and trainB"
                if rgb
                else "use data with label maps, or pairs of pictures and rgb=True"
            )
        )
    if needs_instances and "instance" not in item:
        raise InputError(
            "data: has no instance maps, but the recipe asks for edges of instances "
            "(use_instances) or a style for each (instance_features); add an instance folder, or "
            "set both to False"
        )
    height, width = item["image"].shape[-2:]
    if height % multiple or width % multiple:
        raise InputError(
            f"data: pictures of {height} × {width} (height × width) pixels; both sides "
            f"must be divisible by {multiple}, because the networks halve them that often. Change "
            "'size', 'aspect_ratio' or 'resize', or the downsamplings"
        )
    if features is not None and "features" in item and len(item["features"]) != features:
        raise InputError(
            f"data: feature maps have {len(item['features'])} channels, the recipe's "
            f"'feature_channels' is {features}; encode them anew with the encoder of 'start_from'"
        )
