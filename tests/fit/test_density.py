"""The density that JAX differentiates against the likelihood that maximum likelihood climbs, whose derivatives are exact."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

pytest.importorskip("formulaic", reason="formulas are read by formulaic")
pytest.importorskip("jax", reason="JAX differentiates")

import jax
from fit_models import DETERRENCE, table_of

from stratagem.errors import UsageError
from stratagem.fit.density import log_density
from stratagem.fit.model_file import parse_model
from stratagem.fit.priors import default_prior
from stratagem.fit.problem import Problem, problem

jax.config.update("jax_enable_x64", True)

THREE = """
fit: Three ways
players: [a, b]
tree:
  first: {player: a, actions: {left: west, stay: home, right: second}}
  second: {player: b, actions: {yield: lost, fight: won}}
payoffs:
  a: {west: x, won: 1 + z, lost: {fixed: -1}}
  b: {won: z}
response: {outcome: y}
"""
SIGNALS = """
fit: Signals
kind: signalling
payoffs: {S_A: x, V_A: {fixed: 1}, W_A: 1, W_B: z, V_B: {fixed: 1}}
response: {outcome: y}
"""
OFFERS = """
fit: Offers
kind: ultimatum
reservation: {proposer: x, responder: z}
response: {offer: y, acceptance: accepted, highest: 10}
"""
SCALED = "errors: {shape: SHAPE, log scale: {attacker: 1}}"
GAMES = {
    "probit": DETERRENCE,
    "logit": DETERRENCE + "errors: {shape: logit}",
    "private": DETERRENCE + "errors: {on: payoffs}",
    "scale": DETERRENCE + SCALED.replace("SHAPE", "logit"),
    "three, probit": THREE,
    "three, logit": THREE + "errors: {shape: logit}",
    "three, private": THREE + "errors: {on: payoffs}",
    "two paths": DETERRENCE.replace("resist: war", "resist: peace").replace("war: 1", "loss: 1").replace("war: z", "loss: z"),
}  # fmt: skip


def of(text: str) -> Problem:
    model, random = parse_model(text), np.random.default_rng(2)
    x, z = random.normal(size=(2, 12))
    return problem(model, table_of(x=x, z=z, y=random.choice(model.outcomes, 12)))


def offers() -> Problem:
    random = np.random.default_rng(2)
    x, z = random.normal(size=(2, 12))
    y = np.clip(random.normal(4, 4, 12), 0, 10)
    return problem(parse_model(OFFERS), table_of(x=x, z=z, y=y, accepted=random.integers(0, 2, 12)))


@pytest.mark.parametrize("game", [*GAMES, "offers"])
def test_it_is_prior_times_likelihood_with_exact_slopes(game: str) -> None:
    fitting = offers() if game == "offers" else of(GAMES[game])
    prior = default_prior(fitting.model, fitting.design, 0.7)
    density, data = log_density(fitting, prior)
    z = 0.5 * np.random.default_rng(4).standard_normal((2, len(fitting.design)))
    value, slope = jax.vmap(jax.value_and_grad(density), (0, None))(jax.numpy.asarray(z), data)
    there = fitting.likelihood()(prior.coefficients(z), 1)
    assert np.asarray(value) == pytest.approx(there.value - (z**2).sum(1) / 2, rel=1e-10)
    assert np.asarray(slope) == pytest.approx(there.gradient @ prior.mix - z, rel=1e-7, abs=1e-8)


def test_the_normal_distribution_is_that_of_scipy_in_both_tails() -> None:
    from stratagem.fit.jax_functions import log_ndtr  # noqa: PLC0415 - needs an extra

    x = np.concatenate([np.linspace(-60, 30, 20_001), [-20.0, -1e3, -1e6]])
    assert np.asarray(log_ndtr(x)) == pytest.approx(special.log_ndtr(x), rel=1e-11, abs=1e-12)


def test_a_signalling_game_is_refused_with_the_reason() -> None:
    fitting = of(SIGNALS)
    with pytest.raises(UsageError, match=r"searched for in every row at every step.*maximum likelihood"):
        log_density(fitting, default_prior(fitting.model, fitting.design))


def test_priors_are_on_standardised_columns() -> None:
    """A slope for a standard deviation of its column; a constant where the columns beside it are at their means."""
    x = np.array([10.0, 14.0, 12.0, 16.0])
    fitting = problem(parse_model(DETERRENCE), table_of(x=x, z=[0.0, 1.0, 0.0, 1.0], y=["peace", "war", "loss", "war"]))
    prior = default_prior(fitting.model, fitting.design, 2.0)
    drawn = prior.coefficients(np.random.default_rng(1).standard_normal((200_000, len(fitting.design))))
    names = fitting.design.names
    slope, constant = (names.index(f"attacker.peace: {one}") for one in ("x", "constant"))
    assert (drawn[:, slope] * x.std()).std() == pytest.approx(2, rel=0.01)
    assert (drawn[:, constant] + drawn[:, slope] * x.mean()).std() == pytest.approx(4, rel=0.01)
    assert np.corrcoef(drawn[:, constant] + drawn[:, slope] * x.mean(), drawn[:, slope])[0, 1] == pytest.approx(
        0, abs=0.01
    )
    assert prior.stated[slope] == "normal(0, 2) by 2.24"
    assert prior.spread == pytest.approx(drawn.std(0), rel=0.02)
