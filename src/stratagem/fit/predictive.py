"""Posterior predictive checks: what the fitted model would have produced in the rows that it was fitted on, beside what happened.

Gelman, Meng and Stern 1996, Statistica Sinica 6:733-807. A check's p is how often the model produces as much or more, an
equal number counting half; near 0 or 1 the model does not produce what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import wrightomega

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.fit.jet import Floats
from stratagem.fit.posterior import Posterior
from stratagem.fit.tree import Tree

REPLICAS = 1000
TOGETHER = 1 << 20  # replicas times rows worked on at once
CELLS = ("lowest third", "middle third", "highest third")
EXTREME = 0.025  # of p, on either side


@dataclass(frozen=True)
class Check:
    """Something counted or measured: as it was seen, and as the model produces it [R]."""

    what: str
    seen: float
    replicas: Floats
    of: str = ""

    @property
    def p(self) -> float:
        """How often the model produces as much or more; an equal number counts half."""
        return float((self.replicas > self.seen).mean() + 0.5 * (self.replicas == self.seen).mean())

    @property
    def is_odd(self) -> bool:
        """Whether the model hardly ever produces what was seen."""
        return not EXTREME <= self.p <= 1 - EXTREME


@dataclass(frozen=True)
class Checks:
    """Every check of a fit: overall, by outcome, by move and by cell."""

    overall: Check | None
    outcomes: tuple[Check, ...]
    moves: tuple[Check, ...] = ()
    cells: tuple[Check, ...] = ()

    @property
    def all(self) -> tuple[Check, ...]:
        """All but the overall one."""
        return (*self.outcomes, *self.moves, *self.cells)


def check(posterior: Posterior) -> Checks:
    """The checks of a fit: outcomes, actions at each move and cells; of an ultimatum game, of offers."""
    chosen = np.random.default_rng(posterior.request.seed).permutation(len(posterior.draws))[:REPLICAS]
    draws = posterior.draws[chosen]
    if posterior.problem.model.kind == "ultimatum":
        return _check_offers(posterior, draws)
    return _check_outcomes(posterior, draws)


def replicated(posterior: Posterior, draws: Floats) -> dict[str, NDArray[np.float32]]:
    """What the model produces in the rows of a fit at draws of the coefficients [R, P].

    `counts` [R, N, outcomes]; of an ultimatum game `offer` and, where it was seen, `accepted` [R, N]. NaN where a draw gives rows no chances.
    """
    seen = posterior.problem.observed
    if posterior.problem.model.kind == "ultimatum":
        with np.errstate(over="ignore", invalid="ignore"):  # draws of a prior may lie far out
            offers, accepted = _simulated(posterior, draws)
        made = {"offer": offers} if seen.accepted is None else {"offer": offers, "accepted": accepted}
        return {name: one.astype(np.float32) for name, one in made.items()}
    size = np.sum([seen.outcomes[name] for name in posterior.problem.model.outcomes], axis=0).astype(int)
    counts = np.empty((len(draws), len(size), len(posterior.problem.model.outcomes)), np.float32)
    for rows, found in _replicas(posterior, draws, size):
        counts[:, rows] = found
    return {"counts": counts}


def _check_outcomes(posterior: Posterior, draws: Floats) -> Checks:
    problem = posterior.problem
    names = problem.model.outcomes
    counts = np.stack([problem.observed.outcomes[name] for name in names], 1)  # [N, K]
    chances = np.stack([posterior.outcomes()[name] for name in names], 1)
    cell = _thirds(chances)
    members = (cell[..., None] == np.arange(len(CELLS))).astype(float)  # [N, K, cells]
    replicas = np.zeros((len(draws), len(names), len(CELLS)))
    for rows, made in _replicas(posterior, draws, counts.sum(1).astype(int)):
        replicas += np.einsum("rnk,nkc->rkc", made, members[rows])
    seen = np.einsum("nk,nkc->kc", counts, members)
    by_outcome = replicas.sum(2)
    outcomes = tuple(Check(name, float(seen[at].sum()), by_outcome[:, at]) for at, name in enumerate(names))
    cells = tuple(
        Check(name, float(seen[at, place]), replicas[:, at, place], CELLS[place])
        for at, name in enumerate(names)
        for place in range(len(CELLS))
        if members[:, at, place].any()
    )
    expected = np.maximum(replicas.mean(0), 1e-9)
    overall = Check(
        "chi-square over cells",
        float(((seen - expected) ** 2 / expected).sum()),
        ((replicas - expected) ** 2 / expected).sum((1, 2)),
    )
    totals = {name: (float(seen[at].sum()), by_outcome[:, at]) for at, name in enumerate(names)}
    return Checks(overall, outcomes, tuple(_moves(posterior, totals)), cells)


def _replicas(posterior: Posterior, draws: Floats, size: NDArray[np.int64]) -> Iterator[tuple[slice, Floats]]:
    """Counts of outcomes [R, rows, K] that the model produces at each draw, some rows at a time; NaN where it gives no chances."""
    generator = np.random.default_rng(posterior.request.seed)
    problem = posterior.problem
    step = max(1, TOGETHER // len(draws))
    for begin in range(0, problem.num_rows, step):
        rows = slice(begin, min(begin + step, problem.num_rows))
        found = problem.outcomes_of_many(draws, problem.design.rows(rows))
        chances = np.stack([found[name] for name in problem.model.outcomes], -1)
        total = chances.sum(-1, keepdims=True)
        has_chances = np.isfinite(total) & (total > 0)
        chances = np.where(
            has_chances, np.clip(chances, 0, None) / np.where(has_chances, total, 1.0), 1 / chances.shape[-1]
        )
        yield rows, np.where(has_chances, generator.multinomial(size[rows], chances), np.nan)


def _thirds(chances: Floats) -> NDArray[np.int64]:
    """Which third of its column each chance [N, K] is in."""
    cuts = np.quantile(chances, (1 / 3, 2 / 3), axis=0)
    return np.asarray((chances[None] > cuts[:, None]).sum(0), np.int64)


def _moves(posterior: Posterior, totals: Mapping[str, tuple[float, Floats]]) -> Iterator[Check]:
    """The share of each action where its move was reached; moves whose actions share an outcome of several paths are left out."""
    model = posterior.problem.model
    paths = Tree.of(model).paths
    for move in model.moves:
        below = [
            [name for name, ways in paths.items() if any((move, at) in way for way in ways)]
            for at in range(len(move.actions))
        ]
        if move.player is None or any(len(paths[name]) > 1 for names in below for name in names):
            continue
        seen = [sum(totals[name][0] for name in names) for names in below]
        made = [np.asarray(sum(totals[name][1] for name in names)) for names in below]
        for action, one, other in zip(move.actions, seen, made, strict=True):
            if sum(seen):
                yield Check(action, one / sum(seen), other / np.maximum(sum(made), 1), move.name)


def _check_offers(posterior: Posterior, draws: Floats) -> Checks:
    problem = posterior.problem
    response, seen = problem.model.response, problem.observed
    assert seen.offer is not None
    offers, accepted = _simulated(posterior, draws)
    pairs = [
        ("mean offer", seen.offer.mean(), offers.mean(1)),
        ("standard deviation of offers", seen.offer.std(), offers.std(1)),
        ("share of lowest offers", (seen.offer <= response.lowest).mean(), (offers <= response.lowest).mean(1)),
        ("share of highest offers", (seen.offer >= response.highest).mean(), (offers >= response.highest).mean(1)),
    ]
    if seen.accepted is not None:
        pairs.append(("share accepted", seen.accepted.mean(), accepted.mean(1)))
    return Checks(None, tuple(Check(what, float(one), made) for what, one, made in pairs))


def _simulated(posterior: Posterior, draws: Floats) -> tuple[Floats, Floats]:
    """Offers and acceptances [R, N] that the model produces: the first-order condition solved for drawn shocks.

    With u = (y - R2) / s2 it reads u + exp u = (Q - R1 - R2 - e1) / s2 - 1, of which Wright's omega is exp u.
    """
    problem, generator = posterior.problem, np.random.default_rng(posterior.request.seed)
    response = problem.model.response
    inputs = problem.whole(problem.design.jets(draws, 0))
    proposer, responder, log_s1, log_s2 = (np.asarray(getattr(one, "value", one), float) for one in inputs)
    s1, s2 = np.exp(log_s1), np.exp(log_s2)
    shocks = generator.logistic(size=(2, len(draws), problem.num_rows))
    pressed = (response.highest - proposer - responder - s1 * shocks[0]) / s2 - 1
    offers = np.clip(responder + s2 * (pressed - wrightomega(pressed).real), response.lowest, response.highest)
    return offers, (responder + s2 * shocks[1] <= offers).astype(float)


def check_tables(checks: Checks) -> Iterator[Table]:
    """The checks as tables."""
    end = (Column("p5", "from", "size"), Column("p95", "to", "size"), Column("p", "p", "size"))
    two = (Column("seen", "observed", "size"), Column("predicted", "predicted", "size"))
    note = "intervals 90 %; p: how often the model produces as much or more"
    yield Table(
        "predictive_outcomes", "Outcomes, observed and predicted", (Column("what", "what"), *two, *end),
        tuple((one.what, *_numbers(one)) for one in checks.outcomes), note,
    )  # fmt: skip
    if checks.moves:
        yield Table(
            "predictive_moves", "Shares of actions where a move was reached",
            (Column("move", "move"), Column("action", "action"), *two, *end),
            tuple((one.of, one.what, *_numbers(one)) for one in checks.moves), note,
        )  # fmt: skip
    if checks.cells and checks.overall:
        yield Table(
            "predictive_cells", "Outcomes in rows by their predicted chance",
            (Column("outcome", "outcome"), Column("cell", "rows of the"), *two, *end),
            tuple((one.what, one.of, *_numbers(one)) for one in checks.cells),
            f"{note}; {checks.overall.what}: p = {checks.overall.p:.3f}",
        )  # fmt: skip


def _numbers(one: Check) -> tuple[Cell, ...]:
    low, high = np.quantile(one.replicas, (0.05, 0.95))
    return one.seen, float(one.replicas.mean()), float(low), float(high), one.p
