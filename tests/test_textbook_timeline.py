"""Base shares, delays, forces and links of the textbook solver, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from textbook import solve
from textbook_cases import near, scenario
from textbook_game import World

SHARES = """
    players: {a: {precision: 0}}
    as of: 2022-01-01
    timeline:
      - rounds: ROUNDS
        every: EVERY
        moves: [{move: m, player: a, actions: {stay: , go: {share: 30% per month, end: gone}}}]
"""


def shares_of(actions: str) -> Mapping[str, float]:
    """What is done by base shares alone."""
    text = """
        players: {a: {precision: 0}}
        timeline: [{move: m, player: a, actions: {ACTIONS}}]
    """
    return solve(scenario(text.replace("ACTIONS", actions))).behaviour[()]


@pytest.mark.parametrize(("rounds", "every"), [("1", "2 months"), ("2", "1 month"), ("8", "7.609375 days")])
def test_halving_a_round_leaves_a_rate_alone(rounds: str, every: str) -> None:
    """Two months at 30% a month: 1 - 0.7 ^ 2 = 0.51."""
    solution = solve(scenario(SHARES.replace("ROUNDS", rounds).replace("EVERY", every)))
    assert solution.outcomes()["gone"] == near(0.51)


def test_sizes_of_one_thing_share_its_base() -> None:
    actions = "none_sent: , few: {size of: troops}, many: {size of: troops, if: 1 == 2}, ask: {share: 0.2}"
    assert shares_of(actions) == near({"none_sent": 0.4, "few": 0.4, "ask": 0.2})


def test_an_outcome_that_cannot_be_leaves_its_probability_to_the_rest() -> None:
    data = scenario("""
        players: {a: A}
        timeline: [{chance: c, outcomes: {x: {probability: 0.5, if: 1 == 2, end: x}, y: {probability: rest, end: y}}}]
    """)
    assert solve(data).outcomes() == {"y": 1.0}


def test_what_is_not_available_leaves_its_share_to_the_others() -> None:
    """With `go` and `call` out of reach the 0.2 stated for `ask` still stands, and `stay` has what it leaves."""
    actions = "stay: , go: {if: 1 == 2}, ask: {share: 0.2}, call: {share: 0.3, if: 1 == 2}"
    assert shares_of(actions) == near({"stay": 0.8, "ask": 0.2})


CALENDAR = """
    as of: 2022-01-01
    players: {a: {discount: 0.9}}
    timeline:
      - {move: m, player: a, actions: {go: {payoffs: {a: 1}, later: {after: 6 months, payoffs: {a: 1}}}}}
      - {move: early, player: a, after: 3 months, if: 1 == 2, actions: {go: }}
      - {move: late, player: a, after: 9 months, actions: {go: {payoffs: {a: 1}}}}
    questions:
      before: {event: late == go, by: 2022-12-31}
      after: {event: late == go and m == go, by: 2023-01-01}
"""


def test_what_is_delayed_counts_when_it_arrives() -> None:
    """Due after 6 months it arrives before the item of month 12, one year of 365.25 days on."""
    solution = solve(scenario(CALENDAR))
    assert solution.believed["a"] == near(1 + 0.9 * 2)
    assert solution.questions()["before"].probability == 0
    assert solution.questions()["after"].probability == 0  # 365.25 days on is a quarter of a day too late


def test_what_is_due_after_the_last_item_never_arrives() -> None:
    data = scenario(CALENDAR)
    data["timeline"][0]["actions"]["go"]["later"]["after"] = "2 years"
    assert solve(data).believed["a"] == near(1 + 0.9)


ROUNDS = """
    players: {a: A}
    stakes: {x: X}
    state: {heat: 0 in 0 to 3}
    forces: {army: {stock: {reserve: SIZE}, travel: {reserve to west: 2 rounds}}}
    timeline:
      - rounds: 3
        moves:
          - {move: m, player: a, ties: send, actions: {send: {shift: {army: 2 from reserve to west}}, wait: }}
          - {chance: n, outcomes: {hot: {probability: 1, later: {after: 1 rounds, set: {heat: 'min(heat + 1, 3)'}}}}}
      - {move: end, player: a, actions: {count: {gains: {x: army.west + 10 * heat + 100 * army.transit}}}}
"""


def test_a_force_runs_out_and_arrives_after_its_travel() -> None:
    """Of 5 two are sent twice, 1 remains and no third sending is possible; both arrive, of heat three times 1."""
    solution = solve(scenario(ROUNDS.replace("SIZE", "5")))
    twice = (("m[1]", "send"), ("n[1]", "hot"), ("m[2]", "send"), ("n[2]", "hot"))
    assert set(solution.behaviour[twice]) == {"wait"}
    assert set(solution.behaviour[twice[:2]]) == {"send", "wait"}
    assert solution.stakes() == near({"x": 4 + 30})


def test_a_stock_may_be_used_up_to_the_last() -> None:
    solution = solve(scenario(ROUNDS.replace("SIZE", "'6 * (1 - 1e-12)'")))
    assert solution.stakes()["x"] == near(6 + 30)


def test_an_amount_is_fixed_at_departure_and_the_rest_read_on_arrival() -> None:
    data = scenario("""
        players: {a: {payoffs: {x: 1}}}
        stakes: {x: X}
        state: {heat: 1 in 0 to 3}
        forces: {army: {stock: {reserve: 9}}}
        timeline:
          - rounds: 2
            moves:
              - move: m
                player: a
                if: round == 1
                actions:
                  go:  # 2 leave for the east at once, so that the 7 left can all go west; 8 could not
                    set: {heat: 3}
                    shift: {army: 7 from reserve to west}
                    later: {after: 1 round, shift: {army: 2 * heat from reserve to east}, gains: {x: heat + army.west}}
                  overdraw:
                    shift: {army: 8 from reserve to west}
                    later: {after: 1 round, shift: {army: 2 from reserve to east}}
              - {move: n, player: a, actions: {back: {shift: {army: all from west to reserve}}}}
          - {move: end, player: a, actions: {count: {gains: {x: 100 * army.east + 10 * heat}}}}
    """)
    solution = solve(data)
    assert solution.behaviour[()] == {"go": 1.0}
    assert solution.stakes() == near({"x": 3 + 200 + 30})
    assert solution.believed["a"] == near(233)


def test_a_link_can_be_switched_off() -> None:
    data = scenario("""
        players: {a: A}
        links: {spill: {from: west, to: east}}
        timeline: [{move: m, player: a, actions: {go: {payoffs: {a: 3 * spill}}}}]
    """)
    assert solve(data).believed["a"] == 3
    assert solve(data, World(without=frozenset({"spill"}))).believed["a"] == 0
