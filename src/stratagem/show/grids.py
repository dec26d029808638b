"""Tables as a page shows them: each number with its exact value beside its text, cells that link, rows that can be linked to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.show.findings import shown
from stratagem.show.numbers import clean
from stratagem.show.wording import Wording


@dataclass(frozen=True)
class GridCell:
    """A cell: its text; for a number its value, and a bar where it is a probability."""

    text: str
    kind: str = "text"
    value: float | None = None
    bar: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class GridHead:
    """What stands above a column."""

    text: str
    is_number: bool = False


@dataclass(frozen=True)
class GridRow:
    """A row: what it is about, in words or as a number, and its cells."""

    label: str
    cells: tuple[GridCell, ...]
    id: str | None = None
    href: str | None = None
    value: float | None = None


@dataclass(frozen=True)
class Grid:
    """A table of a page."""

    title: str
    head: tuple[GridHead, ...]
    rows: tuple[GridRow, ...]
    note: str | None = None


def words(text: object, href: str | None = None) -> GridCell:
    """A cell of text."""
    return GridCell(clean(text) if text is not None else "–", href=href)


def number(value: float | None, text: str, has_bar: bool = False) -> GridCell:
    """A cell of a number."""
    if value is None or not math.isfinite(value):
        return GridCell("–", "number")
    return GridCell(text, "number", value, round(100 * min(max(value, 0.0), 1.0), 2) if has_bar else None)


def grid(title: str, head: Sequence[str], rows: Iterable[GridRow], note: str | None = None) -> Grid:
    """A table; a column is one of numbers where its first filled cell is."""
    found = tuple(rows)
    is_number = [any(row.cells[place].kind == "number" for row in found) for place in range(len(head) - 1)]
    heads = tuple(GridHead(clean(text), number) for text, number in zip(head, [False, *is_number], strict=True))
    return Grid(clean(title), heads, found, clean(note) if note else None)


def grid_of(table: Table, wording: Wording, named: Callable[[object, Wording], GridCell] | None = None) -> Grid:
    """The table of a finding, with names in words; `named` makes a cell of text, such as one that links."""
    called = named or (lambda text, wording: words(wording.name(text)))

    def cell(one: Cell, column: Column) -> GridCell:
        if column.kind == "text" or one is None or isinstance(one, str):
            return called(one, wording) if one else words(None)
        return number(one, shown(one, column))

    first, *others = table.columns
    rows = []
    for row in table.rows:
        head = cell(row[0], first)
        cells = tuple(cell(one, column) for one, column in zip(row[1:], others, strict=True))
        rows.append(GridRow(head.text, cells, href=head.href, value=head.value))
    heads = tuple(GridHead(wording.name(one.header or one.name), one.kind != "text") for one in table.columns)
    return Grid(wording.sentence(table.title), heads, tuple(rows), wording.sentence(table.note) if table.note else None)
