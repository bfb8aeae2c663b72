"""Model files and training states: safetensors, written atomically, never a pickle.

A **model file** holds the networks that a system ships, with its recipe, label space and card as
JSON in the metadata, so that it rebuilds its own model. A **training state** also holds all
networks, averages, optimisers and the step. Random states need no place: the randomness of a step
depends on the recipe's seed and the step's number alone (see :mod:`nbgan.train.loop`).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from nbgan.data.labels import LabelSpace
from nbgan.errors import InputError
from nbgan.train.system import System, system_type
from nbgan.train.weights import load_weights

MODEL_FORMAT = "nbgan model 1"
STATE_FORMAT = "nbgan training state 1"
MODEL_FILE = "model.safetensors"
STATE_FILE = "state.safetensors"


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file whole or not at all; an earlier file of that name survives a failure.

    Raises:
        InputError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # temporary files are private, model files are not
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        kept = "the earlier file is untouched" if path.exists() else "nothing was written"
        raise InputError(
            f"{path}: cannot write {len(content) / 1e6:.1f} MB ({error.strerror or error}); "
            f"{kept}. Free some space or choose another folder"
        ) from error


def read_metadata(path: str | Path, expected: str = MODEL_FORMAT) -> dict[str, str]:
    """The text that a file carries beside its tensors.

    Raises:
        InputError: absent, truncated, a pickle, or of another kind.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as file:
        head = file.read(9)
    # A safetensors file has a JSON header after eight bytes of length.
    if head[8:] != b"{" and head.startswith((b"PK", b"\x80")):
        raise InputError(
            f"{path}: this is a pickle, which can run code when it is opened, so it is not read "
            "as a model file. For a published checkpoint use nbgan.official.load"
        )
    try:
        with safe_open(path, framework="pt") as tensors:
            metadata = tensors.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file ({error}); it may be truncated, copy it again"
        ) from None
    if metadata.get("format") != expected:
        raise InputError(
            f"{path}: expected '{expected}', found '{metadata.get('format', 'no nbgan metadata')}'"
        )
    return metadata


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the CPU: safetensors refuses shared or strided memory."""
    return {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}


def save_model(
    path: str | Path,
    system: System,
    *,
    card: dict[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Write the shipped networks of a system.

    Args:
        path: ends in ``.safetensors``.
        system: the trained system.
        card: what is known of the weights: steps, time, hardware, scores …; JSON values.
        half: store floating-point weights as float16; loading makes them float32 again.
    """
    tensors = {
        f"{name}/{key}": value
        for name, network in system.shipped_networks().items()
        for key, value in network.state_dict().items()
    }
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    metadata = {
        "format": MODEL_FORMAT,
        "system": system.recipe.system,
        "recipe": json.dumps(system.recipe.to_dict()),
        "label_space": system.label_space.to_json() if system.label_space else "null",
        "card": json.dumps(card or {}),
    }
    write_atomically(path, save(_plain(tensors), metadata))


def load_model(path: str | Path, *, system: str | None = None) -> System:
    """Rebuild a system from its model file, in evaluation mode, float32, on the CPU.

    Args:
        path: a model file.
        system: the name of the system that is expected; None takes any.

    Raises:
        InputError: not a model file, of another system, damaged, or weights that do not fit.
    """
    metadata = read_metadata(path)
    if system is not None and metadata["system"] != system:
        raise InputError(f"{path}: this file holds a '{metadata['system']}' model, not '{system}'")
    cls = system_type(metadata["system"])
    space = metadata["label_space"]
    model = cls(
        cls.recipe_type.from_dict(json.loads(metadata["recipe"])),
        LabelSpace.from_json(space) if space != "null" else None,
    )
    tensors = load_file(path)
    networks = model.shipped_networks()
    strangers = sorted({k.split("/", 1)[0] for k in tensors} - set(networks))
    if strangers:
        raise InputError(f"{path}: holds networks that its recipe does not build: {strangers}")
    for name, network in networks.items():
        prefix = name + "/"
        mine = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        load_weights(
            network,
            {k: v.float() if v.is_floating_point() else v for k, v in mine.items()},
            where=f"{path} ({name})",
        )
    return model.eval()


