"""What one number tells of others, estimated from worlds that are solved already ("given data").

Takes a number [W], responses [W, M] and weights [W]; gives conditional means and what they add to the mean of a convex function.
Knows neither games nor scenarios.

Variance explained, mutual information and the expected value of learning are one thing: E f(E[y|q]) - f(E y) for a convex f (a
square, a negative entropy, a maximum). E[y|q] is a regression (Strong, Oakley & Brennan 2014, Medical Decision Making 34:311-326;
Heath, Manolopoulou & Baio 2017, 37:747-758), its form chosen by leaving one world out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.pooling import effective_size
from stratagem.graph.families import normal_quantile
from stratagem.graph.game import Floats

KNOTS = (2, 3, 4, 6, 9)  # of natural cubic splines; two make a straight line
BINS = (8, 32)
LEVELS = 12  # up to so many distinct values, each is a level of its own
WORLDS_A_TERM = 8  # effective worlds that a term of a regression needs
DEPENDENT = 1e-11  # squared length, relative to the longest, below which a term depends on others
NEGLIGIBLE = 1e-12  # share of the largest weight below which a world does not count
UNDETECTED = 4.0  # variance, in units of its Monte Carlo error squared, of an effect that may go unseen: two errors
NODES, MASSES = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True)
class Sample:
    """Responses by world; those that weigh next to nothing are left out."""

    counted: NDArray[np.bool_]  # [all] which worlds stand here
    y: Floats  # [W, M]
    weight: Floats  # [W], sums to 1

    @property
    def size(self) -> float:
        """The effective number of worlds."""
        return effective_size(self.weight)

    @property
    def mean(self) -> Floats:
        """[M]."""
        return np.asarray(self.weight @ self.y)

    @property
    def spread(self) -> Floats:
        """[M] variance over worlds."""
        return np.asarray(self.weight @ (self.y - self.mean) ** 2)


def sample(y: Floats, weight: Floats) -> Sample | None:
    """The sample of responses [all, M] under weights [all]; None where nothing weighs."""
    counted = weight > NEGLIGIBLE * weight.max()
    total = float(weight[counted].sum())
    return Sample(counted, y[counted], weight[counted] / total) if total > 0 else None


@dataclass(frozen=True)
class Fit:
    """Conditional means of the responses given a number, [W, M]."""

    fitted: Floats
    left_out: Floats  # each world's, from all others


def fit(number: Floats, one: Sample) -> Fit:
    """E[y|number] in the worlds of a sample; for each response the form that predicts left-out worlds best."""
    root = np.sqrt(one.weight)[:, None]
    low, high = one.y.min(axis=0), one.y.max(axis=0)
    best = np.full(one.y.shape[1], np.inf)
    found = Fit(np.empty_like(one.y), np.empty_like(one.y))
    for terms in _forms(number, one):
        fitted = np.clip(terms @ (terms.T @ (root * one.y)) / root, low, high)
        left_out = np.clip(_left_out(terms, fitted, one), low, high)
        error = one.weight @ (one.y - left_out) ** 2
        better = error < best * (1 - 1e-9)
        best = np.where(better, error, best)
        found.fitted[:, better], found.left_out[:, better] = fitted[:, better], left_out[:, better]
    return found


def _left_out(terms: Floats, fitted: Floats, one: Sample) -> Floats:
    """Each world predicted by the others; by the mean where the others say nothing of it (Allen 1974, Technometrics 16:125-127)."""
    leverage = (terms**2).sum(axis=1, keepdims=True)
    is_alone = leverage > 1 - 1e-9
    return np.where(is_alone, one.mean, one.y - (one.y - fitted) / np.where(is_alone, 1.0, 1 - leverage))


def _forms(number: Floats, one: Sample) -> Iterator[Floats]:
    """Orthonormal terms [W, k] of each form of regression, weighted, plainest first."""
    root = np.sqrt(one.weight)[:, None]
    yield root
    values, level = np.unique(number, return_inverse=True)
    most = one.size / WORLDS_A_TERM
    if len(values) == 1:
        return
    rank = _middle_ranks(level.reshape(-1), one.weight)
    score = normal_quantile(np.clip(rank, 1e-9, 1 - 1e-9))
    for knots in KNOTS:
        if knots <= most and (knots == 2 or len(values) > LEVELS):
            yield _orthonormal(root * natural_spline(score, normal_quantile(np.linspace(0.05, 0.95, knots))))
    if len(values) <= LEVELS:
        yield _indicators(level.reshape(-1), root)
        return
    for bins in BINS:
        if bins <= most:
            yield _indicators((rank * bins).astype(np.int64), root)


def _orthonormal(terms: Floats) -> Floats:
    """[W, k] terms that span the same, each of length 1; what depends on the others is left out.

    By the eigenvectors of the Gram matrix, which for long thin arrays is much faster than Householder's method.
    """
    terms = terms / np.sqrt((terms**2).sum(axis=0))
    lengths, turns = np.linalg.eigh(terms.T @ terms)
    is_own = lengths > DEPENDENT * lengths[-1]
    return np.asarray(terms @ (turns[:, is_own] / np.sqrt(lengths[is_own])))


def _middle_ranks(level: np.ndarray, weight: Floats) -> Floats:
    """[W] the weight below each world's value and half of that at it."""
    mass = np.bincount(level, weight)
    return np.asarray((np.cumsum(mass) - mass / 2)[level])


