"""Every uncertain number of a scenario under one name, and what binds them together (L5, L8, L11).

Takes a scenario; gives names, estimates and correlations. Draws nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.model import Scenario

PLAYER_FIELDS = ("precision", "errors", "risk_aversion", "loss_aversion", "discount")


def order_chain(text: str) -> tuple[str, ...]:
    """The names in `a > b > c`, largest first."""
    return tuple(part.strip() for part in re.split(r">", text))


def amounts(scenario: Scenario) -> dict[str, Estimate]:
    """Every estimated number that a world draws: quantities by name, `player.precision`, `player.weights.stake`, `player.quantity` as perceived."""
    hidden = private_names(scenario)
    found = {name: quantity.is_ for _, name, quantity in scenario.known_quantities() if name not in hidden}
    found.update(_player_amounts(scenario))
    return {name: resolved(scenario, estimate) for name, estimate in found.items()}


def unknown_names(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Every uncertain number that is not known to all, with who knows it."""
    for who, name, quantity in scenario.known_quantities():
        if who != "all" and not quantity.is_.is_exact:
            yield name, who
    for name, player in scenario.players.items():
        if player.weights is not None and player.weights.known_to not in (None, "all"):
            yield f"{name}.weights", player.weights.known_to or "all"


def taken_as_known(scenario: Scenario) -> list[str]:
    """The numbers that are treated as known to all though they are not."""
    is_all = "all" in scenario.taken_as_known
    return [name for name, _ in unknown_names(scenario) if is_all or name in scenario.taken_as_known]


def private_names(scenario: Scenario) -> frozenset[str]:
    """The numbers that some players know and others do not: chance decides them within the game."""
    taken = set(taken_as_known(scenario))
    return frozenset(name for name, who in unknown_names(scenario) if who != "nobody" and name not in taken)


def hidden_weights(scenario: Scenario) -> frozenset[str]:
    """The players whose weights not all know: chance decides them within the game."""
    taken = set(taken_as_known(scenario))
    whose = {f"{name}.weights": name for name in scenario.players}
    return frozenset(whose[name] for name, _ in unknown_names(scenario) if name in whose and name not in taken)


def resolved(scenario: Scenario, estimate: Estimate) -> Estimate:
    """An estimate with its words put into numbers; a word that the lexicon lacks may be anything."""
    try:
        return estimate.in_lexicon(scenario.lexicon)
    except KeyError:
        return Estimate("uniform", (0.0, 1.0), estimate.text)


def _player_amounts(scenario: Scenario) -> Iterator[tuple[str, Estimate]]:
    hidden = hidden_weights(scenario)
    for name, player in scenario.players.items():
        for field in PLAYER_FIELDS:
            amount = getattr(player, field)
            if isinstance(amount, Amount) and amount.estimate is not None:
                yield f"{name}.{field}", amount.estimate
        if player.weights is not None and name not in hidden:
            for stake, weight in (player.weights.exact or {}).items():
                if weight.estimate is not None:
                    yield f"{name}.weights.{stake}", weight.estimate
            for stake, swing in (player.weights.swings or {}).items():
                yield f"{name}.weights.{stake}", swing
    taken = taken_as_known(scenario)
    unknown = frozenset(name for name, _ in unknown_names(scenario) if name not in taken)
    for mark, section, as_types in (
        ("", scenario.perceptions, unknown),
        ("mistaken.", scenario.mistakes, private_names(scenario)),
    ):
        for name, views in section.items():
            yield from (
                (f"{name}.{mark}{quantity}", view.estimate)
                for quantity, view in views.items()
                if view.estimate is not None and quantity not in as_types
            )


def pearson(rank: float) -> float:
    """The correlation of normals whose rank correlation is `rank` (Pearson 1907; Kruskal 1958, JASA 53:814)."""
    return 2 * math.sin(math.pi * rank / 6)


def correlation_matrix(scenario: Scenario) -> tuple[tuple[str, ...], list[list[float]]]:
    """The correlated names in the order of the file, and the correlations of their latent normals."""
    names = tuple(dict.fromkeys(name for one in scenario.correlations for name in one.between))
    matrix = [[float(row == column) for column in names] for row in names]
    for one in scenario.correlations:
        row, column = (names.index(name) for name in one.between)
        matrix[row][column] = matrix[column][row] = pearson(one.rank)
    return names, matrix


def cholesky(matrix: list[list[float]]) -> list[list[float]] | None:
    """The lower factor of a correlation matrix, or None where it is not positive definite."""
    factor = [[0.0] * len(matrix) for _ in matrix]
    for row in range(len(matrix)):
        for column in range(row + 1):
            rest = matrix[row][column] - sum(factor[row][k] * factor[column][k] for k in range(column))
            if row == column:
                if rest <= 1e-12:
                    return None
                factor[row][row] = math.sqrt(rest)
            else:
                factor[row][column] = rest / factor[column][column]
    return factor


def correlation_fault(scenario: Scenario) -> str | None:
    """Why the correlations cannot hold, or None."""
    pairs = [frozenset(one.between) for one in scenario.correlations]
    if len(set(pairs)) < len(pairs):
        return "a pair of numbers correlated twice"
    names, matrix = correlation_matrix(scenario)
    return None if cholesky(matrix) else f"correlations of {', '.join(names[:6])} that contradict each other"
