"""Any finding on a terminal and as JSON; knows tables and sentences, and no analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import FIXED_SENTENCE
from stratagem.show.as_json import dump
from stratagem.show.columns import bar, text
from stratagem.show.numbers import chance, clean

MOST_ROWS = 24
MOST_NAMES = 8
LEAST_TEXT = 14  # columns that text in a table gets before it is folded


def render_finding(finding: Finding) -> Group:
    """A finding as blocks of text and tables."""
    return Group(*_blocks(finding))


def _blocks(finding: Finding) -> Iterator[RenderableType]:
    yield text(finding.title, "bold")
    yield ""
    for judgement in finding.judgements:
        yield text(judgement)
    for table in finding.tables:
        yield ""
        yield text(table.title, "bold underline")
        if table.note:
            yield text(table.note, "dim")
        if table.rows or not table.note:
            yield Fitted(table)
    if finding.caveats:
        yield ""
        for caveat in finding.caveats:
            yield Padding(text(caveat, "dim"), (0, 0, 0, 2))
    yield from (Padding(text(line, "dim"), (1, 0, 0, 2)) for line in _basis(finding))
    yield ""
    yield Text(FIXED_SENTENCE, style="dim")


def _basis(finding: Finding) -> Iterator[str]:
    """What the finding rests on, in a line: how many numbers, from which sources, and which of them are assumed."""
    if not finding.rests_on:
        return
    cited = dict.fromkeys(one.source.partition(" ")[0] for one in finding.rests_on if one.source is not None)
    assumed = [one.element for one in finding.rests_on if one.source is None]
    sourced = len(finding.rests_on) - len(assumed)
    yield f"Rests most directly on {len(finding.rests_on)} {'number' if len(finding.rests_on) == 1 else 'numbers'}: " + "; ".join(
        part for part in (
            f"{sourced} with a source ({', '.join(cited)})" if sourced else "",
            f"{len(assumed)} assumed ({_listed(assumed)})" if assumed else "",
        ) if part
    )  # fmt: skip


def _listed(names: list[str]) -> str:
    left = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {left} more" if left > 0 else "")


@dataclass(frozen=True)
class Fitted:
    """A table as a page has room for it: in columns; where numbers would be broken, row by row with the header beside each."""

    table: Table

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        rows = [
            [shown(cell, column) for cell, column in zip(row, self.table.columns, strict=True)]
            for row in self.table.rows[:MOST_ROWS]
        ]
        columns = [_needs([row[place] for row in rows], column) for place, column in enumerate(self.table.columns)]
        gap = next((gap for gap in (2, 1) if _total([one for one, _ in columns], gap) <= options.max_width), None)
        if gap is not None:
            yield self._grid(rows, _widths(columns, gap, options.max_width), gap)
        else:
            yield from self._listed(rows)
        if len(self.table.rows) > MOST_ROWS:
            yield text(f"… and {len(self.table.rows) - MOST_ROWS} more", "dim")

    def _grid(self, rows: list[list[str]], widths: list[int], gap: int) -> Grid:
        grid = Grid(box=None, padding=(0, gap, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
        for column, width in zip(self.table.columns, widths, strict=True):
            is_text = column.kind in ("text", "bar")
            grid.add_column(text(column.header), justify="left" if is_text else "right", overflow="fold", width=width)
        for row in rows:
            grid.add_row(*map(text, row))
        return grid

    def _listed(self, rows: list[list[str]]) -> Iterator[RenderableType]:
        columns = self.table.columns
        heads = next((place for place, one in enumerate(columns) if one.kind != "text"), len(columns)) or 1
        for row in rows:
            yield text(" · ".join(row[:heads]), "bold")
            parts = [f"{column.header} {cell}".strip() for column, cell in zip(columns, row, strict=True)]
            yield Padding(text(" · ".join(parts[heads:])), (0, 0, 0, 2))


def _needs(cells: list[str], column: Column) -> tuple[int, int]:
    """The least width of a column, in which numbers and the words of its header stay whole, and the one in which nothing is folded."""
    header = clean(column.header)
    longest = max((cell_len(clean(cell)) for cell in cells), default=0)
    least = max(map(cell_len, header.split()), default=0)
    kept = min(longest, LEAST_TEXT) if column.kind == "text" else longest
    return max(least, kept), max(cell_len(header), longest)


def _total(widths: list[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def _widths(columns: list[tuple[int, int]], gap: int, most: int) -> list[int]:
    """The width of each column of a page: the least, and what is left over to the first that want it."""
    widths = [least for least, _ in columns]
    left = most - _total(widths, gap)
    for place, (least, whole) in enumerate(columns):
        widths[place] += min(left, whole - least)
        left -= widths[place] - least
    return widths


def shown(cell: Cell, column: Column) -> str:
    """A cell as a reader sees it.

    >>> shown(0.034, Column("change", "change", "points"))
    '+3.4'
    """
    if cell is None or isinstance(cell, str):
        return cell or "–"
    return _NUMBERS[column.kind](cell)


def _points(value: float) -> str:
    return "0" if abs(value) < 5e-5 else f"{100 * value:+.1f}"


def _amount(value: float) -> str:
    return "0" if abs(value) < 1e-12 else f"{value:+.3f}" if abs(value) < 10 else f"{value:+,.4g}"


def _size(value: float) -> str:
    if 0 < abs(value) < 0.01:
        return f"{value:.5f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.4g}"


_NUMBERS: dict[str, Callable[[float], str]] = {
    "text": str, "chance": chance, "points": _points, "amount": _amount, "size": _size, "count": "{:,}".format, "bar": bar,
}  # fmt: skip


def finding_json(finding: Finding) -> str:
    """A finding as JSON text; each table is a list of rows by column name."""
    return dump(
        {
            "schema": f"stratagem/{finding.kind}/1",
            "title": finding.title,
            "judgements": list(finding.judgements),
            "tables": {table.name: _rows(table) for table in finding.tables},
            "about": {table.name: _about(table) for table in finding.tables},
            "caveats": list(finding.caveats),
            "rests_on": [asdict(one) for one in finding.rests_on],
            "manifest": dict(finding.manifest),
            "conditional_on": FIXED_SENTENCE,
        }
    )


def _about(table: Table) -> dict[str, Any]:
    return {"title": table.title, "note": table.note, "columns": [asdict(column) for column in table.columns]}


def _rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]
