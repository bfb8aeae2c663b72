"""How the classifiers are built and trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from nbgan.classifier.network import POOLINGS
from nbgan.errors import InputError
from nbgan.train.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(Recipe):
    """How the two classifiers are built and trained."""

    system: ClassVar[str] = "classifier"

    attributes: tuple[str, ...] = (
        "glasses",
        "facial_hair",
        "hat",
        "smile",
        "eyes_closed",
        "long_hair",
    )
    """Names of the attributes, in the order of ``attributes`` in the batch."""
    evidence: tuple[str, ...] = ("glasses", "facial_hair", "hat", "mouth", "eyes", "hair")
    """For each attribute, the class of the label map where it can be seen. Its mask judges the
    maps, and its presence is the attribute where the data set has no ``attributes``; the training
    never sees where it is."""
    poolings: tuple[str, ...] = ("gap", "gmp")
    """Which networks are trained. A training that goes on from another one (``start_from``) gives
    all of its networks the weights of that one's last: GMP finds small things in few steps, and
    GAP then has features that are worth averaging."""
    width: int = 48
    """Channels at a quarter of the side; twice as many are pooled."""
    shift: int = 12
    """Largest shift of a training picture in pixels, up or down, left or right."""
    learning_rate: float = 3e-3
    """Rate of AdamW."""
    gap_head_rate: float = 30.0
    """How many times as fast the linear layer behind GAP learns: the mean of a thing that covers
    little of the picture is so much smaller than its maximum, and needs weights larger by as
    much."""
    weight_decay: float = 1e-2
    """Weight decay of AdamW."""
    head_weight_decay: float = 1.0
    """Weight decay of the linear layers' weights; it clears the maps of channels that say nothing.
    Behind GAP it is divided by ``gap_head_rate``, and so the same per step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.attributes or len(self.attributes) != len(self.evidence):
            raise InputError(
                f"recipe fields 'attributes' and 'evidence': got {len(self.attributes)} and "
                f"{len(self.evidence)} names; give one class for each attribute, at least one"
            )
        if not self.poolings or not set(self.poolings) <= set(POOLINGS):
            raise InputError(
                f"recipe field 'poolings': got {self.poolings}; name one or both of "
                f"{', '.join(POOLINGS)}"
            )
        if not 0 <= self.shift < min(self.height_width):
            raise InputError(
                f"recipe field 'shift' must be from 0 to below the picture's side, got {self.shift}"
            )

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """``smoke``, ``cpu_start`` and ``cpu``, the shipped weights, which go on from it, and
        ``gpu``, which begins from nothing."""
        cpu = cls(
            data="avatars",
            size=128,
            train_pictures=4000,
            batch_size=32,
            steps=1500,
            decay_from=0,
            learning_rate=2e-3,
            precision="bf16",
            channels_last=True,
            ema_decay=0.98,
            checkpoint_every=100,
            evaluate_pictures=500,
        )
        start = cpu.replace(poolings=("gmp",), steps=1000, decay_from=700, learning_rate=3e-3)
        smoke = cls(
            data="avatars",
            size=32,
            train_pictures=8,
            batch_size=4,
            steps=3,
            width=8,
            shift=3,
            log_every=1,
            sample_every=2,
            checkpoint_every=2,
            evaluate_pictures=4,
        )
        gpu = start.replace(
            poolings=POOLINGS, train_pictures=10_000, batch_size=128, steps=6000, ema_decay=0.999
        )
        return {"smoke": smoke, "cpu_start": start, "cpu": cpu, "gpu": gpu}
