"""The scores that a model's card gives: what the system measures itself, and for painters more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from nbgan.gan.perceptual import ModuleFeatures
from nbgan.metrics import (
    FeatureDistance,
    boundary_score,
    distribution_scores,
    real_images,
    semantic_scores,
    style_diversity,
)
from nbgan.train.painting import PaintingSystem
from nbgan.train.system import Batch, System
from nbgan.zoo import load_judge


def scores(system: System, batches: list[Batch]) -> dict[str, float]:
    """All scores of a card on validation batches."""
    result = system.evaluate(batches)
    if not isinstance(system, PaintingSystem) or not result:
        return result
    space = system.label_space
    judge = f"segmenter-{space.name}"
    segmenter = load_judge(judge)
    bound = semantic_scores(real_images, segmenter, batches, space)
    result |= {
        "miou_real": bound.mean_iou,
        "miou_share_of_real": result["miou"] / bound.mean_iou,
        "accuracy_real": bound.pixel_accuracy,
    }
    features = ModuleFeatures(segmenter, name=f"{judge} (not Inception)")
    painted = list(paint(system, batches))
    real = torch.cat([batch["image"] for batch in batches])
    for score in distribution_scores(features, real, torch.cat(painted)):
        result[score.name] = score.value
    if "instance" in batches[0]:
        result |= {
            "boundary_accuracy": boundary_score(system.paint_in_own_style, batches).accuracy,
            "boundary_accuracy_real": boundary_score(real_images, batches).accuracy,
        }
    if system.has_styles:
        pictures = iter(painted)
        sampled = semantic_scores(lambda _: next(pictures), segmenter, batches, space)
        result["miou_sampled_styles"] = sampled.mean_iou
        result["diversity_over_styles"] = diversity(system, FeatureDistance(features), batches[0])
    return result


def diversity(system: PaintingSystem, distance: FeatureDistance, batch: Batch) -> float:
    """How much pictures of one label map differ over six sampled styles."""
    label, instance = batch["label"][:8], batch.get("instance")
    instances = iter([None] * 8 if instance is None else instance[:8])

    def generate(same: Tensor, style: Tensor) -> Tensor:
        ids = next(instances)  # label maps come one after the other
        return system.generate(same, None if ids is None else ids.expand_as(same), style)

    return style_diversity(generate, distance, label, system.sample_style(6, seed=1)).value


def paint(system: PaintingSystem, batches: Iterable[Batch]) -> Iterator[Tensor]:
    """Paint each batch's label maps, with sampled styles where the system has styles."""
    for i, batch in enumerate(batches):
        label = batch["label"]
        style = system.sample_style(len(label), seed=i) if system.has_styles else None
        yield system.generate(label, batch.get("instance"), style)
