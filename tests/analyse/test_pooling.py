"""Means, quantiles and errors over weighted worlds, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratagem.analyse.pooling import effective_size, pool, quantiles

ROUNDING = 1e-12
drawn = settings(max_examples=200, deadline=None, derandomize=True)
weights = st.floats(0, 10).map(lambda one: round(one, 3))
values = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 0.5, 1.0, 1e-320, 3e-320]))


def by_sorting(numbers: np.ndarray, weight: np.ndarray, point: float) -> float:
    """The least value up to which at least that share of the weight lies."""
    order = np.argsort(numbers, kind="stable")
    passed = np.cumsum(weight[order])
    return float(numbers[order][np.searchsorted(passed, point * passed[-1] * (1 - 1e-12))])


@drawn
@given(st.lists(st.tuples(values, weights.filter(bool)), min_size=1, max_size=60), st.sampled_from([0.05, 0.5, 0.95]))
def test_weighted_quantiles_are_those_of_sorting(pairs: list[tuple[float, float]], point: float) -> None:
    numbers, weight = np.array(pairs).T
    found = quantiles(numbers, weight, (point,))[0]
    assert found in numbers
    below, upto = weight[numbers < found].sum(), weight[numbers <= found].sum()
    assert below <= point * weight.sum() * (1 + ROUNDING)
    assert upto >= point * weight.sum() * (1 - ROUNDING)


def test_quantiles_of_many_worlds_are_those_of_sorting() -> None:
    generator = np.random.default_rng(1)
    numbers, weight = generator.beta(0.3, 4, 20_000), generator.gamma(0.5, size=20_000)
    found = quantiles(numbers, weight, (0.05, 0.5, 0.95))
    assert found == [by_sorting(numbers, weight, point) for point in (0.05, 0.5, 0.95)]


def test_with_equal_weights_half_of_two_values_is_the_lower() -> None:
    assert quantiles(np.array([2.0, 1.0]), np.ones(2), (0.5, 0.51)) == [1.0, 2.0]


def test_a_share_that_is_reached_but_for_rounding_is_reached() -> None:
    """Twenty times 0.1 is a little over 2, of which a twentieth is a little over 0.1."""
    assert quantiles(np.arange(20.0), np.full(20, 0.1), (0.05,)) == [0.0]


def test_a_mean_is_a_ratio_of_sums() -> None:
    joint, weight = np.array([0.1, 0.3, 0.0]), np.array([0.2, 0.3, 0.5])
    assert pool(joint, weight).mean == pytest.approx(0.4, abs=ROUNDING)


def test_the_range_is_of_the_worlds_own_ratios() -> None:
    found = pool(np.array([0.1, 0.3, 0.0]), np.array([0.2, 0.3, 0.5]))
    assert (found.p5, found.p95) == (0.0, 1.0)


def test_worlds_that_weigh_nothing_have_no_say() -> None:
    assert pool(np.array([0.5, 0.0]), np.array([1.0, 0.0])) == pool(np.array([0.5]), np.array([1.0]))


def test_nothing_that_weighs_is_void() -> None:
    assert pool(np.zeros(3), np.zeros(3)) is None


def test_the_error_of_a_plain_mean_is_its_standard_error() -> None:
    numbers = np.random.default_rng(1).normal(size=1000)
    assert pool(numbers, np.ones(1000)).error == pytest.approx(numbers.std() / np.sqrt(1000), rel=1e-9)


def test_the_error_of_a_ratio_is_the_spread_of_repeated_draws() -> None:
    generator = np.random.default_rng(1)

    def once() -> tuple[float, float]:
        weight = generator.gamma(2, size=500)
        found = pool(weight * generator.beta(2, 3, 500), weight)
        return found.mean, found.error

    means, errors = np.array([once() for _ in range(800)]).T
    assert errors.mean() == pytest.approx(means.std(), rel=0.1)


def test_equal_worlds_all_count() -> None:
    assert effective_size(np.full(50, 0.3)) == pytest.approx(50, abs=1e-9)


def test_one_world_that_outweighs_all_counts_alone() -> None:
    assert effective_size(np.array([1.0, 1e-12, 1e-12])) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1.0, 1e200])
def test_the_effective_number_does_not_depend_on_the_scale_of_weights(scale: float) -> None:
    weight = np.array([1.0, 0.5, 0.25])
    assert effective_size(weight * scale) == pytest.approx(effective_size(weight), rel=1e-9)


def test_no_weight_at_all_is_no_world() -> None:
    assert effective_size(np.zeros(4)) == 0
