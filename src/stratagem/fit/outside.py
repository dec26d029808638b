"""How well a model forecasts rows that it was not fitted on, always beside a multinomial logit and the base rate.

Whatever has to be chosen (`within`) is chosen from the rows fitted on. The score is the mean negative logarithm of the
probability given to what happened: lower is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.finding import Column, Table
from stratagem.analyse.score_rules import parts
from stratagem.errors import DataError, UsageError
from stratagem.fit.design import design
from stratagem.fit.estimate import Fitted, Progress, Request, fit
from stratagem.fit.jet import Floats
from stratagem.fit.model import Errors, Model, Move, Response, Term
from stratagem.fit.predict import Forecaster
from stratagem.fit.problem import Problem, problem
from stratagem.fit.table import Table as Data
from stratagem.fit.table import rows_where
from stratagem.fit.within import (
    LEAST,
    Chosen,
    Mask,
    base_rates,
    choose_strength,
    counts,
    folds,
    groups,
    losses,
    outcome_chances,
    pool_weights,
)

SAMPLES = 2000  # of the bootstrap of a score
OWN, LOGIT, PENALISED, BASE = "this model", "multinomial logit", "penalised logit", "base rate"


@dataclass(frozen=True)
class Score:
    """A mean log score, or a mean difference of two, with a 90 % interval; without one where there is but one cluster."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Split:
    """Rows fitted on and rows forecast, as this model and as the multinomial logit see them."""

    inside: Problem
    outside: Problem
    logit_inside: Problem
    logit_outside: Problem


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
    model = baseline(fitting.model)
    taken = {("choice", at): fitting.observed.outcomes[name] for at, name in enumerate(model.outcomes)}
    seen = replace(fitting.observed, taken=taken, pooled={})
    return replace(fitting, model=model, observed=seen, design=design(model, fitting.table))


def score_outside(
    model: Model,
    table: Data,
    condition: str,
    request: Request,
    conditions: Sequence[str],
    fitted: Forecaster,
    order: str | None = None,
    chosen: Chosen | None = None,
) -> tuple[tuple[Table, Table], str]:
    """The scores on the rows that meet `condition` of a model `fitted` on the others, how often what it forecast came, and what that says.

    Where the model is penalised a multinomial logit is scored too whose penalty is chosen within the same rows, and the
    model without penalty; where its strength was `chosen` there, a pool of all that was chosen so. Raises `DataError` where no
    such row can be used.
    """
    _check_outcomes(model)
    whole = problem(model, table, conditions, [one for one in (model.cluster, order) if one is not None])
    is_test = rows_where(whole.table, [condition])
    if not is_test.any() or is_test.all():
        raise DataError(
            f"{table.file}: {int(is_test.sum())} of {whole.num_rows} rows meet `{condition}`; some must, and some must not"
        )
    outside = whole.rows(is_test)
    outside = replace(outside, design=fitted.problem.design.on(outside.table))
    logit = _as_baseline(fitted.problem)
    held = replace(_as_baseline(whole).rows(is_test), design=logit.design.on(outside.table))
    split = Split(fitted.problem, outside, logit, held)
    found = {OWN: -fitted.forecast(outside)}
    beside, endless = _references(split, fitted, request, order, chosen)
    found |= beside
    note = f"fitted on {fitted.problem.num_rows} rows, scored on {outside.num_rows}; {_how(model)}"
    came = _reliability("reliability", _chances(fitted, outside), outside)
    scores, sentence = _told(
        found, outside, request.seed, f"Forecasts of rows where {condition}", note, "Out of sample", endless
    )
    return (scores, came), sentence


