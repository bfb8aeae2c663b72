"""Recipes of the Style Interpreter: what is shipped, and the published settings.

Source of the ``paper`` values: Zhang et al., *DatasetGAN* (2021), supplement, and its release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from nbgan.errors import InputError
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class DatasetGANRecipe(Recipe):
    """How a Style Interpreter is built and trained. ``size`` is that of the labels."""

    system: ClassVar[str] = "datasetgan"

    data: str = "latents"
    batch_size: int = 1
    """Unused but for the order of records: each step draws pixels from all of them."""
    generator: str = "stylegan2-avatars"
    """The generator whose pictures are labelled: a shipped StyleGAN's name or a model file."""
    generator_recipe: str = ""
    """That generator's recipe as JSON; filled in when it is opened, so that a model file rebuilds
    its own generator."""
    psi: float = 0.7
    """Truncation of the sampled latents; 1 for none."""
    psi_rows: int = 0
    """Only the first so many rows of W+ are truncated; 0 for all. Published: 8 of 18, or 7."""
    members: int = 10
    """Classifiers in the ensemble."""
    points: int = 256
    """Pixels that each member sees in a step; each draws its own."""
    min_pixels: int = 0
    """Regions of a class with fewer pixels in a picture become class 0. Published: 30."""
    learning_rate: float = 1e-3
    """Rate of Adam."""
    keypoints: int = 0
    """How many keypoints to find as well; 0 for none. The records must hold them."""
    spread: float = 0.03
    """Width (standard deviation) of a keypoint's heat, as a share of the longer side."""
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.points < 2 or self.members < 1:
            raise InputError(
                "recipe fields 'points' (at least 2, for batch normalisation) and 'members' (at "
                f"least 1): got {self.points} and {self.members}; published are 64 and 10"
            )

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` (the shipped weights), ``gpu``, and the published settings."""
        cpu = cls(
            size=128, steps=1500, decay_from=750, sample_every=0, checkpoint_every=500, log_every=50
        )
        smoke = cpu.replace(
            size=16,
            steps=4,
            decay_from=None,
            members=3,
            points=32,
            log_every=1,
            checkpoint_every=2,
            evaluate_pictures=2,
        )
        paper = cls(
            size=512,
            psi_rows=8,
            points=64,
            min_pixels=30,
            # Training stops soon after four passes over 16 × 512 × 512 pixels.
            steps=4 * 16 * 512 * 512 // 64,
            log_every=200,
            sample_every=0,
            checkpoint_every=5000,
        )
        return {
            "smoke": smoke,
            "cpu": cpu,
            "gpu": cpu.replace(points=1024, steps=4000, decay_from=2000),
            "paper": paper,
            "paper_cars": paper.replace(aspect_ratio=512 / 384),
            "paper_cats": paper.replace(size=256, psi_rows=7, steps=4 * 30 * 256 * 256 // 64),
        }
