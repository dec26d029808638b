"""The same irregular trees in the tools that people use today: Gambit's agent QRE, and a walk over OpenSpiel's states.

Neither ships a solver for best replies in trees of several players, and OpenSpiel none for their quantal response; its users walk
the tree, as here. Every result is checked against plain recursion before it is timed. Reading the game is not counted, though a
user of Gambit or OpenSpiel reads it again for every world.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from benches import trees
from benches.measure import Times, cpu_seconds
from benches.registry import Effort, Result, case
from stratagem.solve.plan import plan
from stratagem.solve.sweep import backward, forward

PEER_SIZES = (121, 1093)
WORLDS = 1024
TOLERANCE = {"Gambit": 1e-6, "OpenSpiel": 1e-9}


def _register(size: int) -> None:
    subject = f"peers-{size}"

    @case(subject, "peers")
    def compare(effort: Effort) -> Iterator[Result]:
        tree = trees.irregular(size)
        numbers = trees.draw(tree, WORLDS)
        ours = {precision: _ours(tree, numbers, precision, effort) for precision in (1.0, float("inf"))}
        for precision, times in ours.items():
            yield times.rate(
                WORLDS,
                subject,
                "peers",
                f"Stratagem, {_name(precision)}",
                "worlds/s",
                "values, behaviour and reach; NumPy",
            )
        if find_spec("pygambit") is not None:
            times = _gambit(tree, numbers, effort)
            yield times.rate(1, subject, "peers", f"Gambit {version('pygambit')}, agent QRE", "worlds/s")
            yield _ratio(subject, "against Gambit's agent QRE", ours[1.0], times, ">= 1000")
        if find_spec("pyspiel") is not None:
            for precision, mine in ours.items():
                times = _openspiel(tree, numbers, precision, effort)
                yield times.rate(
                    1, subject, "peers", f"OpenSpiel {version('open_spiel')}, walk, {_name(precision)}", "worlds/s"
                )
                yield _ratio(subject, f"against the OpenSpiel walk, {_name(precision)}", mine, times, ">= 50")


def _name(precision: float) -> str:
    return "quantal response" if np.isfinite(precision) else "best reply"


def _ratio(subject: str, what: str, ours: Times, theirs: Times, target: str) -> Result:
    return Result(subject, "peers", what, theirs.middle * WORLDS / ours.middle, "times", target=target)


def _ours(tree: trees.Tree, numbers: trees.Draw, precision: float, effort: Effort) -> Times:
    order, inputs = plan(trees.as_game(tree)), trees.inputs(numbers, precision)
    return cpu_seconds(lambda: forward(order, backward(order, inputs).behaviour), effort)


def _behaviour(tree: trees.Tree, numbers: trees.Draw, precision: float) -> dict[int, list[float]]:
    """The recursion's behaviour at each decision, in the order of Gambit: by player, then depth first."""
    values = trees.recurse(tree, numbers, 0, precision)
    found: dict[int, dict[int, list[float]]] = {player: {} for player in range(trees.NUM_PLAYERS)}
    waiting = [0]
    while waiting:
        node = waiting.pop()
        mover = int(tree.mover[node])
        if mover >= 0:
            found[mover][node] = trees.respond([values[child][mover] for child in tree.children(node)], precision)
        waiting += reversed(tree.children(node))
    return {node: chances for decisions in found.values() for node, chances in decisions.items()}


def _gambit(tree: trees.Tree, numbers: trees.Draw, effort: Effort) -> Times:
    import pygambit

    game = pygambit.read_efg(io.StringIO(trees.as_efg(tree, numbers, 0)))
    solve = lambda: pygambit.qre.logit_solve_lambda(game, 1.0)  # noqa: E731
    found = solve()
    profile = found[-1] if isinstance(found, list) else found
    expected = np.concatenate(list(_behaviour(tree, numbers, 1.0).values()))
    _agree("Gambit", np.array([float(profile[place]) for place in range(len(expected))]), expected)
    return cpu_seconds(solve, effort, warm=False)


def _openspiel(tree: trees.Tree, numbers: trees.Draw, precision: float, effort: Effort) -> Times:
    import pyspiel

    game = pyspiel.load_efg_game(trees.as_efg(tree, numbers, 0))
    solve = lambda: _walk(game.new_initial_state(), precision)  # noqa: E731
    _agree("OpenSpiel", np.array(solve()), np.array(trees.recurse(tree, numbers, 0, precision)[0]))
    return cpu_seconds(solve, effort)


def _walk(state, precision: float) -> list[float]:
    """What a user writes: the value of a state by its children."""
    if state.is_terminal():
        return state.returns()
    if state.is_chance_node():
        outcomes = state.chance_outcomes()
        below = [_walk(state.child(action), precision) for action, _ in outcomes]
        chances = [chance for _, chance in outcomes]
    else:
        below = [_walk(state.child(action), precision) for action in state.legal_actions()]
        mover = state.current_player()
        if precision == float("inf"):
            return max(below, key=lambda value: value[mover])
        chances = trees.respond([value[mover] for value in below], precision)
    return [
        sum(p * value[player] for p, value in zip(chances, below, strict=True)) for player in range(trees.NUM_PLAYERS)
    ]


def _agree(peer: str, found: np.ndarray, expected: np.ndarray) -> None:
    worst = np.abs(found - expected).max()
    assert worst < TOLERANCE[peer], f"{peer} is off by {worst:.1e}"


for _size in PEER_SIZES:
    _register(_size)
