"""Boxes of worlds: limits on a few quantities, and how well they mark out the worlds in which something happens.

Takes numbers by world, an outcome from 0 to 1 and weights; knows no scenario and not how a box is found.

Axes: Q quantities, W worlds, L limits of a box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.pooling import effective_size
from stratagem.errors import UsageError
from stratagem.graph.game import Floats

Mask = NDArray[np.bool_]
FEW_VALUES = 6  # a number that takes no more values than this is read as a category


@dataclass(frozen=True)
class Limit:
    """What a box asks of one quantity: to lie within `low` and `high`, or to be one of `values`."""

    name: str
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] | None = None

    def holds(self, numbers: Floats) -> Mask:
        """[W] where the quantity is within the limit."""
        if self.values is not None:
            return np.asarray(np.isin(numbers, self.values))
        found = np.ones(len(numbers), bool)
        if self.low is not None:
            found &= numbers >= self.low
        if self.high is not None:
            found &= numbers <= self.high
        return found

    def sides(self) -> tuple[Limit, ...]:
        """Its low and its high end apart; a limit to values is one."""
        if self.low is None or self.high is None:
            return (self,)
        return Limit(self.name, low=self.low), Limit(self.name, high=self.high)

    def __str__(self) -> str:
        if self.values is not None:
            return f"{self.name} is {' or '.join(f'{value:.3g}' for value in self.values)}"
        if self.low is not None and self.high is not None:
            return f"{self.name} is from {self.low:.3g} to {self.high:.3g}"
        return f"{self.name} is at least {self.low:.3g}" if self.low is not None else f"{self.name} is at most {self.high:.3g}"  # fmt: skip


def joined(limits: Sequence[Limit]) -> list[Limit]:
    """The limits with those on one quantity made one: what meets it meets them all."""
    found: dict[str, Limit] = {}
    for limit in limits:
        one = found.get(limit.name, limit)
        lows = [end for end in (one.low, limit.low) if end is not None]
        highs = [end for end in (one.high, limit.high) if end is not None]
        values = [side.values for side in (one, limit) if side.values is not None]
        both = tuple(value for value in values[0] if value in values[-1]) if values else None
        found[limit.name] = Limit(limit.name, max(lows, default=None), min(highs, default=None), both)
    return list(found.values())


@dataclass(frozen=True)
class Sample:
    """Worlds that count: their numbers, the outcome in each, and how much each weighs."""

    names: tuple[str, ...]  # [Q]
    values: Floats  # [Q, W]
    is_category: Mask  # [Q]
    outcome: Floats  # [W] from 0 to 1
    weight: Floats  # [W] above 0

    def __len__(self) -> int:
        return len(self.weight)

    @cached_property
    def total(self) -> float:
        """The weight of all worlds."""
        return float(self.weight.sum())

    @cached_property
    def base(self) -> float:
        """The weighted mean of the outcome."""
        return float(self.weight @ self.outcome) / self.total if self.total > 0 else 0.0

    def part(self, where: Mask) -> Sample:
        """The sample of some of the worlds."""
        return replace(self, values=self.values[:, where], outcome=self.outcome[where], weight=self.weight[where])

    def only(self, names: Sequence[str]) -> Sample:
        """The sample with some of its quantities."""
        rows = [self.names.index(name) for name in names]
        return replace(self, names=tuple(names), values=self.values[rows], is_category=self.is_category[rows])

    def inside(self, limits: Sequence[Limit]) -> Mask:
        """[W] which worlds meet every limit."""
        found = np.ones(len(self), bool)
        for limit in limits:
            found &= limit.holds(self.values[self.names.index(limit.name)])
        return found


def sample_of(
    inputs: Mapping[str, Floats],
    outcome: Floats,
    weight: Floats | None = None,
    categories: Sequence[str] | None = None,
) -> Sample:
    """The sample of the worlds that weigh something. Raises `UsageError` for numbers that no box can be read from.

    `categories` names the quantities that have no order; without it, those of at most `FEW_VALUES` values.
    """
    hits = np.asarray(outcome, np.float64)
    weights = np.ones(len(hits)) if weight is None else np.asarray(weight, np.float64)
    values = np.array([np.asarray(one, np.float64) for one in inputs.values()])
    if not inputs or values.shape != (len(inputs), len(hits)) or weights.shape != hits.shape:
        raise UsageError(
            "boxes need at least one quantity, and as many numbers of each as there are outcomes and weights"
        )
    counts = weights > 0
    if not counts.any() or not np.isfinite(weights).all() or (weights < 0).any():
        raise UsageError(
            "no world weighs anything, or a weight is below 0 or not a number; there is nothing to explain"
        )
    values, hits, weights = values[:, counts], hits[counts], weights[counts]
    if not np.isfinite(values).all() or not ((hits >= 0) & (hits <= 1)).all():
        raise UsageError("a box reads finite numbers, and an outcome from 0 to 1")
    is_category = (
        [name in categories for name in inputs] if categories is not None else [_has_few(row) for row in values]
    )
    return Sample(tuple(inputs), values, np.array(is_category, bool), hits, weights)


def _has_few(row: Floats) -> bool:
    return len(np.unique(row[:64])) <= FEW_VALUES and len(np.unique(row)) <= FEW_VALUES


@dataclass(frozen=True)
class Box:
    """Limits, and how they do in the worlds that they were found in."""

    limits: tuple[Limit, ...]  # [L]
    density: float  # mean outcome inside
    coverage: float  # share of the outcome that lies inside
    mass: float  # share of the weight that lies inside
    base: float  # mean outcome of all

    @property
    def restricted(self) -> tuple[str, ...]:
        """[L] the quantities that are limited."""
        return tuple(limit.name for limit in self.limits)

    def __str__(self) -> str:
        *first, last = [str(limit) for limit in self.limits] or ["all worlds"]
        return f"{', '.join(first)} and {last}" if first else last

    @property
    def quality(self) -> float:
        """Mass times the rise of density over the base: weighted relative accuracy (Lavrač, Flach & Zupan 1999)."""
        return self.mass * (self.density - self.base)


def box_of(sample: Sample, limits: Sequence[Limit]) -> Box:
    """The box of these limits, measured in a sample."""
    inside = sample.inside(limits)
    mass, hits = float(sample.weight[inside].sum()), float(sample.weight[inside] @ sample.outcome[inside])
    everything = sample.base * sample.total
    return Box(
        tuple(limits),
        density=hits / mass if mass > 0 else 0.0,
        coverage=hits / everything if everything > 0 else 0.0,
        mass=mass / sample.total,
        base=sample.base,
    )


def holds_of(sample: Sample, limits: Sequence[Limit]) -> Mask:
    """[L, W] which worlds meet each limit."""
    rows = [limit.holds(sample.values[sample.names.index(limit.name)]) for limit in limits]
    return np.array(rows, bool).reshape(len(limits), len(sample))


def needless(sample: Sample, holds: Mask) -> tuple[Floats, Floats]:
    """[L] for each limit of a box, its quasi-p-value and the quality that the box would have without it.

    Takes which worlds meet each limit (`holds_of`). The quasi-p-value (Bryant & Lempert 2010, TFSC 77:34, section 3.3) is the chance
    that as many worlds inside would have the outcome, were each as likely to as in the box without the limit; with weights, of the
    effective number of worlds. It knows nothing of the search that found the limit, and so flatters: the check on halves does not.
    """
    missed = (~holds).sum(axis=0)
    inside = missed == 0
    size = effective_size(sample.weight[inside]) if inside.any() else 0.0
    mass = float(sample.weight[inside].sum())
    density = float(sample.weight[inside] @ sample.outcome[inside]) / mass if mass > 0 else 0.0
    wide = (inside | ((missed == 1) & ~holds)).astype(np.float64)
    wide_mass, wide_hits = wide @ sample.weight, wide @ (sample.weight * sample.outcome)
    wide_density = np.divide(wide_hits, wide_mass, out=np.zeros_like(wide_mass), where=wide_mass > 0)
    quality = wide_mass / sample.total * (wide_density - sample.base)
    return _at_least(density * size, size, wide_density), quality


def _at_least(hits: float, size: float, chance: Floats) -> Floats:
    """The chance of at least `hits` of `size` at each `chance`, by the incomplete beta function, so that they need not be whole."""
    from scipy import special  # noqa: PLC0415 - not on the way to a plain answer

    if hits <= 0:
        return np.ones_like(chance)
    return np.asarray(special.betainc(hits, max(size - hits, 0.0) + 1.0, np.clip(chance, 0.0, 1.0)))
