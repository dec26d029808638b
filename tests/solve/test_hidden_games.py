"""Games whose quantal equilibria, limits or values are known, and invariances that hold in all."""

from __future__ import annotations

from dataclasses import replace

import hidden_games as games
import numpy as np
import pytest
from hidden_random import random_game

from stratagem.solve.hidden.certify import is_off_path
from stratagem.solve.hidden.equilibrium import CONVERGED, LIMIT
from stratagem.solve.hidden.layout import layout
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.response import Logit
from stratagem.solve.hidden.solve import solve
from stratagem.solve.hidden.worth import batch_of, worth

INF = float("inf")
PRINTED = 6e-7  # of numbers with six decimals
ASKED = 1e-10


def behaviour(game: games.Node, precision: float) -> np.ndarray:
    found = solve(games.paths_of(game), games.numbers_of(game, precision))
    assert found.status[0] == (LIMIT if precision == INF else CONVERGED)
    assert found.residual[0] < (1e-7 if precision == INF else ASKED)
    return np.exp(found.log_behaviour[:, 0])


@pytest.mark.parametrize(("precision", "row", "column"), [(1, 0.642979, 0.588319), (3, 0.859537, 0.603816)])
def test_two_by_two(precision: float, row: float, column: float) -> None:
    assert behaviour(games.TWO_BY_TWO, precision)[[0, 2]] == pytest.approx([row, column], abs=PRINTED)


def test_centipede() -> None:
    takes = behaviour(games.centipede(), 1.0)[::2]  # by player: stages 1, 3, 5, then 2, 4, 6
    expected = [0.234573, 0.758750, 0.998341, 0.372846, 0.959412, 0.999997]
    assert takes == pytest.approx(expected, abs=PRINTED)


def test_stripped_poker() -> None:
    assert behaviour(games.stripped_poker(), 1.0)[::2] == pytest.approx([0.931785, 0.539087, 0.614444], abs=PRINTED)
    assert behaviour(games.stripped_poker(), INF)[::2] == pytest.approx([1, 1 / 3, 2 / 3], abs=1e-8)


def test_seltens_horse() -> None:
    assert behaviour(games.horse(), 2.0)[::2] == pytest.approx([0.686903, 0.112013, 0.508792], abs=PRINTED)


@pytest.mark.parametrize("precision", [0.0, 0.5, 2.0, 20.0, 1e4])
def test_prisoners_dilemma_is_logistic(precision: float) -> None:
    assert behaviour(games.prisoners(), precision)[::2] == pytest.approx(
        1 / (1 + np.exp(min(precision, 700))), abs=1e-12
    )


def test_kuhn_poker_is_worth_a_loss_of_one_in_eighteen() -> None:
    game = games.kuhn()
    chosen = behaviour(game, INF)
    paths, value = games.paths_of(game), 0.0
    for number, (odds, _, payoffs) in enumerate(games.routes(game)):
        value += (
            odds
            * chosen[paths.action_of_visit[paths.first_visit[number] : paths.first_visit[number + 1]]].prod()
            * payoffs[0]
        )
    assert value == pytest.approx(-1 / 18, abs=1e-7)


def test_the_limit_is_without_regret_and_names_what_is_off_the_path() -> None:
    game = games.horse()
    paths, numbers = games.paths_of(game), games.numbers_of(game, INF)
    found = solve(paths, numbers)
    assert found.regret.max() < 1e-8
    assert np.exp(found.log_behaviour[:, 0]) == pytest.approx([1, 0, 1, 0, 0, 1], abs=1e-8)
    assert is_off_path(paths, numbers, found.log_behaviour)[:, 0].tolist() == [False, False, True]


def test_a_public_game_needs_no_more_than_backward_induction() -> None:
    game = games.move(0, "a", games.move(1, "b", games.leaf(3, 1), games.leaf(0, 2)), games.leaf(1, 0))
    second = 1 / (1 + np.exp(2 * (2 - 1)))
    first = 1 / (1 + np.exp(2 * (1 - 3 * second)))
    assert behaviour(game, 2.0)[[0, 2]] == pytest.approx([first, second], abs=1e-12)


# --- what holds in all games ---

SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_worth_is_what_enumeration_gives(seed: int) -> None:
    game = random_game(seed)
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0)
    form = layout(paths)
    batch = batch_of(form, Logit(form), numbers)
    rng = np.random.default_rng(seed)
    log_choice = batch.response.log_choice(rng.normal(size=(paths.num_actions, 1)))
    found = worth(batch, log_choice).worth[:, 0]
    middle = (numbers.payoff.min(axis=1) + numbers.payoff.max(axis=1))[:, 0] / 2
    assert found + middle[paths.player_of_action] == pytest.approx(
        games.slow_worth(game, np.exp(log_choice[:, 0])), abs=1e-12
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_behaviour_is_the_response_to_itself(seed: int) -> None:
    game = random_game(seed)
    paths, precisions = games.paths_of(game), (0.2, 2.0, 8.0)
    found = solve(paths, games.numbers_of(game, *precisions))
    for world, precision in enumerate(precisions):
        chosen = np.exp(found.log_behaviour[:, world])
        score = np.exp(precision * games.slow_worth(game, chosen))
        total = np.add.reduceat(score, paths.first_action[:-1])[paths.infoset_of_action]
        assert np.abs(score / total - chosen).max() < ASKED
        assert found.residual[world] < ASKED


@pytest.mark.parametrize("seed", SEEDS)
def test_payoffs_shifted_or_scaled_with_precision_scaled_inversely(seed: int) -> None:
    game = random_game(seed)
    paths, numbers = games.paths_of(game), games.numbers_of(game, 0.5, 4.0)
    plain = np.exp(solve(paths, numbers).log_behaviour)
    shift = np.array([3.0, -7.0, 100.0])[:, None, None]
    assert np.exp(solve(paths, replace(numbers, payoff=numbers.payoff + shift)).log_behaviour) == pytest.approx(
        plain, abs=1e-9
    )
    scaled = replace(numbers, payoff=numbers.payoff * 8, precision=numbers.precision / 8)
    assert np.exp(solve(paths, scaled).log_behaviour) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_and_order_change_nothing(seed: int) -> None:
    """Infosets, actions and paths in another order give the same behaviour."""
    rng = np.random.default_rng(seed)
    game = random_game(seed)
    paths, numbers = games.paths_of(game), games.numbers_of(game, 3.0, 9.0)
    sets = rng.permutation(paths.num_infosets)
    blocks = [rng.permutation(np.arange(paths.first_action[one], paths.first_action[one + 1])) for one in sets]
    action = np.concatenate(blocks)
    place = np.argsort(action)
    order = rng.permutation(paths.num_paths)
    visits = [place[paths.action_of_visit[paths.first_visit[z] : paths.first_visit[z + 1]]] for z in order]
    moved = Paths(
        paths.player_of_infoset[sets],
        np.append(0, np.cumsum([len(one) for one in blocks])),
        np.append(0, np.cumsum([len(one) for one in visits])),
        np.concatenate(visits),
    )
    renamed = replace(
        numbers,
        log_chance=numbers.log_chance[:, order],
        payoff=numbers.payoff[:, order],
        log_share=numbers.log_share[action],
    )
    expected = np.exp(solve(paths, numbers).log_behaviour)
    assert np.exp(solve(moved, renamed).log_behaviour) == pytest.approx(expected[action], abs=1e-9)


def test_a_batch_equals_a_loop() -> None:
    """Worlds of other payoffs, odds, shares and precision, together and one by one."""
    rng = np.random.default_rng(5)
    game = random_game(11)
    paths, one = games.paths_of(game), games.numbers_of(game, 1.0)
    count = 50
    numbers = Numbers(
        one.log_chance + np.zeros(count),
        one.payoff + rng.normal(size=(*one.payoff.shape[:2], count)),
        rng.normal(size=(paths.num_actions, count)),
        rng.uniform(0, 6, (3, count)),
    )
    together = solve(paths, numbers)
    assert (together.status == CONVERGED).all()
    for world in range(count):
        alone = solve(paths, numbers.part(np.array([world])))
        assert np.exp(alone.log_behaviour[:, 0]) == pytest.approx(np.exp(together.log_behaviour[:, world]), abs=1e-9)


def test_at_precision_zero_base_shares_rule() -> None:
    shares = [0.2, 0.8, 0.7, 0.3]
    found = solve(games.paths_of(games.TWO_BY_TWO), games.numbers_of(games.TWO_BY_TWO, 0.0, shares=shares))
    assert np.exp(found.log_behaviour[:, 0]) == pytest.approx(shares, abs=1e-12)
