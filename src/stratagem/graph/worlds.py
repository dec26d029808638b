"""Worlds: one draw of every uncertain number (M6).

World i depends on the seed, on i and on the names of the numbers only: more worlds or another quantity change none of the
values already drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import UsageError, WorldsError
from stratagem.graph.attitudes import THROUGHOUT, WHERE_HE_MOVES, WITH_PAYOFFS, private_attitudes
from stratagem.graph.families import log_gamma_quantile, normal_quantile, quantile
from stratagem.graph.game import Floats
from stratagem.graph.personal import personal
from stratagem.graph.points import uniforms
from stratagem.graph.readings import Readings
from stratagem.graph.type_odds import type_odds
from stratagem.graph.types import hidden_names
from stratagem.graph.values import PlayerValues, formula_values
from stratagem.scenario.estimate import Amount
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Player, Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import (
    amounts,
    cholesky,
    correlation_matrix,
    hidden_weights,
    order_chain,
    private_names,
)

MAX_WORLDS = 10_000_000
REDRAWS = 2000
ALL_FIELDS = (*WHERE_HE_MOVES, *THROUGHOUT, *WITH_PAYOFFS)
LEAST_ERROR = 1e-6
MOST = 1e100  # squares and products of numbers up to here stay finite


@dataclass(frozen=True)
class Worlds:
    """Drawn numbers, by evaluator: the true ones and, where they differ, what each player holds them to be."""

    number: NDArray[np.int64]  # [W] which worlds these are
    quantities: Mapping[str, Floats]  # name to [W]
    perceived: Mapping[str, Mapping[str, Floats]]  # player to name to [W]
    players: PlayerValues
    normals: Mapping[str, Floats]  # correlated numbers as standard normals [W]

    def __len__(self) -> int:
        return len(self.number)


def draw(
    scenario: Scenario,
    num_worlds: int,
    seed: int,
    first: int = 0,
    fixed: Mapping[str, float] | None = None,
    perceptions: bool = True,
) -> Worlds:
    """Worlds `first` to `first + num_worlds` of a seed.

    `fixed` sets quantities to a value (an intervention: correlated ones stay where they are); with `perceptions` off, players
    read the true numbers. Raises `WorldsError` where a drawn number is out of its range.
    """
    if not 1 <= first + num_worlds <= MAX_WORLDS:
        raise UsageError(f"{num_worlds:,} worlds; from 1 to {MAX_WORLDS:,}")
    index = np.arange(first, first + num_worlds, dtype=np.int64)
    drawn, normals = _draw_all(scenario, index, seed)
    for name, value in (fixed or {}).items():
        drawn[name] = np.full(num_worlds, float(value))
    return _with_views(scenario, drawn, normals, _players(scenario, drawn, index, seed), index, perceptions)


def _with_views(
    scenario: Scenario,
    drawn: Mapping[str, Floats],
    normals: Mapping[str, Floats],
    players: PlayerValues,
    index: NDArray[np.int64],
    perceptions: bool,
    holder: str | None = None,
) -> Worlds:
    """Worlds of drawn numbers, with what is read by type and what players perceive; as a mistaken `holder` has it if there is one."""
    readings = Readings(scenario, drawn, len(index), holder)
    numbers = {**drawn, **type_odds(scenario, normals, len(index), holder=holder), **readings.true()}
    perceived = dict(_perceived(scenario, numbers, normals, readings)) if perceptions else {}
    return Worlds(index, numbers, perceived, players, normals)


def mistaken(scenario: Scenario, worlds: Worlds, holder: str, seed: int, perceptions: bool = True) -> Worlds:
    """The worlds as a player has them who holds wrong numbers about another to be right, and known to all (M8).

    With `perceptions` off, players read the true numbers in that player's mind too.
    """
    size = len(worlds)
    numbers = dict(worlds.quantities)
    hidden = hidden_names(scenario)
    for name, view in scenario.mistakes[holder].items():
        if name in hidden and name not in numbers:
            continue
        numbers[name] = (
            formula_values(scenario, view.formula, worlds.quantities, size)
            if view.formula
            else worlds.quantities[f"{holder}.mistaken.{name}"]
        )
    players = _players(scenario, numbers, worlds.number, seed)
    drawn = {
        name: weights
        for name, weights in worlds.players.weights.items()
        if (stated := scenario.players[name].weights) is not None and stated.exact is None
    }
    players = replace(players, weights={**players.weights, **drawn})
    return _with_views(scenario, numbers, worlds.normals, players, worlds.number, perceptions, holder)


def stated(
    scenario: Scenario,
    numbers: Mapping[str, Floats],
    weights: Mapping[str, Mapping[str, Floats]],
    perceptions: bool = True,
    normals: Mapping[str, Floats] | None = None,
) -> Worlds:
    """Worlds with the numbers given, each [W] by the names of `amounts`, and the players' weights.

    Types of numbers that not all know are as likely as `normals`, the drawn numbers as standard normals, make them.
    """
    size = max((len(one) for by in (numbers, *weights.values()) for one in by.values()), default=1)
    index = np.arange(size, dtype=np.int64)
    players = _players(scenario, numbers, index, 0, weights)
    return _with_views(scenario, numbers, normals or {}, players, index, perceptions)


def central(scenario: Scenario, perceptions: bool = True, fixed: Mapping[str, float] | None = None) -> Worlds:
    """The one world of medians, and of prior means for weights; `fixed` sets quantities to a value."""
    drawn = {name: quantile(estimate, np.array([0.5])) for name, estimate in amounts(scenario).items()}
    drawn.update({name: np.array([float(value)]) for name, value in (fixed or {}).items()})
    many = prior_weights(scenario)
    means = {player: {s: np.array([values.mean()]) for s, values in stakes.items()} for player, stakes in many.items()}
    return stated(scenario, drawn, means, perceptions)


def prior_weights(scenario: Scenario, num_worlds: int = 4096) -> Mapping[str, Mapping[str, Floats]]:
    """Draws of every player's weights: player to stake to [W]."""
    index = np.arange(num_worlds, dtype=np.int64)
    return _players(scenario, _draw_all(scenario, index, 0)[0], index, 0).weights


