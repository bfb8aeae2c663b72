"""Recipes of SPADE: what is shipped, what the paper used, and the comparison of chapter 2.

Source of the ``paper`` values: Park et al. (2019), section 4 and appendix A, and the options that
the published training commands set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from nbgan.gan.losses import GanLossName
from nbgan.spade.networks import Depth
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class SpadeRecipe(Recipe):
    """How a SPADE system is built and trained."""

    system: ClassVar[str] = "spade"

    conditioning: Literal["spade", "input"] = "spade"
    """Where the label map enters: every normalisation, or the input only (the baseline)."""
    use_instances: bool = False
    """Append an edge channel made from the instance map."""
    dont_care: bool = False
    """Give unlabelled pixels a channel of their own; otherwise they are all zeros."""
    width: int = 64
    """Channels of the generator's last block."""
    max_width: int | None = None
    """Upper bound of the generator's channels; None as published (16 × width)."""
    depth: Depth = "normal"
    """Depth of the generator: normal, more or most."""
    hidden: int = 128
    """Width of the small convolution inside each SPADE layer."""
    norm: Literal["batch", "instance"] = "batch"
    """Parameter-free normalisation inside SPADE."""
    kernel_size: int = 3
    """Kernel of the convolutions inside SPADE."""
    z_dim: int | None = 256
    """Length of the style; None trains without styles and without an image encoder."""
    encoder_width: int = 64
    """Channels of the image encoder's first layer."""
    encoder_size: int = 256
    """Size to which the image encoder resizes its input."""
    discriminator_width: int = 64
    """Channels of each discriminator's first layer."""
    discriminator_layers: int = 4
    """Convolutions of each discriminator before its logits."""
    discriminator_scales: int = 2
    """Number of discriminators."""
    gan_loss: GanLossName = "hinge"
    """Adversarial loss."""
    feature_matching: float = 10.0
    """Weight of the feature matching loss."""
    perceptual: float = 10.0
    """Weight of the perceptual loss; 0 leaves it out."""
    perceptual_features: Literal["vgg19", "embedded"] = "vgg19"
    """Feature network of the perceptual loss: VGG19 as published, or the shipped segmenter."""
    pixel: float = 0.0
    """Weight of the mean absolute difference of pixels. Not in the paper: VGG19's first map nearly
    holds the pixels, those of the embedded features do not."""
    kl: float = 0.05
    """Weight of the KL loss, a plain sum over batch and style."""
    initial_gain: float = 0.02
    """Gain of the Xavier-normal initial weights, 0.02 as published. Adam's first steps are large
    against weights that small; short trials (one seed each) learned much faster from 1."""
    learning_rate: float = 2e-4
    """Base rate; the generator takes half of it and the discriminator twice (TTUR)."""
    betas: tuple[float, float] = (0.0, 0.9)
    """Decay rates of Adam."""

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu``, ``gpu``, the two sides of ``compare``, and the paper's data sets."""
        cpu = cls(
            data="landscapes",
            train_pictures=8000,
            size=128,
            flip=True,
            batch_size=4,
            steps=6000,
            decay_from=3000,
            precision="bf16",
            channels_last=True,
            width=16,
            max_width=128,
            hidden=32,
            z_dim=32,
            encoder_width=16,
            encoder_size=128,
            discriminator_width=32,
            perceptual_features="embedded",
            pixel=10.0,
            kl=0.02,
            initial_gain=1.0,
            learning_rate=1e-3,
            betas=(0.0, 0.99),
            ema_decay=0.999,
            evaluate_pictures=500,
        )
        gpu = cpu.replace(
            batch_size=32,
            steps=60000,
            decay_from=36000,
            learning_rate=4e-4,
            width=32,
            max_width=256,
            hidden=64,
        )
        compare = cpu.replace(
            size=64,
            batch_size=16,
            steps=1000,
            decay_from=600,
            z_dim=None,
            perceptual=0.0,
            pixel=0.0,
            kl=0.005,
            initial_gain=0.02,
            learning_rate=4e-4,
            ema_decay=0.99,
        )
        smoke = cpu.replace(
            train_pictures=16,
            size=32,
            batch_size=2,
            steps=3,
            decay_from=None,
            precision="fp32",
            channels_last=False,
            width=4,
            hidden=8,
            z_dim=8,
            encoder_width=4,
            encoder_size=32,
            discriminator_width=8,
            discriminator_layers=2,
            perceptual=0.0,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        # The published schedules count epochs: of 118,287 pictures (COCO-Stuff), 20,210 (ADE20K)
        # and 2,975 (Cityscapes).
        paper = cls(size=256, batch_size=32, z_dim=None, use_instances=True, ema_decay=0.0)
        return {
            "smoke": smoke,
            "cpu": cpu,
            "gpu": gpu,
            "compare_spade": compare,
            "compare_input": compare.replace(conditioning="input"),
            "paper_coco_stuff": paper.replace(
                data="coco_stuff", dont_care=True, flip=True, steps=100 * 118287 // 32
            ),
            "paper_ade20k": paper.replace(
                data="ade20k",
                dont_care=True,
                use_instances=False,
                flip=True,
                steps=200 * 20210 // 32,
                decay_from=100 * 20210 // 32,
            ),
            "paper_cityscapes": paper.replace(
                data="folder",
                size=512,
                aspect_ratio=2.0,
                depth="more",
                batch_size=16,
                flip=True,
                steps=200 * 2975 // 16,
                decay_from=100 * 2975 // 16,
            ),
        }
