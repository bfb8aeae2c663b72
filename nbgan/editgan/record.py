"""What a session is, on disk: one safetensors file, written whole or not at all."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from safetensors.torch import load_file, save
from torch import Tensor

from nbgan.editgan.edits import Edit
from nbgan.editgan.terms import EditSettings, EmbedSettings
from nbgan.errors import InputError
from nbgan.train.checkpoint import read_metadata, write_atomically

SESSION_FORMAT = "nbgan edit session 1"
SESSION_FILE = "session.safetensors"

Stage = Literal["ready", "embedding", "editing"]


@dataclass(kw_only=True)
class Record:
    """A picture that is being edited, and how far the work is.

    Args:
        model: what to open again: a shipped model's name or a model file.
        generator: mark of its generator's weights.
        source: where the picture is from, in words.
        image: the picture, uint8 ``[3, H, W]``.
        w_plus: its code, ``[1, rows, w_dim]``.
        error, psnr: of the embedding; see :class:`~nbgan.editgan.embedding.Embedding`.
        note: what a user should know of the picture.
        painted: the mask as painted so far, uint8 ``[H, W]``.
        stage: which optimisation is under way, if one is.
        edit: the edit that is under way or done; None before the first.
        embedding: settings of the embedding.
        descent: state of the optimisation that is under way.
        edited: code of the edited picture; None before the first edit.
    """

    model: str
    generator: str
    source: str
    image: Tensor
    w_plus: Tensor
    painted: Tensor
    error: float = 0.0
    psnr: float = float("inf")
    note: str = ""
    stage: Stage = "ready"
    edit: Edit | None = None
    embedding: EmbedSettings = field(default_factory=EmbedSettings)
    descent: dict[str, Tensor] = field(default_factory=dict)
    edited: Tensor | None = None

    @property
    def steps(self) -> int:
        """Iterations of the optimisation that is under way, done and to be done; 0 for none."""
        if self.stage == "embedding":
            return self.embedding.steps
        return self.edit.settings.steps if self.stage == "editing" and self.edit else 0

    @property
    def rows(self) -> tuple[int, int] | None:
        """Rows of W+ that it moves; None for all."""
        return self.edit.settings.rows if self.stage == "editing" and self.edit else None

    @property
    def unfinished(self) -> str:
        """What is under way, in words; empty if nothing is."""
        if self.stage == "ready":
            return ""
        return f"{self.stage}, {int(self.descent['step'])} of {self.steps} iterations done"


_TEXTS = ("model", "generator", "source", "note", "stage")
_NUMBERS = ("error", "psnr")
_TENSORS = ("image", "w_plus", "painted")


def write_record(folder: str | Path, record: Record) -> None:
    """Keep a session.

    Raises:
        InputError: the disk is full or the folder cannot be written; what was kept before stays.
    """
    tensors = {name: getattr(record, name) for name in _TENSORS}
    tensors |= {f"descent/{name}": value for name, value in record.descent.items()}
    metadata = {"format": SESSION_FORMAT} | {name: getattr(record, name) for name in _TEXTS}
    metadata |= {name: repr(getattr(record, name)) for name in _NUMBERS}
    metadata["embedding"] = json.dumps(dataclasses.asdict(record.embedding))
    if record.edited is not None:
        tensors["edited"] = record.edited
    if record.edit is not None:
        metadata["edit"] = json.dumps(dataclasses.asdict(record.edit.settings))
        for name in ("before", "start", "target", "region"):
            tensors[f"edit/{name}"] = getattr(record.edit, name)
    plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
    write_atomically(Path(folder) / SESSION_FILE, save(plain, metadata))


def read_record(folder: str | Path) -> Record:
    """What :func:`write_record` kept.

    Raises:
        InputError: no session there, or a damaged one.
    """
    file = Path(folder) / SESSION_FILE
    if not file.is_file():
        raise InputError(f"{folder}: holds no {SESSION_FILE}; start a session, or check the path")
    metadata = read_metadata(file, SESSION_FORMAT)
    tensors = load_file(file)
    try:
        fields: dict[str, Any] = {name: tensors[name] for name in _TENSORS}
        fields |= {name: metadata[name] for name in _TEXTS}
        fields |= {name: float(metadata[name]) for name in _NUMBERS}
        fields["embedding"] = EmbedSettings(**json.loads(metadata["embedding"]))
        fields["descent"] = _part(tensors, "descent/")
        fields["edited"] = tensors.get("edited")
        if "edit" in metadata:
            settings = json.loads(metadata["edit"])
            settings["rows"] = None if settings["rows"] is None else tuple(settings["rows"])
            parts = _part(tensors, "edit/")
            parts["region"] = parts["region"].bool()
            fields["edit"] = Edit(settings=EditSettings(**settings), **parts)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{file}: not a whole session ({type(error).__name__}: {error}); start a new one"
        ) from None
    return Record(**fields)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
