"""The maxima of a likelihood: Newton's method with exact Hessians from many starts at once, and which ends are distinct.

Knows only a function that gives values, gradients and Hessians for an array of points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Evaluation

MOST_STEPS = 300
HALVINGS = 30
LONGEST_STEP = 5.0  # in units of one spread of what a coefficient multiplies
FLAT = 1e-11  # a curvature below this share of the largest is none
GAIN = 1e-12  # what Newton's step still promises, in log-likelihood, once there


@dataclass(frozen=True)
class Ends:
    """Where each start ended: coefficients [S, P], log-likelihood [S], largest scaled gradient [S], steps taken."""

    coefficients: Floats
    value: Floats
    gradient: Floats
    num_steps: int
    has_converged: NDArray[np.bool_]


def maximise(function: Callable[[Floats, int], Evaluation], starts: Floats, spreads: Floats, free: NDArray[np.bool_] | None = None) -> Ends:
    """Climb from every start [S, P] until Newton's step promises nothing more.

    `spreads` [P] brings coefficients to one scale; coefficients that are not `free` stay. A start that ends on no maximum
    (as under separation, where there is none) has not converged.
    """
    at = starts.copy()
    now = function(at, 2)
    moving = np.isfinite(now.value)
    free = np.ones(at.shape[1], bool) if free is None else free
    steps = 0
    promised = np.full(len(at), np.inf)
    for steps in range(1, MOST_STEPS + 1):
        step, promised[moving] = _newton(now, spreads, moving, free)
        moving = moving & ~(promised <= GAIN)
        if not moving.any():
            break
        moving = _climb(function, at, now.value, step, moving)
        now = _refreshed(function, at, now, moving)
    scaled = np.abs(now.gradient[:, free] / spreads[free]).max(1, initial=0)
    return Ends(at, now.value, scaled, steps, np.isfinite(now.value) & (promised <= 1e-6))


def _refreshed(function: Callable[[Floats, int], Evaluation], at: Floats, now: Evaluation, moving: NDArray[np.bool_]) -> Evaluation:
    """Derivatives at the new points, for every start: the function weighs rows start by start."""
    return function(at, 2) if moving.any() else now


def _newton(now: Evaluation, spreads: Floats, moving: NDArray[np.bool_], free: NDArray[np.bool_]) -> tuple[Floats, Floats]:
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


def _climb(function: Callable[[Floats, int], Evaluation], at: Floats, value: Floats, step: Floats, moving: NDArray[np.bool_]) -> NDArray[np.bool_]:
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


def distinct(ends: Ends, spreads: Floats, tolerance: float = 1e-6) -> tuple[Maximum, ...]:
    """The distinct maxima among the ends that converged, the highest first."""
    found: list[Maximum] = []
    for at in np.argsort(-ends.value):
        if not ends.has_converged[at]:
            continue
        for number, one in enumerate(found):
            near = np.abs((ends.coefficients[at] - one.coefficients) * spreads).max() < 1e-3 * (1 + np.abs(one.coefficients * spreads).max())
            if abs(ends.value[at] - one.value) < tolerance * (1 + abs(one.value)) and near:
                found[number] = Maximum(one.coefficients, one.value, one.num_starts + 1)
                break
        else:
            found.append(Maximum(ends.coefficients[at], float(ends.value[at]), 1))
    return tuple(found)
