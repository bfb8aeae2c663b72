"""Scores and previews of translations: how near they come to a domain, and what they keep.

Distances are those of :mod:`nbgan.metrics.distance` between translated pictures and real ones of
the domain that they should belong to. On Inception features they are KID; on the features of a
segmenter of ours they are kernel distances of their own, and are called so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.gan.perceptual import FeatureNetwork, ModuleFeatures
from nbgan.ugatit.recipe import AVATAR_PAIR

if TYPE_CHECKING:
    from nbgan.segmenter import Judge
    from nbgan.train.system import Batch
    from nbgan.ugatit.system import UGATITSystem

JUDGE = "segmenter-avatar-sides"
"""The zoo's segmenter of coloured and of ink avatars."""
WORN = ("glasses", "facial_hair", "hat")
"""Parts that a face has or has not; a translation should neither lose nor invent them."""
LARGE = ("skin", "hair", "clothes")
"""Parts that nearly every face has, in about the same place on both sides."""
LEAST_SHARE = 0.004
"""Share of a picture's pixels from which a part counts as there."""


def translation_scores(system: UGATITSystem, batches: Iterable[Batch]) -> dict[str, float]:
    """Every score of a system on validation batches.

    Returns:
        With the prefix ``kid`` (Inception) or ``kernel`` (a segmenter's features), each with its
        standard deviation over subsets under ``…_std``:
        ``a2b``, translated sources to real targets; ``b2a``, the other way round;
        ``before``, untranslated sources to targets, what there is to gain;
        ``target``, half of the targets, sent through the generator that leads to them, to the
        other half; ``real``, the same without the generator, what cannot be undercut.
        With a segmenter also :func:`kept_parts`, for each direction. Empty if there is neither.
    """
    networks = _networks(system)
    if networks is None:
        return {}
    prefix, features, judge = networks
    pictures: dict[str, list[Tensor]] = {key: [] for key in ("a", "b", "a2b", "b2a", "b2b")}
    for batch in batches:
        source, target = batch["source"], batch["target"]
        made = {
            "a": source,
            "b": target,
            "a2b": system.translate(source, "a2b").image,
            "b2a": system.translate(target, "b2a").image,
            "b2b": system.translate(target, "a2b").image,
        }
        for key, value in made.items():
            pictures[key].append(value.float().cpu())
    joined = {key: torch.cat(value) for key, value in pictures.items()}
    scores = distances(features, joined, prefix=prefix)
    if judge is not None:
        found = {key: segment(judge, joined[key]) for key in ("a", "b", "a2b", "b2a")}
        for before, after in (("a", "a2b"), ("b", "b2a")):
            kept = kept_parts(found[before], found[after], judge.label_space)
            scores |= {f"{name}_{after}": value for name, value in kept.items()}
    return scores


def distances(
    features: FeatureNetwork, pictures: dict[str, Tensor], *, prefix: str
) -> dict[str, float]:
    """The distances of :func:`translation_scores`, from pictures by their keys.

    Args:
        features: feature network.
        pictures: ``a``, ``b``, ``a2b``, ``b2a`` and ``b2b``, each ``[N, 3, H, W]`` in [−1, 1].
        prefix: of the names.
    """
    from nbgan.metrics import embed, kernel_distance

    rows = {key: embed(features, value) for key, value in pictures.items()}
    half = len(rows["b"]) // 2
    pairs = {
        "a2b": (rows["a2b"], rows["b"]),
        "b2a": (rows["b2a"], rows["a"]),
        "before": (rows["a"], rows["b"]),
        "target": (rows["b2b"][half:], rows["b"][:half]),
        "real": (rows["b"][half:], rows["b"][:half]),
    }
    scores: dict[str, float] = {}
    for name, (ours, real) in pairs.items():
        if min(len(ours), len(real)) >= 2:
            mean, spread = kernel_distance(ours, real)
            scores |= {f"{prefix}_{name}": mean, f"{prefix}_{name}_std": spread}
    return scores


