"""Boxes by the Patient Rule Induction Method (Friedman & Fisher 1999, Statistics and Computing 9:123).

Peels thin slices off the worlds, each time the slice that raises the mean outcome most for what it costs, then pastes back. Of the
boxes passed on the way it takes the one of greatest quality (see `Box`), drops limits that it does not need, and peels again on
the quantities that are left. Further boxes are sought in the worlds that the earlier ones leave over (covering).

Axes: Q quantities, W worlds, S sides (the low ends of all quantities, then the high ends), M worlds of a tail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from stratagem.analyse.box import Box, Limit, Mask, Sample, box_of, holds_of, joined, needless, sample_of
from stratagem.analyse.halves import Check, check
from stratagem.graph.game import Floats, Ints

ALPHA = 0.05
LEAST_MASS = 0.05
MOST_LIMITS = 4  # more of them than this nobody keeps in mind (Bryant & Lempert 2010 ask for three or four)
MOST_BOXES = 3
MOST_PASTES = 200
NEEDLESS = 0.05  # a limit with a quasi-p-value above this is dropped


@dataclass(frozen=True)
class Patience:
    """How patiently boxes are sought: the share of a slice, the least mass of a box, how many limits it has, how many boxes there are."""

    alpha: float = ALPHA
    least_mass: float = LEAST_MASS
    most_limits: int = MOST_LIMITS
    most_boxes: int = MOST_BOXES


PATIENCE = Patience()


@dataclass(frozen=True)
class Found:
    """A box, the quasi-p-value of each of its limits, and how it fares on the half of the worlds that it was not found in."""

    box: Box
    quasi_p: tuple[float, ...]
    check: Check


@dataclass(frozen=True)
class Boxes:
    """The boxes that stand, in the order found, and the one that did not, at which the search ended."""

    found: tuple[Found, ...]
    refused: Found | None
    base: float


def prim(
    inputs: Mapping[str, Floats],
    outcome: Floats,
    weight: Floats | None = None,
    categories: Sequence[str] | None = None,
    *,
    patience: Patience = PATIENCE,
    seed: int = 1,
) -> Boxes:
    """The boxes in which the outcome [W] is frequent, each checked on half-samples; none that chance could have made.

    Density is measured in the worlds that earlier boxes leave, coverage and mass against all. Raises `UsageError` where shapes or
    numbers do not fit.
    """
    return cover(sample_of(inputs, outcome, weight, categories), patience, seed)


def cover(sample: Sample, patience: Patience = PATIENCE, seed: int = 1) -> Boxes:
    """The boxes of a sample, as `prim` gives them. Tests in a fixed order, so one level serves for all of them."""
    found: list[Found] = []
    rest = sample
    find = partial(find_box, patience=patience)
    for _ in range(patience.most_boxes):
        box = find(rest) if 0 < rest.base < 1 else None
        if box is None:
            return Boxes(tuple(found), None, sample.base)
        quasi_p = tuple(float(p) for p in needless(rest, holds_of(rest, box.limits))[0])
        share = rest.total / sample.total
        hits = box.mass * share * box.density
        whole = Box(box.limits, box.density, hits / sample.base, box.mass * share, box.base)
        entry = Found(whole, quasi_p, check(rest, find, seed))
        if not entry.check.stands:
            return Boxes(tuple(found), entry, sample.base)
        found.append(entry)
        rest = rest.part(~rest.inside(box.limits))
    return Boxes(tuple(found), None, sample.base)


def find_box(sample: Sample, patience: Patience = PATIENCE) -> Box | None:
    """The box of greatest quality, or None where no box is better than all worlds."""
    alpha, least_mass = patience.alpha, patience.least_mass
    kept = _needed(sample, peel(sample, alpha, least_mass).best(), patience.most_limits)
    if not kept:
        return None
    again = sample.only([limit.name for limit in kept])
    peeled = peel(again, alpha, least_mass).best()
    best = max((paste(again, one, alpha) for one in (kept, peeled)), key=lambda one: box_of(again, one).quality)
    final = _needed(again, best, patience.most_limits)
    box = box_of(sample, final)
    return box if final and box.quality > 0 else None


def _needed(sample: Sample, limits: Sequence[Limit], most: int) -> list[Limit]:
    """The limits without the ends that add nothing that chance would not, and on no more than `most` quantities."""
    kept = [side for limit in limits for side in limit.sides()]
    holds = holds_of(sample, kept)
    while kept:
        quasi_p, without = needless(sample, holds)
        is_crowded = len({limit.name for limit in kept}) > most
        if not is_crowded and (quasi_p <= NEEDLESS).all():
            break
        place = int(np.argmax(without if is_crowded else quasi_p))
        del kept[place]
        holds = np.delete(holds, place, axis=0)
    return joined(kept)


# --- peeling -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One slice taken off: from which end of which quantity, or which category of it."""

    row: int
    side: int  # 0 low end, 1 high end, 2 a category
    value: float  # the limit that is left, or the category that is gone


