"""Variance-based sensitivity from given data, valid where inputs are correlated: Shapley effects and what goes with them.

With correlated inputs Sobol' indices no longer split the variance: what inputs share is counted for each of them in the first-order
index and for none in the total one. Shapley effects (Owen 2014, SIAM/ASA JUQ 2:245; Song, Nelson & Staum 2016, JUQ 4:1060) share it
out evenly over all orders in which inputs may be learnt; they stay at or above 0 and sum to the variance.

The worth of a set u of inputs is the variance of E[Y | X_u]. It is found as the variance of the best fit of Y by functions of X_u
under the joint distribution that the worlds have: per input its number and Legendre polynomials of its rank, per pair their products.
What no such function catches (interactions of three and more inputs, kinks) is not shared out but reported as unresolved.

Axes: W worlds, D inputs followed one by one, F functions, T sets of inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from stratagem.analyse.pooling import effective_size
from stratagem.errors import UsageError
from stratagem.graph.game import Floats, Ints

FOLLOWED = 8  # inputs followed one by one; the number of sets doubles with each
WORLDS_PER_FUNCTION = 20
MOST_FUNCTIONS = 400
MOST_DEGREE = 8
MOST_PAIR_DEGREE = 6
BINS = 32
WORLDS_PER_BIN = 25
TINY = 1e-9
SETS_AT_ONCE = 64
LEAST_EFFECTIVE = 200


@dataclass(frozen=True)
class Effect:
    """What one input does, as shares of the variance, each with its Monte Carlo standard error."""

    name: str
    shapley: float
    shapley_error: float
    alone: float  # variance of E[Y | X_i]: what knowing this input only would resolve
    alone_error: float
    last: float  # what is lost without it where all others are known


@dataclass(frozen=True)
class Effects:
    """The effects of all inputs on a number; `followed`, `rest` and `unresolved` sum to 1."""

    mean: float
    variance: float
    followed: tuple[Effect, ...]  # greatest first
    rest: float  # Shapley effect of all others as one group
    rest_error: float
    rest_names: tuple[str, ...]
    unresolved: float
    alone: Mapping[str, tuple[float, float]]  # every input's first-order index and its error
    effective: float


def effects(
    inputs: Mapping[str, Floats], output: Floats, weight: Floats | None = None, followed: int = FOLLOWED
) -> Effects | None:
    """The effects of inputs [W] on an output [W]; None where the output does not vary.

    The `followed` inputs of greatest bearing (on the mean or on the spread of the output) are taken one by one, all others as one
    group without interactions among them. Raises `UsageError` for numbers that are not finite or worlds too few to tell.
    """
    output, weight = _checked(inputs, output, weight)
    mean = float(weight @ output)
    centred = output - mean
    variance = float(weight @ centred**2)
    if not variance > TINY**2 * max(mean**2, 1.0):
        return None
    y = centred / np.sqrt(variance)
    ranks = {name: _ranks(np.asarray(values, np.float64), weight) for name, values in inputs.items()}
    size = effective_size(weight)
    alone = {name: first_order(rank, y, weight, size) for name, rank in ranks.items()}
    names = _screened(ranks, alone, y, weight, size)
    chosen, rest = names[:followed], names[followed:]
    basis = _basis(inputs, ranks, chosen, rest, weight, size)
    players = [*chosen, *([""] if rest else [])]
    worth = _worths(basis, len(players), y, weight, size)
    found = tuple(
        Effect(name, worth.shapley[place], worth.error[place], *alone[name], worth.last[place])
        for place, name in enumerate(chosen)
    )
    return Effects(
        mean=mean,
        variance=variance,
        followed=tuple(sorted(found, key=lambda one: -one.shapley)),
        rest=worth.shapley[-1] if rest else 0.0,
        rest_error=worth.error[-1] if rest else 0.0,
        rest_names=tuple(rest),
        unresolved=1.0 - worth.whole,
        alone=alone,
        effective=size,
    )


def _checked(inputs: Mapping[str, Floats], output: Floats, weight: Floats | None) -> tuple[Floats, Floats]:
    output = np.asarray(output, np.float64)
    weight = np.ones(len(output)) if weight is None else np.asarray(weight, np.float64)
    if not inputs or any(np.shape(one) != output.shape for one in (*inputs.values(), weight)):
        raise UsageError(
            "sensitivity needs at least one input, and as many numbers of each as there are outputs and weights"
        )
    if not all(np.isfinite(one).all() for one in (*inputs.values(), output, weight)) or (weight < 0).any():
        raise UsageError("sensitivity reads finite numbers, and weights of at least 0")
    if effective_size(weight) < LEAST_EFFECTIVE:
        raise UsageError(
            f"the worlds count as {effective_size(weight):,.0f} of equal weight; to share out a variance takes at least {LEAST_EFFECTIVE}"
        )
    return output, weight / weight.sum()


def _ranks(values: Floats, weight: Floats) -> Floats:
    """[W] each world's place in the distribution, from 0 to 1; equal numbers share one."""
    _, codes = np.unique(values, return_inverse=True)
    mass = np.bincount(codes, weight)
    return np.asarray((np.cumsum(mass) - mass / 2)[codes])


