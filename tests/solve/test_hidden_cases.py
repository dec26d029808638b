"""What worlds may hold: actions that are not available, chance that is impossible, risk aversion, own odds, extreme precision."""

from __future__ import annotations

from dataclasses import replace

import hidden_games as games
import numpy as np
import pytest
from hidden_random import random_game

from stratagem.solve.hidden import equilibrium as states
from stratagem.solve.hidden.certify import beliefs, is_off_path, reach
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve

INF = float("inf")
ASKED = 1e-10


def certainty_equivalents(paths: Paths, numbers: Numbers, chosen: np.ndarray, world: int) -> np.ndarray:
    """[A] by sums over the paths through each action, in plain products."""
    owner, result = paths.player_of_action, np.zeros(paths.num_actions)
    on_path = [paths.action_of_visit[paths.first_visit[z] : paths.first_visit[z + 1]] for z in range(paths.num_paths)]
    for action in range(paths.num_actions):
        player = owner[action]
        through = [z for z in range(paths.num_paths) if action in on_path[z]]
        evaluator = player if len(numbers.log_chance) > 1 else 0
        weight = np.array(
            [np.exp(numbers.log_chance[evaluator, z, world]) * chosen[on_path[z]].prod() for z in through]
        )
        payoff = numbers.payoff[player, through, world]
        alpha = 0.0 if numbers.risk_aversion is None else numbers.risk_aversion[player, world]
        mean = weight @ payoff / weight.sum()
        result[action] = mean if alpha == 0 else -np.log(weight @ np.exp(-alpha * payoff) / weight.sum()) / alpha
    return result


def assert_equilibrium(paths: Paths, numbers: Numbers) -> None:
    found = solve(paths, numbers)
    assert (found.status == states.CONVERGED).all()
    for world in range(len(numbers)):
        chosen = np.exp(found.log_behaviour[:, world])
        value = certainty_equivalents(paths, numbers, chosen, world)
        score = numbers.log_share[:, world] + numbers.precision[paths.player_of_action, world] * value
        total = np.logaddexp.reduceat(score, paths.first_action[:-1])[paths.infoset_of_action]
        assert np.abs(np.exp(score - total) - chosen).max() < 2 * ASKED


@pytest.mark.parametrize("aversion", [0.02, 0.3, 5.0, -1.0])
@pytest.mark.parametrize("seed", range(6))
def test_certainty_equivalents_are_read(seed: int, aversion: float) -> None:
    game = random_game(seed)
    assert_equilibrium(games.paths_of(game), games.numbers_of(game, 0.7, 3.0, risk_aversion=[aversion, 0.0, aversion]))


def test_extreme_aversion_reads_the_worst_that_can_happen() -> None:
    gamble = games.chance((0.5, games.leaf(1000, 0)), (0.5, games.leaf(-1, 0)))
    game = games.move(0, "it", gamble, games.leaf(0, 0))
    found = solve(games.paths_of(game), games.numbers_of(game, 1.0, risk_aversion=[50.0, 0.0]))
    worst = -1 - np.log(0.5) / 50
    assert np.exp(found.log_behaviour[:, 0])[0] == pytest.approx(1 / (1 + np.exp(-worst)), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_players_evaluate_chance_each_by_their_own_numbers(seed: int) -> None:
    game, rng = random_game(seed), np.random.default_rng(seed)
    numbers = games.numbers_of(game, 0.5, 2.0)
    own = np.repeat(numbers.log_chance, 3, axis=0) - rng.uniform(0, 2, (3, numbers.payoff.shape[1], 1))
    assert_equilibrium(games.paths_of(game), replace(numbers, log_chance=own))


@pytest.mark.parametrize("seed", range(8))
def test_an_action_that_is_not_available_is_as_good_as_absent(seed: int) -> None:
    """Without it, and with it at a share of almost nothing, behaviour is the same, also in a batch with worlds that have it."""
    game = random_game(seed)
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0, 1.0, 1.0)
    wide = np.flatnonzero(np.diff(paths.first_action) > 1)
    gone = paths.first_action[wide[seed % len(wide)]]
    share = numbers.log_share.copy()
    share[gone, 1], share[gone, 2] = -INF, -60.0
    numbers_left = replace(numbers, log_share=share)
    found = solve(paths, numbers_left)
    behaviour = np.exp(found.log_behaviour)
    assert (found.status == states.CONVERGED).all()
    assert behaviour[gone, 1] == 0
    reached = reach(paths, numbers_left, found.log_behaviour)[0][paths.infoset_of_action, 1] > -50
    assert behaviour[reached, 1] == pytest.approx(behaviour[reached, 2], abs=1e-12)
    assert behaviour[:, 0] == pytest.approx(
        np.exp(solve(paths, numbers.part(np.array([0]))).log_behaviour[:, 0]), abs=1e-10
    )


