"""Simulation-based calibration of `fit --bayes` (Talts et al. 2018; Modrák et al. 2023): draw coefficients from the prior, let players
with these payoffs play, and see where the truth ranks in the posterior. The ranks are uniform; with a wrong likelihood or a wrong
sampler they are not.

Players are simulated by their errors, never by the probabilities that the likelihood works out. All data sets of a game are drawn
from abreast, each a chain, so that the sampler is compiled once. The log-likelihood is ranked too: without it a posterior that
ignores the data would pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("formulaic", reason="formulas are read by formulaic")
pytest.importorskip("numpyro", reason="NumPyro draws")

import jax
from fit_models import DETERRENCE, table_of

from stratagem.fit.density import data_of, log_density
from stratagem.fit.jet import Floats
from stratagem.fit.model_file import parse_model
from stratagem.fit.priors import Prior, default_prior
from stratagem.fit.problem import Problem, problem
from stratagem.fit.sampler import Settings, draw, load_jax

ROWS = 20
SETTINGS = Settings(warmup=150, draws=150, accepted=0.8)
THIN = 5
PASSES, FAILS = 1e-3, 1e-6  # of the least probability of the ranks under uniformity, times how many numbers were ranked

LOGIT = DETERRENCE + "errors: {shape: logit}\n"
WEATHER = """
fit: Three moves and chance
players: [a, b]
tree:
  first: {player: a, actions: {stop: end, go: weather}}
  weather: {chance: {calm: {probability: 0.7, then: second}, storm: {probability: 0.3, then: wreck}}}
  second: {player: b, actions: {yield: prize, fight: third}}
  third: {player: a, actions: {leave: retreat, stay: battle}}
payoffs:
  a: {end: x, prize: {fixed: 1}, battle: 1}
  b: {battle: z, prize: {fixed: -0.5}}
errors: {shape: probit}
response: {outcome: y}
"""
PRIVATE = DETERRENCE + "errors: {on: payoffs}\n"
OFFERS = """
fit: Offers
kind: ultimatum
reservation: {proposer: x, responder: z}
response: {offer: y, acceptance: accepted, highest: 10}
"""


@dataclass(frozen=True)
class Columns:
    x: Floats  # [ROWS]
    z: Floats


def columns() -> Columns:
    random = np.random.default_rng(1)
    return Columns(random.normal(0.5, 1, ROWS), random.normal(-0.3, 1, ROWS))


# --- players ----------------------------------------------------------------------------------------------------------
# Each takes the columns and one set's coefficients in the order of the design, and gives what each row shows.

Play = Callable[[Columns, Floats, np.random.Generator], dict[str, Any]]


def play_deterrence(seen: Columns, b: Floats, random: np.random.Generator) -> dict[str, Any]:
    peace, war, fight = b[0] + b[1] * seen.x, b[2], b[3] + b[4] * seen.z
    resists = 1 / (1 + np.exp(-fight))
    errors = random.gumbel(size=(4, ROWS))
    strikes = resists * war + errors[0] > peace + errors[1]
    answer = fight + errors[2] > errors[3]
    return {"y": np.where(strikes, np.where(answer, "war", "loss"), "peace")}


def play_weather(seen: Columns, b: Floats, random: np.random.Generator) -> dict[str, Any]:
    end, battle_a, battle_b = b[0] + b[1] * seen.x, b[2], b[3] + b[4] * seen.z
    e = random.normal(size=(6, ROWS))
    stays = stats.norm.cdf(battle_a / np.sqrt(2))
    fights = stats.norm.cdf((stays * battle_b + 0.5) / np.sqrt(2))
    goes = 0.7 * ((1 - fights) * 1 + fights * stays * battle_a)
    first, second, third = goes + e[0] > end + e[1], stays * battle_b + e[2] > -0.5 + e[3], battle_a + e[4] > e[5]
    ends = np.where(second, np.where(third, "battle", "retreat"), "prize")
    return {"y": np.where(first, np.where(random.random(ROWS) < 0.7, ends, "wreck"), "end")}


def play_private(seen: Columns, b: Floats, random: np.random.Generator) -> dict[str, Any]:
    peace, war, fight = b[0] + b[1] * seen.x, b[2], b[3] + b[4] * seen.z
    e = random.normal(size=(5, ROWS))
    resists = stats.norm.cdf(fight / np.sqrt(2))
    strikes = resists * (war + e[0]) + (1 - resists) * e[1] > peace + e[2]
    answer = fight + e[3] > e[4]
    return {"y": np.where(strikes, np.where(answer, "war", "loss"), "peace")}


def play_offers(seen: Columns, b: Floats, random: np.random.Generator) -> dict[str, Any]:
    """The best offer on a fine grid against the chance that it is accepted, by each proposer's own shock."""
    proposer, responder = b[0] + b[1] * seen.x, b[2] + b[3] * seen.z
    s1, s2 = np.exp(b[4]), np.exp(b[5])
    own = proposer + s1 * random.logistic(size=ROWS)
    grid = np.linspace(0, 10, 20_001)[:, None]
    log_accepts = -np.logaddexp(0, -(grid - responder) / s2)
    surplus = 10 - grid - own
    worth = np.where(surplus > 0, np.log(np.maximum(surplus, 1e-300)) + log_accepts, -np.inf)
    offer = np.where(np.isfinite(worth).any(0), grid[worth.argmax(0), 0], 0.0)
    return {"y": offer, "accepted": (responder + s2 * random.logistic(size=ROWS) <= offer).astype(float)}


