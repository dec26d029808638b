"""Worlds solved: ties, stuck worlds, history as weights, perceptions, risk and time against hand computation."""

from __future__ import annotations

import numpy as np
import pytest
from crises import ROUNDING, answer, answered, behaviour_at, game, play, scenario, solved

from stratagem.errors import TooLargeError, UsageError, WorldsError
from stratagem.solve.solution import RULED_OUT, STUCK
from stratagem.solve.solve import Request, solve

# Ties (M9)

TIED = """
players: {p: {name: P}, o: {name: O}, r: {name: R}}
timeline:
  - move: m
    player: p
    ties: RULE
    actions:
      poor: {payoffs: {p: -1, o: 100}}
      harsh: {payoffs: {p: 1, o: -3, r: 1}}
      mild: {payoffs: {p: 1, o: 3, r: 0}}
      gift: {payoffs: {p: 1, o: 0, r: 3}}
questions: {mild: {title: Mild, event: m == mild}, harsh: {title: Harsh, event: m == harsh}, poor: {title: Poor, event: m == poor}}
"""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("equal", [0, 1 / 3, 1 / 3, 1 / 3]),
        ("concede", [0, 0, 0.5, 0.5]),
        ("resist", [0, 1, 0, 0]),
        ("gift", [0, 0, 0, 1]),
        ("poor", [0, 1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_ties_fall_by_the_rule_of_the_move(rule: str, expected: list[float]) -> None:
    found = behaviour_at(solved(TIED.replace("RULE", rule), worlds=1), "m")
    assert [float(one[0]) for one in found.values()] == pytest.approx(expected, abs=ROUNDING)


def test_the_range_over_tie_rules_is_shown_where_something_hangs_on_them() -> None:
    found = {one.name: one for one in answered(TIED.replace("RULE", "equal")).questions}
    assert (found["mild"].tie_low, found["mild"].tie_high) == pytest.approx((0, 0.5), abs=ROUNDING)
    assert (found["harsh"].tie_low, found["harsh"].tie_high) == pytest.approx((0, 1), abs=ROUNDING)
    assert (found["poor"].tie_low, found["poor"].tie_high) == (None, None)


HALF_TIED = """
quantities: {known to all: {q: {choice: {0: 0.25, 1: 0.75}}}}
timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: q}}}}]
questions: {go: {title: Go, event: m == go}}
"""


def test_worlds_with_a_tie_at_a_reached_decision_are_counted() -> None:
    solution = solved(HALF_TIED)
    assert (solution.tied == (solution.quantities["q"] == 0)).all()
    assert "16 of 64 worlds have ties at a reached decision" in " ".join(answered(HALF_TIED).warnings)


def test_the_range_over_tie_rules_is_of_the_worlds_with_ties_alone() -> None:
    found = answered(HALF_TIED).questions[0]
    assert (found.probability.mean, found.tie_low, found.tie_high) == pytest.approx((0.875, 0.75, 1), abs=ROUNDING)


def test_a_tie_that_is_not_reached_is_none() -> None:
    solution = solved("""
        timeline:
          - {move: m, player: p, actions: {hold: {payoffs: {p: 1}, end: peace}, go: }}
          - {move: n, player: o, actions: {hold: , go: }}
    """)
    assert not solution.tied.any()


def test_at_finite_precision_nothing_is_tied() -> None:
    assert not solved(TIED.replace("RULE", "equal"), precision=2.0).tied.any()


@pytest.mark.parametrize(("precision", "shared"), [("best", [0, 1, 0, 0]), (2.0, [0, 1 / 3, 1 / 3, 1 / 3])])
def test_best_replies_that_tie_share_a_world_or_fall_by_the_rule_of_best_reply(
    precision: object, shared: list[float]
) -> None:
    found = [one.best for one in answered(TIED.replace("RULE", "harsh"), precision=precision).decisions[0].actions]
    assert found == pytest.approx(shared, abs=1e-7)  # kept in single precision


# Worlds without an answer

STUCK_SOMETIMES = """
quantities: {known to all: {q: uniform 0 to 1}}
timeline:
  - {move: f, player: o, actions: {stop: {end: stopped}, on: {payoffs: {o: FOLLOW}}}}
  - {move: m, player: p, actions: {hold: {if: q > 0.5}, go: {if: q > 0.25, payoffs: {p: 1}}}}
questions: {go: {title: Go, event: m == go}}
"""


def test_worlds_in_which_a_player_can_do_nothing_are_stuck() -> None:
    solution = solved(STUCK_SOMETIMES.replace("FOLLOW", "1"))
    assert ((solution.status == STUCK) == (solution.quantities["q"] <= 0.25)).all()


def test_worlds_are_stuck_even_where_nobody_would_go_there() -> None:
    """Whether the other would, hangs on what the game is worth there, and it is worth nothing."""
    solution = solved(STUCK_SOMETIMES.replace("FOLLOW", "-1"))
    assert (solution.status == STUCK).sum() == 16


def test_stuck_worlds_are_left_out_counted_and_named() -> None:
    found = answered(STUCK_SOMETIMES.replace("FOLLOW", "1"))
    first = int(np.flatnonzero(solved(STUCK_SOMETIMES.replace("FOLLOW", "1")).status == STUCK)[0])
    assert found.num_failed == 16
    assert found.questions[0].probability.mean == 1
    assert (
        f"16 of 64 worlds have no answer: a player had no available action (the first is world {first})"
        in found.warnings
    )


# History (M10)

SEEN = """
players: {p: {name: P, precision: 2}, o: {name: O, precision: 2}}
quantities: {known to all: {q: {choice: {-1: 0.5, 1: 0.5}}}}
timeline:
  - {move: m, player: p, actions: {hold: , go: {payoffs: {p: q}}}}
  - {move: n, player: p, actions: {hold: , go: {payoffs: {p: q}}}}
questions:
  go: {title: Go, event: n == go}
  first: {title: First, event: m == go}
"""
HIGH, LOW = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))


