"""Recipes of StyleGAN: what is shipped, and the published settings.

Source of the ``paper`` values: Karras et al., *Analyzing and Improving the Image Quality of
StyleGAN* (2020), appendix B, and *A Style-Based Generator Architecture for GANs* (2019),
appendix C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from nbgan.data.avatar_plans import Plans
from nbgan.errors import InputError
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class StyleGANRecipe(Recipe):
    """How a StyleGAN is built and trained."""

    system: ClassVar[str] = "stylegan"

    version: Literal[1, 2] = 2
    """1: AdaIN and instance statistics. 2: modulated convolutions and a skip generator."""
    z_dim: int = 512
    """Length of the latent code z."""
    w_dim: int = 512
    """Length of the intermediate latent w."""
    mapping_layers: int = 8
    """Fully connected layers from z to w."""
    mapping_rate: float = 0.01
    """Factor of the mapping network's learning rate."""
    channel_base: int = 32768
    """Channels of a layer times its resolution, where ``max_channels`` does not bound them."""
    max_channels: int = 512
    """Upper bound of the channels of any layer."""
    min_channels: int = 1
    """Lower bound of the channels of any layer."""
    mixing: float = 0.9
    """Probability that a picture takes its styles from two latents, switching at a random layer."""
    r1: float = 10.0
    """Weight of the R1 penalty; it multiplies half the squared gradient norm."""
    r1_every: int = 16
    """Steps between two R1 updates (lazy regularisation)."""
    path_length: float = 2.0
    """Weight of path-length regularisation; 0 leaves it out. Version 2 only."""
    path_length_every: int = 4
    """Steps between two path-length updates."""
    path_length_shrink: int = 2
    """Part of the batch, one over this, that path-length regularisation uses."""
    augment: Literal["none", "fixed", "adaptive"] = "none"
    """Augment what the discriminator sees: never, with a fixed probability, or with one that
    follows the discriminator's overfitting (Karras et al., 2020, ADA). For few pictures."""
    augment_probability: float = 0.2
    """Probability of each augmentation if ``augment`` is fixed; where an adaptive one starts."""
    augment_target: float = 0.6
    """Mean sign of the discriminator's answers to real pictures that ``adaptive`` aims at."""
    augment_pictures: int = 500_000
    """Pictures in which an adaptive probability can go from 0 to 1."""
    imitation: int = 0
    """Steps at the beginning in which the generator does not play: it is told what each avatar is
    made of, and learns to draw it. Data ``avatars`` only; for machines without the time to play
    for long."""
    settling: int = 0
    """The last of those steps, in which drawing rests and only the mapping network learns: it
    cannot hit latents that still move."""
    learning_rate: float = 2e-3
    """Rate of both networks, before the correction for lazy regularisation."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Decay rates of Adam, before that correction."""

    @property
    def channels(self) -> dict[int, int]:
        """Channels of the layers at each resolution from 4 to ``size``."""
        return {
            r: max(self.min_channels, min(self.max_channels, self.channel_base // r))
            for r in (2**k for k in range(2, self.size.bit_length()))
        }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.aspect_ratio != 1:
            raise InputError(
                f"recipe field 'aspect_ratio' must be 1 for StyleGAN, got {self.aspect_ratio}; "
                "its layers are square. Pad the pictures, as EditGAN does with cars"
            )
        if self.size < 8 or self.size & (self.size - 1):
            raise InputError(
                f"recipe field 'size' must be a power of two from 8, got {self.size}; "
                "each block doubles the resolution"
            )
        if self.imitation:
            self._check_imitation()
        for field in ("mixing", "augment_probability"):
            if not 0 <= getattr(self, field) <= 1:
                raise InputError(
                    f"recipe field '{field}' is a probability, 0 to 1, got {getattr(self, field)}"
                )

    def _check_imitation(self) -> None:
        if self.data != "avatars":
            raise InputError(
                "recipe field 'imitation' is for data 'avatars', whose plans are known; this "
                f"recipe reads '{self.data}'. Set imitation to 0"
            )
        if not 0 < self.imitation <= self.steps:
            raise InputError(
                f"recipe field 'imitation' must lie between 0 and 'steps' ({self.steps}), got "
                f"{self.imitation}"
            )
        if not 0 <= self.settling < self.imitation:
            raise InputError(
                f"recipe field 'settling' must lie between 0 and 'imitation' ({self.imitation}), "
                f"got {self.settling}"
            )
        least = Plans().code_length
        if self.z_dim < least:
            raise InputError(
                f"recipe field 'z_dim' is {self.z_dim}; to imitate avatars it must be {least} or "
                "more, since that many numbers decide what a face is made of"
            )

    def world_options(self) -> dict[str, Any]:
        """With the plans of avatars, where they are to be imitated."""
        return super().world_options() | ({"plans": True} if self.imitation else {})

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu`` in two stages, ``cpu_v1``, ``gpu``, and the papers' settings."""
        start = cls(
            data="avatars",
            train_pictures=10_000,
            size=64,
            batch_size=16,
            steps=5000,
            precision="bf16",
            channels_last=True,
            z_dim=64,
            w_dim=192,
            mapping_layers=4,
            mapping_rate=1.0,
            imitation=5000,
            learning_rate=1e-3,
            channel_base=2048,
            max_channels=128,
            min_channels=32,
            r1=1.0,
            path_length=0.0,
            ema_decay=0.998,
            evaluate_pictures=500,
            sample_every=500,
            checkpoint_every=250,
        )
        smoke = start.replace(
            train_pictures=16,
            size=16,
            batch_size=4,
            steps=4,
            precision="fp32",
            channels_last=False,
            z_dim=8,
            w_dim=8,
            mapping_layers=2,
            imitation=0,
            channel_base=128,
            max_channels=8,
            path_length=2.0,
            r1_every=2,
            path_length_every=2,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=8,
        )
        # A short game, to sharpen what was imitated: faster, or with more mixing, it paints anew.
        game: dict[str, Any] = {"learning_rate": 4e-4, "mixing": 0.1}
        paper = cls(
            data="images",
            size=1024,
            batch_size=32,
            steps=25_000_000 // 32,
            flip=True,
            ema_decay=0.5 ** (32 / 10_000),
        )
        return {
            "smoke": smoke,
            "cpu_start": start,
            "cpu": start.replace(
                size=128,
                batch_size=8,
                steps=3500,
                decay_from=3200,
                imitation=3000,
                settling=1500,
                **game,
            ),
            "cpu_v1": start.replace(
                version=1, steps=10_000, decay_from=9700, imitation=9500, settling=1000, **game
            ),
            "gpu": start.replace(
                train_pictures=50_000,
                size=128,
                batch_size=64,
                steps=40_000,
                decay_from=None,
                z_dim=512,
                w_dim=512,
                mapping_layers=8,
                mapping_rate=0.01,
                imitation=0,
                learning_rate=2e-3,
                channel_base=16384,
                max_channels=512,
                path_length=2.0,
                ema_decay=0.5 ** (64 / 20_000),
            ),
            "paper": paper,
            "paper_v1": paper.replace(version=1, path_length=0.0),
            "paper_few": paper.replace(augment="adaptive", size=256, batch_size=64),
        }
