"""Signalling games fitted with the equilibrium's probabilities as parameters, under the constraint that they are one.

Sequential quadratic programming in the coefficients and each row's inclination to resist, by exact derivatives: the
inclinations are eliminated row by row, so that a step costs no more than one of the likelihood. No equilibrium is solved
on the way, so that no jump from one to another stops the climb. Su and Judd 2012, Econometrica 80:2213-2230.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtri

from stratagem.fit import jet, signalling
from stratagem.fit.jet import Floats, Jet, Number, Slope
from stratagem.fit.likelihood import Likelihood
from stratagem.fit.maximise import maximise, newton_step
from stratagem.fit.problem import Problem

MOST_STEPS, HALVINGS = 100, 12
PROMISED, OFF = 1e-9, 1e-9  # of log-likelihood, and off the constraint, where the climb stops
FARTHEST = 1.0  # what an inclination may move in one step
SPREADS = (0.5, 0.5, 2.0)  # of draws around the first stage, in logits, by turns
LOGIT_STEPS, LEAST = 25, 0.01  # of the first stage, and the least chance that it gives
STEEPNESS = 2.0  # of the price of leaving the constraint, in multipliers


@dataclass(frozen=True)
class _Rows:
    """Jets of all rows at a point: log-likelihood and excess, by the inputs [K] and the inclination (number K)."""

    height: Jet
    excess: Jet
    last: int


def constrained_starts(problem: Problem, count: int, seed: int, is_first: bool = True) -> Floats:
    """Where constrained climbs end, [S, P]: one begins at first-stage estimates of both sides' replies if `is_first`, others around."""
    resist, firm = _first_stage(problem)
    generator = np.random.default_rng(seed)
    ends = []
    for at in range(count):
        moved = generator.standard_normal(2) * (0.0 if is_first and not at else SPREADS[at % len(SPREADS)])
        held = [expit(logit(one) + move) for one, move in zip((resist, firm), moved, strict=True)]
        ends.append(_climb(problem, _of_replies(problem, *held), ndtri(held[0])))
    return np.stack(ends)


def _first_stage(problem: Problem) -> tuple[Floats, Floats]:
    """How often B resists where challenged, and A then stands firm, in each row [N]: ridge logits on all columns of the model."""
    counts = problem.observed.outcomes
    columns = np.unique(np.hstack([one.matrix for one in problem.design.inputs]), axis=1)
    columns = columns[:, np.ptp(columns, axis=0) > 0]
    columns = np.hstack([np.ones((len(columns), 1)), (columns - columns.mean(0)) / columns.std(0)])
    resisted = counts["SF"] + counts["BD"]
    return _ridge_logit(columns, resisted, counts["CD"]), _ridge_logit(columns, counts["SF"], counts["BD"])


def _ridge_logit(columns: Floats, yes: Floats, no: Floats) -> Floats:
    """The chance of `yes` in each row [N], the coefficients pulled to zero as by one case."""
    at, whole = np.zeros(columns.shape[1]), yes + no
    for _ in range(LOGIT_STEPS):
        chance = expit(columns @ at)
        information = (columns.T * (whole * chance * (1 - chance))) @ columns + np.eye(len(at))
        at = at + np.linalg.solve(information, columns.T @ (yes - whole * chance) - at)
    return np.asarray(np.clip(expit(columns @ at), LEAST, 1 - LEAST), float)


def _of_replies(problem: Problem, resist: Floats, firm: Floats) -> Floats:
    """The top [P] of the pseudo-likelihood in which A and B hold each other to resist and stand firm so often."""
    counts = problem.observed.outcomes

    def of_rows(inputs: Sequence[Jet], rows: slice) -> Number:
        logs = signalling.log_outcomes_of_replies(problem.whole(inputs), resist[rows], firm[rows])
        return jet.total([logs[name] * count[rows] for name, count in counts.items()])

    pseudo = Likelihood(problem.design, of_rows, problem.num_rows)
    return np.asarray(maximise(pseudo, np.zeros((1, len(problem.design))), problem.spreads()).coefficients[0], float)