def test_a_history_weighs_each_world_by_the_probability_it_gives_to_it() -> None:
    solution = solved(SEEN, history=("m=go",))
    assert solution.weight == pytest.approx(np.where(solution.quantities["q"] > 0, HIGH, LOW), abs=ROUNDING)


def test_a_forecast_after_a_history_is_the_posterior_one() -> None:
    found = answered(SEEN, history=["m=go"])
    assert found.questions[0].probability.mean == pytest.approx((HIGH**2 + LOW**2) / (HIGH + LOW), abs=ROUNDING)
    assert found.questions[1].probability.mean == pytest.approx(1, abs=ROUNDING)


def test_quantiles_after_a_history_are_weighted() -> None:
    """The worlds in which the move was unlikely weigh 12 % of all after one such move, and 2 % after two."""
    assert answered(SEEN, history=["m=go"]).questions[0].probability.p5 == pytest.approx(LOW, abs=ROUNDING)
    twice = answered(SEEN, history=["m=go", "n=go"])
    assert twice.decisions[0].actions[1].probability.p5 == pytest.approx(HIGH, abs=ROUNDING)


def test_the_effective_number_of_worlds_is_kish_s() -> None:
    found = answered(SEEN, history=["m=go"]).manifest["effective_worlds"]
    assert found == pytest.approx(64 * ((HIGH + LOW) / 2) ** 2 / ((HIGH**2 + LOW**2) / 2), abs=0.05)


def test_each_seen_move_has_its_likelihood_given_those_before() -> None:
    first, second = answered(SEEN, history=["m=go", "n=go"]).history
    assert first.likelihood.mean == pytest.approx((HIGH + LOW) / 2, abs=ROUNDING)
    assert second.likelihood.mean == pytest.approx((HIGH**2 + LOW**2) / (HIGH + LOW), abs=ROUNDING)


def test_at_best_reply_too_the_likelihood_counts_the_worlds_that_are_ruled_out() -> None:
    found = answered(SEEN, history=["m=go"], precision="best")
    assert found.history[0].likelihood.mean == 0.5
    assert found.manifest["worlds_ruled_out"] == 32
    assert found.num_failed == 0


def test_values_and_regret_after_a_history_are_weighted_by_it() -> None:
    """From the start on each world is worth 2 q P(go|q); the one choice left open is the second."""
    player = answered(SEEN, history=["m=go"]).players[0]
    expected = (HIGH * 2 * HIGH + LOW * -2 * LOW) / (HIGH + LOW)
    assert player[2].mean == pytest.approx(expected, abs=ROUNDING)
    regret_high, regret_low = 2 * (1 - HIGH), 2 * LOW
    assert player[4].mean == pytest.approx((HIGH * regret_high + LOW * regret_low) / (HIGH + LOW), abs=ROUNDING)


