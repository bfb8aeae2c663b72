"""Build the book: ``python -m book.tools.build --preset cpu``, or simply ``make book``.

1. Check that the listed notebooks hold no outputs in git.
2. Execute each with papermill; a failing cell ends the build.
3. Put prose, executed notebooks, scripts, demos and generated pages into one tree that mirrors the
   repository, so that relative links and glued numbers resolve.
4. Build the HTML from that tree, with warnings as errors.

Nothing is executed in step 4: what is published is what was executed in step 2.
"""

from __future__ import annotations

import argparse
import html
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from book.tools import BuildError, notebooks, pages, scripts

ROOT = Path(__file__).resolve().parents[2]
PROSE = ("*.md", "*.bib", "_ext/*.py", "static/**/*")

# Jupyter Book's own first page names no icon, so browsers ask for a favicon.ico that is not there.
# An empty icon asks for nothing: a request would be cut off by the way to the next page.
FIRST_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={page}.html">
<p><a href="{page}.html">{title}</a></p>
</html>
"""


@dataclass(frozen=True, kw_only=True)
class Book:
    """Where a book lies and where it is built.

    Args:
        root: folder that holds ``_config.yml``, ``_toc.yml``, ``book`` and ``notebooks``.
        preset: value of the notebooks' parameter ``preset``.
        output: folder for the pages; ``None`` means ``_build/html`` under ``root``.
    """

    root: Path = ROOT
    preset: str = "cpu"
    output: Path | None = None

    @property
    def html(self) -> Path:
        """Folder of the finished pages."""
        return self.output or self.root / "_build" / "html"

    @property
    def executed(self) -> Path:
        """Folder of the executed notebooks."""
        return self.root / "_build" / "executed" / self.preset

    @property
    def tree(self) -> Path:
        """Folder that the pages are built from."""
        return self.root / "_build" / "tree" / self.preset

    def toc(self) -> dict[str, Any]:
        """The table of contents, without the performance page if nothing was measured."""
        toc = yaml.safe_load((self.root / "_toc.yml").read_text())
        if not (self.root / pages.RESULTS).exists():
            for part in toc.get("parts", []):
                chapters = part["chapters"]
                part["chapters"] = [c for c in chapters if c["file"] != pages.PERFORMANCE]
        return toc

    def documents(self) -> list[str]:
        """All pages of the table of contents, in order, without file ending."""

        def files(entry: dict[str, Any]) -> list[str]:
            below = [
                item
                for key in ("parts", "chapters", "sections")
                for child in entry.get(key, [])
                for item in files(child)
            ]
            own = entry.get("file") or entry.get("root")
            return [own, *below] if own else below

        return files(self.toc())

    def chapters(self) -> list[Path]:
        """The listed notebooks."""
        listed = [d for d in self.documents() if d.startswith("notebooks/")]
        return [self.root / f"{document}.ipynb" for document in listed]


def execute(book: Book, *, cell_timeout: int = 900, log=print) -> list[notebooks.Execution]:
    """Check and execute every listed notebook, with one line of progress each.

    Raises:
        BuildError: a notebook holds outputs, a parameter is unknown, or a cell failed.
    """
    chapters = book.chapters()
    unclean = [line for chapter in chapters for line in notebooks.unclean_cells(chapter)]
    if unclean:
        raise BuildError(
            "\n".join(unclean) + "\nclear the outputs: nbstripout notebooks/*.ipynb, "
            "then build again; the book shows its own run"
        )
    done = []
    for number, chapter in enumerate(chapters, start=1):
        log(f"[{number}/{len(chapters)}] {chapter.stem}: executing, preset {book.preset} …")
        result = notebooks.execute(
            chapter,
            book.executed / chapter.relative_to(book.root),
            parameters={"preset": book.preset},
            depends_on=_library(book.root),
            cell_timeout=cell_timeout,
        )
        how = "nothing changed, kept the run of" if result.reused else "executed in"
        log(f"[{number}/{len(chapters)}] {chapter.stem}: {how} {result.seconds:.1f} s")
        done.append(result)
    return done


def build(book: Book, *, cell_timeout: int = 900, log=print) -> Path:
    """Execute the chapters and build the pages; returns the path of the first page.

    Raises:
        BuildError: see :func:`execute`; or the pages could not be built without a warning.
    """
    execute(book, cell_timeout=cell_timeout, log=log)
    installed = scripts.prepare(book.root / "book", book.root / "_build" / "scripts", log=log)
    _plant(book, installed)
    _prepare_demos(book, installed.with_name("runtime"), log)
    pages.write(book.root, book.tree, log=log)
    log("==> building the pages")
    _sphinx(book)
    return book.html / "index.html"


def _prepare_demos(book: Book, runtime: Path, log) -> None:
    """Put the demos that pages hold into the tree."""
    # Importing the models takes seconds: not needed where nothing is built.
    from nbgan.live import site

    folder = book.tree / "book" / "static" / "live"
    site.prepare(folder, runtime=runtime, cache=book.root / "_build" / "demos", log=log)


def _plant(book: Book, installed: Path) -> None:
    """Fill the tree that the pages are built from."""
    shutil.rmtree(book.tree, ignore_errors=True)
    book.tree.mkdir(parents=True)
    for pattern in PROSE:
        for source in (book.root / "book").glob(pattern):
            if source.is_file():
                target = book.tree / source.relative_to(book.root)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
    for source in (book.root / "notebooks").iterdir():
        if source.is_file() and source.suffix != ".ipynb":
            (book.tree / "notebooks").mkdir(exist_ok=True)
            shutil.copy(source, book.tree / "notebooks")
    for chapter in book.chapters():
        relative = chapter.relative_to(book.root)
        (book.tree / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(book.executed / relative, book.tree / relative)
    shutil.copytree(installed, book.tree / "book" / "static", dirs_exist_ok=True)
    shutil.copy(book.root / "_config.yml", book.tree)
    (book.tree / "_toc.yml").write_text(yaml.safe_dump(book.toc(), sort_keys=False))


def _sphinx(book: Book) -> None:
    """Run Jupyter Book afresh: a partial build repeats no warning of unchanged pages."""
    command = [str(Path(sys.executable).parent / "jupyter-book"), "build"]
    options = ["-W", "--keep-going", "--quiet", "--path-output", str(book.tree), str(book.tree)]
    # The extensions of the book are named relative to the tree.
    done = subprocess.run(
        [*command, *options],
        cwd=book.tree,
        env={**os.environ, "PYTHONPATH": str(book.root)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise BuildError(f"the pages have errors or warnings:\n{said}")
    shutil.rmtree(book.html, ignore_errors=True)
    book.html.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(book.tree / "_build" / "html", book.html)
    title = yaml.safe_load((book.tree / "_config.yml").read_text())["title"]
    first = FIRST_PAGE.format(title=html.escape(title), page=book.toc()["root"])
    (book.html / "index.html").write_text(first)


def _library(root: Path) -> list[Path]:
    """Files that decide what a notebook computes: library, weights, versions, helper files."""
    patterns = ("nbgan/**/*", "requirements.lock", "notebooks/*", pages.RESULTS)
    return [
        path
        for pattern in patterns
        for path in root.glob(pattern)
        if path.is_file() and path.suffix not in (".pyc", ".ipynb")
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Execute the chapters and build the HTML book.")
    parser.add_argument("--preset", default="cpu", help="preset of the chapters (smoke, cpu, gpu)")
    parser.add_argument("--cell-timeout", type=int, default=900, help="seconds one cell may take")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with _toc.yml")
    arguments = parser.parse_args()
    start = time.perf_counter()

    def log(line: str) -> None:
        print(line, flush=True)

    try:
        book = Book(root=arguments.root.resolve(), preset=arguments.preset)
        first = build(book, cell_timeout=arguments.cell_timeout, log=log)
    except BuildError as error:
        sys.exit(f"error: {error}")
    log(f"The book is built ({time.perf_counter() - start:.0f} s). Open it from disk:")
    log(f"    {first.as_uri()}")
    log("or serve it with: make serve")


if __name__ == "__main__":
    main()
