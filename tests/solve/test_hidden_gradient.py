"""Derivatives of equilibria against finite differences, and the two directions of differentiation against each other."""

from __future__ import annotations

from dataclasses import replace

import hidden_games as games
import numpy as np
import pytest
from hidden_random import random_game

from stratagem.solve.hidden.gradient import Change, moved, pulled
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve

STEP = 1e-4
TOLERANCE = 1e-6
NAMES = ("payoff", "log_chance", "log_share", "precision")


def worlds_of(game: games.Node, seed: int, averse: bool, evaluators: int = 1) -> Numbers:
    """Three worlds with numbers of their own."""
    rng = np.random.default_rng(seed)
    one, count = games.numbers_of(game, 1.0), 3
    players = one.payoff.shape[0]
    return Numbers(
        np.minimum(
            np.repeat(one.log_chance, evaluators, 0) - rng.uniform(0, 0.5, (evaluators, one.payoff.shape[1], count)), 0
        ),
        one.payoff + rng.normal(size=(*one.payoff.shape[:2], count)),
        rng.normal(size=(len(one.log_share), count)),
        rng.uniform(0.5, 2.5, (players, count)),
        np.array([-0.3, 0.0, 1.5])[:, None] + rng.uniform(-0.01, 0.01, (players, count)) if averse else None,
    )


def some_change(numbers: Numbers, seed: int) -> Change:
    rng = np.random.default_rng(seed)
    return Change(*(rng.normal(size=getattr(numbers, name).shape) for name in NAMES))


def shifted(numbers: Numbers, change: Change, step: float) -> Numbers:
    return replace(numbers, **{name: getattr(numbers, name) + step * getattr(change, name) for name in NAMES})


CASES = [
    (seed, averse, response)
    for seed in range(12)
    for averse in (False, True)
    for response in ("logit", "probit")
    if response == "logit" or seed % 3 == 0
]


@pytest.mark.parametrize(("seed", "averse", "response"), CASES)
def test_change_of_behaviour(seed: int, averse: bool, response: str) -> None:
    game = random_game(seed)
    paths, numbers = games.paths_of(game), worlds_of(game, seed, averse)
    change = some_change(numbers, seed + 100)
    change = replace(change, log_chance=-np.abs(change.log_chance))
    numbers = replace(numbers, log_chance=numbers.log_chance - 0.01)
    found = solve(paths, numbers, response)
    assert found.is_found.all()
    exact = np.exp(found.log_behaviour) * moved(paths, numbers, found, change, response)
    near, far = (differences(paths, numbers, change, step, response) for step in (STEP, 2 * STEP))
    assert exact == pytest.approx((4 * near - far) / 3, abs=TOLERANCE, rel=TOLERANCE)


def differences(paths: Paths, numbers: Numbers, change: Change, step: float, response: str) -> np.ndarray:
    """Central differences; two of them, at one step and at twice as much, cancel the error of third order."""
    up, down = (np.exp(solve(paths, shifted(numbers, change, way * step), response).log_behaviour) for way in (1, -1))
    return (up - down) / (2 * step)


@pytest.mark.parametrize(("seed", "averse", "response"), CASES)
def test_both_directions_agree(seed: int, averse: bool, response: str) -> None:
    """Pull along a change is the change of the quantity, also where players evaluate chance each by their own numbers."""
    game = random_game(seed)
    paths, numbers = games.paths_of(game), worlds_of(game, seed, averse, evaluators=3)
    found = solve(paths, numbers, response)
    rng = np.random.default_rng(seed)
    pull = rng.normal(size=(4, paths.num_actions, 3))
    by_number = pulled(paths, numbers, found, pull, response)
    change = some_change(numbers, seed + 200)
    forward = (pull * moved(paths, numbers, found, change, response)).sum(axis=1)
    backward = sum((getattr(by_number, name) * getattr(change, name)).reshape(4, -1, 3).sum(axis=1) for name in NAMES)
    assert backward == pytest.approx(forward, rel=1e-9, abs=1e-9)


def test_in_the_limit_there_is_no_derivative() -> None:
    game = games.stripped_poker()
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0, np.inf)
    found = solve(paths, numbers)
    by_number = pulled(paths, numbers, found, np.ones((1, paths.num_actions, 2)))
    assert np.isfinite(by_number.payoff[..., 0]).all()
    assert np.isnan(by_number.payoff[..., 1]).all()
