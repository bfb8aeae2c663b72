"""What a trainable system is: networks, and the phases in which they are updated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train.recipe import Recipe
from nbgan.train.weights import load_weights

Batch = dict[str, Tensor]
Losses = dict[str, Tensor]

SYSTEMS = {
    "classifier": "nbgan.classifier:ClassifierSystem",
    "datasetgan": "nbgan.datasetgan:DatasetGANSystem",
    "deeplab": "nbgan.datasetgan:DeepLabSystem",
    "editgan": "nbgan.editgan:EncoderSystem",
    "identity": "nbgan.ugatit.identity_training:IdentitySystem",
    "pix2pixhd": "nbgan.pix2pixhd:Pix2PixHDSystem",
    "segmenter": "nbgan.segmenter:SegmenterSystem",
    "spade": "nbgan.spade:SpadeSystem",
    "stylegan": "nbgan.stylegan:StyleGANSystem",
    "ugatit": "nbgan.ugatit:UGATITSystem",
}
"""Where each system lives, ``module:class``; imported when asked for."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One kind of update.

    Args:
        name: for logs and checkpoints, for example ``"generator"``.
        networks: names of the system's networks that this phase updates; a part of a network is
            named with dots.
        losses: batch to named terms, already weighted; their sum is minimised.
        optimizer: builds the optimiser for the phase's parameters, or names an earlier phase of
            the same networks whose optimiser this one shares (lazy regularisation).
        every: run at every so many steps (lazy regularisation).
        start: first step at which it runs.
        until: step at which it runs no more; None for never.
        after: called after each update, for weights that have to stay within bounds.
    """

    name: str
    networks: tuple[str, ...]
    losses: Callable[[Batch], Losses]
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] | str
    every: int = 1
    start: int = 0
    until: int | None = None
    after: Callable[[], None] | None = None

    def runs_at(self, step: int) -> bool:
        """Whether the phase is part of this step."""
        if step < self.start or (self.until is not None and step >= self.until):
            return False
        return step % self.every == 0


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

    def begin_from(self, other: System) -> None:
        """Take the weights of a trained system; :meth:`begin` hands in that of ``start_from``.

        Raises:
            InputError: another kind of system, other classes, or weights that do not fit.
        """
        self._check_kind(other)
        self._take(other, tuple(self.shipped_networks()))

    def _take(self, other: System, networks: tuple[str, ...]) -> None:
        theirs, ours = other.shipped_networks(), self.shipped_networks()
        for name in networks:
            if name not in theirs:
                raise InputError(
                    f"start_from '{self.recipe.start_from}': that model has no {name}; choose one "
                    "of the same recipe"
                )
            where = f"start_from '{self.recipe.start_from}' ({name})"
            load_weights(ours[name], theirs[name].state_dict(), where=where)

    def _check_kind(self, other: System) -> None:
        where = f"start_from '{self.recipe.start_from}'"
        if type(other) is not type(self):
            raise InputError(
                f"{where}: holds a '{other.recipe.system}' model; a '{self.recipe.system}' "
                "training starts from one of its own kind"
            )
        if other.label_space != self.label_space:
            raise InputError(
                f"{where}: trained for label space '{getattr(other.label_space, 'name', None)}', "
                f"this data set has '{getattr(self.label_space, 'name', None)}'; choose a model "
                "of the same classes"
            )

    def check_data(self, data: Dataset) -> None:
        """Refuse data, for training or validation, that lacks what this system needs.

        Called before anything is written.

        Raises:
            InputError: says what is missing.
        """

    def training_data(self, data: Dataset) -> Dataset:
        """The data set with what this system needs beside the pictures."""
        return data

    def complete(self, data: Dataset) -> None:
        """What follows the last step of training, with averaged weights."""

    def phases(self) -> list[Phase]:
        """The updates of one step, in order."""
        raise TypeError(f"{type(self).__name__} does not define its training phases")

    def begin(self) -> None:
        """Called once, before the first step of a new run: the place to take over weights of an
        earlier run that the recipe names.

        Raises:
            InputError: ``start_from`` names no model, or one that does not fit.
        """
        if self.recipe.start_from is not None:
            from nbgan import zoo

            self.begin_from(zoo.open_model(self.recipe.start_from))

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
        mine = [p for name in phase.networks for p in self.get_submodule(name).parameters()]
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
