"""Games with several equilibria: each is listed with its residual, and a branch that folds says so."""

from __future__ import annotations

import hidden_games as games
import numpy as np
import pytest
from hidden_random import random_game

from stratagem.solve.hidden.equilibrium import CONVERGED, LIMIT
from stratagem.solve.hidden.others import BRANCH, DISTINCT, Others, others
from stratagem.solve.hidden.solve import solve

INF = float("inf")
ASKED = 1e-10
LIMIT_TOLERANCE = 1e-7

COORDINATION = games.matrix([[2, 0], [0, 1]], [[2, 0], [0, 1]])
STAG_HUNT = games.matrix([[4, 0], [3, 3]], [[4, 3], [0, 3]])
CHICKEN = games.matrix([[0, -1], [1, -10]], [[0, 1], [-1, -10]])
THREE_WAYS = games.matrix(np.diag([3, 2, 1]).tolist(), np.diag([3, 2, 1]).tolist())


def all_of(game: games.Node, precision: float) -> tuple[np.ndarray, Others]:
    """All equilibria [K, A], the traced one first."""
    paths, numbers = games.paths_of(game), games.numbers_of(game, precision)
    found = solve(paths, numbers)
    assert found.status[0] == (LIMIT if precision == INF else CONVERGED)
    more = others(paths, numbers, found)
    assert (more.world == 0).all()
    return np.exp(np.concatenate([found.log_behaviour.T, more.log_behaviour.T])), more


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        (COORDINATION, {(1.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)}),
        (STAG_HUNT, {(0.0, 0.0), (1.0, 1.0), (3 / 4, 3 / 4)}),
        (CHICKEN, {(0.9, 0.9), (1.0, 0.0), (0.0, 1.0)}),
    ],
)
def test_three_limits(game: games.Node, expected: set[tuple[float, float]]) -> None:
    found, more = all_of(game, INF)
    assert len(found) == 3
    for row, column in expected:
        assert (np.abs(found[:, [0, 2]] - [row, column]).max(axis=1) < LIMIT_TOLERANCE).sum() == 1
    assert (more.residual < LIMIT_TOLERANCE).all()


@pytest.mark.parametrize("game", [COORDINATION, STAG_HUNT, CHICKEN])
@pytest.mark.parametrize("precision", [5.0, 20.0])
def test_three_at_high_precision_each_the_response_to_itself(game: games.Node, precision: float) -> None:
    found, more = all_of(game, precision)
    assert len(found) == 3
    assert (more.residual < ASKED).all()
    paths = games.paths_of(game)
    for chosen in found:
        scores = precision * games.slow_worth(game, chosen)
        answer = np.exp(scores - np.logaddexp.reduceat(scores, paths.first_action[:-1])[paths.infoset_of_action])
        assert np.abs(answer - chosen).max() < ASKED


def test_all_seven_of_three_ways_to_meet() -> None:
    found, _ = all_of(THREE_WAYS, INF)
    assert len(found) == 7


def test_one_alone_at_low_precision_and_where_one_dominates() -> None:
    assert len(all_of(COORDINATION, 0.2)[0]) == 1
    assert len(all_of(games.prisoners(), 10.0)[0]) == 1
    assert len(all_of(games.prisoners(), INF)[0]) == 1


def test_others_of_an_asymmetric_game_appear_at_a_fold_that_the_branch_does_not_meet() -> None:
    low, _ = all_of(COORDINATION, 1.0)
    high, more = all_of(COORDINATION, 4.0)
    assert (len(low), len(high)) == (1, 3)
    assert (more.source != BRANCH).all()
    found = solve(games.paths_of(COORDINATION), games.numbers_of(COORDINATION, 4.0, INF))
    assert found.folds.tolist() == [0, 0]


def test_a_symmetric_game_splits_its_branch_and_says_so() -> None:
    game = games.matrix([[1, 0], [0, 1]], [[1, 0], [0, 1]])
    found = solve(games.paths_of(game), games.numbers_of(game, 1.0, 10.0))
    assert np.exp(found.log_behaviour) == pytest.approx(np.full((4, 2), 0.5), abs=1e-12)
    assert found.bifurcations.tolist() == [0, 1]


FOLDING = 145, 4.0, 6.0  # seed, a precision between the two folds, one beyond them


def test_a_branch_that_folds_is_met_thrice_between_its_folds() -> None:
    seed, between, beyond = FOLDING
    game = random_game(seed, players=3, stages=4, widest=3)
    paths, numbers = games.paths_of(game), games.numbers_of(game, between, beyond)
    found = solve(paths, numbers)
    assert found.folds.tolist() == [0, 2]
    more = others(paths, numbers, found)
    assert ((more.world == 0) & (more.source == BRANCH)).sum() == 2
    assert (more.residual < ASKED).all()


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_there_are_oddly_many(seed: int) -> None:
    """As in almost every game; and none is listed twice."""
    game = random_game(seed, players=2, stages=3, widest=2)
    found, _ = all_of(game, 8.0)
    assert len(found) % 2 == 1
    for place, chosen in enumerate(found):
        assert (np.abs(found[place + 1 :] - chosen).max(axis=1, initial=0) > DISTINCT).all()


def test_worlds_keep_their_own() -> None:
    """A world with three equilibria beside one with one."""
    paths = games.paths_of(COORDINATION)
    numbers = games.merged(games.prisoners(), COORDINATION, games.prisoners(), STAG_HUNT, precision=10.0)
    more = others(paths, numbers, solve(paths, numbers))
    assert more.world.tolist() == [1, 1, 3, 3]
