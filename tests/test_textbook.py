"""The textbook solver against published games and their numbers."""

from __future__ import annotations

import math

import pytest
from textbook import solve
from textbook_cases import near, scenario
from textbook_game import Forced

DETERRENCE = """
    players: {attacker: {precision: 1.5}, defender: {precision: 1.5}}
    timeline:
      - move: challenge
        player: attacker
        actions:
          hold: {end: status quo, payoffs: {attacker: 0, defender: 0}}
          attack:
      - move: reply
        player: defender
        actions:
          resist: {end: war, payoffs: {attacker: -0.5, defender: -0.4}}
          yield: {end: capitulation, payoffs: {attacker: 1, defender: -1}}
    questions: {war: {event: reply == resist}, war if attacked: {event: reply == resist, given: challenge == attack}}
"""
ATTACK = (("challenge", "attack"),)


def test_two_move_deterrence_with_logit_errors() -> None:
    """Signorino (1999), APSR 93:279-297, solved in closed form at precision 1.5."""
    solution = solve(scenario(DETERRENCE))
    assert solution.behaviour[()]["attack"] == near(0.4751114912334232)
    assert solution.behaviour[ATTACK]["resist"] == near(0.7109495026250039)
    assert solution.outcomes() == near(
        {"status quo": 0.5248885087665768, "capitulation": 0.1373312128495971, "war": 0.3377802783838261}
    )
    assert solution.believed["attacker"] == near(0.4751114912334232 * -0.06642425393750584)
    assert solution.believed == solution.true


def test_two_move_deterrence_with_best_replies() -> None:
    """Since -0.4 > -1 the defender would resist; the attacker compares -0.5 with 0 and holds."""
    data = scenario(DETERRENCE)
    data["players"] = {"attacker": "The attacker", "defender": {"precision": "best"}}
    solution = solve(data)
    assert solution.outcomes() == near({"status quo": 1, "capitulation": 0, "war": 0})
    assert solution.behaviour[ATTACK] == near({"resist": 1, "yield": 0})


def test_a_question_and_its_condition_are_read_at_the_end() -> None:
    questions = solve(scenario(DETERRENCE)).questions()
    assert questions["war"].probability == near(0.3377802783838261)
    assert questions["war if attacked"].probability == near(0.7109495026250039)
    assert questions["war if attacked"].given == near(0.4751114912334232)


def test_the_likelihood_of_moves_seen_is_the_product_of_behaviours() -> None:
    solution = solve(scenario(DETERRENCE))
    seen = [("challenge", None, "attack"), ("reply", None, "yield")]
    assert solution.likelihood(*seen) == near(0.1373312128495971)
    assert solution.given(seen[0]).outcomes()["war"] == near(0.7109495026250039)


def test_a_forced_move_is_foreseen_only_if_announced() -> None:
    """Told that the defender yields, the attacker gains 1 for sure; surprised by it, he behaves as before."""
    forced: Forced = {("reply", None): "yield"}
    announced, surprised = solve(scenario(DETERRENCE), announced=forced), solve(scenario(DETERRENCE), surprise=forced)
    assert announced.behaviour[()]["attack"] == near(1 / (1 + math.exp(-1.5)))
    assert surprised.behaviour[()]["attack"] == near(0.4751114912334232)
    assert surprised.outcomes()["capitulation"] == near(0.4751114912334232)


@pytest.mark.parametrize(
    ("ties", "demanded", "war"),
    [("concede", "all", 0), ("resist", "half", 0), ("equal", "all", 0.5), ("accept", "all", 0)],
)
def test_an_ultimatum_that_leaves_the_other_indifferent(ties: str, demanded: str, war: float) -> None:
    """Fearon (1995), IO 49:379-414: with p = 0.6 and costs 0.15, 0.1 the most that is accepted is p + 0.1 = 0.7.

    At exactly 0.7 accepting and fighting pay 0.3 alike. A fight pays the proposer 0.45, even odds of it 0.575.
    """
    data = scenario(
        """
        players: {a: A, b: B}
        quantities: {known to all: {p: 0.6, cost_a: 0.15, cost_b: 0.1}}
        definitions: {demand: 'if offer == half then 0.5 else if offer == all then 0.7 else 0.9'}
        timeline:
          - {move: offer, player: a, actions: {half: , all: , more: }}
          - move: answer
            player: b
            actions:
              accept: {end: peace, payoffs: {a: demand, b: 1 - demand}}
              fight: {end: war, payoffs: {a: p - cost_a, b: 1 - p - cost_b}}
    """
    )
    data["timeline"][1]["ties"] = ties
    solution = solve(data)
    assert solution.behaviour[()][demanded] == near(1)
    assert solution.outcomes()["war"] == near(war)
    assert solution.behaviour[(("offer", "more"),)]["fight"] == near(1)


