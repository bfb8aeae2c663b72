"""The common PyTorch port of StyleGAN2 (rosinality/stylegan2-pytorch), which EditGAN uses too.

Its files hold ``{"g_ema": …, "d": …}``: the averaged generator and the discriminator, plain state
dicts; converted ones also hold ``latent_avg``, the mean of w.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nbgan.official import read_checkpoint
from nbgan.stylegan.discriminator import StyleGAN2Discriminator
from nbgan.stylegan.generator2 import StyleGAN2Generator
from nbgan.stylegan.official.common import (
    State,
    estimate_mean,
    load_reshaped,
    network_of,
    without_filters,
)


def read_generator(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The averaged generator of a file, ``latent_avg`` included where there is one.

    Raises:
        InputError: as :func:`nbgan.official.read_checkpoint`, or no generator in it.
    """
    content = read_checkpoint(path, safe=[argparse.Namespace])
    state = network_of(content, "g_ema", "style.1.weight", path)
    if isinstance(content, dict) and isinstance(content.get("latent_avg"), Tensor):
        state["latent_avg"] = content["latent_avg"]
    return {}, state


def read_discriminator(path: str | Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """The discriminator of a file.

    Raises:
        InputError: as :func:`nbgan.official.read_checkpoint`, or no discriminator in it.
    """
    content = read_checkpoint(path, safe=[argparse.Namespace])
    return {}, network_of(content, "d", "final_conv.0.weight", path)


def build_generator(options: Mapping[str, Any], state: State, where: str) -> StyleGAN2Generator:
    """A generator with published weights; all sizes are read off the tensors.

    Args:
        options: ``lr_mlp`` where it is not 0.01.
        state: published names to tensors.
        where: the file, for messages.
    """
    state = dict(state)
    mean = state.pop("latent_avg", None)
    resolutions = 1 + len(_numbers(r"to_rgbs\.(\d+)\.bias", state))
    channels = {4: state["conv1.conv.weight"].shape[1]} | {
        8 << k: state[f"convs.{2 * k}.conv.weight"].shape[1] for k in range(resolutions - 1)
    }
    generator = StyleGAN2Generator(
        size=2 << resolutions,
        z_dim=state["style.1.weight"].shape[1],
        w_dim=state["style.1.weight"].shape[0],
        mapping_layers=len(_numbers(r"style\.(\d+)\.weight", state)),
        channels=channels,
        mapping_rate=options.get("lr_mlp", 0.01),
    )
    ours = {_generator_name(k): v for k, v in without_filters(state).items()}
    if mean is not None:
        ours["w_mean"] = mean
    load_reshaped(generator, ours, where, optional=("w_mean", "noise_"))
    if mean is None:
        estimate_mean(generator)
    return generator


def build_discriminator(
    options: Mapping[str, Any], state: State, where: str
) -> StyleGAN2Discriminator:
    """A discriminator with published weights; all sizes are read off the tensors.

    Args:
        options: ``stddev_group`` where it is not 4.
        state: published names to tensors.
        where: the file, for messages.
    """
    blocks = len(_numbers(r"convs\.(\d+)\.skip\.1\.weight", state))
    size = 4 << blocks
    channels = {size: state["convs.0.0.weight"].shape[0]} | {
        size >> k: state[f"convs.{k}.skip.1.weight"].shape[0] for k in range(1, blocks + 1)
    }
    discriminator = StyleGAN2Discriminator(
        size=size, channels=channels, group=options.get("stddev_group", 4)
    )
    ours = {_discriminator_name(k, size): v for k, v in without_filters(state).items()}
    load_reshaped(discriminator, ours, where)
    return discriminator


def _numbers(pattern: str, state: State) -> set[int]:
    return {int(m[1]) for k in state if (m := re.fullmatch(pattern, k))}


def _generator_name(name: str) -> str:
    """Our name of a published generator parameter."""
    name = re.sub(r"^style\.(\d+)\.", lambda m: f"mapping.layers.{int(m[1]) - 1}.", name)
    name = re.sub(r"^(convs|to_rgbs)\.(\d+)\.", lambda m: f"{m[1]}.{int(m[2]) + 1}.", name)
    name = re.sub(r"^noises\.", "", name)
    name = re.sub(r"^conv1\.", "convs.0.", name)
    name = re.sub(r"^to_rgb1\.", "to_rgbs.0.", name)
    name = re.sub(r"^input\.input$", "constant", name)
    name = re.sub(r"\.modulation\.", ".style.", name)
    name = re.sub(r"\.activate\.bias$", ".bias", name)
    return re.sub(r"\.noise\.weight$", ".noise_strength", name)


def _discriminator_name(name: str, size: int) -> str:
    """Our name of a published discriminator parameter; its blocks count from the finest."""
    name = re.sub(r"^convs\.0\.\d\.", f"from_rgb.{size}.", name)
    name = re.sub(
        r"^convs\.(\d+)\.(conv1|conv2|skip)\.\d\.",
        lambda m: f"blocks.{2 * size >> int(m[1])}.{_CONVS[m[2]]}.",
        name,
    )
    name = re.sub(r"^final_conv\.\d\.", "final_conv.", name)
    return re.sub(r"^final_linear\.(\d)\.", r"linear_\1.", name)


_CONVS = {"conv1": "conv_0", "conv2": "conv_1", "skip": "skip"}
