"""Label spaces: what the integers of a class map mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class LabelSpace:
    """The classes of a data set: names, display colours and the id that means "no label".

    A class map is an integer array ``[..., H, W]`` whose values are ``0 .. len(classes) - 1``, or
    ``ignore_id`` where a pixel carries no label. Colours are presentation only.

    Args:
        name: short name of the space, for example ``"landscapes"``.
        classes: class names; the position is the id.
        colors: one ``(red, green, blue)`` per class, each 0..255, all different.
        ignore_id: id of unlabelled pixels, outside the classes; ``None`` if there are none.

    Raises:
        InputError: names and colours do not match up, or one of them is used twice.
    """

    name: str
    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]
    ignore_id: int | None = 255

    def __post_init__(self) -> None:
        if not self.classes:
            raise InputError(f"label space '{self.name}' has no classes; give at least one name")
        if len(self.classes) != len(self.colors):
            raise InputError(
                f"label space '{self.name}' has {len(self.classes)} classes but "
                f"{len(self.colors)} colours; give one colour per class"
            )
        for what, values in (("class name", self.classes), ("colour", self.colors)):
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                raise InputError(
                    f"label space '{self.name}' uses a {what} twice: {', '.join(twice)}; "
                    "make them different"
                )
        if self.ignore_id is not None and self.ignore_id in range(len(self.classes)):
            raise InputError(
                f"label space '{self.name}': ignore_id {self.ignore_id} is also the class "
                f"'{self.classes[self.ignore_id]}'; choose an id from {len(self.classes)} to 255"
            )

    @property
    def num_classes(self) -> int:
        """Number of classes; the ignore id is not counted."""
        return len(self.classes)

    def index(self, class_name: str) -> int:
        """Id of a class name.

        Raises:
            InputError: no such class; the message lists the known ones.
        """
        if class_name not in self.classes:
            raise InputError(
                f"label space '{self.name}' has no class '{class_name}'; "
                f"known classes: {', '.join(self.classes)}"
            )
        return self.classes.index(class_name)

    def check(self, label: np.ndarray | torch.Tensor, where: str = "label map") -> None:
        """Raise InputError if ``label`` is not an integer map with known ids only.

        Args:
            label: class ids, any integer dtype, any shape.
            where: what to call it in the message, usually the file name.
        """
        known = (label >= 0) & (label < self.num_classes)
        if self.ignore_id is not None:
            known |= label == self.ignore_id
        if bool(known.all()) and _is_integer(label):
            return
        array = label.detach().cpu().numpy() if isinstance(label, torch.Tensor) else label
        if array.dtype.kind not in "iu":
            raise InputError(
                f"{where}: class ids must be integers, got {array.dtype}; convert with .long()"
            )
        found = np.unique(array)
        unknown = [int(i) for i in found if not 0 <= i < self.num_classes and i != self.ignore_id]
        if unknown:
            ignore = "" if self.ignore_id is None else f", or {self.ignore_id} for 'unlabelled'"
            raise InputError(
                f"{where}: unknown class id {', '.join(map(str, unknown[:8]))}"
                f"{' …' if len(unknown) > 8 else ''}; label space '{self.name}' allows "
                f"0 to {self.num_classes - 1}{ignore}. Remap the ids or use another label space"
            )

    def colorize(self, label: np.ndarray | torch.Tensor) -> np.ndarray:
        """Class ids ``[..., H, W]`` to display colours, uint8 ``[..., H, W, 3]``.

        Unlabelled pixels become black.
        """
        array = label.detach().cpu().numpy() if isinstance(label, torch.Tensor) else label
        self.check(array)
        return self._table()[array]

    def _table(self) -> np.ndarray:
        table = np.zeros((256, 3), dtype=np.uint8)
        table[: self.num_classes] = self.colors
        return table

    def write_png(self, path: str | Path, label: np.ndarray | torch.Tensor) -> None:
        """Save a class map ``[H, W]`` as an indexed PNG: the pixel values are the ids."""
        array = label.detach().cpu().numpy() if isinstance(label, torch.Tensor) else label
        self.check(array)
        picture = Image.fromarray(array.astype(np.uint8), mode="P")
        picture.putpalette(self._table().tobytes())
        picture.save(path, format="PNG")

    def read_png(self, path: str | Path) -> np.ndarray:
        """Read a class map, int64 ``[H, W]``, from an indexed or 8-bit grey PNG.

        Raises:
            InputError: not readable, not a PNG, stored as colours instead of ids, or unknown ids.
        """
        # pictures.py checks ids against label spaces, so it cannot be imported at the top.
        from nbgan.data.pictures import read_ids

        label = read_ids(path)
        self.check(label, where=str(path))
        return label

    def from_colors(self, picture: np.ndarray, where: str = "picture") -> np.ndarray:
        """Turn a colour-coded mask, uint8 ``[H, W, 3]``, into class ids, int64 ``[H, W]``.

        Black counts as unlabelled unless it is the colour of a class.

        Raises:
            InputError: a colour that belongs to no class; the message names it.
        """
        codes = picture.astype(np.int64) @ np.array([65536, 256, 1])
        ids = {0: self.ignore_id} if self.ignore_id is not None else {}
        ids |= {(r * 256 + g) * 256 + b: i for i, (r, g, b) in enumerate(self.colors)}
        values, inverse = np.unique(codes, return_inverse=True)
        unknown = [int(v) for v in values if int(v) not in ids]
        if unknown:
            listed = ", ".join(f"#{v:06x}" for v in unknown[:8])
            raise InputError(
                f"{where}: colour {listed}{' …' if len(unknown) > 8 else ''} belongs to no class "
                f"of '{self.name}'; use the palette's exact colours, without smoothing"
            )
        return np.array([ids[int(v)] for v in values])[inverse].reshape(codes.shape)

    def to_json(self) -> str:
        """As a JSON text, for checkpoints."""
        return json.dumps(
            {
                "name": self.name,
                "classes": self.classes,
                "colors": self.colors,
                "ignore_id": self.ignore_id,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> LabelSpace:
        """The inverse of :meth:`to_json`."""
        fields = json.loads(text)
        return cls(
            name=fields["name"],
            classes=tuple(fields["classes"]),
            colors=tuple((r, g, b) for r, g, b in fields["colors"]),
            ignore_id=fields["ignore_id"],
        )


def _is_integer(label: np.ndarray | torch.Tensor) -> bool:
    if isinstance(label, torch.Tensor):
        return not label.is_floating_point() and label.dtype != torch.bool
    return label.dtype.kind in "iu"
