"""Worlds: one draw of every uncertain number (M6).

World i depends on the seed, on i and on the names of the numbers only: more worlds or another quantity change none of the
values already drawn. Each number runs through a nested Latin hypercube (McKay, Beckman & Conover 1979; nested by powers of
two as in Qian 2009): its first 2^k points fall one in each of 2^k equal slices, in an order of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import UsageError, WorldsError
from stratagem.graph.game import Floats
from stratagem.graph.values import PlayerValues, formula_values
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.model import Player, Scenario
from stratagem.scenario.quantities import amounts, cholesky, correlation_matrix, order_chain

MAX_WORLDS = 10_000_000
BITS = 32
REDRAWS = 2000

Unsigned = NDArray[np.uint64]


@dataclass(frozen=True)
class Worlds:
    """Drawn numbers, by evaluator: the true ones and, where they differ, what each player holds them to be."""

    number: NDArray[np.int64]  # [W] which worlds these are
    quantities: Mapping[str, Floats]  # name to [W]
    perceived: Mapping[str, Mapping[str, Floats]]  # player to name to [W]
    players: PlayerValues

    def __len__(self) -> int:
        return len(self.number)


def draw(scenario: Scenario, num_worlds: int, seed: int, first: int = 0, fixed: Mapping[str, float] | None = None, perceptions: bool = True) -> Worlds:
    """Worlds `first` to `first + num_worlds` of a seed.

    `fixed` sets quantities to a value (an intervention: correlated ones stay where they are); with `perceptions` off, players
    read the true numbers. Raises `WorldsError` where a drawn number is out of its range.
    """
    if not 1 <= first + num_worlds <= MAX_WORLDS:
        raise UsageError(f"{num_worlds:,} worlds; from 1 to {MAX_WORLDS:,}")
    index = np.arange(first, first + num_worlds, dtype=np.int64)
    drawn = _draw_all(scenario, index, seed)
    for name, value in (fixed or {}).items():
        drawn[name] = np.full(num_worlds, float(value))
    perceived = dict(_perceived(scenario, drawn, num_worlds)) if perceptions else {}
    players = _players(scenario, drawn, index, seed)
    return Worlds(index, drawn, perceived, players)


def central(scenario: Scenario, perceptions: bool = True) -> Worlds:
    """The one world of medians, and of prior means for weights."""
    index = np.zeros(1, np.int64)
    drawn = {name: quantile(estimate, np.array([0.5])) for name, estimate in amounts(scenario).items()}
    perceived = dict(_perceived(scenario, drawn, 1)) if perceptions else {}
    many = _players(scenario, _draw_all(scenario, np.arange(4096), 0), np.arange(4096), 0)
    one = _players(scenario, drawn, index, 0)
    weights = {player: {stake: np.array([values.mean()]) for stake, values in stakes.items()} for player, stakes in many.weights.items()}
    return Worlds(index, drawn, perceived, PlayerValues(weights, one.payoffs, one.precision, one.risk_aversion, one.loss_aversion, one.discount))


# --- points ------------------------------------------------------------------------------------------------------


def uniforms(seed: int, name: str, index: NDArray[np.int64]) -> Floats:
    """Points in (0, 1) [W] of the number `name` in the worlds `index`."""
    keys = np.frombuffer(hashlib.sha256(f"{seed}/{name}".encode()).digest(), "<u8").astype(np.uint64)
    scrambled = _reverse(_scramble(_shuffle(index.astype(np.uint64), keys), keys[3]))
    return (scrambled.astype(np.float64) + 0.5) / 2.0**BITS


def _shuffle(index: Unsigned, keys: Unsigned) -> Unsigned:
    """A permutation of the whole numbers that maps each block [2^k, 2^(k+1)) to itself.

    Within a block: keyed rounds of odd multiplication, addition and folding modulo 2^k, each of them invertible.
    """
    level = np.maximum(np.frexp(index.astype(np.float64))[1] - 1, 0)
    base = np.where(index > 0, np.uint64(1) << level.astype(np.uint64), np.uint64(0)).astype(np.uint64)
    mask = np.where(index > 0, base - np.uint64(1), np.uint64(0)).astype(np.uint64)
    fold = (level // 2 + 1).astype(np.uint64)
    x = index - base
    with np.errstate(over="ignore"):
        levels = np.arange(BITS + 1, dtype=np.uint64)
        for turn in range(6):
            key = _mix(keys[turn % 3] + np.uint64(0x9E3779B97F4A7C15) * (levels + np.uint64(64 * turn + 1)))[level]
            x = (x * (key | np.uint64(1)) + (key >> np.uint64(29))) & mask
            x ^= x >> fold
    return np.asarray(base + x)


def _mix(x: Unsigned) -> Unsigned:
    """The finaliser of splitmix64 (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _scramble(values: Unsigned, key: np.uint64) -> Unsigned:
    """A hash of 32 bits in which each bit depends on lower ones only (Laine & Karras 2011): before `_reverse`, a nested
    scramble (Owen 1995; Burley 2020) under which slices stay slices."""
    word = np.uint64(0xFFFFFFFF)
    with np.errstate(over="ignore"):
        x = (values + key) & word
        for factor in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
            x ^= (x * np.uint64(factor)) & word
    return x


def _reverse(values: Unsigned) -> Unsigned:
    """The 32 bits of each value in reverse: of the whole numbers in order, the van der Corput sequence in base 2."""
    x = values
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF)):
        step, pattern = np.uint64(shift), np.uint64(mask)
        x = ((x >> step) & pattern) | ((x & pattern) << step)
    return x


