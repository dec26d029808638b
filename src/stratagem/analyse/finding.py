"""What an analysis returns: a judgement in words, tables, caveats and what it rests on. Views render it and know no analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Cell = str | float | int | None
Kind = Literal["text", "chance", "points", "amount", "size", "count", "bar"]
ROUNDING = 1e-9  # of a probability


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in JSON, what stands above it, and how its cells read.

    `chance` is a probability, `points` a difference of probabilities, `amount` a number with a unit of its own, `size` one that has no sign,
    `bar` a probability drawn as a bar.
    """

    name: str
    header: str
    kind: Kind = "text"


def as_probability(value: float) -> float:
    """A probability that rounding left a little outside 0 and 1, put right; any other number as it is."""
    return min(max(value, 0.0), 1.0) if -ROUNDING <= value <= 1 + ROUNDING else value


@dataclass(frozen=True)
class Table:
    """A titled table; the title says what it shows. Chances that rounding left outside 0 and 1 are put right."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str | None = None

    def __post_init__(self) -> None:
        is_chance = [column.kind == "chance" for column in self.columns]
        rows = (tuple(map(_put_right, row, is_chance)) for row in self.rows)
        object.__setattr__(self, "rows", tuple(rows))


def _put_right(cell: Cell, is_chance: bool) -> Cell:
    return as_probability(cell) if is_chance and isinstance(cell, float) else cell


@dataclass(frozen=True)
class Basis:
    """A number that an answer rests on most directly: how it is written, and its source or the reason to assume it."""

    element: str
    written: str
    source: str | None
    assumption: str | None


@dataclass(frozen=True)
class Finding:
    """The answer of one analysis."""

    kind: str
    title: str
    judgements: tuple[str, ...]
    tables: tuple[Table, ...]
    caveats: tuple[str, ...] = ()
    rests_on: tuple[Basis, ...] = ()
    manifest: Mapping[str, object] = field(default_factory=dict)
