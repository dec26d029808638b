"""The array solver against the textbook solver, on drawn scenarios and world by world."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import strategies
import textbook
from hypothesis import given, settings
from hypothesis import strategies as st
from textbook_game import Forced, History, World, unrolled

from stratagem.graph.compile import compile_scenario
from stratagem.graph.game import Game
from stratagem.scenario.read import parse_scenario
from stratagem.solve.intervene import choice
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve

NUM_WORLDS = 3
EVERY_STATE = 10**6
TOLERANCE = 1e-12  # relative to the largest number compared, at least 1
TRAITS = ("precision", "risk_aversion", "loss_aversion", "discount")

Data = dict[str, Any]
Seen = tuple[str, int | None, str]
places = st.lists(st.integers(0, 10**6), min_size=4, max_size=4)


@dataclass(frozen=True)
class Pair:
    """A scenario as plain data, and what the array solver makes of it."""

    data: Data
    solution: Solution

    def worlds(self) -> Iterator[tuple[int, World]]:
        """Each world's place and its numbers, as they were drawn."""
        assert not self.solution.is_failed.any(), self.solution.status
        for place in range(len(self.solution.world)):
            yield place, world_of(self.data, {name: float(v[place]) for name, v in self.solution.quantities.items()})


def solved(data: Data, without: tuple[str, ...] = (), **options: Any) -> Pair:
    """Every state of a few worlds; `options` are those of a request, moves in them as (move, round, action)."""
    scenario = parse_scenario(strategies.text_of(data))
    game = compile_scenario(scenario, without=without)
    for name in ("history", "do"):
        options[name] = tuple(choice(game, text_of(one)) for one in options.get(name, ()))
    return Pair(data, solve(game, scenario, Request(worlds=NUM_WORLDS, decisions=EVERY_STATE, **options)))


def text_of(seen: Seen) -> str:
    move, round_, action = seen
    return f"{move}={action}" if round_ is None else f"{move}[{round_}]={action}"


def world_of(data: Data, numbers: dict[str, float]) -> World:
    """A world with all that was drawn as an estimate; what is a formula is left for the textbook to evaluate."""
    views, players = data.get("perceptions", {}).items(), data["players"]
    return World(
        quantities={name: numbers[name] for name in data["quantities"]["known to all"]},
        perceived={name: numbers_of(name, view, numbers) for name, view in views},
        weights={
            name: {stake: numbers[f"{name}.weights.{stake}"] for stake in weighed(player)}
            for name, player in players.items()
            if "known to" in player.get("weights", {})
        },
        traits={
            name: {trait.replace("_", " "): value for trait, value in numbers_of(name, TRAITS, numbers).items()}
            for name in players
        },
    )


def weighed(player: Data) -> list[str]:
    return list(player["weights"].get("swings") or player["weights"]["dirichlet"])


def numbers_of(player: str, names: Any, numbers: dict[str, float]) -> dict[str, float]:
    return {name: numbers[f"{player}.{name}"] for name in names if f"{player}.{name}" in numbers}


def near(expected: Any) -> Any:
    values = list(expected.values()) if isinstance(expected, dict) else [expected]
    return pytest.approx(expected, rel=0, abs=TOLERANCE * max(1.0, *(abs(value) for value in values)))


def positive(chances: Any) -> dict[str, float]:
    return {name: float(chance) for name, chance in chances.items() if chance > 0}


# What the array solver says, in the textbook's terms


def node_of(game: Game, history: History, label: str) -> int:
    """The node at which `label` is decided after a history, through arrivals and guards that differ by world."""
    node = 0
    for name, action in history:
        node = through_gates(game, node, name)
        options = game.steps[game.step_of_node[node]].options
        first, end = game.first_edge[node : node + 2]
        edge = first + np.flatnonzero(game.option_of_edge[first:end] == options.index(action))[0]
        node = int(game.child_of_edge[edge])
    return through_gates(game, node, label)


