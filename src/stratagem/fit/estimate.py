"""The fit of a model to a table: all maxima found, what the data can see, how sure the estimates are.

Takes a `Problem` and what was asked; gives `Fitted`. Knows no file and no view.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr

from stratagem.errors import DataError, NotSolvedError
from stratagem.fit.design import Design
from stratagem.fit.identify import Flat, Seen, flat_directions, num_flat, seen
from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Likelihood
from stratagem.fit.maximise import Maximum, distinct, maximise, merged, polish
from stratagem.fit.penalty import Pull
from stratagem.fit.problem import Problem
from stratagem.fit.starts import starts as draw_starts
from stratagem.fit.uncertainty import bootstrap, inverse_information, sandwich

Progress = Callable[[int, int], None]
HIGHER = 1e-6  # what an end must lie above a maximum to count as higher
FURTHER, MOVES = 50, 0.01  # steps on from an end that is no maximum, and by how many spreads what rises moves in them
FEW = 4  # starts, below which no further ones are drawn
MOST_ROUNDS = 4  # of further starts, while the best maximum was found only once


@dataclass(frozen=True)
class Request:
    """How to fit."""

    starts: int = 8
    seed: int = 1
    errors: Literal["observed", "robust", "clustered", "bootstrap"] = "observed"
    samples: int = 500  # of the bootstrap
    penalty: tuple[str, float] | None = None


@dataclass(frozen=True)
class Estimate:
    """One coefficient; without a standard error where the data cannot see it."""

    name: str
    value: float
    error: float | None

    @property
    def z(self) -> float | None:
        """The estimate in standard errors."""
        return None if self.error is None or self.error == 0 else self.value / self.error

    @property
    def p(self) -> float | None:
        """How often a coefficient of zero would look as far from it, by the normal approximation."""
        return None if self.z is None else 2 * float(ndtr(-abs(self.z)))


@dataclass(frozen=True)
class Fitted:
    """A fitted model."""

    problem: Problem
    request: Request
    coefficients: Floats  # [P]
    covariance: Floats  # [P, P]
    log_likelihood: float  # without penalty
    maxima: tuple[Maximum, ...]
    flat: Flat
    gradient: float  # the largest of the scaled gradient at the maximum
    num_starts: int
    num_unfinished: int  # starts that ended on no maximum
    is_bounded: bool  # whether the highest end is a maximum
    highest: float  # the log-likelihood at the highest end
    rising: tuple[str, ...]  # the coefficients along which the highest end rises, where that is no maximum
    num_failed_samples: int

    @property
    def names(self) -> tuple[str, ...]:
        """The coefficients."""
        return self.problem.design.names

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Each coefficient with its standard error."""
        hidden = self.flat.names() if self.has_maximum else {*self.flat.names(), *(self.rising or self.names)}
        return tuple(
            Estimate(name, float(value), None if name in hidden else math.sqrt(max(float(variance), 0.0)))
            for name, value, variance in zip(self.names, self.coefficients, np.diag(self.covariance), strict=True)
        )

    def outcomes(self, on: Design | None = None) -> dict[str, Floats]:
        """The probability of each outcome in each row, at the estimates."""
        return self.problem.outcomes(self.coefficients, on)

    def offers(self, on: Design | None = None) -> tuple[Floats, Floats]:
        """Expected offer and chance of acceptance of an ultimatum game in each row, at the estimates."""
        return self.problem.offers(self.coefficients, on)

    def forecast(self, problem: Problem) -> Floats:
        """The log-probability of what happened in each row of a problem [N], at the estimates."""
        return problem.likelihood().by_row(self.coefficients)

    def drawn(self, seed: int, count: int = 400) -> Floats:
        """Coefficients [count, P] from their normal approximation."""
        sizes, ways = np.linalg.eigh(self.covariance)
        root = ways * np.sqrt(np.maximum(sizes, 0))
        drawn = np.random.default_rng(seed).standard_normal((count, len(sizes)))
        return np.asarray(self.coefficients + drawn @ root.T, float)

    @property
    def has_maximum(self) -> bool:
        """Whether the estimates are a maximum."""
        return bool(self.maxima)

    @property
    def num_free(self) -> int:
        """How many coefficients the data can tell apart."""
        return len(self.names) - len(self.flat.unseen)


