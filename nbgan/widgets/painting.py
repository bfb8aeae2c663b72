"""Models that paint from masks, behind one small interface, for widgets.

A system joins by having ``generate(label, …)``. What else it offers is used if it is there:
``sample_style`` and ``style_of`` (styles), ``modulations`` (what depends on the mask alone),
``instance_styles`` and ``paint_styles`` (a style for each object), and ``use_instances`` in its
recipe.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from nbgan import zoo
from nbgan.data import CachedDataset, LabelSpace, needs_path, open_dataset
from nbgan.data.cityscapes import CITYSCAPES, THINGS
from nbgan.data.pictures import fit
from nbgan.errors import InputError
from nbgan.train.system import System, system_type


def paints_from_masks(system: type[System]) -> bool:
    """Whether a kind of system paints label maps: the first argument of ``generate`` is one."""
    generate = getattr(system, "generate", None)
    if generate is None:
        return False
    return list(inspect.signature(generate).parameters)[1:2] == ["label"]


def painting_models() -> list[str]:
    """The models of the zoo that paint from masks, those nearest to real pictures first.

    "Near" is the mIoU of a model's pictures as a share of that of real ones, from its card.
    """
    found = [name for name in zoo.names() if paints_from_masks(system_type(_kind(name)))]

    def key(name: str) -> tuple[float, str]:
        return -zoo.card(name).get("scores", {}).get("miou_share_of_real", 0.0), name

    return sorted(found, key=key)


def _kind(name: str) -> str:
    return zoo.card(name)["system"]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A picture to take styles from.

    Args:
        image: float ``[3, H, W]`` in [−1, 1].
        label, instance: its maps, int64 ``[H, W]``, or None if they are not known.
        label_space: the classes of the maps.
    """

    image: Tensor
    label: Tensor | None = None
    instance: Tensor | None = None
    label_space: LabelSpace | None = None


