"""Small games as nested tuples, to paths and to Gambit's text, and a slow reading of them by enumeration.

A node is `("leaf", payoffs)`, `("chance", ((probability, node), ...))` or `("move", player, infoset, (node, ...))`, where an infoset
is any label; players count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from stratagem.solve.hidden.paths import Numbers, Paths

Node = tuple[Any, ...]


def leaf(*payoffs: float) -> Node:
    return ("leaf", payoffs)


def chance(*branches: tuple[Any, Node]) -> Node:
    return ("chance", branches)


def move(player: int, infoset: Any, *children: Node) -> Node:
    return ("move", player, infoset, children)


def infosets(game: Node) -> list[tuple[int, Any, int]]:
    """(player, label, actions) of each infoset, by player, then as first met."""
    found: dict[Any, tuple[int, Any, int]] = {}

    def walk(node: Node) -> None:
        if node[0] == "move":
            found.setdefault((node[1], node[2]), (node[1], node[2], len(node[3])))
            for child in node[3]:
                walk(child)
        elif node[0] == "chance":
            for _, child in node[1]:
                walk(child)

    walk(game)
    return sorted(found.values(), key=lambda one: one[0])


def routes(game: Node) -> Iterator[tuple[float, list[tuple[int, Any, int]], tuple[float, ...]]]:
    """(chance, decisions, payoffs) of each path; a decision is (player, infoset, number of the action)."""
    if game[0] == "leaf":
        yield 1.0, [], game[1]
    elif game[0] == "chance":
        for probability, child in game[1]:
            for odds, decisions, payoffs in routes(child):
                yield float(probability) * odds, decisions, payoffs
    else:
        for number, child in enumerate(game[3]):
            for odds, decisions, payoffs in routes(child):
                yield odds, [(game[1], game[2], number), *decisions], payoffs


def paths_of(game: Node) -> Paths:
    sets = infosets(game)
    first = np.append(0, np.cumsum([count for *_, count in sets]))
    place = {(player, label): first[number] for number, (player, label, _) in enumerate(sets)}
    visits = [
        [place[player, label] + action for player, label, action in decisions] for _, decisions, _ in routes(game)
    ]
    return Paths(
        np.array([player for player, *_ in sets]),
        first,
        np.append(0, np.cumsum([len(one) for one in visits])),
        np.array([action for one in visits for action in one], int),
    )


def numbers_of(game: Node, *precisions: float, shares: Any = None, risk_aversion: Any = None) -> Numbers:
    """The game's own numbers, a world for each precision."""
    found = list(routes(game))
    worlds = len(precisions)
    spread = lambda table: np.repeat(np.asarray(table, float)[..., None], worlds, axis=-1)  # noqa: E731
    payoff = spread(np.array([payoffs for *_, payoffs in found], float).T)
    actions = sum(count for *_, count in infosets(game))
    with np.errstate(divide="ignore"):
        log_chance = spread(np.log([odds for odds, *_ in found]))
        log_share = spread(np.zeros(actions) if shares is None else np.log(np.asarray(shares, float)))
    aversion = None if risk_aversion is None else spread(risk_aversion)
    return Numbers(log_chance, payoff, log_share, np.tile(np.asarray(precisions, float), (len(payoff), 1)), aversion)


def merged(*games: Node, precision: float) -> Numbers:
    """Games of one shape as worlds."""
    all_numbers = [numbers_of(game, precision) for game in games]
    join = lambda name: np.concatenate([getattr(one, name) for one in all_numbers], axis=-1)  # noqa: E731
    return Numbers(join("log_chance"), join("payoff"), join("log_share"), join("precision"))