def fit(problem: Problem, request: Request | None = None, progress: Progress | None = None) -> Fitted:
    """Maximum likelihood (penalised where asked) from several starts. Raises `NotSolvedError` where none ends anywhere."""
    request = request or Request()
    if request.penalty is None:
        _check_enough(problem)
    spreads = problem.spreads()
    penalty = None if request.penalty is None else Pull.on(problem.design, *request.penalty)
    likelihood = problem.likelihood(penalty=penalty)
    first = draw_starts(problem, request.starts, request.seed)
    known = Seen() if penalty is not None else seen(likelihood, first[0], spreads, request.seed)
    maxima, highest, tried, unfinished = _climbs(problem, likelihood, request, first, known, progress)
    is_bounded = bool(maxima) and maxima[0].value > highest.value - HIGHER
    best = polish(likelihood, maxima[0].coefficients, spreads) if maxima else highest.coefficients
    there = likelihood(best[None])
    information = -there.hessian[0]
    flat = flat_directions(information, problem.design.names, spreads, known)
    rising = () if is_bounded else _rising(problem, likelihood, highest.coefficients, Flat() if maxima else flat)
    inverse = inverse_information(information, spreads)
    covariance, failed = _covariance(problem, request, inverse, best, spreads, penalty, progress)
    return Fitted(
        problem, request, best, covariance, float(likelihood.by_row(best).sum()), maxima, flat,
        float(np.abs(there.gradient[0] / spreads).max()), tried, unfinished, is_bounded, highest.value, rising, failed,
    )  # fmt: skip


def _check_enough(problem: Problem) -> None:
    """Raises `DataError` for more coefficients than the rows can tell, each row of counts as many as it has free shares."""
    each = len(problem.model.outcomes) - 1 if problem.model.response.counts else 1
    if len(problem.design) > problem.num_rows * each:
        rows = f"{problem.num_rows} row{'s' if problem.num_rows > 1 else ''}"
        raise DataError(
            f"{problem.table.file}: {len(problem.design)} coefficients for {rows} that can be used; "
            "leave out terms, or factors with as many levels as rows, or give `--penalty ridge`"
        )


def _rising(problem: Problem, likelihood: Likelihood, at: Floats, flat: Flat) -> tuple[str, ...]:
    """The coefficients that are still on the move where a climb stopped [P]: in flat directions, or when it goes on."""
    spreads = problem.spreads()
    on = maximise(likelihood, at[None], spreads, most_steps=FURTHER).coefficients[0]
    moves = np.abs((on - at) * spreads) > MOVES
    flown = {name for one in flat.diverging for name in one.parts}
    return tuple(name for name, moved in zip(problem.design.names, moves, strict=True) if moved or name in flown)


def _climbs(
    problem: Problem, likelihood: Likelihood, request: Request, first: Floats, known: Seen, progress: Progress | None
) -> tuple[tuple[Maximum, ...], Maximum, int, int]:
    """The maxima found, the highest end of any start, how many starts there were and how many ended on no maximum.

    As long as the highest maximum was found by one start alone or an end lies higher, further starts are drawn.
    """
    spreads, maxima, tried, unfinished = problem.spreads(), (), 0, 0  # type: Floats, tuple[Maximum, ...], int, int
    highest = Maximum(first[0], -math.inf, 0)
    for round_ in range(MOST_ROUNDS + 1):
        begun = draw_starts(problem, request.starts, request.seed + round_, is_first=False) if round_ else first
        ends = maximise(likelihood, begun, spreads)
        found = _without_ridges(distinct(ends, spreads), likelihood, spreads, known)
        maxima = merged((*maxima, *found), spreads, by_height=known.unseen + known.faint > 0)
        tried, unfinished = tried + len(begun), unfinished + len(begun) - sum(one.num_starts for one in found)
        top = int(np.argmax(np.where(np.isfinite(ends.value), ends.value, -np.inf)))
        if ends.value[top] > highest.value:
            highest = Maximum(ends.coefficients[top], float(ends.value[top]), 1)
        if progress is not None:
            progress(tried, request.starts * (MOST_ROUNDS + 1))
        is_sure = bool(maxima) and maxima[0].num_starts > 1 and maxima[0].value > highest.value - HIGHER
        if is_sure or request.starts < FEW:
            break
    if not math.isfinite(highest.value):
        raise NotSolvedError(
            f"{problem.model.file}: none of {tried} starts has a likelihood; simplify the model, or give `--penalty ridge`"
        )
    return maxima, highest, tried, unfinished


def _without_ridges(
    maxima: tuple[Maximum, ...], likelihood: Likelihood, spreads: Floats, known: Seen
) -> tuple[Maximum, ...]:
    """Maxima without those that are flat in a direction that is not so everywhere: an endless rise, too slow to feel."""
    return tuple(
        one
        for one in maxima
        if num_flat(-likelihood(one.coefficients[None]).hessian[0], spreads) <= known.unseen + known.faint
    )


def _covariance(
    problem: Problem,
    request: Request,
    inverse: Floats,
    best: Floats,
    spreads: Floats,
    penalty: Pull | None,
    progress: Progress | None,
) -> tuple[Floats, int]:
    if request.errors == "observed":
        return inverse, 0
    clusters = (
        problem.table.words(problem.model.cluster) if problem.model.cluster and request.errors != "robust" else None
    )
    likelihood = problem.likelihood(penalty=penalty)
    if request.errors in ("robust", "clustered"):
        return sandwich(inverse, likelihood.scores(best), clusters), 0
    drawn, failed = bootstrap(likelihood, best, spreads, request.samples, request.seed, clusters, progress)
    return np.atleast_2d(np.cov(drawn.T)), failed
