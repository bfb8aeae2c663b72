"""Networks from published pix2pixHD checkpoints.

The published release (NVIDIA/pix2pixHD) saves one plain state dict per network: ``*_net_G.pth``
(a global generator or a local enhancer), ``*_net_D.pth`` and, with instance features,
``*_net_E.pth``. Their shapes tell every size; options under the names of its command line are
compared with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from nbgan.errors import InputError
from nbgan.gan.discriminator import MultiScaleDiscriminator, NormName
from nbgan.pix2pixhd.encoder import FeatureEncoder
from nbgan.pix2pixhd.enhancer import LocalEnhancer
from nbgan.pix2pixhd.generator import GlobalGenerator, TrunkSizes
from nbgan.pix2pixhd.official.names import (
    State,
    discriminator_modules,
    is_batch_norm,
    load_published,
    local_modules,
    output_module,
    trunk_depth,
    trunk_modules,
)


def build_global_generator(options: Mapping[str, Any], state: State, where: str) -> GlobalGenerator:
    """A global generator with published weights."""
    if any(name.startswith("model1_1.") for name in state):
        raise InputError(
            f"{where}: holds a local enhancer; load it as 'pix2pixhd/local_enhancer', whose "
            "global_part is the global generator without its output layer"
        )
    depth = trunk_depth(state)
    output = output_module(depth, "model.", "to_rgb")
    found: dict[str, Any] = {
        "input_nc": state["model.1.weight"].shape[1],
        "output_nc": state[f"{output[0]}.weight"].shape[0],
        "ngf": state["model.1.weight"].shape[0],
        "n_downsample_global": depth.downsamplings,
        "n_blocks_global": depth.blocks,
        "norm": _norm(state, "model.2"),
    }
    if not depth.blocks and not options.get("n_blocks_global") == 0:
        raise InputError(
            f"{where}: has no residual blocks; it may be an encoder, which loads as "
            "'pix2pixhd/encoder'. For a generator without blocks give n_blocks_global=0"
        )
    _compare(options, found, where)
    generator = GlobalGenerator(
        in_channels=found["input_nc"],
        width=found["ngf"],
        downsamplings=depth.downsamplings,
        blocks=depth.blocks,
        norm=found["norm"],
        out_channels=found["output_nc"],
    )
    modules = chain(trunk_modules(depth, "model.", "trunk."), [output])
    load_published(generator, state, modules, where)
    return generator


def build_local_enhancer(options: Mapping[str, Any], state: State, where: str) -> LocalEnhancer:
    """A coarse-to-fine generator with published weights."""
    depth = trunk_depth(state, outputs=0)
    counts = [int(m[1]) for k in state if (m := re.match(r"model(\d+)_1\.", k))]
    if not counts:
        raise InputError(
            f"{where}: holds no local enhancer (no tensor model1_1…); a global generator loads as "
            "'pix2pixhd/global_generator'"
        )
    enhancers = max(counts)
    last = f"model{enhancers}_2."
    blocks = len(
        {k.split(".")[1] for k in state if k.startswith(last) and k.split(".")[2] == "conv_block"}
    )
    found: dict[str, Any] = {
        "input_nc": state["model.1.weight"].shape[1],
        "output_nc": state[f"{last}{blocks + 4}.weight"].shape[0],
        "ngf": state[f"model{enhancers}_1.1.weight"].shape[0],
        "n_downsample_global": depth.downsamplings,
        "n_blocks_global": depth.blocks,
        "n_local_enhancers": enhancers,
        "n_blocks_local": blocks,
        "norm": _norm(state, "model.2"),
    }
    _compare(options, found, where)
    enhancer = LocalEnhancer(
        in_channels=found["input_nc"],
        width=found["ngf"],
        global_generator=TrunkSizes(
            in_channels=found["input_nc"],
            width=state["model.1.weight"].shape[0],
            downsamplings=depth.downsamplings,
            blocks=depth.blocks,
            norm=found["norm"],
        ),
        enhancers=enhancers,
        blocks=blocks,
        norm=found["norm"],
        out_channels=found["output_nc"],
    )
    modules = chain(
        trunk_modules(depth, "model.", "global_part."),
        *(local_modules(n, blocks, last=n == enhancers) for n in range(1, enhancers + 1)),
    )
    load_published(enhancer, state, modules, where)
    return enhancer


def build_encoder(options: Mapping[str, Any], state: State, where: str) -> FeatureEncoder:
    """A feature encoder with published weights."""
    depth = trunk_depth(state)
    if depth.blocks:
        raise InputError(
            f"{where}: has residual blocks, which an encoder has not; a global generator loads as "
            "'pix2pixhd/global_generator'"
        )
    output = output_module(depth, "model.", "to_features")
    found: dict[str, Any] = {
        "input_nc": state["model.1.weight"].shape[1],
        "feat_num": state[f"{output[0]}.weight"].shape[0],
        "nef": state["model.1.weight"].shape[0],
        "n_downsample_E": depth.downsamplings,
        "norm": _norm(state, "model.2"),
    }
    _compare(options, found, where)
    encoder = FeatureEncoder(
        width=found["nef"],
        downsamplings=depth.downsamplings,
        features=found["feat_num"],
        norm=found["norm"],
        in_channels=found["input_nc"],
    )
    modules = chain(trunk_modules(depth, "model.", "trunk."), [output])
    load_published(encoder, state, modules, where)
    return encoder


def build_discriminator(
    options: Mapping[str, Any], state: State, where: str
) -> MultiScaleDiscriminator:
    """A multi-scale discriminator with published weights.

    ``use_sigmoid`` has no tensors; give it where the network was trained with ``--no_lsgan`` and
    without feature matching. With intermediate features the published network never applies it.
    """
    flat = "layer0.0.weight" in state
    first = state["layer0.0.weight" if flat else "scale0_layer0.0.weight"]
    scales = 1 + max(int(m[1]) for k in state if (m := re.match(r"(?:layer|scale)(\d+)[._]", k)))
    own = r"layer0\.\d+\.weight" if flat else r"scale0_layer\d+\.0\.weight"
    layers = sum(value.ndim == 4 for k, value in state.items() if re.fullmatch(own, k)) - 1
    found: dict[str, Any] = {
        "input_nc": first.shape[1],
        "ndf": first.shape[0],
        "n_layers_D": layers - 1,
        "num_D": scales,
        "norm": _norm(state, "layer0.3" if flat else "scale0_layer1.1"),
        "getIntermFeat": not flat,
    }
    _compare(options, found, where)
    discriminator = MultiScaleDiscriminator(
        in_channels=found["input_nc"],
        scales=scales,
        width=found["ndf"],
        layers=layers,
        norm=found["norm"],
        spectral=False,
        bias=True,
        sigmoid=flat and bool(options.get("use_sigmoid", False)),
    )
    modules = discriminator_modules(scales, layers, flat=flat)
    load_published(discriminator, state, modules, where)
    return discriminator


BUILDERS = {
    "pix2pixhd/global_generator": build_global_generator,
    "pix2pixhd/local_enhancer": build_local_enhancer,
    "pix2pixhd/encoder": build_encoder,
    "pix2pixhd/discriminator": build_discriminator,
}


def _norm(state: State, module: str) -> NormName:
    return "batch" if is_batch_norm(state, module) else "instance"


def _compare(options: Mapping[str, Any], found: Mapping[str, Any], where: str) -> None:
    """Refuse options that contradict the tensors."""
    wrong = [
        f"{name} is {options[name]}, the file's tensors say {value}"
        for name, value in found.items()
        if name in options and options[name] != value
    ]
    if wrong:
        raise InputError(
            f"{where}: {'; '.join(wrong)}. Leave these options out, or take the file "
            "that they belong to"
        )