class PaintingModel:
    """A system that paints masks, with what it computed for the last mask.

    Args:
        system: in evaluation mode.
        name: for messages.

    Raises:
        InputError: the system does not paint from masks.
    """

    def __init__(self, system: Any, *, name: str) -> None:
        if not paints_from_masks(type(system)):
            raise InputError(
                f"{name}: {type(system).__name__} does not paint from masks; choose a system with "
                "generate(label, …)"
            )
        self.system = system
        self.name = name
        self.label_space: LabelSpace = system.label_space
        self.height_width: tuple[int, int] = system.recipe.height_width
        self.has_styles = _offers(lambda: system.sample_style(1, seed=0))
        self.object_styles = self.has_styles and hasattr(system, "instance_styles")
        self.instances: bool = getattr(system.recipe, "use_instances", False) or self.object_styles
        self._known: tuple[bytes, dict[str, Any]] = (b"", {})

    @classmethod
    def from_zoo(cls, name: str) -> PaintingModel:
        """A shipped model.

        Raises:
            InputError: unknown name, or a model that does not paint from masks.
        """
        return cls(zoo.load(name), name=name)

    @property
    def things(self) -> list[int] | None:
        """Classes that have instances; None if the label space does not say so."""
        return list(THINGS) if self.label_space == CITYSCAPES else None

    @property
    def offered(self) -> list[int] | None:
        """The classes that the model has seen; None if it does not say so."""
        if not self.object_styles:
            return None
        seen = [c for c in range(self.label_space.num_classes) if len(self.clusters(c))]
        return seen or None

    def clusters(self, class_id: int) -> Tensor:
        """The styles ``[K, F]`` that objects of a class may take, the most frequent first."""
        return self.system.clusters.of_class(class_id)

    def fits(self, other: PaintingModel) -> bool:
        """Whether the other model can paint this model's masks, resized if need be."""
        return self.label_space == other.label_space and self.instances >= other.instances

    def resized(self, ids: np.ndarray) -> np.ndarray:
        """Class or instance ids ``[h, w]`` at this model's size: nearest neighbour."""
        return fit(*ids.shape, size=self.height_width).ids(ids)

    def paint(
        self,
        mask: np.ndarray,
        instance: np.ndarray | None = None,
        style: Tensor | None = None,
        objects: Mapping[int, Tensor] | None = None,
    ) -> Tensor:
        """Paint a mask.

        What depends on the mask alone is kept until another mask comes, so that trying a style
        costs only what the style changes.

        Args:
            mask: class ids ``[H, W]``.
            instance: instance ids ``[H, W]``, for a model with instances.
            style: ``[1, …]``, or None for the mean style.
            objects: vectors ``[F]`` by instance id (the class id for what has no instance), for
                objects that are to look otherwise; those that are not there do not matter.

        Returns:
            Float ``[3, H, W]`` in [−1, 1].

        Raises:
            InputError: bad ids or sizes.
        """
        key = mask.tobytes() + (b"" if instance is None else instance.tobytes())
        if key != self._known[0]:
            self._known = (key, self._of_mask(mask, instance))
        arguments = dict(self._known[1])
        if objects:
            maps = arguments["label"], arguments.get("instance")
            (table,) = self.system.instance_styles(*maps, style=style)
            table |= {key: value for key, value in objects.items() if key in table}
            arguments["features"] = self.system.paint_styles(*maps, [table])
        elif style is not None:
            arguments["style"] = style
        return self.system.generate(**arguments)[0].float()

    def _of_mask(self, mask: np.ndarray, instance: np.ndarray | None) -> dict[str, Any]:
        arguments: dict[str, Any] = {"label": torch.from_numpy(mask.astype(np.int64))[None]}
        if self.instances and instance is not None:
            arguments["instance"] = torch.from_numpy(instance.astype(np.int64))[None]
        if hasattr(self.system, "modulations"):
            # A mask that is refused here is refused again, with its message, by generate.
            reusable: list[Any] = []
            if _offers(lambda: reusable.append(self.system.modulations(**arguments))):
                arguments["modulations"] = reusable[0]
        return arguments

    def sampled_style(self, seed: int) -> Tensor:
        """The style ``[1, …]`` of a seed."""
        return self.system.sample_style(1, seed=seed)

    def style_of(
        self, picture: Tensor, label: Tensor | None = None, instance: Tensor | None = None
    ) -> Tensor:
        """The style ``[1, …]`` of a picture, float ``[3, H, W]`` in [−1, 1].

        Args:
            picture: to take the style from.
            label, instance: its maps ``[H, W]``, for models that have a style for each instance.

        Raises:
            InputError: a model without an encoder, or one that needs the picture's maps.
        """
        if not hasattr(self.system, "style_of"):
            raise InputError(f"{self.name} has no encoder, so it takes no style from a picture")
        maps = [None if ids is None else ids[None] for ids in (label, instance)]
        return self.system.style_of(picture[None], *maps)

    def takes(self, scene: Scene) -> bool:
        """Whether styles can be taken from a picture, as far as its maps tell."""
        if not self.object_styles:
            return True
        return scene.label_space == self.label_space and scene.image.shape[1:] == self.height_width

    def object_vectors(self, scene: Scene) -> dict[int, Tensor]:
        """The vector of each object of a picture, by instance id.

        Raises:
            InputError: the picture's maps are not known.
        """
        if scene.label is None or scene.instance is None:
            raise InputError(
                f"{self.name} takes a style from each object of a picture, so it needs the "
                "picture's label map and instance map"
            )
        maps = scene.label[None], scene.instance[None]
        return self.system.instance_styles(*maps, image=scene.image[None])[0]

    def world(self, pictures: int | None = None) -> Dataset | None:
        """The embedded world that the model learned from, at its size; None for other data.

        Args:
            pictures: keep so many, drawn once and then read from the disk cache; None draws
                each when it is asked for.
        """
        recipe = self.system.recipe
        if recipe.data_path is not None or needs_path(recipe.data):
            return None
        height, width = self.height_width
        options: dict[str, Any] = {"size": height if height == width else (height, width)}
        if pictures is None:
            return open_dataset(recipe.data, split="test", **options)
        world = open_dataset(recipe.data, split="test", length=pictures, **options)
        return CachedDataset(world, progress=False)


def _offers(call: Callable[[], Any]) -> bool:
    """Whether a system can do what is asked; some decide by their recipe."""
    try:
        call()
    except (AttributeError, InputError):
        return False
    return True
