"""The studio: choose a model, paint a mask, choose a style, compare, and take the result away."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from nbgan import zoo
from nbgan.errors import InputError
from nbgan.train.system import System
from nbgan.widgets.comparison import Answer, Comparison
from nbgan.widgets.controls import (
    DownloadButton,
    Notice,
    UploadButton,
    explain,
    to_png,
)
from nbgan.widgets.painter import Painter
from nbgan.widgets.painting import PaintingModel, painting_models
from nbgan.widgets.styles import StyleChoice
from nbgan.widgets.uploads import PICTURE_FORMATS, uploaded_mask, uploaded_picture

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
        self._pictures: dict[str, Tensor] = {}
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
            "Style", pictures=self._pictures, seed=seed + 1, on_change=self._repaint
        )
        self.comparison = Comparison(
            pictures=self._pictures,
            seed=seed + 2,
            current=lambda: Answer(model=self._model, style=self.style, painter=self.painter),
            opened=self._opened,
            complain=lambda text: self._notice.say(text, "error"),
        )
        self._open()
        super().__init__(self._parts())
        self.add_class("nbgan-studio")
        self._choice.observe(self._on_model, "value")
        self._follow()

    def _parts(self) -> list[widgets.Widget]:
        suffixes = ",".join(f".{name.lower()}" for name in (*PICTURE_FORMATS, "jpg", "tif"))
        files = widgets.HBox(
            [
                DownloadButton("Download picture", make=self._picture_file),
                DownloadButton("Download mask", make=self._mask_file),
                UploadButton("Upload a mask …", accept=".png", receive=self._receive_mask),
                UploadButton("Upload a picture …", accept=suffixes, receive=self._receive_picture),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "8px"},
        )
        above = widgets.VBox([self._choice, self._about])
        below = widgets.VBox([self.style, self.comparison, files])
        for part in (above, below):
            part.add_class("nbgan-live")
        for part in (self.style, self.comparison, files):
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
        model = self._model
        scenes = model.world(self._examples) if self._examples else None
        masks: dict[str, Any] = {}
        for index in range(self._examples if scenes is not None else 0):
            scene = scenes[index]  # type: ignore[index]
            name = f"{model.system.recipe.data} {index + 1}"
            masks[name] = self._maps(scene)
            self._pictures.setdefault(name, scene["image"])
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
            label=f"mask for {model.name}",
        )
        self.painter.observe(lambda _: self.comparison.renew(), ["picture_bytes", "answered"])
        self._stage.children = [self.painter]

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
            same = before.fits(self._model)
            if not same or before.height_width != self._model.height_width:
                self._open()
                if same:
                    maps = [old.mask, *([] if old.instance is None else [old.instance])]
                    self.painter.set(*map(self._model.resized, maps))
        except Exception as error:
            self._model, self.painter = before, old
            self._stage.children = [old]
            self._notice.say(f"{change['new']}: {explain(error)}", "error")
            self._choice.value = before.name
            return
        self._notice.say(f"{self._model.name} paints now.")
        self._follow()
        if self.painter is old:
            self._repaint()

    def _follow(self) -> None:
        """Bring the controls in line with the model."""
        model = self._model
        self._about.value = _about(model)
        for name in self._pictures:
            self._offer_picture(name)
        self.style.layout.display = "" if model.has_styles else "none"
        others = [name for name in self._choice.options if name != model.name]
        self.comparison.offer(others, styles=model.has_styles)

    def _offer_picture(self, name: str) -> None:
        self.style.add_picture(name)
        self.comparison.style_choice.add_picture(name)

    # --- painting ----------------------------------------------------------------------------

    def _render(self, mask: np.ndarray, instance: np.ndarray | None = None) -> Tensor:
        return self._model.paint(mask, instance, self.style.style(self._model))

    def _repaint(self) -> None:
        """Paint the same mask again, in another style or by another model."""
        try:
            self.painter.picture = self._render(self.painter.mask, self.painter.instance)
        except Exception as error:
            self._notice.say(f"The picture was not renewed: {explain(error)}", "error")

    # --- files -------------------------------------------------------------------------------

    def _picture_file(self) -> tuple[str, bytes]:
        picture = self.painter.picture
        if picture is None:
            raise InputError("There is no picture yet; paint a stroke first.")
        return f"{self.model}.png", to_png(picture)

    def _mask_file(self) -> tuple[str, bytes]:
        file = io.BytesIO()
        self._model.label_space.write_png(file, self.painter.mask)  # type: ignore[arg-type]
        return f"{self.model}-mask.png", file.getvalue()

    def _receive_mask(self, name: str, content: bytes) -> str:
        model = self._model
        made = uploaded_mask(name, content, model.label_space, model.height_width)
        assert isinstance(made.value, np.ndarray)
        self.painter.set(made.value)
        return _told(f"{name} is the mask now", made.note)

    def _receive_picture(self, name: str, content: bytes) -> str:
        if not self._model.has_styles:
            raise InputError(
                f"{self.model} has one style only, so a picture changes nothing; choose a model "
                "with styles"
            )
        made = uploaded_picture(name, content, self._model.height_width)
        assert isinstance(made.value, Tensor)
        self._model.style_of(made.value)
        self._pictures[name] = made.value
        self._offer_picture(name)
        self.style.from_picture(name)
        return _told(f"The style is that of {name} now", made.note)


def _about(model: PaintingModel) -> str:
    """A model in a line, and what is known to fail."""
    height, width = model.height_width
    facts = [
        f"{model.system.recipe.system}, {width} × {height} pixels",
        f"{model.label_space.num_classes} classes",
        "many styles" if model.has_styles else "one style",
    ]
    failures: list[str] = []
    if model.name in zoo.names():
        card = zoo.card(model.name)
        share = card.get("scores", {}).get("miou_share_of_real")
        if share is not None:
            facts.append(f"mIoU {share:.0%} of that of real pictures")
        failures = card.get("failures", [])
    text = f"<p class='nbgan-words'>{html.escape(' · '.join(facts))}</p>"
    if failures:
        items = "".join(f"<li>{html.escape(failure)}</li>" for failure in failures)
        text += (
            "<details class='nbgan-words'><summary>Known weaknesses</summary>"
            f"<ul>{items}</ul></details>"
        )
    return text


def _told(what: str, note: str) -> str:
    return f"{what} ({note})." if note else f"{what}."
