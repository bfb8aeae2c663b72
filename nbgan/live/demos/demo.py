"""What the build needs to know of a demo in a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demo that a page can hold.

    Args:
        name: as written behind ``{live-demo}``; small letters and hyphens.
        module: the ES module whose ``open`` starts it; what it imports is bundled with it.
        modules: further entry modules, each a bundle of its own, by the name asked for.
        alt: what the picture shows that stands in the page before the demo is opened.
        invitation: text of the button.
        files: further texts that travel with the module, by the name the module asks for.
        make: fills a folder with what the demo computes once per build: ``<name>.webp``, the
            picture, and any other file, which travels under its own name; models (``.onnx``) go
            into a script of their own.
        needs: paths whose change asks for a new run of ``make``.
        runtime: whether a model is run, so that onnxruntime has to be loaded.
    """

    name: str
    module: Path
    alt: str
    invitation: str
    modules: Mapping[str, Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    make: Callable[[Path], None]
    needs: tuple[Path, ...] = ()
    runtime: bool = False
