"""The timeline unrolled: rounds, dates, and when what is delayed arrives (L16, L18)."""

from __future__ import annotations

import datetime

import pytest
from crises import scenario

from stratagem.errors import UsageError
from stratagem.graph.timeline import Timeline, unroll
from stratagem.scenario.dates import Delay
from stratagem.scenario.model import Chance


def move(name: str, when: str = "") -> str:
    return f"{{move: {name}, player: p{when and ', ' + when}, actions: {{hold: , go: }}}}"


def timeline(*items: str, as_of: str = "2022-01-01") -> Timeline:
    return unroll(scenario(f"as of: {as_of}\ntimeline:\n" + "".join(f"  - {one}\n" for one in items)))


def dates(found: Timeline) -> list[str | None]:
    return [found.date(number) for number in range(len(found.steps))]


def test_rounds_are_repeated_in_order() -> None:
    found = timeline(move("first"), f"{{rounds: 2, moves: [{move('m')}, {move('n')}]}}", move("last"))
    assert [step.label for step in found.steps] == ["first", "m[1]", "n[1]", "m[2]", "n[2]", "last"]


def test_rounds_stand_as_far_apart_as_every_says() -> None:
    found = timeline(f"{{rounds: 3, every: 30 days, moves: [{move('m')}]}}", move("last"))
    assert dates(found) == ["2022-01-01", "2022-01-31", "2022-03-02", "2022-04-01"]


def test_a_delay_is_counted_from_the_item_before() -> None:
    found = timeline(move("m", "date: 2022-02-01"), move("n", "after: 5 days"), move("o", "after: 1 week"))
    assert dates(found) == ["2022-02-01", "2022-02-06", "2022-02-13"]


def test_a_delay_in_a_block_is_counted_from_the_start_of_its_round() -> None:
    block = f"{{rounds: 2, every: 10 days, moves: [{move('m', 'after: 2 days')}, {move('n', 'after: 3 days')}]}}"
    assert dates(timeline(block)) == ["2022-01-03", "2022-01-04", "2022-01-13", "2022-01-14"]


def test_behind_a_block_a_date_is_a_date_and_a_distance_is_counted_from_its_end() -> None:
    block = f"{{rounds: 2, every: 30 days, moves: [{move('m')}]}}"
    assert dates(timeline(block, move("n", "date: 2022-02-10"))) == ["2022-01-01", "2022-01-31", "2022-02-10"]
    assert dates(timeline(block, move("n", "after: 5 days"))) == ["2022-01-01", "2022-01-31", "2022-03-07"]
    assert dates(timeline(block, move("n", "date: 2022"))) == ["2022-01-01", "2022-01-31", "2022-01-31"]


def test_a_move_outside_rounds_lasts_until_the_next() -> None:
    found = timeline(move("m"), move("n", "after: 6 days"))
    assert [step.lasts for step in found.steps] == [6, 0]


def test_moves_made_together_all_last_until_what_follows_them() -> None:
    found = timeline(f"simultaneous: [{move('m')}, {move('n')}]", move("o", "after: 6 days"))
    assert [step.lasts for step in found.steps] == [6, 6, 0]


def test_a_fact_that_chance_decides_on_the_way_does_not_end_a_move() -> None:
    about = scenario(f"timeline:\n  - {move('m')}\n  - {move('n', 'after: 6 days')}\n")
    fact = Chance.model_validate({"chance": "q", "outcomes": {"high": 0.5, "low": 0.5}})
    assert [(step.label, step.lasts) for step in unroll(about, {1: [fact]}).steps] == [("m", 6), ("q", 6), ("n", 0)]


@pytest.mark.parametrize(
    ("delay", "arrives"),
    [("1 round", "m[2]"), ("2 rounds", "m[3]"), ("3 rounds", "last"), ("9 rounds", "last")],
)
def test_a_delay_in_rounds_ends_with_its_round_or_the_item_after_the_block(delay: str, arrives: str) -> None:
    found = timeline(f"{{rounds: 3, moves: [{move('m')}, {move('n')}]}}", move("last"))
    first = next(number for number, step in enumerate(found.steps) if step.label == "n[1]")
    assert found.steps[found.due(first, Delay(delay, rounds=int(delay[0])))].label == arrives


@pytest.mark.parametrize(("days", "arrives"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (400, 3)])
def test_a_delay_in_days_ends_before_the_first_item_at_or_after_it(days: int, arrives: int) -> None:
    found = timeline(move("m"), move("n", "after: 10 days"), move("o", "after: 10 days"))
    assert found.due(0, Delay("", days=float(days))) == arrives


def test_what_is_due_after_the_last_item_never_arrives() -> None:
    found = timeline(f"{{rounds: 2, moves: [{move('m')}]}}")
    assert found.due(1, Delay("", rounds=1)) == len(found.steps)


@pytest.mark.parametrize(
    ("day", "step"), [((2022, 1, 1), 1), ((2022, 1, 10), 1), ((2022, 1, 11), 2), ((2030, 1, 1), 2)]
)
def test_a_question_is_read_before_the_first_item_after_its_day(day: tuple[int, int, int], step: int) -> None:
    found = timeline(move("m"), move("n", "after: 10 days"))
    assert found.first_after(datetime.date(*day)) == step


@pytest.mark.parametrize(
    "items",
    [
        (move("m", "after: 9000 years"),),
        (move("m", "date: 9999-12-31"), move("n", "after: 5 days")),
        (f"{{rounds: 3, every: 9000 years, moves: [{move('m')}]}}",),
    ],
)
def test_a_timeline_past_the_last_date_is_refused(items: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"past the year 9999 \[L16\]"):
        timeline(*items)


def test_without_dates_there_is_no_last_year() -> None:
    found = unroll(scenario(f"timeline:\n  - {{rounds: 3, every: 9000 years, moves: [{move('m')}]}}\n"))
    assert dates(found) == [None, None, None]


def test_simultaneous_moves_are_steps_that_stand_together() -> None:
    found = timeline(f"{{simultaneous: [{move('m')}, {move('n')}]}}", move("last"))
    assert [step.label for step in found.steps] == ["m", "n", "last"]
    assert [found.together_until(number) for number in range(3)] == [2, 2, 3]


def test_simultaneous_moves_of_two_rounds_do_not_stand_together() -> None:
    found = timeline(f"{{rounds: 2, moves: [{{simultaneous: [{move('m')}, {move('n')}]}}]}}")
    assert [step.label for step in found.steps] == ["m[1]", "n[1]", "m[2]", "n[2]"]
    assert [found.together_until(number) for number in range(4)] == [2, 2, 4, 4]
