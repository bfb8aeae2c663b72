"""What an editor needs of a trained model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from nbgan.data.pictures import fit, picture_tensor, read_picture
from nbgan.editgan.distance import Distance
from nbgan.editgan.joint import JointModel
from nbgan.editgan.system import EncoderSystem
from nbgan.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Editor:
    """What a session needs of a model.

    Args:
        model: paints, labels and encodes.
        distance: of pictures.
        name: how the model can be opened again.
        strange: an embedding error to a warning; empty if it is nothing special.
    """

    model: JointModel
    distance: Distance
    name: str = ""
    strange: Callable[[float], str] = lambda error: ""

    @classmethod
    def open(cls, name: str) -> Editor:
        """The editor of a shipped model, by name, or of a model file.

        Raises:
            InputError: no such model, or one of another kind.
        """
        from nbgan import zoo

        system = zoo.open_model(name)
        if not isinstance(system, EncoderSystem):
            raise InputError(
                f"'{name}' is a {system.recipe.system} model; pictures are edited with an editgan "
                "model"
            )
        return cls.of(system, name)

    @classmethod
    def of(cls, system: EncoderSystem, name: str = "") -> Editor:
        """The editor of a trained system."""
        return cls(
            model=system.joint(),
            distance=system.distance,
            name=name,
            strange=system.familiarity.strange,
        )

    def read(self, path: str | Path) -> Tensor:
        """A picture file of any size, mode and orientation as the model wants it,
        ``[3, H, W]`` in [−1, 1]: upright, in colour, the middle of it.

        Raises:
            InputError: not a readable picture.
        """
        picture, grid = read_picture(path), self.model.grid
        size = (grid.height, grid.width)
        return picture_tensor(
            fit(picture.height, picture.width, size=size, resize="crop").picture(picture)
        )