def test_a_player_without_available_action_is_named_where_he_can_get_there() -> None:
    game = games.move(0, "a", games.move(1, "b", games.leaf(1, 1), games.leaf(0, 2)), games.leaf(0.5, 0))
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0, 1.0)
    share = numbers.log_share.copy()
    share[[2, 3], :] = -INF
    share[0, 1] = -INF  # in the second world nobody gets there
    found = solve(paths, replace(numbers, log_share=share))
    assert found.status.tolist() == [states.STUCK, states.CONVERGED]
    assert np.exp(found.log_behaviour[:2, 1]).tolist() == [0, 1]


def test_beliefs_where_chance_never_goes() -> None:
    """A hand that is never dealt is a tremble: its holder plays his best, and others do not expect him."""
    game = games.stripped_poker()
    paths, numbers = games.paths_of(game), games.numbers_of(game, 2.0)
    chance = numbers.log_chance.copy()
    queen = [number for number, (_, decisions, _) in enumerate(games.routes(game)) if decisions[0][1] == "queen"]
    chance[0, queen] = -INF
    chance[0, [number for number in range(paths.num_paths) if number not in queen]] = 0.0
    found = solve(paths, replace(numbers, log_chance=chance))
    call, fold = -2.0, -1.0  # against a king, for certain
    assert np.exp(found.log_behaviour[4, 0]) == pytest.approx(1 / (1 + np.exp(2 * (fold - call))), abs=1e-10)
    rare = chance.copy()
    rare[0, queen] = -40.0
    near = solve(paths, replace(numbers, log_chance=rare))
    assert np.exp(found.log_behaviour) == pytest.approx(np.exp(near.log_behaviour), abs=1e-10)
    never = replace(numbers, log_chance=chance)
    assert reach(paths, never, found.log_behaviour)[1][:, 0].tolist() == [0, 1, 0]
    assert is_off_path(paths, never, found.log_behaviour)[:, 0].tolist() == [False, True, False]


def test_the_fewest_trembles_count() -> None:
    """At an infoset that one or two impossible moves lead to, one is believed."""
    third = [games.move(0, "seen", games.leaf(own, 0), games.leaf(0, 0)) for own in (1.0, -1.0)]
    game = games.chance((0.5, games.leaf(0, 0)), (0.25, third[0]), (0.25, third[1]))
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0)
    trembles = np.array([0, 1, 1, 2, 2])[:, None]
    found = solve(paths, replace(numbers, trembles=trembles))
    assert np.exp(found.log_behaviour[0, 0]) == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-12)


@pytest.mark.parametrize("precision", [1e3, 1e5])
def test_high_precision_is_reached(precision: float) -> None:
    game = games.stripped_poker()
    found = solve(games.paths_of(game), games.numbers_of(game, precision))
    assert found.status[0] == states.CONVERGED
    assert np.exp(found.log_behaviour[::2, 0]) == pytest.approx([1, 1 / 3, 2 / 3], abs=5 / precision)


