"""Files of the edit panel: picture, mask and vector out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import ipywidgets as widgets

from nbgan.editgan import EditSession, save_vector
from nbgan.editgan.blending import Blending
from nbgan.editgan.preview import mask_png, png
from nbgan.widgets.controls import DownloadButton


class EditFiles(widgets.HBox):
    """The buttons for files.

    Args:
        current: gives the session.
    """

    def __init__(self, *, current: Callable[[], EditSession]) -> None:
        self._current = current
        self.blending = widgets.Dropdown(
            options=get_args(Blending), description="Outside", layout={"width": "190px"}
        )
        self.blending.tooltip = "none: as painted; plain, poisson: the given picture"
        self.name = widgets.Text("my-edit", description="Vector", layout={"width": "230px"})
        super().__init__(
            [
                self.blending,
                DownloadButton("Download picture", make=self.picture_file),
                DownloadButton("Download mask", make=self.mask_file),
                self.name,
                DownloadButton("Download vector", make=self.vector_file),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "8px"},
        )

    def picture_file(self) -> tuple[str, bytes]:
        """Name and content of the picture as PNG: edited, or as it is before the first edit."""
        session = self._current()
        if session.record.edited is None:
            return "picture.png", png(session.image)
        return "edited.png", png(session.result.picture(self.blending.value))

    def mask_file(self) -> tuple[str, bytes]:
        """Name and content of its mask as indexed PNG."""
        session = self._current()
        return "mask.png", mask_png(session.after.label[0], session.editor.model.label_space)

    def vector_file(self) -> tuple[str, bytes]:
        """Name and content of the edit as a vector.

        Raises:
            InputError: there is no edit yet, or a bad name.
        """
        vector = self._current().result.vector(self.name.value.strip())
        with tempfile.TemporaryDirectory(prefix="nbgan-") as folder:
            file = Path(folder) / f"{vector.name}.safetensors"
            save_vector(file, vector)
            return file.name, file.read_bytes()