def efg(game: Node) -> str:
    """Gambit's text, infosets numbered by player as first met."""
    players = len(next(routes(game))[2])
    numbers: dict[Any, int] = {}
    counts: dict[int, int] = {}
    for player, label, _ in infosets(game):
        counts[player] = counts.get(player, 0) + 1
        numbers[player, label] = counts[player]
    rows = ['EFG 2 R "game" { ' + " ".join(f'"P{one}"' for one in range(players)) + " }", '""', ""]
    met = {"leaf": 0, "chance": 0}

    def walk(node: Node) -> None:
        if node[0] == "leaf":
            met["leaf"] += 1
            rows.append(f't "" {met["leaf"]} "" {{ {", ".join(repr(float(one)) for one in node[1])} }}')
        elif node[0] == "chance":
            met["chance"] += 1
            odds = " ".join(f'"{place}" {Fraction(one)}' for place, (one, _) in enumerate(node[1]))
            rows.append(f'c "" {met["chance"]} "" {{ {odds} }} 0')
            for _, child in node[1]:
                walk(child)
        else:
            actions = " ".join(f'"{place}"' for place in range(len(node[3])))
            rows.append(f'p "" {node[1] + 1} {numbers[node[1], node[2]]} "" {{ {actions} }} 0')
            for child in node[3]:
                walk(child)

    walk(game)
    return "\n".join(rows) + "\n"


def slow_worth(game: Node, behaviour: np.ndarray) -> np.ndarray:
    """The expected payoff [A] of each action to its mover, path by path in exact products; behaviour [A] is positive."""
    paths = paths_of(game)
    owner, total, weight = paths.player_of_action, np.zeros(paths.num_actions), np.zeros(paths.num_actions)
    for number, (odds, _, payoffs) in enumerate(routes(game)):
        actions = paths.action_of_visit[paths.first_visit[number] : paths.first_visit[number + 1]]
        for action in actions:
            total[action] += odds * behaviour[actions].prod() * payoffs[owner[action]]
            weight[action] += odds * behaviour[actions].prod()
    return total / weight


# --- games with known answers ---


def matrix(rows: Any, columns: Any) -> Node:
    """A game of two players who choose at once, by their payoffs."""
    return move(
        0,
        "row",
        *(
            move(1, "column", *(leaf(a, b) for a, b in zip(*row, strict=True)))
            for row in zip(rows, columns, strict=True)
        ),
    )


TWO_BY_TWO = matrix([[1, 1], [0, 1]], [[1, 1], [2, 1]])


def centipede() -> Node:
    takes = [(0.8, 0.2), (0.4, 1.6), (3.2, 0.8), (1.6, 6.4), (12.8, 3.2), (6.4, 25.6)]
    node = leaf(51.2, 12.8)
    for stage in reversed(range(6)):
        node = move(stage % 2, stage, leaf(*takes[stage]), node)
    return node


def stripped_poker() -> Node:
    def dealt(card: str, sign: int) -> Node:
        return move(0, card, move(1, "unseen", leaf(2 * sign, -2 * sign), leaf(1, -1)), leaf(-1, 1))

    return chance((Fraction(1, 2), dealt("king", 1)), (Fraction(1, 2), dealt("queen", -1)))


def horse() -> Node:
    third = lambda *payoffs: move(2, "third", *(leaf(*one) for one in payoffs))  # noqa: E731
    return move(0, "first", move(1, "second", leaf(1, 1, 1), third((4, 4, 0), (0, 0, 1))), third((3, 2, 2), (0, 0, 0)))


def kuhn() -> Node:
    deals = []
    for first in range(3):
        for second in range(3):
            if first != second:
                win = 1 if first > second else -1
                answer = move(1, ("bet", second), leaf(1, -1), leaf(2 * win, -2 * win))
                raised = move(0, ("raise", first), leaf(-1, 1), leaf(2 * win, -2 * win))
                checked = move(1, ("check", second), leaf(win, -win), raised)
                deals.append((Fraction(1, 6), move(0, ("open", first), checked, answer)))
    return chance(*deals)


def prisoners() -> Node:
    """Betraying gains 1 whatever the other does."""
    return matrix([[2, 0], [3, 1]], [[2, 3], [0, 1]])
