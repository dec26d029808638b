"""L10: the grammar of formulas, and that no text is more than text."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratagem.scenario.formula import Call, Formula, FormulaFault, Name, Number, Tree, Truth, names_in

NAMES = ("a", "b", "army.west", "order", "contested")
PAYLOADS = (
    "__import__('os').system('true')", "().__class__.__bases__", "(lambda: 1)()", "[x for x in y]", "f'{a}'", "a[0]", "a.b.c",
    "a := 1", "await a", "open('/etc/passwd')", "exec('1')", "eval(1)", "getattr(a, b)", "9**9**9", "a if b else c", "'text'",
    "{1: 2}", "*a", "**a", "a; b", "a\\b", "a @ b", "a // b", "~a", "a << 1", "a | b", "a & b", "@a", "print(1)", "1j", "0x10",
    "1_000", "10 % 3", "b'a'", "...", "None.x()", "a()", "import os", "\u0430 + 1", "\uff41 + 1", "\ufb01", "a\u200b", "²", "٣ + 1",
)  # fmt: skip


def shown(tree: Tree) -> str:
    """A tree in brackets, operator first."""
    if isinstance(tree, Number):
        return str(tree.value)
    if isinstance(tree, Call):
        return f"({tree.function} {' '.join(shown(one) for one in tree.operands)})"
    return tree.name if isinstance(tree, Name) else str(tree.value).lower() if isinstance(tree, Truth) else tree.word


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("2 ^ 3 ^ 2", "(^ 2 (^ 3 2))"),
        ("-2 ^ 2", "(neg (^ 2 2))"),
        ("2 ^ -1", "(^ 2 (neg 1))"),
        ("a / b * 2", "(* (/ a b) 2)"),
        ("not a == b and c", "(and (not (== a b)) c)"),
        ("a or b and c", "(or a (and b c))"),
        ("a in (b, c) or d", "(or (in a b c) d)"),
        ("if a then 1 else if b then 2 else 3", "(if a 1 (if b 2 3))"),
        ("1 + if a then 1 else 2", "(+ 1 (if a 1 2))"),
        ("contest(a, b, 1)", "(contest a b 1)"),
        ("army.west > 0", "(> army.west 0)"),
        ("ever(reply == hold)", "(ever (== reply hold))"),
        ("30%", "3/10"),
        ("0.1", "1/10"),
        ("1e-3", "1/1000"),
        ("+3", "3"),
        ("true", "true"),
        ("  a  ", "a"),
    ],
)
def test_a_formula_reads_as_mathematics_does(text: str, tree: str) -> None:
    assert shown(Formula.parse(text).tree) == tree


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("", 0, "the end of the formula"),
        ("1 +", 3, "the end of the formula"),
        ("(1", 2, "the end of the formula"),
        ("1 2", 2, "`2` after a complete formula"),
        ("a = 1", 2, "the character `=`"),
        ("a && b", 2, "the character `&`"),
        ("a < b < c", 6, "a chain of comparisons"),
        ("min(1)", 0, "`min` with 1 operands"),
        ("mni(1, 2)", 0, "the unknown function `mni`"),
        ("if a then 1", 11, "the end of the formula"),
        ("then", 0, "`then`"),
        ("1e999", 0, "the number `1e999`"),
        ("2 * " + "9" * 400, 4, "the number `9"),
    ],
)
def test_a_fault_is_at_its_character(text: str, at: int, found: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        Formula.parse(text)
    assert (caught.value.at, caught.value.found.startswith(found)) == (at, True), caught.value


@pytest.mark.parametrize("payload", PAYLOADS)
def test_code_is_no_formula(payload: str) -> None:
    with pytest.raises(FormulaFault):
        Formula.parse(payload)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + "1" + ")" * 999,
        "-" * 1999 + "1",
        "not " * 499 + "true",
        "1^" * 999 + "1",
        "min(1, " * 285 + "1",
        "1+" * 999 + "1",
    ],
)
def test_a_formula_too_deep_for_any_stack_is_refused(text: str) -> None:
    with pytest.raises(FormulaFault, match="more than"):
        Formula.parse(text)


def test_a_long_formula_is_refused_before_it_is_read() -> None:
    start = time.process_time()
    with pytest.raises(FormulaFault, match="a formula of 1,000,001 characters"):
        Formula.parse("1" * 1_000_001)
    assert time.process_time() - start < 0.05


@pytest.mark.parametrize(("value", "found"), [([1], "a list"), ({"a": 1}, "a mapping"), (None, "nothing")])
def test_only_a_number_a_truth_or_a_text_is_a_formula(value: object, found: str) -> None:
    with pytest.raises(FormulaFault, match=found):
        Formula.parse(value)


@pytest.mark.parametrize(
    ("value", "number"), [(-5, Fraction(-5)), ("-5", Fraction(-5)), ("0.2", Fraction(1, 5)), ("1 + 1", None)]
)
def test_a_signed_number_is_a_number(value: object, number: Fraction | None) -> None:
    assert Formula.parse(value).number == number


FORMULAS = st.recursive(
    st.sampled_from(NAMES) | st.integers(0, 99).map(str) | st.floats(0, 9, allow_nan=False).map(str),
    lambda inner: (
        st.tuples(inner, st.sampled_from(("+", "-", "*", "/", "^")), inner).map(
            lambda one: f"({one[0]} {one[1]} {one[2]})"
        )
        | inner.map("-{}".format)
        | st.tuples(inner, inner).map("min{}".format).map(lambda one: one.replace("'", ""))
    ),
    max_leaves=12,
)


@given(FORMULAS)
def test_every_formula_of_the_grammar_is_read(text: str) -> None:
    assert [one.name for one in names_in(Formula.parse(text).tree)] == [one for one in text.replace("(", " ").replace(")", " ").replace(",", " ").replace("-", " ").split() if one in NAMES]  # fmt: skip


@settings(max_examples=500)
@given(st.text(st.sampled_from("ab1.09%+-*/^<>=!(), \tenotifhlsrdxpv_é"), max_size=60))
def test_any_text_is_a_formula_or_has_a_fault_inside(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or (0 <= fault.at <= len(text) and fault.found and fault.expected)


def fault_of(text: str) -> FormulaFault | None:
    """What is wrong with a formula, if anything is."""
    try:
        Formula.parse(text)
    except FormulaFault as fault:
        return fault
    return None
