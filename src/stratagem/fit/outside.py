"""How well a model forecasts rows that it was not fitted on, always beside a multinomial logit and the base rate.

Penalties are chosen within the training rows alone. The score is the mean negative logarithm of the probability given to
what happened: lower is better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.finding import Column, Table
from stratagem.errors import DataError, UsageError
from stratagem.fit.estimate import Progress, Request, fit
from stratagem.fit.jet import Floats
from stratagem.fit.model_file import Errors, Model, Move, Response, Term
from stratagem.fit.predict import Forecaster
from stratagem.fit.problem import Problem, problem
from stratagem.fit.table import Table as Data
from stratagem.fit.table import rows_where

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
FOLDS, SAMPLES = 5, 2000
SHADOW = 0.5  # added to each count of the base rate where one is zero


@dataclass(frozen=True)
class Score:
    """The mean log score of some forecasts, with a 90 % interval."""

    name: str
    mean: float
    low: float
    high: float
    losses: Floats


def baseline(model: Model) -> Model:
    """A multinomial logit of the outcome on every column that the model uses: one chooser, one move."""
    columns = sorted({one for term in model.payoffs.values() for one in term.columns})
    formula = " + ".join(f"`{one}`" if not one.isidentifier() else one for one in columns) or "1"
    chooser, outcomes = "any", model.outcomes
    payoffs = {(chooser, name): Term(name, formula, columns=frozenset(columns)) for name in outcomes[1:]}
    move = Move("choice", chooser, outcomes, outcomes)
    return replace(
        model, title="multinomial logit", kind="tree", players=(chooser,), moves=(move,), payoffs=payoffs,
        errors=Errors("actions", "logit"), response=Response(outcome="?"),
    )  # fmt: skip


def _as_baseline(fitting: Problem) -> Problem:
    """The multinomial logit's problem on the same rows."""
    from stratagem.fit.design import design

    model = baseline(fitting.model)
    taken = {("choice", at): fitting.observed.outcomes[name] for at, name in enumerate(model.outcomes)}
    seen = replace(fitting.observed, taken=taken, pooled={})
    return replace(fitting, model=model, observed=seen, design=design(model, fitting.table))


def choose_strength(
    fitting: Problem, kind: str, request: Request, order: str | None = None, progress: Progress | None = None
) -> tuple[float, Table]:
    """The strength of a penalty that forecasts best within these rows, and the scores of all.

    With `order`, a column such as a year, each fold is forecast from the rows before it; otherwise folds are drawn by
    the model's cluster, or by row.
    """
    folds = _folds(fitting, request.seed, order)
    rows = []
    for at, strength in enumerate(STRENGTHS):
        asked = replace(request, penalty=(kind, strength), errors="observed", starts=2)
        losses = [_losses_between(fitting, train, test, asked) for train, test in folds]
        rows.append((strength, float(np.concatenate(losses).mean())))
        if progress is not None:
            progress(at + 1, len(STRENGTHS))
    best = min(rows, key=lambda one: one[1])[0]
    columns = (Column("strength", "strength", "size"), Column("score", "log score", "size"))
    how = f"forecast from earlier {order}" if order else f"{len(folds)} folds"
    return best, Table(
        "strengths", f"Strength of the {kind} penalty, chosen within the training rows", columns, tuple(rows), how
    )


def _folds(fitting: Problem, seed: int, order: str | None) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    if order is not None:
        column = fitting.table.column(order)
        if column.dtype != np.float64:
            raise UsageError(f"--order {order}: the column holds words; a year or a date as a number is expected")
        when = column.astype(float)
        cuts = np.quantile(when, np.linspace(0.4, 1, FOLDS))
        pairs = [(when < low, (when >= low) & ((when < high) | (high == cuts[-1]))) for low, high in pairwise(cuts)]
    else:
        words = (
            fitting.table.words(fitting.model.cluster)
            if fitting.model.cluster
            else [str(at) for at in range(fitting.num_rows)]
        )
        _, group = np.unique(np.array([str(one) for one in words]), return_inverse=True)
        fold = np.random.default_rng(seed).permutation(group.max() + 1)[group] % FOLDS
        pairs = [(fold != at, fold == at) for at in range(FOLDS)]
    return [(train, test) for train, test in pairs if train.any() and test.any()]


def _losses_between(fitting: Problem, train: NDArray[np.bool_], test: NDArray[np.bool_], request: Request) -> Floats:
    fitted = fit(fitting.rows(train), request)
    return -fitting.rows(test).likelihood().by_row(fitted.coefficients)


