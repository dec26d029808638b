"""Numbers that nobody knows: where their mean is exact, and what it is (M6).

A mean does where all players are risk-neutral, where the number enters linearly, is independent of others, and nothing seen earlier bears
on it. Elsewhere such a number is a move by chance that nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Expression, Floats, Game
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Player, Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import PLAYER_FIELDS, taken_as_known, unknown_names


def unknown_to_all(game: Game, scenario: Scenario) -> list[str]:
    """The numbers of the worlds that nobody knows; of weights there are always types."""
    aside = {*taken_as_known(scenario), *game.facts, *(f"{name}.weights" for name in scenario.players)}
    return [name for name, who in unknown_names(scenario) if who == "nobody" and name not in aside]


def no_mean(game: Game, scenario: Scenario) -> list[str]:
    """Those of them whose mean would not do."""
    return [name for name in unknown_to_all(game, scenario) if not _is_mean_exact(game, scenario, name)]


def mean(estimate: Estimate) -> float:
    """The mean of an estimate: in closed form, by Gauss-Hermite quadrature for the logit-normal, which has none."""
    a = estimate.parameters
    closed = {
        "exact": lambda: a[0],
        "normal": lambda: a[0],
        "uniform": lambda: (a[0] + a[1]) / 2,
        "lognormal": lambda: a[0] * float(np.exp(a[1] ** 2 / 2)),
        "beta": lambda: a[0] / (a[0] + a[1]),
        "triangular": lambda: sum(a) / 3,
        "pert": lambda: (a[0] + 4 * a[1] + a[2]) / 6,
        "choice": lambda: float(np.dot(a[: len(a) // 2], a[len(a) // 2 :])),
    }
    if estimate.family in closed:
        return float(closed[estimate.family]())
    nodes, weights = np.polynomial.hermite_e.hermegauss(96)
    values = 1 / (1 + np.exp(-(np.log(a[0] / (1 - a[0])) + a[1] * nodes)))
    return float(np.dot(weights, values) / weights.sum())


def _is_mean_exact(game: Game, scenario: Scenario, name: str) -> bool:
    """Whether players may read the mean of a number that nobody knows."""
    if not all(_is_neutral(player) for player in scenario.players.values()):
        return False
    if any(name in one.between for one in scenario.correlations) or _is_personal(scenario, name):
        return False
    degree = np.array([*_degrees(game.expressions, name)])
    is_chance = game.player_of_node[game.parent_of_edge] < 0
    if degree[game.guarded_rows].any():
        return False
    entering = np.concatenate([game.share_of_edge[is_chance], game.gain_value])
    return not (degree[entering] > 1).any() and not _is_learnt(game, degree, is_chance)


def _is_neutral(player: Player) -> bool:
    risk = player.risk_aversion
    return risk is None or (risk.estimate is not None and risk.estimate.is_exact and risk.estimate.parameters[0] == 0)


def _is_personal(scenario: Scenario, name: str) -> bool:
    """Whether a player's own numbers, or his view of another, read the number: he would know it."""
    symbols = Symbols(scenario)
    return any(name in symbols.reads(symbols.tree(formula)) for formula in _formulas_of_players(scenario))


def _formulas_of_players(scenario: Scenario) -> Iterator[Formula]:
    for player in scenario.players.values():
        amounts = [getattr(player, field) for field in PLAYER_FIELDS]
        amounts += ((player.weights.exact if player.weights is not None else None) or {}).values()
        yield from (amount.formula for amount in amounts if amount is not None and amount.formula is not None)
        yield from (player.payoffs or {}).values()
    for views in scenario.perceptions.values():
        yield from (view.formula for view in views.values() if view.formula is not None)


def _degrees(expressions: Iterable[Expression], name: str) -> Iterator[float]:
    """The degree of each row in a number; infinite where it is not a polynomial."""
    found: list[float] = []
    for one in expressions:
        if one.operation == "constant":
            degree = 0.0
        elif one.operation == "quantity":
            degree = float(one.operands[0] == name)
        elif one.operation == "linear":
            degree = max((found[row] for row, _ in one.operands[1]), default=0.0)
        elif one.operation == "*":
            degree = sum(found[row] for row in one.operands)
        else:
            degree = np.inf if any(found[row] for row in one.operands) else 0.0
        found.append(degree)
        yield degree


def _is_learnt(game: Game, degree: Floats, is_chance: NDArray[np.bool_]) -> bool:
    """Whether the number is read by the odds of a chance move, and again elsewhere: the outcome would tell of it."""
    step = game.step_of_node[game.parent_of_edge]
    odds = np.unique(step[is_chance & (degree[game.share_of_edge] > 0)])
    gains = np.unique(game.gain_row[degree[game.gain_value] > 0])
    reads_gains = bool(np.isin(game.gain_of_edge, gains[gains > 0]).any())
    return len(odds) > 1 or (len(odds) == 1 and reads_gains)
