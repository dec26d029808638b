"""What an analysis returns: a judgement in words, tables, caveats and what it rests on. Views render it and know no analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Cell = str | float | int | None
Kind = Literal["text", "chance", "points", "amount", "size", "count", "bar"]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name in JSON, what stands above it, and how its cells read.

    `chance` is a probability, `points` a difference of probabilities, `amount` a number with a unit of its own, `size` one that has no sign,
    `bar` a probability drawn as a bar.
    """

    name: str
    header: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A titled table; the title says what it shows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str | None = None


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