@pytest.mark.parametrize(
    ("hard", "attacks", "value"), [(0.2, 1, 0.44), (0.44, 1, 0.008), (0.45, 0, -0.01), (0.7, 0, -0.46)]
)
def test_deterrence_by_a_defender_who_may_be_hard(hard: float, attacks: float, value: float) -> None:
    """Zagare & Kilgour (2000), Perfect Deterrence, sec. 3.4: challenge while P(hard) < 0.8 / 1.8 = 0.444."""
    data = scenario("""
        players: {a: A, b: B}
        timeline:
          - move: challenge
            player: a
            actions: {cooperate: {end: status quo, payoffs: {a: 0, b: 1}}, defect: }
          - {chance: type, outcomes: {hard: hard, soft: rest}}
          - move: reply
            player: b
            actions:
              concede: {end: conceded, payoffs: {a: 0.8, b: -0.5}}
              deny: {end: conflict, payoffs: {a: -1, b: 'if type == hard then -0.2 else -1'}}
    """)
    data["timeline"][1]["outcomes"]["hard"] = hard
    solution = solve(data)
    forced = solve(data, announced={("challenge", None): "defect"})
    assert solution.behaviour[()]["defect"] == near(attacks)
    assert forced.believed["a"] == near(value)


ENDS = ("SQ", "Nego", "AcqA", "AcqB", "CapA", "CapB", "WarA", "WarB")
INTERACTION = """
    players: {A: Initiator, B: Target}
    timeline:
      - {move: a1, player: A, ties: demand, actions: {demand: , wait: }}
      - {move: b1, player: B, if: a1 == wait, actions: {demand: , wait: {end: SQ}}}
      - {move: a2, player: A, if: b1 == demand and a1 == wait, actions: {demand: , wait: {end: AcqA}}}
      - {move: b2, player: B, if: a1 == demand, actions: {demand: , wait: {end: AcqB}}}
      - {move: a3, player: A, if: a1 == demand, actions: {force: , talk: }}
      - {move: b3, player: B, if: a3 == force, actions: {yield: {end: CapB}, fight: {end: WarA}}}
      - {move: b4, player: B, actions: {force: , talk: }}
      - {move: a4, player: A, if: b4 == force, actions: {yield: {end: CapA}, fight: {end: WarB}}}
      - {move: a5, player: A, if: a1 == wait, actions: {force: , talk: {end: Nego}}}
      - {move: b5, player: B, if: a1 == wait, actions: {yield: {end: CapB}, fight: {end: WarA}}}
      - {move: x, player: A, actions: {settle: {end: Nego}}}
"""


@pytest.mark.parametrize(
    ("result", "payoffs"),
    [
        ("WarA", "0.7 0.2 0.25 0.75 0 1 1 0 -0.1125 0.7975 0.9075 -0.2125 0.15 0.135 -0.78 0.3275"),
        ("Nego", "0.5 0.5 0.5 0.5 0 1 1 0 -0.2 0.9 0.9 -0.2 0.25 0.15 0.15 0.25"),
        ("SQ", "0.9 0.9 0.5 0.5 0 1 1 0 -0.2 0.9 0.9 -0.2 0.25 0.15 0.15 0.25"),
        ("AcqB", "0.3 0.3 0.8 0.2 0 1 1 0 -0.06 0.98 0.92 -0.08 0.68 -0.54 0.64 -0.22"),
        ("AcqA", "0.6 0.1 0.2 0.8 0 1 1 0 -0.72 0.92 0.82 -0.02 -0.38 0.66 -1.18 0.68"),
        ("WarA", "0.59 0.9 0.43 0.57 0 1 1 0 -0.0285 0.829 0.9054 -0.3139 0.1929 0.1281 -0.3657 0.2958"),
        ("WarA", "0.37 0.49 0.64 0.36 0 1 1 0 -0.0216 0.9784 0.8464 -0.4992 0.1948 0.1912 -0.1544 0.3"),
    ],
)
def test_the_international_interaction_game(result: str, payoffs: str) -> None:
    """Bueno de Mesquita & Lalman (1992), War and Reason, tree as in Bennett & Stam (2000), ISQ 44:451-480, fig. 1."""
    data, numbers = scenario(INTERACTION), [float(word) for word in payoffs.split()]
    paid = {end: {"A": numbers[2 * i], "B": numbers[2 * i + 1]} for i, end in enumerate(ENDS)}
    for move in data["timeline"]:
        for action, effects in move["actions"].items():
            if effects:
                move["actions"][action] = effects | {"payoffs": paid[effects["end"]]}
    solution = solve(data)
    assert solution.outcomes()[result] == near(1)