def test_a_history_of_chance_weighs_too() -> None:
    text = """
        quantities: {known to all: {q: uniform 0 to 1}}
        timeline: [{chance: c, outcomes: {x: q, y: rest}}, {chance: d, outcomes: {x: q, y: rest}}]
        questions: {x: {title: X, event: d == x}}
    """
    found = answered(text, history=["c=x"], worlds=4096).questions[0]
    assert found.probability.mean == pytest.approx(2 / 3, abs=1e-3)


def test_a_late_move_alone_is_a_history_too() -> None:
    solution = solved(SEEN, history=("n=go",))
    assert solution.weight == pytest.approx(np.where(solution.quantities["q"] > 0, HIGH, LOW), abs=ROUNDING)


def test_worlds_that_a_history_rules_out_weigh_nothing_and_are_counted() -> None:
    solution = solved(SEEN, history=("m=go",), precision=np.inf)
    assert ((solution.status == RULED_OUT) == (solution.quantities["q"] < 0)).all()
    assert not solution.is_failed.any()


def test_a_history_that_cannot_have_happened_is_an_error() -> None:
    with pytest.raises(WorldsError, match=r"the history has probability 0 in every world: .* \[M10\]") as refusal:
        solved(SEEN.replace("p: q", "p: -1"), history=("m=go",), precision=np.inf)
    assert refusal.value.exit_code == 2


def test_a_history_that_contradicts_itself_is_an_error() -> None:
    with pytest.raises(WorldsError, match="cannot have happened"):
        solved(SEEN, history=("m=go", "m=hold"))


def test_a_history_of_vanishing_probability_still_has_an_effective_number() -> None:
    found = answered(SEEN.replace("p: q", "p: -190 - q / 1000"), history=["m=go"])
    assert found.manifest["effective_worlds"] == pytest.approx(64, abs=0.1)


def test_the_history_of_the_file_counts_unless_another_is_given() -> None:
    text = SEEN + "history: [m = go]\n"
    assert answered(text).questions[1].probability.mean == pytest.approx(1, abs=ROUNDING)
    assert answered(text, history=[]).questions[1].probability.mean == pytest.approx(0.5, abs=ROUNDING)


# Perceptions (M8)

OPTIMIST = """
players: {p: {name: P, precision: 3}, o: {name: O, precision: 3}}
quantities: {known to all: {win: 0.3}}
perceptions: {p: {win: 0.8}}
timeline:
  - {move: m, player: p, actions: {hold: , attack: }}
  - {chance: c, if: m == attack, outcomes: {won: {probability: win, payoffs: {p: 1, o: -1}}, beaten: {probability: rest, payoffs: {p: -1, o: 1}}}}
questions: {attack: {title: Attack, event: m == attack}, won: {title: Won, event: c == won, given: m == attack}}
"""
SANGUINE = 1 / (1 + np.exp(-3 * 0.6))


def test_a_player_acts_on_the_number_he_holds_to_be_so() -> None:
    assert answer(solved(OPTIMIST, worlds=1), "attack")[0] == pytest.approx(SANGUINE, abs=ROUNDING)


def test_outcomes_fall_with_the_true_number() -> None:
    assert answer(solved(OPTIMIST, worlds=1), "won")[0] == pytest.approx(0.3, abs=ROUNDING)


def test_values_are_shown_as_believed_and_as_true() -> None:
    solution = solved(OPTIMIST, worlds=1)
    assert solution.believed[0, 0] == pytest.approx(SANGUINE * 0.6, abs=ROUNDING)
    assert solution.true[0, 0] == pytest.approx(SANGUINE * -0.4, abs=ROUNDING)
    assert solution.believed[1, 0] == solution.true[1, 0] == pytest.approx(SANGUINE * 0.4, abs=ROUNDING)


def test_with_perceptions_off_players_read_the_true_numbers() -> None:
    solution = solved(OPTIMIST, worlds=1, perceptions=False)
    assert answer(solution, "attack")[0] == pytest.approx(1 / (1 + np.exp(3 * 0.4)), abs=ROUNDING)
    assert (solution.believed == solution.true).all()


