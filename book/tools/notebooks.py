"""Check and execute the book's notebooks.

A notebook in git holds no outputs. It is executed once, by papermill, and what was executed is
what the book publishes. Run as a program, this file checks that notebooks are clean:
``python -m book.tools.notebooks notebooks``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from book.tools import BuildError

ADDED_BY_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}


@dataclass(frozen=True)
class Execution:
    """One executed notebook: where it lies, how long it took, whether it was kept from before."""

    path: Path
    seconds: float
    reused: bool


def unclean_cells(path: Path) -> list[str]:
    """What a notebook holds that does not belong in git, one line per cell; empty if clean."""
    found = []
    for number, cell in enumerate(_read(path).cells, start=1):
        if cell.cell_type != "code":
            continue
        held = [
            what
            for what, there in (
                ("outputs", bool(cell.outputs)),
                ("an execution count", cell.execution_count is not None),
            )
            if there
        ]
        if held:
            found.append(f"{path}: cell {number} holds {' and '.join(held)}")
    return found


def parameter_defaults(path: Path) -> dict[str, Any]:
    """Parameters of a notebook and their defaults, read from its cell tagged ``parameters``.

    Raises:
        BuildError: not exactly one such cell, or it holds more than ``name = literal`` lines.
    """
    cells = [
        cell
        for cell in _read(path).cells
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])
    ]
    if len(cells) != 1:
        raise BuildError(
            f"{path}: {len(cells)} cells are tagged 'parameters', a chapter has exactly one; "
            "add or remove the tag (JupyterLab: property inspector, cell tags)"
        )
    defaults = {}
    for line in ast.parse(cells[0].source).body:
        try:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                defaults[line.targets[0].id] = ast.literal_eval(line.value)
                continue
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value:
                defaults[line.target.id] = ast.literal_eval(line.value)
                continue
        except ValueError:
            pass
        raise BuildError(
            f"{path}: the cell tagged 'parameters' holds '{ast.unparse(line)}'; only lines such "
            "as 'preset = \"cpu\"' belong there, move the rest to the next cell"
        )
    return defaults


def check_parameters(path: Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """The given parameters that differ from the notebook's defaults.

    Raises:
        BuildError: a name that the notebook does not have.
    """
    defaults = parameter_defaults(path)
    unknown = sorted(set(parameters) - set(defaults))
    if unknown:
        raise BuildError(
            f"{path}: unknown parameter {', '.join(unknown)}; "
            f"this notebook has: {', '.join(defaults) or 'none'}"
        )
    return {name: value for name, value in parameters.items() if value != defaults[name]}


def fingerprint(path: Path, parameters: dict[str, Any], depends_on: list[Path]) -> str:
    """Hash over all that decides a notebook's outputs: its text, parameters, library, weights."""
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    for file in [path, *sorted(depends_on)]:
        digest.update(str(file).encode() + b"\0")
        digest.update(file.read_bytes())
    return digest.hexdigest()


def execute(
    source: Path,
    target: Path,
    *,
    parameters: dict[str, Any],
    depends_on: list[Path],
    cell_timeout: int,
) -> Execution:
    """Execute one notebook with papermill, in its own folder, and save the result.

    An earlier result is kept if nothing it depends on has changed.

    Args:
        source: the notebook.
        target: where the executed copy goes; ``target`` with ``.json`` records its fingerprint.
        parameters: values for the cell tagged ``parameters``; unknown names are an error.
        depends_on: files whose change asks for a new run, besides the notebook itself.
        cell_timeout: seconds that one cell may take.

    Raises:
        BuildError: a bad parameter, or a cell failed; the message names chapter and cell.
    """
    changed = check_parameters(source, parameters)
    key = fingerprint(source, parameters, depends_on)
    record = target.with_suffix(".json")
    if target.exists() and record.exists():
        earlier = json.loads(record.read_text())
        if earlier["key"] == key:
            return Execution(path=target, seconds=earlier["seconds"], reused=True)

    # Importing papermill takes a second: not needed where nothing is executed.
    import papermill

    target.parent.mkdir(parents=True, exist_ok=True)
    record.unlink(missing_ok=True)
    start = time.perf_counter()
    try:
        papermill.execute_notebook(
            source,
            target,
            parameters=changed,
            kernel_name="python3",
            language="python",
            cwd=source.parent,
            progress_bar=False,
            execution_timeout=cell_timeout,
            extra_arguments=["--log-level=ERROR"],
        )
    except Exception as error:
        raise BuildError(_failure(source, target, error, cell_timeout)) from error
    seconds = time.perf_counter() - start
    record.write_text(json.dumps({"key": key, "seconds": round(seconds, 1)}))
    return Execution(path=target, seconds=seconds, reused=False)


def _failure(source: Path, target: Path, error: Exception, cell_timeout: int) -> str:
    """Name chapter, cell, its first line and what went wrong."""
    reason = f"{type(error).__name__}: {error}"
    if hasattr(error, "ename"):
        reason = f"{error.ename}: {getattr(error, 'evalue', '')}"
    elif type(error).__name__ == "CellTimeoutError":
        reason = f"it took longer than {cell_timeout} s; shorten it, or raise --cell-timeout"
    if not target.exists():
        return f"chapter {source.stem} could not be started: {reason}"
    own = [
        cell
        for cell in _read(target).cells
        if not ADDED_BY_PAPERMILL.intersection(cell.metadata.get("tags", []))
    ]
    # The cell that was started last: papermill may mark a cell that ran out of time as completed.
    started = [
        i for i, cell in enumerate(own) if cell.metadata.get("papermill", {}).get("start_time")
    ]
    if not started:
        return f"chapter {source.stem} failed: {reason}"
    first = next(line for line in own[started[-1]].source.splitlines() if line.strip())
    return (
        f"chapter {source.stem} failed in cell {started[-1] + 1} of {len(own)}\n"
        f"    {first}\n{reason}\n(as far as it came: {target})"
    )


def _read(path: Path) -> Any:
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise BuildError(f"{path}: no such notebook") from None
    except Exception as error:
        raise BuildError(f"{path}: not a readable notebook ({error})") from error


def main() -> None:
    """Check notebooks, given as files or folders; exit with an error if one is not clean."""
    found = []
    for argument in map(Path, sys.argv[1:]):
        for path in sorted(argument.rglob("*.ipynb")) if argument.is_dir() else [argument]:
            if ".ipynb_checkpoints" not in path.parts:
                found += unclean_cells(path)
    if found:
        listed = "\n".join(found)
        sys.exit(f"{listed}\nerror: notebooks go into git without outputs; clear with nbstripout")


if __name__ == "__main__":
    main()
