"""States after which the same follows are one; beliefs that matter are kept apart (M2)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import game

from stratagem.catalogue import load, names
from stratagem.graph import arrays
from stratagem.graph.compile import compile_scenario
from stratagem.graph.merge import Place, agreed, merged
from stratagem.scenario.model import Scenario
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve

SAME = 1e-9  # in probability or payoff

FIRM, BLUFF = {"resolve": "firm"}, {"resolve": "bluff"}


def place(mover: int | None, future: int, known: tuple[int, ...], **state: str) -> Place:
    return Place(mover, future, known, state)


def test_where_one_future_follows_what_was_seen_does_not_matter() -> None:
    places = [place(0, 7, (1, 2), flag="up"), place(0, 7, (3, 4), flag="down"), place(0, 8, (5, 6))]
    assert merged(places, [0, 1, 2]) == [0, 0, 2]


def test_a_mover_who_cannot_tell_what_follows_goes_by_how_he_came_there() -> None:
    blind = [
        place(0, 7, (1,), **FIRM),
        place(0, 8, (1,), **BLUFF),
        place(0, 7, (2,), **FIRM),
        place(0, 8, (2,), **BLUFF),
    ]
    assert merged(blind, [0, 0, 2, 2]) == [0, 1, 2, 3]


def test_a_mover_who_can_tell_what_follows_infers_nothing() -> None:
    told = [
        place(0, 7, (1, 1), **FIRM), place(0, 8, (2, 1), **BLUFF), place(0, 7, (3, 2), **FIRM), place(0, 8, (4, 2), **BLUFF),
    ]  # fmt: skip
    assert merged(told, [0, 0, 2, 2]) == [0, 1, 0, 1]


def test_onlookers_who_can_tell_in_one_place_only_keep_both_apart() -> None:
    told = [
        place(0, 7, (1, 1), **FIRM), place(0, 8, (2, 1), **BLUFF), place(0, 7, (3, 2), **FIRM), place(0, 8, (4, 3), **BLUFF),
    ]  # fmt: skip
    assert merged(told, [0, 0, 2, 2]) == [0, 1, 2, 3]


def test_what_is_hidden_keeps_its_name() -> None:
    told = [
        place(None, 7, (1,), **FIRM), place(None, 8, (1,), **BLUFF), place(None, 7, (2,), **BLUFF), place(None, 8, (2,), **FIRM),
    ]  # fmt: skip
    assert merged(told, [0, 0, 2, 2]) == [0, 1, 2, 3]


def test_states_that_are_one_are_named_by_what_they_share() -> None:
    assert agreed([{"a": "1", "b": "2"}, {"a": "1", "b": "3"}, {"a": "1"}]) == {"a": "1"}


SIDES = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 1}}
    timeline:
      - {move: side, player: p, actions: {left: , right: , over: {payoffs: {p: 1}}}}
      - {move: reply, player: o, actions: {
          yield: {payoffs: {p: if side == left then 1 + 1 else if side == right then 2 else 0}}, resist: {payoffs: {o: 0.5}}}}
"""


def test_a_difference_that_makes_none_leaves_one_state() -> None:
    sides = game(SIDES)
    replies = [node for node in range(sides.num_nodes) if sides.player_of_node[node] == 1]
    assert [sides.state_of_node[node] for node in replies] == [{}, {"side": "over"}]
    assert sides.num_histories == 6


@pytest.mark.parametrize("name", sorted(names()))
def test_answers_are_those_of_the_game_in_which_nothing_is_brought_together(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load(name).scenario
    whole = _solved(scenario)
    monkeypatch.setattr(arrays, "merged", lambda places, _components: list(range(len(places))))
    apart = _solved(scenario)
    assert apart.game.num_nodes >= whole.game.num_nodes
    assert apart.game.num_histories == whole.game.num_histories
    for one, other in (
        (whole.questions, apart.questions), (whole.believed, apart.believed), (whole.outcomes, apart.outcomes), (whole.told, apart.told),
    ):  # fmt: skip
        np.testing.assert_allclose(one, other, rtol=0, atol=SAME)


def _solved(scenario: Scenario) -> Solution:
    return solve(compile_scenario(scenario), scenario, Request(worlds=24))
