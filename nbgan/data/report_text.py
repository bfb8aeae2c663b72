"""A data-set report as a table in plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbgan.data.report import DataReport

_BAR = 20
_SIZES = 6
_NAMES = 24


def table(report: DataReport, *, rows: int) -> str:
    """The whole report as lines of text, at most ``rows`` classes."""
    lines = [f"Data set '{report.name}': {report.length:,} pictures{_how_read(report)}", ""]
    sizes = [f"{width} × {height} ({n:,})" for (height, width), n in report.sizes.items()]
    more = f" and {len(sizes) - _SIZES} more" if len(sizes) > _SIZES else ""
    lines.append(f"size         {', '.join(sizes[:_SIZES]) or 'none read'}{more}")
    red, green, blue = (round(c) for c in report.mean_color)
    lines.append(f"mean colour  red {red}, green {green}, blue {blue}")
    if report.instances is not None:
        lines.append(f"instances    {report.instances:,}")
    if report.classes:
        lines.append(f"unlabelled   {report.unlabelled:.1%} of pixels")
        lines += ["", *_class_lines(report, rows)]
    lines += ["", *_problem_lines(report)]
    return "\n".join(lines)


def _how_read(report: DataReport) -> str:
    if report.read == report.length:
        return ", all read"
    return f", {report.read:,} of them read, evenly spread"


def _class_lines(report: DataReport, rows: int) -> list[str]:
    seen = sorted((c for c in report.classes if c.pixels), key=lambda c: (-c.share, c.id))
    width = max([len(c.name) for c in seen[:rows]] + [5])
    top = max([c.share for c in seen], default=1.0)
    lines = [f"{'id':>4}  {'class':<{width}}  {'':{_BAR}}  {'pixels':>7}  {'pictures':>8}"]
    for entry in seen[:rows]:
        bar = "█" * max(1, round(_BAR * entry.share / top))
        lines.append(
            f"{entry.id:>4}  {entry.name:<{width}}  {bar:<{_BAR}}  {entry.share:>7.2%}  "
            f"{entry.pictures:>8,}"
        )
    if len(seen) > rows:
        lines.append(f"      … and {len(seen) - rows} rarer classes")
    if report.never_seen:
        names = ", ".join(report.never_seen[:_NAMES])
        more = f" and {len(report.never_seen) - _NAMES} more"
        lines.append(
            f"never seen ({len(report.never_seen)}): {names}"
            f"{more if len(report.never_seen) > _NAMES else ''}"
        )
    if report.unknown_ids:
        listed = ", ".join(f"{i} (in {n:,} pictures)" for i, n in report.unknown_ids.items())
        lines.append(f"unknown ids: {listed}")
    return lines


def _problem_lines(report: DataReport) -> list[str]:
    if report.ok:
        return ["No problems found."]
    count = len(report.problems)
    return [f"{count:,} problem{'s' if count > 1 else ''}:"] + [
        f"  - {problem}" for problem in report.problems
    ]
