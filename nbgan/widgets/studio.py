"""The studio: choose a model, paint a mask, choose a style, compare, and take the result away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from nbgan import zoo
from nbgan.errors import InputError
from nbgan.train.system import System
from nbgan.widgets.about import about
from nbgan.widgets.comparison import Answer, Comparison
from nbgan.widgets.controls import Notice, explain
from nbgan.widgets.objects import ObjectStyles, Painting
from nbgan.widgets.painter import Painter
from nbgan.widgets.painting import PaintingModel, Scene, painting_models
from nbgan.widgets.studio_files import StudioFiles
from nbgan.widgets.styles import StyleChoice

_SAVED = (
    "This is a saved page without a kernel: you can paint on the mask, but no model answers. "
    "Open the notebook with “make lab” or “make app” to use the studio."
)


class Studio(widgets.VBox):
    """Models that paint from masks, in one place.

    Args:
        models: names from the zoo, or trained systems by name; None takes every model of the zoo
            that paints from masks, the best first.
        seed: decides the sampled styles and the random layouts.
        examples: how many pictures of a model's own world are offered, as masks to start from
            and as pictures to take a style from.

    Raises:
        InputError: no models, an unknown one, or one that does not paint from masks.
    """

    def __init__(
        self,
        models: Sequence[str] | Mapping[str, System] | None = None,
        *,
        seed: int = 0,
        examples: int = 6,
    ) -> None:
        names = painting_models() if models is None else list(models)
        if not names:
            raise InputError(
                "models: there is none that paints from masks; name one of the zoo "
                f"({', '.join(zoo.names())}) or give a trained system"
            )
        self._given = models if isinstance(models, Mapping) else {}
        self._models: dict[str, PaintingModel] = {}
        self._examples = examples
        self._random = np.random.default_rng(seed)
        self._pictures: dict[str, Scene] = {}
        self._scenes: dict[bytes, Scene] = {}  # of the masks that belong to a picture
        self._model = self._opened(names[0])

        self._choice = widgets.Dropdown(
            options=names,
            description="Model",
            style={"description_width": "initial"},
            layout={"width": "min(420px, 98%)"},
        )
        self._about = widgets.HTML()
        self._stage = widgets.VBox()
        self._notice = Notice(saved=_SAVED)
        self.style = StyleChoice(
            "Style", pictures=self._pictures, seed=seed + 1, on_change=self._restyle
        )
        self.comparison = Comparison(
            pictures=self._pictures,
            seed=seed + 2,
            current=self._current,
            opened=self._opened,
            complain=lambda text: self._notice.say(text, "error"),
        )
        self.objects = ObjectStyles(
            current=lambda: Painting(
                model=self._model, painter=self.painter, style=self.style.style(self._model)
            ),
            on_change=self._repaint,
        )
        self.files = StudioFiles(current=self._current, take=self._take_picture)
        self._open()
        super().__init__(self._parts())
        self.add_class("nbgan-studio")
        self._choice.observe(self._on_model, "value")
        self._follow()

    def _parts(self) -> list[widgets.Widget]:
        above = widgets.VBox([self._choice, self._about])
        sections: list[widgets.Box] = [self.objects, self.style, self.comparison, self.files]
        below = widgets.VBox(sections)
        for part in (above, below):
            part.add_class("nbgan-live")
        for part in sections:
            part.add_class("nbgan-section")
        return [above, self._stage, self._notice, below]

    # --- from Python -------------------------------------------------------------------------

    @property
    def model(self) -> str:
        """Name of the model that paints; set it to change the model."""
        return self._model.name

    @model.setter
    def model(self, name: str) -> None:
        if name not in self._choice.options:
            raise InputError(f"model '{name}' is not here; choose {self._choice.options}")
        self._choice.value = name

    @property
    def mask(self) -> np.ndarray:
        """Class ids as painted so far, uint8 ``[H, W]``; set it to change the page."""
        return self.painter.mask

    @mask.setter
    def mask(self, value: np.ndarray | Tensor) -> None:
        self.painter.mask = value

    @property
    def picture(self) -> np.ndarray | None:
        """What the model made of the mask, uint8 ``[H, W, 3]``."""
        return self.painter.picture

    # --- models ------------------------------------------------------------------------------

    def _opened(self, name: str) -> PaintingModel:
        if name not in self._models:
            given = self._given.get(name)
            self._models[name] = (
                PaintingModel.from_zoo(name) if given is None else PaintingModel(given, name=name)
            )
        return self._models[name]

    def _open(self) -> None:
        """A painter for the model: of its classes and size, with examples of its world."""
        self.objects.clear()
        model = self._model
        scenes = model.world(self._examples) if self._examples else None
        masks: dict[str, Any] = {}
        for index in range(self._examples if scenes is not None else 0):
            scene = scenes[index]  # type: ignore[index]
            name = f"{model.system.recipe.data} {index + 1}"
            masks[name] = self._maps(scene)
            seen = Scene(
                image=scene["image"],
                label=scene["label"],
                instance=scene.get("instance"),
                label_space=model.label_space,
            )
            self._pictures.setdefault(name, seen)
            self._scenes[_key(masks[name])] = seen
        first = next(iter(masks.values()), None)
        mask, instance = first if isinstance(first, tuple) else (first, None)
        world = model.world()
        self.painter = Painter(
            model.label_space,
            size=model.height_width,
            mask=mask,
            instances=model.instances if instance is None else instance,
            examples=masks,
            random=None if world is None else lambda: self._random_maps(world),
            render=self._render,
            things=model.things if model.instances else None,
            offered=model.offered,
            selectable=model.object_styles,
            label=f"mask for {model.name}",
        )
        self.painter.observe(lambda _: self.comparison.renew(), ["picture_bytes", "answered"])
        self.painter.on_stroke(lambda _: self._on_mask())
        self.painter.on_select(self.objects.show)
        self._stage.children = [self.painter]
        self._on_mask()

    def _on_mask(self) -> None:
        """A mask that belongs to a picture was opened: its objects may look as they do there."""
        if not self._model.object_styles:
            return
        maps = self.painter.mask, self.painter.instance
        scene = self._scenes.get(_key(maps))
        if scene is not None:
            self.objects.restart(scene)

    def _current(self) -> Answer:
        return Answer(model=self._model, style=self.style, painter=self.painter)

    def _maps(self, scene: Mapping[str, Tensor]) -> Any:
        """Mask of a scene, with the instance map if the model wants one."""
        mask = scene["label"].numpy().astype(np.uint8)
        if not self._model.instances:
            return mask
        instance = scene.get("instance", torch.zeros_like(scene["label"]))
        return mask, instance.numpy().astype(np.uint16)

    def _random_maps(self, world: Any) -> Any:
        return self._maps(world[int(self._random.integers(len(world)))])

    def _on_model(self, change: Mapping[str, Any]) -> None:
        if change["new"] == self._model.name:
            return
        before, old = self._model, self.painter
        try:
            self._model = self._opened(change["new"])
            model = self._model
            same = before.label_space == model.label_space
            if not (same and before.fits(model) and model.fits(before) and self._alike(before)):
                self._open()
                if same:
                    both = old.instance is not None and model.instances
                    maps = [old.mask, *([old.instance] if both else [])]
                    self.painter.set(*map(model.resized, maps))  # type: ignore[arg-type]
        except Exception as error:
            self._model, self.painter = before, old
            self._stage.children = [old]
            self._notice.say(f"{change['new']}: {explain(error)}", "error")
            self._choice.value = before.name
            return
        self._notice.say(f"{self._model.name} paints now.")
        self._follow()
        if self.painter is old:
            self.objects.clear()
            self._on_mask()
            self._repaint()

    def _alike(self, other: PaintingModel) -> bool:
        """Whether the painter of another model serves this one as well."""
        model = self._model
        return (other.height_width, other.object_styles) == (
            model.height_width,
            model.object_styles,
        )

    def _follow(self) -> None:
        """Bring the controls in line with the model."""
        model = self._model
        self._about.value = about(model)
        self._offer_pictures()
        self.objects.layout.display = "" if model.object_styles else "none"
        self.style.layout.display = "" if model.has_styles else "none"
        others = [name for name in self._choice.options if name != model.name]
        self.comparison.offer(others, styles=model.has_styles)

    def _offer_pictures(self) -> None:
        for choice in (self.style, self.comparison.style_choice):
            choice.offer(self._model)

    def _take_picture(self, name: str, scene: Scene) -> None:
        self._pictures[name] = scene
        self._offer_pictures()
        self.style.from_picture(name)

    # --- painting ----------------------------------------------------------------------------

    def _render(self, mask: np.ndarray, instance: np.ndarray | None = None) -> Tensor:
        style = self.style.style(self._model)
        return self._model.paint(mask, instance, style, self.objects.vectors)

    def _restyle(self) -> None:
        self._repaint()
        self.objects.show(self.painter.selected)

    def _repaint(self) -> None:
        """Paint the same mask again, in another style or by another model."""
        try:
            self.painter.picture = self._render(self.painter.mask, self.painter.instance)
        except Exception as error:
            self._notice.say(f"The picture was not renewed: {explain(error)}", "error")


def _key(maps: Any) -> bytes:
    """What a mask, or mask and instance map, is recognised by."""
    parts = maps if isinstance(maps, tuple) else (maps,)
    return b"".join(part.tobytes() for part in parts if part is not None)
