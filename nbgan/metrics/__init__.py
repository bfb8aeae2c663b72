"""Scores: semantic agreement, distances between distributions, perceptual distance, diversity."""

from nbgan.metrics.distance import (
    Score,
    distribution_scores,
    embed,
    frechet_distance,
    kernel_distance,
)
from nbgan.metrics.diversity import DiversityScore, style_diversity
from nbgan.metrics.inception import InceptionFeatures
from nbgan.metrics.perceptual import LPIPS, FeatureDistance, perceptual_distance
from nbgan.metrics.semantic import ConfusionMatrix, SemanticScores, real_images, semantic_scores

__all__ = [
    "LPIPS",
    "ConfusionMatrix",
    "DiversityScore",
    "FeatureDistance",
    "InceptionFeatures",
    "Score",
    "SemanticScores",
    "distribution_scores",
    "embed",
    "frechet_distance",
    "kernel_distance",
    "perceptual_distance",
    "real_images",
    "semantic_scores",
    "style_diversity",
]
