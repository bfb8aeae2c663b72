"""What the importers of all StyleGAN files share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.stylegan.generator import StyleGenerator
from nbgan.train.checkpoint import load_weights

State = Mapping[str, Tensor]


def network_of(content: Any, key: str, witness: str, path: str | Path) -> dict[str, Tensor]:
    """One network's tensors from a file that holds several, or that network alone.

    Args:
        content: of the file.
        key: the network's name in it.
        witness: a tensor that the network has; tells a file that holds it alone.
        path: the file, for messages.

    Raises:
        InputError: neither.
    """
    state = content.get(key) if isinstance(content, dict) else None
    if state is None and isinstance(content, dict) and witness in content:
        state = content
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        found = (
            f"the keys {', '.join(map(str, list(content)[:6]))}"
            if isinstance(content, dict)
            else type(content).__name__
        )
        raise InputError(f"{path}: expected a network under '{key}', found {found}")
    return dict(state)


def without_filters(state: State) -> dict[str, Tensor]:
    """The state without the kernels of blurs, which are constants."""
    return {k: v for k, v in state.items() if not k.endswith(("kernel", "resample_filter"))}


def load_reshaped(
    network: nn.Module, tensors: State, where: str, *, optional: tuple[str, ...] = ()
) -> None:
    """Load tensors by our names; axes of length 1 may be stored differently.

    Args:
        network: takes the tensors.
        tensors: our names to tensors.
        where: the file, for messages.
        optional: beginnings of names that may be absent and then stay as they are.

    Raises:
        InputError: names or shapes do not fit.
    """
    own = network.state_dict()
    ready = {k: v for k, v in own.items() if k.startswith(optional)} if optional else {}
    for name, value in tensors.items():
        fits = name in own and _lengths(value) == _lengths(own[name])
        ready[name] = value.reshape(own[name].shape) if fits else value
    load_weights(network, ready, where)


def estimate_mean(generator: StyleGenerator, *, draws: int = 4096) -> None:
    """Set ``w_mean`` to the mean of mapped random codes, the same at each call.

    Published tools do so when a file does not hold the mean.
    """
    with torch.no_grad():
        z = torch.randn(draws, generator.z_dim, generator=torch.Generator().manual_seed(0))
        generator.w_mean.copy_(generator.mapping(z).mean(dim=0))


def _lengths(value: Tensor) -> list[int]:
    return [n for n in value.shape if n != 1]