def test_others_know_the_view_and_answer_it_by_their_own_numbers() -> None:
    """Whether to provoke, the other judges by the true odds but by the attack that the optimist will make."""
    text = OPTIMIST.replace(
        "  - {move: m,", "  - {move: f, player: o, actions: {calm: {end: calm}, provoke: }}\n  - {move: m,"
    )
    provoke = 1 / (1 + np.exp(-3 * SANGUINE * 0.4))
    assert play(solved(text, worlds=1), "f", "provoke")[0] == pytest.approx(provoke, abs=ROUNDING)


# Risk and time (M5)


@pytest.mark.parametrize("alpha", [0.0, 2.0, -2.0, 1e4])
def test_a_gamble_is_worth_its_certainty_equivalent(alpha: float) -> None:
    text = f"""
        players: {{p: {{name: P, precision: 1, risk aversion: {alpha}}}, o: {{name: O, precision: 1}}}}
        timeline:
          - {{move: m, player: p, actions: {{hold: , go: }}}}
          - {{chance: c, if: m == go, outcomes: {{x: {{probability: 0.5, payoffs: {{p: 1}}}}, y: {{probability: 0.5, payoffs: {{p: -1}}}}}}}}
    """
    worth = 0.0 if alpha == 0 else -(np.logaddexp(alpha, -alpha) - np.log(2)) / alpha
    assert play(solved(text, worlds=1), "m", "go")[0] == pytest.approx(1 / (1 + np.exp(-worth)), abs=1e-9)


@pytest.mark.parametrize(("date", "years"), [("2023-01-01", 365 / 365.25), ("9022-01-01", 7000)])
def test_a_later_gain_is_discounted_by_the_year(date: str, years: float) -> None:
    text = f"""
        as of: 2022-01-01
        players: {{p: {{name: P, precision: 1, discount: 0.9}}, o: {{name: O, precision: 1}}}}
        timeline:
          - {{move: m, player: p, actions: {{hold: {{end: over}}, go: }}}}
          - {{move: n, player: p, date: {date}, actions: {{only: {{payoffs: {{p: 1}}}}}}}}
    """
    expected = 1 / (1 + np.exp(-(0.9**years)))
    assert play(solved(text, worlds=1), "m", "go")[0] == pytest.approx(expected, abs=1e-4)


# Questions (M13)

ASKED = """
as of: 2022-01-01
players: {p: {name: P, precision: 0}, o: {name: O, precision: 0}}
quantities: {known to all: {q: {choice: {0.1: 0.5, 0.5: 0.5}}}}
timeline:
  - {chance: c, outcomes: {x: q, y: rest}}
  - {move: m, player: p, date: 2022-03-01, actions: {hold: , go: }}
questions:
  both: {title: Both, event: m == go and c == x, given: c == x}
  high: {title: High, event: c == x, given: q > 0.3}
  never: {title: Never, event: m == go, given: q > 5}
  early: {title: Early, event: m == go, by: 2022-02}
  late: {title: Late, event: m == go, by: 2022-03-01}
  world: {title: World, event: q > 0.3}
"""


def test_a_conditional_question_is_a_ratio_of_pooled_means() -> None:
    """P(x) is 0.3 over both kinds of world; the mean of the worlds' ratios would give each of them a half."""
    text = ASKED.replace("event: m == go and c == x, given: c == x", "event: q > 0.3, given: c == x")
    found = answered(text).questions[0]
    assert found.probability.mean == pytest.approx(0.25 / 0.3, abs=ROUNDING)
    assert found.condition.mean == pytest.approx(0.3, abs=ROUNDING)


def test_a_condition_may_hold_in_some_worlds_only() -> None:
    found = {one.name: one for one in answered(ASKED).questions}
    assert found["high"].probability.mean == pytest.approx(0.5, abs=ROUNDING)
    assert found["high"].condition.mean == pytest.approx(0.5, abs=ROUNDING)
    assert found["both"].probability.mean == pytest.approx(0.5, abs=ROUNDING)


def test_a_condition_that_never_arises_makes_a_question_void() -> None:
    found = next(one for one in answered(ASKED).questions if one.name == "never")
    assert found.probability is None
    assert found.condition.mean == 0


