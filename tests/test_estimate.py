"""L5, L6: the forms in which a person writes a number that they are unsure of."""

from __future__ import annotations

import math
import time

import pytest
from crises import scenario
from hypothesis import given, settings
from hypothesis import strategies as st

from stratagem.scenario.estimate import FAMILIES, Amount, Estimate
from stratagem.scenario.formula import FormulaFault
from stratagem.scenario.lexicon import BANDS, ICD_203, in_words
from stratagem.scenario.quantities import amounts

Z90 = 1.6448536269514722


@pytest.mark.parametrize(
    ("written", "family", "parameters"),
    [
        (0.6, "exact", (0.6,)),
        ("60%", "exact", (0.6,)),
        ("60 %", "exact", (0.6,)),
        ("1_000", "exact", (1000.0,)),
        ("-1 to 3", "normal", (1.0, 2 / Z90)),
        ("normal 2 to 4", "normal", (3.0, 1 / Z90)),
        ("2 to 8", "lognormal", (4.0, math.log(2) / Z90)),
        ("20% to 80%", "logitnormal", (0.5, math.log(4) / Z90)),
        ("uniform 2 to 4", "uniform", (2.0, 4.0)),
        ("normal(3, 0.6)", "normal", (3.0, 0.6)),
        ("lognormal(3, 0.2)", "lognormal", (3.0, 0.2)),
        ("beta(2, 5)", "beta", (2.0, 5.0)),
        ("pert(1, 2, 4)", "pert", (1.0, 2.0, 4.0)),
        ("one of 2, 4 , 8,10", "choice", (2.0, 4.0, 8.0, 10.0, 0.25, 0.25, 0.25, 0.25)),
        ({"choice": {"2": 0.25, "4": "75%"}}, "choice", (2.0, 4.0, 0.25, 0.75)),
        ("6 of 75", "beta", (6.5, 69.5)),
        ("very likely", "word", ()),
    ],
)
def test_a_form_is_a_family_with_parameters(written: object, family: str, parameters: tuple[float, ...]) -> None:
    estimate = Estimate.parse(written)
    assert estimate.family == family
    assert estimate.parameters == pytest.approx(parameters, rel=1e-12)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("4 to 2", "the range `4 to 2`"),
        ("0 to 0.5", "touches the end of its scale"),
        ("0.5 to 1", "touches the end of its scale"),
        ("lognormal 0 to 4", "touches the end of its scale"),
        ("logitnormal 0.5 to 2", "touches the end of its scale"),
        ("-1e308 to 1e308", "the range"),
        ("normal 1e308 to 1.7e308", "the range"),
        ("1e999", "`1e999`"),
        ("7 of 6", "the count `7 of 6`"),
        ("0 of 0", "the count `0 of 0`"),
        ("beta(0, 1)", "`beta(0, 1)`"),
        ("beta(1)", "`beta(1)`"),
        ("gamma(1, 2)", "`gamma(1, 2)`"),
        ("exact(1)", "`exact(1)`"),
        ("triangular(1, 1, 1)", "`triangular(1, 1, 1)`"),
        ("uniform(2, 1)", "`uniform(2, 1)`"),
        ("Likely", "`Likely`"),
        ("", "``"),
        (True, "`true`"),
        ([1, 2], "a list"),
        (None, "nothing"),
        ({"chioce": {"1": 1}}, "a mapping"),
        ({"choice": {}}, "a mapping"),
        ({"choice": {"1": 0.5}}, "shares that sum to 0.5"),
        ({"choice": {"1": -0.5, "2": 1.5}}, "shares that sum to 1"),
        ({"choice": {"many": 1}}, "a choice that is not a number"),
        ({"choice": {"1": [1]}}, "a choice that is not a number"),
        ({"choice": {"nan": 1}}, "`nan`"),
    ],
)
def test_what_is_no_estimate_is_refused(written: object, found: str) -> None:
    with pytest.raises(FormulaFault) as caught:
        Estimate.parse(written)
    assert found in caught.value.found


def test_an_interval_at_the_end_of_the_number_line_has_finite_parameters() -> None:
    assert all(math.isfinite(one) for one in Estimate.parse("1e-320 to 1e-310").parameters)
    assert all(math.isfinite(one) for one in Estimate.parse("logitnormal 1e-320 to 1e-310").parameters)
    assert all(math.isfinite(one) for one in Estimate.parse("lognormal 1e-320 to 1e308").parameters)


