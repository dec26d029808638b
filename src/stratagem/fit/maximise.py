"""The maxima of a likelihood: Newton's method with exact Hessians from many starts at once, and which ends are distinct.

Knows only a function that gives values, gradients and Hessians for an array of points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Evaluation

MOST_STEPS = 300
HALVINGS = 30
LONGEST_STEP = 5.0  # in units of one spread of what a coefficient multiplies
SAME_HEIGHT, SAME_PLACE = 1e-7, 1e-3  # relative
FLAT = 1e-11  # a curvature below this share of the largest is none
GAIN = 1e-12  # what Newton's step still promises, in log-likelihood, when the climb stops
THERE = 1e-9  # the same, where rounding lets it climb no further, of what still counts as a maximum


@dataclass(frozen=True)
class Ends:
    """Where each start ended: coefficients [S, P], log-likelihood [S], largest scaled gradient [S], whether on a maximum."""

    coefficients: Floats
    value: Floats
    gradient: Floats
    has_converged: NDArray[np.bool_]


def maximise(
    function: Callable[[Floats, int], Evaluation],
    starts: Floats,
    spreads: Floats,
    free: NDArray[np.bool_] | None = None,
) -> Ends:
    """Climb from every start [S, P] until Newton's step promises nothing more.

    `spreads` [P] brings coefficients to one scale; coefficients that are not `free` stay. A start that ends on no maximum
    (as under separation, where there is none) has not converged.
    """
    at = starts.copy()
    now = function(at, 2)
    moving = np.isfinite(now.value)
    free = np.ones(at.shape[1], bool) if free is None else free
    promised = np.full(len(at), np.inf)
    for _ in range(MOST_STEPS):
        step, promised[moving] = _newton(now, spreads, moving, free)
        moving = moving & ~(promised <= GAIN)
        if not moving.any():
            break
        moving = _climb(function, at, now.value, step, moving)
        now = _refreshed(function, at, now, moving)
    scaled = np.abs(now.gradient[:, free] / spreads[free]).max(1, initial=0)
    return Ends(at, now.value, scaled, np.isfinite(now.value) & (promised <= THERE))


def _refreshed(
    function: Callable[[Floats, int], Evaluation], at: Floats, now: Evaluation, moving: NDArray[np.bool_]
) -> Evaluation:
    """Derivatives at the new points, for every start: the function weighs rows start by start."""
    return function(at, 2) if moving.any() else now


def _newton(
    now: Evaluation, spreads: Floats, moving: NDArray[np.bool_], free: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Steps [S, P] uphill, no longer than `LONGEST_STEP`, and what each of the moving promises."""
    step = np.zeros_like(now.gradient)
    gradient = np.nan_to_num(now.gradient[np.ix_(moving, free)]) / spreads[free]
    curvature = -now.hessian[moving][:, free][:, :, free] / np.outer(spreads[free], spreads[free])
    sizes, ways = np.linalg.eigh(np.nan_to_num(curvature))
    along = np.einsum("spq,sp->sq", ways, gradient)
    size = np.abs(sizes)
    is_flat = size <= FLAT * size.max(1, keepdims=True)
    each = np.where(is_flat, 0.0, along / np.where(is_flat, 1.0, size))
    promise = 0.5 * (along * each).sum(1)
    length = np.sqrt((each**2).sum(1, keepdims=True))
    each = each * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300))
    step[np.ix_(moving, free)] = np.einsum("spq,sq->sp", ways, each) / spreads[free]
    return step, promise


def _climb(
    function: Callable[[Floats, int], Evaluation], at: Floats, value: Floats, step: Floats, moving: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Move each start along its step, halved until it climbs; gives which starts have moved."""
    moved, waiting, share = np.zeros_like(moving), moving.copy(), 1.0
    for _ in range(HALVINGS):
        reached = function(at + share * step * waiting[:, None], 0).value
        climbs = waiting & (reached > value)
        at[climbs] += share * step[climbs]
        moved |= climbs
        waiting &= ~climbs
        if not waiting.any():
            break
        share /= 2
    return moved


def polish(function: Callable[[Floats, int], Evaluation], at: Floats, spreads: Floats) -> Floats:
    """A maximum [P] brought as near as the numbers allow: Newton's whole steps while the gradient falls."""
    point, now = at[None].copy(), function(at[None], 2)
    everything = np.ones(len(at), bool)
    for _ in range(5):
        step, _ = _newton(now, spreads, np.array([True]), everything)
        following = function(point + step, 2)
        if not np.abs(following.gradient / spreads).max() < np.abs(now.gradient / spreads).max():
            break
        point, now = point + step, following
    return np.asarray(point[0], float)


@dataclass(frozen=True)
class Maximum:
    """A maximum that was found: where, how high, and by how many starts."""

    coefficients: Floats
    value: float
    num_starts: int


def distinct(ends: Ends, spreads: Floats) -> tuple[Maximum, ...]:
    """The distinct maxima among the ends that converged, the highest first."""
    there = [Maximum(ends.coefficients[at], float(ends.value[at]), 1) for at in np.flatnonzero(ends.has_converged)]
    return merged(there, spreads)


def merged(maxima: Iterable[Maximum], spreads: Floats, by_height: bool = False) -> tuple[Maximum, ...]:
    """Maxima with the same ones counted together, the highest first; the same are those of one height and, unless `by_height`, one place."""
    found: list[Maximum] = []
    for one in sorted(maxima, key=lambda one: -one.value):
        at = next((at for at, known in enumerate(found) if _is_same(one, known, spreads, by_height)), None)
        if at is None:
            found.append(one)
        else:
            found[at] = replace(found[at], num_starts=found[at].num_starts + one.num_starts)
    return tuple(found)


def _is_same(one: Maximum, known: Maximum, spreads: Floats, by_height: bool) -> bool:
    if abs(one.value - known.value) >= SAME_HEIGHT * (1 + abs(known.value)):
        return False
    far = np.abs((one.coefficients - known.coefficients) * spreads).max()
    return by_height or bool(far < SAME_PLACE * (1 + np.abs(known.coefficients * spreads).max()))
