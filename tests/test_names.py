"""L2, L9, L10: what names mean, and which type a formula has."""

from __future__ import annotations

import itertools

import pytest
from crises import answer, solved
from hypothesis import given
from hypothesis import strategies as st

from stratagem.errors import ScenarioError
from stratagem.scenario.formula import Call, Formula, FormulaFault, Word
from stratagem.scenario.names import NUMBER, TRUTH, Symbols, ever_name
from stratagem.scenario.read import parse_scenario

TEXT = """
scenario: Names
players: {a: A}
theatres: {west: The west}
forces: {army: {stock: {west: 3}}}
state: {order: [calm, tense], heat: 1 in 0 to 3, alarm: false}
quantities: {known to all: {calm: 0.5, cost: 2}}
links: {cover: A link}
definitions: {worse: order == tense, now: order, twice: 2 * cost, thrice: twice + cost}
timeline: [{move: reply, player: a, actions: {hold: , go: }}]
"""


@pytest.fixture(scope="module")
def symbols() -> Symbols:
    return Symbols(parse_scenario(TEXT))


def resolved(symbols: Symbols, text: str) -> str:
    return str(symbols.resolve(Formula.parse(text))[1])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("cost + heat * cover", "a number"),
        ("army.west - army.transit", "a number"),
        ("round", "a number"),
        ("order == tense", "a truth"),
        ("tense == order", "a truth"),
        ("now == tense", "a truth"),
        ("tense == now", "a truth"),
        ("order in (calm, tense)", "a truth"),
        ("reply == none", "a truth"),
        ("reply in (hold, go)", "a truth"),
        ("alarm == (heat > 2)", "a truth"),
        ("worse and not alarm", "a truth"),
        ("if alarm then order else calm", "one of calm, tense"),
        ("ever(reply == hold)", "a truth"),
        ("thrice", "a number"),
    ],
)
def test_a_formula_has_a_type(symbols: Symbols, text: str, kind: str) -> None:
    assert resolved(symbols, text) == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cots", "the unknown name `cots` (did you mean `cost`?)"),
        ("order == tens", "the unknown word `tens` (did you mean `tense`?)"),
        ("army.wets", "the unknown place `wets` (did you mean `west`?)"),
        ("army", "the unknown name `army`"),
        ("order + 1", "one of calm, tense here"),
        ("alarm + 1", "a truth here"),
        ("not cost", "a number here"),
        ("order > calm", "`>` between labels"),
        ("alarm > true", "`>` between truths"),
        ("if cost then 1 else 2", "a number here"),
        ("if alarm then 1 else order", "one of calm, tense here"),
        ("ever(order == calm)", "`ever` of something else"),
        ("ever(reply == order)", "`ever` of something else"),
        ("ever(alarm)", "`ever` of something else"),
        ("1 in (alarm, 2)", "a truth here"),
    ],
)
def test_a_formula_without_meaning_is_refused(symbols: Symbols, text: str, found: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        symbols.resolve(Formula.parse(text))
    assert caught.value.found.startswith(found)


def test_a_wanted_type_is_asked_for(symbols: Symbols) -> None:
    with pytest.raises(FormulaFault, match="a number here; a truth"):
        symbols.resolve(Formula.parse("cost"), TRUTH)
    assert symbols.resolve(Formula.parse("cost"), NUMBER)[1] == NUMBER


def test_a_word_of_the_variable_is_meant_before_a_quantity_of_that_name(symbols: Symbols) -> None:
    tree = symbols.resolve(Formula.parse("order == calm"))[0]
    assert isinstance(tree, Call)
    assert tree.operands[1] == Word("calm", 9)


def test_what_is_read_is_found_through_definitions(symbols: Symbols) -> None:
    tree = symbols.resolve(Formula.parse("thrice + army.west * (if worse then 1 else 2)"))[0]
    assert symbols.reads(tree) == {"thrice", "twice", "cost", "army.west", "worse", "order"}


def test_what_was_ever_done_is_read_under_a_name_of_its_own(symbols: Symbols) -> None:
    tree = symbols.resolve(Formula.parse("ever(reply == go) or alarm"))[0]
    assert symbols.reads(tree) == {"ever reply go", "alarm"}
    assert isinstance(tree, Call)
    assert isinstance(tree.operands[0], Call)
    assert ever_name(tree.operands[0]) == "ever reply go"


def test_comparisons_of_comparisons_take_no_time(symbols: Symbols) -> None:
    text = "true"
    for _ in range(45):
        text = f"({text}) in (true, false)"
    assert resolved(symbols, text) == "a truth"


def definitions(read: list[tuple[int, int]], size: int) -> str:
    """A scenario whose definition `d1` reads `d0` and so on, by pairs (reader, read)."""
    formulas = [" + ".join(["1", *(f"d{two}" for one, two in read if one == number)]) for number in range(size)]
    lines = "".join(f"  d{number}: {formula}\n" for number, formula in enumerate(formulas))
    return (
        f"scenario: x\nplayers: {{a: A}}\ndefinitions:\n{lines}timeline: [{{move: m, player: a, actions: {{x: }}}}]\n"
    )


PAIRS = st.sets(st.sampled_from(list(itertools.combinations(range(8), 2))), max_size=16).map(sorted)


@given(PAIRS)
def test_definitions_without_a_circle_are_sound(pairs: list[tuple[int, int]]) -> None:
    assert parse_scenario(definitions(pairs, 8))


@given(PAIRS, st.sampled_from(list(itertools.combinations(range(8), 2))))
def test_a_circle_is_shown_as_a_path(pairs: list[tuple[int, int]], closing: tuple[int, int]) -> None:
    one, two = closing
    with pytest.raises(ScenarioError, match=r"definitions in a circle: (d\d) → (.* → )?\1;"):
        parse_scenario(definitions([*pairs, (one, two), (two, one)], 8))


def test_definitions_of_any_depth_do_not_exhaust_the_stack() -> None:
    with pytest.raises(ScenarioError, match="definitions over 50 deep: d0 → d1 → "):
        parse_scenario(definitions([(number, number + 1) for number in range(3000)], 3001))


def test_an_action_may_be_spelt_as_its_move() -> None:
    """`war == war` compares the move with its action, on either side of the sign."""
    text = """
        timeline: [{move: war, player: p, actions: {war: {payoffs: {p: 1}}, peace: }}]
        questions:
          a: {title: A, event: war == war}
          b: {title: B, event: war != war}
          c: {title: C, event: peace == war}
          d: {title: D, event: war in (war)}
    """
    solution = solved(text, worlds=1)
    assert [float(answer(solution, name)[0]) for name in "abcd"] == [1, 0, 0, 1]
