"""Pages that are written from measurements: the model zoo and the performance table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from book.tools import BuildError

RESULTS = "benchmarks/results.json"
GENERATED = ("book/model_zoo", "book/performance")


def write(root: Path, tree: Path, log=print) -> None:
    """Write the generated pages into the tree that the book is built from.

    Args:
        root: the repository.
        tree: the tree; pages go to ``tree/book``, pictures to ``tree/book/zoo``.
        log: called with each line of progress.
    """
    import nbgan.zoo

    cards = [nbgan.zoo.card(name) for name in nbgan.zoo.names()]
    log(f"==> model zoo: {len(cards)} cards")
    folder = tree / "book"
    (folder / "model_zoo.md").write_text(model_zoo(cards, folder / "zoo"))
    results = root / RESULTS
    if results.exists():
        (folder / "performance.md").write_text(performance(_read_json(results)))


def model_zoo(cards: list[dict[str, Any]], pictures: Path) -> str:
    """The model zoo page, MyST text; sample grids are written to ``pictures``.

    Args:
        cards: each with ``name``, ``system``, ``recipe``, ``steps``, ``time``, ``hardware``,
            ``scores`` (name to number), ``grid`` (PNG bytes or the path of a picture),
            ``failures`` and ``licence``; all but the name may be missing.
        pictures: folder for the grids, beside the page.
    """
    lines = [
        "# Model zoo",
        "",
        "Weights that come with the library, trained by the recipes in this repository on the",
        "embedded worlds. Each card is written from the file's own metadata.",
        "",
    ]
    if not cards:
        lines.append("This copy of the library was built without weights.")
    for card in cards:
        lines += _card(card, pictures)
    return "\n".join(lines) + "\n"


def _card(card: dict[str, Any], pictures: Path) -> list[str]:
    name = card["name"]
    lines = [f"## {name}", "", "```python", f'model = nbgan.zoo.load("{name}")', "```", ""]
    if card.get("grid"):
        picture = pictures / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(card["grid"], bytes):
            picture.write_bytes(card["grid"])
        else:
            shutil.copy(card["grid"], picture)
        alt = f"Samples of {name}, as it comes out of the file; no picture was selected."
        lines += [f"```{{image}} zoo/{picture.name}", f":alt: {alt}", ":class: sample-grid"]
        lines += ["```", ""]
    rows = {
        "system": card.get("system"),
        "recipe": card.get("recipe"),
        "steps": card.get("steps"),
        "training time": card.get("time"),
        "hardware": card.get("hardware"),
        "licence": card.get("licence"),
    }
    known = {key: value for key, value in rows.items() if value not in (None, "", {})}
    if known:
        lines += ["| | |", "|---|---|"]
        lines += [f"| {key} | {_cell(value)} |" for key, value in known.items()] + [""]
    if card.get("scores"):
        lines += ["| score | measured |", "|---|---:|"]
        lines += [f"| {_cell(key)} | {_cell(value)} |" for key, value in card["scores"].items()]
        lines.append("")
    failures = card.get("failures") or []
    if failures:
        listed = [failures] if isinstance(failures, str) else failures
        lines += ["**Known failures**", ""] + [f"- {_cell(failure)}" for failure in listed] + [""]
    return lines


def performance(results: dict[str, Any]) -> str:
    """The performance page, MyST text, from the last saved run of ``make bench``.

    Args:
        results: ``machine`` (text or name to value) and ``results``, a list of rows with
            ``claim``, ``published``, ``ours``, ``unit``, ``ratio`` and ``target``; all but the
            claim may be missing.
    """
    machine = results.get("machine", "")
    if isinstance(machine, dict):
        machine = ", ".join(f"{key} {value}" for key, value in machine.items())
    columns = {
        "claim": "what",
        "published": "published way",
        "ours": "here",
        "unit": "unit",
        "ratio": "ratio",
        "target": "target",
    }
    rows = results["results"]
    used = [key for key in columns if any(row.get(key) not in (None, "") for row in rows)]
    numbers = {"published", "ours", "ratio"}
    lines = [
        "# Performance",
        "",
        "The saved run of `make bench`. Where there is a published way to compute the same thing,",
        "both ran on the same machine in the same run; ratios travel better than times.",
        "",
        *([f"Machine: {_cell(machine)}.", ""] if machine else []),
        "| " + " | ".join(columns[key] for key in used) + " |",
        "|" + "|".join("---:" if key in numbers else "---" for key in used) + "|",
    ]
    for row in rows:
        lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in used) + " |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    """A value as the text of a table cell."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    return " ".join(str(value).split()).replace("|", "\\|")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise BuildError(f"{path}: not valid JSON ({error}); run `make bench` again") from None
