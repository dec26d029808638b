"""What a fitted model says of new rows, and how outcomes move with a column."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.errors import UsageError, near, one_of, quote
from stratagem.fit.design import Design
from stratagem.fit.jet import Floats
from stratagem.fit.problem import Problem
from stratagem.fit.table import Table as Data

MOST_VALUES = 200  # of a column that is varied


class Forecaster(Protocol):
    """A fitted model that says how likely outcomes are, by maximum likelihood or by Bayes' rule."""

    @property
    def problem(self) -> Problem:
        """What it was fitted to."""

    def outcomes(self, on: Design | None = None) -> dict[str, Floats]:
        """The probability of each outcome in each row."""

    def offers(self, on: Design | None = None) -> tuple[Floats, Floats]:
        """Expected offer and chance of acceptance of an ultimatum game in each row."""

    def drawn(self, seed: int) -> Floats:
        """Coefficients [S, P] that spread as far as they are uncertain."""

    def forecast(self, problem: Problem) -> Floats:
        """The log-probability of what happened in each row of a problem [N]."""


def predictions(fitted: Forecaster, new: Data) -> Table:
    """The probability of every outcome in each row of `new`; for an ultimatum game the expected offer and its acceptance."""
    problem = fitted.problem
    design = problem.design.on(new)
    lines = [int(one) for one in new.lines]
    if problem.model.kind == "ultimatum":
        offer, accepted = fitted.offers(design)
        columns: tuple[Column, ...] = (
            Column("line", "line", "count"),
            Column("offer", "expected offer", "size"),
            Column("accepted", "accepted", "chance"),
        )
        return Table(
            "predictions",
            f"Predictions for {new.file}",
            columns,
            tuple(zip(lines, map(float, offer), map(float, accepted), strict=True)),
        )
    chances = fitted.outcomes(design)
    columns = (Column("line", "line", "count"), *(Column(name, name, "chance") for name in chances))
    rows = tuple((line, *(float(one[at]) for one in chances.values())) for at, line in enumerate(lines))
    return Table("predictions", f"Predictions for {new.file}", columns, rows)


def statics(fitted: Forecaster, asked: str, seed: int = 1) -> Table:
    """How the average chances of outcomes move as one column takes other values, all else as in the data.

    `asked` is `column`, `column=low:high` (five values) or `column=low:high:count`. With 90 % intervals from how uncertain the coefficients are.
    """
    name, _, span = asked.partition("=")
    problem = fitted.problem
    used = sorted({one for term in problem.model.terms for one in term.columns})
    if name not in used or problem.model.kind == "ultimatum":
        raise UsageError(
            f"--vary {quote(asked)}{near(name, used)}; a column of the formulas of a tree or a signalling game: {one_of(used)}"
        )
    drawn = fitted.drawn(seed)
    rows: list[tuple[Cell, ...]] = []
    for value in _values(problem.table, name, span):
        column = np.array([value] * problem.num_rows, float if isinstance(value, float) else object)
        changed = replace(problem.table, columns={**problem.table.columns, name: column})
        design = problem.design.on(changed)
        middle = fitted.outcomes(design)
        around = problem.outcomes_of_many(drawn, design)
        shown = value if isinstance(value, str) else f"{value:g}"
        for outcome, one in middle.items():
            low, high = np.nanquantile(around[outcome].mean(1), (0.05, 0.95))
            rows.append((shown, outcome, float(one.mean()), float(low), float(high)))
    columns = (
        Column("value", name), Column("outcome", "outcome"), Column("chance", "chance", "chance"),
        Column("p5", "from", "chance"), Column("p95", "to", "chance"),
    )  # fmt: skip
    return Table(
        f"vary_{name}",
        f"Average chances as {name} changes",
        columns,
        tuple(rows),
        "90 % intervals; other columns as in the data",
    )


def _values(table: Data, name: str, span: str) -> list[float] | list[str]:
    column = table.column(name)
    if column.dtype != np.float64:
        return sorted({str(one) for one in column})
    if not span:
        return sorted({float(one) for one in np.quantile(column.astype(float), (0.05, 0.25, 0.5, 0.75, 0.95))})
    low, _, rest = span.partition(":")
    high, _, count = rest.partition(":")
    try:
        return [float(one) for one in np.linspace(float(low), float(high), _count(count or "5"))]
    except ValueError:
        raise UsageError(
            f"--vary {name}={quote(span)}; write `{name}=low:high`, or `{name}=low:high:count` with 2 to {MOST_VALUES} values"
        ) from None


def _count(text: str) -> int:
    if not 2 <= int(text) <= MOST_VALUES:
        raise ValueError(text)
    return int(text)
