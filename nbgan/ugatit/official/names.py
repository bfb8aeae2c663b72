"""Names and shapes of published parameters, and ours.

The published releases are znxlwm/UGATIT-pytorch and minivision-ai/photo2cartoon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from torch import Tensor, nn

from nbgan.norms.official import SOFT_ADALIN_NAMES
from nbgan.train.weights import load_weights

State = Mapping[str, Tensor]
Renamings = list[tuple[str, str | Callable[[re.Match[str]], str]]]

_BLOCKS: Renamings = [
    (r"^gap_fc\.", "attention.average."),
    (r"^gmp_fc\.", "attention.maximum."),
    (r"^conv1x1\.", "attention.mix."),
    (r"^FC\.", "style."),
    (r"^(decoder\.\d+)\.(conv|norm)(\d)\.", lambda m: f"{m[1]}.{m[2]}_{int(m[3]) - 1}."),
]

GENERATOR: Renamings = [
    (r"^DownBlock\.1\.", "stem.0."),
    (r"^DownBlock\.5\.", "down.0."),
    (r"^DownBlock\.9\.", "down.3."),
    (
        r"^DownBlock\.(\d+)\.conv_block\.(\d)\.",
        lambda m: f"encoder.{int(m[1]) - 12}.conv_{int(m[2]) // 5}.",
    ),
    (r"^UpBlock1_(\d+)\.", lambda m: f"decoder.{int(m[1]) - 1}."),
    (r"^UpBlock2\.11\.", "to_rgb."),
    (r"^UpBlock2\.(2|7)\.", lambda m: f"up.{int(m[1]) // 5}.conv."),
    (r"^UpBlock2\.(3|8)\.", lambda m: f"up.{int(m[1]) // 5}.norm."),
    *_BLOCKS,
]

HOURGLASS: Renamings = [
    (r"HG\.0\.ConvBlock(\d)_1\.", lambda m: f"pyramid.skips.{int(m[1]) - 1}."),
    (r"HG\.0\.ConvBlock(\d)_2\.", lambda m: f"pyramid.down.{int(m[1]) - 1}."),
    (r"HG\.0\.ConvBlock5\.", "pyramid.centre."),
    (r"HG\.0\.ConvBlock(\d)\.", lambda m: f"pyramid.up.{int(m[1]) - 6}."),
    (r"HG\.1\.", "block."),
    (r"HG\.2\.", "project."),
    (r"\.ConvBlock([123])\.3\.weight$", lambda m: f".conv_{int(m[1]) - 1}.weight"),
    (r"(^|\.)Conv1\.", r"\1to_picture."),
    (r"(^|\.)Conv2\.", r"\1from_features."),
    (r"(^|\.)Conv3\.", r"\1from_picture."),
]

CARTOON: Renamings = [
    (r"^ConvBlock1\.1\.", "stem.0."),
    (r"^HourGlass(1|2)\.", lambda m: f"before.{int(m[1]) - 1}."),
    (r"^HourGlass(3|4)\.", lambda m: f"after.{int(m[1]) - 3}."),
    (r"^DownBlock1\.1\.", "down.0."),
    (r"^DownBlock2\.1\.", "down.3."),
    (
        r"^EncodeBlock(\d)\.conv_block\.(\d)\.",
        lambda m: f"encoder.{int(m[1]) - 1}.conv_{int(m[2]) // 5}.",
    ),
    (r"^DecodeBlock(\d)\.", lambda m: f"decoder.{int(m[1]) - 1}."),
    (r"^UpBlock(\d)\.2\.", lambda m: f"up.{int(m[1]) - 1}.conv."),
    (r"^UpBlock(\d)\.3\.", lambda m: f"up.{int(m[1]) - 1}.norm."),
    (r"^ConvBlock2\.1\.", "to_rgb."),
    *_BLOCKS,
    (r"\.((?:w|s|c)_(?:gamma|beta))(\.|$)", lambda m: f".{SOFT_ADALIN_NAMES[m[1]]}{m[2]}"),
    *HOURGLASS,
]

DISCRIMINATOR: Renamings = [
    (r"^model\.(\d+)\.", lambda m: f"blocks.{2 * (int(m[1]) // 3)}."),
    (r"^conv\.", "to_scores."),
    *_BLOCKS,
]

_UNITS = {"conv": 0, "bn": 1, "prelu": 2}


def mobilefacenet_renamings(repeats: tuple[int, int, int]) -> Renamings:
    """Names of a MobileFaceNet with so many residual blocks in its three stages."""
    first, second, third = 0, repeats[0] + 1, repeats[0] + repeats[1] + 2
    start = {"3": first + 1, "4": second + 1, "5": third + 1}
    return [
        (r"\.(conv|bn|prelu)\.(\w+)$", lambda m: f".{_UNITS[m[1]]}.{m[2]}"),
        (r"^bn\.", "norm."),
        (r"^conv1\.", "stem.0."),
        (r"^conv2_dw\.", "stem.1."),
        (r"^conv_23\.", f"blocks.{first}."),
        (r"^conv_34\.", f"blocks.{second}."),
        (r"^conv_45\.", f"blocks.{third}."),
        (r"^conv_([345])\.model\.(\d+)\.", lambda m: f"blocks.{start[m[1]] + int(m[2])}."),
        (r"^conv_6_sep\.", "head.0."),
        (r"^conv_6_dw\.", "head.1."),
        (r"^(blocks\.\d+)\.conv\.", r"\1.expand."),
        (r"^(blocks\.\d+)\.conv_dw\.", r"\1.depthwise."),
    ]


def our_name(published: str, renamings: Renamings) -> str | None:
    """Name of a published parameter or buffer in our network; None where we have none.

    That is the fourth convolution of photo2cartoon's hourglass blocks, which the published code
    builds, saves and never runs.
    """
    if re.search(r"\.ConvBlock4\.2\.weight$", published):
        return None
    name = published
    for pattern, replacement in renamings:
        name = re.sub(pattern, replacement, name)
    return name


def load_published(network: nn.Module, state: State, renamings: Renamings, where: str) -> None:
    """Load published tensors into one of our networks.

    Raises:
        InputError: names or shapes do not fit.
    """
    ours = {}
    for published, value in state.items():
        name = our_name(published, renamings)
        if name is not None:
            ours[name] = value.flatten() if _is_vector(published) else value
    # Files older than PyTorch 0.4.1 do not count batches; the count plays no part here.
    own = network.state_dict()
    ours |= {k: v for k, v in own.items() if k.endswith("num_batches_tracked") and k not in ours}
    load_weights(network, ours, where)


def tensors_after(
    network: nn.Module, state: State, renamings: Renamings, endings: tuple[str, ...]
) -> dict[str, Tensor]:
    """Our network's present tensors under published names and in published shapes.

    Args:
        network: ours.
        state: what it was loaded from.
        renamings: for this kind of network.
        endings: the names that are wanted end in one of these.
    """
    own = network.state_dict()
    found = {}
    for published, value in state.items():
        name = our_name(published, renamings)
        if name is not None and published.endswith(endings):
            found[published] = own[name].reshape(value.shape).clone()
    return found


def _is_vector(published: str) -> bool:
    """Whether a parameter has one number a channel; published ones carry axes of length 1."""
    last = published.rpartition(".")[2]
    return last in ("rho", "gamma", "beta", "w_gamma", "w_beta")