def _climb(problem: Problem, at: Floats, inclined: Floats) -> Floats:
    """Where the climb in coefficients [P] and inclinations [N] ends, as coefficients."""
    prices = np.zeros(problem.num_rows)
    with np.errstate(all="ignore"):
        for _ in range(MOST_STEPS):
            rows = _rows(problem, at, inclined)
            step, moves, promise, prices = _step(problem, rows, prices)
            off = np.abs(rows.excess.value[0])
            if not np.isfinite(step).all() or (promise <= PROMISED and off.max() <= OFF):
                break
            merit, share = _merit(rows, prices), 1.0
            for _ in range(HALVINGS):
                tried = at + share * step
                tried_inclined = _restored(problem, tried, inclined + np.clip(share * moves, -FARTHEST, FARTHEST))
                if _merit(_rows(problem, tried, tried_inclined, 0), prices) > merit:
                    break
                share /= 2
            else:
                break
            at, inclined = tried, tried_inclined
    return at


def _rows(problem: Problem, at: Floats, inclined: Floats, order: int = 2) -> _Rows:
    inputs = problem.design.jets(at[None], order)
    last, whole = len(inputs), problem.whole(inputs)
    z = Jet.of_input(inclined[None], last, order)
    logs = signalling.log_outcomes(whole, signalling.resist_of(z))
    height = jet.total([logs[name] * count for name, count in problem.observed.outcomes.items()])
    excess = signalling.excess(whole, z)
    assert isinstance(height, Jet)
    assert isinstance(excess, Jet)
    return _Rows(height, excess, last)


def _restored(problem: Problem, at: Floats, inclined: Floats) -> Floats:
    """Inclinations after one of Newton's steps towards the constraint."""
    rows = _rows(problem, at, inclined, 1)
    move = -rows.excess.value[0] / np.broadcast_to(rows.excess.slope[rows.last], (1, len(inclined)))[0]
    return np.asarray(inclined + np.clip(np.nan_to_num(move), -FARTHEST, FARTHEST), float)


def _merit(rows: _Rows, prices: Floats) -> float:
    return float((rows.height.value[0] - prices * np.abs(rows.excess.value[0])).sum())


def _step(problem: Problem, rows: _Rows, prices: Floats) -> tuple[Floats, Floats, float, Floats]:
    """The step of coefficients [P] and of inclinations [N], what it promises, and the prices of leaving the constraint [N]."""
    z, shape = rows.last, rows.height.value.shape
    by_z = np.broadcast_to(rows.excess.slope[z], shape)
    price = -np.broadcast_to(rows.height.slope.get(z, 0.0), shape) / by_z
    lagrangian = rows.height + rows.excess * price
    back = -rows.excess.value / by_z
    tangent = {k: -np.broadcast_to(one, shape) / by_z for k, one in rows.excess.slope.items() if k != z}
    reduced = _reduced(lagrangian, z, tangent, back)
    design = problem.design
    on_rows = Likelihood(design, lambda _, chosen: reduced.rows(np.arange(shape[1])[chosen]), problem.num_rows)
    there = on_rows(np.zeros((1, len(design))))
    step, promise = newton_step(there.gradient, there.hessian, problem.spreads())
    moves = back[0] + sum(
        tangent[k][0] * (one.matrix @ step[0][list(one.index)]) for k, one in enumerate(design.inputs) if k in tangent
    )
    return step[0], np.asarray(moves, float), float(promise[0]), np.maximum(prices, STEEPNESS * np.abs(price[0]))


def _reduced(lagrangian: Jet, z: int, tangent: dict[int, Floats], back: Floats) -> Jet:
    """The Lagrangian as a jet of the inputs alone, the inclination following along `tangent` from `back` on."""

    def bend(k: int, m: int) -> Slope:
        return lagrangian.bend.get((min(k, m), max(k, m)), 0.0)

    inputs = sorted({*lagrangian.slope, *tangent} - {z})
    slope: dict[int, Slope] = {
        k: lagrangian.slope.get(k, 0.0) + back * (bend(k, z) + tangent.get(k, 0.0) * bend(z, z)) for k in inputs
    }
    bends: dict[tuple[int, int], Slope] = {
        (k, m): bend(k, m)
        + tangent.get(m, 0.0) * bend(k, z)
        + tangent.get(k, 0.0) * bend(m, z)
        + tangent.get(k, 0.0) * tangent.get(m, 0.0) * bend(z, z)
        for at, k in enumerate(inputs)
        for m in inputs[at:]
    }
    return Jet(lagrangian.value, 2, slope, bends)
