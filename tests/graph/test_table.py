"""The expression table in numbers: what each operation gives, and what is said of worlds in which it gives nothing."""

from __future__ import annotations

import numpy as np
import pytest
from crises import ROUNDING, answer, scenario, solved

from stratagem.errors import WorldsError
from stratagem.graph.values import formula_values
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario

A, B = np.array([0.25, 0.5, 1.0, 4.0]), np.array([-1.0, 0.0, 2.0, 3.0])


def model(formula: str) -> tuple[Scenario, Formula]:
    text = f"""
        quantities: {{known to all: {{a: 1 to 2, b: -1 to 1}}}}
        timeline: [{{move: m, player: p, actions: {{hold: , go: {{payoffs: {{p: "{formula}"}}}}}}}}]
    """
    found = scenario(text)
    return found, found.moves["m"].options["go"].payoffs["p"]


def values(formula: str) -> np.ndarray:
    return formula_values(*model(formula), {"a": A, "b": B}, len(A))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a + 2 * b - 1", A + 2 * B - 1),
        ("a * b", A * B),
        ("b / a", B / A),
        ("a ^ b", A**B),
        ("b ^ 2", B**2),
        ("exp(b)", np.exp(B)),
        ("log(a)", np.log(A)),
        ("sqrt(a)", np.sqrt(A)),
        ("abs(b)", np.abs(B)),
        ("min(a, b, 0.7)", np.minimum(np.minimum(A, B), 0.7)),
        ("clip(b, 0, a)", np.clip(B, 0, A)),
        ("logistic(100 * b)", 1 / (1 + np.exp(-100 * B))),
        ("contest(a, 2, 3)", A**3 / (A**3 + 8)),
        ("if a > b and b >= 0 or b == 3 then 1 else 2", [2, 1, 2, 1]),
        ("if not (b != 2) then 1 else 2", [2, 2, 1, 2]),
        ("if b in (0, 3) then 1 else 2", [2, 1, 2, 1]),
        ("if (a > 1) == (b > 2) then 1 else 2", [1, 1, 1, 1]),
    ],
)
def test_an_operation_gives_its_value_in_every_world(formula: str, expected: np.ndarray) -> None:
    np.testing.assert_allclose(values(formula), expected, rtol=1e-14)


def test_a_contest_without_efforts_is_even() -> None:
    assert values("contest(max(b, 0), max(b, 0), 2)").tolist() == [0.5, 0.5, 0.5, 0.5]


def test_a_contest_of_any_decisiveness_does_not_overflow() -> None:
    assert values("contest(a, 1, 1e6)").tolist() == [0, 0, 0.5, 1]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("log(b)", r"`log` of \(-1\) has no value, in 2 of 4 worlds \[L10\]"),
        ("1 / b", r"`/` of \(1, 0\) has no value, in 1 of 4 worlds"),
        ("sqrt(b)", r"`sqrt` of \(-1\) has no value, in 1 of 4 worlds"),
        ("b ^ 0.5", r"`\^` of \(-1, 0.5\) has no value, in 1 of 4 worlds"),
        ("exp(1000 * a)", r"`exp` of \(1000\) has no value, in 2 of 4 worlds"),
        ("contest(b, 1, 1)", r"`contest` of \(-1, 1, 1\) has no value, in 1 of 4 worlds"),
        ("(1e200 * a) * (1e200 * a)", r"`\*` of .* has no value, in 4 of 4 worlds"),
        ("1e308 * a + 1e308 * exp(a)", r"`\+` of .* has no value, in [0-9] of 4 worlds"),
        ("max(0, clip(log(b), -1, 1))", r"`log` of \(-1\) has no value"),
        ("if log(b) > 0 then 1 else 0", r"`log` of \(-1\) has no value"),
        ("contest(abs(log(b)), 0, 0)", r"`log` of \(-1\) has no value"),
        ("if a > 0 then 1 / b + log(b) else log(b)", r"has no value, in [12] of 4 worlds"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_that_names_it(formula: str, message: str) -> None:
    with pytest.raises(WorldsError, match=message):
        values(formula)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("if b > 0 then log(b) else 7", [7, 7, np.log(2), np.log(3)]),
        ("if b <= 0 then 7 else 1 / sqrt(b)", [7, 7, 2**-0.5, 3**-0.5]),
        ("if b > 0 and log(b) > 1 then 1 else 0", [0, 0, 0, 1]),
        ("if b <= 0 or log(b) > 1 then 1 else 0", [1, 1, 0, 1]),
        ("if b > 0 then (if b > 2.5 then 1 / (b - 2) else 1 / (3 - b)) else 0", [0, 0, 1, 1]),
    ],
)
def test_what_a_condition_passes_over_need_not_have_a_value(formula: str, expected: list[float]) -> None:
    np.testing.assert_allclose(values(formula), expected, rtol=1e-14)


def test_a_guarded_formula_is_solved_world_by_world() -> None:
    solution = solved("""
        players: {p: {name: P, precision: 1}}
        quantities: {known to all: {b: -1 to 1}}
        timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: if b > 0 then log(b) else 0}}}}]
        questions: {gone: {title: Gone, event: m == go}}
    """)
    b = solution.quantities["b"]
    gain = np.log(np.where(b > 0, b, 1.0))
    assert answer(solution, "gone") == pytest.approx(1 / (1 + np.exp(-gain)), abs=ROUNDING)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ("{x: 3 * a, y: rest}", r"the probability of c\.x: .* in world [0-9]+ and wrong in [0-9]+ of 64 worlds \(from .* to .*\); a probability is from 0 to 1 \[M4\]"),
        ("{x: a - 0.4, y: rest}", r"the probability of c\.x: -"),
        ("{x: a, y: a}", r"the probabilities at c: .* they must sum to 1 \[M4\]"),
    ],
)  # fmt: skip
def test_worlds_in_which_a_probability_is_none_name_the_values(outcomes: str, message: str) -> None:
    with pytest.raises(WorldsError, match=message):
        solved(f"""
            quantities: {{known to all: {{a: 0.2 to 0.6}}}}
            timeline: [{{chance: c, outcomes: {outcomes}}}]
        """)
