"""Games drawn at random are played by an independent simulator, and what it was told comes back, or is said to be unseen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

pytest.importorskip("formulaic")

from fit_models import table_of
from simulated_games import COLUMNS, Game, games

from stratagem.fit.estimate import Request, fit
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import Problem, problem

NUM_ROWS, PLAYS = 20, 10_000
FEW = 5.0  # standard errors
SEEN, UNSEEN = 2e-2, 1e-6  # the least slope of what data of this size see well, and the most of what none can see


def drawn_rows(generator: np.random.Generator) -> list[dict[str, float]]:
    return [dict(zip(COLUMNS, generator.normal(size=len(COLUMNS)), strict=True)) for _ in range(NUM_ROWS)]


def played(game: Game, rows: list[dict[str, float]], truth: np.ndarray, generator: np.random.Generator) -> Problem:
    """The problem of fitting the game to plays of itself at the coefficients `truth`, in the order of `game.names()`."""
    at = dict(zip(game.names(), truth, strict=True))
    tallies = [game.play(row, at, PLAYS, generator) for row in rows]
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    counts = {f"n_{end}": [float(one[end]) for one in tallies] for end in game.root.outcomes()}
    return problem(parse_model(game.text()), table_of(**columns, **counts))


def slopes_seen(game: Game, rows: list[dict[str, float]], truth: np.ndarray) -> np.ndarray:
    """Singular values, the largest first, of how the root chances of outcomes move with the coefficients at `truth`."""
    names, step, columns = game.names(), 1e-4, []
    for at in range(len(names)):
        shift = step * np.eye(len(names))[at]
        ends = []
        for sign in (1, -1):
            moved = dict(zip(names, truth + sign * shift, strict=True))
            ends.append(np.array([np.sqrt(list(game.chances(row, moved).values())) for row in rows]).ravel())
        columns.append((ends[0] - ends[1]) / (2 * step))
    return np.asarray(np.linalg.svd(np.array(columns), compute_uv=False))


@given(games(), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_was_simulated_comes_back(game: Game, seed: int) -> None:
    generator = np.random.default_rng(seed)
    names, rows = game.names(), drawn_rows(generator)
    truth = generator.uniform(0.3, 1.2, len(names)) * generator.choice([-1, 1], len(names))
    sizes = slopes_seen(game, rows, truth)
    num_hidden = int((sizes < UNSEEN).sum())
    assume(((sizes < UNSEEN) | (sizes > SEEN)).all())
    fitting = played(game, rows, truth, generator)
    assert list(fitting.design.names) == names
    fitted = fit(fitting, Request(starts=4, seed=seed))
    assert len(fitted.flat.unseen) == num_hidden, (fitted.flat, sizes)
    assert fitted.log_likelihood >= fitting.likelihood().by_row(truth).sum() - 1e-9
    if num_hidden:
        event("not identified")
        return
    event("identified")
    assert fitted.is_bounded
    for one, true in zip(fitted.estimates, truth, strict=True):
        assert one.error is not None
        assert abs(one.value - true) < FEW * one.error, (one, true, fitted.maxima)


# --- coverage ----------------------------------------------------------------------------------------------------

DETERRENCE = """
fit: deterrence
players: [attacker, defender]
tree:
  attack: {player: attacker, actions: {wait: peace, strike: answer}}
  answer: {player: defender, actions: {yield: loss, resist: war}}
payoffs:
  attacker: {peace: x, loss: {fixed: 1}}
  defender: {war: z}
response: {counts: {peace: n_peace, loss: n_loss, war: n_war}}
cluster: group
"""
TRUTH = np.array([0.3, -0.7, 0.4, 0.8])
ROWS, BETWEEN_5_AND_95 = 400, 1.6448536269514722


def outcome_chances(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Chances of peace, loss and war by hand: probit errors on actions, so that gaps count over the root of two."""
    resist = ndtr((TRUTH[2] + TRUTH[3] * z) / np.sqrt(2))
    strike = ndtr((1 - resist - TRUTH[0] - TRUTH[1] * x) / np.sqrt(2))
    return np.stack([1 - strike, strike * (1 - resist), strike * resist])


def share_covered(replications: int, errors: str, copies: int = 1, tallied: bool = False) -> np.ndarray:
    """How often 90 % intervals of each coefficient hold the truth, where each play is repeated `copies` times.

    The copies are rows of one cluster or, `tallied`, one row that counts them.
    """
    model, generator = parse_model(DETERRENCE), np.random.default_rng(20_261_125)
    covered = np.zeros((replications, len(TRUTH)), bool)
    for replication in range(replications):
        x, z = generator.normal(size=(2, ROWS // copies))
        taken = (generator.random(ROWS // copies) > outcome_chances(x, z).cumsum(0)[:-1]).sum(0)
        happened = [(taken == at) * (copies if tallied else 1.0) for at in range(3)]
        again = 1 if tallied else copies
        columns = [np.repeat(one, again) for one in (x, z, *happened, np.arange(len(x)))]
        table = table_of(**dict(zip(("x", "z", "n_peace", "n_loss", "n_war", "group"), columns, strict=True)))
        fitted = fit(problem(model, table, keep=["group"]), Request(starts=1, errors=errors))  # type: ignore[arg-type]
        gaps = np.abs(fitted.coefficients - TRUTH)
        covered[replication] = gaps < BETWEEN_5_AND_95 * np.sqrt(np.diag(fitted.covariance))
    return np.asarray(covered.mean(0))


def test_intervals_of_90_percent_hold_the_truth_as_often_as_they_say() -> None:
    share = share_covered(600, "observed")
    assert ((share > 0.87) & (share < 0.93)).all(), share


@pytest.mark.parametrize(("errors", "tallied"), [("clustered", False), ("robust", True)])
def test_plain_errors_hold_it_too_seldom_where_rows_repeat_one_another_and_these_do_not(
    errors: str, tallied: bool
) -> None:
    plain, right = share_covered(200, "observed", 2, tallied), share_covered(500, errors, 2, tallied)
    assert (plain < 0.82).all(), plain
    assert ((right > 0.87) & (right < 0.93)).all(), right
