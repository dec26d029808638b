"""The maxima of a likelihood: Newton's method with exact Hessians from many starts at once, and which ends are distinct.

Knows only a likelihood that gives values, gradients and Hessians for an array of points.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Likelihood

MOST_STEPS = 300
HALVINGS = 10
LONGEST_STEP = 5.0  # in units of one spread of what a coefficient multiplies
SAME_HEIGHT, SAME_PLACE = 1e-7, 1e-3  # relative
FLAT = 1e-11  # a curvature below this share of the largest is none
GAIN = 1e-12  # what Newton's step still promises, in log-likelihood, when the climb stops
THERE = 1e-9  # the same, where rounding lets it climb no further, of what still counts as a maximum
LEVEL = 1e-4  # a slope without curvature, in log-likelihood per spread, that still counts as level


@dataclass(frozen=True)
class Ends:
    """Where each start ended: coefficients [S, P], log-likelihood [S], whether on a maximum [S]."""

    coefficients: Floats
    value: Floats
    has_converged: NDArray[np.bool_]


@dataclass(frozen=True)
class _Step:
    """Newton's steps [S, P], what each promises in log-likelihood [S], and the steepest rise where it sees no curvature [S]."""

    step: Floats
    promise: Floats
    rise: Floats


def maximise(
    function: Likelihood,
    starts: Floats,
    spreads: Floats,
    free: NDArray[np.bool_] | None = None,
    most_steps: int = MOST_STEPS,
) -> Ends:
    """Climb from every start [S, P] until Newton's step promises nothing more.

    `spreads` [P] brings coefficients to one scale; coefficients that are not `free` stay. A start that ends on no maximum
    (as under separation, where there is none) has not converged.
    """
    at, now = starts.copy(), function(starts, 2)
    free = np.ones(at.shape[1], bool) if free is None else free
    promise, rise = np.full(len(at), np.inf), np.full(len(at), np.inf)
    moving = np.flatnonzero(np.isfinite(now.value))
    for _ in range(most_steps):
        newton = _newton(now.gradient[moving], now.hessian[moving], spreads, free)
        promise[moving], rise[moving] = newton.promise, newton.rise
        goes_on = newton.promise > GAIN
        moving = moving[goes_on]
        if not len(moving):
            break
        moving = moving[_climb(function.among(moving), at, now.value, newton.step[goes_on], moving)]
        if not len(moving):
            break
        there = function.among(moving)(at[moving], 2)
        now.value[moving], now.gradient[moving], now.hessian[moving] = there.value, there.gradient, there.hessian
    return Ends(at, now.value, np.isfinite(now.value) & (promise <= THERE) & (rise <= LEVEL))


def _newton(gradient: Floats, hessian: Floats, spreads: Floats, free: NDArray[np.bool_]) -> _Step:
    """Steps uphill, no longer than `LONGEST_STEP`, from gradients [S, P] and Hessians [S, P, P]."""
    step = np.zeros_like(gradient)
    slope = np.nan_to_num(gradient[:, free]) / spreads[free]
    curvature = -hessian[:, free][:, :, free] / np.outer(spreads[free], spreads[free])
    sizes, ways = np.linalg.eigh(np.nan_to_num(curvature))
    along = np.einsum("spq,sp->sq", ways, slope)
    size = np.abs(sizes)
    is_flat = size <= FLAT * size.max(1, keepdims=True, initial=0)
    each = np.where(is_flat, 0.0, along / np.where(is_flat, 1.0, size))
    promise = 0.5 * (along * each).sum(1)
    length = np.sqrt((each**2).sum(1, keepdims=True))
    each = each * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300))
    step[:, free] = np.einsum("spq,sq->sp", ways, each) / spreads[free]
    return _Step(step, promise, np.where(is_flat, np.abs(along), 0.0).max(1, initial=0))


def newton_step(gradient: Floats, hessian: Floats, spreads: Floats) -> tuple[Floats, Floats]:
    """Newton's steps uphill [S, P], of limited length, and what each promises [S]."""
    newton = _newton(gradient, hessian, spreads, np.ones(gradient.shape[1], bool))
    return newton.step, newton.promise


def _climb(
    function: Likelihood, at: Floats, value: Floats, step: Floats, moving: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Move the starts numbered `moving` along their steps, halved until they climb; gives which of them have."""
    climbed, share = np.zeros(len(moving), bool), 1.0
    for _ in range(HALVINGS):
        waiting = np.flatnonzero(~climbed)
        if not len(waiting):
            break
        tried = at[moving[waiting]] + share * step[waiting]
        climbs = function.among(waiting)(tried, 0).value > value[moving[waiting]]
        at[moving[waiting[climbs]]] = tried[climbs]
        climbed[waiting[climbs]] = True
        share /= 2
    return climbed


def polish(function: Likelihood, at: Floats, spreads: Floats) -> Floats:
    """A maximum [P] brought as near as the numbers allow: Newton's whole steps while the gradient falls."""
    point, now = at[None].copy(), function(at[None], 2)
    everything = np.ones(len(at), bool)
    for _ in range(5):
        step = _newton(now.gradient, now.hessian, spreads, everything).step
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
