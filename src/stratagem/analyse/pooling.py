"""Means, ranges and errors over weighted worlds (M10, M13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import Floats

BINS = 1024


@dataclass(frozen=True)
class Pooled:
    """A number over worlds: its pooled mean, 5 % and 95 % points, and the Monte Carlo error of the mean."""

    mean: float
    p5: float | None
    p95: float | None
    error: float


def pool(joint: Floats, weight: Floats) -> Pooled | None:
    """The ratio of pooled means of `joint` and `weight` [W], with quantiles of the ratio by world; None where nothing weighs.

    The error is the delta method's for a ratio, as if worlds were independent: an upper bound for stratified ones.
    """
    total = float(weight.sum())
    if not total > 0:
        return None
    mean = float(joint.sum()) / total
    counted = weight > 0
    low, high = quantiles(joint[counted] / weight[counted], weight[counted], (0.05, 0.95))
    error = float(np.sqrt(((joint - mean * weight) ** 2).sum())) / total
    return Pooled(mean, low, high, error)


def quantiles(values: Floats, weight: Floats, points: tuple[float, ...]) -> list[float]:
    """Weighted quantiles: the least value up to which at least that share of the weight lies.

    Values are binned first and only the bins that hold a quantile are sorted, which for thousands of worlds is much faster.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return [low] * len(points)
    bins = np.minimum((values - low) / (high - low) * BINS, BINS - 1).astype(np.int32)
    passed = np.cumsum(np.bincount(bins, weight, BINS))
    found = []
    for target in np.asarray(points) * passed[-1] * (1 - 1e-12):
        place = int(np.searchsorted(passed, target))
        members = np.flatnonzero(bins == place)
        members = members[np.argsort(values[members], kind="stable")]
        inside = (passed[place - 1] if place else 0.0) + np.cumsum(weight[members])
        found.append(float(values[members[min(np.searchsorted(inside, target), len(members) - 1)]]))
    return found


def effective_size(weight: Floats) -> float:
    """Kish's effective number of worlds."""
    most = float(weight.max())
    if not most > 0:
        return 0.0
    relative = weight / most  # weights may be so small that their squares are 0
    return float(relative.sum() ** 2 / (relative**2).sum())
