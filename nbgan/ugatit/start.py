"""Going on with trained networks, of this variant or of the other."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from nbgan.train.checkpoint import STATE_FILE, read_state
from nbgan.train.weights import load_weights


def take_generator(ours: nn.Module, theirs: nn.Module, *, where: str) -> None:
    """Take over a trained generator; of another variant, the layers that both have.

    Args:
        ours: freshly drawn.
        theirs: trained.
        where: the weights come from, for messages.

    Raises:
        InputError: weights that do not fit.
    """
    own, weights = ours.state_dict(), theirs.state_dict()
    if type(ours) is not type(theirs):
        common = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
        weights = own | common
    load_weights(ours, weights, where=where)


def take_discriminators(discriminators: nn.ModuleDict, run: Path) -> None:
    """Take over the discriminators of a training.

    Args:
        discriminators: by name, freshly drawn.
        run: folder of the training; without its state nothing is done.

    Raises:
        InputError: weights that do not fit.
    """
    state = run / STATE_FILE
    if not state.is_file():
        return
    prefix = "system/discriminators."
    kept = read_state(state, prefix)
    for name, ours in discriminators.items():
        own = f"{prefix}{name}."
        theirs = {k.removeprefix(own): v for k, v in kept.items() if k.startswith(own)}
        load_weights(ours, theirs, where=f"start_from '{run}' (discriminator {name})")
