"""What a trainable system is: networks, and the phases in which they are updated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

import torch
from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train.recipe import Recipe

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]

SYSTEMS = {
    "segmenter": "nbgan.segmenter:SegmenterSystem",
    "spade": "nbgan.spade:SpadeSystem",
}
"""Where each system lives, ``module:class``; imported when asked for."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One kind of update.

    Args:
        name: for logs and checkpoints, for example ``"generator"``.
        networks: names of the system's networks that this phase updates.
        losses: batch to named terms, already weighted; their sum is minimised.
        optimizer: builds the optimiser for the phase's parameters.
        every: run at every so many steps (lazy regularisation).
    """

    name: str
    networks: tuple[str, ...]
    losses: Callable[[Batch], Losses]
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
    every: int = 1


class System(nn.Module):
    """The networks of a paper, and how they learn.

    Subclasses set ``recipe_type``, build their networks in ``__init__(recipe, label_space)`` and
    say with ``shipped`` which of them a model file holds.
    """

    recipe_type: ClassVar[type[Recipe]]
    shipped: ClassVar[tuple[str, ...]]

    def __init__(self, recipe: Recipe, label_space: LabelSpace | None) -> None:
        super().__init__()
        self.recipe = recipe
        self.label_space = label_space

    def phases(self) -> list[Phase]:
        """The updates of one step, in order."""
        raise TypeError(f"{type(self).__name__} does not define its training phases")

    def preview(self, batch: Batch) -> Tensor:
        """Pictures for the sample grid, ``[rows * N, 3, H, W]`` in [−1, 1], row by row."""
        raise TypeError(f"{type(self).__name__} does not define a preview")

    def evaluate(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Scores on validation batches, by name; empty where a system has none."""
        return {}

    def shipped_networks(self) -> dict[str, nn.Module]:
        """The networks that a model file holds, by name; those that were not built are absent."""
        return {name: net for name in self.shipped if (net := getattr(self, name)) is not None}

    def forward(self, phase: str, batch: Batch) -> Losses:
        """The losses of one phase. The loop calls this, so that wrappers for several processes
        see one module with one forward pass."""
        return self._phase(phase).losses(batch)

    def _phase(self, name: str) -> Phase:
        return next(phase for phase in self.phases() if phase.name == name)

    @contextmanager
    def only(self, phase: Phase) -> Iterator[list[nn.Parameter]]:
        """Within this context only the parameters of ``phase`` ask for gradients."""
        mine = [p for name in phase.networks for p in getattr(self, name).parameters()]
        ours = {id(p) for p in mine}
        before = [(p, p.requires_grad) for p in self.parameters()]
        for p, _ in before:
            p.requires_grad_(id(p) in ours)
        try:
            yield mine
        finally:
            for p, required in before:
                p.requires_grad_(required)


def system_type(name: str) -> type[System]:
    """The class of a system.

    Raises:
        InputError: unknown name.
    """
    if name not in SYSTEMS:
        raise InputError(f"unknown system '{name}'; choose one of {', '.join(SYSTEMS)}")
    module, _, attribute = SYSTEMS[name].partition(":")
    return getattr(import_module(module), attribute)
