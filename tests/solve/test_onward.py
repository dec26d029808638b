"""What follows a history's public moves: solved by itself, it is what the whole game has there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from stratagem.analyse.lead import setting_of, worth
from stratagem.analyse.seen import label
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load, names
from stratagem.errors import UsageError
from stratagem.graph.game import Game
from stratagem.solve.intervene import Choice
from stratagem.solve.onward import onward
from stratagem.solve.plan import plan
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Request, Solver

SAME = 1e-10
WORLDS = 8
LARGE = 500  # nodes


def histories(game: Game) -> Iterator[tuple[Choice, ...]]:
    """What the first moves may have been: one action of each of the first four steps, in two ways."""
    steps = [number for number, step in enumerate(game.steps) if step.options][:4]
    for place in (0, -1):
        chosen = [Choice(step, range(len(game.steps[step].options))[place]) for step in steps]
        yield from (tuple(chosen[:count]) for count in range(len(chosen) + 1))


@pytest.mark.parametrize("name", names())
def test_the_game_that_is_left_is_solved_as_within_the_whole(name: str) -> None:
    study = Study(load(name), worlds=WORLDS)
    game, precision = study.game, 3.0
    for history in histories(game):
        left = onward(game, history)
        request = Request(worlds=WORLDS, precision=precision, history=history, has_truth=False, step=0)
        whole, part = (Solver(one, study.scenario, request) for one in (game, left.game))
        worlds = whole.sampled(WORLDS)
        (a,), (b,) = list(whole.of_worlds(worlds)), list(part.of_worlds(worlds))
        edges = np.flatnonzero(np.isin(game.parent_of_edge, left.nodes))
        is_met = (a.status == SOLVED) & (b.status == SOLVED)
        np.testing.assert_allclose(a.sweep.behaviour[edges][:, is_met], b.sweep.behaviour[:, is_met], atol=SAME)
        values = a.sweep.values(plan(game))[left.nodes], b.sweep.values(plan(left.game))
        inner = game.player_of_node[left.nodes] >= -1
        np.testing.assert_allclose(*(one[inner][..., is_met] for one in values), atol=SAME)
        with np.errstate(invalid="ignore"):
            shares = [way.reach / way.reach[0] for way in (a.way, b.way)]
        np.testing.assert_allclose(shares[0][left.nodes][:, is_met], shares[1][:, is_met], atol=SAME)


def test_public_moves_are_left_out_and_hidden_ones_are_not() -> None:
    study = Study(load("kazakhstan-ukraine-2022"))
    left = onward(study.game, study.seen)
    (made,) = left.made
    step = study.game.steps[study.game.step_of_node[study.game.parent_of_edge[made]]]
    assert (step.label, step.options[study.game.option_of_edge[made]]) == ("build_up", "gather")
    assert left.game.num_nodes < study.game.num_nodes
    assert study.game.steps[left.game.step_of_node[0]].label == "aims"


def test_without_a_history_all_is_left() -> None:
    game = Study(load("signorino-deterrence")).game
    left = onward(game, ())
    assert not len(left.made)
    assert left.nodes.tolist() == list(range(game.num_nodes))


@pytest.mark.parametrize("name", names())
def test_every_decision_is_worth_the_same_by_what_is_left_of_the_game(name: str) -> None:
    study = Study(load(name), worlds=WORLDS, precision=3.0)
    told = 0
    for history in [study.seen, *(histories(study.game) if study.game.num_nodes < LARGE else ())]:
        seen = replace(study, history=tuple(label(study, one) for one in history))
        decisions = [number for number, one in enumerate(study.game.steps) if one.player >= 0]
        for step in dict.fromkeys([*decisions[:3], *decisions[-2:]]):
            try:
                setting = setting_of(seen, step)
            except UsageError:  # never met
                continue
            worlds = setting.solver.sampled(WORLDS)
            (chunk,) = setting.solver.of_worlds(worlds)
            np.testing.assert_allclose(
                setting.values(worlds), worth(setting.solver, chunk, setting.nodes)[0], atol=SAME
            )
            told += 1
    assert told


GOING = """
scenario: Whether to go hangs on a number
players: {p: First, o: Other}
quantities: {known to all: {prize: "normal(0, 1)"}}
timeline:
  - move: go
    player: p
    actions:
      stay: {end: still, payoffs: {p: 0, o: 0}}
      leave: {GUARD title: Leave}
  - move: answer
    player: o
    actions:
      yield: {end: won, payoffs: {p: prize, o: 0.1}}
      resist: {end: lost, payoffs: {p: prize, o: 0}}
"""


@pytest.mark.parametrize(("guard", "precision"), [("", np.inf), ("if: prize > 0,", 2.0)])
def test_a_world_that_rules_the_history_out_has_no_value(guard: str, precision: float) -> None:
    case = Case("going", "going.yaml", GOING.replace("GUARD", guard))
    study = Study(case, worlds=WORLDS, precision=precision, history=("go=leave",))
    setting = setting_of(study, study.decision("answer"))
    worlds = setting.solver.sampled(WORLDS)
    is_ruled_out = worlds.quantities["prize"] <= 0
    assert 0 < is_ruled_out.sum() < WORLDS
    np.testing.assert_array_equal(np.isnan(setting.values(worlds)[0]), is_ruled_out)


def test_a_decision_that_has_been_made_can_still_be_asked_of() -> None:
    study = Study(
        Case("going", "going.yaml", GOING.replace("GUARD", "")),
        worlds=WORLDS,
        precision=2.0,
        history=("go=leave", "answer=yield"),
    )
    setting = setting_of(study, study.decision("go"))
    worlds = setting.solver.sampled(WORLDS)
    np.testing.assert_allclose(setting.lead(worlds, 1), worlds.quantities["prize"], atol=SAME)