@torch.no_grad()
def segment(judge: Judge, images: Tensor, batch_size: int = 32) -> Tensor:
    """Pictures ``[N, 3, H, W]`` in [−1, 1] to class ids ``[N, H, W]``, on the CPU."""
    device = next(judge.parameters()).device
    parts = [judge(x.to(device)).argmax(dim=1).cpu() for x in images.split(batch_size)]
    return torch.cat(parts)


def kept_parts(before: Tensor, after: Tensor, space: LabelSpace) -> dict[str, float]:
    """What a translation kept, read off class maps of the same faces.

    Args:
        before, after: class ids ``[N, H, W]`` of pictures and of their translations.
        space: what the ids mean.

    Returns:
        ``kept_…`` for each part of :data:`WORN` that some faces have: mean of the share of wearers
        who still wear it and the share of others who still do not, so that 0.5 is chance;
        ``overlap``: mean IoU of the parts of :data:`LARGE`, over all faces together.

    Raises:
        InputError: the maps differ in shape.
    """
    if before.shape != after.shape:
        raise InputError(
            f"before, after: class maps of {list(before.shape)} and {list(after.shape)}; both must "
            "show the same faces at the same size"
        )
    scores = {}
    for part in (p for p in WORN if p in space.classes):
        there = [_has(maps, space.classes.index(part)) for maps in (before, after)]
        shares = [
            (there[0] == there[1])[there[0] == worn].float().mean().item()
            for worn in (True, False)
            if (there[0] == worn).any()
        ]
        if there[0].any():
            scores[f"kept_{part}"] = float(np.mean(shares))
    overlaps = []
    for part in (p for p in LARGE if p in space.classes):
        masks = [maps == space.classes.index(part) for maps in (before, after)]
        either = (masks[0] | masks[1]).sum()
        if either:
            overlaps.append(((masks[0] & masks[1]).sum() / either).item())
    if overlaps:
        scores["overlap"] = float(np.mean(overlaps))
    return scores


def preview_rows(system: UGATITSystem, batch: Batch) -> list[Tensor]:
    """The rows of :meth:`UGATITSystem.preview`, each ``[N, 3, H, W]`` in [−1, 1], on the CPU."""
    rows = []
    for side, there, back in (("source", "a2b", "b2a"), ("target", "b2a", "a2b")):
        image = batch[side]
        made = system.translate(image, there)  # type: ignore[arg-type]
        rows += [image, made.image]
        if made.heatmap is not None:
            rows.append(heat_rows(image, made.heatmap))
        rows.append(system.translate(made.image, back).image)  # type: ignore[arg-type]
    return [row.float().cpu() for row in rows]


def heat_rows(image: Tensor, heatmap: Tensor) -> Tensor:
    """A network's heat maps over the pictures that it was given.

    Args:
        image: ``[N, 3, H, W]`` in [−1, 1].
        heatmap: ``[N, 1, h, w]``, not normalised.

    Returns:
        ``[N, 3, H, W]`` in [−1, 1], on the CPU.
    """
    from nbgan.cam import enlarge, heat, to_unit

    size = (image.shape[-2], image.shape[-1])
    return heat(image, to_unit(enlarge(heatmap.float(), size)[:, 0]))


def _has(maps: Tensor, class_id: int) -> Tensor:
    return (maps == class_id).float().mean(dim=(1, 2)) >= LEAST_SHARE


def _networks(system: UGATITSystem) -> tuple[str, FeatureNetwork, Judge | None] | None:
    """Prefix of the names, feature network and segmenter; None if there is nothing to judge by.

    Pictures of the embedded pair are judged by its segmenter, others by Inception if its file is
    at hand.
    """
    from nbgan import zoo
    from nbgan.metrics import InceptionFeatures

    name = system.recipe.judge
    if name is None and system.recipe.data == AVATAR_PAIR:
        name = JUDGE if JUDGE in zoo.names() else None
    if name is not None:
        judge = zoo.load_judge(name)
        return "kernel", ModuleFeatures(judge, name=f"{name} (not Inception)"), judge
    if system.recipe.data == AVATAR_PAIR:
        return None
    try:
        inception = InceptionFeatures()
    except InputError:
        return None
    return "kid" if inception.name == "inception" else "kernel", inception, None
