"""StyleGAN2 as NVlabs/stylegan2-ada-pytorch publishes it: network pickles, or their state dicts.

Networks without labels, in their published architecture: skip generator, residual discriminator.
The published networks clip features at ±256 where they were trained in half precision; trained
ones stay far below, so ours do not clip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nbgan.errors import InputError
from nbgan.official import read_state_dict
from nbgan.stylegan.discriminator import StyleGAN2Discriminator
from nbgan.stylegan.generator2 import StyleGAN2Generator
from nbgan.stylegan.official.common import State, load_reshaped, without_filters
from nbgan.stylegan.official.pickles import PickledNetwork, read_network_pickle


def read_generator(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The averaged generator, ``G_ema``, of a network pickle or of a plain state dict.

    Raises:
        InputError: see :func:`read_network_pickle`; a pickle without ``G_ema``.
    """
    if _is_archive(path):
        return {}, read_state_dict(path)
    return {}, _network(path, "G_ema").tensors()


def read_discriminator(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The discriminator, ``D``, of a network pickle or of a plain state dict.

    Raises:
        InputError: see :func:`read_network_pickle`; a pickle without ``D``.
    """
    if _is_archive(path):
        return {}, read_state_dict(path)
    network = _network(path, "D")
    group = network.attribute("b4", "mbstd", "group_size")
    found = {"mbstd_group_size": group} if isinstance(group, int) else {}
    return found, network.tensors()


def build_generator(options: Mapping[str, Any], state: State, where: str) -> StyleGAN2Generator:
    """A generator with published weights; all sizes are read off the tensors."""
    _without_labels(state, "mapping.embed.", where)
    channels = {
        int(m[1]): v.shape[0]
        for k, v in state.items()
        if (m := re.fullmatch(r"synthesis\.b(\d+)\.conv1\.weight", k))
    }
    first = state["mapping.fc0.weight"]
    generator = StyleGAN2Generator(
        size=max(channels, default=0),
        z_dim=first.shape[1],
        w_dim=first.shape[0],
        mapping_layers=sum(bool(re.fullmatch(r"mapping\.fc\d+\.weight", k)) for k in state),
        channels=channels,
    )
    ours = {_generator_name(k): v for k, v in without_filters(state).items()}
    load_reshaped(generator, ours, where)
    return generator


def build_discriminator(
    options: Mapping[str, Any], state: State, where: str
) -> StyleGAN2Discriminator:
    """A discriminator with published weights; all sizes are read off the tensors.

    Args:
        options: ``mbstd_group_size`` where it is not 4; network pickles tell it.
        state: published names to tensors.
        where: the file, for messages.
    """
    _without_labels(state, "mapping.", where)
    channels = {4: state["b4.conv.weight"].shape[0]} | {
        int(m[1]): v.shape[1]
        for k, v in state.items()
        if (m := re.fullmatch(r"b(\d+)\.skip\.weight", k))
    }
    given = options | options.get("epilogue_kwargs", {})
    discriminator = StyleGAN2Discriminator(
        size=max(channels), channels=channels, group=given.get("mbstd_group_size", 4)
    )
    ours = {_discriminator_name(k): v for k, v in without_filters(state).items()}
    load_reshaped(discriminator, ours, where)
    return discriminator


def _is_archive(path: str | Path) -> bool:
    """Whether it is a file of ``torch.save``, a zip archive; network pickles are not."""
    try:
        with Path(path).open("rb") as file:
            return file.read(2) == b"PK"
    except OSError:
        return False


def _network(path: str | Path, key: str) -> PickledNetwork:
    networks = read_network_pickle(path)
    if key not in networks:
        found = ", ".join(networks) or "none"
        raise InputError(f"{path}: expected a network '{key}', found {found}")
    return networks[key]


def _without_labels(state: State, prefix: str, where: str) -> None:
    if any(k.startswith(prefix) for k in state):
        raise InputError(
            f"{where}: the network was trained with labels (it holds '{prefix}*'); "
            "only networks without labels are supported (c_dim 0)"
        )


def _generator_name(name: str) -> str:
    """Our name of a published generator parameter or buffer."""
    name = re.sub(r"^mapping\.fc(\d+)\.", r"mapping.layers.\1.", name)
    if name == "mapping.w_avg":
        return "w_mean"
    found = re.fullmatch(r"synthesis\.b(\d+)\.(const|conv0|conv1|torgb)\.?(.*)", name)
    if found is None:
        return name
    level, layer, rest = int(found[1]).bit_length() - 3, found[2], found[3]
    if layer == "const":
        return "constant"
    index = 2 * level - (layer == "conv0")
    if rest == "noise_const":
        return f"noise_{index}"
    rest = re.sub(r"^affine\.", "conv.style.", rest)
    rest = re.sub(r"^weight$", "conv.weight", rest)
    return f"to_rgbs.{level}.{rest}" if layer == "torgb" else f"convs.{index}.{rest}"


def _discriminator_name(name: str) -> str:
    """Our name of a published discriminator parameter."""
    name = re.sub(r"^b4\.conv\.", "final_conv.", name)
    name = re.sub(r"^b4\.fc\.", "linear_0.", name)
    name = re.sub(r"^b4\.out\.", "linear_1.", name)
    name = re.sub(r"^b(\d+)\.fromrgb\.", r"from_rgb.\1.", name)
    return re.sub(
        r"^b(\d+)\.(conv0|conv1|skip)\.",
        lambda m: f"blocks.{m[1]}.{m[2].replace('conv', 'conv_')}.",
        name,
    )