def test_an_event_is_read_on_its_day() -> None:
    found = {one.name: one.probability for one in answered(ASKED).questions}
    assert found["early"].mean == 0
    assert found["late"].mean == pytest.approx(0.5, abs=ROUNDING)


def test_ignorance_is_the_range_over_worlds_and_chance_is_within_them() -> None:
    found = {one.name: one.probability for one in answered(ASKED).questions}
    assert (found["late"].p5, found["late"].p95) == pytest.approx((0.5, 0.5), abs=ROUNDING)
    assert (found["world"].p5, found["world"].mean, found["world"].p95) == (0, 0.5, 1)


def test_questions_on_forces_that_differ_by_world() -> None:
    solution = solved("""
        quantities: {known to all: {q: uniform 1 to 3}}
        theatres: {west: W}
        forces: {army: {title: Army, stock: {reserve: q}}}
        timeline: [{move: m, player: p, actions: {only: {shift: {army: all from reserve to west}}}}]
        questions: {strong: {title: Strong, event: army.west > 2}, gone: {title: Gone, event: army.reserve == 0}}
    """)
    assert (answer(solution, "strong") == (solution.quantities["q"] > 2)).all()
    assert (answer(solution, "gone") == 1).all()


def test_questions_after_an_early_end_are_read_on_the_last_state() -> None:
    solution = solved("""
        as of: 2022
        timeline:
          - {move: m, player: p, actions: {stop: {payoffs: {p: 1}, end: stopped}, on: }}
          - {move: n, player: p, date: 2022-06, actions: {hold: , go: }}
        questions: {a: {title: A, event: m == stop, by: 2022-08}, b: {title: B, event: n == none}}
    """, worlds=1)  # fmt: skip
    assert answer(solution, "a")[0] == answer(solution, "b")[0] == 1


# Outcomes


def test_outcomes_sum_to_one_in_every_world() -> None:
    solution = solved(ASKED + "outcomes: {war: {title: War, when: m == go}, calm: {title: Calm, when: c == y}}\n")
    assert solution.outcomes.sum(axis=0) == pytest.approx(np.ones(64), abs=ROUNDING)
    assert sorted(solution.game.outcomes) == ["calm", "open", "war"]


# Bounds


def test_more_than_could_be_kept_is_refused_before_it_is_solved() -> None:
    compiled = game(ASKED)
    with pytest.raises(TooLargeError, match=r"worlds would keep .* GiB; use fewer worlds"):
        solve(compiled, scenario(ASKED), Request(worlds=10**12))


@pytest.mark.parametrize("worlds", [0, -1])
def test_no_worlds_are_refused(worlds: int) -> None:
    with pytest.raises(UsageError, match="worlds; from 1 to 10,000,000"):
        solved(ASKED, worlds=worlds)


@pytest.mark.parametrize("gain", ["1e150 * q", "-1e101", "1e300"])
def test_payoffs_too_large_to_reckon_with_are_refused(gain: str) -> None:
    with pytest.raises(WorldsError, match=r"of a size that cannot be reckoned with \[M5\]"):
        solved(
            f"quantities: {{known to all: {{q: 1 to 2}}}}\ntimeline: [{{move: m, player: p, actions: {{hold: , go: {{payoffs: {{p: {gain}}}}}}}}}]"
        )


def test_a_stake_worth_too_much_to_reckon_with_is_refused() -> None:
    with pytest.raises(
        WorldsError, match=r"a payoff of 1e\+150, of a size that cannot be reckoned with \[M5\]; use a larger unit"
    ):
        solved("""
            players: {p: {name: P, payoffs: {s: 1e150}}, o: Other}
            stakes: {s: S}
            timeline: [{move: m, player: p, actions: {hold: , go: {gains: {s: 1}}}}]
        """)


def test_few_decisions_kept_change_no_answer() -> None:
    few, all_ = (answered(SEEN, decisions=count) for count in (1, 10**6))
    assert few.questions == all_.questions
    assert len(few.decisions) == 1


def test_one_world_has_an_answer() -> None:
    assert answered(SEEN, worlds=1).questions[0].probability.mean in (pytest.approx(HIGH), pytest.approx(LOW))