@dataclass(frozen=True)
class Trajectory:
    """The boxes passed while peeling: mass and density after each step, all worlds first."""

    sample: Sample
    steps: tuple[Step, ...]
    mass: Floats  # [steps + 1]
    density: Floats  # [steps + 1]

    def best(self) -> list[Limit]:
        """The limits of the box of greatest quality; none where that is all worlds."""
        return self.limits(int(np.argmax(self.mass * (self.density - self.density[0]))))

    def limits(self, count: int) -> list[Limit]:
        """The limits after so many steps."""
        ends: dict[int, list[float | None]] = {}
        gone: dict[int, set[float]] = {}
        for step in self.steps[:count]:
            if step.side == 2:
                gone.setdefault(step.row, set()).add(step.value)
            else:
                ends.setdefault(step.row, [None, None])[step.side] = step.value
        names, values = self.sample.names, self.sample.values
        found = [Limit(names[row], low, high) for row, (low, high) in ends.items()]
        for row, lost in gone.items():
            left = tuple(float(one) for one in np.unique(values[row]) if one not in lost)
            found.append(Limit(names[row], values=left))
        return found


@dataclass(frozen=True)
class _Slice:
    """A slice that could be taken: what it weighs, how much outcome goes with it, and which worlds it is."""

    step: Step
    mass: float
    hits: float
    worlds: Ints


def peel(sample: Sample, alpha: float = ALPHA, least_mass: float = LEAST_MASS) -> Trajectory:
    """The way from all worlds to a box of `least_mass`, slice by slice.

    A slice holds at most `alpha` of what is left, or the least group of equal numbers. Taken is the one with the greatest rise of
    the mean for each unit of mass lost, so that a category as large as many slices is not preferred for its size (Kwakkel &
    Jaxa-Rozen 2016, Environmental Modelling & Software 79:311).
    """
    state = _State(sample)
    mass, density, steps = [state.total], [state.mean], []
    while True:
        taken = state.best_slice(alpha, least_mass * sample.total)
        if taken is None:
            break
        state.take(taken)
        steps.append(taken.step)
        mass.append(state.total)
        density.append(state.mean)
    return Trajectory(sample, tuple(steps), np.array(mass) / sample.total, np.array(density))


