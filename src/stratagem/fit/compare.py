"""Which of two models that are not nested is nearer to the truth: Vuong's and Clarke's tests.

Vuong 1989, Econometrica 57:307-333; Clarke 2007, Political Analysis 15:347-363; both with the correction for the number
of coefficients by the Bayesian information criterion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import bdtr, ndtr

from stratagem.analyse.finding import Column, Table
from stratagem.errors import UsageError
from stratagem.fit.estimate import Fitted
from stratagem.fit.jet import Floats
from stratagem.fit.problem import Problem


@dataclass(frozen=True)
class Comparison:
    """A test of two models: its statistic, how often chance alone goes as far, and which model it favours."""

    name: str
    statistic: float
    p: float
    favours: int  # 1, 2, or 0 where neither


def vuong(first: Floats, second: Floats, num_first: int, num_second: int) -> Comparison:
    """Vuong's z of row log-likelihoods [N] with these many coefficients, two-sided.

    >>> import numpy as np
    >>> vuong(np.array([-1.0, -1.2, -0.9]), np.array([-1.5, -1.4, -1.6]), 2, 2).favours
    1
    """
    gaps, rows = first - second, len(first)
    spread = float(gaps.std())
    if spread == 0:
        return Comparison("Vuong", 0.0, 1.0, 0)
    z = (gaps.sum() - (num_first - num_second) / 2 * math.log(rows)) / (math.sqrt(rows) * spread)
    p = 2 * float(ndtr(-abs(z)))
    return Comparison("Vuong", float(z), p, 0 if p >= 0.05 else 1 if z > 0 else 2)


def clarke(first: Floats, second: Floats, num_first: int, num_second: int) -> Comparison:
    """Clarke's count of rows that the first model fits better, against a fair coin, two-sided."""
    rows = len(first)
    gaps = first - second - (num_first - num_second) / (2 * rows) * math.log(rows)
    better = int((gaps > 0).sum())
    tail = float(bdtr(min(better, rows - better), rows, 0.5))
    p = min(1.0, 2 * tail)
    return Comparison("Clarke", float(better), p, 0 if p >= 0.05 else 1 if better > rows / 2 else 2)


def check_same_response(one: Problem, other: Problem) -> None:
    """Raise `UsageError` where two problems do not have the same response in the same rows."""
    is_same = one.num_rows == other.num_rows and bool((one.table.lines == other.table.lines).all())
    left, right = one.observed, other.observed
    if not is_same or any(
        sorted(a) != sorted(b) or any((a[key] != b[key]).any() for key in a)
        for a, b in ((left.outcomes, right.outcomes), (left.offered, right.offered))
    ):
        raise UsageError(
            f"{one.model.file} and {other.model.file} do not have the same response in the same rows; name outcomes alike"
        )


def compare(first: Fitted, second: Fitted) -> Table:
    """Both tests of two models fitted to the same response. Raises `UsageError` where the rows or responses differ."""
    one, other = first.problem, second.problem
    check_same_response(one, other)
    rows = []
    left, right = (fit.problem.likelihood().by_row(fit.coefficients) for fit in (first, second))
    for test in (vuong, clarke):
        found = test(left, right, first.num_free, second.num_free)
        favoured = (None, one.model.file, other.model.file)[found.favours]
        rows.append((found.name, found.statistic, found.p, favoured or "neither"))
    columns = (
        Column("test", "test"),
        Column("statistic", "statistic", "amount"),
        Column("p", "p", "size"),
        Column("favours", "favours at 5 %"),
    )
    note = f"log-likelihoods {first.log_likelihood:.4f} and {second.log_likelihood:.4f}; corrected for {first.num_free} and {second.num_free} coefficients"
    return Table("comparison", f"Compared with {other.model.file}", columns, tuple(rows), note)
