"""Going on with trained networks: of the same variant, or photo2cartoon with those of U-GAT-IT."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from nbgan.train.checkpoint import STATE_FILE, read_state
from nbgan.train.weights import load_weights
from nbgan.ugatit.cartoon import CartoonGenerator

Weights = dict[str, Tensor]


def take_generator(ours: nn.Module, theirs: nn.Module, *, where: str) -> None:
    """Take over a trained generator.

    Args:
        ours: freshly drawn.
        theirs: trained; where ``ours`` is photo2cartoon's, it may be U-GAT-IT's, see
            :func:`as_cartoon`.
        where: the weights come from, for messages.

    Raises:
        InputError: weights that do not fit.
    """
    weights = theirs.state_dict()
    if isinstance(ours, CartoonGenerator) and not isinstance(theirs, CartoonGenerator):
        weights = as_cartoon(weights, ours.state_dict())
    load_weights(ours, weights, where=where)


def as_cartoon(theirs: Weights, ours: Weights) -> Weights:
    """Weights of U-GAT-IT's generator for photo2cartoon's, which computes the same up to its last
    hourglass.

    What U-GAT-IT does not have adds nothing at first: biases are 0, hourglasses pass their input
    on. SoftAdaLIN begins with style alone, so each norm gets a copy of the one gamma and beta. The
    last hourglass and the convolution that finishes the picture start anew.

    Args:
        theirs: U-GAT-IT's weights by name.
        ours: photo2cartoon's, freshly drawn.
    """
    taken = {}
    for name, value in ours.items():
        part = name.split(".")
        if name.startswith(("before.", "after.")):
            added = part[2] in ("from_features", "from_picture")
            taken[name] = torch.zeros_like(value) if added else value
        elif part[-2:-1] in (["style_gamma"], ["style_beta"]) and part[-1] == "weight":
            taken[name] = theirs[f"{part[-2].removeprefix('style_')}.weight"]
        elif part[-1] == "rho":
            taken[name] = theirs[name.replace(".norm.rho", ".rho") if name not in theirs else name]
        elif part[-1] == "bias" and "content" not in name and name not in theirs:
            taken[name] = torch.zeros_like(value)
        else:
            fits = name in theirs and theirs[name].shape == value.shape
            taken[name] = theirs[name] if fits else value
    return taken


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