def cross_validate(
    whole: Problem,
    request: Request,
    order: str | None = None,
    chooses: bool = False,
    progress: Progress | None = None,
) -> tuple[tuple[Table, Table], str]:
    """The scores of a model on each fold of its rows when fitted on the others (with `order`: on the earlier ones).

    Where it `chooses`, the strength of the penalty is chosen anew within the rows that each fold is fitted on.
    """
    _check_outcomes(whole.model)
    logit, splits = _as_baseline(whole), folds(whole, request.seed, order)
    by_fold, chances, endless = [], [], set[str]()
    for at, (train, test) in enumerate(splits):
        split = Split(whole.rows(train), whole.rows(test), logit.rows(train), logit.rows(test))
        asked, chosen = replace(request, errors="observed"), None
        if chooses and request.penalty is not None:
            chosen = choose_strength(split.inside, request.penalty[0], request, order)
            asked = replace(asked, penalty=(chosen.kind, chosen.strength))
        fitted = fit(split.inside, asked)
        found = {OWN: -split.outside.likelihood().by_row(fitted.coefficients)}
        beside, without = _references(split, fitted, asked, order, chosen)
        by_fold.append(found | beside)
        endless |= {OWN} if _is_endless(fitted) else set()
        chances.append(outcome_chances(split.outside, fitted.coefficients))
        endless |= without
        if progress is not None:
            progress(at + 1, len(splits))
    rows = np.concatenate([np.flatnonzero(test) for _, test in splits])
    found = {name: np.concatenate([one[name] for one in by_fold]) for name in by_fold[0]}
    way = f"forecast from earlier {order}" if order else f"{len(splits)} folds by {whole.model.cluster or 'row'}"
    note = f"{way}, {len(rows)} rows scored; {_how(whole.model)}"
    scored = _in_order(whole, rows)
    table, sentence = _told(found, scored, request.seed, "Cross-validation", note, "In cross-validation", endless)
    came = _reliability("cross_validation_reliability", np.concatenate(chances, 1), scored)
    return (replace(table, name="cross_validation"), came), sentence


def _in_order(whole: Problem, rows: NDArray[np.intp]) -> Problem:
    """Rows of a problem in another order; of the design nothing is asked any more."""
    return replace(whole, table=whole.table.rows(rows), observed=whole.observed.rows(rows))


def _check_outcomes(model: Model) -> None:
    if model.kind == "ultimatum":
        raise UsageError("--test and --cross-validate score outcomes; an ultimatum game has offers")


def _how(model: Model) -> str:
    return f"90 % intervals by the bootstrap of {'clusters' if model.cluster else 'rows'}; lower is better"


def _references(
    split: Split, fitted: Forecaster, request: Request, order: str | None, chosen: Chosen | None
) -> tuple[dict[str, Floats], set[str]]:
    """The losses of the rows forecast [rows] by what stands beside a model, and which of the fits had no maximum."""
    outside, logit = split.outside, split.logit_outside
    plain = replace(request, penalty=None, errors="observed")
    beside = {LOGIT: (split.logit_inside, logit, plain)}
    kind = None if request.penalty is None else request.penalty[0]
    if kind is not None:
        best = choose_strength(split.logit_inside, kind, plain, order)
        beside[PENALISED] = (split.logit_inside, logit, replace(plain, penalty=(kind, best.strength)))
        beside["model without penalty"] = (split.inside, outside, plain)
    fits = {name: fit(inside, asked) for name, (inside, _, asked) in beside.items()}
    found = {name: -held.likelihood().by_row(fits[name].coefficients) for name, (_, held, _) in beside.items()}
    rates = base_rates(split.inside, outside.num_rows)
    if kind is not None and chosen is not None:
        inside = folds(split.inside, request.seed, order)
        seen = np.concatenate([counts(split.inside.rows(held)) for _, held in inside], 1)
        weights = pool_weights([chosen.chances, best.chances, _base_rates_of(split.inside, inside)], seen)
        rival = outcome_chances(logit, fits[PENALISED].coefficients)
        ahead = np.stack([_chances(fitted, outside), rival, rates])
        found["pool of model, logit and base rate"] = losses(np.einsum("f,fon->on", weights, ahead), counts(outside))
    endless = {name for name, one in fits.items() if _is_endless(one)}
    return {**found, BASE: losses(rates, counts(outside))}, endless