def _draw_all(scenario: Scenario, index: NDArray[np.int64], seed: int) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Every number that a world draws, and the correlated ones as standard normals."""
    estimates = amounts(scenario)
    points = {name: uniforms(seed, name, index) for name, one in estimates.items() if not one.is_exact}
    normals = _correlated(scenario, points)
    points.update({name: _share_below(row) for name, row in normals.items()})
    drawn = {name: quantile(one, points.get(name, np.full(len(index), 0.5))) for name, one in estimates.items()}
    for name, values in drawn.items():
        bad = ~(np.abs(values) <= MOST)
        if bad.any():
            raise WorldsError(
                f"`{name}` is {values[bad][0]:.3g} in {int(bad.sum())} of {len(bad)} worlds, of a size that cannot be reckoned with [L5]; "
                "use a narrower range"
            )
    return drawn, normals


def _correlated(scenario: Scenario, points: Mapping[str, Floats]) -> dict[str, Floats]:
    """Correlated numbers as standard normals, joined by a Gaussian copula."""
    every, matrix = correlation_matrix(scenario)
    rows = [row for row, name in enumerate(every) if name in points]
    if not rows:
        return {}
    factor = cholesky([[matrix[a][b] for b in rows] for a in rows])
    assert factor is not None
    names = [every[row] for row in rows]
    latent = np.array([normal_quantile(points[name]) for name in names])
    return dict(zip(names, np.asarray(factor) @ latent, strict=True))


def _share_below(normals: Floats) -> Floats:
    from scipy import special  # noqa: PLC0415 - only where numbers are correlated

    return np.asarray(special.ndtr(normals))


def _perceived(
    scenario: Scenario, numbers: Mapping[str, Floats], normals: Mapping[str, Floats], readings: Readings
) -> Iterator[tuple[str, dict[str, Floats]]]:
    """What each player who perceives otherwise holds all numbers to be, with his odds of types."""
    for player, views in scenario.perceptions.items():
        found = {**numbers, **readings.of(player)}
        for name, view in views.items():
            if name in readings.apart:
                found.update(type_odds(scenario, normals, readings.size, player, readings.holder))
            elif view.formula:
                found[name] = formula_values(scenario, view.formula, numbers, readings.size)
            else:
                found[name] = numbers[f"{player}.{name}"]
        yield player, found


def _players(
    scenario: Scenario,
    drawn: Mapping[str, Floats],
    index: NDArray[np.int64],
    seed: int,
    weights: Mapping[str, Mapping[str, Floats]] | None = None,
) -> PlayerValues:
    """What players want in each world; `weights` stand instead of drawn ones."""
    given = weights or {}
    size = len(index)

    def value(formula: Formula) -> Floats:
        return formula_values(scenario, formula, drawn, size)

    def of(name: str, player: Player, field: str, default: float) -> Floats:
        amount: Amount | None = getattr(player, field)
        if amount is None:
            return np.full(size, default)
        if amount.formula:
            return value(amount.formula)
        found = drawn[f"{name}.{field}"]
        # The tail of a range such as `5% to 20%` reaches past a half, where choice is by base shares already.
        return np.clip(found, LEAST_ERROR, 0.5) if field == "errors" else found

    hidden = private_names(scenario)
    typed = hidden_weights(scenario)
    inward = personal(scenario, Symbols(scenario), hidden) if hidden else {}
    by_type = set(private_attitudes(scenario, Symbols(scenario), hidden, ALL_FIELDS) if hidden else ())
    by_type |= {(name, "precision") for name, field in by_type if field == "errors"}

    def table(field: str, default: float) -> dict[str, Floats]:
        players = scenario.players.items()
        return {name: of(name, player, field, default) for name, player in players if (name, field) not in by_type}

    precision, errors = table("precision", np.inf), table("errors", 0.5)
    in_range(scenario, "errors", errors, LEAST_ERROR, 0.5)
    for name, player in scenario.players.items():
        if player.errors is not None and name in errors:
            precision[name] = precision_of(errors[name], player.range or 1.0)
    found = PlayerValues(
        weights={
            name: given[name] if name in given else _weights(scenario, name, drawn, index, seed, value)
            for name, player in scenario.players.items()
            if player.weights and (name not in inward or (player.weights.exact is None and name not in typed))
        },
        payoffs={
            name: {stake: value(formula) for stake, formula in player.payoffs.items()}
            for name, player in scenario.players.items()
            if player.payoffs is not None and name not in inward
        },
        precision=precision,
        risk_aversion=table("risk_aversion", 0.0),
        loss_aversion=table("loss_aversion", 1.0),
        discount=table("discount", 1.0),
    )
    in_range(scenario, "precision", found.precision, 0.0, np.inf)
    in_range(scenario, "loss aversion", found.loss_aversion, 0.0, np.inf)
    in_range(scenario, "discount", found.discount, 0.0, 1.0)
    return found


def precision_of(errors: Floats, payoff_range: float) -> Floats:
    """The precision at which the worse of two actions, a tenth of the payoff range apart, has the odds of an error (M9)."""
    return np.log((1 - errors) / errors) / (0.1 * payoff_range)


def in_range(scenario: Scenario, what: str, values: Mapping[str, Floats], low: float, high: float) -> None:
    """Raise `WorldsError` where a number of a player's is out of its range in some world."""
    for player, numbers in values.items():
        bad = ~((numbers >= low) & (numbers <= high))
        if bad.any():
            raise WorldsError(
                f"{scenario.where('players', player, what)}the {what} of `{player}` is {numbers[bad][0]:.6g} in {int(bad.sum())} of {len(bad)} worlds; it must be from {low:g} to {high:g} [L11]"
            )


