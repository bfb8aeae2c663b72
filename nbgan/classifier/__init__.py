"""A small classifier of attributes, made for class activation maps."""

from nbgan.classifier.network import POOLINGS, Classifier, Pooling
from nbgan.classifier.recipe import ClassifierRecipe
from nbgan.classifier.system import ClassifierSystem, balanced_accuracy, shifted

__all__ = [
    "POOLINGS",
    "Classifier",
    "ClassifierRecipe",
    "ClassifierSystem",
    "Pooling",
    "balanced_accuracy",
    "shifted",
]
