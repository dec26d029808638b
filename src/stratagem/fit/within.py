"""What is settled within the rows at hand: folds of them, the strength of a penalty, the weights of a pool.

Takes a `Problem`; whatever is chosen here has seen no other rows. A log score is the mean negative logarithm of the
probability given to what happened: lower is better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.finding import Column, Table
from stratagem.errors import DataError, UsageError
from stratagem.fit.estimate import Progress, Request, fit
from stratagem.fit.jet import Floats
from stratagem.fit.problem import Problem

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
FOLDS = 5
EARLIEST = 0.4  # the share of rows that is never forecast, where later rows are from earlier ones
SHADOW = 0.5  # added to each count of a base rate where one is zero
LEAST = 1e-300  # what a chance counts as at least
ROUNDS = 500  # of the climb to the weights of a pool

Mask = NDArray[np.bool_]


def folds(fitting: Problem, seed: int, order: str | None = None) -> list[tuple[Mask, Mask]]:
    """Pairs of rows to fit on and rows to forecast.

    With `order`, a column such as a year, later rows are forecast from all earlier ones; otherwise folds are drawn by the
    model's cluster, or by row. Raises `UsageError` for an order of words, `DataError` where nothing can be held back.
    """
    if order is not None:
        column = fitting.table.column(order)
        if column.dtype != np.float64:
            raise UsageError(f"--order {order}: the column holds words; a year or a date as a number is expected")
        when = column.astype(float)
        cuts = np.quantile(when, np.linspace(EARLIEST, 1, FOLDS))
        pairs = [(when < low, (when >= low) & ((when < high) | (high == cuts[-1]))) for low, high in pairwise(cuts)]
    else:
        group = groups(fitting)
        fold = np.random.default_rng(seed).permutation(group.max() + 1)[group] % FOLDS
        pairs = [(fold != at, fold == at) for at in range(FOLDS)]
    found = [(train, test) for train, test in pairs if train.any() and test.any()]
    if not found:
        by = order or fitting.model.cluster or "row"
        raise DataError(f"{fitting.table.file}: no fold can be held back by {by}; more rows or groups are needed")
    return found


def groups(fitting: Problem) -> NDArray[np.intp]:
    """The number of the cluster of each row, of the row itself where there are none."""
    if fitting.model.cluster is None:
        return np.arange(fitting.num_rows)
    words = [str(one) for one in fitting.table.words(fitting.model.cluster)]
    return np.unique(np.array(words), return_inverse=True)[1]


@dataclass(frozen=True)
class Chosen:
    """A penalty whose strength forecasts best within some rows, and what it forecast there."""

    kind: str
    strength: float
    scores: tuple[tuple[float, float], ...]  # each strength and its log score
    chances: Floats  # [outcomes, rows]: of each row held back, fold by fold
    how: str

    def table(self) -> Table:
        """The scores of all strengths."""
        columns = (Column("strength", "strength", "size"), Column("score", "log score", "size"))
        title = f"Strength of the {self.kind} penalty, chosen within the training rows"
        return Table("strengths", title, columns, self.scores, self.how)


def choose_strength(
    fitting: Problem, kind: str, request: Request, order: str | None = None, progress: Progress | None = None
) -> Chosen:
    """The strength of a penalty that forecasts best within these rows, by `folds`."""
    parts = folds(fitting, request.seed, order)
    seen = np.concatenate([counts(fitting.rows(test)) for _, test in parts], 1)
    scores, best, least = [], np.zeros(0), np.inf
    for at, strength in enumerate(STRENGTHS):
        asked = replace(request, penalty=(kind, strength), errors="observed", starts=2)
        held = [(fitting.rows(test), fit(fitting.rows(train), asked).coefficients) for train, test in parts]
        chances = np.concatenate([outcome_chances(one, coefficients) for one, coefficients in held], 1)
        score = float(losses(chances, seen).sum() / seen.sum())
        scores.append((strength, score))
        if score < least:
            best, least = chances, score
        if progress is not None:
            progress(at + 1, len(STRENGTHS))
    how = f"forecast from earlier {order}" if order else f"{len(parts)} folds"
    return Chosen(kind, min(scores, key=lambda one: one[1])[0], tuple(scores), best, how)


def counts(fitting: Problem) -> Floats:
    """How often each outcome came, [outcomes, rows]."""
    return np.stack(list(fitting.observed.outcomes.values()))


def outcome_chances(fitting: Problem, coefficients: Floats) -> Floats:
    """The probability of each outcome, [outcomes, rows]."""
    by_name = fitting.outcomes(coefficients)
    return np.stack([by_name[name] for name in fitting.observed.outcomes])


def losses(chances: Floats, seen: Floats) -> Floats:
    """The negative log-likelihood of each row [rows] of outcomes `seen` [outcomes, rows] that had these chances."""
    return np.asarray(-(seen * np.log(np.maximum(chances, LEAST))).sum(0), float)


def base_rates(fitting: Problem, num_rows: int) -> Floats:
    """The share of each outcome in these rows as the chance of it in so many others, [outcomes, num_rows]."""
    each = counts(fitting).sum(1)
    each = each + SHADOW * (each.min() == 0)
    return np.repeat((each / each.sum())[:, None], num_rows, 1)


def pool_weights(forecasts: list[Floats], seen: Floats) -> Floats:
    """The weights [forecasters] under which the mean of their chances, [outcomes, rows] each, gives outcomes most likelihood.

    The likelihood of a mixture of known parts is concave; each round of the EM algorithm raises it.
    """
    all_of_them = np.stack(forecasts)
    weights = np.full(len(forecasts), 1 / len(forecasts))
    for _ in range(ROUNDS):
        shares = weights[:, None, None] * all_of_them
        shares = shares / np.maximum(shares.sum(0), LEAST)
        weights = (shares * seen).sum((1, 2)) / seen.sum()
    return np.asarray(weights, float)