def through_gates(game: Game, node: int, label: str) -> int:
    """The node of the move `label` that comes next; a gate's first edge leads to its own move, the second past it."""
    while game.option_of_edge[game.first_edge[node]] < 0:
        first, end = game.first_edge[node : node + 2]
        passes = end - first == 2 and game.steps[game.step_of_node[node]].label != label
        node = int(game.child_of_edge[first + passes])
    assert game.steps[game.step_of_node[node]].label == label
    return node


def behaviour(solution: Solution, history: History, label: str, place: int) -> dict[str, float]:
    game = solution.game
    node = node_of(game, history, label)
    first, end = game.first_edge[node : node + 2]
    row = int(np.searchsorted(solution.kept_edges, first))
    options = [game.steps[game.step_of_node[node]].options[option] for option in game.option_of_edge[first:end]]
    return dict(zip(options, solution.behaviour[row : row + end - first, place].tolist(), strict=True))


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


# Agreement


def assert_same_forecast(solution: Solution, place: int, truth: textbook.Solution, share: float = 1.0) -> None:
    """Outcomes and questions, all of them joint with a history of probability `share`."""
    game, answers = solution.game, truth.questions()
    outcomes = dict(zip(game.outcomes, solution.outcomes[:, place], strict=True))
    joint = dict(zip(game.questions, solution.questions[:, place].tolist(), strict=True))
    given = dict(zip(game.questions, solution.conditions[:, place].tolist(), strict=True))
    assert positive(outcomes) == near({name: share * chance for name, chance in positive(truth.outcomes()).items()})
    assert joint == near({name: share * answer.joint for name, answer in answers.items()})
    assert given == near({name: share * answer.given for name, answer in answers.items()})


def assert_same_play(solution: Solution, place: int, truth: textbook.Solution) -> None:
    """Behaviour after every history, and what the game is worth to each player, as believed and in truth."""
    players = solution.game.players
    for history, choices in truth.behaviour.items():
        found = behaviour(solution, history, truth.moves[history], place)
        assert positive(found) == near(positive(choices)), history
    assert dict(zip(players, solution.believed[:, place].tolist(), strict=True)) == near(truth.believed)
    assert dict(zip(players, solution.true[:, place].tolist(), strict=True)) == near(truth.true)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_every_number_of_a_solution_agrees(data: Data) -> None:
    pair = solved(data)
    for place, world in pair.worlds():
        truth = textbook.solve(data, world)
        assert_same_play(pair.solution, place, truth)
        assert_same_forecast(pair.solution, place, truth)
        assert stakes(pair, place) == near(truth.stakes())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios(), places)
def test_a_history_weighs_each_world_by_its_likelihood(data: Data, drawn: list[int]) -> None:
    """Some of the moves of one history that can happen in the first world."""
    _, world = next(solved(data).worlds())
    seen = some_moves(textbook.solve(data, world), drawn)
    pair = solved(data, history=seen)
    for place, world in pair.worlds():
        truth = textbook.solve(data, world)
        likelihood = truth.likelihood(*seen)
        assert pair.solution.weight[place] == near(likelihood)
        if likelihood > 0:
            assert_same_forecast(pair.solution, place, truth.given(*seen), likelihood)


def some_moves(truth: textbook.Solution, drawn: list[int]) -> tuple[Seen, ...]:
    possible = [leaf.history for leaf in truth.leaves if leaf.probability > 0]
    history = possible[drawn[0] % len(possible)]
    chosen = sorted({place % len(history) for place in drawn[1:]})
    return tuple(seen_of(*history[place]) for place in chosen)


def seen_of(label: str, action: str) -> Seen:
    move, _, round_ = label.rstrip("]").partition("[")
    return move, int(round_) if round_ else None, action


