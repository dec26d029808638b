"""The briefing: its defaults, the events it tries, and what answers rest on."""

from __future__ import annotations

import re

import pytest

from stratagem.analyse.beliefs import learning
from stratagem.analyse.briefing import brief, events, main_decision
from stratagem.analyse.causes import causes
from stratagem.analyse.finding import Finding
from stratagem.analyse.grounds import Grounding
from stratagem.analyse.study import Study
from stratagem.api import solve
from stratagem.catalogue import Case, load, names
from stratagem.errors import UsageError
from stratagem.show.finding_charts import finding_charts

FOUNDING = "kazakhstan-ukraine-2022"
WAITING = """
scenario: Weather first
players: {a: A, b: B}
timeline:
  - chance: weather
    outcomes: {fair: 50%, foul: 50%, never: 0}
  - move: go
    player: a
    actions:
      stay: {payoffs: {a: 0}}
      sail: {payoffs: {a: "if weather == fair then 1 else -1"}}
"""


@pytest.mark.parametrize(
    ("name", "decision"),
    [(FOUNDING, "west_course[1]"), ("signorino-deterrence", "challenge"), ("fearon-ultimatum", "demand")],
)
def test_the_main_decision_is_the_first_players_with_most_options_still_open(name: str, decision: str) -> None:
    study = Study(load(name), worlds=10)
    assert study.game.steps[main_decision(study)].label == decision


def test_events_are_ranked_by_how_far_they_move_the_decision() -> None:
    study = Study(Case("waiting", "waiting.yaml", WAITING), worlds=50)
    found = events(study, study.decision("go"))
    assert found is not None
    rows = {row[0]: row for row in found.tables[0].rows}
    assert set(rows) == {"weather=fair", "weather=foul"}
    moved = [row[-1] for row in found.tables[0].rows]
    assert moved == sorted(moved, reverse=True)
    for row in rows.values():
        assert abs(row[2]) == pytest.approx(row[-1])  # of two options, what one gains the other loses
        assert row[2] == pytest.approx(-row[3])


def test_where_nothing_comes_before_a_decision_no_event_is_tried() -> None:
    study = Study(load("signorino-deterrence"), worlds=10)
    assert events(study, study.decision("challenge")) is None


def test_a_briefing_holds_a_shift_and_the_options() -> None:
    case = Case("waiting", "waiting.yaml", WAITING)
    found = brief(Study(case, worlds=20), solve(case, worlds=20))
    assert [one.kind for one in found.findings] == ["events", "shift", "learn", "options"]
    assert found.short.changes[0].startswith("“")
    assert found.short.mover == "A"


def test_further_findings_follow_its_own() -> None:
    further = Finding("other", "Other", (), ())
    found = brief(
        Study(load("signorino-deterrence"), worlds=10), solve("signorino-deterrence", worlds=10), further=[further]
    )
    assert found.findings[-1] is further


def test_an_event_after_the_decision_is_refused() -> None:
    with pytest.raises(UsageError, match="comes no earlier"):
        brief(
            Study(load("signorino-deterrence"), worlds=10),
            solve("signorino-deterrence", worlds=10),
            "challenge",
            "reply=resist",
        )


def test_a_question_rests_on_the_moves_that_it_reads() -> None:
    grounds = Grounding(load(FOUNDING).scenario).of_question("invasion")
    assert {"war_attention", "sanction_bite", "quick_win"} <= {*grounds.assumed, *grounds.sourced}
    assert ("herbst", "P10") in grounds.places
    assert "rescue_loss" not in grounds.assumed


@pytest.mark.parametrize("name", names())
def test_every_scenario_is_told_what_it_has_of_each_cause_of_war(name: str) -> None:
    found = list(causes(load(name).scenario))
    assert [one.can for one in found][:3] == ["yes", "yes", "yes"]
    assert all(one.here for one in found)


def test_what_moves_reveal_is_told_where_a_little_is_hidden_and_else_said_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = Study(load("private-resolve"), worlds=50, history=("demand=demand",))
    answer = solve(study.case, worlds=50, history=("demand=demand",))
    whole = brief(study, answer)
    (told,) = (one for one in whole.findings if one.kind == "infer")
    (chart,) = finding_charts(told)
    assert re.fullmatch(r".*\d+ % before what was seen, \d+ % after\.", chart.title)
    assert chart.tables == ("revealed", "questions")
    monkeypatch.setattr("stratagem.analyse.briefing.INFERRED", 1)
    less = brief(study, answer)
    assert "infer" not in {one.kind for one in less.findings}
    assert [kind for kind, _ in less.unanswered][-1] == "infer"


HIDDEN_WEIGHTS = """
scenario: Land or peace
players:
  p: {name: P, precision: 4, weights: {swings: {land: 20 to 80, peace: 50}, known to: p, types: 2}}
  o: {name: O, precision: 2}
stakes: {land: {title: Land}, peace: {title: Peace}}
timeline:
  - {move: threaten, player: p, actions: {threat: {gains: {land: 0.5}}, quiet: {gains: {peace: 0.5}}}}
  - {move: reply, player: o, actions: {
      yield: {gains: {land: 0.5}, payoffs: {o: -0.5}}, resist: {gains: {peace: 0.5}, payoffs: {o: if threaten == threat then -1 else 1}}}}
history: [threaten = threat]
revealed: {r: {at: threaten, says: land > peace}}
"""


def test_a_statement_that_turns_on_what_not_all_know_is_said_to_be_left_out() -> None:
    case = Case("land", "land.yaml", HIDDEN_WEIGHTS)
    found = brief(Study(case, worlds=40), solve(case, worlds=40))
    assert "infer" not in {one.kind for one in found.findings}
    assert any(kind == "infer" and "turns on what not all know" in why for kind, why in found.unanswered)


def test_an_event_that_is_a_value_of_a_hidden_number_says_of_which_number() -> None:
    found = events(one := Study(load("private-resolve"), worlds=8), one.decision("answer"))
    assert found is not None
    titles = [str(row[1]) for row in found.tables[0].rows]
    assert "The challenger is hard (1) or soft (0): 1" in titles


def test_the_figure_of_what_moves_tell_says_who_sees_what() -> None:
    answer = solve(load("private-resolve"), worlds=8)
    found = learning(answer.beliefs, {"challenger": "The challenger", "defender": "The defender"}, {})
    assert found is not None
    (chart,) = finding_charts(found)
    assert "The defender, “Does the challenger demand a change?” demand: challenger_hard" in chart.description