# --- families ----------------------------------------------------------------------------------------------------


def quantile(estimate: Estimate, u: Floats) -> Floats:
    """The values of an estimate at the probabilities `u`."""
    a = estimate.parameters
    family = estimate.family
    if family == "exact":
        return np.full(len(u), a[0])
    if family == "choice":
        half = len(a) // 2
        order = np.argsort(a[:half], kind="stable")
        edges = np.cumsum(np.asarray(a[half:])[order])
        return np.asarray(a[:half])[order][np.minimum(np.searchsorted(edges, u, side="right"), half - 1)]
    if family == "uniform":
        return a[0] + (a[1] - a[0]) * u
    if family == "beta":
        return _beta(a[0], a[1], u)
    if family == "pert":
        low, mode, high = a
        first = 1 + 4 * (mode - low) / (high - low)
        return low + (high - low) * _beta(first, 6 - first, u)
    if family == "triangular":
        return _triangular(a[0], a[1], a[2], u)
    z = normal_quantile(u)
    if family == "normal":
        return np.asarray(a[0] + a[1] * z)
    if family == "lognormal":
        return np.asarray(a[0] * np.exp(a[1] * z))
    return 1 / (1 + np.exp(-(np.log(a[0] / (1 - a[0])) + a[1] * z)))


def _beta(a: float, b: float, u: Floats) -> Floats:
    from scipy import special

    return np.asarray(special.betaincinv(a, b, u))


def _gamma(alpha: float, u: Floats) -> Floats:
    """Quantiles of the unit gamma; the exponential's have a closed form, which spares an import."""
    if alpha == 1:
        return -np.log1p(-u)
    from scipy import special

    return np.asarray(special.gammaincinv(alpha, u))


def normal_quantile(u: Floats) -> Floats:
    """Quantiles of the standard normal, to 1e-15 (Wichura 1988, Applied Statistics 37:477, AS 241)."""
    centre = u - 0.5
    tail = np.sqrt(-np.log(np.minimum(u, 1 - u)))
    z = np.sign(centre) * np.where(tail <= 5, _ratio(tail - 1.6, _MIDDLE), _ratio(tail - 5, _FAR))
    return np.asarray(np.where(np.abs(centre) <= 0.425, centre * _ratio(0.180625 - centre**2, _CENTRE), z))


