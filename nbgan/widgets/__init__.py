"""Widgets that run in JupyterLab and, where they need no model, in the built page."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbgan.widgets.desk import Desk
    from nbgan.widgets.edit_panel import EditPanel
    from nbgan.widgets.painter import Painter
    from nbgan.widgets.studio import Studio

__all__ = ["Desk", "EditPanel", "Painter", "Studio"]

_HOMES = {
    "Desk": "nbgan.widgets.desk",
    "EditPanel": "nbgan.widgets.edit_panel",
    "Painter": "nbgan.widgets.painter",
    "Studio": "nbgan.widgets.studio",
}


def __getattr__(name: str) -> Any:
    # Loaded when first used: the bundler alone needs no widget library.
    if name not in _HOMES:
        raise AttributeError(f"module 'nbgan.widgets' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