def _indicators(group: np.ndarray, root: Floats) -> Floats:
    """[W, groups] orthonormal terms of a mean by group."""
    _, group = np.unique(group, return_inverse=True)
    terms = np.zeros((len(root), int(group.max()) + 1))
    terms[np.arange(len(root)), group.reshape(-1)] = root[:, 0]
    return np.asarray(terms / np.sqrt((terms**2).sum(axis=0)))


def natural_spline(x: Floats, knots: Floats) -> Floats:
    """[W, knots] terms of the natural cubic spline, straight beyond the outer knots (Hastie, Tibshirani & Friedman 2009, eq. 5.4-5.5).

    >>> natural_spline(np.array([0.0, 1.0]), np.array([0.0, 1.0])).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    last = knots[-1]
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    bends = (cubes[:, :-1] - cubes[:, -1:]) / (last - knots[:-1])
    return np.column_stack([np.ones_like(x), x, bends[:, :-1] - bends[:, -1:]])


class Convex(Protocol):
    """A convex function by its tangents; it is their envelope."""

    def __call__(self, at: Floats, y: Floats) -> Floats:
        """The tangent at `at` [n, M], read at `y` [n, M]: [n, K]."""


def square(at: Floats, y: Floats) -> Floats:
    """The tangent of y squared; what it gains is variance explained."""
    return np.asarray(2 * at * y - at**2)


def maximum(at: Floats, y: Floats) -> Floats:
    """The tangent of the greatest of y: the one that is greatest at `at`; what it gains is the value of choosing later."""
    best = at.argmax(axis=1)
    return np.asarray(y[np.arange(len(y)), best][:, None])


@dataclass(frozen=True)
class Surety:
    """The negative entropy, in bits, of events with these mean probabilities; what it gains is mutual information."""

    mean: Floats  # [M]
    size: float

    def __call__(self, at: Floats, y: Floats) -> Floats:
        """The tangent; no mean of so few worlds is surer than half a world."""
        least = 0.5 / self.size
        yes = np.clip(at, self.mean * least, 1 - (1 - self.mean) * least)
        return np.asarray(_times_log(y, yes) + _times_log(1 - y, 1 - yes))


def _times_log(y: Floats, at: Floats) -> Floats:
    return np.asarray(y * np.log2(np.where(at > 0, at, 1.0)))


@dataclass(frozen=True)
class Gain:
    """What is gained, and its Monte Carlo error (one standard error)."""

    value: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether it is more than two errors above nothing."""
        return self.value > 2 * self.error


def gains(one: Sample, convex: Convex, known: Fit | None) -> list[Gain]:
    """K gains E f(E[y|q]) - f(E y) of knowing what `known` was fitted to, or of knowing y itself (`None`).

    The mean of f at fitted values is too large by their noise; that of the tangent at left-out predictions, which is a
    lower bound, too small by as much to second order: their middle stands, and half their distance is part of the error.
    """
    mean = np.broadcast_to(one.mean, one.y.shape)
    fitted, left_out = (one.y, one.y) if known is None else (known.fitted, known.left_out)
    base, tangent = convex(mean, one.y), convex(left_out, one.y)
    over, under = one.weight @ convex(fitted, fitted), one.weight @ tangent
    value = np.maximum((over + under) / 2 - one.weight @ base, 0.0)
    gained = tangent - base
    sampling = one.weight**2 @ (gained - one.weight @ gained) ** 2
    error = np.sqrt(sampling + ((over - under) / 2) ** 2 + _undetected(one, convex, fitted) ** 2)
    return [Gain(float(v), float(e)) for v, e in zip(value, error, strict=True)]


def _undetected(one: Sample, convex: Convex, fitted: Floats) -> Floats:
    """[K] what an effect on one response would gain that is as small as Monte Carlo error, and which no regression would see.

    It adds to the spread of the fitted values, as if they were normal, where the response's mean is as near to the greatest as its error allows.
    """
    noise = UNDETECTED * one.spread / one.size
    mean = np.minimum(one.mean + np.sqrt(noise), one.mean.max())
    seen = one.weight @ (fitted - one.weight @ fitted) ** 2
    found = []
    for response in range(len(mean)):
        more, less = (_normal_gain(one, convex, mean, response, np.sqrt(seen + v)[response]) for v in (noise, 0.0))
        found.append(more - less)
    return np.asarray(np.max(found, axis=0))


def _normal_gain(one: Sample, convex: Convex, mean: Floats, response: int, sd: float) -> Floats:
    """[K] what is gained where the conditional mean of one response is normal, within the response's range."""
    at = np.tile(mean, (len(NODES), 1))
    at[:, response] = np.clip(at[:, response] + sd * NODES, one.y[:, response].min(), one.y[:, response].max())
    centre = np.broadcast_to(MASSES @ at / MASSES.sum(), at.shape)
    return np.asarray(MASSES @ (convex(at, at) - convex(centre, at)) / MASSES.sum())