def test_where_rounding_exceeds_the_residual_the_status_says_so() -> None:
    game = games.kuhn()
    found = solve(games.paths_of(game), games.numbers_of(game, 1e8))
    assert (found.status[0] == states.CONVERGED) == (found.residual[0] < ASKED)
    assert found.precision_reached[0] == 1
    assert found.regret.max() < 1e-6


def test_worlds_of_the_limit_and_of_finite_precision_side_by_side() -> None:
    game = games.stripped_poker()
    found = solve(games.paths_of(game), games.numbers_of(game, 1.0, INF, 0.0))
    assert found.status.tolist() == [states.CONVERGED, states.LIMIT, states.CONVERGED]


def test_a_game_without_decisions_has_nothing_to_solve() -> None:
    paths = Paths(np.zeros(0), np.zeros(1), np.zeros(3), np.zeros(0))
    found = solve(paths, Numbers(np.log(np.full((2, 1), 0.5)), np.zeros((1, 2, 1)), np.zeros((0, 1)), np.ones((1, 1))))
    assert found.status.tolist() == [states.CONVERGED]


# --- beliefs ---


def test_a_bet_tells_of_the_king_by_bayes() -> None:
    game = games.stripped_poker()
    paths, numbers = games.paths_of(game), games.numbers_of(game, 1.0, INF)
    found = solve(paths, numbers)
    infoset, path, share = beliefs(paths, numbers, found.log_behaviour)
    kings = [number for number, (_, decisions, _) in enumerate(games.routes(game)) if decisions[0][1] == "king"]
    seen = share[(infoset == 2) & np.isin(path, kings)].sum(axis=0)
    king, queen = np.exp(found.log_behaviour[0]), np.exp(found.log_behaviour[2])
    assert seen == pytest.approx(king / (king + queen), abs=1e-12)
    assert seen[1] == pytest.approx(3 / 4, abs=1e-7)


def test_off_the_path_beliefs_are_those_of_the_trace() -> None:
    """Both cards lose by betting, the queen more: a bet that never comes is a king's."""
    bet = {"king": -1.0, "queen": -2.0}
    deals = [
        (
            0.5,
            games.move(
                0, card, games.move(1, "unseen", games.leaf(bet[card], 1), games.leaf(bet[card], 0)), games.leaf(0, 0)
            ),
        )
        for card in bet
    ]
    game = games.chance(*deals)
    paths, numbers = games.paths_of(game), games.numbers_of(game, 50.0, INF, 1e5)
    found = solve(paths, numbers)
    infoset, path, share = beliefs(paths, numbers, found.log_behaviour)
    queen = share[(infoset == 2) & (path >= 3)].sum(axis=0)
    assert queen == pytest.approx([np.exp(-50.0), 0, 0], rel=1e-6)
    assert is_off_path(paths, numbers, found.log_behaviour)[2].tolist() == [True, True, True]
    assert share[infoset == 2].sum(axis=0) == pytest.approx([1, 1, 1], abs=1e-12)


# --- what has no meaning ---


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"precision": np.array([[1.0], [INF]])}, "mixes"),
        ({"precision": np.array([[1.0], [-1.0]])}, "below 0"),
        ({"log_share": np.zeros((3, 1))}, "shape"),
        ({"log_chance": np.full((1, 4, 1), 0.1)}, "above 1"),
        ({"payoff": np.full((2, 4, 1), np.nan)}, "not a number"),
        ({"payoff": np.full((2, 4, 1), INF)}, "infinite"),
    ],
)
def test_faults(change: dict[str, np.ndarray], said: str) -> None:
    numbers = replace(games.numbers_of(games.TWO_BY_TWO, 1.0), **change)
    with pytest.raises(ValueError, match=said):
        solve(games.paths_of(games.TWO_BY_TWO), numbers)


def test_a_path_cannot_take_two_actions_of_one_infoset() -> None:
    with pytest.raises(ValueError, match="two actions"):
        Paths(np.array([0]), np.array([0, 2]), np.array([0, 2]), np.array([0, 1]))
