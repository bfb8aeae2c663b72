"""Small widgets of the studio: a file in, a file out, pictures side by side, a line of words."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from PIL import Image

from nbgan.errors import InputError
from nbgan.widgets.uploads import MOST_MEGABYTES

HERE = Path(__file__).parent

_log = logging.getLogger(__name__)


def to_png(picture: np.ndarray) -> bytes:
    """A picture, uint8 ``[H, W, 3]``, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()


def explain(error: Exception) -> str:
    """An error in words for a page; unexpected ones also go to the log."""
    if isinstance(error, InputError):
        return str(error)
    _log.exception("unexpected error", exc_info=error)
    return f"{type(error).__name__}: {error}"


class UploadButton(anywidget.AnyWidget):
    """A button that hands a file of the user to ``receive``.

    Size and emptiness are checked in the page, before anything is sent.

    Args:
        label: of the button.
        accept: file kinds that the chooser offers, as in HTML.
        receive: takes name and content, returns what to tell the user; its errors are told too.
    """

    _esm = HERE / "upload.js"
    _css = HERE / "controls.css"

    label = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)
    most_megabytes = traitlets.Float(MOST_MEGABYTES).tag(sync=True)

    def __init__(self, label: str, *, accept: str, receive: Callable[[str, bytes], str]) -> None:
        super().__init__(label=label, accept=accept)
        self._receive = receive
        self.on_msg(self._on_file)

    def _on_file(self, _: Any, content: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        if content.get("kind") != "file":
            return
        name = str(content.get("name") or "the file")
        try:
            text, kind = self._receive(name, bytes(buffers[0]) if buffers else b""), "info"
        except Exception as error:
            text, kind = explain(error), "error"
        self.send({"kind": kind, "text": text})


class DownloadButton(anywidget.AnyWidget):
    """A button that gives the user a file.

    Args:
        label: of the button.
        make: gives name and content of the file when it is wanted.
    """

    _esm = HERE / "download.js"
    _css = HERE / "controls.css"

    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, *, make: Callable[[], tuple[str, bytes]]) -> None:
        super().__init__(label=label)
        self._make = make
        self.on_msg(self._on_wish)

    def _on_wish(self, _: Any, content: Mapping[str, Any], __: Sequence[Any]) -> None:
        if content.get("kind") != "wish":
            return
        try:
            name, file = self._make()
        except Exception as error:
            self.send({"kind": "error", "text": explain(error)})
        else:
            self.send({"kind": "file", "name": name}, [file])


class PictureRow(anywidget.AnyWidget):
    """Pictures side by side, each with a title; :meth:`show` replaces them."""

    _esm = HERE / "pictures.js"
    _css = HERE / "controls.css"

    items: traitlets.List = traitlets.List().tag(sync=True)
    width = traitlets.Int(256).tag(sync=True)

    def show(self, *pictures: tuple[str, np.ndarray]) -> None:
        """Show pictures, each as (title, uint8 ``[H, W, 3]``); none clears the row."""
        self.items = [{"title": title, "png": to_png(pixels)} for title, pixels in pictures]


class Notice(anywidget.AnyWidget):
    """A line of words, read out by screen readers when it changes.

    Args:
        saved: what to say instead in a saved page, where no kernel can answer. Whatever has the
            class ``nbgan-live`` in the same studio is hidden there.
    """

    _esm = HERE / "notice.js"
    _css = HERE / "controls.css"

    text = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Enum(["info", "error"], "info").tag(sync=True)
    saved = traitlets.Unicode().tag(sync=True)

    def say(self, text: str, kind: str = "info") -> None:
        """Show ``text``; kind ``"error"`` marks it as one."""
        with self.hold_sync():
            self.text, self.kind = text, kind