# --- one input at a time -----------------------------------------------------------------------------------------


def first_order(ranks: Floats, y: Floats, weight: Floats, size: float) -> tuple[float, float]:
    """The share of the variance of y (mean 0, variance 1) in its means by slices of equal weight, and its standard error.

    Corrected for the slices' own noise as the correlation ratio is (Kelley 1935, PNAS 21:554), so it may fall a little below 0.
    """
    bins = int(np.clip(size / WORLDS_PER_BIN, 2, BINS))
    slices = np.minimum((ranks * bins).astype(np.int64), bins - 1)
    mass = np.bincount(slices, weight, bins)
    means = np.bincount(slices, weight * y, bins) / np.where(mass > 0, mass, 1.0)
    residual = y - means[slices]
    left = float(weight @ residual**2)
    used = int((mass > 0).sum())
    index = 1 - left * (size - 1) / (size - used)
    return index, _error(weight, residual**2 - left * y**2)


def _error(weight: Floats, influence: Floats) -> float:
    """The standard error of a weighted mean from each world's influence: the infinitesimal jackknife (Efron 1982)."""
    return float(np.sqrt((weight**2 * (influence - weight @ influence) ** 2).sum()))


def _screened(
    ranks: Mapping[str, Floats], alone: Mapping[str, tuple[float, float]], y: Floats, weight: Floats, size: float
) -> list[str]:
    """The inputs, those of greatest bearing first: on the mean of y, or on its spread, by which pure interactions show."""
    spread = y**2 - 1
    scale = float(np.sqrt(weight @ spread**2))
    bearing = {
        name: alone[name][0] + max(first_order(rank, spread / scale, weight, size)[0], 0.0)
        if scale > TINY
        else alone[name][0]
        for name, rank in ranks.items()
    }
    return sorted(bearing, key=lambda name: -bearing[name])


# --- functions of the inputs -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Basis:
    functions: Floats  # [F, W] mean 0
    reads: Ints  # [F] which inputs each reads, as bits