def score_outside(
    model: Model,
    table: Data,
    condition: str,
    request: Request,
    conditions: Sequence[str],
    fitted: Forecaster,
    order: str | None = None,
) -> tuple[Table, str]:
    """The scores on the rows that meet `condition` of a model `fitted` on the others, and what they say.

    Where the model is penalised a multinomial logit is scored too whose penalty is chosen within the same rows.
    Raises `DataError` where no such row can be used.
    """
    if model.kind == "ultimatum":
        raise UsageError("--test scores outcomes; an ultimatum game has offers")
    whole = problem(model, table, conditions)
    is_test = rows_where(whole.table, [condition])
    if not is_test.any() or is_test.all():
        raise DataError(
            f"{table.file}: {int(is_test.sum())} of {whole.num_rows} rows meet `{condition}`; some must, and some must not"
        )
    outside = whole.rows(is_test)
    outside = replace(outside, design=fitted.problem.design.on(outside.table))
    forecasts = {"this model": fitted.forecast(outside)}
    forecasts |= _references(fitted.problem, whole, is_test, request, order)
    each = np.asarray(sum(outside.observed.outcomes.values()))
    groups = outside.table.words(model.cluster) if model.cluster else None
    scores = [_score(name, -values, each, groups, request.seed) for name, values in forecasts.items()]
    own = scores[0]
    gaps = [_score(one.name, one.losses - own.losses, each, groups, request.seed) for one in scores[1:]]
    said = "; ".join(
        f"{'better' if gap.mean > 0 else 'worse'} than the {gap.name} by {abs(gap.mean):.3f} "
        f"(90 % interval {gap.low:+.3f} to {gap.high:+.3f})"
        for gap in gaps
    )
    how = "clusters" if groups else "rows"
    note = f"fitted on {fitted.problem.num_rows} rows, scored on {outside.num_rows}; 90 % intervals by the bootstrap of {how}; lower is better"
    return _scores_table(condition, scores, gaps, note), f"Out of sample the log score is {own.mean:.3f}: {said}."


def _references(
    inside: Problem, whole: Problem, is_test: NDArray[np.bool_], request: Request, order: str | None
) -> dict[str, Floats]:
    """Log-likelihoods of the held-out rows by a multinomial logit, plain and penalised, and by the base rate."""
    logit = _as_baseline(whole)
    train, test = logit.rows(~is_test), logit.rows(is_test).likelihood()
    plain = replace(request, penalty=None, errors="observed")
    found = {"multinomial logit": test.by_row(fit(train, plain).coefficients)}
    if request.penalty is not None:
        kind = request.penalty[0]
        strength, _ = choose_strength(train, kind, plain, order)
        found["penalised logit"] = test.by_row(fit(train, replace(plain, penalty=(kind, strength))).coefficients)
    counts = np.array([one.sum() for one in inside.observed.outcomes.values()])
    counts = counts + SHADOW * (counts.min() == 0)
    seen = whole.rows(is_test).observed.outcomes.values()
    rate = [math.log(count / counts.sum()) * one for count, one in zip(counts, seen, strict=True)]
    return {**found, "base rate": np.asarray(sum(rate))}


def _scores_table(condition: str, scores: Sequence[Score], gaps: Sequence[Score], note: str) -> Table:
    columns = (
        Column("forecaster", "forecaster"), Column("score", "log score", "size"), Column("p5", "from", "size"),
        Column("p95", "to", "size"), Column("better_by", "better by", "amount"),
    )  # fmt: skip
    ahead = (None, *(gap.mean for gap in gaps))
    rows = tuple((one.name, one.mean, one.low, one.high, gap) for one, gap in zip(scores, ahead, strict=True))
    return Table("scores", f"Forecasts of rows where {condition}", columns, rows, note)


def _score(name: str, losses: Floats, each: Floats, groups: Sequence[object] | None, seed: int) -> Score:
    """The mean loss of an observation, its interval by resampling rows or clusters."""
    label = (
        np.arange(len(losses)) if groups is None else np.unique([str(one) for one in groups], return_inverse=True)[1]
    )
    number = int(label.max()) + 1
    total, weight = np.bincount(label, losses, number), np.bincount(label, each, number)
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=SAMPLES)
    means = (drawn @ total) / np.maximum(drawn @ weight, 1e-300)
    low, high = np.quantile(means, (0.05, 0.95))
    mean = float(losses.sum() / each.sum())
    return Score(name, mean if math.isfinite(mean) else math.inf, float(low), float(high), losses)
