"""Network pickles of stylegan2-ada-pytorch, read without running what is in them.

Such a file is a pickled dict of networks. Each module in it is stored as a call of
``torch_utils.persistence._reconstruct_persistent_obj`` on the *source code* of its class and its
attributes; the published reader executes that code. Here the call is answered by a record of the
attributes, the code is left unread, and every name that is not on a short list is refused before
anything is called.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.official import refusal


@dataclass(frozen=True)
class PickledNetwork:
    """A module as it lies in a pickle: the name of its class, and its attributes."""

    class_name: str
    attributes: dict[str, Any]

    def tensors(self, prefix: str = "") -> dict[str, Tensor]:
        """Parameters and buffers of it and of what it holds, under their ``state_dict`` names."""
        found: dict[str, Tensor] = {}
        for kind in ("_parameters", "_buffers"):
            for name, value in self._part(kind).items():
                if isinstance(value, Tensor):
                    found[prefix + name] = value.detach()
        for name, module in self._part("_modules").items():
            if isinstance(module, PickledNetwork):
                found |= module.tensors(f"{prefix}{name}.")
        return found

    def attribute(self, *path: str) -> Any:
        """An attribute of a module inside, by the names that lead to it; None if there is none."""
        module: Any = self
        for name in path[:-1]:
            module = module._part("_modules").get(name)
            if not isinstance(module, PickledNetwork):
                return None
        return module.attributes.get(path[-1])

    def _part(self, name: str) -> dict[str, Any]:
        part = self.attributes.get(name)
        return part if isinstance(part, dict) else {}


def read_network_pickle(path: str | Path) -> dict[str, PickledNetwork]:
    """The networks of a ``.pkl`` file by name: ``G``, ``D``, ``G_ema`` in a complete one.

    Raises:
        InputError: absent, truncated, no dict of networks, or it asks for anything outside the
            list of what such files need; the message names it.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            content = _Unpickler(file, path).load()
    except InputError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        raise InputError(
            f"{path}: not a readable network pickle ({type(error).__name__}: {error}); it may be "
            "truncated, download it again"
        ) from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a dict of networks, found {type(content).__name__}")
    return {str(k): v for k, v in content.items() if isinstance(v, PickledNetwork)}


_NUMBERS = ("b1", "f4", "f8", "i4", "i8")
"""Codes of the numpy numbers that may be in a pickle; gains are stored as such."""


class _NumberKind:
    """Stands for a numpy dtype."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __setstate__(self, state: Any) -> None:
        """Byte order and alignment, which plain little-endian numbers do not need."""


class _Unpickler(pickle.Unpickler):
    """Knows the names that network pickles need, and refuses all others."""

    def __init__(self, file: io.BufferedReader, path: Path) -> None:
        super().__init__(file)
        self._path = path
        self._known = _known_names(path)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._known:
            raise InputError(
                f"{self._path}: refused, because it asks for '{module}.{name}', which a network "
                "pickle of stylegan2-ada-pytorch does not need and which could run code. Take the "
                "file from its authors, or ask for a plain state dict"
            )
        return self._known[module, name]


def _known_names(path: Path) -> dict[tuple[str, str], Any]:
    """What a pickle may ask for, and what it gets.

    Functions are made anew for each file: a pickle can set attributes of what it is given.
    """

    def network(meta: dict[str, Any]) -> PickledNetwork:
        if meta.get("type") != "class" or not isinstance(meta.get("state"), dict):
            raise InputError(f"{path}: a module in it has no attributes; the format is unknown")
        return PickledNetwork(str(meta.get("class_name")), meta["state"])

    def storage(content: bytes) -> Any:
        try:
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise InputError(
                f"{path}: refused, because a tensor in it would run code ({refusal(error)}). Take "
                "the file from its authors, or ask for a plain state dict"
            ) from None

    def tensor(
        values: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *rest: Any
    ) -> Tensor:
        last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
        held = values._untyped_storage.nbytes() // values.dtype.itemsize
        if all(size) and last >= held:
            raise ValueError(f"a tensor of shape {size} in it has only {held} values")
        return torch._utils._rebuild_tensor_v2(values, offset, size, stride, False, OrderedDict())

    def parameter(data: Tensor, *rest: Any) -> Tensor:
        return data

    def dtype(code: str, *rest: Any) -> _NumberKind:
        if code not in _NUMBERS:
            raise InputError(f"{path}: refused, because it holds numpy values of kind '{code}'")
        return _NumberKind(code)

    def number(kind: _NumberKind, content: bytes) -> float:
        return np.frombuffer(content, "<" + kind.code, 1).item()

    functions: dict[tuple[str, str], Callable[..., Any]] = {
        ("torch_utils.persistence", "_reconstruct_persistent_obj"): network,
        ("torch.storage", "_load_from_bytes"): storage,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch._utils", "_rebuild_parameter"): parameter,
        ("numpy", "dtype"): dtype,
        ("numpy.core.multiarray", "scalar"): number,
        ("numpy._core.multiarray", "scalar"): number,
    }
    kinds = {
        ("dnnlib.util", "EasyDict"): dict,
        ("collections", "OrderedDict"): OrderedDict,
        ("builtins", "set"): set,
        ("__builtin__", "set"): set,
        ("torch", "Size"): torch.Size,
    }
    dtypes = {("torch", str(d).removeprefix("torch.")): d for d in (torch.float32, torch.float16)}
    return {**functions, **kinds, **dtypes}
