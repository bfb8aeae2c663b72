"""The first StyleGAN as DatasetGAN published it: one plain dict, ``g_mapping.*, g_synthesis.*``.

The mean of w comes in a file of its own, an array of 18 equal rows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.stylegan.generator1 import StyleGAN1Generator
from nbgan.stylegan.official.common import State, estimate_mean, load_reshaped, without_filters


def build_generator(options: Mapping[str, Any], state: State, where: str) -> StyleGAN1Generator:
    """A generator with published weights; all sizes are read off the tensors.

    The published generator draws new noise at each call; ours holds noise maps, the same each time
    the file is read, unless it is asked for others.

    Args:
        options: ``avg_latent``, the mean of w: a ``.npy`` file, or a tensor whose last axis is
            that of w; without it the mean is estimated.
        state: published names to tensors.
        where: the file, for messages.

    Raises:
        InputError: weights that do not fit, an ``avg_latent`` that is absent or of another length.
    """
    channels = {
        int(m[1]): v.shape[0]
        for k, v in state.items()
        if (m := re.fullmatch(r"g_synthesis\.blocks\.(\d+)x\1\.conv1?\.weight", k))
    }
    first = state["g_mapping.dense0.weight"]
    size = max(channels, default=0)
    generator = StyleGAN1Generator(
        size=size,
        z_dim=first.shape[1],
        w_dim=first.shape[0],
        mapping_layers=sum(bool(re.fullmatch(r"g_mapping\.dense\d+\.weight", k)) for k in state),
        channels=channels,
    )
    draw = torch.Generator().manual_seed(0)
    for i, r in enumerate(generator.noise_sizes):
        generator.get_buffer(f"noise_{i}").copy_(torch.randn(1, 1, r, r, generator=draw))
    ours = {_our_name(k, size): v for k, v in without_filters(state).items()}
    for name, value in ours.items():
        if re.fullmatch(r"mapping\.layers\.\d+\.bias", name):
            # Published: leaky_relu(√2 A + b). Ours: √2 leaky_relu(A + b'), the same if b' = b / √2.
            ours[name] = value / math.sqrt(2)
    load_reshaped(generator, ours, where, optional=("w_mean", "noise_"))
    mean = options.get("avg_latent")
    if mean is None:
        estimate_mean(generator)
    else:
        generator.w_mean.copy_(_mean_latent(mean, generator.w_dim))
    return generator


def _mean_latent(source: Tensor | str | Path, w_dim: int) -> Tensor:
    if not isinstance(source, Tensor):
        try:
            source = torch.from_numpy(np.load(source, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise InputError(
                f"avg_latent: cannot read {source} as an array ({error}); give the .npy file that "
                "belongs to the generator"
            ) from None
    if source.ndim == 0 or source.shape[-1] != w_dim:
        raise InputError(
            f"avg_latent: expected rows of {w_dim} numbers, got shape {list(source.shape)}; "
            "it belongs to another generator"
        )
    return source.reshape(-1, w_dim)[0].float()


def _our_name(name: str, size: int) -> str:
    """Our name of a published parameter."""
    name = re.sub(r"^g_mapping\.dense(\d+)\.", r"mapping.layers.\1.", name)
    name = re.sub(
        r"^g_synthesis\.blocks\.(\d+)x\1\.", lambda m: f"blocks.{int(m[1]).bit_length() - 3}.", name
    )
    name = re.sub(r"^g_synthesis\.torgb\.", f"to_rgb.{size}.", name)
    name = re.sub(r"\.const$", ".constant", name)
    name = re.sub(r"\.conv0_up\.", ".start.", name)
    name = re.sub(r"\.conv1\.", ".conv.", name)
    name = re.sub(r"\.epi([12])\.", lambda m: f".epilogue_{int(m[1]) - 1}.", name)
    name = re.sub(r"\.style_mod\.lin\.", ".style.", name)
    return re.sub(r"\.top_epi\.noise\.weight$", ".noise_strength", name)
