"""Simulation-based calibration of `infer` (Talts et al. 2018; Modrák et al. 2023): draw numbers from the prior, a history from the game,
and see where the truth ranks in the posterior. The ranks are uniform; with a wrong likelihood or a wrong sampler they are not.

The log-likelihood itself is ranked too: without it a posterior that ignores the data would pass.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from crises import text_of
from scipy import stats

from stratagem.analyse.posterior import weigh
from stratagem.analyse.seen import History, Readings, in_order, read
from stratagem.analyse.study import Study
from stratagem.catalogue import Case
from stratagem.graph.game import Floats
from stratagem.solve.intervene import choice

WORLDS, TRUTHS = 2000, 600
PASSES, FAILS = 1e-3, 1e-6  # of the least probability of the ranks under uniformity, times how many numbers were ranked

# A leader of unknown cost and precision stands or yields, thrice.
RESOLVE = """
quantities: {known to all: {cost: "normal(0.2, 1)", sharp: 0.5 to 4}}
players: {p: {name: P, precision: sharp}}
timeline:
  - {rounds: 4, moves: [{move: act, player: p, actions: {yield: , stand: {payoffs: {p: cost}}}}]}
"""
# A challenger looks ahead to a defender whose resolve both know; chance decides a war.
DETERRENCE = """
quantities: {known to all: {resolve: "normal(0, 1.5)", odds: "beta(2, 2)", prize: 0.5 to 3}}
players: {a: {name: A, precision: 2}, d: {name: D, precision: 2}}
timeline:
  - {move: challenge, player: a, actions: {hold: {end: peace}, attack: }}
  - {move: reply, player: d, actions: {yield: {end: won, payoffs: {a: prize, d: -1}}, resist: {payoffs: {d: resolve}}}}
  - {chance: war, outcomes: {won: {probability: odds, payoffs: {a: prize}}, lost: {probability: rest, payoffs: {a: -2}}}}
"""
# Weights drawn from a Dirichlet under an order, and a correlated pair of chances.
WEIGHTS = """
stakes: {x: X, y: Y, z: Z}
quantities: {known to all: {luck: 20% to 80%, skill: 20% to 80%}}
correlations: [{between: [luck, skill], rank: 0.7}]
players: {p: {name: P, precision: 6, weights: {dirichlet: {x: 2, y: 1, z: 1}, order: [x > y], known to: all}}}
timeline:
  - {move: first, player: p, actions: {one: {gains: {x: 1}}, two: {gains: {y: 1, z: 0.7}}}}
  - {chance: turn, outcomes: {good: {probability: luck}, bad: rest}}
  - {chance: next, outcomes: {good: {probability: skill}, bad: rest}}
  - {move: last, player: p, actions: {one: {gains: {y: 1}}, two: {gains: {z: 1}}}}
