"""The array solver against the textbook solver, on drawn scenarios and world by world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import strategies
import textbook
from hypothesis import given, settings
from hypothesis import strategies as st
from textbook import History, World

from stratagem.graph.compile import compile_scenario
from stratagem.graph.game import Game
from stratagem.scenario.read import parse_scenario
from stratagem.solve.intervene import choice
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve

NUM_WORLDS = 4
EVERY_STATE = 10**6
TOLERANCE = 1e-12  # relative to the largest number compared, at least 1
TRAITS = ("precision", "errors", "risk_aversion", "loss_aversion", "discount")

drawn = settings(deadline=None, derandomize=True)
places = st.integers(0, 10**6)


@dataclass(frozen=True)
class Pair:
    """A scenario as plain data, and what the array solver makes of it."""

    data: dict[str, Any]
    solution: Solution

    def worlds(self) -> Iterator[tuple[int, World]]:
        """Each world's place and its numbers, as they were drawn."""
        assert self.solution.is_solved.all(), self.solution.status
        for place in range(len(self.solution.world)):
            yield place, world_of(self.data, {name: float(v[place]) for name, v in self.solution.quantities.items()})


def solved(data: dict[str, Any], *history: str, do: tuple[str, ...] = (), announced: bool = False) -> Pair:
    scenario = parse_scenario(strategies.text_of(data))
    game = compile_scenario(scenario)
    request = Request(
        worlds=NUM_WORLDS,
        decisions=EVERY_STATE,
        history=tuple(choice(game, text) for text in history),
        do=tuple(choice(game, text) for text in do),
        is_announced=announced,
    )
    return Pair(data, solve(game, scenario, request))


def world_of(data: dict[str, Any], numbers: dict[str, float]) -> World:
    """A world with all that was drawn as an estimate; what is a formula is left for the textbook to evaluate."""
    perceptions = data.get("perceptions", {})
    traits = {
        player: {
            field.replace("_", " "): numbers[f"{player}.{field}"] for field in TRAITS if f"{player}.{field}" in numbers
        }
        for player in data["players"]
    }
    return World(
        quantities={name: numbers[name] for name in data["quantities"]["known to all"]},
        perceived={
            p: {n: numbers[f"{p}.{n}"] for n in views if f"{p}.{n}" in numbers} for p, views in perceptions.items()
        },
        weights={
            p: drawn_weights(p, numbers) for p, one in data["players"].items() if "known to" in one.get("weights", {})
        },
        traits=traits,
    )


def drawn_weights(player: str, numbers: dict[str, float]) -> dict[str, float]:
    prefix = f"{player}.weights."
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}


def near(expected: Any) -> Any:
    values = list(expected.values()) if isinstance(expected, dict) else [expected]
    return pytest.approx(expected, rel=0, abs=TOLERANCE * max(1.0, *(abs(value) for value in values)))


# What the array solver says, in the textbook's terms


def node_of(game: Game, history: History) -> int:
    """The decision node that a history leads to, through arrivals and guards that differ by world."""
    node = 0
    for label, action in history:
        node = through_gates(game, node, label)
        step = game.steps[game.step_of_node[node]]
        assert step.label == label
        node = game.child_of_edge[edge_of(game, node, step.options.index(action))]
    return int(node)


def through_gates(game: Game, node: int, label: str) -> int:
    """The node of the move `label` that comes next; a gate's first edge leads to its own move, the second past it."""
    while game.option_of_edge[game.first_edge[node]] < 0:
        first, end = game.first_edge[node : node + 2]
        is_gate = end - first == 2
        passes = is_gate and game.steps[game.step_of_node[node]].label != label
        node = int(game.child_of_edge[first + 1 if passes else first])
    return int(node)


def edge_of(game: Game, node: int, option: int) -> int:
    first, end = game.first_edge[node : node + 2]
    return int(first + np.flatnonzero(game.option_of_edge[first:end] == option)[0])


def behaviour(solution: Solution, history: History, label: str, place: int) -> dict[str, float]:
    game = solution.game
    node = through_gates(game, node_of(game, history), label)
    step = game.steps[game.step_of_node[node]]
    assert step.label == label
    row_of = {int(edge): row for row, edge in enumerate(solution.kept_edges)}
    edges = range(*game.first_edge[node : node + 2])
    return {step.options[game.option_of_edge[edge]]: float(solution.behaviour[row_of[edge], place]) for edge in edges}


def outcomes(solution: Solution, place: int) -> dict[str, float]:
    return {name: float(p) for name, p in zip(solution.game.outcomes, solution.outcomes[:, place], strict=True) if p}


def stakes(pair: Pair, place: int) -> dict[str, float]:
    """A stake's start and all that its accounts gather; what lies below a reference is counted away from the best."""
    declared = pair.data.get("stakes", {})
    totals = {name: float(stake["start"]) for name, stake in declared.items()}
    for account, row in zip(pair.solution.game.accounts, pair.solution.accounts, strict=True):
        if account.stake is not None:
            is_cost = declared[account.stake].get("worst", 0) > declared[account.stake].get("best", 1)
            is_against = account.side != "whole" and is_cost != (account.side == "below")
            totals[account.stake] += -float(row[place]) if is_against else float(row[place])
    return totals


def assert_same_forecast(solution: Solution, place: int, truth: textbook.Solution, share: float = 1.0) -> None:
    """Outcomes and questions, all of them joint with a history of probability `share`."""
    assert outcomes(solution, place) == near({name: share * p for name, p in truth.outcomes().items() if p})
    answers = truth.questions()
    names = solution.game.questions
    joint = dict(zip(names, solution.questions[:, place].tolist(), strict=True))
    given = dict(zip(names, solution.conditions[:, place].tolist(), strict=True))
    assert joint == near({name: share * answer.joint for name, answer in answers.items()})
    assert given == near({name: share * answer.given for name, answer in answers.items()})


@settings(drawn, max_examples=int(__import__("os").environ.get("N", 500)))
@given(strategies.scenarios())
def test_every_number_of_a_solution_agrees(data: dict[str, Any]) -> None:
    check_everything(data)


def check_everything(data: dict[str, Any]) -> None:
    pair = solved(data)
    players = pair.solution.game.players
    for place, world in pair.worlds():
        truth = textbook.solve(data, world)
        for history, choices in truth.behaviour.items():
            label = truth.moves[history]
            found = behaviour(pair.solution, history, label, place)
            assert {name: p for name, p in found.items() if p} == near({name: p for name, p in choices.items() if p})
        assert_same_forecast(pair.solution, place, truth)
        assert stakes(pair, place) == near(truth.stakes())
        assert dict(zip(players, pair.solution.believed[:, place].tolist(), strict=True)) == near(dict(truth.believed))
        assert dict(zip(players, pair.solution.true[:, place].tolist(), strict=True)) == near(dict(truth.true))
