"""Boxes by a small classification and regression tree (Breiman, Friedman, Olshen & Stone 1984): at most three questions deep.

Where `prim` may leave worlds in no box, a tree puts every world in one. A split is made only where chance over all the splits that
were looked at would seldom do as well, so that a tree of noise is a stump.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from stratagem.analyse.box import Box, Limit, Mask, Sample, box_of, joined, sample_of
from stratagem.analyse.halves import LEVEL, Check, check
from stratagem.graph.game import Floats

DEPTH = 3
LEAST_MASS = 0.05


@dataclass(frozen=True)
class Leaves:
    """The leaves of a tree as boxes, densest first, and how the best of them fares on the half it was not found in.

    Without a split, or where the check fails, there are none.
    """

    boxes: tuple[Box, ...]
    check: Check | None
    base: float


@dataclass(frozen=True)
class _Split:
    gain: float
    left: Limit
    right: Limit


def tree(
    inputs: Mapping[str, Floats],
    outcome: Floats,
    weight: Floats | None = None,
    categories: Sequence[str] | None = None,
    *,
    depth: int = DEPTH,
    least_mass: float = LEAST_MASS,
    seed: int = 1,
) -> Leaves:
    """The leaves of a tree on the outcome [W]. Raises `UsageError` where shapes or numbers do not fit."""
    return leaves(sample_of(inputs, outcome, weight, categories), depth, least_mass, seed)


def leaves(sample: Sample, depth: int = DEPTH, least_mass: float = LEAST_MASS, seed: int = 1) -> Leaves:
    """The leaves of a sample's tree, as `tree` gives them."""
    boxes = [box_of(sample, limits) for limits in _grow(sample, [], depth, least_mass * sample.total)]
    if len(boxes) < 2:
        return Leaves((), None, sample.base)
    checked = check(sample, partial(best_leaf, depth=depth, least_mass=least_mass), seed)
    kept = tuple(sorted(boxes, key=lambda box: -box.density)) if checked.stands else ()
    return Leaves(kept, checked, sample.base)


def best_leaf(sample: Sample, depth: int = DEPTH, least_mass: float = LEAST_MASS) -> Box | None:
    """The leaf of greatest quality; None where the tree has no split."""
    boxes = [box_of(sample, limits) for limits in _grow(sample, [], depth, least_mass * sample.total) if limits]
    return max(boxes, key=lambda box: box.quality, default=None)


def _grow(sample: Sample, limits: list[Limit], depth: int, least: float) -> Iterator[list[Limit]]:
    """The limits of each leaf below a node."""
    split = _best_split(sample, least) if depth and len(sample) else None
    if split is None:
        yield limits
        return
    for side in (split.left, split.right):
        inside = side.holds(sample.values[sample.names.index(side.name)])
        yield from _grow(sample.part(inside), joined([*limits, side]), depth - 1, least)


def _best_split(sample: Sample, least: float) -> _Split | None:
    """The split that takes most variance away, if chance over all cuts would seldom do so (Bonferroni)."""
    found = [one for row in range(len(sample.names)) for one in _split_of(sample, row, least)]
    best = max(found, key=lambda one: one.gain, default=None)
    return best if best is not None and _is_more_than_chance(sample, best) else None


def _split_of(sample: Sample, row: int, least: float) -> Iterator[_Split]:
    """The best split on one quantity. Categories are ordered by their mean outcome, which misses none (Breiman et al. 1984, 9.4)."""
    numbers: Floats = sample.values[row]
    names = rank = np.empty(0)
    if sample.is_category[row]:
        names, codes = np.unique(numbers, return_inverse=True)
        rank = np.empty(len(names))
        means = np.bincount(codes, sample.weight * sample.outcome) / np.bincount(codes, sample.weight)
        rank[np.argsort(means, kind="stable")] = np.arange(len(names))
        numbers = rank[codes]
    order = np.argsort(numbers, kind="stable")
    numbers, weight = numbers[order], sample.weight[order]
    mass = np.cumsum(weight)[:-1]
    rise = np.cumsum(weight * (sample.outcome[order] - sample.base))[:-1]
    fits = (numbers[1:] > numbers[:-1]) & (mass >= least) & (sample.total - mass >= least)
    if not fits.any():
        return
    gain = np.where(fits, rise**2 * sample.total / np.where(fits, mass * (sample.total - mass), 1.0), 0.0)
    place = int(gain.argmax())
    cut = float((numbers[place] + numbers[place + 1]) / 2)
    name = sample.names[row]
    if sample.is_category[row]:
        sides = [tuple(float(one) for one in names[part]) for part in (rank < cut, rank > cut)]
        yield _Split(float(gain[place]), Limit(name, values=sides[0]), Limit(name, values=sides[1]))
    else:
        yield _Split(float(gain[place]), Limit(name, high=cut), Limit(name, low=cut))


def _is_more_than_chance(sample: Sample, split: _Split) -> bool:
    from scipy import special  # noqa: PLC0415 - not on the way to a plain answer

    inside: Mask = split.left.holds(sample.values[sample.names.index(split.left.name)])
    weight = sample.weight / sample.total
    parts = weight * (inside - float(weight[inside].sum())) * (sample.outcome - sample.base)
    spread = float(np.sqrt((parts**2).sum()))
    cuts = sum(1 if few else len(sample) for few in sample.is_category)
    return spread > 0 and 2 * float(special.ndtr(-abs(parts.sum()) / spread)) * cuts <= LEVEL