"""
GAMES = {"resolve": RESOLVE, "deterrence": DETERRENCE, "weights": WEIGHTS}


def study(text: str, worlds: int, seed: int) -> Study:
    return Study(Case("crisis", "crisis.yaml", text_of(text)), worlds=worlds, seed=seed)


def histories(one: Study) -> list[History]:
    """Every way in which the game can be played to its end."""
    found = [()]
    for info in one.game.steps:
        texts = [f"{info.label}={option}" for option in info.options]
        found = [(*before, text) for before in found for text in (*texts, None)]
    plays = {tuple(text for text in play if text is not None) for play in found}
    return [in_order(choice(one.game, text) for text in play) for play in sorted(plays)]


@dataclass(frozen=True)
class Plays:
    """Plays of a game by worlds of the prior, and the same plays read in other worlds."""

    truth: Readings
    prior: Readings
    played: list[History]  # by truth


def plays(text: str) -> Plays:
    """Plays drawn from the prior: whole ones only, so that their probabilities sum to 1."""
    truths, prior = study(text, TRUTHS, 77), study(text, WORLDS, 1)
    told = whole(truths)
    truth, other = read(truths, told), read(prior, told)
    chance = np.array([truth.of[one].likelihood for one in told])
    assert chance.sum(axis=0) == pytest.approx(np.ones(TRUTHS), abs=1e-9)
    random = np.random.default_rng(8)
    drawn = [random.choice(len(told), p=chance[:, place] / chance[:, place].sum()) for place in range(TRUTHS)]
    return Plays(truth, other, [told[place] for place in drawn])


def whole(one: Study) -> list[History]:
    """The plays that are no part of a longer one that may happen."""
    possible = histories(one)
    reading = read(one, possible)
    could = [play for play in possible if reading.of[play].likelihood.any()]
    return [play for play in could if not any(set(play) < set(other) for other in could)]


def ranks(values: Floats, weight: Floats, truth: float, random: np.random.Generator) -> float:
    """The share of a posterior below a truth, ties shared out at random."""
    return float(weight @ (values < truth) + random.random() * (weight @ (values == truth)))


def calibration(made: Plays, posterior: Callable[[History], tuple[dict[str, Floats], Floats, Floats]]) -> float:
    """The least probability, over numbers, of ranks as uneven as these, times how many were ranked (Bonferroni)."""
    random = np.random.default_rng(9)
    found: dict[str, list[float]] = {}
    for place, play in enumerate(made.played):
        numbers, weight, likelihood = posterior(play)
        for name, values in numbers.items():
            found.setdefault(name, []).append(ranks(values, weight, made.truth.numbers[name][place], random))
        told = float(made.truth.of[play].likelihood[place])
        found.setdefault("likelihood", []).append(ranks(np.round(likelihood, 12), weight, round(told, 12), random))
    return min(stats.kstest(one, "uniform").pvalue for one in found.values()) * len(found)


def by_weights(made: Plays, change: Callable[[Floats], Floats] = lambda one: one) -> float:
    def posterior(play: History) -> tuple[dict[str, Floats], Floats, Floats]:
        likelihood = made.prior.of[play].likelihood
        return made.prior.numbers, weigh(change(likelihood)).weight, likelihood

    return calibration(made, posterior)


@pytest.fixture(scope="module", params=GAMES)
def made(request: pytest.FixtureRequest) -> Plays:
    return plays(GAMES[request.param])


def test_weights_are_calibrated(made: Plays) -> None:
    assert by_weights(made) > PASSES


def test_a_likelihood_too_sure_of_itself_is_caught(made: Plays) -> None:
    assert by_weights(made, lambda likelihood: likelihood**4) < FAILS


def test_a_posterior_that_ignores_what_was_seen_is_caught(made: Plays) -> None:
    assert by_weights(made, np.ones_like) < FAILS


def test_a_likelihood_turned_round_is_caught(made: Plays) -> None:
    assert by_weights(made, lambda likelihood: 1.0001 - likelihood) < FAILS


# --- drawn anew ------------------------------------------------------------------------------------------------------

CHAINS, DRAWS = 4, 400


@dataclass(frozen=True)
class Drawn:
    """Draws for each play that was made."""

    made: Plays
    of: dict[History, tuple[dict[str, Floats], Floats, Floats]]


def drawn(text: str, soften: str = "softened") -> Drawn:
    """NUTS draws for every play that was made; `soften` names the likelihood that is drawn from."""
    from stratagem.analyse.nuts import _starts, likelihood_of, run_chains, worlds_at  # noqa: PLC0415 - needs an extra

    made = plays(text)
    one, found = study(text, WORLDS, 1), {}
    for play in dict.fromkeys(made.played):
        likelihood = likelihood_of(one, play)
        starts = _starts(one, likelihood, made.prior.of[play].likelihood, CHAINS)
        chains = run_chains(getattr(likelihood, soften), starts, DRAWS, 3)
        again = read(one, [play], worlds_at(one, likelihood, chains.flat))
        weight = np.asarray(likelihood.correction(chains.flat))
        found[play] = again.numbers, weight / weight.sum(), again.of[play].likelihood
    return Drawn(made, found)


SHORT = {
    "resolve": RESOLVE.replace("rounds: 4", "rounds: 2"),
    "deterrence": DETERRENCE,
    "weights": WEIGHTS.replace("  - {chance: next, outcomes: {good: {probability: skill}, bad: rest}}\n", "").replace("  - {chance: turn, outcomes: {good: {probability: luck}, bad: rest}}\n", "").replace("quantities: {known to all: {luck: 20% to 80%, skill: 20% to 80%}}\ncorrelations: [{between: [luck, skill], rank: 0.7}]\n", ""),
}  # fmt: skip


@pytest.fixture(scope="module", params=SHORT)
def sampled(request: pytest.FixtureRequest) -> Drawn:
    pytest.importorskip("numpyro", reason="NumPyro draws")
    return drawn(SHORT[request.param])


def test_draws_are_calibrated(sampled: Drawn) -> None:
    assert calibration(sampled.made, lambda play: sampled.of[play]) > PASSES


def test_draws_agree_with_weights(sampled: Drawn) -> None:
    """Means of numbers, to four Monte Carlo errors."""
    for play, (numbers, weight, _) in sampled.of.items():
        own = weigh(sampled.made.prior.of[play].likelihood)
        for name, values in numbers.items():
            before = sampled.made.prior.numbers[name]
            sd = float(np.sqrt(own.weight @ (before - own.weight @ before) ** 2))
            error = sd / np.sqrt(min(own.size, CHAINS * DRAWS / 8))
            assert weight @ values == pytest.approx(own.weight @ before, abs=4 * error + 1e-12), name


def test_a_sampler_that_refuses_no_step_is_caught() -> None:
    """Langevin steps of length 1 without Metropolis' test: a normal target would be drawn with variance 2 instead of 1."""
    jax = pytest.importorskip("jax", reason="the gradient is taken with JAX")
    from stratagem.analyse.nuts import likelihood_of, worlds_at  # noqa: PLC0415

    made, one = plays(SHORT["resolve"]), study(SHORT["resolve"], WORLDS, 1)
    random = np.random.default_rng(6)
    found = {}
    for play in dict.fromkeys(made.played):
        likelihood = likelihood_of(one, play)
        slope = jax.jit(jax.grad(lambda z, told=likelihood: (told(z) - (z**2).sum(axis=0) / 2).sum()))
        z = random.normal(size=(len(likelihood.draws.names), CHAINS * DRAWS))
        for _ in range(50):
            z = z + np.asarray(slope(z)) + np.sqrt(2) * random.normal(size=z.shape)
        again = read(one, [play], worlds_at(one, likelihood, z))
        found[play] = again.numbers, np.full(z.shape[1], 1 / z.shape[1]), again.of[play].likelihood
    assert calibration(made, lambda play: found[play]) < FAILS


def test_every_whole_play_is_listed_once() -> None:
    one = study(RESOLVE, 8, 1)
    assert len(whole(one)) == 16
    assert len({tuple(play) for play in itertools.chain(whole(one))}) == 16
