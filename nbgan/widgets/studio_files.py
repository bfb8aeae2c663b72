"""Files of the studio: picture and mask out, mask and picture in."""

from __future__ import annotations

import io
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from nbgan.errors import InputError
from nbgan.widgets.comparison import Answer
from nbgan.widgets.controls import DownloadButton, UploadButton, to_png
from nbgan.widgets.painting import Scene
from nbgan.widgets.uploads import PICTURE_SUFFIXES, uploaded_mask, uploaded_picture


class StudioFiles(widgets.HBox):
    """The buttons for files.

    Args:
        current: gives who paints which mask.
        take: told of a picture to take styles from, with its name.
    """

    def __init__(
        self, *, current: Callable[[], Answer], take: Callable[[str, Scene], None]
    ) -> None:
        self._current, self._take = current, take
        super().__init__(
            [
                DownloadButton("Download picture", make=self.picture_file),
                DownloadButton("Download mask", make=self.mask_file),
                UploadButton("Upload a mask …", accept=".png", receive=self.receive_mask),
                UploadButton(
                    "Upload a picture …", accept=PICTURE_SUFFIXES, receive=self.receive_picture
                ),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "8px"},
        )

    def picture_file(self) -> tuple[str, bytes]:
        """Name and content of the picture as PNG."""
        now = self._current()
        picture = now.painter.picture
        if picture is None:
            raise InputError("There is no picture yet; paint a stroke first.")
        return f"{now.model.name}.png", to_png(picture)

    def mask_file(self) -> tuple[str, bytes]:
        """Name and content of the mask as indexed PNG."""
        now, file = self._current(), io.BytesIO()
        now.model.label_space.write_png(file, now.painter.mask)  # type: ignore[arg-type]
        return f"{now.model.name}-mask.png", file.getvalue()

    def receive_mask(self, name: str, content: bytes) -> str:
        """Paint on a mask of the user; returns what to tell."""
        now = self._current()
        made = uploaded_mask(name, content, now.model.label_space, now.model.height_width)
        assert isinstance(made.value, np.ndarray)
        now.painter.set(made.value)
        return _told(f"{name} is the mask now", made.note)

    def receive_picture(self, name: str, content: bytes) -> str:
        """Take the style of a picture of the user; returns what to tell."""
        now = self._current()
        model = now.model
        if not model.has_styles:
            raise InputError(
                f"{model.name} has one style only, so a picture changes nothing; choose a model "
                "with styles"
            )
        made = uploaded_picture(name, content, model.height_width)
        assert isinstance(made.value, Tensor)
        scene = Scene(image=made.value)
        if model.object_styles:
            maps = [now.painter.mask, now.painter.instance]
            label, instance = (
                None if ids is None else torch.from_numpy(ids.astype(np.int64)) for ids in maps
            )
            scene = Scene(
                image=made.value, label=label, instance=instance, label_space=model.label_space
            )
        model.style_of(scene.image, scene.label, scene.instance)
        self._take(name, scene)
        objects = ", object by object through the mask" if model.object_styles else ""
        return _told(f"The style is that of {name} now{objects}", made.note)


def _told(what: str, note: str) -> str:
    return f"{what} ({note})." if note else f"{what}."
