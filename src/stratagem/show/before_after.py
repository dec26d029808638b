"""A picture of what was learnt: forecasts and statements before what was seen, and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stratagem.analyse.finding import Finding
from stratagem.show.figures import Chart, Point, points
from stratagem.show.files import write_atomically
from stratagem.show.numbers import chance
from stratagem.show.vega import standing_alone

STATED = "as stated"
KEY = (("ring", "before what was seen"), ("dot", "after"), ("range", "5 to 95 % over worlds, after"))


def before_after(finding: Finding, title: str | None = None) -> Chart:
    """The figure of an `infer` finding: statements under each assumption, then questions."""
    return points(
        title or finding.title, KEY, [*_statements(finding), *_questions(finding)], tables=("revealed", "questions")
    )


def most_moved(finding: Finding) -> str:
    """The forecast that what was seen moves most, before and after, in a sentence."""
    rows = [row for row in _rows(finding, "questions") if row["before"] is not None and row["after"] is not None]
    if not rows:
        return finding.judgements[0]
    most = max(rows, key=lambda row: abs(row["after"] - row["before"]))
    return f"{most['title']} {chance(most['before'])} before what was seen, {chance(most['after'])} after."


def write_before_after(finding: Finding, file: str | Path) -> None:
    """Write the figure to a file of its own, replacing it in one step. Raises `StratagemError` where the package that draws is missing."""
    write_atomically(file, standing_alone(before_after(finding).svg("before-after")))


def _statements(finding: Finding) -> Iterator[Point]:
    for row in _rows(finding, "revealed"):
        if row["precision"] == STATED and row["prior"] is not None:
            yield _point(
                f"{row['statement'].replace('_', ' ')} ({row['assumption'].replace('_', ' ')})",
                row["prior"],
                row["posterior"],
            )


def _questions(finding: Finding) -> Iterator[Point]:
    for row in _rows(finding, "questions"):
        if row["before"] is not None and row["after"] is not None:
            yield _point(row["title"], row["before"], row["after"], row["low"], row["high"])


def _point(label: str, before: float, after: float, low: float | None = None, high: float | None = None) -> Point:
    return Point(label, f"{chance(before)} → {chance(after)}", after, low, high, {"before": before})


def _rows(finding: Finding, name: str) -> Iterator[dict[str, Any]]:
    for table in finding.tables:
        if table.name == name:
            for row in table.rows:
                yield dict(zip((column.name for column in table.columns), row, strict=True))