class _State:
    """The worlds left while peeling. Each quantity's worlds stay in the order of its numbers, so nothing is sorted twice."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.hits = sample.weight * sample.outcome
        self.is_left = np.ones(len(sample), bool)
        self.left = np.arange(len(sample), dtype=np.int32)
        self.rows = np.flatnonzero(~sample.is_category)
        self.order: Ints = np.argsort(sample.values[self.rows], axis=1, kind="stable").astype(np.int32)
        self.categories = np.flatnonzero(sample.is_category)
        self.codes = [np.unique(sample.values[row], return_inverse=True) for row in self.categories]
        self.total, self.hit = sample.total, float(self.hits.sum())

    @property
    def mean(self) -> float:
        """The mean outcome of what is left."""
        return self.hit / self.total

    def take(self, taken: _Slice) -> None:
        """Take a slice off."""
        self.is_left[taken.worlds] = False
        self.left = self.left[self.is_left[self.left]]
        self.order = self.order[self.is_left[self.order]].reshape(len(self.rows), len(self.left))
        self.total, self.hit = float(self.sample.weight[self.left].sum()), float(self.hits[self.left].sum())

    def best_slice(self, alpha: float, least: float) -> _Slice | None:
        """The slice to take next; None where each would leave less than `least`."""
        found = [*self._best_end(alpha, least), *self._best_category(least)]
        return max(found, key=lambda one: self.rise(one.mass, one.hits), default=None)

    def rise(self, mass: float, hits: float) -> float:
        """The rise of the mean for each unit of mass lost."""
        return ((self.hit - hits) / (self.total - mass) - self.mean) / mass

    def _best_category(self, least: float) -> list[_Slice]:
        found = []
        for row, (names, codes) in zip(self.categories, self.codes, strict=True):
            here = codes[self.left]
            mass = np.bincount(here, self.sample.weight[self.left], len(names))
            hits = np.bincount(here, self.hits[self.left], len(names))
            for code in np.flatnonzero((mass > 0) & (self.total - mass >= least)):
                step = Step(int(row), 2, float(names[code]))
                found.append(_Slice(step, float(mass[code]), float(hits[code]), self.left[here == code]))
        return found

    def _best_end(self, alpha: float, least: float) -> list[_Slice]:
        if not len(self.rows) or len(self.left) < 2:
            return []
        count, mass, hits = self._ends(alpha)
        fits = (count < len(self.left)) & (self.total - mass >= least)
        if not fits.any():
            return []
        safe = np.where(fits, mass, 1.0)
        rise = ((self.hit - hits) / np.where(fits, self.total - mass, 1.0) - self.mean) / safe
        place = int(np.argmax(np.where(fits, rise, -np.inf)))
        row, side = place % len(self.rows), place // len(self.rows)
        order = self.order[row] if side == 0 else self.order[row, ::-1]
        cut = order[count[place] - 1 : count[place] + 1]
        step = Step(int(self.rows[row]), side, float(self.sample.values[self.rows[row], cut].mean()))
        return [_Slice(step, float(mass[place]), float(hits[place]), order[: count[place]].copy())]

    def _ends(self, alpha: float) -> tuple[Ints, Floats, Floats]:
        """[S] how many worlds the slice at each end holds, what they weigh, and their outcome."""
        tail, passed = self._tails(alpha * self.total)
        rows = np.tile(self.rows, 2)[:, None]
        numbers = self.sample.values[rows, tail]
        side = np.arange(len(tail))
        reach = (passed <= alpha * self.total * (1 + 1e-12)).sum(axis=1)
        edge = numbers[side, np.minimum(reach, tail.shape[1] - 1)][:, None]
        half = len(self.rows)
        beyond = np.concatenate([numbers[:half] < edge[:half], numbers[half:] > edge[half:]])
        count = beyond.sum(axis=1).astype(np.int32)
        outcome = np.cumsum(self.hits[tail], axis=1)
        last = np.maximum(count - 1, 0)
        mass, hits = passed[side, last], outcome[side, last]
        for place in np.flatnonzero(count == 0):  # the least group of equal numbers is larger than a slice
            count[place], mass[place], hits[place] = self._group(int(place))
        return count, mass, hits

    def _tails(self, limit: float) -> tuple[Ints, Floats]:
        """[S, M] the worlds at each end, outermost first, and what they weigh so far; far enough to pass `limit`."""
        size, length = len(self.left), int(len(self.left) * limit / self.total) + 2
        while True:
            length = min(length, size)
            tail = np.concatenate([self.order[:, :length], self.order[:, : -length - 1 : -1]])
            passed = np.cumsum(self.sample.weight[tail], axis=1)
            if length == size or (passed[:, -1] > limit * (1 + 1e-12)).all():
                return tail, passed
            length *= 2

    def _group(self, place: int) -> tuple[int, float, float]:
        """The outermost worlds of equal numbers at one end."""
        row, is_high = place % len(self.rows), place >= len(self.rows)
        order = self.order[row, ::-1] if is_high else self.order[row]
        numbers = self.sample.values[self.rows[row], order]
        group = order[numbers == numbers[0]]
        return len(group), float(self.sample.weight[group].sum()), float(self.hits[group].sum())


# --- pasting -----------------------------------------------------------------------------------------------------


def paste(sample: Sample, limits: Sequence[Limit], alpha: float = ALPHA) -> list[Limit]:
    """The limits, widened as long as that makes the box better: by slices of at most `alpha` of the box, or by a category."""
    now = list(limits)
    for _ in range(MOST_PASTES):
        wider = [one for place in range(len(now)) for one in _wider(sample, now, place, alpha)]
        better = [(gain, place, limit) for gain, place, limit in wider if gain > 1e-12]
        if not better:
            break
        _, place, limit = max(better, key=lambda one: one[0])
        now[place : place + 1] = [] if limit is None else [limit]
    return now


def _wider(sample: Sample, limits: Sequence[Limit], place: int, alpha: float) -> list[tuple[float, int, Limit | None]]:
    """What each way to widen one limit would add to the box's quality."""
    limit = limits[place]
    others = sample.inside([one for number, one in enumerate(limits) if number != place])
    numbers = sample.values[sample.names.index(limit.name)]
    inside = others & limit.holds(numbers)
    gain = sample.weight * (sample.outcome - sample.base) / sample.total
    if limit.values is not None:
        left = [float(one) for one in np.unique(numbers) if one not in limit.values]
        return [
            (float(gain[others & (numbers == one)].sum()), place, _with(limit, one) if len(left) > 1 else None)
            for one in left
        ]
    most = alpha * float(sample.weight[inside].sum())
    found = []
    for side in (0, 1):
        if (limit.low if side == 0 else limit.high) is not None:
            found.append((*_slice_outside(sample.weight, gain, numbers, others, limit, side, most), side))
    return [(added, place, _moved(limit, side, edge)) for added, edge, side in found]


