"""How an event moves a decision: closed forms, and parts that sum to the whole."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.analyse.gap import ATTITUDE, payoff_gaps
from stratagem.analyse.shift import Side, shift, split
from stratagem.analyse.study import Study, decision_of
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError
from stratagem.solve.intervene import choice

SUM = 1e-12  # in payoffs or probabilities
WORLDS = 64

TWO_THEATRES = """
scenario: An attack that rain makes costly
players:
  a: {name: A, precision: 2, weights: {land: 0.6, lives: 0.4}, risk aversion: RISK}
stakes:
  land: {title: Land}
  lives: {title: Lives, worst: 1, best: 0}
quantities:
  known to all:
    rain: uniform 0.2 to 0.6
links:
  mud: {title: Rain makes attacks costly}
timeline:
  - chance: weather
    outcomes: {wet: rain, dry: rest}
  - move: attack
    player: a
    actions:
      hold: {end: peace}
      strike: {end: war, gains: {land: 0.5, lives: "if weather == wet then 0.2 + 0.7 * mud else 0.2"}}
"""


def study(text: str = TWO_THEATRES, risk: str = "0") -> Study:
    return Study(Case("test", "test.yaml", text.replace("RISK", risk)), worlds=WORLDS)


def table(finding, name):
    return next(one for one in finding.tables if one.name == name)


def logistic(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def test_chances_before_and_after_are_those_of_the_closed_form() -> None:
    dry, wet = logistic(2 * (0.6 * 0.5 - 0.4 * 0.2)), logistic(2 * (0.6 * 0.5 - 0.4 * 0.9))
    found = shift(study(), "weather=wet", "attack")
    rows = {row[0]: row for row in table(found, "chances").rows}
    rain = study().solver(1).run().quantities["rain"].mean()
    assert rows["strike"][1] == pytest.approx(rain * wet + (1 - rain) * dry, abs=SUM)
    assert rows["strike"][4] == pytest.approx(wet, abs=SUM)


def test_with_the_link_off_rain_moves_nothing() -> None:
    rows = {row[0]: row for row in table(shift(study(), "weather=wet", "attack"), "links").rows}
    assert rows["Rain makes attacks costly"][1:] == pytest.approx((0, 0), abs=SUM)
    assert abs(rows["all links on"][2]) > 0.05


@pytest.mark.parametrize("risk", ["0", "0.5 to 2"])
def test_the_gap_is_the_sum_of_its_parts(risk: str) -> None:
    one = study(risk=risk)
    solver = one.solver(1, do=(choice(one.game, "weather=wet"),))
    (gap,) = payoff_gaps([solver], 1, (1, 0), "peace")
    assert sum(gap.by_stake.values()) == pytest.approx(gap.gap, abs=SUM)
    assert sum(gap.by_outcome.values()) == pytest.approx(gap.gap, abs=SUM)
    assert gap.by_stake["land"] == pytest.approx(0.3, abs=SUM)
    assert gap.by_stake["lives"] == pytest.approx(-0.36, abs=SUM)
    assert gap.by_stake[ATTITUDE] == pytest.approx(0, abs=SUM)  # no chance is left after the move


def test_the_parts_of_the_change_sum_to_it_and_here_all_is_mix() -> None:
    one = study()
    sides = [Side(decision_of(one.solver(1, do).run(), 1)) for do in ((), (choice(one.game, "weather=wet"),))]
    parts = split(*sides, option=1)
    change = [float((side.world_weight * side.decision.chance(1)).sum()) for side in sides]
    assert sum(parts.values()) == pytest.approx(change[1] - change[0], abs=SUM)
    assert parts["mix of states"] == pytest.approx(change[1] - change[0], abs=SUM)


def test_given_reweighs_worlds_and_do_does_not() -> None:
    ways = {row[0]: row[1] for row in table(shift(study(), "weather=wet", "attack"), "ways").rows}
    assert ways["surprise"] == pytest.approx(ways["given"], abs=SUM)  # behaviour does not hang on how likely rain was
    rain = study().solver(1).run().quantities["rain"]
    given = study().solver(1, given=(choice(study().game, "weather=wet"),)).run()
    assert given.weight == pytest.approx(rain, abs=SUM)


@pytest.mark.parametrize(("event", "decision", "message"), [
    ("weather=snow", "attack", "unknown action `snow`"),
    ("wether=wet", "attack", "did you mean `weather`"),
    ("weather=wet", "atack", "did you mean `attack`"),
    ("attack=hold", "attack", "cannot move it"),
])  # fmt: skip
def test_what_is_unknown_or_too_late_is_said(event: str, decision: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shift(study(), event, decision)


def test_what_is_inferred_from_an_event_makes_the_difference_between_a_surprise_and_a_choice() -> None:
    finding = shift(Study(load("private-resolve"), worlds=50), "demand=demand", "answer")
    ways = {row[0]: row[1] for table in finding.tables if table.name == "ways" for row in table.rows}
    # A demand that is forced says nothing of the challenger; one that was chosen comes from a hard one more often.
    assert ways["as if chosen"] < ways["surprise"] - 0.02


def test_where_nothing_is_hidden_a_choice_is_a_surprise() -> None:
    finding = shift(Study(load("signorino-deterrence"), worlds=20), "challenge=attack", "reply")
    ways = {row[0]: row[1] for table in finding.tables if table.name == "ways" for row in table.rows}
    assert ways["as if chosen"] == ways["surprise"]
