"""The generator that DatasetGAN reads: opened, sampled by number, counted, recognised."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nbgan.errors import InputError
from nbgan.stylegan import StyleGANSystem, StyleGenerator
from nbgan.train.order import mix


def open_generator(name: str) -> StyleGANSystem:
    """A shipped StyleGAN by name, or one from a model file.

    Raises:
        InputError: no such model, or one of another kind.
    """
    from nbgan import zoo

    system = zoo.open_model(name)
    if not isinstance(system, StyleGANSystem):
        raise InputError(
            f"generator '{name}' is a {system.recipe.system} model; DatasetGAN reads a StyleGAN"
        )
    return system


@torch.no_grad()
def draw_latents(
    generator: StyleGenerator,
    numbers: Sequence[int],
    *,
    seed: int = 0,
    psi: float = 0.7,
    rows: int | None = None,
) -> Tensor:
    """Latents ``[N, rows, w_dim]`` of numbered pictures, each drawn by itself, truncated."""
    codes = []
    for i in numbers:
        z = torch.randn(1, generator.z_dim, generator=torch.Generator().manual_seed(mix(seed, i)))
        # One by one, so that the last bits do not depend on the company.
        codes.append(generator.mapping(z.to(generator.w_mean.device)))
    w = torch.cat(codes)
    return generator.truncate(generator.broadcast(w), psi, rows)


@torch.no_grad()
def feature_channels(generator: StyleGenerator) -> int:
    """Channels of all feature maps together; computes no feature."""
    shapes = copy.deepcopy(generator).to("meta")
    w_plus = torch.zeros(1, generator.rows, generator.w_dim, device="meta")
    return sum(x.shape[1] for x in shapes.features(w_plus))


def fingerprint(network: nn.Module) -> str:
    """Text that tells these weights from others; the same for weights stored as float16."""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        rounded = value.detach().cpu().half() if value.is_floating_point() else value.cpu()
        digest.update(name.encode() + rounded.contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
