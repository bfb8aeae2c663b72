"""Recipes: everything that decides how a system is built and trained, in one frozen dataclass."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Fields that every system shares. Subclasses add their own and their presets."""

    system: ClassVar[str]

    data: str = "landscapes"
    """Data set: an embedded world or the name of a reader."""
    data_path: str | None = None
    """Folder of the data set; None for the embedded worlds."""
    train_pictures: int | None = None
    """How many training pictures of an embedded world to draw; None takes its default."""
    mood: str | None = None
    """Light of an embedded world that has moods, such as ``noon``; None draws one a picture."""
    size: int = 128
    """Width of the pictures in pixels."""
    aspect_ratio: float = 1.0
    """Width divided by height."""
    resize: str = "resize"
    """How files come to this size: ``resize`` stretches, ``crop`` keeps proportions; see the
    reader of the data set. The embedded worlds are drawn at any size."""
    flip: bool = False
    """Mirror each batch left to right with probability 1/2."""
    batch_size: int = 8
    """Pictures per process and forward pass."""
    accumulate: int = 1
    """Forward passes whose gradients are added up before an update."""
    steps: int = 1000
    """Updates of each network."""
    decay_from: int | None = None
    """Step from which the learning rates fall linearly to zero; None keeps them constant."""
    restart_at: int | None = None
    """Step at which the learning rates return to full and fall again, a warm restart
    (Loshchilov & Hutter, 2017); None for one fall only."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Number format of forward passes; losses, statistics and weights stay in fp32."""
    channels_last: bool = False
    """Memory layout N, H, W, C: faster convolutions in bf16."""
    ema_decay: float = 0.999
    """Decay of the moving average of the weights that are shipped; 0 keeps the last ones."""
    start_from: str | None = None
    """Where training starts: a shipped model's name, a model file, or the folder of another
    training; None for fresh weights."""
    seed: int = 0
    """Decides the initial weights, the order of the data and all noise."""
    log_every: int = 20
    """Steps between two lines of the log."""
    sample_every: int = 500
    """Steps between two sample grids."""
    evaluate_every: int = 0
    """Steps between two evaluations; 0 evaluates at the end only."""
    evaluate_pictures: int = 64
    """Pictures of the validation split that an evaluation uses."""
    checkpoint_every: int = 500
    """Steps between two checkpoints."""

    def __post_init__(self) -> None:
        positive = ("size", "batch_size", "accumulate", "steps", "log_every", "evaluate_pictures")
        for field in positive:
            if getattr(self, field) < 1:
                raise InputError(
                    f"recipe field '{field}' must be at least 1, got {getattr(self, field)}"
                )
        if not 0 <= self.ema_decay < 1:
            raise InputError(
                f"recipe field 'ema_decay' must be in [0, 1), got {self.ema_decay}; "
                "0.999 averages over about 1,000 steps"
            )
        if self.restart_at is not None and not 0 < self.restart_at < self.steps:
            raise InputError(
                f"recipe field 'restart_at' must lie between 0 and 'steps' ({self.steps}), got "
                f"{self.restart_at}"
            )
        if self.aspect_ratio <= 0:
            raise InputError(
                f"recipe field 'aspect_ratio' must be positive, got {self.aspect_ratio}; "
                "it is width divided by height, 2.0 for Cityscapes"
            )

    @property
    def height_width(self) -> tuple[int, int]:
        """Size of the pictures as (height, width)."""
        return round(self.size / self.aspect_ratio), self.size

    def reader_options(self) -> dict[str, Any]:
        """What the reader of a data set from files is told beside ``size`` and ``resize``."""
        return {}

    def world_options(self) -> dict[str, Any]:
        """What an embedded world is told beside ``size``, ``split`` and ``length``."""
        return {} if self.mood is None else {"mood": self.mood}

    def learning_rate_factor(self, step: int) -> float:
        """What the learning rates are multiplied by at ``step``."""
        if self.decay_from is None:
            return 1.0
        start, end = 0, self.steps if self.restart_at is None else self.restart_at
        full = self.decay_from
        if step >= end:  # the second fall keeps the proportions of the first
            start, end = end, self.steps
            full = start + round((end - start) * self.decay_from / start)
        return 1.0 if step < full else max(0.0, (end - step) / max(1, end - full))

    @classmethod
    def presets(cls) -> dict[str, Self]:
        """The named presets: at least ``smoke`` (seconds) and ``cpu`` (the shipped weights)."""
        raise InputError(f"{cls.__name__} declares no presets")

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """A preset by name, with some fields changed.

        Raises:
            InputError: unknown preset or field.
        """
        presets = cls.presets()
        if name not in presets:
            raise InputError(
                f"unknown preset '{name}' for {cls.system}; choose one of {', '.join(presets)}"
            )
        return presets[name].replace(**changes)

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed.

        Raises:
            InputError: unknown field; the message suggests the nearest one.
        """
        known = [field.name for field in dataclasses.fields(self)]
        for field in changes:
            if field not in known:
                near = difflib.get_close_matches(field, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"known fields: {', '.join(known)}"
                raise InputError(f"unknown recipe field '{field}' for {self.system}; {hint}")
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for checkpoints and logs."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """The inverse of :meth:`to_dict`; fields that are absent take their defaults."""
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        return cls().replace(**values)
