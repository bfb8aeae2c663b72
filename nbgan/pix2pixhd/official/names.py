"""Published parameter names of pix2pixHD, and ours.

The published networks are flat sequences whose layers are numbered, layers without parameters
included. So a name means something only once it is known how many layers of each kind there are;
both are read off the names themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import Tensor, nn

from nbgan.train.weights import load_weights

State = Mapping[str, Tensor]

BLOCK = {"conv_block.1": "conv_0", "conv_block.2": "norm_0"} | {
    "conv_block.5": "conv_1",
    "conv_block.6": "norm_1",
}
"""Layers of a residual block: 0 and 4 mirror the border, 3 is a ReLU."""


class Depth(NamedTuple):
    """How many layers of each kind a flat trunk has."""

    downsamplings: int
    blocks: int


def trunk_depth(state: State, prefix: str = "model.", *, outputs: int = 1) -> Depth:
    """Count the layers of a trunk: stem, down, blocks, up and ``outputs`` output layers.

    Raises:
        KeyError: there is no first layer, so this is another network.
    """
    state[f"{prefix}1.weight"]  # the stem; a KeyError tells the caller what is missing
    own = [k.removeprefix(prefix) for k in state if k.startswith(prefix)]
    convolutions = [
        k for k in own if re.fullmatch(r"\d+\.weight", k) and state[prefix + k].ndim > 1
    ]
    blocks = {k.split(".")[0] for k in own if ".conv_block." in k}
    return Depth((len(convolutions) - 1 - outputs) // 2, len(blocks))


def is_batch_norm(state: State, norm: str) -> bool:
    """Whether a norm has weights; a parameter-free one leaves nothing, or only statistics."""
    return f"{norm}.weight" in state


def trunk_modules(depth: Depth, published: str, ours: str) -> Iterator[tuple[str, str]]:
    """Published and own names of a trunk's modules.

    A convolution, its norm and its ReLU take three numbers, a residual block one; number 0
    mirrors the border.
    """
    d, b = depth
    groups = ["stem", *(f"down.{i}" for i in range(d)), *(f"up.{i}" for i in range(d))]
    for i, group in enumerate(groups):
        at = 1 + 3 * i + (b if i > d else 0)
        yield f"{published}{at}", f"{ours}{group}.0"
        yield f"{published}{at + 1}", f"{ours}{group}.1"
    for i in range(b):
        for theirs, mine in BLOCK.items():
            yield f"{published}{4 + 3 * d + i}.{theirs}", f"{ours}blocks.{i}.{mine}"


def output_module(depth: Depth, published: str, ours: str) -> tuple[str, str]:
    """Names of the output layer that follows a trunk; one number before it mirrors the border."""
    return f"{published}{5 + 6 * depth.downsamplings + depth.blocks}", f"{ours}.0"


def local_modules(enhancer: int, blocks: int, *, last: bool) -> Iterator[tuple[str, str]]:
    """Names of one local enhancer, counted from 1; only the last has an output layer."""
    first, second = f"model{enhancer}_1.", f"model{enhancer}_2."
    ours = f"local_parts.{enhancer - 1}."
    for at, mine in {1: "stem.0", 2: "stem.1", 4: "down.0", 5: "down.1"}.items():
        yield f"{first}{at}", ours + mine
    for i in range(blocks):
        for theirs, block in BLOCK.items():
            yield f"{second}{i}.{theirs}", f"{ours}blocks.{i}.{block}"
    yield f"{second}{blocks}", f"{ours}up.0"
    yield f"{second}{blocks + 1}", f"{ours}up.1"
    if last:
        yield f"{second}{blocks + 4}", f"{ours}to_rgb.0"


def discriminator_modules(scales: int, layers: int, *, flat: bool) -> Iterator[tuple[str, str]]:
    """Names of a multi-scale discriminator; the published one counts from the coarsest scale.

    Args:
        scales: number of discriminators.
        layers: convolutions before the prediction.
        flat: saved without intermediate features, as one sequence per scale.
    """
    for scale in range(scales):
        ours = f"discriminators.{scales - 1 - scale}.blocks."
        for layer in range(layers + 1):
            at = max(0, 3 * layer - 1)
            for position in (0, 1) if 0 < layer < layers else (0,):
                theirs = (
                    f"layer{scale}.{at + position}"
                    if flat
                    else f"scale{scale}_layer{layer}.{position}"
                )
                yield theirs, f"{ours}{layer}.{position}"


def load_published(
    network: nn.Module, state: State, modules: Iterator[tuple[str, str]], where: str
) -> None:
    """Load published tensors into one of our networks.

    Args:
        network: ours.
        state: published names to tensors.
        modules: published and own names of the modules that have parameters.
        where: the file, for messages.

    Raises:
        InputError: names or shapes do not fit.
    """
    own = network.state_dict()
    names = dict(modules)
    ours: dict[str, Tensor] = {}
    for name, value in state.items():
        module, _, leaf = name.rpartition(".")
        mine = f"{names[module]}.{leaf}" if module in names else name
        # PyTorch before 0.4 saved statistics of parameter-free instance norms and never used them.
        unused = leaf in ("running_mean", "running_var") and not is_batch_norm(state, module)
        if not unused:
            ours[mine] = value
    # It also did not count batches; the count plays no part here.
    ours |= {k: v for k, v in own.items() if k.endswith("num_batches_tracked") and k not in ours}
    load_weights(network, ours, where)
