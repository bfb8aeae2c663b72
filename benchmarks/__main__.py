"""``make bench``: run every benchmark, print the table, save it for the book."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

from benchmarks.measure import machine

SCRIPTS = ("spade", "stylegan", "pix2pixhd", "ugatit", "live")


def main() -> None:
    rows = []
    for name in SCRIPTS:
        for row in import_module(f"benchmarks.{name}").run():
            rows.append(row)
            published = f"{row['published']:.3g} → " if "published" in row else ""
            ratio = f"  ratio {row['ratio']:.2f}" if "ratio" in row else ""
            target = f"  (target: {row['target']})" if "target" in row else ""
            print(f"{row['claim']}: {published}{row['ours']:.3g} {row['unit']}{ratio}{target}")
    results = Path(__file__).parent / "results.json"
    results.write_text(json.dumps({"machine": machine(), "results": rows}, indent=1) + "\n")
    print(f"saved: {results}")


main()
