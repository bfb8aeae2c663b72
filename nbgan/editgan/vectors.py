"""Editing vectors: directions in W+ that were found on one picture and work on others.

A vector is one safetensors file: the direction, the region in which it was found, and as metadata
its name, its classes, the mark of its generator and a preview. A library is a folder of them.

Source: Ling et al., *EditGAN* (2021), section 3.3.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from nbgan.editgan.joint import JointModel
from nbgan.errors import InputError
from nbgan.train.checkpoint import read_metadata, write_atomically

VECTOR_FORMAT = "nbgan edit vector 1"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, kw_only=True)
class EditVector:
    """A direction in W+.

    Args:
        name: lower-case words with hyphens, such as ``"close-eyes"``.
        direction: float32 ``[rows, w_dim]``; the edited code less the original one.
        region: where it was found, bool ``[H, W]``, dilated.
        classes: names of the classes that it is about; where they are, a refinement works.
        generator: mark of the generator's weights.
        preview: PNG: pictures and masks before and after; empty for none.
    """

    name: str
    direction: Tensor
    region: Tensor
    classes: tuple[str, ...]
    generator: str
    preview: bytes = b""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise InputError(
                f"vector name: got '{self.name}'; use lower-case letters and digits, words joined "
                "by hyphens, such as 'close-eyes'"
            )

    def check(self, model: JointModel) -> None:
        """Refuse a model that the vector was not made for.

        Raises:
            InputError: another generator, other codes, or classes that the model does not know.
        """
        if self.generator != model.mark:
            raise InputError(
                f"vector '{self.name}': made with generator {self.generator[:8]}…, this one is "
                f"{model.mark[:8]}…; its latent codes mean something else. Open the model that "
                "made the vector, or make the edit again with this one"
            )
        wanted = (model.generator.rows, model.generator.w_dim)
        if tuple(self.direction.shape) != wanted:
            raise InputError(
                f"vector '{self.name}': shape {list(self.direction.shape)}, the generator's codes "
                f"have {list(wanted)}"
            )
        for name in self.classes:
            model.label_space.index(name)


def save_vector(path: str | Path, vector: EditVector) -> None:
    """Write a vector, whole or not at all.

    Raises:
        InputError: the disk is full or the folder cannot be written.
    """
    tensors = {
        "direction": vector.direction.detach().cpu().float().contiguous().clone(),
        "region": vector.region.cpu().to(torch.uint8).contiguous(),
    }
    metadata = {
        "format": VECTOR_FORMAT,
        "name": vector.name,
        "classes": json.dumps(vector.classes),
        "generator": vector.generator,
        "preview": base64.b64encode(vector.preview).decode(),
    }
    write_atomically(path, save(tensors, metadata))


def load_vector(path: str | Path) -> EditVector:
    """Read a vector.

    Raises:
        InputError: absent, truncated, a pickle, of another kind, or with tensors that make no
            sense.
    """
    metadata = read_metadata(path, VECTOR_FORMAT)
    tensors = load_file(path)
    try:
        direction, region = tensors["direction"], tensors["region"]
        classes = tuple(json.loads(metadata["classes"]))
        preview = base64.b64decode(metadata["preview"])
        name, generator = metadata["name"], metadata["generator"]
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path}: not a whole editing vector ({type(error).__name__}: {error}); make it again"
        ) from None
    if direction.ndim != 2 or region.ndim != 2 or not direction.isfinite().all():
        raise InputError(
            f"{path}: expected a finite direction [rows, w_dim] and a region [H, W], got "
            f"{list(direction.shape)} and {list(region.shape)}; make the vector again"
        )
    return EditVector(
        name=name,
        direction=direction,
        region=region > 0,
        classes=classes,
        generator=generator,
        preview=preview,
    )


class VectorLibrary:
    """A folder of vectors, ``NAME.safetensors`` each, with its preview as ``NAME.png`` to look at.

    Args:
        path: the folder; it need not be there yet.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def names(self) -> list[str]:
        """Names of the vectors, in order of the alphabet."""
        return sorted(file.stem for file in self.path.glob("*.safetensors"))

    def load(self, name: str) -> EditVector:
        """A vector by its name.

        Raises:
            InputError: no such vector; and what :func:`load_vector` raises.
        """
        if name not in self.names():
            raise InputError(
                f"{self.path}: holds no vector '{name}'; it has {', '.join(self.names()) or 'none'}"
            )
        return load_vector(self._file(name))

    def save(self, vector: EditVector, *, replace: bool = False) -> Path:
        """Add a vector.

        Args:
            vector: what to add.
            replace: write over one of the same name.

        Raises:
            InputError: a vector of that name is there already.
        """
        file = self._file(vector.name)
        if file.exists() and not replace:
            raise InputError(
                f"{file}: there is a vector '{vector.name}' already; choose another name, or "
                "replace it"
            )
        save_vector(file, vector)
        if vector.preview:
            write_atomically(file.with_suffix(".png"), vector.preview)
        return file

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.safetensors"
