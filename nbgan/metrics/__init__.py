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
from nbgan.metrics.instances import BoundaryScore, boundary_score
from nbgan.metrics.perceptual import LPIPS, FeatureDistance, perceptual_distance
from nbgan.metrics.precision_recall import precision_recall
from nbgan.metrics.semantic import ConfusionMatrix, SemanticScores, real_images, semantic_scores

__all__ = [
    "LPIPS",
    "BoundaryScore",
    "ConfusionMatrix",
    "DiversityScore",
    "FeatureDistance",
    "InceptionFeatures",
    "Score",
    "SemanticScores",
    "boundary_score",
    "distribution_scores",
    "embed",
    "frechet_distance",
    "kernel_distance",
    "perceptual_distance",
    "precision_recall",
    "real_images",
    "semantic_scores",
    "style_diversity",
]
