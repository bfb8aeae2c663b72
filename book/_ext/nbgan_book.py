"""Sphinx extension of the book: pages load nothing that they do not use.

Jupyter Book always adds the configuration of Thebe (code execution on a remote server), even to
books that do not use it. It declares a constant twice, which is a script error on every page, and
names a remote address. This takes it out again.
"""

from __future__ import annotations

from typing import Any


def remove_thebe(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Take Thebe's scripts and style sheet out of a page, in place."""
    for kind in ("script_files", "css_files"):
        files = context.get(kind, [])
        files[:] = [file for file in files if not _is_thebe(file)]


def _is_thebe(file: Any) -> bool:
    name = str(getattr(file, "filename", file) or "")
    body = str(getattr(file, "attributes", {}).get("body", ""))
    return "thebe" in name or "THEBE_JS_URL" in body


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx; the high number puts the handler after all others."""
    app.connect("html-page-context", remove_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
