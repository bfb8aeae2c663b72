"""The shipped weights: names, models and cards."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgan.errors import InputError
from nbgan.train.checkpoint import MODEL_FILE, load_model, read_metadata
from nbgan.train.system import System

if TYPE_CHECKING:
    from nbgan.segmenter import Judge, Segmenter, SegmenterSystem

WEIGHTS = Path(__file__).parent / "weights"


def names() -> list[str]:
    """Names of the shipped models."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def path(name: str) -> Path:
    """Where a shipped model's file is.

    Raises:
        InputError: unknown name; the message lists the known ones.
    """
    if name not in names():
        raise InputError(f"the zoo has no model '{name}'; it has {', '.join(names()) or 'none'}")
    return WEIGHTS / f"{name}.safetensors"


def load(name: str) -> System:
    """A shipped model in evaluation mode, float32, on the CPU. Each call builds a new one.

    Raises:
        InputError: unknown name.
    """
    return load_model(path(name))


def find(model: str | Path) -> Path:
    """The file of a shipped model, by name, or of any model file or training folder, by path.

    Raises:
        InputError: neither a name of the zoo nor a file.
    """
    if model in names():
        return path(str(model))
    if Path(model).is_dir():
        return find(Path(model) / MODEL_FILE)
    if not Path(model).is_file():
        raise InputError(
            f"'{model}' is neither a file nor a model of the zoo, which has "
            f"{', '.join(names()) or 'none'}"
        )
    return Path(model)


def open_model(model: str | Path) -> System:
    """A shipped model by name, or a model file by path; as :func:`load` gives it.

    Raises:
        InputError: neither a name of the zoo nor a readable model file.
    """
    return load_model(find(model))


def load_segmenter(name: str) -> Segmenter:
    """The network of a shipped segmenter: pictures to class scores.

    Raises:
        InputError: unknown name, or a model of another kind.
    """
    return _segmenter(name).network


def load_judge(name: str) -> Judge:
    """A shipped segmenter as judge of pictures of any size.

    Raises:
        InputError: unknown name, or a model of another kind.
    """
    from nbgan.segmenter import Judge

    system = _segmenter(name)
    return Judge(system.network, system.recipe.height_width)


def _segmenter(name: str) -> SegmenterSystem:
    from nbgan.segmenter import SegmenterSystem

    system = load(name)
    if not isinstance(system, SegmenterSystem):
        raise InputError(f"'{name}' is a {system.recipe.system} model, not a segmenter")
    return system


@cache
def card(name: str) -> dict[str, Any]:
    """What is known of a shipped model, from its file's own metadata.

    Returns:
        ``name``, ``system``, ``recipe`` (dict), ``megabytes``, ``parameters`` (count), and what
        its training wrote: ``steps``, ``seconds``, ``hardware``, ``scores`` (dict), ``failures``
        (list of sentences), ``licence``, ``grid`` (a picture file, WebP or PNG, as base64 text).

    Raises:
        InputError: unknown name.
    """
    file = path(name)
    metadata = read_metadata(file)
    return {
        "name": name,
        "system": metadata["system"],
        "recipe": json.loads(metadata["recipe"]),
        "megabytes": round(file.stat().st_size / 1e6, 2),
        **json.loads(metadata["card"]),
    }
