"""Published weight files: found on this machine, never downloaded, read without running code."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch

from nbgan.errors import InputError

FOLDER_VARIABLE = "NBGAN_PUBLISHED_WEIGHTS"


class MissingWeightsError(InputError):
    """A published weight file is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class PublishedWeights:
    """A weight file that others publish and that this library does not ship.

    Args:
        network: what the file holds, for messages.
        file_names: names under which the file is known.
        digest: first hexadecimal digits of the SHA-256 of the published file.
        url: where to get it.
        instead: what the library does when the file is missing, for the message.
    """

    network: str
    file_names: tuple[str, ...]
    digest: str
    url: str
    instead: str

    def find(self, path: str | Path | None = None) -> Path:
        """Path of the file.

        Args:
            path: the file itself, or a folder that holds it. ``None`` looks in the folder named by
                the environment variable ``NBGAN_PUBLISHED_WEIGHTS``, then in torch's hub cache.

        Raises:
            MissingWeightsError: not found; the message says where to get it.
        """
        if path is not None:
            places = [Path(path)]
            if places[0].is_file():
                return places[0]
        else:
            named = os.environ.get(FOLDER_VARIABLE)
            places = [Path(named)] if named else []
            places.append(Path(torch.hub.get_dir()) / "checkpoints")
        for place in places:
            for name in self.file_names:
                if (place / name).is_file():
                    return place / name
        raise MissingWeightsError(
            f"weights of {self.network}: no file {' or '.join(self.file_names)} at "
            f"{' or '.join(map(str, places))}. Get it from {self.url} and pass its path, or put it "
            f"into the folder that the environment variable {FOLDER_VARIABLE} names. "
            f"Without it: {self.instead}"
        )

    def read(self, path: str | Path | None = None) -> tuple[dict[str, torch.Tensor], bool]:
        """Parameters in the file, on the CPU, and whether it is the published file bit for bit.

        Raises:
            MissingWeightsError: the file is not there.
            InputError: truncated, or a pickle that holds more than tensors.
        """
        file = self.find(path)
        try:
            state = torch.load(file, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError:
            raise InputError(
                f"{file}: holds something else than tensors, or is no PyTorch file; reading it "
                f"could run code, so it is refused. Get the published file from {self.url}"
            ) from None
        except (RuntimeError, EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{file}: cannot be read as weights of {self.network} "
                f"({str(error).splitlines()[0] if str(error) else type(error).__name__}); it may "
                f"be truncated, get it again from {self.url}"
            ) from None
        if not isinstance(state, dict) or not all(
            isinstance(value, torch.Tensor) for value in state.values()
        ):
            raise InputError(
                f"{file}: expected a dictionary of tensors with the parameters of {self.network}, "
                f"got {type(state).__name__}; get the published file from {self.url}"
            )
        return state, _sha256(file).startswith(self.digest)

    def mismatch(self, path: str | Path | None, reason: str) -> InputError:
        """The error to raise when the parameters do not fit the network."""
        return InputError(
            f"{self.find(path)}: does not hold the parameters of {self.network} ({reason}); "
            f"use {' or '.join(self.file_names)} from {self.url}"
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
