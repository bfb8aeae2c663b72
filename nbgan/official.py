"""Published checkpoints: read the authors' files, and replay their parts number by number.

Files from strangers are read with PyTorch's ``weights_only`` unpickler, which builds tensors and
plain containers and nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nbgan.errors import InputError

ROOMS = {
    "cam/cam": "nbgan.cam.official",
    "spade/norm": "nbgan.norms.official",
    "ugatit/iln": "nbgan.norms.official",
    "ugatit/adailn": "nbgan.norms.official",
    "photo2cartoon/lin": "nbgan.norms.official",
    "photo2cartoon/softadalin": "nbgan.norms.official",
    "spade/resblock": "nbgan.spade.official",
    "spade/generator": "nbgan.spade.official",
    "spade/discriminator": "nbgan.spade.official",
    "spade/encoder": "nbgan.spade.official",
    "spade/losses": "nbgan.spade.official",
    "stylegan1/generator": "nbgan.stylegan.official",
    "stylegan2/generator_rosinality": "nbgan.stylegan.official",
    "stylegan2/discriminator_rosinality": "nbgan.stylegan.official",
    "stylegan2/generator_ada": "nbgan.stylegan.official",
    "stylegan2/discriminator_ada": "nbgan.stylegan.official",
    "datasetgan/features": "nbgan.datasetgan.official",
    "datasetgan/image_to_bytes": "nbgan.datasetgan.official",
    "datasetgan/pixel_classifier": "nbgan.datasetgan.official",
    "datasetgan/ensemble": "nbgan.datasetgan.official",
    "datasetgan/filter": "nbgan.datasetgan.official",
    "datasetgan/cross_validation": "nbgan.datasetgan.official",
    "editgan/encoder": "nbgan.editgan.official",
    "editgan/pixel_classifier": "nbgan.editgan.official",
    "editgan/segment": "nbgan.editgan.official",
    "editgan/edit": "nbgan.editgan.official",
    "editgan/embed": "nbgan.editgan.official",
    "pix2pixhd/global_generator": "nbgan.pix2pixhd.official",
    "pix2pixhd/local_enhancer": "nbgan.pix2pixhd.official",
    "pix2pixhd/encoder": "nbgan.pix2pixhd.official",
    "pix2pixhd/discriminator": "nbgan.pix2pixhd.official",
    "pix2pixhd/preprocess": "nbgan.pix2pixhd.official",
    "pix2pixhd/instance_features": "nbgan.pix2pixhd.official",
    "pix2pixhd/losses": "nbgan.pix2pixhd.official",
    "ugatit/generator": "nbgan.ugatit.official",
    "ugatit/discriminator": "nbgan.ugatit.official",
    "ugatit/rho_clip": "nbgan.ugatit.official",
    "ugatit/losses": "nbgan.ugatit.official",
    "photo2cartoon/generator": "nbgan.ugatit.official",
    "photo2cartoon/discriminator": "nbgan.ugatit.official",
    "photo2cartoon/hourglass": "nbgan.ugatit.official",
    "photo2cartoon/rho_clip": "nbgan.ugatit.official",
    "photo2cartoon/mobilefacenet": "nbgan.ugatit.official",
    "photo2cartoon/face_id": "nbgan.ugatit.official",
    "photo2cartoon/losses": "nbgan.ugatit.official",
}
"""Which module knows each part of a published system."""


def parts() -> list[str]:
    """The parts that :func:`replay` knows."""
    return sorted(ROOMS)


def loadable() -> list[str]:
    """The parts that :func:`load` can build from a published file."""
    return sorted(
        p for p, room in ROOMS.items() if p in getattr(import_module(room), "BUILDERS", {})
    )


def load(path: str | Path, part: str, **options: Any) -> nn.Module:
    """Build a network from a published checkpoint, in evaluation mode.

    Args:
        path: the authors' file, for example ``latest_net_G.pth``.
        part: what it holds, for example ``"spade/generator"``; see :func:`loadable`.
        options: architecture settings under the authors' names. What the tensors' shapes tell need
            not be given; for a SPADE generator give ``crop_size``, ``aspect_ratio`` and
            ``num_upsampling_layers`` where they differ from 256, 1.0 and ``"normal"``. For a file
            that holds several networks, as those of U-GAT-IT and photo2cartoon do, ``network``
            names one: ``"genA2B"``, ``"genB2A"``, ``"disGA"`` …

    Raises:
        InputError: unknown part; file absent, truncated, or with code in it; weights that do not
            fit the options.
    """
    if part not in loadable():
        raise InputError(f"cannot load part '{part}'; choose one of {', '.join(loadable())}")
    room = import_module(ROOMS[part])
    reader = getattr(room, "READERS", {}).get(part)
    found, state = reader(path) if reader else ({}, read_state_dict(path))
    try:
        return room.BUILDERS[part](found | options, state, str(path)).eval()
    except KeyError as error:
        raise InputError(
            f"{path}: holds no tensor {error}, which a published '{part}' has; "
            "is it a file of another network?"
        ) from None


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Tensors of a ``.pth`` file, on the CPU, without running what is in it.

    Raises:
        InputError: absent, truncated, with code in it, or not a plain dict of tensors.
    """
    content = read_checkpoint(path)
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        found = type(content).__name__
        if isinstance(content, dict):
            found = f"a dict with the keys {', '.join(map(str, list(content)[:6]))}"
        raise InputError(f"{path}: expected a plain dict of tensors, found {found}")
    return content


def read_checkpoint(path: str | Path, *, safe: Sequence[type] = ()) -> Any:
    """What a file of ``torch.save`` holds, on the CPU, without running what is in it.

    Args:
        path: the file.
        safe: classes that may be in it, beside tensors and plain containers; they must do nothing
            when they are built.

    Raises:
        InputError: absent, truncated, or with code in it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with torch.serialization.safe_globals(list(safe)):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: refused, because reading it would run code ({refusal(error)}). "
            "Ask its author for a plain state dict"
        ) from None
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: not a readable checkpoint ({str(error).splitlines()[0]}); it may be "
            "truncated, download it again"
        ) from None


def refusal(error: pickle.UnpicklingError) -> str:
    """What a file asked for that PyTorch's safe unpickler does not give."""
    lines = [line for line in str(error).splitlines() if "GLOBAL" in line or "Unsupported" in line]
    return lines[0].strip() if lines else "it holds more than tensors"


def replay(
    part: str,
    options: Mapping[str, Any],
    state: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    mode: str = "eval",
) -> dict[str, Tensor]:
    """Rebuild a part of a published system, run it and return its outputs.

    Args:
        part: for example ``"spade/generator"``; see :func:`parts`.
        options: architecture settings under the authors' names.
        state: published parameter names to tensors.
        inputs: input names to tensors.
        mode: ``"eval"`` or ``"train"``.

    Returns:
        Output names to tensors. In training mode they include the buffers after the pass.

    Raises:
        InputError: unknown part or mode, or weights that do not fit.
    """
    if part not in ROOMS:
        raise InputError(f"unknown part '{part}'; choose one of {', '.join(parts())}")
    if mode not in ("eval", "train"):
        raise InputError(f"mode must be 'eval' or 'train', got '{mode}'")
    outputs = import_module(ROOMS[part]).REPLAYS[part](options, state, inputs, mode)
    return {name: value.detach() for name, value in outputs.items()}
