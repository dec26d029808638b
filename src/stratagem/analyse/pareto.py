"""How far importance weights can be trusted: Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR 25(72)).

Takes importance ratios; gives smoothed ratios and the shape of their tail, k-hat. Knows nothing of games.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import Floats

TAIL_SHARE, TAIL_ROOTS = 0.2, 3.0  # the tail is at most a fifth of the ratios, and three times the root of their number
LEAST_TAIL = 5
PRIOR_SHAPE, PRIOR_SIZE = 0.5, 10  # weak prior on the shape
GOOD_SHAPE = 0.7
SMOOTHED_FROM = 0.5  # up to here the variance of the plain weights is finite, and they stand as they are


@dataclass(frozen=True)
class Smoothed:
    """Importance ratios with a smooth tail."""

    ratios: Floats  # [S]
    shape: float  # k-hat; -inf where there is no tail, inf where a few ratios are all there is

    @property
    def limit(self) -> float:
        """The shape up to which so many draws give a reliable mean (Vehtari et al., section 3.2.4)."""
        return min(1 - 1 / math.log10(max(len(self.ratios), 11)), GOOD_SHAPE)

    @property
    def is_reliable(self) -> bool:
        """Whether means under these weights can be trusted."""
        return self.shape <= self.limit


def smooth(ratios: Floats) -> Smoothed:
    """The ratios [S], their largest replaced by expected order statistics of a generalised Pareto distribution fitted to them."""
    size = len(ratios)
    order = np.argsort(ratios, kind="stable")
    count = min(math.ceil(min(TAIL_SHARE * size, TAIL_ROOTS * math.sqrt(size))), size - 1)
    cut = ratios[order[size - count - 1]]
    tail = order[ratios[order] > cut]
    if len(tail) < LEAST_TAIL:
        is_all = len(tail) and ratios[tail].sum() > TAIL_SHARE * ratios.sum()
        return Smoothed(ratios, math.inf if is_all else -math.inf)
    shape, scale = fit_tail(ratios[tail] - cut)
    found = ratios.copy()
    if math.isfinite(shape):
        points = (np.arange(len(tail)) + 0.5) / len(tail)
        found[tail] = np.minimum(cut + pareto_quantile(points, shape, scale), ratios[order[-1]])
    return Smoothed(found, shape)


def pareto_quantile(points: Floats, shape: float, scale: float) -> Floats:
    """Quantiles of the generalised Pareto distribution that starts at 0."""
    if abs(shape) < 1e-12:
        return np.asarray(-scale * np.log1p(-points))
    return np.asarray(scale * np.expm1(-shape * np.log1p(-points)) / shape)


def fit_tail(excess: Floats) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto distribution for excesses in rising order, the empirical Bayes estimate of Zhang & Stephens
    (2009, Technometrics 51:316-325), the shape drawn towards a half as in Vehtari et al. (2024, appendix C)."""
    size = len(excess)
    grid = 30 + int(math.sqrt(size))
    quartile, most = excess[int(size / 4 + 0.5) - 1], excess[-1]
    theta = 1 / most + (1 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (3 * quartile)
    shapes = np.log1p(-theta[:, None] * excess).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = size * (np.log(-theta / shapes) - shapes - 1)
    logs = np.where(np.isfinite(logs), logs, -np.inf)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    centre = float(weight @ theta)
    shape = float(np.log1p(-centre * excess).mean())
    scale = -shape / centre
    return (size * shape + PRIOR_SIZE * PRIOR_SHAPE) / (size + PRIOR_SIZE), scale
