"""Editions: what changed in the inputs, and what it did."""

from __future__ import annotations

import pytest

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


def test_what_is_new_and_what_is_left_out_is_said() -> None:
    more = template().replace("    wins:", "    extra: 0.5\n    wins:")
    (new,) = changed_inputs(case(template()).scenario, case(more).scenario)
    (gone,) = changed_inputs(case(more).scenario, case(template()).scenario)
    assert (new.element, new.before) == ("extra", "new")
    assert (gone.element, gone.after) == ("extra", "left out")
