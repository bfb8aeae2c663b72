"""Published SPADE checkpoints: parameter names, options, networks.

The published release (NVlabs/SPADE) saves one plain state dict per network: ``*_net_G.pth``,
``*_net_D.pth`` and, with styles, ``*_net_E.pth``. Options carry the names of its command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.data.palette import distinct_colors
from nbgan.errors import InputError
from nbgan.gan.discriminator import MultiScaleDiscriminator
from nbgan.gan.losses import GanLossName
from nbgan.norms.official import parse_spade_config
from nbgan.spade.networks import ImageEncoder, SpadeGenerator
from nbgan.train.checkpoint import load_weights

State = Mapping[str, Tensor]

GAN_MODES: dict[str, GanLossName] = {
    "hinge": "hinge",
    "ls": "least_squares",
    "original": "logistic",
    "w": "wasserstein",
}
"""Published names of the adversarial losses, and ours."""

_RENAMINGS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"^head_0\.", "blocks.0."),
    (r"^G_middle_0\.", "blocks.1."),
    (r"^G_middle_1\.", "blocks.2."),
    (r"^up_(\d)\.", lambda m: f"blocks.{int(m[1]) + 3}."),
    (r"^fc\.", "stem."),
    (r"^conv_img\.", "to_rgb."),
    (r"^fc_mu\.", "mu."),
    (r"^fc_var\.", "logvar."),
    (r"^layer(\d)\.0\.", lambda m: f"layers.{3 * int(m[1]) - 3}."),
    (r"^discriminator_(\d)\.model(\d)\.0\.(\d)\.", r"discriminators.\1.blocks.\2.\3."),
    (r"^discriminator_(\d)\.model(\d)\.0\.", r"discriminators.\1.blocks.\2.0."),
    (r"(^|\.)(norm|conv)_s\.", r"\1\2_shortcut."),
    (r"\.param_free_norm\.", ".norm."),
    (r"\.mlp_shared\.0\.", ".shared."),
    (r"\.mlp_(gamma|beta)\.", r".\1."),
]


def our_name(published: str) -> str:
    """Name of a published parameter or buffer in our networks."""
    name = published
    for pattern, replacement in _RENAMINGS:
        name = re.sub(pattern, replacement, name)
    return name


def load_published(network: nn.Module, state: State, where: str) -> None:
    """Load published tensors into one of our networks.

    Raises:
        InputError: names or shapes do not fit.
    """
    ours = {our_name(name): value for name, value in state.items()}
    # Files older than PyTorch 0.4.1 do not count batches; the count plays no part here.
    own = network.state_dict()
    ours |= {k: v for k, v in own.items() if k.endswith("num_batches_tracked") and k not in ours}
    load_weights(network, ours, where)


def buffers_after(network: nn.Module, state: State) -> dict[str, Tensor]:
    """Spectral norm's vectors and running statistics, by their published names."""
    own = network.state_dict()
    wanted = ("weight_u", "weight_v", "running_mean", "running_var")
    return {k: own[our_name(k)].clone() for k in state if k.endswith(wanted)}


def complete_options(options: Mapping[str, Any], state: State) -> dict[str, Any]:
    """Options of a generator: those given, the rest read off the shapes of its tensors.

    The start size depends on ``crop_size``, ``aspect_ratio`` and ``num_upsampling_layers``, which
    the tensors of a generator without styles do not tell; they default to 256, 1.0 and normal.
    """
    width = state["conv_img.weight"].shape[1] * (2 if "up_4.conv_0.bias" in state else 1)
    found: dict[str, Any] = {
        "semantic_nc": state["head_0.norm_0.mlp_shared.0.weight"].shape[1],
        "spade_hidden_nc": state["head_0.norm_0.mlp_shared.0.weight"].shape[0],
        "ngf": width,
        "use_vae": state["fc.weight"].ndim == 2,
        "num_upsampling_layers": "most" if "up_4.conv_0.bias" in state else "normal",
        "crop_size": 256,
        "aspect_ratio": 1.0,
        "norm_G": "spectralspade{}{}x{}".format(
            "batch" if "head_0.norm_0.param_free_norm.running_mean" in state else "instance",
            *state["head_0.norm_0.mlp_shared.0.weight"].shape[2:],
        ),
    }
    if found["use_vae"]:
        found["z_dim"] = state["fc.weight"].shape[1]
    return found | dict(options)


def build_generator(options: Mapping[str, Any], state: State, where: str) -> SpadeGenerator:
    """A generator with published weights."""
    options = complete_options(options, state)
    norm, kernel_size = parse_spade_config(options["norm_G"])
    generator = SpadeGenerator(
        label_channels=options["semantic_nc"],
        width=options["ngf"],
        height_width=_height_width(options),
        depth=options["num_upsampling_layers"],
        z_dim=options["z_dim"] if options["use_vae"] else None,
        hidden=options["spade_hidden_nc"],
        norm=norm,
        kernel_size=kernel_size,
        spectral=options["norm_G"].startswith("spectral"),
    )
    load_published(generator, state, where)
    return generator


def build_discriminator(
    options: Mapping[str, Any], state: State, where: str
) -> MultiScaleDiscriminator:
    """A multi-scale discriminator with published weights."""
    scales = 1 + max(int(m[1]) for k in state if (m := re.match(r"discriminator_(\d)", k)))
    layers = max(int(m[1]) for k in state if (m := re.search(r"\.model(\d)\.", k)))
    first = state["discriminator_0.model0.0.weight"]
    norm = options.get("norm_D", "spectralinstance")
    if norm not in ("spectralinstance", "spectralbatch"):
        raise InputError(
            f"norm_D: '{norm}' is unknown; published are 'spectralinstance' and 'spectralbatch'"
        )
    discriminator = MultiScaleDiscriminator(
        in_channels=first.shape[1],
        scales=scales,
        width=first.shape[0],
        layers=layers,
        norm=norm.removeprefix("spectral"),
    )
    load_published(discriminator, state, where)
    return discriminator


def build_encoder(options: Mapping[str, Any], state: State, where: str) -> ImageEncoder:
    """An image encoder with published weights; it always works at 256 × 256."""
    encoder = ImageEncoder(
        width=state["layer1.0.weight_orig"].shape[0], z_dim=state["fc_mu.weight"].shape[0]
    )
    load_published(encoder, state, where)
    return encoder


BUILDERS = {
    "spade/generator": build_generator,
    "spade/discriminator": build_discriminator,
    "spade/encoder": build_encoder,
}


def _height_width(options: Mapping[str, Any]) -> tuple[int, int]:
    size = options["crop_size"]
    return round(size / options.get("aspect_ratio", 1.0)), size


def numbered_label_space(options: Mapping[str, Any]) -> LabelSpace:
    """``label_nc`` nameless classes; the published loader turns 255 into ``label_nc``."""
    count = options["label_nc"]
    return LabelSpace(
        name="published",
        classes=tuple(f"class {i}" for i in range(count)),
        colors=distinct_colors(count),
        ignore_id=count if options["contain_dontcare_label"] else None,
    )
