"""The published encoder: a file whose tensors lie under ``model_state_dict``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nbgan.editgan.encoder import PyramidEncoder, use_batch_statistics
from nbgan.errors import InputError
from nbgan.train.weights import load_weights

State = Mapping[str, Tensor]

_GROUPS = ("course_styles", "medium_styles", "fine_styles")
"""Published heads, from the coarse rows of W+ to the fine ones; the misspelling is theirs."""

_PYRAMID = {
    r"conv1\.": "stem.0.",
    r"bn1\.": "stem.1.",
    r"toplayer\.": "top.",
}


def build_encoder(options: Mapping[str, Any], state: State, where: str) -> PyramidEncoder:
    """An encoder with published weights; all sizes are read off the tensors.

    Args:
        options: ``bn_mode``: ``"eval"`` (default) for the running statistics, ``"train"`` for
            those of the pictures given, as the published tool has it; ``only_last_layer`` for an
            encoder into W, of which only the last head is kept.
        state: published names to tensors.
        where: the file, for messages.

    Raises:
        InputError: an encoder with style heads, which no published file has.
    """
    if options.get("use_style_head"):
        raise InputError(f"{where}: use_style_head: encoders with style heads are not read")
    counts = [len(_numbers(rf"{group}\.(\d+)\.", state)) for group in _GROUPS]
    rows, one_code = sum(counts), bool(options.get("only_last_layer"))
    coarse = len(_numbers(r"course_styles\.0\.convs\.(\d+)\.", state))
    encoder = PyramidEncoder(
        rows=rows,
        w_dim=state["course_styles.0.linear.weight"].shape[0],
        size=16 << coarse,
        channels=state["FPN_module.toplayer.weight"].shape[0],
        width=state["FPN_module.conv1.weight"].shape[0],
        blocks=[len(_numbers(rf"FPN_module\.layer{k}\.(\d+)\.", state)) for k in range(1, 5)],
        one_code=one_code,
    )
    ours = {}
    for name, value in state.items():
        head = _head_name(name, counts)
        if head is None:
            ours[pyramid_name(name)] = value
        elif not one_code:
            ours["heads.{}.{}".format(*head)] = value
        elif head[0] == rows - 1:
            ours[f"heads.0.{head[1]}"] = value
    load_weights(encoder, ours, where)
    if options.get("bn_mode") == "train":
        use_batch_statistics(encoder)
    return encoder


def _numbers(pattern: str, state: State) -> set[int]:
    return {int(m[1]) for k in state if (m := re.match(pattern, k))}


def _head_name(name: str, counts: list[int]) -> tuple[int, str] | None:
    """Number of the row that a tensor belongs to, and its name in the head."""
    group, _, rest = name.partition(".")
    if group not in _GROUPS:
        return None
    number, _, inside = rest.partition(".")
    return sum(counts[: _GROUPS.index(group)]) + int(number), inside


def pyramid_name(name: str) -> str:
    name = name.removeprefix("FPN_module.")
    for theirs, ours in _PYRAMID.items():
        name = re.sub(f"^{theirs}", ours, name)
    name = re.sub(r"^layer(\d)\.", lambda m: f"stages.{int(m[1]) - 1}.", name)
    name = re.sub(r"^(latlayer|smooth)(\d)\.", lambda m: f"{_LEVELS[m[1]]}.{int(m[2]) - 1}.", name)
    return "pyramid." + name.replace(".shortcut.", ".downsample.")


_LEVELS = {"latlayer": "laterals", "smooth": "smooths"}
