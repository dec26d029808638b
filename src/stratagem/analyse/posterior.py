"""Worlds after what was seen: how much each counts, and numbers and questions under them (M12).

Takes readings, and weights or draws; gives pooled numbers before and after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratagem.analyse.pareto import SMOOTHED_FROM, Smoothed, smooth
from stratagem.analyse.pooling import Pooled, effective_size, pool, quantiles
from stratagem.analyse.seen import Reading
from stratagem.graph.game import Floats

LEAST_SIZE = 50  # effective worlds below which weights count as collapsed
POINTS = (0.05, 0.5, 0.95)
BLOCKS, BINS = "▁▂▃▄▅▆▇█", 12
ENDS = (0.005, 0.995)


@dataclass(frozen=True)
class Weighing:
    """Worlds weighed by how likely what was seen is in them."""

    smoothed: Smoothed
    weight: Floats  # [W], sums to 1

    @property
    def size(self) -> float:
        """The effective number of worlds."""
        return effective_size(self.weight)

    @property
    def has_collapsed(self) -> bool:
        """Whether the weights rest on too few worlds to be trusted."""
        return not self.smoothed.is_reliable or self.size < min(LEAST_SIZE, len(self.weight) / 2)


def weigh(likelihood: Floats) -> Weighing:
    """Worlds weighed by a likelihood [W] that is not 0 everywhere; smoothed where its tail is so heavy that plain weights would not do."""
    smoothed = smooth(likelihood / likelihood.max())
    ratios = smoothed.ratios if smoothed.shape > SMOOTHED_FROM else likelihood
    return Weighing(smoothed, ratios / ratios.sum())


@dataclass(frozen=True)
class Spread:
    """A number over weighed worlds."""

    mean: float
    p5: float
    p50: float
    p95: float
    sd: float
    error: float
    density: str  # over the range that it had before


def spread(values: Floats, weight: Floats, ends: tuple[float, float]) -> Spread:
    """A number [W] under weights [W]; its density between `ends` as a small picture."""
    total = weight.sum()
    mean = float(weight @ values / total)
    low, middle, high = quantiles(values[weight > 0], weight[weight > 0], POINTS)
    variance = float(weight @ (values - mean) ** 2 / total)
    error = float(np.sqrt(((weight * (values - mean)) ** 2).sum())) / float(total)
    return Spread(mean, low, middle, high, variance**0.5, error, sparkline(values, weight, ends))


def ends_of(values: Floats) -> tuple[float, float]:
    """The range in which nearly all values lie."""
    low, high = quantiles(values, np.ones(len(values)), ENDS)
    return low, high


def sparkline(values: Floats, weight: Floats, ends: tuple[float, float]) -> str:
    """The density of values as a row of blocks.

    >>> sparkline(np.array([0.0, 1.0, 1.0]), np.ones(3), (0.0, 1.0))
    '▄          █'
    """
    count, _ = np.histogram(
        np.clip(values, *ends), BINS, ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[0] + 0.5), weights=weight
    )
    most = count.max()
    levels = np.ceil(count / most * len(BLOCKS)).astype(int) if most > 0 else np.zeros(BINS, int)
    return "".join(" " if count[place] <= 0 else BLOCKS[level - 1] for place, level in enumerate(levels))


def asked(reading: Reading, weight: Floats, question: int) -> Pooled | None:
    """A question under a history, worlds weighed by `weight` [W] (which holds the history's probability already); None where void."""
    safe = np.where(reading.likelihood > 0, reading.likelihood, np.inf)
    event, condition = (weight * (part[question] / safe) for part in (reading.questions, reading.conditions))
    return pool(event, condition)


def bits(ratio: Floats, weight: Floats) -> float:
    """What an observation of likelihood `ratio` [W] tells of the worlds that weighed `weight` [W] before: the divergence of after from before, in bits."""
    mean = float(weight @ ratio / weight.sum())
    if mean <= 0:
        return 0.0
    after = weight * ratio / (mean * weight.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(ratio > 0, np.log2(ratio / mean), 0.0)
    return max(float(after @ logs), 0.0)
