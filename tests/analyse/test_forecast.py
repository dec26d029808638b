"""What is said of a solved game: judgements, warnings, and that no number is left out or made up."""

from __future__ import annotations

import pytest
from crises import ROUNDING, answered

from stratagem.analyse.forecast import FIXED_SENTENCE, percent, spoken
from stratagem.analyse.pooling import Pooled

CRISIS = """
as of: 2022-01-01
sources: {paper: {title: A paper}}
players: {p: {name: The attacker, precision: 2, weights: {s: 0.4, t: 0.6}}, o: {name: The defender, precision: 2}}
quantities:
  known to all: {q: 0.2 to 0.6, sure: safe to assume}
stakes: {s: First stake, t: {title: Second stake, worst: 10, best: 0, start: 4}}
timeline:
  - {move: m, player: p, title: The attack, actions: {hold: , go: {title: To go, gains: {s: q, t: -2}}}}
  - {move: n, player: o, date: 2022-02-01, if: m == go, actions: {stand: {payoffs: {o: sure}, end: war}, yield: }}
questions:
  war: {title: Will there be war?, event: n == stand, base rate: {is: 6 of 75, source: paper}, crowd: {is: 35%, source: paper, as of: 2021-12-12}}
  late: {title: "[bold]Late[/bold] one?", event: m == go, given: n == yield, by: 2022-01-15, chosen after the fact: true}
  never: {title: Never?, event: m == go, given: q > 9}
outcomes: {war: {title: War}}
"""


@pytest.fixture(scope="module")
def answer():
    return answered(CRISIS)


def test_each_question_has_a_judgement_with_its_word_and_number(answer) -> None:
    texts = [one.text for one in answer.judgements]
    assert len(texts) == 3
    assert all(one.title in text for one, text in zip(answer.questions, texts, strict=True))
    assert "%" in texts[0]
    assert "void" in texts[2]


def test_base_rate_and_crowd_stand_beside_the_forecast(answer) -> None:
    war = answer.questions[0]
    assert war.base_rate.mean == pytest.approx(6.5 / 76, abs=ROUNDING)
    assert (war.crowd.mean, war.crowd.source, war.crowd.as_of) == (0.35, "paper", "2021-12-12")


def test_a_condition_has_its_own_probability(answer) -> None:
    assert answer.questions[0].condition is None
    assert answer.questions[1].condition is not None


def test_the_probabilities_of_a_decision_sum_to_one(answer) -> None:
    for decision in (*answer.decisions, *answer.choices):
        assert sum(one.probability.mean for one in decision.actions) == pytest.approx(1, abs=ROUNDING)
        assert sum(one.best for one in decision.actions) == pytest.approx(1, abs=1e-6)


def test_a_move_that_is_made_where_its_guard_holds_is_reached_as_often(answer) -> None:
    first, second = answer.choices
    assert first.reach == pytest.approx(1, abs=ROUNDING)
    assert second.reach == pytest.approx(first.actions[1].probability.mean, abs=ROUNDING)


def test_outcomes_sum_to_one(answer) -> None:
    assert sum(one.value.mean for one in answer.outcomes) == pytest.approx(1, abs=ROUNDING)


def test_a_stake_counts_from_its_start(answer) -> None:
    go = answer.choices[0].actions[1].probability.mean
    assert {one.name: one.value.mean for one in answer.stakes}["t"] == pytest.approx(4 - 2 * go, abs=ROUNDING)


def test_a_key_assumption_is_listed(answer) -> None:
    assert any("key assumption" in one and "sure" in one for one in answer.warnings)


def test_questions_chosen_after_the_fact_are_said_to_be_so(answer) -> None:
    assert "questions marked * were chosen after the fact" in answer.warnings


def test_a_stake_expected_outside_its_levels_is_a_warning() -> None:
    found = answered(CRISIS.replace("gains: {s: q,", "gains: {s: 5,"))
    assert any("`s` is expected at" in one and "outside its worst and best (0, 1)" in one for one in found.warnings)


def test_a_history_that_leaves_few_worlds_is_a_warning() -> None:
    text = """
        players: {p: {name: P, precision: 100}, o: {name: O, precision: 1}}
        quantities: {known to all: {q: uniform -1 to 0.01}}
        timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: q}}}}]
    """
    found = answered(text, history=["m=go"], worlds=1000)
    assert any("effective worlds of 1000; ranges are rough" in one for one in found.warnings)


def test_the_manifest_says_what_was_run() -> None:
    found = answered(CRISIS, seed=7, worlds=33, do=["m=go"], precision=3).manifest
    assert (found["seed"], found["worlds"], found["do"], found["precision"], found["as_of"]) == (
        7,
        33,
        ["m=go"],
        "3",
        "2022-01-01",
    )
    assert (found["worlds_failed"], found["worlds_tied"], found["effective_worlds"]) == (0, 0, 33)
    assert len(str(found["sha256"])) == 64


def test_the_fixed_sentence_gives_no_advice() -> None:
    assert "conditional on the stated assumptions" in FIXED_SENTENCE
    assert "never advice to use force" in FIXED_SENTENCE


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1e-9, "below 1 %"), (0.0099, "below 1 %"), (0.5, "50 %"), (0.995, "above 99 %"), (1.0, "100 %")],
)
def test_the_ends_of_the_scale_are_said_as_such(value: float, text: str) -> None:
    assert percent(value) == text


def test_a_probability_is_spoken_with_its_range_where_it_has_one() -> None:
    assert spoken(Pooled(0.4, 0.2, 0.7, 0.01)) == "40 % (20 % to 70 % over worlds)"
    assert spoken(Pooled(0.4, 0.4, 0.4, 0.0)) == "40 %"


def test_a_move_is_summed_over_all_its_states_however_few_are_kept() -> None:
    text = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 1}}
    quantities: {known to all: {q: 0.2 to 0.6}}
    timeline:
      - {move: m, player: p, actions: {a: {payoffs: {p: q}}, b: , c: }}
      - {move: n, player: o, if: m != c, actions: {x: {payoffs: {o: if m == a then q else 0}}, y: }}
    """
    whole, few = answered(text), answered(text, decisions=1)
    assert len(whole.decisions) == 3
    assert len(few.decisions) == 1
    assert few.choices == whole.choices
    (_, reply) = whole.choices
    met = [one for one in whole.decisions if one.move == "n"]
    assert reply.reach == pytest.approx(sum(one.reach for one in met), abs=ROUNDING)
    for place, action in enumerate(reply.actions):
        parts = [(one.reach, one.actions[place].probability.mean) for one in met]
        chance = sum(reach * mean for reach, mean in parts) / reply.reach
        assert action.probability.mean == pytest.approx(chance, abs=ROUNDING)
