"""Training: recipes, systems, checkpoints and the one loop that trains them all."""

from nbgan.train.checkpoint import load_model, save_model
from nbgan.train.loop import Trainer
from nbgan.train.recipe import Recipe
from nbgan.train.start import build, open_split, start_training
from nbgan.train.system import SYSTEMS, Phase, System, system_type

__all__ = [
    "SYSTEMS",
    "Phase",
    "Recipe",
    "System",
    "Trainer",
    "build",
    "load_model",
    "open_split",
    "save_model",
    "start_training",
    "system_type",
]
