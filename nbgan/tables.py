"""Small tables for the chapters: HTML in a notebook, aligned text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from nbgan.errors import InputError


@dataclass(frozen=True)
class Table:
    """A table that a notebook shows when it is the last value of a cell.

    Args:
        header: column names.
        rows: one sequence per row; floats are shown with three significant digits, everything
            else as :func:`str` gives it.

    Raises:
        InputError: a row of another length than the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[object]]

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.header):
                raise InputError(
                    f"rows: row {number} has {len(row)} cells, the header {len(self.header)}; "
                    "give one cell per column"
                )

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.header)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(shown(cell))}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        return f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        cells = [list(self.header), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.header))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
        return "\n".join(line.rstrip() for line in lines)


def shown(value: object) -> str:
    """A cell as text."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")
    return str(value)
