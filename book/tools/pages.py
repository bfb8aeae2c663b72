"""Pages that are not written by hand: model zoo, performance table, credits of the artwork."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from book.tools import BuildError

RESULTS = "benchmarks/results.json"
PERFORMANCE = "book/performance"


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
    (folder / "artwork.txt").write_text(artwork())
    results = root / RESULTS
    if results.exists():
        (folder / "performance.md").write_text(performance(_read_json(results)))


def model_zoo(cards: list[dict[str, Any]], pictures: Path) -> str:
    """The model zoo page, MyST text; sample grids are written to ``pictures``.

    Args:
        cards: as :func:`nbgan.zoo.card` gives them; all but ``name`` may be missing.
        pictures: folder for the grids, beside the page.
    """
    lines = [
        "# Model zoo",
        "",
        "Weights that come with the library, trained by the recipes in this repository on the",
        "embedded worlds. Each card is written from the file's own metadata. `nbgan zoo list`",
        "prints the list, `nbgan zoo card NAME` a card.",
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
        pictures.mkdir(parents=True, exist_ok=True)
        content = base64.b64decode(card["grid"])
        with Image.open(io.BytesIO(content)) as picture:
            kind = str(picture.format).lower()
        file = pictures / f"{name}.{kind}"
        file.write_bytes(content)
        lines += [
            f"```{{image}} {pictures.name}/{file.name}",
            f":alt: Sample grid of {name}, stored in the file with its weights",
            ":class: sample-grid",
            "```",
            "",
        ]
    rows = {
        "system": card.get("system"),
        "file": f"{card['megabytes']} MB" if "megabytes" in card else None,
        "parameters": card.get("parameters"),
        "trained for": _training(card),
        "hardware": card.get("hardware"),
        "scored on": card.get("scored_on"),
        "licence": card.get("licence"),
    }
    lines += ["| property | |", "|---|---|"]
    lines += [f"| {key} | {_cell(value)} |" for key, value in rows.items() if value] + [""]
    if card.get("scores"):
        lines += ["| score | measured |", "|---|---:|"]
        lines += [f"| {_cell(key)} | {_cell(value)} |" for key, value in card["scores"].items()]
        lines.append("")
    if card.get("failures"):
        lines += ["**Known failures**", "", *(f"- {_cell(x)}" for x in card["failures"]), ""]
    if card.get("recipe"):
        lines += [":::{dropdown} Recipe", "```json", json.dumps(card["recipe"], indent=2)]
        lines += ["```", ":::", ""]
    return lines


def _training(card: dict[str, Any]) -> str | None:
    steps, seconds = card.get("steps"), card.get("seconds")
    if steps is None:
        return None
    if seconds is None:
        return f"{steps:,} steps"
    minutes = round(seconds / 60)
    duration = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"{steps:,} steps in {duration}"


def artwork() -> str:
    """The table of the artists whose drawings the Avatars world uses, MyST text."""
    from nbgan.data.avatars import credits

    lines = ["| style | drawn by | licence |", "|---|---|---|"]
    for row in credits():
        title = f"[{_cell(row['title'])}]({row['source']})"
        licence = f"[{_cell(row['license'])}]({row['license_url']})"
        lines.append(f"| {title} | {_cell(row['creator'])} | {licence} |")
    return "\n".join(lines) + "\n"


def performance(results: dict[str, Any]) -> str:
    """The performance page, MyST text, from the saved runs of ``make bench``.

    Args:
        results: ``results``, a list of rows with ``claim``, ``published``, ``ours``, ``unit``,
            ``ratio``, ``target`` and ``machine``; all but the claim may be missing.
    """
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
        "The saved runs of `make bench`. Where there is a published way to compute the same thing,",
        "both ran on the same machine in the same run; ratios travel better than times.",
        "",
    ]
    for machine in dict.fromkeys(row.get("machine", "") for row in rows):
        lines += [
            *([f"Machine: {_cell(machine)}.", ""] if machine else []),
            "| " + " | ".join(columns[key] for key in used) + " |",
            "|" + "|".join("---:" if key in numbers else "---" for key in used) + "|",
        ]
        for row in rows:
            if row.get("machine", "") == machine:
                lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in used) + " |")
        lines.append("")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    """A value as the text of a table cell."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
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
