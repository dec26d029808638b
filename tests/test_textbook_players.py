"""Payoffs, attitudes and perceptions of the textbook solver, worked out by hand."""

from __future__ import annotations

import math

import pytest
from textbook import solve
from textbook_cases import near, scenario
from textbook_game import World

LOTTERY = """
    players: {a: {risk aversion: 0.05}}
    timeline:
      - {move: choice, player: a, actions: {sure: {end: sure, payoffs: {a: SURE}}, gamble: }}
      - chance: lottery
        outcomes:
          high: {probability: 0.5, payoffs: {a: 10}}
          middle: {probability: 0.3}
          low: {probability: rest, payoffs: {a: -20}}
"""


@pytest.mark.parametrize(("sure", "gambles"), [("-2.75", 1), ("-2.73", 0)])
def test_a_lottery_is_worth_its_certainty_equivalent(sure: str, gambles: float) -> None:
    """Pratt (1964), Econometrica 32: under constant absolute risk aversion 0.05 it is worth -2.7416, its mean 1."""
    data = scenario(LOTTERY.replace("SURE", sure))
    solution = solve(data)
    forced = solve(data, announced={("choice", None): "gamble"})
    assert forced.believed["a"] == near(-2.7416313379250346)
    assert solution.behaviour[()]["gamble"] == near(gambles)
    data["players"]["a"] = {"risk aversion": 0}
    assert solve(data).believed["a"] == near(1)


def test_weights_over_stakes_are_read_between_worst_and_best() -> None:
    """McFadden logit: intervening pays 0.7 - 0.3 x 0.6 = 0.52 to weights 0.7 and 0.3; precision 2 makes it 0.7389."""
    data = scenario("""
        players: {a: {precision: 2, weights: {standing: 70%, cost: 0.3}}}
        stakes: {standing: {worst: -5, best: 5}, cost: {worst: 10, best: 0, start: 4}}
        timeline: [{move: m, player: a, actions: {abstain: , intervene: {gains: {standing: 10, cost: 6}}}}]
    """)
    solution = solve(data)
    assert solution.behaviour[()]["intervene"] == near(0.7388500060842489)
    assert solution.stakes() == near({"standing": 10 * 0.7388500060842489, "cost": 4 + 6 * 0.7388500060842489})
    swapped = solve(data, World(weights={"a": {"standing": 0.3, "cost": 0.7}}))
    assert swapped.behaviour[()]["intervene"] == near(0.44028635073280703)


def test_swings_are_divided_by_their_sum_and_errors_give_the_precision() -> None:
    """An error of 10% at a gap of a tenth of the range 1 is a precision of 10 log 9."""
    data = scenario("""
        players: {a: {errors: 10%, weights: {swings: {x: 3, y: 1}}}}
        stakes: {x: X, y: Y}
        timeline: [{move: m, player: a, actions: {stay: {gains: {y: 0.35}}, go: {gains: {x: 0.25}}}}]
    """)
    assert solve(data).behaviour[()] == near({"stay": 0.1, "go": 0.9})


def test_losses_below_the_reference_weigh_more() -> None:
    """From 2, reference 1: a fall of 3 crosses it, 1 as lost gain and 2 as a loss weighed 2.5, 6 in all, per unit 2."""
    data = scenario("""
        players: {a: {loss aversion: 2.5, payoffs: {x: 2}}}
        stakes: {x: {start: 2, reference: 1}}
        timeline:
          - {move: m, player: a, actions: {fall: {gains: {x: -2}}}}
          - {move: n, player: a, actions: {fall: {gains: {x: -1}}}}
    """)
    solution = solve(data)
    assert solution.believed["a"] == near(-12)
    assert solution.stakes() == near({"x": -1})


def test_a_cost_above_its_reference_is_a_loss() -> None:
    """Worst 4 and best 0 make a unit worth -1/4; of a rise from 1 to 3 half is lost gain, half a loss."""
    data = scenario("""
        players: {a: {loss aversion: 3, weights: {cost: 1}}}
        stakes: {cost: {worst: 4, best: 0, start: 1, reference: 2}}
        timeline: [{move: m, player: a, actions: {pay: {gains: {cost: 2}}}}]
    """)
    assert solve(data).believed["a"] == near(-(1 + 3) / 4)


def test_a_perception_is_used_by_its_holder_and_known_to_the_others() -> None:
    """He takes the odds of a quick win for 0.9, so he attacks, while the truth is 0.3 and everyone else reckons so."""
    data = scenario("""
        players: {a: {precision: 1}, b: B}
        quantities: {known to all: {quick_win: 0.3}}
        perceptions: {a: {quick_win: 'clip(quick_win + 0.6, 0, 1)'}}
        timeline:
          - {move: m, player: a, actions: {hold: {end: peace}, attack: {payoffs: {b: -1}}}}
          - chance: war
            outcomes: {won: {probability: quick_win, payoffs: {a: 1}}, lost_it: {probability: rest, payoffs: {a: -1}}}
    """)
    solution = solve(data)
    attack = 1 / (1 + math.exp(-0.8))
    assert solution.behaviour[()]["attack"] == near(attack)
    assert solution.believed == near({"a": attack * 0.8, "b": -attack})
    assert solution.true == near({"a": attack * -0.4, "b": -attack})
    assert solution.outcomes() == near({"peace": 1 - attack, "open": attack})