@pytest.mark.parametrize("is_announced", [False, True])
@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios(), places)
def test_a_forced_move_is_played_and_foreseen_only_if_announced(
    is_announced: bool, data: Data, drawn: list[int]
) -> None:
    move, round_, action = some_option(data, drawn)
    forced: Forced = {(move, round_): action}
    pair = solved(data, do=((move, round_, action),), is_announced=is_announced)
    for place, world in pair.worlds():
        if is_announced:
            truth = textbook.solve(data, world, announced=forced)
            assert_same_play(pair.solution, place, truth)
        else:
            truth = textbook.solve(data, world, surprise=forced)
        assert_same_forecast(pair.solution, place, truth)
        assert stakes(pair, place) == near(truth.stakes())


def some_option(data: Data, drawn: list[int]) -> Seen:
    """An outcome of a chance move, or the action of a move, that is always available."""
    items = unrolled(data["timeline"], 0.0)
    item = items[drawn[0] % len(items)]
    options = [name for name, effects in item.choices.items() if "if" not in effects]
    return item.name, item.round, options[0 if item.player else drawn[1] % len(options)]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_links_and_perceptions_can_be_switched_off(data: Data) -> None:
    links = tuple(data.get("links", {}))
    plain = {name: part for name, part in data.items() if name != "perceptions"}
    pair = solved(data, links, perceptions=False)
    for place, world in pair.worlds():
        truth = textbook.solve(plain, replace(world, perceived={}, without=frozenset(links)))
        assert_same_play(pair.solution, place, truth)
        assert_same_forecast(pair.solution, place, truth)


SHARES = {1: 0.3, 2: 0.7}


def turning_on(data: Data) -> Data:
    """The scenario with precision, attitudes, stocks and views that turn on a number which chance decides and every player sees."""
    found = copy.deepcopy(data)
    found["quantities"][f"known to {', '.join(data['players'])}"] = {"secret": {"choice": SHARES}}
    for player in found["players"].values():
        player |= {"risk aversion": "0.3 * secret - 0.2", "discount": "0.5 + secret / 5"}
        player |= {
            trait: "0.7 * secret" for trait in ("precision", "loss aversion") if player.get(trait, "best") != "best"
        }
        if "errors" in player:
            player["errors"] = "0.3 / secret"
    for force in found.get("forces", {}).values():
        force["stock"] = {place: f"({amount}) * secret" for place, amount in force["stock"].items()}
    for views in found.get("perceptions", {}).values():
        views.update({name: f"{name} / secret" for name in views})
    return found


def at_secret(data: Data, value: int) -> Data:
    quantities = {"known to all": {**data["quantities"]["known to all"], "secret": value}}
    return {**data, "quantities": quantities}


def mixed(parts: dict[int, dict[str, float]]) -> dict[str, float]:
    names = {name for part in parts.values() for name in part}
    return {name: sum(SHARES[value] * part.get(name, 0.0) for value, part in parts.items()) for name in names}


@settings(max_examples=50, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_types_are_games_of_their_own_where_all_see_them(plain: Data) -> None:
    """What the game is worth before they are decided is the mean over them."""
    data = turning_on(plain)
    pair = solved(data)
    for place, world in pair.worlds():
        truth = {value: textbook.solve(at_secret(data, value), world) for value in SHARES}
        game, solution = pair.solution.game, pair.solution
        outcomes = dict(zip(game.outcomes, solution.outcomes[:, place], strict=True))
        joint = dict(zip(game.questions, solution.questions[:, place].tolist(), strict=True))
        answers = {value: one.questions() for value, one in truth.items()}
        assert positive(outcomes) == near(positive(mixed({value: one.outcomes() for value, one in truth.items()})))
        assert joint == near(
            mixed({v: {name: one.joint for name, one in found.items()} for v, found in answers.items()})
        )
        for worth, by_value in (
            (solution.believed, {value: one.believed for value, one in truth.items()}),
            (solution.true, {value: one.true for value, one in truth.items()}),
        ):
            assert dict(zip(game.players, worth[:, place].tolist(), strict=True)) == near(mixed(by_value))
