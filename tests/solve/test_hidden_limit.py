"""The limit of the branch: read from points at finite precision, where rounding does not yet count."""

from __future__ import annotations

from pathlib import Path

import hidden_games as games
import numpy as np
import pytest
from crises import solved
from hidden_random import random_game

import stratagem
from stratagem.solve.hidden.certify import is_off_path
from stratagem.solve.hidden.equilibrium import LIMIT, Equilibrium
from stratagem.solve.hidden.layout import layout
from stratagem.solve.hidden.limit import Readings
from stratagem.solve.hidden.solve import solve

EXACT = 1e-10
PLACES = (1e3, 1e4, 2e5, 3e6)
CRISIS = Path(stratagem.__file__).parent / "catalogue" / "crisis-signalling.yaml"


def limit_of(game: games.Node) -> Equilibrium:
    return solve(games.paths_of(game), games.numbers_of(game, np.inf))


def read(choice_at, slope_at) -> tuple[np.ndarray, float]:
    """What readings of one infoset's behaviour by precision come to, and by how much they differ."""
    readings = Readings.none((2, 1))
    for place in PLACES:
        first, slope = choice_at(place), slope_at(place)
        readings.note(
            np.zeros(1, int), np.array([place]), np.log([[first], [1 - first]]), np.array([[slope], [-slope]])
        )
    form = layout(games.paths_of(games.move(0, "only", games.leaf(0), games.leaf(0))))
    log_choice, doubt, _ = readings.limit(form)
    return np.exp(log_choice[:, 0]), float(doubt[0])


def test_a_series_in_one_over_precision() -> None:
    found, doubt = read(lambda x: 0.3 + 2 / x - 50 / x**2, lambda x: -2 / x + 100 / x**2)
    assert found == pytest.approx([0.3, 0.7], abs=1e-14)
    assert doubt < 1e-12


def test_a_series_with_logarithms() -> None:
    found, doubt = read(lambda x: 0.3 + (2 + np.log(x)) / x, lambda x: -(1 + np.log(x)) / x)
    assert found == pytest.approx([0.3, 0.7], abs=1e-13)
    assert doubt < 1e-12


def test_behaviour_that_never_settles_is_not_read() -> None:
    _, doubt = read(lambda x: 0.5 + 0.1 * np.sin(np.log(x)), lambda x: 0.1 * np.cos(np.log(x)))
    assert doubt == np.inf


@pytest.mark.parametrize("seed", [4, 9, 12, 16, 28, 1065, 1079, 1248, 1460, 2025, 3314, 3965, 4697])
def test_where_rounding_at_high_precision_moved_behaviour(seed: int) -> None:
    """Games whose behaviour nears its limit slowly; some were lost, or left unsettled, before they came near enough."""
    game = random_game(seed)
    found = limit_of(game)
    assert found.status[0] == LIMIT
    assert found.residual[0] < 3e-8
    on_path = ~is_off_path(games.paths_of(game), games.numbers_of(game, np.inf), found.log_behaviour)
    assert found.regret[on_path].max() < 1e-8


@pytest.mark.parametrize("types", [4, 7, 9])
def test_types_of_a_crisis(types: int) -> None:
    text = CRISIS.read_text(encoding="utf-8").replace("types: 3", f"types: {types}")
    assert solved(text, worlds=1).residual.max() < EXACT


def test_kuhn_poker() -> None:
    """One of its equilibria: the value is -1/18 to the first player, the bluffing rates of the second are his only ones."""
    game = games.kuhn()
    found = limit_of(game)
    assert found.residual[0] < EXACT
    assert found.regret.max() < EXACT
    behaviour = np.exp(found.log_behaviour[:, 0])
    value = sum(
        odds * np.prod([behaviour[one] for one in way]) * payoffs[0]
        for (odds, _, payoffs), way in zip(games.routes(game), ways(game), strict=True)
    )
    assert value == pytest.approx(-1 / 18, abs=EXACT)


def ways(game: games.Node) -> list[np.ndarray]:
    paths = games.paths_of(game)
    return np.split(paths.action_of_visit, paths.first_visit[1:-1])


def test_stripped_down_poker() -> None:
    found = limit_of(games.stripped_poker())
    assert np.exp(found.log_behaviour[:, 0]) == pytest.approx([1, 0, 1 / 3, 2 / 3, 2 / 3, 1 / 3], abs=EXACT)
