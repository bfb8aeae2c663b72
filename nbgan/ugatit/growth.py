"""Going on with trained networks: at twice the size, or as another variant.

What a network knows are strokes of so many pixels, so weights learned at 64 pixels draw too fine at
128. A network with one more halving, at the picture's end, takes over all other layers: they see
what they saw before, and only the new outer ones have to learn. They learn by imitation first: in a
game, what is drawn anew would make the others forget.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nbgan.train.checkpoint import STATE_FILE, read_state
from nbgan.train.weights import load_weights
from nbgan.ugatit.losses import Terms, generator_cam_loss
from nbgan.ugatit.terms import Translated


class Place(TypedDict):
    """Where a network grows, for :func:`grown`."""

    stack: str
    outer: tuple[str, ...]


GENERATOR: Place = {"stack": "down", "outer": ("stem.", "to_rgb.", "before.", "after.")}
DISCRIMINATOR: Place = {"stack": "blocks", "outer": ("blocks.0.",)}


def grown(
    theirs: dict[str, Tensor],
    ours: dict[str, Tensor],
    *,
    stack: str,
    outer: tuple[str, ...],
) -> dict[str, Tensor]:
    """Weights of a shorter network, placed in a longer one.

    Args:
        theirs: weights of the shorter network by name.
        ours: those of the longer one, freshly drawn.
        stack: the layers that got more at their beginning.
        outer: beginnings of the names of layers that are replaced because their sizes change.

    Returns:
        Weights for the longer network; ``theirs`` as they are where nothing has grown.
    """
    shift = _last(ours, stack) - _last(theirs, stack)
    if shift <= 0:
        return theirs
    taken = {}
    for name, value in theirs.items():
        if name.startswith(outer):
            continue
        if name.startswith(f"{stack}."):
            _, index, rest = name.split(".", 2)
            name = f"{stack}.{int(index) + shift}.{rest}"
        taken[name] = value
    return ours | taken


def shared(theirs: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of another variant where both have the same layer, ``ours`` elsewhere."""
    return ours | {
        name: value
        for name, value in theirs.items()
        if name in ours and ours[name].shape == value.shape
    }


def grow_discriminators(discriminators: nn.ModuleDict, run: Path) -> None:
    """Take over the discriminators of a training, which may have seen pictures of half the size.

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
        load_weights(
            ours,
            grown(theirs, ours.state_dict(), **DISCRIMINATOR),
            where=f"start_from '{run}' (discriminator {name})",
        )


def imitation_terms(made: Mapping[str, Translated], shown: Mapping[str, Translated]) -> Terms:
    """How far translations are from those of a teacher, and what the auxiliary classifiers miss.

    Args:
        made: by the domain that they lead into, ``[N, 3, H, W]``.
        shown: the teacher's for the same pictures, of any size.

    Returns:
        ``picture_…``, mean absolute differences times 10, and with attention ``attention_…``, the
        plain cross-entropy: with its usual weight, new layers would learn nothing else at first.
    """
    losses: Terms = {}
    for domain, own in made.items():
        wanted = torch.cat([shown[domain].fake, shown[domain].same]).float()
        wanted = F.interpolate(wanted, size=own.fake.shape[2:], mode="bilinear", antialias=True)
        difference = F.l1_loss(torch.cat([own.fake, own.same]).float(), wanted)
        losses[f"picture_{domain}"] = 10 * difference
        if own.fake_logits is not None and own.same_logits is not None:
            losses[f"attention_{domain}"] = generator_cam_loss(own.fake_logits, own.same_logits)
    return losses


def _last(weights: dict[str, Tensor], stack: str) -> int:
    return max(int(name.split(".")[1]) for name in weights if name.startswith(f"{stack}."))
