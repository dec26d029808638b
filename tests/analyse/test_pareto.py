"""Pareto smoothing of importance ratios: held against ArviZ, and against tails whose shape is known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from stratagem.analyse.pareto import fit_tail, pareto_quantile, smooth

ROUNDING = 1e-12


@pytest.mark.parametrize("size", [100, 1000, 10_000])
@pytest.mark.parametrize("name", ["heavy", "moderate", "bounded"])
def test_smoothed_ratios_and_shape_are_those_of_arviz(size: int, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = pytest.importorskip("arviz")
        random = np.random.default_rng(size)
        draws = {
            "heavy": random.pareto(0.8, size),
            "moderate": random.pareto(3.0, size),
            "bounded": random.random(size),
        }
        log_weight, shape = arviz.psislw(np.log(draws[name]))
    found = smooth(draws[name])
    assert found.shape == pytest.approx(float(shape), abs=1e-9)
    assert found.ratios / found.ratios.sum() == pytest.approx(np.exp(log_weight), abs=ROUNDING)


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.6, 1.1])
def test_the_shape_of_a_known_tail_is_found(shape: float) -> None:
    points = (np.arange(20_000) + 0.5) / 20_000
    found, scale = fit_tail(pareto_quantile(points, shape, 2.0))
    assert found == pytest.approx(shape, abs=0.02)
    assert scale == pytest.approx(2.0, abs=0.05)


def test_the_exponential_is_the_limit_at_shape_zero() -> None:
    points = np.linspace(0.01, 0.99, 50)
    assert pareto_quantile(points, 1e-9, 1.5) == pytest.approx(pareto_quantile(points, 0.0, 1.5), abs=1e-7)


def test_ratios_that_are_all_alike_have_no_tail() -> None:
    found = smooth(np.full(1000, 0.3))
    assert found.shape == -np.inf
    assert found.is_reliable
    assert found.ratios.tolist() == [0.3] * 1000


def test_ratios_of_two_levels_stay_as_they_are() -> None:
    ratios = np.repeat([0.2, 0.8], 500)
    assert smooth(ratios).ratios.tolist() == ratios.tolist()


def test_a_few_ratios_that_are_all_there_is_are_not_reliable() -> None:
    ratios = np.zeros(1000)
    ratios[:3] = 1.0
    assert smooth(ratios).shape == np.inf
    assert not smooth(ratios).is_reliable


def test_heavy_tails_are_not_reliable_and_light_ones_are() -> None:
    random = np.random.default_rng(4)
    assert not smooth(random.pareto(0.6, 5000)).is_reliable
    assert smooth(random.pareto(5.0, 5000)).is_reliable
