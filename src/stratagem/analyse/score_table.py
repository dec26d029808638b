"""Forecasts and what came of them: from a table (CSV), or from a scenario's resolved questions.

Takes text or answers; gives `Forecasts`, and says what is left out. Faults name file, line and column.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.score_rules import Categories
from stratagem.errors import UsageError, near, one_of, quote
from stratagem.graph.game import Floats

MAX_BYTES, MAX_FAULTS = 64 << 20, 20
SUM_TOLERANCE = 1e-6
ROLES = {
    "question": ("question", "id"), "probability": ("probability", "forecast", "prob", "p"), "outcome": ("outcome", "resolved"),
    "group": ("group", "cluster"), "date": ("date",), "weight": ("weight",), "base rate": ("base rate", "base_rate"), "crowd": ("crowd",),
}  # fmt: skip
CATEGORY = re.compile(r"(?:probability|p)(?: of)?[ _:.](?P<name>.+)\Z", re.IGNORECASE)
WORDS = {"yes": 1, "true": 1, "1": 1, "no": 0, "false": 0, "0": 0}
LEFT_OUT = ("void", "open")
YES_NO = ("no", "yes")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of what may come and what did, row by row."""

    categories: tuple[str, ...]  # [K] in their order; of a yes-or-no question `no`, `yes`
    names: tuple[str, ...]  # [N]
    chance: Floats  # [N, K]
    happened: Categories  # [N]
    cluster: Categories  # [N] what stands and falls together
    clusters: str  # what the clusters are
    weight: Floats  # [N]
    day: NDArray[np.int64] | None = None  # [N] ordinal of the date
    beside: dict[str, Floats] = field(
        default_factory=dict
    )  # forecaster to probability of yes [N], NaN where he gave none
    features: Floats | None = None  # [N, F]
    feature_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what is left out, what is not read

    def __len__(self) -> int:
        return len(self.names)


def read_forecasts(file: str | Path, features: Sequence[str] = ()) -> Forecasts:
    """The forecasts of a CSV file. Raises `UsageError` with every fault of it, each with its line and column."""
    return _Reader(str(file), _text(file), tuple(features)).read()


def _text(file: str | Path) -> str:
    try:
        raw = Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {quote(file, 200)}: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{file}: {len(raw):,} bytes; at most {MAX_BYTES:,}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8 at byte {error.start}; save the table as UTF-8") from None