def _basis(
    inputs: Mapping[str, Floats],
    ranks: Mapping[str, Floats],
    chosen: list[str],
    rest: list[str],
    weight: Floats,
    size: float,
) -> _Basis:
    """Functions of each followed input, products for each pair, and few functions of every other one."""
    budget = int(min(size / WORLDS_PER_FUNCTION, MOST_FUNCTIONS))
    rest_degree = int(np.clip(budget // 4 // max(len(rest), 1), 1, 2))
    budget -= rest_degree * len(rest)
    degree = int(np.clip(budget // (2 * len(chosen)), 1, MOST_DEGREE))
    budget -= degree * len(chosen)
    pairs = len(chosen) * (len(chosen) - 1) // 2
    pair_degree = min(int(np.sqrt(max(budget, 0) / pairs)), MOST_PAIR_DEGREE, degree) if pairs else 0
    single = [_functions(np.asarray(inputs[name], np.float64), ranks[name], degree, weight) for name in chosen]
    rows, reads = [], []
    for place, own in enumerate(single):
        rows.append(own)
        reads += [1 << place] * len(own)
    for one, two in combinations(range(len(chosen)), 2):
        first, second = single[one][:pair_degree], single[two][:pair_degree]
        rows.append((first[:, None] * second[None]).reshape(len(first) * len(second), len(weight)))
        reads += [(1 << one) | (1 << two)] * (len(first) * len(second))
    for name in rest:
        rows.append(_functions(np.asarray(inputs[name], np.float64), ranks[name], rest_degree, weight))
        reads += [1 << len(chosen)] * len(rows[-1])
    functions = np.concatenate(rows)
    functions -= (functions @ weight)[:, None]
    return _Basis(functions, np.array(reads, np.int32))


def _functions(values: Floats, ranks: Floats, degree: int, weight: Floats) -> Floats:
    """[up to degree, W] functions of one input, of mean 0 and orthonormal: the number itself, then polynomials of its rank."""
    degree = min(degree, len(np.unique(values)) - 1)
    found = np.empty((degree, len(values)))
    count = 0
    for order in range(1, degree + 1):
        row = values if order == 1 else np.polynomial.legendre.legval(2 * ranks - 1, [0] * order + [1])
        row = row - weight @ row
        row = row / np.sqrt(weight @ row**2)
        row -= (found[:count] @ (weight * row)) @ found[:count]
        norm = float(np.sqrt(weight @ row**2))
        if norm > 1e-6:
            found[count] = row / norm
            count += 1
    return found[:count]


# --- the worth of each set ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Worths:
    shapley: list[float]
    error: list[float]
    last: list[float]
    whole: float


def _worths(basis: _Basis, players: int, y: Floats, weight: Floats, size: float) -> _Worths:
    """The Shapley value of each player in the game of explained variance, with errors.

    The error follows each world's influence on a residual variance, which to first order is its squared residual.
    """
    sets = np.arange(1 << players)
    shares = _shares(players)
    slopes, used = _fits(basis, players, y, weight)
    left, influence = np.ones(len(sets)), np.zeros((players, len(y)))
    for start in range(0, len(sets), SETS_AT_ONCE):
        part = slice(start, start + SETS_AT_ONCE)
        squared = (y - slopes[part] @ basis.functions) ** 2
        left[part] = squared @ weight
        influence -= shares[:, part] @ (squared - left[part, None] * y**2)
    value = 1 - left * (size - 1) / (size - used - 1)
    value[0] = 0.0
    whole = len(sets) - 1
    last = [float(value[whole] - value[whole ^ (1 << player)]) for player in range(players)]
    shapley = [float(one) for one in shares @ value]
    return _Worths(shapley, [_error(weight, one) for one in influence], last, float(value[whole]))


def _shares(players: int) -> Floats:
    """[players, T] how each set's worth enters each player's Shapley value: for sets with the player, against those without."""
    sets = np.arange(1 << players)
    order = np.array([factorial(n) * factorial(players - 1 - n) / factorial(players) for n in range(players)])
    counts = np.array([int(one).bit_count() for one in sets])
    is_in = np.array([(sets >> player) & 1 for player in range(players)]) == 1
    return np.asarray(np.where(is_in, order[np.maximum(counts - 1, 0)], -order[np.minimum(counts, players - 1)]))


def _fits(basis: _Basis, players: int, y: Floats, weight: Floats) -> tuple[Floats, Ints]:
    """[T, F] the slopes of the best fit by the functions that read no input outside a set, and [T] how many these are."""
    from scipy import linalg  # noqa: PLC0415 - not on the way to a plain answer

    weighted = basis.functions * weight
    gram, target = weighted @ basis.functions.T, weighted @ y
    gram[np.diag_indices_from(gram)] += TINY
    slopes = np.zeros((1 << players, len(target)))
    used = np.zeros(1 << players, np.int32)
    for members in range(1, 1 << players):
        read = np.flatnonzero((basis.reads & ~members) == 0)
        factor = linalg.cho_factor(gram[np.ix_(read, read)], lower=True, overwrite_a=True, check_finite=False)
        slopes[members, read] = linalg.cho_solve(factor, target[read], check_finite=False)
        used[members] = len(read)
    return slopes, used