def _slice_outside(
    weight: Floats, gain: Floats, numbers: Floats, others: Mask, limit: Limit, side: int, most: float
) -> tuple[float, float | None]:
    """The gain of the nearest worlds outside one end, up to `most` weight, and the limit that would take them in."""
    beyond = numbers < limit.low if side == 0 else numbers > limit.high  # type: ignore[operator]
    worlds = np.flatnonzero(others & beyond)
    if not len(worlds):
        return 0.0, limit.low if side == 0 else limit.high
    worlds = worlds[np.argsort(-numbers[worlds] if side == 0 else numbers[worlds], kind="stable")]
    count = max(int(np.searchsorted(np.cumsum(weight[worlds]), most, "right")), 1)
    edge = numbers[worlds[count - 1]]
    taken = numbers[worlds] >= edge if side == 0 else numbers[worlds] <= edge
    count = int(taken.sum())
    added = float(gain[worlds[:count]].sum())
    return added, None if count == len(worlds) else float((edge + numbers[worlds[count]]) / 2)


def _with(limit: Limit, value: float) -> Limit:
    return Limit(limit.name, values=tuple(sorted((*(limit.values or ()), value))))


def _moved(limit: Limit, side: int, edge: float | None) -> Limit | None:
    low, high = (edge, limit.high) if side == 0 else (limit.low, edge)
    return None if low is None and high is None else Limit(limit.name, low, high)