class _Reader:
    """Reads a table, gathering faults."""

    def __init__(self, file: str, text: str, features: tuple[str, ...]) -> None:
        self.file, self.features = file, features
        self.faults: list[str] = []
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.rows: list[tuple[int, list[str]]] = []
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    self.rows.append((reader.line_num, [cell.strip() for cell in cells]))
        except csv.Error as error:
            raise UsageError(f"{file}:{reader.line_num}:1: not a table: {error}; expected CSV with a heading") from None
        if len(self.rows) < 2:
            raise UsageError(f"{file}: no rows; expected a heading and one forecast a row")
        self.heading = self.rows.pop(0)[1]

    def read(self) -> Forecasts:
        places = self._places()
        categories = self._categories(places)
        kept: list[list[str]] = []
        lines: list[int] = []
        left: dict[str, int] = {}
        for line, cells in self.rows:
            if len(cells) != len(self.heading):
                self._fault(line, 0, f"{len(cells)} cells", f"{len(self.heading)}, as in the heading")
                continue
            outcome = cells[places["outcome"]].lower()
            if outcome in LEFT_OUT:
                left[outcome] = left.get(outcome, 0) + 1
                continue
            kept.append(cells)
            lines.append(line)
        found = self._forecasts(places, categories, kept, lines, left)
        self._raise()
        if not kept:
            raise UsageError(f"{self.file}: every row is {' or '.join(left)}; there is nothing to score yet")
        return found

    def _raise(self) -> None:
        if self.faults:
            more = len(self.faults) - MAX_FAULTS
            shown = self.faults[:MAX_FAULTS] + ([f"{self.file}: {more} more faults"] if more > 0 else [])
            raise UsageError("\n".join(shown))

    def _fault(self, line: int, column: int, found: str, expected: str) -> None:
        """A fault in a row of the table and in a column of it, counted from 1."""
        self.faults.append(f"{self.file}:{line}:{column + 1}: {found}; expected {expected}")

    def _places(self) -> dict[str, int]:
        """Where each role and feature stands."""
        lower = [name.lower() for name in self.heading]
        twice = {name for name in lower if lower.count(name) > 1}
        for name in sorted(twice):
            self._fault(1, lower.index(name), f"the heading {quote(name)} twice", "each once")
        found: dict[str, int] = {}
        for role, names in ROLES.items():
            here = [place for place, name in enumerate(lower) if name in names]
            if len(here) > 1:
                self._fault(
                    1, here[1], f"{quote(self.heading[here[1]])} beside {quote(self.heading[here[0]])}", "one of them"
                )
            if here:
                found[role] = here[0]
        if "outcome" not in found:
            self._fault(1, 0, f"no column `outcome`{near('outcome', lower)}", "what happened, a column `outcome`")
        for name in self.features:
            if name.lower() not in lower:
                self._fault(
                    1, 0, f"no column {quote(name)}{near(name, self.heading)}", f"one of {one_of(self.heading)}"
                )
        self._raise()
        return found

    def _categories(self, places: dict[str, int]) -> tuple[str, ...]:
        """The categories; their probabilities stand in columns of their own, or one column holds that of yes."""
        own = [match for name in self.heading if (match := CATEGORY.match(name)) is not None]
        if "probability" in places and own:
            self._fault(
                1, places["probability"], "a column `probability` beside those of categories", "one or the other"
            )
        if "probability" not in places and len(own) < 2:
            self._fault(
                1,
                0,
                "no probabilities",
                "a column `probability` (of yes), or `probability of NAME` for each of several categories",
            )
        self._raise()
        if "probability" in places:
            return YES_NO
        for match in own:
            places[f"category {match['name'].strip().lower()}"] = self.heading.index(match.string)
        return tuple(match["name"].strip().lower() for match in own)

    def _forecasts(
        self,
        places: dict[str, int],
        categories: tuple[str, ...],
        kept: list[list[str]],
        lines: list[int],
        left: dict[str, int],
    ) -> Forecasts:
        is_plain = "probability" in places
        columns = [places["probability"]] if is_plain else [places[f"category {name}"] for name in categories]
        chance = np.array(
            [[self._chance(cells, line, place) for place in columns] for cells, line in zip(kept, lines, strict=True)]
        )
        chance = chance.reshape(len(kept), len(columns))
        if is_plain:
            chance = np.column_stack([1 - chance[:, 0], chance[:, 0]])
        else:
            for line, row in zip(lines, chance, strict=True):
                if abs(row.sum() - 1) > SUM_TOLERANCE:
                    self._fault(line, columns[0], f"probabilities that sum to {row.sum():.6g}", "a sum of 1")
        words = WORDS if is_plain else {name: number for number, name in enumerate(categories)}
        happened = [self._word(cells, line, places["outcome"], words) for cells, line in zip(kept, lines, strict=True)]
        names = tuple(
            cells[places["question"]] if "question" in places else f"row {line}"
            for cells, line in zip(kept, lines, strict=True)
        )
        clusters, labels = "rows", list(map(str, lines))
        if "group" in places:
            clusters, labels = self.heading[places["group"]] + "s", [cells[places["group"]] for cells in kept]
        elif "question" in places:
            clusters, labels = "questions", list(names)
        return Forecasts(
            categories=categories,
            names=names,
            chance=chance,
            happened=np.array(happened, np.intp),
            cluster=_numbered(labels),
            clusters=clusters,
            weight=self._weights(places, kept, lines),
            day=self._days(places, kept, lines),
            beside=self._beside(places, kept, lines) if is_plain else {},
            features=self._features(kept, lines),
            feature_names=self.features,
            notes=tuple(self._notes(places, left)),
        )

    def _number(self, cells: list[str], line: int, place: int, what: str) -> float:
        text = cells[place]
        try:
            value = float(text.rstrip("%").rstrip()) / (100 if text.endswith("%") else 1)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self._fault(
                line,
                place,
                f"{quote(text)} as {quote(self.heading[place])}"
                if text
                else f"an empty cell of {quote(self.heading[place])}",
                what,
            )
            return 0.0
        return value

    def _chance(self, cells: list[str], line: int, place: int) -> float:
        value = self._number(cells, line, place, "a probability from 0 to 1")
        if not 0 <= value <= 1:
            self._fault(line, place, f"the probability {value:g}", "one from 0 to 1, or per cent with `%`")
            return 0.0
        return value

    def _word(self, cells: list[str], line: int, place: int, words: dict[str, int]) -> int:
        text = cells[place].lower()
        if text not in words:
            self._fault(
                line,
                place,
                f"the outcome {quote(cells[place])}{near(text, words)}",
                f"one of {one_of(words)}, or `void` or `open`",
            )
        return words.get(text, 0)

    def _weights(self, places: dict[str, int], kept: list[list[str]], lines: list[int]) -> Floats:
        if "weight" not in places:
            return np.ones(len(kept))
        found = np.array(
            [
                self._number(cells, line, places["weight"], "a weight above 0")
                for cells, line in zip(kept, lines, strict=True)
            ]
        )
        for line in np.array(lines)[found <= 0] if len(found) else ():
            self._fault(int(line), places["weight"], "a weight that is not above 0", "a weight above 0")
        return found

    def _days(self, places: dict[str, int], kept: list[list[str]], lines: list[int]) -> NDArray[np.int64] | None:
        if "date" not in places:
            return None
        return np.array(
            [self._day(cells, line, places["date"]) for cells, line in zip(kept, lines, strict=True)], np.int64
        )

    def _day(self, cells: list[str], line: int, place: int) -> int:
        match = _DATE.match(cells[place])
        try:
            year, month, day = (int(one or 1) for one in match.groups()) if match else (0, 0, 0)
            return datetime.date(year, month, day).toordinal()
        except ValueError:
            self._fault(line, place, f"the date {quote(cells[place])}", "a date as `2022`, `2022-01` or `2022-01-06`")
            return 1

    def _beside(self, places: dict[str, int], kept: list[list[str]], lines: list[int]) -> dict[str, Floats]:
        return {
            role: np.array(
                [
                    self._chance(cells, line, places[role]) if cells[places[role]] else math.nan
                    for cells, line in zip(kept, lines, strict=True)
                ]
            )
            for role in ("base rate", "crowd")
            if role in places
        }

    def _features(self, kept: list[list[str]], lines: list[int]) -> Floats | None:
        if not self.features:
            return None
        lower = [name.lower() for name in self.heading]
        columns = [lower.index(name.lower()) for name in self.features]
        found = np.array(
            [
                [self._number(cells, line, place, "a number") for place in columns]
                for cells, line in zip(kept, lines, strict=True)
            ]
        )
        for name, place, values in zip(self.features, columns, found.T, strict=True):
            if not self.faults and len(kept) > 1 and np.ptp(values) == 0:
                self._fault(
                    1, place, f"{quote(name)} is {values[0]:g} in every row", "a feature that differs between rows"
                )
        return found

    def _notes(self, places: dict[str, int], left: dict[str, int]) -> list[str]:
        notes = [f"{count} of {len(self.rows)} rows are {word} and left out" for word, count in left.items()]
        read = {
            *places.values(),
            *(
                place
                for place, name in enumerate(self.heading)
                if name.lower() in {one.lower() for one in self.features}
            ),
        }
        unread = [quote(name) for place, name in enumerate(self.heading) if place not in read]
        return [*notes, f"columns that are not read: {', '.join(unread)}"] if unread else notes


def _numbered(labels: Sequence[str]) -> Categories:
    """Labels as numbers, in the order in which they come."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(label, len(number)) for label in labels], np.intp)