def _chances(fitted: Forecaster, outside: Problem) -> Floats:
    """The chances of outcomes [outcomes, rows] that a fitted model gives to rows."""
    chances = fitted.outcomes(outside.design)
    return np.stack([chances[name] for name in outside.observed.outcomes])


def _is_endless(fitted: Fitted) -> bool:
    return bool(fitted.flat.diverging) or not fitted.is_bounded


def _base_rates_of(inside: Problem, splits: Sequence[tuple[Mask, Mask]]) -> Floats:
    """The base rates of the rows that folds fit on as the chances of those held back, fold by fold."""
    return np.concatenate([base_rates(inside.rows(train), int(test.sum())) for train, test in splits], 1)


def _told(
    found: dict[str, Floats], outside: Problem, seed: int, title: str, note: str, where: str, endless: set[str]
) -> tuple[Table, str]:
    """The table of losses by forecaster [rows] and the sentence that compares this model with the others."""
    each, group = counts(outside).sum(0), groups(outside)
    own = found[OWN]
    scores = {name: _score(one, each, group, seed) for name, one in found.items()}
    gaps = {name: _score(one - own, each, group, seed) for name, one in found.items() if name != OWN}
    columns = (
        Column("forecaster", "forecaster"), Column("score", "log score", "size"), Column("p5", "from", "size"),
        Column("p95", "to", "size"), Column("better_by", "ahead by", "amount"), Column("better_p5", "from", "amount"),
        Column("better_p95", "to", "amount"),
    )  # fmt: skip
    rows = []
    for name, one in scores.items():
        gap = gaps.get(name)
        ahead = (None, None, None) if gap is None else (gap.mean, gap.low, gap.high)
        rows.append((name, one.mean, one.low, one.high, *ahead))
    fair = PENALISED if PENALISED in gaps else LOGIT
    said = "; ".join(_compared(name, gaps[name]) for name in (fair, BASE))
    sentence = f"{where} the log score is {scores[OWN].mean:.3f} (lower is better): {said}; in brackets 90 % intervals of the difference."
    if endless:
        sentence += f" Without a maximum (separation), so that the score rests on where the climb stopped: {', '.join(sorted(endless))}."
    return Table("scores", title, columns, tuple(rows), note), sentence


def _compared(name: str, gap: Score) -> str:
    text = f"{'better' if gap.mean > 0 else 'worse'} than the {name} by {abs(gap.mean):.3f}"
    if gap.low is None or gap.high is None:
        return f"{text} (one cluster: no interval)"
    return f"{text} ({-gap.high:+.3f} to {-gap.low:+.3f})"


def _reliability(name: str, chances: Floats, outside: Problem) -> Table:
    """How often each outcome came, by the chance that this model gave it: [outcomes, rows]."""
    columns = (
        Column("event", "outcome"), Column("forecast", "forecast", "chance"), Column("frequency", "came", "chance"),
        Column("count", "observations", "count"),
    )  # fmt: skip
    rows, each = [], counts(outside).sum(0)
    for outcome, chance, came in zip(outside.observed.outcomes, chances, counts(outside), strict=True):
        happened = np.repeat([True, False], outside.num_rows)
        split = parts(np.tile(chance, 2), happened, np.concatenate([came, each - came]))
        rows += [(outcome, one.forecast, one.frequency, round(one.weight)) for one in split.bins]
    return Table(name, "How often outcomes came, by what the model forecast for them", columns, tuple(rows))


def _score(found: Floats, each: Floats, group: NDArray[np.intp], seed: int) -> Score:
    """The mean loss of an observation, its interval by resampling rows or clusters."""
    mean, number = float(found.sum() / each.sum()), len(np.unique(group))
    if number < 2:
        return Score(mean, None, None)
    total, weight = np.bincount(group, found), np.bincount(group, each)
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=SAMPLES)
    low, high = np.quantile((drawn @ total) / np.maximum(drawn @ weight, LEAST), (0.05, 0.95))
    return Score(mean, float(low), float(high))
