"""Proper scores, the parts of the Brier score, and intervals by clusters.

Takes forecasts as arrays and what happened; gives scores by forecast. Knows neither tables nor scenarios.

Axes: N forecasts, K categories, M scores, C clusters, B bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats

Categories = NDArray[np.intp]

MOST_DISTINCT = 11  # 0, 10, …, 100 %: up to so many distinct forecasts each is a bin of its own
BINS = 10
RESAMPLES = 4000
BATCH = 2_000_000  # counts held at once
INTERVAL = (0.05, 0.95)


def brier(chance: Floats, happened: Categories) -> Floats:
    """[N] the Brier score of forecasts [N, K]: of two categories the squared error of one (Brier 1950, halved), of more the sum of all.

    >>> brier(np.array([[0.9, 0.1]]), np.array([0])).round(3).tolist()
    [0.01]
    """
    errors = (chance - _indicator(chance, happened)) ** 2
    return np.asarray(errors[:, -1] if chance.shape[1] == 2 else errors.sum(axis=1))


def log_score(chance: Floats, happened: Categories) -> Floats:
    """[N] minus the natural logarithm of the probability given to what happened (Good 1952); infinite where that was 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(0.0 - np.log(chance[np.arange(len(chance)), happened]))


def ranked_probability(chance: Floats, happened: Categories) -> Floats:
    """[N] the ranked probability score (Epstein 1969), over categories in their order, divided by K - 1; of two it is the Brier score."""
    ahead = np.cumsum(chance - _indicator(chance, happened), axis=1)[:, :-1]
    return np.asarray((ahead**2).mean(axis=1))


def _indicator(chance: Floats, happened: Categories) -> Floats:
    found = np.zeros_like(chance)
    found[np.arange(len(chance)), happened] = 1.0
    return found


@dataclass(frozen=True)
class Bin:
    """Forecasts that count as one: their mean, how often the event came, their weight and number."""

    forecast: float
    frequency: float
    weight: float
    count: int


@dataclass(frozen=True)
class Parts:
    """The Brier score as reliability - resolution + uncertainty + what differs within bins (Murphy 1973; Stephenson et al. 2008)."""

    reliability: float
    resolution: float
    uncertainty: float
    within: float  # 0 where each distinct forecast is a bin
    bins: tuple[Bin, ...]
    is_exact: bool


def parts(forecast: Floats, happened: NDArray[np.bool_], weight: Floats) -> Parts:
    """The parts of the Brier score of one event: exact by distinct forecasts where they are few, by ten bins of equal width otherwise."""
    values, group = np.unique(np.round(forecast, 12), return_inverse=True)
    is_exact = len(values) <= MOST_DISTINCT
    if not is_exact:
        group = np.minimum((forecast * BINS).astype(np.intp), BINS - 1)
    share = weight / weight.sum()
    mass = np.bincount(group.reshape(-1), share)
    kept = mass > 0
    mean, rate = (
        np.bincount(group.reshape(-1), share * one)[kept] / mass[kept] for one in (forecast, happened.astype(float))
    )
    count = np.bincount(group.reshape(-1))[kept]
    base = float(share @ happened)
    mass = mass[kept]
    reliability, resolution = float(mass @ (mean - rate) ** 2), float(mass @ (rate - base) ** 2)
    uncertainty = base * (1 - base)
    score = float(share @ (forecast - happened) ** 2)
    bins = tuple(
        Bin(float(f), float(r), float(m * weight.sum()), int(n))
        for f, r, m, n in zip(mean, rate, mass, count, strict=True)
    )
    within = 0.0 if is_exact else score - (reliability - resolution + uncertainty)
    return Parts(reliability, resolution, uncertainty, within, bins, is_exact)


@dataclass(frozen=True)
class Mean:
    """A weighted mean with its 90 % interval; without one where there is but one cluster, or where it is infinite."""

    value: float
    low: float | None
    high: float | None


def means(values: Floats, weight: Floats, cluster: Categories, seed: int) -> list[Mean]:
    """M weighted means of values [M, N], with intervals from drawing whole clusters again and again (Field & Welsh 2007)."""
    total = weight.sum()
    finite = np.array([bool(np.isfinite(one).all()) for one in values])
    places, members = np.unique(cluster, return_inverse=True)
    sums = np.array(
        [np.bincount(members, weight * np.where(ok, one, 0.0)) for one, ok in zip(values, finite, strict=True)]
    )
    weights = np.bincount(members, weight).astype(np.float64)
    drawn = _redrawn(sums, weights, seed) if len(places) > 1 else None
    found = []
    for place, one in enumerate(values):
        if drawn is None or not finite[place]:
            found.append(Mean(float((weight * one).sum() / total), None, None))
        else:
            low, high = np.quantile(drawn[:, place], INTERVAL)
            found.append(Mean(float(weight @ one / total), float(low), float(high)))
    return found


def _redrawn(sums: Floats, weights: Floats, seed: int) -> Floats:
    """[resamples, M] means over clusters drawn with replacement."""
    size = len(weights)
    random = np.random.default_rng(seed)
    found = []
    left = RESAMPLES
    while left > 0:
        count = min(left, max(BATCH // size, 1))
        times = random.multinomial(size, np.full(size, 1 / size), size=count).astype(np.float64)
        weighed = times @ weights
        found.append((times @ sums.T) / np.where(weighed > 0, weighed, np.nan)[:, None])
        left -= count
    return np.concatenate(found)
