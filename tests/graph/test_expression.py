"""Formulas with the state put in: exact numbers, one row for equal expressions, and what has no value."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from crises import game, scenario

from stratagem.errors import UsageError
from stratagem.graph.expression import Evaluator, Expressions, MeaninglessError, Ref, Value
from stratagem.scenario.names import Symbols

MOST_SECONDS = 10.0  # loose: what is worked out once takes none of them

HEAD = """
quantities: {known to all: {a: 0.2 to 0.6, b: -1 to 1}}
state: {order: [calm, unrest], drift: 2 in 0 to 5, armed: true}
definitions: {twice: 2 * a, half: a / 2}
theatres: {west: W}
forces: {army: {title: Army, stock: {west: 3}}}
"""
STATE: dict[str, Value] = {
    "order": "calm", "drift": Fraction(2), "armed": True, "army.west": Fraction(3), "army.lost": Fraction(0),
    "m": "none", "round": Fraction(4),
}  # fmt: skip


class Formulas:
    """Formulas evaluated into one table."""

    def __init__(self) -> None:
        self.table = Expressions()

    def value(self, text: str) -> Value:
        timeline = "timeline: [{move: m, player: p, actions: {hold: {payoffs: {p: '" + text + "'}}}}]"
        model = scenario(HEAD + timeline)
        symbols = Symbols(model)
        formula = model.moves["m"].options["hold"].payoffs["p"]
        return Evaluator(self.table, symbols).evaluate(symbols.tree(formula), STATE.__getitem__)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2", Fraction(3, 10)),
        ("30% * drift", Fraction(3, 5)),
        ("a - a", Fraction(0)),
        ("0 * a", Fraction(0)),
        ("a / a * 0", Fraction(0)),
        ("(a + 1) - (1 + a)", Fraction(0)),
        ("if armed then 1 else 1 / (army.west - 3)", Fraction(1)),
        ("if a > a then 1 else 2", Fraction(2)),
        ("max(drift, army.west)", Fraction(3)),
        ("round ^ 2", Fraction(16)),
    ],
)
def test_what_is_the_same_in_every_world_is_an_exact_number(text: str, value: Fraction) -> None:
    assert Formulas().value(text) == value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a + b", "b + a"),
        ("a * b", "b * a"),
        ("2 * a + 3 * a", "5 * a"),
        ("twice", "a + a"),
        ("4 * half", "2 * a"),
        ("(a + b) / 2", "a * 0.5 + b * 0.5"),
        ("min(a, b, 1)", "min(1, b, a, a)"),
        ("a + 0.1 + 0.2 - 0.3", "a"),
        ("if a > b then 1 else 0", "if b < a then 1 else 0"),
        ("if not not (a > b) then 1 else 0", "if a > b then 1 else 0"),
        ("if a > 0 and b > 0 then 1 else 0", "if b > 0 and a > 0 then 1 else 0"),
        ("if a > b then a else a", "a"),
    ],
)
def test_equal_expressions_have_one_row(one: str, other: str) -> None:
    formulas = Formulas()
    assert formulas.value(one) == formulas.value(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a", "b"), ("a + 1", "a + 1.0000000001"), ("a - b", "b - a"), ("a / b", "b / a"), ("a ^ 2", "a")],
)
def test_different_expressions_have_different_rows(one: str, other: str) -> None:
    formulas = Formulas()
    assert formulas.value(one) != formulas.value(other)


def test_a_row_reads_earlier_rows_only() -> None:
    formulas = Formulas()
    found = formulas.value("logistic(a * b + contest(a, exp(b), 2))")
    assert isinstance(found, Ref)
    for number, row in enumerate(formulas.table.expressions()):
        if row.operation not in ("constant", "quantity", "linear"):
            assert all(one < number for one in row.operands)


@pytest.mark.parametrize(
    "text",
    ["1 / (army.west - 3)", "log(0 - drift)", "sqrt(-1)", "0 ^ -1", "exp(1000)", "contest(-1, 1, 1)", "10 ^ 8 ^ 8"],
)
def test_what_has_no_value_says_so(text: str) -> None:
    with pytest.raises(MeaninglessError, match="which has no value"):
        Formulas().value(text)


@pytest.mark.parametrize(
    "text", ["1e200 * 1e200", "1e308 + 1e308", "1e300 ^ 8", "1e200 * 1e200 * a", "log(1e200 * 1e200)"]
)
def test_a_number_too_large_to_reckon_with_says_so(text: str) -> None:
    with pytest.raises(MeaninglessError, match="too large to reckon with"):
        Formulas().value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("if army.lost > 0 and 1 / army.lost > 2 then 1 else 0", 0), ("if armed or 1 / army.lost > 2 then 1 else 0", 1)],
)
def test_logic_passes_over_what_it_does_not_need(text: str, value: int) -> None:
    assert Formulas().value(text) == value


def test_a_formula_without_a_value_is_named_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"m\.go: `1 / \(drift - 2\)` needs a division by 0"):
        game(HEAD + "timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: 1 / (drift - 2)}}}}]")


def test_a_definition_is_worked_out_once() -> None:
    """Twenty-four levels that each read the one below twice would else take 2^24 steps."""
    chain = "".join(f"  d{n}: {'a' if n == 0 else f'd{n - 1} * d{n - 1}'}\n" for n in range(25))
    start = time.process_time()
    game(
        "quantities: {known to all: {a: 0.2 to 0.6}}\ndefinitions:\n"
        + chain
        + "timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: d24}}}}]"
    )
    assert time.process_time() - start < MOST_SECONDS
