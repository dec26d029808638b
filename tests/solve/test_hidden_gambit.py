"""The traced branch against Gambit's, on random games: infosets of several histories, chance, up to three players."""

from __future__ import annotations

import io

import hidden_games as games
import numpy as np
import pytest
from hidden_random import has_hidden, random_game

from stratagem.solve.hidden.equilibrium import CONVERGED, LIMIT
from stratagem.solve.hidden.solve import solve

gambit = pytest.importorskip("pygambit")

PRECISIONS = (0.3, 1.0, 3.0, 10.0)
TOLERANCE = 1e-6


def of_seed(seed: int) -> games.Node:
    return random_game(seed, players=2 + seed % 2, stages=3 + seed % 3, widest=3 if seed % 3 < 2 else 2)


def by_gambit(game: games.Node, precision: float) -> np.ndarray:
    found = gambit.qre.logit_solve_lambda(gambit.read_efg(io.StringIO(games.efg(game))), [precision])[-1]
    return np.array([float(found[place]) for place in range(len(found))])


@pytest.mark.parametrize("seed", range(150))
def test_random_game(seed: int) -> None:
    game = of_seed(seed)
    found = solve(games.paths_of(game), games.numbers_of(game, *PRECISIONS))
    assert (found.status == CONVERGED).all()
    for world, precision in enumerate(PRECISIONS):
        assert np.abs(np.exp(found.log_behaviour[:, world]) - by_gambit(game, precision)).max() < TOLERANCE


def test_most_of_these_games_hide_something() -> None:
    assert sum(has_hidden(of_seed(seed)) for seed in range(150)) > 90


@pytest.mark.parametrize(("seed", "precision"), [(134, 10.0), (145, 10.0), (217, 3.0), (217, 10.0), (299, 10.0)])
def test_a_branch_that_folds_back(seed: int, precision: float) -> None:
    """The branch turns back and forward again; the first point at the precision asked for is the one that Gambit finds."""
    game = of_seed(seed)
    found = solve(games.paths_of(game), games.numbers_of(game, precision))
    assert found.folds[0] >= 2
    assert found.status[0] == CONVERGED
    assert np.abs(np.exp(found.log_behaviour[:, 0]) - by_gambit(game, precision)).max() < TOLERANCE


@pytest.mark.parametrize("seed", [739, 1947, 1987, 1988])
def test_a_limit_with_ties_that_rounding_would_break(seed: int) -> None:
    """Taken before rounding tells tied actions apart: a best reply at every infoset, where Gambit is at high precision too."""
    game = of_seed(seed)
    found = solve(games.paths_of(game), games.numbers_of(game, np.inf))
    assert found.status[0] == LIMIT
    assert found.regret.max() < 1e-12
    assert np.abs(np.exp(found.log_behaviour[:, 0]) - by_gambit(game, 300.0)).max() < TOLERANCE
