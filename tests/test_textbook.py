"""The textbook solver against games solved by hand and against published numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import strategies
import yaml
from hypothesis import given, settings
from textbook import solve
from textbook_formulas import formula as read
from textbook_game import Forced, Game, Scope, World

EXACT = 1e-12  # in payoff or probability


def near(expected: Any) -> Any:
    return pytest.approx(expected, rel=0, abs=EXACT)


def scenario(text: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(text)
    return data


def value_of(formula: str, **quantities: float) -> Any:
    data = scenario("""
        players: {a: A}
        state: {order: [calm, unrest], drift: 2 in 0 to 5, armed: true}
        forces: {army: {stock: {west: 3}}}
        timeline: [{move: m, player: a, actions: {go: {}}}]
    """)
    data["quantities"] = {"known to all": dict(quantities)}
    game = Game(data, World(quantities))
    return read(formula)(Scope(game, game.start(), round=4))


# Formulas


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3 ^ 2 - 4 / 8", 18.5),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("2 ^ -1", 0.5),
        ("8 / 4 / 2 - 1 - 1", -1.0),
        ("30% + .5", 0.8),
        ("(1 + q) * 1e1", 35.0),
        ("min(3, q, 4) + max(q, 2) + clip(9, 0, 1)", 6.0),
        ("exp(log(q)) - sqrt(abs(-4))", 0.5),
        ("logistic(0)", 0.5),
        ("if q > 2 and not q >= 3 then 1 else if q == 9 then 2 else 3", 1.0),
        ("order == calm and order in (calm, unrest) and not order != calm", True),
        ("drift * army.west + army.east", 6.0),
        ("armed or drift > 9", True),
        ("m == none", True),
        ("ever(m == go)", False),
        ("round", 4.0),
    ],
)
def test_a_formula_reads_as_on_paper(formula: str, expected: float) -> None:
    assert value_of(formula, q=2.5) == near(expected)


def test_contest_gives_the_shares_of_unequal_rent_seekers() -> None:
    """Nti (1999), Public Choice 98: with stakes 3 and 1.5 efforts stand 2 to 1, and r = 0.5 gives the first 0.5858."""
    assert value_of("contest(3, 1.5, 0.5)") == near(0.585786437626905)
    assert value_of("contest(2, 1, 1)") == near(2 / 3)


# Published games

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


# Players

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


# Base shares

SHARES = """
    players: {a: {precision: 0}}
    as of: 2022-01-01
    timeline:
      - rounds: ROUNDS
        every: EVERY
        moves: [{move: m, player: a, actions: {stay: , go: {share: 30% per month, end: gone}}}]
"""


@pytest.mark.parametrize(("rounds", "every"), [("1", "2 months"), ("2", "1 month"), ("8", "7.609375 days")])
def test_halving_a_round_leaves_a_rate_alone(rounds: str, every: str) -> None:
    """Two months at 30% a month: 1 - 0.7 ^ 2 = 0.51."""
    solution = solve(scenario(SHARES.replace("ROUNDS", rounds).replace("EVERY", every)))
    assert solution.outcomes()["gone"] == near(0.51)


def test_sizes_of_one_thing_share_its_base() -> None:
    data = scenario("""
        players: {a: {precision: 0}}
        timeline:
          - move: m
            player: a
            actions: {none_sent: , few: {size of: troops}, many: {size of: troops, if: 1 == 2}, ask: {share: 0.2}}
    """)
    assert solve(data).behaviour[()] == near({"none_sent": 0.4, "few": 0.4, "ask": 0.2})


def test_an_outcome_that_cannot_be_leaves_its_probability_to_the_rest() -> None:
    data = scenario("""
        players: {a: A}
        timeline: [{chance: c, outcomes: {x: {probability: 0.5, if: 1 == 2, end: x}, y: {probability: rest, end: y}}}]
    """)
    assert solve(data).outcomes() == {"y": 1.0}


def test_what_is_not_available_leaves_its_share_to_the_others() -> None:
    """With `go` and `call` out of reach the 0.2 stated for `ask` still stands, and `stay` has what it leaves."""
    data = scenario("""
        players: {a: {precision: 0}}
        timeline:
          - move: m
            player: a
            actions: {stay: , go: {if: 1 == 2}, ask: {share: 0.2}, call: {share: 0.3, if: 1 == 2}}
    """)
    assert solve(data).behaviour[()] == near({"stay": 0.8, "ask": 0.2})


# Time and forces

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


# On drawn scenarios


def some_world(data: dict[str, Any]) -> World:
    """A world of a drawn scenario with some number for everything that is uncertain."""
    names, players = data["quantities"]["known to all"], data["players"]
    views = data.get("perceptions", {}).items()
    return World(
        quantities={name: 0.3 + 0.1 * place for place, name in enumerate(names)},
        perceived={player: {name: 0.2 for name, held in view.items() if " to " in str(held)} for player, view in views},
        weights={name: even(one["weights"]) for name, one in players.items() if "known to" in one.get("weights", {})},
        traits={
            name: {key: 0.9 for key, stated in one.items() if " to " in str(stated)} for name, one in players.items()
        },
    )


def even(weights: dict[str, Any]) -> dict[str, float]:
    stakes = weights.get("swings") or weights["dirichlet"]
    return dict.fromkeys(stakes, 1 / len(stakes))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_probabilities_sum_to_one_at_every_move_and_over_all_histories(data: dict[str, Any]) -> None:
    solution = solve(data, some_world(data))
    assert all(sum(choice.values()) == near(1) for choice in solution.behaviour.values())
    assert sum(solution.outcomes().values()) == near(1)
    assert solution.likelihood() == near(1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_a_neutral_player_values_the_root_at_his_expected_total(data: dict[str, Any]) -> None:
    """Without risk aversion, discount and loss aversion the value is each unit's worth times what the stake gathers."""
    solution = solve(data, some_world(data))
    for player, traits in solution.game.traits.items():
        plain = (traits["risk aversion"], traits["discount"], traits["loss aversion"]) == (0, 1, 1)
        if plain and not solution.game.is_raw(player):
            gathered = {stake: total - data["stakes"][stake]["start"] for stake, total in solution.stakes().items()}
            expected = sum(unit * gathered[stake] for stake, unit in solution.game.units[player].items())
            assert solution.true[player] == pytest.approx(expected, abs=1e-10)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(strategies.scenarios())
def test_a_best_reply_is_worth_at_least_every_other_action(data: dict[str, Any]) -> None:
    """Forced announced deviations at the root never pay the mover more by his own numbers."""
    solution = solve(data, some_world(data))
    first = data["timeline"][0]
    if math.isinf(solution.game.traits[first["player"]]["precision"]):
        for action in solution.behaviour[()]:
            forced = solve(data, some_world(data), announced={(first["move"], None): action})
            assert forced.believed[first["player"]] <= solution.believed[first["player"]] + 1e-9
