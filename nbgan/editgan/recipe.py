"""Recipes of the encoder: what is shipped, and the published settings.

Source of the ``paper`` values: Ling et al., *EditGAN* (2021), supplement, and its release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from nbgan.errors import InputError
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class EncoderRecipe(Recipe):
    """How an encoder is built and trained. ``size`` is that of pictures and masks in the editor;
    ``batch_size`` counts real pictures."""

    system: ClassVar[str] = "editgan"

    data: str = "avatars"
    painter: str = "datasetgan-avatars"
    """The generator and the classifiers that edits use: a shipped DatasetGAN's name, a model file
    or the folder of a training."""
    painter_mark: str = ""
    """Mark of that generator's weights; filled in when it is opened, and compared later."""
    one_code: bool = False
    """Encode into W, one code for all layers, instead of W+."""
    width: int = 64
    """Channels after the backbone's stem."""
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    """Bottlenecks of the backbone's stages; these are ResNet-50's."""
    channels: int = 512
    """Channels of the pyramid and of the heads."""
    sampled: int = 2
    """Sampled pictures in a step, whose codes are known."""
    psi: float = 0.7
    """Truncation of their codes."""
    real_from: int = 0
    """Step from which real pictures are learned from, too."""
    latent: float = 5.0
    """Weight of the squared difference of codes, for sampled pictures."""
    perceptual: float = 10.0
    """Weight of the perceptual distance between a picture and what its code paints."""
    pixel: float = 1.0
    """Weight of their mean squared difference, in [0, 1]."""
    detail: bool = False
    """Let a pixel of that difference count the more, the more the picture changes around it: eyes
    and mouths are few pixels. Not published; for short trainings."""
    perceptual_network: Literal["lpips", "embedded"] = "lpips"
    """LPIPS with VGG16 as published, or the same distance on the segmenter of the avatars, which
    ships with the library. Also used when pictures are edited."""
    learning_rate: float = 3e-5
    """Of Adam."""
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.sampled, self.width, self.channels, *self.blocks) < 1:
            raise InputError(
                "recipe fields 'sampled', 'width', 'channels' and 'blocks' must be at least 1, got "
                f"{self.sampled}, {self.width}, {self.channels} and {self.blocks}"
            )

        if not self.perceptual and not self.pixel and self.real_from < self.steps:
            raise InputError(
                "recipe: with 'perceptual' and 'pixel' at 0 nothing is learned from real pictures; "
                f"give 'real_from' the number of steps, {self.steps}, or one of the two a weight"
            )

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` in two stages (the shipped weights), ``gpu``, and the published
        settings."""
        # Codes alone, of untruncated pictures: a third of a step's cost, and truncated faces
        # hardly differ in their eyes and mouths.
        start = cls(
            train_pictures=10_000,
            size=128,
            batch_size=8,
            steps=2500,
            precision="bf16",
            channels_last=True,
            width=16,
            blocks=(2, 2, 2, 2),
            channels=64,
            sampled=16,
            psi=1.0,
            real_from=2500,
            perceptual=0.0,
            pixel=0.0,
            perceptual_network="embedded",
            learning_rate=2e-3,
            ema_decay=0.998,
            evaluate_pictures=200,
        )
        cpu = start.replace(
            steps=1200,
            decay_from=700,
            sampled=8,
            real_from=0,
            perceptual=cls.perceptual,
            pixel=20.0,
            detail=True,
            learning_rate=5e-4,
        )
        smoke = cpu.replace(
            train_pictures=16,
            size=16,
            batch_size=2,
            steps=4,
            decay_from=None,
            precision="fp32",
            channels_last=False,
            width=2,
            blocks=(1, 1, 1, 1),
            channels=4,
            sampled=2,
            psi=cls.psi,
            real_from=2,
            pixel=cls.pixel,
            detail=False,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        # The release counts epochs: 100, six of them on samples alone. Here of 10,000 pictures.
        epoch = 10_000 // 8
        paper = cls(
            data="images",
            size=512,
            batch_size=8,
            steps=100 * epoch,
            real_from=6 * epoch,
            checkpoint_every=2000,
        )
        return {
            "smoke": smoke,
            "cpu_start": start,
            "cpu": cpu,
            "gpu": cpu.replace(
                train_pictures=50_000,
                batch_size=32,
                sampled=32,
                steps=30_000,
                decay_from=15_000,
                real_from=500,
                channels=96,
                pixel=cls.pixel,
                detail=False,
            ),
            "paper": paper,
            "paper_cars": paper.replace(aspect_ratio=512 / 384),
        }
