"""The arithmetic at a node against its formulas, at ordinary and at extreme numbers."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.solve.kernel import (
    averse_equivalent,
    best_set,
    break_ties,
    certainty_equivalent,
    mean,
    quantal_response,
)

ROUNDING = 1e-12  # in probability, or relative to payoffs
FLAT = 1e-9  # of a certainty equivalent, where risk aversion is so small that it hardly counts

VALUES = np.array([0.3, -1.0, 2.0])
CHANCES = np.array([0.2, 0.5, 0.3])


def column(values: np.ndarray) -> list[np.ndarray]:
    """One world, one node, one column, edge by edge."""
    return [np.array([[value]]) for value in values]


def respond(values: np.ndarray, precision: float, shares: np.ndarray | None = None) -> np.ndarray:
    with np.errstate(divide="ignore"):
        log_share = None if shares is None else np.log(shares)[None, :, None]
    return quantal_response(np, values[None, :, None], np.array([precision]), log_share)[0, :, 0]


def equivalent(
    alpha: float, values: np.ndarray = VALUES, chances: np.ndarray = CHANCES, is_small: bool = False
) -> float:
    found = certainty_equivalent(np, column(chances), column(values), np.array([alpha]), is_small)
    return float(found[0, 0])


def test_choice_is_logit() -> None:
    expected = np.exp(1.5 * VALUES) / np.exp(1.5 * VALUES).sum()
    assert respond(VALUES, 1.5) == pytest.approx(expected, abs=ROUNDING)


def test_base_shares_multiply_the_odds() -> None:
    shares = np.array([0.5, 0.3, 0.2])
    expected = shares * np.exp(VALUES) / (shares * np.exp(VALUES)).sum()
    assert respond(VALUES, 1.0, shares) == pytest.approx(expected, abs=ROUNDING)


def test_at_precision_zero_choice_is_by_base_shares() -> None:
    assert respond(VALUES, 0.0, np.array([0.5, 0.3, 0.2])) == pytest.approx([0.5, 0.3, 0.2], abs=ROUNDING)


def test_an_action_without_share_is_never_chosen_however_good() -> None:
    assert respond(np.array([0.0, 1e6]), 1e3, np.array([1.0, 0.0])).tolist() == [1, 0]


@pytest.mark.parametrize("precision", [1e3, 1e6])
def test_a_great_precision_does_not_overflow(precision: float) -> None:
    assert respond(np.array([1e99, -1e99, 1e99]), precision).tolist() == [0.5, 0, 0.5]


def test_a_constant_added_to_all_payoffs_changes_no_choice() -> None:
    assert respond(VALUES + 5, 1.5) == pytest.approx(respond(VALUES, 1.5), abs=ROUNDING)


@pytest.mark.parametrize(("gap", "is_tied"), [(0, True), (1e-10, True), (0.9e-9, True), (1.1e-9, False), (1e-6, False)])
def test_ties_are_within_a_billionth(gap: float, is_tied: bool) -> None:
    assert best_set(np, np.array([[[1.0], [1.0 - gap]]]), None).ravel().tolist() == [True, is_tied]


def test_an_action_that_is_not_available_is_not_among_the_best() -> None:
    values, available = np.array([[[1.0], [2.0]]]), np.array([[[True], [False]]])
    assert best_set(np, values, available).ravel().tolist() == [True, False]


@pytest.mark.parametrize(("sign", "expected"), [(1.0, [0, 0, 1]), (-1.0, [1, 0, 0])])
def test_ties_fall_to_what_leaves_the_others_most_or_least(sign: float, expected: list[int]) -> None:
    best = np.array([[[True], [False], [True]]])
    others = np.array([[[1.0], [9.0], [2.0]]])
    assert break_ties(np, best, None, others, sign).ravel().tolist() == expected


def test_what_is_still_tied_goes_by_base_share() -> None:
    best, share = np.ones((1, 3, 1), bool), np.array([[[0.5], [0.25], [0.25]]])
    others = np.array([[[1.0], [1.0], [0.0]]])
    assert break_ties(np, best, share, others, 1.0).ravel() == pytest.approx([2 / 3, 1 / 3, 0], abs=ROUNDING)


def test_the_mean_is_the_mean() -> None:
    assert mean(column(CHANCES), column(VALUES))[0, 0] == pytest.approx(CHANCES @ VALUES, abs=ROUNDING)


@pytest.mark.parametrize("alpha", [-3.0, -0.2, 0.2, 1.0, 7.0])
@pytest.mark.parametrize("is_small", [False, True])
def test_a_certainty_equivalent_is_that_of_constant_absolute_risk_aversion(alpha: float, is_small: bool) -> None:
    expected = -np.log(CHANCES @ np.exp(-alpha * VALUES)) / alpha
    assert equivalent(alpha, is_small=is_small) == pytest.approx(expected, abs=ROUNDING)


def test_without_risk_aversion_it_is_the_mean() -> None:
    assert equivalent(0.0) == pytest.approx(CHANCES @ VALUES, abs=ROUNDING)


@pytest.mark.parametrize("alpha", [-1e-9, 1e-9, 1e-6, -1e-6])
def test_with_next_to_none_it_is_next_to_the_mean(alpha: float) -> None:
    """The second term is -alpha/2 times the variance."""
    variance = CHANCES @ VALUES**2 - (CHANCES @ VALUES) ** 2
    expected = CHANCES @ VALUES - alpha / 2 * variance
    assert equivalent(alpha, is_small=True) == pytest.approx(expected, abs=FLAT)


@pytest.mark.parametrize(("alpha", "expected"), [(1e4, -1.0), (-1e4, 2.0), (1e300, -1.0)])
def test_with_very_much_it_is_the_worst_that_can_happen_or_the_best(alpha: float, expected: float) -> None:
    with np.errstate(over="ignore"):
        assert equivalent(alpha) == pytest.approx(expected, abs=1e-3)


def test_what_cannot_happen_does_not_count() -> None:
    assert equivalent(2.0, np.array([0.0, -1e9]), np.array([1.0, 0.0])) == pytest.approx(0, abs=ROUNDING)
    assert equivalent(-2.0, np.array([0.0, 1e9]), np.array([1.0, 0.0])) == pytest.approx(0, abs=ROUNDING)


def test_the_quick_form_gives_the_same() -> None:
    quick = averse_equivalent(np, CHANCES[None, :, None], VALUES[None, :, None, None], np.array([0.7]))
    assert quick[0, 0] == pytest.approx(equivalent(0.7), abs=ROUNDING)
