"""Single normalisation layers from the published parameter names.

U-GAT-IT (znxlwm/UGATIT-pytorch), photo2cartoon (minivision-ai/photo2cartoon) and SPADE
(NVlabs/SPADE) name and shape the same parameters differently; the functions here translate them
and replay one layer. The importers of whole networks use the ``*_state`` functions block by block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.norms.adaptive import ILN, AdaLIN, SoftAdaLIN
from nbgan.norms.spade import SPADE

State = dict[str, Tensor]
Replay = Callable[[Mapping[str, Any], Mapping[str, Tensor], Mapping[str, Tensor], str], State]

SOFT_ADALIN_NAMES = {
    "w_gamma": "mix_gamma",
    "w_beta": "mix_beta",
    "s_gamma": "style_gamma",
    "s_beta": "style_beta",
    "c_gamma": "content_gamma",
    "c_beta": "content_beta",
}
SPADE_NAMES = {
    "mlp_shared.0": "shared",
    "mlp_gamma": "gamma",
    "mlp_beta": "beta",
    "param_free_norm": "norm",
}


def lin_state(state: Mapping[str, Tensor]) -> State:
    """Published ILN, LIN or AdaLIN parameters, ``[1, C, 1, 1]``, as ours, ``[C]``."""
    return {name: value.flatten() for name, value in state.items()}


def soft_adalin_state(state: Mapping[str, Tensor]) -> State:
    """Published SoftAdaLIN parameters under our names and shapes."""
    ours = {}
    for name, value in state.items():
        first, _, rest = name.partition(".")
        ours[".".join(filter(None, (SOFT_ADALIN_NAMES.get(first, first), rest)))] = (
            value.flatten() if first in ("w_gamma", "w_beta", "norm") else value
        )
    return ours


def spade_state(state: Mapping[str, Tensor]) -> State:
    """Published SPADE layer parameters and buffers under our names."""
    ours = {}
    for name, value in state.items():
        for theirs, our in SPADE_NAMES.items():
            if name.startswith(f"{theirs}."):
                ours[our + name[len(theirs) :]] = value
                break
        else:
            raise InputError(
                f"state: '{name}' is no parameter of a published SPADE layer; known prefixes: "
                f"{', '.join(SPADE_NAMES)}. Strip the prefix of the block before it"
            )
    return ours


def parse_spade_config(text: str) -> tuple[str, int]:
    """Norm and kernel size of a published config text: ``"spadebatch3x3"`` is ``("batch", 3)``.

    A leading ``"spectral"`` belongs to the block around the layer and is skipped.
    """
    match = re.fullmatch(r"(?:spectral)?spade(instance|syncbatch|batch)(\d+)x(\2)", text)
    if match is None:
        raise InputError(
            f"config_text: cannot read '{text}'; expected spade, then instance, batch or "
            "syncbatch, then the kernel size, as in 'spadesyncbatch3x3'"
        )
    return match[1], int(match[2])


def _load(layer: nn.Module, state: State, mode: str) -> None:
    if mode not in ("eval", "train"):
        raise InputError(f"mode: '{mode}' is neither 'eval' nor 'train'")
    try:
        layer.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(
            f"state: does not fit the layer that options describe ({error}); check num_features "
            "or the channel numbers"
        ) from None
    layer.train(mode == "train")


def _replay_iln(
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str,
) -> State:
    layer = ILN(channels=options["num_features"])
    _load(layer, lin_state(state), mode)
    return {"out": layer(inputs["x"])}


def _replay_adalin(
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str,
) -> State:
    layer = AdaLIN(channels=options["num_features"])
    _load(layer, lin_state(state), mode)
    return {"out": layer(inputs["x"], inputs["gamma"], inputs["beta"])}


def _replay_soft_adalin(
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str,
) -> State:
    layer = SoftAdaLIN(channels=options["num_features"])
    _load(layer, soft_adalin_state(state), mode)
    return {"out": layer(inputs["x"], inputs["content_features"], inputs["style_features"])}


def _replay_spade(
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str,
) -> State:
    norm, kernel_size = parse_spade_config(options["config_text"])
    layer = SPADE(
        channels=options["norm_nc"],
        label_channels=options["label_nc"],
        hidden=options["spade_hidden_nc"],
        norm=norm,
        kernel_size=kernel_size,
    )
    _load(layer, spade_state(state), mode)
    outputs = {"out": layer(inputs["x"], inputs["segmap"].float())}
    if mode == "train":
        for name, buffer in layer.norm.named_buffers():
            outputs[f"after/param_free_norm.{name}"] = buffer
    return outputs


REPLAYS: dict[str, Replay] = {
    "ugatit/iln": _replay_iln,
    "ugatit/adailn": _replay_adalin,
    "photo2cartoon/lin": _replay_iln,
    "photo2cartoon/softadalin": _replay_soft_adalin,
    "spade/norm": _replay_spade,
}
