"""Networks with the weights of published U-GAT-IT and photo2cartoon files.

A published ``.pt`` file holds a dict of state dicts: ``genA2B``, ``genB2A``, ``disGA``, ``disGB``,
``disLA`` and ``disLB``; a released photo2cartoon file only ``genA2B``. MobileFaceNet is a plain
state dict. Options carry the names of the published command lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nbgan.errors import InputError
from nbgan.official import read_checkpoint
from nbgan.ugatit.cartoon import CartoonGenerator
from nbgan.ugatit.discriminator import CAMDiscriminator
from nbgan.ugatit.generator import UGATITGenerator
from nbgan.ugatit.mobilefacenet import MobileFaceNet
from nbgan.ugatit.official.names import (
    CARTOON,
    DISCRIMINATOR,
    GENERATOR,
    State,
    load_published,
    mobilefacenet_renamings,
)

GENERATORS = ("genA2B", "genB2A")
DISCRIMINATORS = ("disGA", "disGB", "disLA", "disLB")


def read_networks(path: str | Path) -> tuple[dict[str, Any], Any]:
    """No options and the content of a file, which the builders pick their network from."""
    return {}, read_checkpoint(path)


def build_generator(options: Mapping[str, Any], content: Any, where: str) -> UGATITGenerator:
    """U-GAT-IT's generator; the option ``network`` names one of two, ``genA2B`` if left out."""
    state = _network(options, content, where, GENERATORS)
    width, size, light = _generator_sizes(options, state, "DownBlock.1.weight", where)
    generator = UGATITGenerator(
        width=width, blocks=_count(state, r"UpBlock1_(\d+)\."), size=size, light=light
    )
    load_published(generator, state, GENERATOR, where)
    return generator


def build_cartoon_generator(
    options: Mapping[str, Any], content: Any, where: str
) -> CartoonGenerator:
    """photo2cartoon's generator; the option ``network`` as for :func:`build_generator`."""
    state = _network(options, content, where, GENERATORS)
    width, size, light = _generator_sizes(options, state, "ConvBlock1.1.weight", where)
    generator = CartoonGenerator(
        width=width, blocks=_count(state, r"DecodeBlock(\d+)\."), size=size, light=light
    )
    load_published(generator, state, CARTOON, where)
    return generator


def build_discriminator(options: Mapping[str, Any], content: Any, where: str) -> CAMDiscriminator:
    """A discriminator; the option ``network`` names one of four, ``disGA`` if left out."""
    state = _network(options, content, where, DISCRIMINATORS)
    discriminator = CAMDiscriminator(
        layers=1 + sum(bool(re.match(r"model\.\d+\.bias", name)) for name in state),
        width=state["model.1.weight_orig"].shape[0],
    )
    load_published(discriminator, state, DISCRIMINATOR, where)
    return discriminator


def build_mobilefacenet(options: Mapping[str, Any], content: Any, where: str) -> MobileFaceNet:
    """photo2cartoon's face network, of any widths."""
    state = _network(options, content, where, ())
    repeats = tuple(1 + _count(state, rf"conv_{stage}\.model\.(\d+)\.") for stage in (3, 4, 5))
    shapes = [
        state[f"{name}.conv.weight"].shape[0]
        for name in ("conv1", "conv_23.conv", "conv_34.conv", "conv_6_sep")
    ]
    network = MobileFaceNet(
        embedding=state["linear.weight"].shape[0],
        widths=(shapes[0], shapes[1], shapes[2], shapes[3]),
        repeats=(repeats[0], repeats[1], repeats[2]),
        size=16 * state["conv_6_dw.conv.weight"].shape[-1],
    )
    load_published(network, state, mobilefacenet_renamings(network.repeats), where)
    return network


def _network(
    options: Mapping[str, Any], content: Any, where: str, names: tuple[str, ...]
) -> dict[str, Tensor]:
    """The state dict that is wanted, from a file with several networks or with it alone.

    Raises:
        InputError: the file does not hold it.
    """
    wanted = options.get("network", names[0] if names else None)
    if wanted is not None and wanted not in names:
        raise InputError(
            f"network: '{wanted}' is none of this part; choose one of "
            f"{', '.join(names) or 'none: the file holds one network'}"
        )
    found = content
    if isinstance(content, Mapping) and wanted in content:
        found = content[wanted]
    if (
        not isinstance(found, Mapping)
        or not found
        or not all(isinstance(value, Tensor) for value in found.values())
    ):
        keys = ", ".join(map(str, list(content)[:6])) if isinstance(content, Mapping) else ""
        raise InputError(
            f"{where}: expected {f'a network {wanted!r} or ' if wanted else ''}a plain state dict, "
            f"found {f'a dict with the keys {keys}' if keys else type(content).__name__}"
        )
    # Networks that were saved from several GPUs carry a prefix.
    return {name.removeprefix("module."): value for name, value in found.items()}


def _generator_sizes(
    options: Mapping[str, Any], state: State, stem: str, where: str
) -> tuple[int, int, bool]:
    """Width, picture size and whether it is the light model, from the shapes of the tensors.

    Raises:
        InputError: a light or full model, or a size, other than the options say.
    """
    width = state[stem].shape[0]
    channels, features = 4 * width, state["FC.0.weight"].shape[1]
    light = bool(features == channels)
    if options.get("light", light) != light:
        raise InputError(
            f"{where}: holds a {'light' if light else 'full'} model, but the option light is "
            f"{options['light']}; leave it out"
        )
    if light:
        return width, options.get("img_size", 256), light
    side = 4 * round((features / channels) ** 0.5)
    if options.get("img_size", side) != side:
        raise InputError(
            f"{where}: a full model for pictures of {side} pixels a side, but the option img_size "
            f"is {options['img_size']}; leave it out"
        )
    return width, side, light


def _count(state: State, pattern: str) -> int:
    """The largest number that a pattern finds at the beginning of a name."""
    found = [int(m[1]) for name in state if (m := re.match(pattern, name))]
    if not found:
        raise KeyError(pattern)
    return max(found)


BUILDERS = {
    "ugatit/generator": build_generator,
    "ugatit/discriminator": build_discriminator,
    "photo2cartoon/generator": build_cartoon_generator,
    "photo2cartoon/discriminator": build_discriminator,
    "photo2cartoon/mobilefacenet": build_mobilefacenet,
}
READERS = dict.fromkeys(BUILDERS, read_networks)
