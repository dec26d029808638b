"""Numbers that not all players know (M6): replaced by their means where that is exact, refused elsewhere.

Takes a game and drawn worlds; gives worlds in which players read means while outcomes fall with the true numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from stratagem.errors import NotSolvedError, quote
from stratagem.graph.game import Expression, Game, Ints
from stratagem.graph.worlds import Worlds
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import PLAYER_FIELDS, amounts

REMEDY = (
    "say `taken as known: [{name}]` (or `--taken-as-known`) to solve it as if all knew it, which the answer then lists"
)


def unknown_names(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Every uncertain number that is not known to all, with who knows it."""
    for who, name, quantity in scenario.known_quantities():
        if who != "all" and not quantity.is_.is_exact:
            yield name, who
    for name, player in scenario.players.items():
        if player.weights is not None and player.weights.known_to not in (None, "all"):
            yield f"{name}.weights", player.weights.known_to or "all"


def taken_as_known(scenario: Scenario, everything: bool = False) -> list[str]:
    """The numbers that are treated as known to all though they are not."""
    is_all = everything or "all" in scenario.taken_as_known
    return [name for name, _ in unknown_names(scenario) if is_all or name in scenario.taken_as_known]


def with_means(game: Game, scenario: Scenario, worlds: Worlds, everything: bool = False) -> Worlds:
    """The worlds as players see them. Raises `NotSolvedError` where a mean would not be exact."""
    taken = set(taken_as_known(scenario, everything))
    unknown = [(name, who) for name, who in unknown_names(scenario) if name not in taken]
    if not unknown:
        return worlds
    for name, who in unknown:
        if who != "nobody" or name.endswith(".weights"):
            raise NotSolvedError(
                f"{quote(name)} is known to {who} only: hidden information, which no solver here answers [M6]; {REMEDY.format(name=name)}"
            )
    names = [name for name, _ in unknown]
    for why in _obstacles(game, scenario, names):
        raise NotSolvedError(f"{why} [M6]; {REMEDY.format(name=names[0])}")
    estimates = amounts(scenario)
    means = {name: np.full(len(worlds), mean(estimates[name])) for name in names}
    common = {**worlds.quantities, **means}
    perceived = dict.fromkeys(game.players, common)
    perceived.update(
        {
            player: {**worlds.perceived[player], **means, **_own_views(scenario, player, worlds)}
            for player in worlds.perceived
        }
    )
    return replace(worlds, perceived=perceived)


def _own_views(scenario: Scenario, player: str, worlds: Worlds) -> dict[str, np.ndarray]:
    return {name: worlds.perceived[player][name] for name in scenario.perceptions.get(player, {})}


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


def _obstacles(game: Game, scenario: Scenario, names: list[str]) -> Iterator[str]:
    """Why means would not do: risk attitude, correlation, non-linear entry, or learning."""
    hidden = set(names)
    yield from _readers(scenario, hidden)
    for name, player in scenario.players.items():
        risk = player.risk_aversion
        if risk is not None and not (
            risk.estimate is not None and risk.estimate.is_exact and risk.estimate.parameters[0] == 0
        ):
            yield f"{quote(name)} is not risk-neutral, so that the mean of {quote(names[0])}, known to nobody, does not do"
    for one in scenario.correlations:
        for name in hidden.intersection(one.between):
            yield f"{quote(name)}, known to nobody, is correlated with another number, which would tell of it"
    degrees = [*_degrees(game.expressions, hidden)]
    is_chance = game.player_of_node[game.parent_of_edge] < 0
    chance = np.unique(game.share_of_edge[is_chance])
    for row in game.guarded_rows:
        for name in degrees[row]:
            yield f"{quote(name)}, known to nobody, is read by a guard, a share or a stock"
    for row in (*chance, *game.gain_value):
        for name, degree in degrees[row].items():
            if degree > 1:
                yield f"{quote(name)}, known to nobody, does not enter linearly"
    yield from _learning(game, degrees, is_chance, hidden)


def _readers(scenario: Scenario, hidden: set[str]) -> Iterator[str]:
    """Players whose own numbers, or whose view of another, would tell them a number that nobody knows."""
    symbols = Symbols(scenario)
    for who, what, formula in _formulas_of_players(scenario):
        for name in sorted(hidden & symbols.reads(symbols.tree(formula))):
            yield f"{quote(name)}, known to nobody, is read by {what} of {quote(who)}, who would know it"


def _formulas_of_players(scenario: Scenario) -> Iterator[tuple[str, str, Formula]]:
    for name, player in scenario.players.items():
        amounts_of = {field.replace("_", " "): getattr(player, field) for field in PLAYER_FIELDS}
        weights = player.weights.exact if player.weights is not None else None
        amounts_of.update({f"the weight of `{stake}`": amount for stake, amount in (weights or {}).items()})
        for what, amount in amounts_of.items():
            if amount is not None and amount.formula is not None:
                yield name, what if "`" in what else f"the {what}", amount.formula
        for stake, formula in (player.payoffs or {}).items():
            yield name, f"the payoff of `{stake}`", formula
    for name, views in scenario.perceptions.items():
        for quantity, view in views.items():
            if view.formula is not None:
                yield name, f"the perception of `{quantity}`", view.formula


def _degrees(expressions: Iterable[Expression], hidden: set[str]) -> Iterator[dict[str, float]]:
    """The degree of each row in each hidden number; infinite where it is not a polynomial."""
    found: list[dict[str, float]] = []
    for one in expressions:
        if one.operation == "constant":
            degree: dict[str, float] = {}
        elif one.operation == "quantity":
            degree = {one.operands[0]: 1.0} if one.operands[0] in hidden else {}
        elif one.operation == "linear":
            degree = _most(found[row] for row, _ in one.operands[1])
        elif one.operation == "*":
            left, right = (found[row] for row in one.operands)
            degree = {name: left.get(name, 0) + right.get(name, 0) for name in {*left, *right}}
        else:
            degree = dict.fromkeys(_most(found[row] for row in one.operands), np.inf)
        found.append(degree)
        yield degree


def _most(parts: Iterable[dict[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in parts:
        for name, degree in part.items():
            found[name] = max(found.get(name, 0.0), degree)
    return found


def _learning(game: Game, degrees: list[dict[str, float]], is_chance: np.ndarray, hidden: set[str]) -> Iterator[str]:
    """A number read by the odds of a chance move, and again elsewhere: the outcome would tell of it."""
    step = game.step_of_node[game.parent_of_edge]
    gains_at: dict[int, set[int]] = {}
    for edge in range(game.num_edges):
        if game.gain_of_edge[edge]:
            gains_at.setdefault(int(game.gain_of_edge[edge]), set()).add(int(step[edge]))
    for name in sorted(hidden):
        odds = {
            int(one)
            for one, row in zip(step[is_chance], game.share_of_edge[is_chance], strict=True)
            if name in degrees[row]
        }
        gains: Ints = (
            game.gain_row[[name in degrees[row] for row in game.gain_value]] if len(game.gain_value) else game.gain_row
        )
        reads_gains = any(gains_at.get(int(row)) for row in gains)
        if odds and (len(odds) > 1 or reads_gains):
            yield f"{quote(name)}, known to nobody, is read by the odds of one move and again later, and what happened there would tell of it"
