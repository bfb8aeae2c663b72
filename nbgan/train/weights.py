"""Weights into a network, with a message that a person can act on."""

from __future__ import annotations

from torch import Tensor, nn

from nbgan.errors import InputError


def load_weights(network: nn.Module, tensors: dict[str, Tensor], where: str) -> None:
    """``load_state_dict`` with a message that a person can act on.

    Raises:
        InputError: missing or unknown names, or wrong shapes; the message lists them.
    """
    own = network.state_dict()
    problems = [f"missing '{k}'" for k in own if k not in tensors]
    problems += [f"unknown '{k}'" for k in tensors if k not in own]
    problems += [
        f"'{k}' has shape {tuple(tensors[k].shape)}, the model needs {tuple(v.shape)}"
        for k, v in own.items()
        if k in tensors and tensors[k].shape != v.shape
    ]
    if problems:
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise InputError(
            f"{where}: weights do not fit the model: {'; '.join(problems[:5])}{more}. "
            "Build the model with the options that the checkpoint was trained with"
        )
    network.load_state_dict(tensors)
