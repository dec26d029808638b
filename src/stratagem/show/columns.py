"""Tables on a terminal: columns of one kind are as wide on the whole page, so that numbers stand under each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stratagem.show.numbers import SAME, clean

GAP, INDENT = 2, 2
NARROW = 64  # below this there are no bars
MIN_LABEL, MAX_LABEL = 16, 60


@dataclass(frozen=True)
class Column:
    """A kind of column: what stands above it, how wide it is."""

    header: str
    width: int
    justify: Literal["left", "right"] = "right"


BAR = Column("", 12, "left")
WORDS = Column("in words", 19, "left")
CHANCE = Column("chance", 6)
RANGE = Column("5–95 %", 11)
BEST = Column("best reply", 5)
ERROR = Column("error", 6)
BEFORE = Column("before", 6)
AFTER = Column("after", 6)
FACTOR = Column("× odds", 7)
AMOUNT = Column("mean", 7)
AMOUNTS = Column("5–95 %", 18)

Row = tuple[str, ...]


def text(value: object, style: str = "") -> Text:
    """User text as text, never as markup."""
    return Text(clean(value), style=style)


def bar(value: float) -> str:
    """A probability as a small bar.

    >>> bar(0.5)
    '██████'
    """
    eighths = round(max(0.0, min(1.0, value)) * BAR.width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def has_spread(ranges: Iterable[str]) -> bool:
    """Whether a column of ranges says anything."""
    return any(one not in ("", SAME) for one in ranges)


@dataclass(frozen=True)
class Page:
    """A page of some width."""

    width: int = 80

    def label_width(self, labels: Iterable[str], columns: Sequence[Column]) -> int:
        """The width of a first column: what its labels need, within what the other columns leave."""
        left = self.width - INDENT - sum(column.width + GAP for column in self._kept(columns))
        most = max(MIN_LABEL, min(MAX_LABEL, left))
        return min(most, max((cell_len(clean(one)) for one in labels), default=0))

    def table(self, columns: Sequence[Column], rows: Sequence[Row], label: int, has_header: bool = True) -> Padding:
        """Rows of a label and a cell for each column, indented."""
        grid = Table(box=None, padding=(0, GAP, 0, 0), show_edge=False, header_style="dim", pad_edge=False)
        grid.show_header = has_header
        grid.add_column("", width=label, overflow="fold")
        kept = self._kept(columns)
        for column in kept:
            grid.add_column(column.header, justify=column.justify, width=column.width)
        for name, *cells in rows:
            shown = (cell for column, cell in zip(columns, cells, strict=True) if column in kept)
            grid.add_row(text(name), *(Text(cell, style="cyan" if cell[:1] in "█▏▎▍▌▋▊▉" else "") for cell in shown))
        return Padding(grid, (0, 0, 0, INDENT), expand=False)

    def line(self, columns: Sequence[Column], cells: Sequence[str]) -> str:
        """Cells as they stand in a table, without a label."""
        kept = self._kept(columns)
        placed = [
            cell.ljust(column.width) if column.justify == "left" else cell.rjust(column.width)
            for column, cell in zip(columns, cells, strict=True)
            if column in kept
        ]
        return (" " * INDENT + (" " * GAP).join(placed)).rstrip()

    def _kept(self, columns: Sequence[Column]) -> list[Column]:
        return [column for column in columns if column is not BAR or self.width >= NARROW]
