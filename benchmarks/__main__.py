"""``make bench``: run every benchmark, print the table, save it for the book.

``python -m benchmarks NAME …`` runs those named and keeps the others' rows of the last run, as long
as that was on the same machine.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.measure import Row, machine

SCRIPTS = ("spade", "datasetgan", "editgan", "stylegan", "pix2pixhd", "ugatit", "live")
RESULTS = Path(__file__).parent / "results.json"


def main(wanted: list[str]) -> None:
    """Run the named benchmarks, or all of them."""
    unknown = sorted(set(wanted) - set(SCRIPTS))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(SCRIPTS)}")
    rows = kept() if wanted else {}
    for name in wanted or SCRIPTS:
        rows[name] = [
            row | {"machine": machine()} for row in import_module(f"benchmarks.{name}").run()
        ]
        for row in rows[name]:
            print(line(row), flush=True)
    ordered = [{"benchmark": name} | row for name in SCRIPTS for row in rows.get(name, [])]
    RESULTS.write_text(json.dumps({"results": ordered}, indent=1) + "\n")
    print(f"saved: {RESULTS}")


def kept() -> dict[str, list[Row]]:
    """Rows of earlier runs, by benchmark; each says on which machine it was measured."""
    rows: dict[str, list[Row]] = {}
    if RESULTS.exists():
        for row in json.loads(RESULTS.read_text())["results"]:
            rows.setdefault(row.pop("benchmark"), []).append(row)
    return rows


def line(row: Row) -> str:
    """A row in words."""
    published = f"{row['published']:.3g} → " if "published" in row else ""
    ratio = f"  ratio {row['ratio']:.2f}" if "ratio" in row else ""
    target = f"  (target: {row['target']})" if "target" in row else ""
    return f"{row['claim']}: {published}{row['ours']:.3g} {row['unit']}{ratio}{target}"


main(sys.argv[1:])
