"""Jets: the chain rule against differences."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.fit import jet
from stratagem.fit.jet import Jet

FUNCTIONS = (
    jet.exponential,
    jet.logarithm,
    jet.inverse_root,
    jet.inverse,
    jet.log_normal_chance,
    jet.log_logistic_chance,
    jet.normal_chance,
    jet.logistic_chance,
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
def test_a_function_states_its_derivatives(function: jet.Callable) -> None:
    x, step = np.array([0.2, 0.7, 1.9]), 1e-5
    _, first, second = function(x)
    assert first == pytest.approx((function(x + step)[0] - function(x - step)[0]) / (2 * step), rel=1e-8)
    assert second == pytest.approx((function(x + step)[1] - function(x - step)[1]) / (2 * step), rel=1e-8)


def mixed(inputs: list[Jet]) -> Jet:
    a, b, c = inputs
    whole = (
        jet.log_sum_exp([a * b, c - 2.0 * a, 0.3]) * (1.0 + b)
        + jet.exp(a * a * c)
        - jet.apply(jet.log_normal_chance, b * c)
    )
    assert isinstance(whole, Jet)
    return whole


def test_what_is_composed_has_exact_derivatives() -> None:
    point, step = [np.array([0.3]), np.array([-0.8]), np.array([1.1])], 1e-5

    def at(shift: tuple[float, ...], order: int) -> Jet:
        return mixed([Jet.of_input(one + by, k, order) for k, (one, by) in enumerate(zip(point, shift, strict=True))])

    found = at((0, 0, 0), 2)
    for k in range(3):
        up, down = (at(tuple(sign * step * (k == other) for other in range(3)), 1) for sign in (1, -1))
        assert found.slope[k] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-7)
        for m in range(3):
            assert found.bend[min(k, m), max(k, m)] == pytest.approx(
                (up.slope[m] - down.slope[m]) / (2 * step), rel=1e-6
            )


def test_the_tails_have_finite_logarithms() -> None:
    for function in (jet.log_normal_chance, jet.log_logistic_chance):
        value, first, second = function(np.array([-30.0, 30.0]))
        assert np.isfinite([value, first, second]).all()
        assert value[0] < -29
        assert (second <= 0).all()
