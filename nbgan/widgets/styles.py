"""A chooser of styles: the mean, one drawn from a seed, or that of a picture."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
from torch import Tensor

from nbgan.data.pictures import to_uint8
from nbgan.widgets.controls import PictureRow
from nbgan.widgets.painting import PaintingModel, Scene

MEAN, SAMPLED, PICTURE = "mean", "sampled", "picture"
_SOURCES = {"Mean style": MEAN, "Sampled": SAMPLED, "From a picture": PICTURE}
_MOST = 999_999


def pixels(picture: Tensor) -> np.ndarray:
    """A picture, float ``[3, H, W]`` in [−1, 1], as uint8 ``[H, W, 3]``."""
    return np.ascontiguousarray(to_uint8(picture.detach().cpu()).permute(1, 2, 0).numpy())


class StyleChoice(widgets.VBox):
    """Choose a style.

    Args:
        title: heading of the chooser.
        pictures: pictures to take a style from, by name; :meth:`offer` says when there are more.
        source: ``"mean"``, ``"sampled"`` or ``"picture"``.
        seed: of the sampled style.
        on_change: called when another style was chosen.
    """

    def __init__(
        self,
        title: str,
        *,
        pictures: dict[str, Scene],
        source: str = MEAN,
        seed: int = 1,
        on_change: Callable[[], None],
    ) -> None:
        self._pictures = pictures
        self._on_change = on_change
        self._random = np.random.default_rng(seed)
        self._heading = widgets.HTML(f"<b>{title}</b>")
        self._source = widgets.ToggleButtons(
            options=_SOURCES,
            value=source,
            style={"button_width": "auto"},
            tooltips=[f"{title}: {name.lower()}" for name in _SOURCES],
        )
        self._seed = widgets.BoundedIntText(
            value=seed,
            min=0,
            max=_MOST,
            description="Seed",
            style={"description_width": "initial"},
            layout={"width": "130px"},
        )
        self._another = widgets.Button(description="Another style", layout={"width": "auto"})
        self._picture = widgets.Dropdown(
            options=list(pictures),
            description="Picture",
            style={"description_width": "initial"},
            layout={"width": "min(320px, 100%)"},
        )
        self._thumbnail = PictureRow(width=96)
        super().__init__(
            [
                self._heading,
                self._source,
                widgets.HBox([self._seed, self._another], layout={"flex_flow": "row wrap"}),
                self._picture,
                self._thumbnail,
            ]
        )
        for control in (self._source, self._seed, self._picture):
            control.observe(self._changed, "value")
        self._another.on_click(lambda _: self.sample())
        self._follow()

    @property
    def source(self) -> str:
        """Where the style comes from: ``"mean"``, ``"sampled"`` or ``"picture"``."""
        return self._source.value

    def mean(self) -> None:
        """Take the mean style."""
        self._source.value = MEAN

    def sample(self, seed: int | None = None) -> None:
        """Take the style of a seed; None draws a new seed."""
        drawn = int(self._random.integers(_MOST)) if seed is None else seed
        self._set(self._seed, drawn, SAMPLED)

    def from_picture(self, name: str) -> None:
        """Take the style of a picture."""
        self._set(self._picture, name, PICTURE)

    def offer(self, model: PaintingModel) -> None:
        """Offer those of ``pictures`` that a model can take a style from, keeping the choice."""
        names = [name for name, scene in self._pictures.items() if model.takes(scene)]
        if names == list(self._picture.options):
            return
        chosen = self._picture.value
        with self._quiet():
            self._picture.options = names
            if chosen in names:
                self._picture.value = chosen
            elif not names and self.source == PICTURE:
                self._source.value = MEAN
        self._follow()

    def style(self, model: PaintingModel) -> Tensor | None:
        """The chosen style ``[1, …]`` for a model; None for the mean."""
        if not model.has_styles or self.source == MEAN:
            return None
        if self.source == SAMPLED:
            return model.sampled_style(self._seed.value)
        scene = self._pictures.get(self._picture.value)
        if scene is None:
            return None
        return model.style_of(scene.image, scene.label, scene.instance)

    @property
    def words(self) -> str:
        """The choice in words."""
        if self.source == SAMPLED:
            return f"sampled style, seed {self._seed.value}"
        if self.source == PICTURE and self._picture.value is not None:
            return f"style of {self._picture.value}"
        return "mean style"

    def _set(self, control: widgets.ValueWidget, value: object, source: str) -> None:
        with self._quiet():
            control.value = value
            self._source.value = source
        self._changed(None)

    def _quiet(self) -> _Quiet:
        return _Quiet(self)

    def _changed(self, _: object) -> None:
        self._follow()
        self._on_change()

    def _follow(self) -> None:
        """Show only what belongs to the source."""
        self._seed.layout.display = "" if self.source == SAMPLED else "none"
        self._picture.layout.display = "" if self.source == PICTURE else "none"
        scene = self._pictures.get(self._picture.value)
        if self.source == PICTURE and scene is not None:
            self._thumbnail.show(("its style is used", pixels(scene.image)))
        else:
            self._thumbnail.show()


class _Quiet:
    """Within this context a chooser reports no changes: several make one."""

    def __init__(self, choice: StyleChoice) -> None:
        self._choice = choice

    def __enter__(self) -> None:
        self._report, self._choice._on_change = self._choice._on_change, lambda: None

    def __exit__(self, *_: object) -> None:
        self._choice._on_change = self._report