@pytest.mark.parametrize(
    "bomb",
    [
        "one of " + "1 , " * 300 + "x",
        "beta(" + "1 ,  " * 20_000,
        "1" * 100_000,
        "1 " * 50_000,
        "a " * 50_000,
        "1_" * 50_000 + "x",
        "one of " + "1 % ," * 300,
    ],
)
def test_no_text_takes_long_to_refuse(bomb: str) -> None:
    start = time.process_time()
    with pytest.raises(FormulaFault):
        Estimate.parse(bomb)
    assert time.process_time() - start < 0.05


@pytest.mark.parametrize(
    ("written", "limits"),
    [("3", (3, 3)), ("uniform 2 to 4", (2, 4)), ("2 to 4", (0, math.inf)), ("0.2 to 0.4", (0, 1)), ("pert(1, 2, 4)", (1, 4)),
     ("one of 3, 1", (1, 3)), ("-1 to 1", (-math.inf, math.inf)), ("6 of 75", (0, 1))],
)  # fmt: skip
def test_the_limits_are_those_of_what_can_be_drawn(written: str, limits: tuple[float, float]) -> None:
    assert Estimate.parse(written).limits() == limits


def test_a_word_is_its_band() -> None:
    assert Estimate.parse("likely").in_lexicon({}).parameters == (0.55, 0.80)
    assert Estimate.parse("probable").in_lexicon({}).parameters == (0.55, 0.80)


def test_the_file_s_own_words_stand_wherever_an_estimate_does() -> None:
    text = """
        lexicon: {slight: 10% to 20%, fairly sure: 60% to 70%}
        stakes: {x: A stake, y: Another}
        players:
          p: {name: P, errors: slight, range: 1, risk aversion: fairly sure, loss aversion: fairly sure, discount: fairly sure}
          o: {name: O, precision: fairly sure, weights: {x: slight, y: 1 - q, known to: all}}
        quantities: {known to all: {q: slight, r: fairly sure}}
        perceptions: {p: {q: fairly sure}}
        mistakes: {o: {r: slight}}
        timeline:
          - {move: m, player: p, actions: {hold: {payoffs: {p: q}, gains: {x: 1}}, go: {payoffs: {p: r}, gains: {y: 1}}}}
    """.replace("A stake", "{title: A stake, reference: 0}")
    found, head = amounts(scenario(text)), "lexicon: {slight: 10% to 20%, fairly sure: 60% to 70%}"
    bare = text.replace(head, "").replace("fairly sure", "60% to 70%").replace("slight", "10% to 20%")
    written = amounts(scenario(bare))
    assert len(found) == 10
    assert {name: one.parameters for name, one in found.items()} == {n: one.parameters for n, one in written.items()}


def test_the_file_s_own_lexicon_comes_first() -> None:
    own = {"may": Estimate.parse("30% to 60%")}
    assert Estimate.parse("may").in_lexicon(own).family == "logitnormal"


def test_a_word_that_nobody_knows_has_no_band() -> None:
    with pytest.raises(KeyError):
        Estimate.parse("hardly").in_lexicon({})


def test_every_word_of_a_band_reads_as_a_word() -> None:
    assert all(Estimate.parse(word).family == "word" for word in BANDS)


@given(st.floats(0, 1))
def test_every_probability_has_a_word_whose_band_holds_it(probability: float) -> None:
    word = in_words(probability)
    low, high = ICD_203.get(word, (0.0, 1.0))
    assert low <= probability <= high


@pytest.mark.parametrize(
    ("value", "is_estimate"),
    [("likely", True), (3, True), ("2 to 4", True), ("cost", False), ("2 * cost", False), ("exp(1)", False)],
)
def test_an_amount_is_an_estimate_or_else_a_formula(value: object, is_estimate: bool) -> None:
    assert (Amount.parse(value).estimate is not None) == is_estimate


PIECES = (
    "1",
    "0.5",
    "30%",
    " to ",
    " of ",
    "one of ",
    ", ",
    "beta(",
    ")",
    "uniform ",
    "likely",
    "-",
    "e9",
    "nan",
    "inf",
    " ",
    "_",
    "{",
    "٣",
    "%",
)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_any_text_is_an_estimate_of_finite_parameters_or_is_refused(text: str) -> None:
    try:
        estimate = Estimate.parse(text)
    except FormulaFault:
        return
    assert estimate.family in FAMILIES
    assert all(math.isfinite(one) for one in estimate.parameters)