def save_state(
    path: str | Path,
    *,
    system: System,
    ema: nn.Module | None,
    optimizers: dict[str, torch.optim.Optimizer],
    step: int,
    seconds: float,
) -> None:
    """Write everything that training needs to go on as if it had never stopped."""
    tensors = {f"system/{k}": v for k, v in system.state_dict().items()}
    if ema is not None:
        tensors |= {f"ema/{k}": v for k, v in ema.state_dict().items()}
    groups = {}
    for name, optimizer in optimizers.items():
        state = optimizer.state_dict()
        groups[name] = state["param_groups"]
        for index, values in state["state"].items():
            for key, value in values.items():
                tensors[f"optimizer/{name}/{index}/{key}"] = torch.as_tensor(value)
    metadata = {
        "format": STATE_FORMAT,
        "system": system.recipe.system,
        "recipe": json.dumps(system.recipe.to_dict()),
        "label_space": system.label_space.to_json() if system.label_space else "null",
        "step": str(step),
        "seconds": str(seconds),
        "groups": json.dumps(groups),
    }
    write_atomically(path, save(_plain(tensors), metadata))


def read_state(path: str | Path, prefix: str) -> dict[str, Tensor]:
    """Those tensors of a training state whose names begin with ``prefix``; no others are read.

    Raises:
        InputError: not a training state, or damaged.
    """
    read_metadata(path, STATE_FORMAT)
    with safe_open(path, framework="pt") as tensors:
        names = tensors.keys()
        return {name: tensors.get_tensor(name) for name in names if name.startswith(prefix)}


def load_state(
    path: str | Path,
    *,
    system: System,
    ema: nn.Module | None,
    optimizers: dict[str, torch.optim.Optimizer],
) -> tuple[int, float]:
    """Restore what :func:`save_state` wrote.

    Returns:
        Number of steps done, and the seconds of training that they took.

    Raises:
        InputError: another system or another recipe; the message names the fields that differ.
    """
    metadata = read_metadata(path, STATE_FORMAT)
    if metadata["system"] != system.recipe.system:
        raise InputError(
            f"{path}: training state of '{metadata['system']}', not '{system.recipe.system}'"
        )
    # Fields that are younger than the state have their defaults there.
    before = type(system.recipe).from_dict(json.loads(metadata["recipe"]))
    stored, wanted = (json.loads(json.dumps(r.to_dict())) for r in (before, system.recipe))
    free = {"log_every", "sample_every", "evaluate_every", "evaluate_pictures", "checkpoint_every"}
    # The schedule may change as long as the steps already done would have been the same.
    if all(
        before.learning_rate_factor(step) == system.recipe.learning_rate_factor(step)
        for step in range(int(metadata["step"]))
    ):
        free |= {"steps", "decay_from", "restart_at"}
    different = [
        f"{k}: {stored[k]} there, {wanted[k]} here"
        for k in wanted
        if k not in free and stored[k] != wanted[k]
    ]
    if different:
        raise InputError(
            f"{path}: training began with another recipe ({'; '.join(different)}); "
            "use the same recipe, or another output folder"
        )
    tensors = load_file(path)

    def part(prefix: str) -> dict[str, Tensor]:
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    load_weights(system, part("system/"), where=str(path))
    if ema is not None:
        load_weights(ema, part("ema/"), where=str(path))
    groups = json.loads(metadata["groups"])
    for name, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in part(f"optimizer/{name}/").items():
            index, field = key.split("/")
            state.setdefault(int(index), {})[field] = value
        optimizer.load_state_dict({"state": state, "param_groups": groups[name]})
    return int(metadata["step"]), float(metadata["seconds"])