GAMES: dict[str, tuple[str, Play, int]] = {  # with how many data sets are drawn
    "logit": (LOGIT, play_deterrence, 150),
    "probit and chance": (WEATHER, play_weather, 150),
    "private shocks": (PRIVATE, play_private, 150),
    "offers": (OFFERS, play_offers, 60),
}


# --- calibration ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """Data sets played by coefficients from the prior."""

    one: Problem  # of one set's rows
    prior: Prior
    truth: Floats  # [sets, P] standard normal numbers
    data: Any  # what the density reads, observed [sets, ROWS]


AXES = {"matrices": None, "observed": 0}


def made(name: str) -> Made:
    text, play, sets = GAMES[name]
    load_jax()
    seen, random, model = columns(), np.random.default_rng(5), parse_model(text)
    blank = {"y": 1.0, "accepted": 1.0} if model.kind == "ultimatum" else {"y": model.outcomes[0]}
    design = problem(model, table_of(x=seen.x, z=seen.z, **{k: [one] * ROWS for k, one in blank.items()})).design
    prior = default_prior(model, design, 1.0)
    truth = random.standard_normal((sets, len(design)))
    played = [play(seen, prior.coefficients(one), random) for one in truth]
    response = {key: np.concatenate([one[key] for one in played]) for key in played[0]}
    whole = problem(model, table_of(x=np.tile(seen.x, sets), z=np.tile(seen.z, sets), **response))
    data = data_of(whole)
    by_set = jax.tree.map(lambda one: one.reshape(sets, ROWS), data["observed"])
    first = whole.rows(np.arange(len(whole.table)) < ROWS)
    return Made(first, prior, truth, {"matrices": data_of(first)["matrices"], "observed": by_set})


def drawn(made: Made, change: Callable[[Any, Any], Any] | None = None) -> Floats:
    """[sets, draws, P] draws of every set's posterior, by the sampler of the fit; `change` plants another density."""
    density, _ = log_density(made.one, made.prior)
    starts = 0.5 * np.random.default_rng(7).standard_normal(made.truth.shape)
    return draw(change or density, made.data, starts, SETTINGS, data_axes=AXES).z


def calibration(made: Made, draws: Floats) -> float:
    """The least probability, over coefficients and the log-likelihood, of ranks as uneven as these, times how many were ranked."""
    kept, random = draws[:, ::THIN], np.random.default_rng(9)
    density, _ = log_density(made.one, made.prior)
    of_many = jax.jit(jax.vmap(jax.vmap(density, (0, None)), (0, AXES)))
    points = np.concatenate([kept, made.truth[:, None]], 1)
    height = np.asarray(of_many(points, made.data)) + (points**2).sum(-1) / 2
    numbers = np.concatenate([made.prior.coefficients(points), np.round(height, 9)[..., None]], -1)
    below = (numbers[:, :-1] < numbers[:, -1:]).sum(1) + random.random(made.truth.shape[:1] + numbers.shape[-1:]) * (
        1 + (numbers[:, :-1] == numbers[:, -1:]).sum(1)
    )
    shares = below / (kept.shape[1] + 1)
    return float(min(stats.kstest(one, "uniform").pvalue for one in shares.T) * shares.shape[1])


@pytest.mark.parametrize("name", GAMES)
def test_draws_are_calibrated(name: str) -> None:
    one = made(name)
    assert calibration(one, drawn(one)) > PASSES


def test_a_likelihood_that_counts_every_row_thrice_is_caught() -> None:
    one = made("logit")
    density, _ = log_density(one.one, one.prior)
    assert calibration(one, drawn(one, lambda z, data: 3 * density(z, data) + (z**2).sum())) < FAILS


def test_a_likelihood_of_another_game_is_caught() -> None:
    """Attackers who take the defender's chances the wrong way round."""
    one = made("logit")

    def confused(z: Any, data: Any) -> Any:
        b, taken = one.prior.coefficients(z), data["observed"]["taken"]
        peace, fight = data["matrices"][0] @ b[:2], data["matrices"][2] @ b[3:]
        strike, resist = jax.nn.sigmoid(-fight) * b[2] - peace, fight
        logs = [jax.nn.log_sigmoid(gap) for gap in (-strike, strike, -resist, resist)]
        counts = [taken[key] for key in (("attack", 0), ("attack", 1), ("answer", 0), ("answer", 1))]
        return sum((log * count).sum() for log, count in zip(logs, counts, strict=True)) - (z**2).sum() / 2

    assert calibration(one, drawn(one, confused)) < FAILS


def test_a_posterior_that_ignores_the_data_is_caught() -> None:
    one = made("logit")
    prior_draws = np.random.default_rng(3).standard_normal((len(one.truth), SETTINGS.draws, one.truth.shape[1]))
    assert calibration(one, prior_draws) < FAILS


def test_a_sampler_that_refuses_no_step_is_caught() -> None:
    """Langevin steps of length 0.9 without Metropolis' test."""
    one, random = made("logit"), np.random.default_rng(6)
    density, _ = log_density(one.one, one.prior)
    slope = jax.jit(jax.vmap(jax.grad(density), (0, AXES)))
    z, step, kept = np.zeros(one.truth.shape), 0.9, []
    for _ in range(SETTINGS.warmup + SETTINGS.draws):
        z = z + step**2 / 2 * np.asarray(slope(z, one.data)) + step * random.standard_normal(z.shape)
        kept.append(z)
    assert calibration(one, np.stack(kept[SETTINGS.warmup :], 1)) < FAILS