def _ratio(x: Floats, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Floats:
    above, below = (np.polynomial.polynomial.polyval(x, one) for one in coefficients)
    return np.asarray(above / below)


_CENTRE = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
     67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
     28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_MIDDLE = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258,
     0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
     0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930,
     0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def _triangular(low: float, mode: float, high: float, u: Floats) -> Floats:
    width = high - low
    left = low + np.sqrt(u * width * (mode - low))
    right = high - np.sqrt((1 - u) * width * (high - mode))
    return np.asarray(np.where(u < (mode - low) / width, left, right))


# --- numbers -----------------------------------------------------------------------------------------------------


def _draw_all(scenario: Scenario, index: NDArray[np.int64], seed: int) -> dict[str, Floats]:
    estimates = amounts(scenario)
    points = {name: uniforms(seed, name, index) for name, one in estimates.items() if not one.is_exact}
    points.update(_correlated(scenario, points))
    return {name: quantile(one, points.get(name, np.full(len(index), 0.5))) for name, one in estimates.items()}


def _correlated(scenario: Scenario, points: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """The points of correlated numbers, joined by a Gaussian copula."""
    names, matrix = correlation_matrix(scenario)
    if not names:
        return
    factor = cholesky(matrix)
    assert factor is not None
    from scipy import special

    latent = np.array([normal_quantile(points[name]) for name in names])
    for name, row in zip(names, np.asarray(factor) @ latent, strict=True):
        yield name, np.asarray(special.ndtr(row))


def _perceived(scenario: Scenario, drawn: Mapping[str, Floats], num_worlds: int) -> Iterator[tuple[str, dict[str, Floats]]]:
    for player, views in scenario.perceptions.items():
        found = dict(drawn)
        for name, view in views.items():
            found[name] = formula_values(scenario, view.formula, drawn, num_worlds) if view.formula else drawn[f"{player}.{name}"]
        yield player, found


def _players(scenario: Scenario, drawn: Mapping[str, Floats], index: NDArray[np.int64], seed: int) -> PlayerValues:
    size = len(index)

    def of(name: str, player: Player, field: str, default: float) -> Floats:
        amount: Amount | None = getattr(player, field)
        if amount is None:
            return np.full(size, default)
        return formula_values(scenario, amount.formula, drawn, size) if amount.formula else drawn[f"{name}.{field}"]

    def table(field: str, default: float) -> dict[str, Floats]:
        return {name: of(name, player, field, default) for name, player in scenario.players.items()}

    precision = table("precision", np.inf)
    for name, player in scenario.players.items():
        if player.errors is not None:
            precision[name] = _precision(of(name, player, "errors", 0.5), player.range or 1.0)
    found = PlayerValues(
        weights={name: _weights(scenario, name, player, drawn, index, seed) for name, player in scenario.players.items() if player.weights},
        payoffs={
            name: {stake: formula_values(scenario, formula, drawn, size) for stake, formula in player.payoffs.items()}
            for name, player in scenario.players.items()
            if player.payoffs is not None
        },
        precision=precision,
        risk_aversion=table("risk_aversion", 0.0),
        loss_aversion=table("loss_aversion", 1.0),
        discount=table("discount", 1.0),
    )
    _in_range("precision", found.precision, 0.0, np.inf)
    _in_range("loss aversion", found.loss_aversion, 0.0, np.inf)
    _in_range("discount", found.discount, 0.0, 1.0)
    return found


def _precision(errors: Floats, payoff_range: float) -> Floats:
    """The precision at which the worse of two actions, a tenth of the payoff range apart, has the odds of an error (M9)."""
    return np.log((1 - errors) / errors) / (0.1 * payoff_range)


def _in_range(what: str, values: Mapping[str, Floats], low: float, high: float) -> None:
    for player, numbers in values.items():
        bad = ~((numbers >= low) & (numbers <= high))
        if bad.any():
            raise WorldsError(f"the {what} of `{player}` is {numbers[bad][0]:.6g} in {int(bad.sum())} of {len(bad)} worlds; it must be from {low:g} to {high:g} [L11]")


def _weights(scenario: Scenario, name: str, player: Player, drawn: Mapping[str, Floats], index: NDArray[np.int64], seed: int) -> dict[str, Floats]:
    weights = player.weights
    assert weights is not None
    if weights.dirichlet is not None:
        chains = [order_chain(text) for text in weights.order]
        return _dirichlet(name, weights.dirichlet, chains, index, seed)
    if weights.swings is not None:
        ratings = {stake: drawn[f"{name}.weights.{stake}"] for stake in weights.swings}
        total = np.sum(list(ratings.values()), axis=0)
        if not (total > 0).all():
            raise WorldsError(f"the swings of `{name}` sum to 0 in some world [L11]")
        return {stake: rating / total for stake, rating in ratings.items()}
    exact = weights.exact or {}
    values = {s: formula_values(scenario, a.formula, drawn, len(index)) if a.formula else drawn[f"{name}.weights.{s}"] for s, a in exact.items()}
    total = np.sum(list(values.values()), axis=0)
    bad = np.abs(total - 1) > 1e-9
    if bad.any():
        raise WorldsError(f"the weights of `{name}` sum to {total[bad][0]:.6g} in {int(bad.sum())} of {len(bad)} worlds; they must sum to 1 [M5]; `swings:` rescales ratings")
    return values


def _dirichlet(name: str, alphas: Mapping[str, float], chains: list[tuple[str, ...]], index: NDArray[np.int64], seed: int) -> dict[str, Floats]:
    """Dirichlet weights under order constraints.

    A chain over stakes of equal alpha is met by sorting, which is exact because they are exchangeable; what is left is met
    by drawing again, world by world.
    """
    stakes = list(alphas)
    found = np.empty((len(stakes), len(index)))
    todo = np.arange(len(index))
    for attempt in range(REDRAWS):
        suffix = f"#{attempt}" if attempt else ""
        gammas = [_gamma(alphas[s], uniforms(seed, f"{name}.weights.{s}{suffix}", index[todo])) for s in stakes]
        weights = np.asarray(gammas) / np.sum(gammas, axis=0)
        _sort_chains(weights, stakes, alphas, chains)
        found[:, todo] = weights
        todo = todo[~_in_order(weights, stakes, chains)]
        if not len(todo):
            return dict(zip(stakes, found, strict=True))
    raise WorldsError(f"the order of the weights of `{name}` was not met in {len(todo)} of {len(index)} worlds after {REDRAWS:,} draws [L11]; loosen it")


def _sort_chains(weights: Floats, stakes: list[str], alphas: Mapping[str, float], chains: list[tuple[str, ...]]) -> None:
    used: set[str] = set()
    for chain in chains:
        if len({alphas[stake] for stake in chain}) == 1 and used.isdisjoint(chain) and len(chains) == 1:
            rows = [stakes.index(stake) for stake in chain]
            weights[rows] = np.sort(weights[rows], axis=0)[::-1]
        used |= set(chain)


def _in_order(weights: Floats, stakes: list[str], chains: list[tuple[str, ...]]) -> NDArray[np.bool_]:
    good = np.ones(weights.shape[1], bool)
    for chain in chains:
        rows = weights[[stakes.index(stake) for stake in chain]]
        good &= (np.diff(rows, axis=0) <= 0).all(axis=0)
    return good


