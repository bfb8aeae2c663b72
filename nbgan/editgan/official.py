"""Published EditGAN files: the encoder, the pixel classifiers, editing vectors; and their replay.

The generator of EditGAN loads as ``stylegan2/generator_rosinality``; its classifiers are
DatasetGAN's, one file a member.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nbgan.datasetgan.official import build_classifier, read_classifier
from nbgan.datasetgan.official import REPLAYS as DATASETGAN
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
            ours[_pyramid_name(name)] = value
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


def _pyramid_name(name: str) -> str:
    name = name.removeprefix("FPN_module.")
    for theirs, ours in _PYRAMID.items():
        name = re.sub(f"^{theirs}", ours, name)
    name = re.sub(r"^layer(\d)\.", lambda m: f"stages.{int(m[1]) - 1}.", name)
    name = re.sub(r"^(latlayer|smooth)(\d)\.", lambda m: f"{_LEVELS[m[1]]}.{int(m[2]) - 1}.", name)
    return "pyramid." + name.replace(".shortcut.", ".downsample.")


_LEVELS = {"latlayer": "laterals", "smooth": "smooths"}


def _replay_encoder(options: Any, state: State, inputs: State, mode: str) -> dict[str, Tensor]:
    # The mode decides; so that running statistics move in training, they are kept.
    kept = {k: v for k, v in options.items() if k != "bn_mode"}
    image = inputs["image"]
    encoder = build_encoder(kept, state, "state").train(mode == "train")
    outputs = {"w_plus": encoder(image)}
    if mode == "train":
        theirs = {_pyramid_name(name): name for name in state if name.startswith("FPN_module.")}
        return outputs | {
            f"after/{theirs[name]}": value
            for name, value in encoder.state_dict().items()
            if name in theirs
        }
    last = build_encoder(kept | {"only_last_layer": True}, state, "state").eval()
    maps = zip(("p4", "p3", "p2"), encoder.pyramid(image), strict=True)
    return outputs | dict(maps) | {"w_only_last_layer": last(image)}


def _part(state: State, prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


BUILDERS = {
    "editgan/encoder": build_encoder,
    "editgan/pixel_classifier": build_classifier,
}

READERS = {
    "editgan/encoder": read_classifier,
    "editgan/pixel_classifier": read_classifier,
}

REPLAYS = {
    "editgan/encoder": _replay_encoder,
    "editgan/pixel_classifier": DATASETGAN["datasetgan/pixel_classifier"],
}
