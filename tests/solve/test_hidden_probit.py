"""Probit responses against closed forms, quadrature by other means, and the definition of equilibrium."""

from __future__ import annotations

import hidden_games as games
import numpy as np
import pytest
from hidden_random import random_game
from scipy import integrate, special, stats

from stratagem.solve.hidden.equilibrium import CONVERGED
from stratagem.solve.hidden.layout import layout
from stratagem.solve.hidden.paths import Paths
from stratagem.solve.hidden.probit import Probit
from stratagem.solve.hidden.solve import solve


def one_infoset(width: int) -> Probit:
    return Probit(layout(Paths(np.array([0]), np.array([0, width]), np.arange(width + 1), np.arange(width))))


def by_quad(scores: np.ndarray, own: int) -> float:
    rest = np.delete(scores, own)

    def height(error: float) -> float:
        return float(stats.norm.pdf(error) * special.ndtr(scores[own] + error - rest).prod())

    return float(integrate.quad(height, -12, 12, epsabs=1e-13, epsrel=1e-12, limit=200)[0])


@pytest.mark.parametrize("width", [3, 4, 6])
def test_choice_among_several(width: int) -> None:
    scores = np.random.default_rng(width).normal(0, 1.5, width)
    found = np.exp(one_infoset(width).log_choice(scores[:, None])[:, 0])
    assert found == pytest.approx([by_quad(scores, own) for own in range(width)], abs=1e-11)
    assert found.sum() == pytest.approx(1, abs=1e-12)


def test_choice_between_two() -> None:
    found = one_infoset(2).log_choice(np.array([[0.0], [1.3]]))
    assert np.exp(found[1, 0]) == pytest.approx(stats.norm.cdf(1.3 / np.sqrt(2)), abs=1e-15)


def test_a_hopeless_action_has_a_logarithm() -> None:
    """Far behind one rival with another further behind, the chance is that of two actions."""
    found = one_infoset(3).log_choice(np.array([[0.0], [-60.0], [-500.0]]))[1, 0]
    assert found == pytest.approx(special.log_ndtr(-60 / np.sqrt(2)), rel=1e-10)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_base_shares_rule_at_precision_zero(width: int) -> None:
    shares = np.random.default_rng(width).dirichlet(np.ones(width))
    response = one_infoset(width)
    offset = response.offsets(np.log(shares)[:, None])
    assert np.exp(response.log_choice(offset))[:, 0] == pytest.approx(shares, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_behaviour_is_the_response_to_itself(seed: int) -> None:
    game = random_game(seed)
    paths, precisions = games.paths_of(game), (0.3, 2.0)
    found = solve(paths, games.numbers_of(game, *precisions), "probit")
    assert (found.status == CONVERGED).all()
    assert found.residual.max() < 1e-10
    for world, precision in enumerate(precisions):
        chosen = np.exp(found.log_behaviour[:, world])
        scores = precision * games.slow_worth(game, chosen)
        for first, end in zip(paths.first_action[:-1], paths.first_action[1:], strict=True):
            expected = [by_quad(scores[first:end], own) for own in range(end - first)]
            assert chosen[first:end] == pytest.approx(expected, abs=1e-9)


def test_the_limit_is_of_logit_only() -> None:
    game = games.horse()
    with pytest.raises(ValueError, match="logit"):
        solve(games.paths_of(game), games.numbers_of(game, np.inf), "probit")