def _weights(
    scenario: Scenario,
    name: str,
    drawn: Mapping[str, Floats],
    index: NDArray[np.int64],
    seed: int,
    value: Callable[[Formula], Floats],
) -> dict[str, Floats]:
    weights, where = scenario.players[name].weights, scenario.where("players", name, "weights")
    assert weights is not None
    if weights.dirichlet is not None:
        chains = [order_chain(text) for text in weights.order]
        return _dirichlet(where, name, weights.dirichlet, chains, index, seed)
    if weights.swings is not None:
        ratings = {stake: drawn[f"{name}.weights.{stake}"] for stake in weights.swings}
        total = np.sum(list(ratings.values()), axis=0)
        if not (total > 0).all():
            raise WorldsError(f"{where}the swings of `{name}` sum to 0 in some world [L11]")
        return {stake: rating / total for stake, rating in ratings.items()}
    exact = weights.exact or {}
    values = {s: value(a.formula) if a.formula else drawn[f"{name}.weights.{s}"] for s, a in exact.items()}
    total = np.sum(list(values.values()), axis=0)
    bad = np.abs(total - 1) > 1e-9
    if bad.any():
        raise WorldsError(
            f"{where}the weights of `{name}` sum to {total[bad][0]:.6g} in {int(bad.sum())} of {len(bad)} worlds; they must sum to 1 [M5]; `swings:` rescales ratings"
        )
    return values


def _dirichlet(
    where: str,
    name: str,
    alphas: Mapping[str, float],
    chains: list[tuple[str, ...]],
    index: NDArray[np.int64],
    seed: int,
) -> dict[str, Floats]:
    """Dirichlet weights under order constraints.

    A chain over stakes of equal alpha is met by sorting, which is exact because they are exchangeable; what is left is met
    by drawing again, world by world.
    """
    stakes = list(alphas)
    found = np.empty((len(stakes), len(index)))
    todo = np.arange(len(index))
    for attempt in range(REDRAWS):
        suffix = f"#{attempt}" if attempt else ""
        points = {s: uniforms(seed, f"{name}.weights.{s}{suffix}", index[todo]) for s in stakes}
        logs = np.array([log_gamma_quantile(alphas[s], points[s]) for s in stakes])
        gammas = np.exp(logs - logs.max(axis=0))
        weights = gammas / gammas.sum(axis=0)
        _sort_chains(weights, stakes, alphas, chains)
        found[:, todo] = weights
        todo = todo[~_in_order(weights, stakes, chains)]
        if not len(todo):
            return dict(zip(stakes, found, strict=True))
    raise WorldsError(
        f"{where}the order of the weights of `{name}` was not met in {len(todo)} of {len(index)} worlds after {REDRAWS:,} draws [L11]; loosen it"
    )


def _sort_chains(
    weights: Floats, stakes: list[str], alphas: Mapping[str, float], chains: list[tuple[str, ...]]
) -> None:
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
