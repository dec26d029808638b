"""Editions: what changed in the inputs, and what it did."""

from __future__ import annotations

import pytest
from crises import text_of

from stratagem.analyse.editions import changed_inputs, diff
from stratagem.api import solve
from stratagem.catalogue import Case, template


def case(text: str) -> Case:
    return Case("case", "case.yaml", text)


def corrected() -> str:
    return template().replace(
        "war_cost: {is: 0.2 to 0.6, title: Cost of a war to the challenger, source: desk}",
        "war_cost: {is: 0.5 to 0.9, title: Cost, source: desk, was: [{is: 0.2 to 0.6, because: New losses}]}",
    )


def test_nothing_differs_from_itself() -> None:
    one = case(template())
    answer = solve(one, worlds=64)
    found = diff(one.scenario, one.scenario, (answer, answer))
    assert found.tables[0].rows == ()
    assert {row[6] for row in found.tables[1].rows} == {"did not move"}


def test_a_corrected_number_keeps_its_reason() -> None:
    (change,) = changed_inputs(case(template()).scenario, case(corrected()).scenario)
    assert (change.element, change.why) == ("war_cost", "New losses")
    assert change.before.startswith("0.2 to 0.6")
    assert change.after.startswith("0.5 to 0.9")


def test_what_it_moved_is_the_difference_of_the_answers() -> None:
    cases = case(template()), case(corrected())
    answers = solve(cases[0], worlds=512), solve(cases[1], worlds=512)
    rows = {row[0]: row for row in diff(cases[0].scenario, cases[1].scenario, answers).tables[1].rows}
    war = [answer.questions[0].probability for answer in answers]
    assert rows["Is there a war?"][5] == pytest.approx(war[1].mean - war[0].mean, abs=1e-12)


CRISIS = """
quantities:
  known to p:
    a: {is: 0.2 to 0.4, types: 2}
    b: {is: 0.2 to 0.4, types: 2}
correlations: [{between: [a, b], rank: 0.5}]
mistakes: {o: {a: 0.3}}
timeline:
  - rounds: 1
    moves: [{move: first, player: p, actions: {x: , y: {payoffs: {p: a}}}}]
  - rounds: 1
    moves: [{move: second, player: o, actions: {x: , y: {payoffs: {p: b}}}}]
outcomes: {one: {when: first == x}, two: {when: second == x}}
questions: {q: {title: Q?, event: first == x}}
history: ["first[1] = x"]
revealed: {r: {at: "first[1]", says: 1 > 0.5}}
"""


@pytest.mark.parametrize(
    ("was", "now", "element"),
    [
        ("a: {is: 0.2 to 0.4, types: 2}", "a: {is: 0.2 to 0.4, types: 3}", "a"),
        ("rank: 0.5", "rank: 0.6", "correlation of a and b"),
        ("o: {a: 0.3}", "o: {a: 0.2}", "mistakes.o"),
        ("payoffs: {p: a}", "payoffs: {p: 2 * a}", "timeline.first"),
        ("payoffs: {p: b}", "payoffs: {p: 2 * b}", "timeline.second"),
        ("one: {when: first == x}, two: {when: second == x}", "two: {when: second == x}, one: {when: first == x}", "order of outcomes"),
        ("timeline:", "taken as known: [a]\ntimeline:", "taken as known"),
        ("event: first == x}", "event: first == x, resolved: 'yes', resolution source: s}", "questions.q.resolved"),
        ("1 > 0.5", "1 > 0.4", "revealed.r"),
        ("timeline:", "lexicon: {may: 10% to 20%}\ntimeline:", "lexicon.may"),
    ],
)  # fmt: skip
def test_every_kind_of_input_that_differs_is_listed(was: str, now: str, element: str) -> None:
    text = text_of(CRISIS) + "sources: {s: {title: S, kind: news}}\n"
    assert text.count(was) == 1
    (change,) = changed_inputs(case(text).scenario, case(text.replace(was, now)).scenario)
    assert change.element == element


def test_attributes_are_called_as_in_the_file() -> None:
    text = text_of("""
        players: {p: {name: P, precision: 1}}
        timeline: [{move: act, player: p, actions: {x: , y: }}]
        """)
    averse = text.replace("precision: 1", "precision: 1, risk aversion: 2")
    (change,) = changed_inputs(case(text).scenario, case(averse).scenario)
    assert "risk aversion: 2" in change.after


def test_of_long_inputs_what_differs_is_shown() -> None:
    actions = ", ".join(f"a{number}: {{payoffs: {{p: {number}}}}}" for number in range(20))
    texts = [
        text_of(f"timeline: [{{move: act, player: p, actions: {{{actions}, last: {{payoffs: {{p: {one}}}}}}}}}]")
        for one in (1, 2)
    ]
    cases = [case(one) for one in texts]
    answers = solve(cases[0], worlds=1), solve(cases[1], worlds=1)
    ((_, before, after, _),) = diff(cases[0].scenario, cases[1].scenario, answers).tables[0].rows
    assert "p: 1" in str(before)
    assert "p: 2" in str(after)


def test_what_is_new_and_what_is_left_out_is_said() -> None:
    more = template().replace("    wins:", "    extra: 0.5\n    wins:")
    (new,) = changed_inputs(case(template()).scenario, case(more).scenario)
    (gone,) = changed_inputs(case(more).scenario, case(template()).scenario)
    assert (new.element, new.before) == ("extra", "new")
    assert (gone.element, gone.after) == ("extra", "left out")
