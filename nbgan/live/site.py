"""Write what the book's demos load: classic scripts that hold texts, and a list of them.

A script can be loaded from disk where a file cannot be fetched, so everything travels as text:
gzip in base64. One code path then serves pages from a server and from disk.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from nbgan.live.demos import DEMOS, Demo
from nbgan.widgets.bundle import bundle

HERE = Path(__file__).parent
RUNTIME = "ort.js"
RUNTIME_FILES = {
    "ort.js": "ort.wasm.min.js",
    "ort.mjs": "ort-wasm-simd-threaded.mjs",
    "ort.wasm": "ort-wasm-simd-threaded.wasm",
}
"""Files of the npm package onnxruntime-web, by the names under which they travel."""
LIST = "demos.json"


def script(assets: Mapping[str, bytes]) -> str:
    """A classic script that leaves assets, as gzip in base64, in ``nbgan.assets``."""
    packed = {name: _pack(content) for name, content in assets.items()}
    return f"Object.assign((globalThis.nbgan ??= {{}}).assets ??= {{}}, {json.dumps(packed)});\n"


def _pack(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def prepare(
    target: Path, *, runtime: Path, cache: Path, demos: Mapping[str, Demo] = DEMOS, log=print
) -> None:
    """Write scripts, pictures and the list of demos into a folder of the pages.

    Args:
        target: the folder; it is filled anew.
        runtime: folder with the files of the npm package onnxruntime-web.
        cache: what takes long is kept here, and made again when something it depends on has
            changed.
        demos: which ones.
        log: called with each line of progress.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("loader.js", "live.css"):
        shutil.copy(HERE / name, target)
    entries = {}
    for demo in demos.values():
        made = _made(demo, cache, log)
        modules = {f"{demo.name}.mjs": demo.module, **demo.modules}
        assets = {name: bundle(entry).encode() for name, entry in modules.items()}
        assets |= {file.name: file.read_bytes() for file in demo.files}
        models: dict[str, bytes] = {}
        for file in sorted(made.iterdir()):
            if file.suffix == ".webp":
                shutil.copy(file, target)
            else:
                group = models if file.suffix == ".onnx" else assets
                group[file.name] = file.read_bytes()
        scripts = {f"{demo.name}.js": assets}
        if demo.runtime:
            assets["worker.js"] = (HERE / "worker.js").read_bytes()
            shutil.copy(_runtime(runtime, cache, log), target / RUNTIME)
        if models:
            scripts[f"{demo.name}.model.js"] = models
        for name, content in scripts.items():
            (target / name).write_text(script(content))
        names = [*scripts, *([RUNTIME] if demo.runtime else [])]
        entries[demo.name] = {
            "alt": demo.alt,
            "open": demo.invitation,
            "picture": f"{demo.name}.webp",
            "size": _size(target / f"{demo.name}.webp"),
            "scripts": [_listed(target / name) for name in names],
        }
    (target / LIST).write_text(json.dumps(entries, indent=1))


def _size(path: Path) -> tuple[int, int]:
    """Width and height of a picture: the page keeps its place free until it arrives."""
    with Image.open(path) as picture:
        return picture.size


def _listed(path: Path) -> dict[str, Any]:
    """Name of a script, with a mark that changes with its content, and size of what it brings."""
    content = path.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:8]
    return {"name": f"{path.name}?v={mark}", "bytes": len(gzip.compress(content, 1))}


def _runtime(folder: Path, cache: Path, log) -> Path:
    """The script with onnxruntime-web."""
    assets = {name: (folder / file).read_bytes() for name, file in RUNTIME_FILES.items()}
    digest = hashlib.sha256(b"".join(assets.values()))

    def make(out: Path) -> None:
        log("==> demos: packing the runtime")
        (out / RUNTIME).write_text(script(assets))

    return _cached(cache / "runtime" / digest.hexdigest()[:16], make) / RUNTIME


def _made(demo: Demo, cache: Path, log) -> Path:
    """The folder with what a demo computed, from the cache if nothing has changed."""
    digest = hashlib.sha256(f"{version('torch')} {version('onnx')}".encode())
    for path in demo.needs:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())

    def make(out: Path) -> None:
        log(f"==> demo {demo.name}: computing what it shows")
        demo.make(out)

    return _cached(cache / demo.name / digest.hexdigest()[:16], make)


def _cached(folder: Path, make: Callable[[Path], None]) -> Path:
    """Have a folder filled, unless it is there; older ones beside it go away."""
    if folder.is_dir():
        return folder
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.parent.mkdir(parents=True)
    # A folder appears under its final name when it is complete.
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        make(unfinished)
        return unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
