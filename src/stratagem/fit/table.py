"""A CSV file to columns of numbers or words, with what is missing marked; rows chosen by simple conditions.

Takes a path; gives a `Table`. Knows no model.
"""

from __future__ import annotations

import csv
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import DataError, UsageError, near, one_of, quote

MISSING = frozenset(("", "NA", "NaN", "nan", "."))
MAX_BYTES = 1 << 29

Column = NDArray[np.float64] | NDArray[np.object_]  # numbers (missing: NaN) or words (missing: None)


@dataclass(frozen=True)
class Table:
    """Columns of one length; `lines` holds the line of each row in the file."""

    file: str
    columns: dict[str, Column]
    lines: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.lines)

    def column(self, name: str) -> Column:
        """A column. Raises `DataError` for one that the table lacks."""
        if name not in self.columns:
            raise DataError(
                f"{self.file}: no column {quote(name)}{near(name, self.columns)}; it has {one_of(self.columns)}"
            )
        return self.columns[name]

    def is_missing(self, name: str) -> NDArray[np.bool_]:
        """Which cells of a column are missing."""
        column = self.column(name)
        if column.dtype == np.float64:
            return np.asarray(np.isnan(column.astype(float)), bool)
        return np.array([one is None for one in column], bool)

    def words(self, name: str) -> list[str | None]:
        """A column as the words that stand in the file: whole numbers without a point; None where missing."""
        column = self.column(name)
        if column.dtype != np.float64:
            return list(column)
        return [None if math.isnan(one) else _as_word(float(one)) for one in column]

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Table:
        """Some of the rows."""
        return Table(self.file, {name: one[chosen] for name, one in self.columns.items()}, self.lines[chosen])


def _as_word(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def load_table(path: str | Path) -> Table:
    """The table in a CSV file with a header. Raises `DataError` with the line of what is wrong."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: over {MAX_BYTES >> 20} MiB; leave out columns and rows that are not used")
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return _read(str(path), csv.reader(stream, strict=True))
    except OSError as error:
        raise DataError(f"cannot read {quote(path, 200)}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path}: not CSV ({error}); quote cells that hold a comma or a line break") from None


def _read(file: str, reader: Iterable[list[str]]) -> Table:
    lines = iter(reader)
    header = [one.strip() for one in next(lines, [])]
    if not header:
        raise DataError(f"{file}:1: no header; the first line names the columns")
    for at, name in enumerate(header):
        if not name or name in header[:at]:
            what = f"the column {quote(name)} twice" if name else "a column without a name"
            raise DataError(f"{file}:1: {what} (number {at + 1}); give every column a name of its own")
    cells: list[list[str]] = []
    numbers: list[int] = []
    for row in lines:
        line = getattr(reader, "line_num", len(cells) + 2)
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(
                f"{file}:{line}: {len(row)} cells where the header has {len(header)}; fill the line up or quote its commas"
            )
        cells.append(row)
        numbers.append(line)
    by_column = zip(*cells, strict=True) if cells else [() for _ in header]
    columns = {name: _column(one) for name, one in zip(header, by_column, strict=True)}
    return Table(file, columns, np.array(numbers, np.intp))


def is_number(text: str) -> bool:
    """Whether a cell can be read as a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _column(cells: Iterable[str]) -> Column:
    """Numbers where every cell that is not missing is a finite number, else words."""
    stripped = [one.strip() for one in cells]
    try:
        numbers = [math.nan if one in MISSING else float(one) for one in stripped]
    except ValueError:
        numbers = []
    if len(numbers) == len(stripped) and not any(math.isinf(one) for one in numbers):
        return np.array(numbers, float)
    words = np.empty(len(stripped), object)
    words[:] = [None if one in MISSING else one for one in stripped]
    return words


# --- conditions --------------------------------------------------------------------------------------------------

_CONDITION = re.compile(r"\s*(`[^`]+`|[^\W\d][\w.]*)\s*(==|!=|>=|<=|>|<)\s*(\S(?:.*\S)?)\s*\Z")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip


def rows_where(table: Table, conditions: Iterable[str]) -> NDArray[np.bool_]:
    """Which rows meet every condition, such as `year >= 1850`, `regime == dem` or `regime != NA`.

    A missing cell meets no condition but `== NA`. Raises `UsageError` for what is no condition.
    """
    chosen = np.ones(len(table), bool)
    for condition in conditions:
        chosen &= _rows_where(table, condition)
    return chosen


def _rows_where(table: Table, condition: str) -> NDArray[np.bool_]:
    match = _CONDITION.match(condition)
    if match is None:
        raise UsageError(f"the condition {quote(condition)}; write `column >= number` or `column == word` [F8]")
    name, sign, wanted = match[1].strip("`"), match[2], match[3].strip("'\"")
    column, is_missing = table.column(name), table.is_missing(name)
    if wanted == "NA" and sign in ("==", "!="):
        return is_missing if sign == "==" else ~is_missing
    if column.dtype == np.float64:
        try:
            return np.asarray(_COMPARE[sign](column, float(wanted)), bool) & ~is_missing
        except ValueError:
            raise UsageError(f"the condition {quote(condition)}: the column {quote(name)} holds numbers [F8]") from None
    if sign not in ("==", "!="):
        raise UsageError(f"the condition {quote(condition)}: the column {quote(name)} holds words; use == or != [F8]")
    return np.array([one is not None and bool(_COMPARE[sign](one, wanted)) for one in column], bool)
