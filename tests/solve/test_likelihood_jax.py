"""The likelihood of a history in JAX: the same numbers as the worlds drawn by counter, and exact gradients."""

from __future__ import annotations

import re
from math import log, sqrt

import numpy as np
import pytest
from crises import scenario
from scipy import stats

from stratagem.catalogue import load
from stratagem.errors import UsageError
from stratagem.graph.compile import compile_scenario
from stratagem.graph.families import normal_quantile, quantile
from stratagem.graph.points import uniforms
from stratagem.graph.worlds import draw
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.model import Scenario
from stratagem.scenario.read import parse_scenario
from stratagem.solve.columns import prepare
from stratagem.solve.intervene import choice
from stratagem.solve.known import with_means
from stratagem.solve.solve import Request, solve

jax = pytest.importorskip("jax", reason="the gradient is taken with JAX")

from stratagem.solve.draws_jax import _log_gamma, curve  # noqa: E402 - needs JAX
from stratagem.solve.likelihood_jax import Likelihood, Setting  # noqa: E402

WORLDS = 32
ROUNDING = 1e-9  # relative to the size of the numbers
SEED = 1

# Every way to state a number, a weight or an attitude.
ALL_SORTS = """
stakes: {x: X, y: {title: Y, worst: 1, best: -1}, z: {title: Z, reference: 0.2, start: 0}}
players:
  p: {name: P, errors: 5% to 20%, weights: {swings: {x: 60 to 90, y: 20, z: 30 to 40}, known to: all}, risk aversion: uniform 0 to 2, loss aversion: 1.5 to 2.5, discount: 85% to 98%}
  o: {name: O, precision: 1 + a, weights: {dirichlet: {x: 2, y: 0.7, z: 1}, order: [x > y], known to: all}}
  r: {name: R, precision: 2, payoffs: {x: -a, y: b}}
  d: {name: D, precision: 1 to 3, weights: {dirichlet: {x: 1, z: 1}, order: [x > z], known to: all}}
quantities:
  known to all:
    a: uniform 0.1 to 0.9
    b: 2 of 9
    c: "triangular(0.1, 0.3, 0.8)"
    e: "pert(0.1, 0.3, 0.8)"
    f: normal -0.3 to 0.4
    g: 0.5 to 2
    h: 20% to 50%
    i: "one of 0.2, 0.4, 0.8"
correlations: [{between: [a, f], rank: 0.5}, {between: [f, h], rank: -0.3}]
perceptions: {p: {h: "clip(h + 0.1, 0, 1)"}}
definitions: {odds: "if f < 0 then logistic(f) else contest(g, c + max(e, i), 0.7)"}
timeline:
  - {move: m, player: p, date: 2022-01, actions: {hold: , go: {gains: {x: 0.4 * b, y: -0.3 * c, z: f}}}}
  - {chance: k, after: 40 days, outcomes: {good: {probability: odds, gains: {x: 0.2, z: -e}}, bad: rest}}
  - {move: n, player: o, after: 300 days, actions: {hold: , go: {if: k == good, gains: {x: h ^ 2, y: "abs(f)", z: "sqrt(g)"}}}}
  - {chance: l, after: 30 days, outcomes: {up: {probability: h, gains: {x: 0.3}}, down: {probability: rest, gains: {z: -0.3}}}}
  - {move: q, player: r, after: 5 days, actions: {hold: {share: 30%}, go: {gains: {x: 0.1, y: 0.4}}}}
  - {move: s, player: d, after: 5 days, actions: {hold: , go: {gains: {x: 0.1, z: -0.4}}}}
"""
HISTORY = ("m=go", "k=good", "n=go", "q=hold", "s=go")


def likelihood(model: Scenario, seen: tuple[str, ...], setting: Setting = Setting()) -> Likelihood:  # noqa: B008 - frozen
    game = compile_scenario(model)
    return Likelihood(game, model, tuple(choice(game, one) for one in seen), setting)


def latent(one: Likelihood, worlds: int = WORLDS) -> np.ndarray:
    """[D, W] the standard normals of worlds as they are drawn by counter."""
    index = np.arange(worlds)
    return np.array([normal_quantile(uniforms(SEED, name, index)) for name in one.draws.names])


def founding() -> tuple[Scenario, tuple[str, ...]]:
    """The founding case with all moves in the open."""
    text = load("kazakhstan-ukraine-2022-second-edition").text
    model = parse_scenario(re.sub(r"(?m)^\s+seen (by|after|as): .*\n", "", text))
    return model, tuple(one.that for one in model.history)


@pytest.mark.parametrize("name", ["all sorts", "founding"])
def test_numbers_are_those_of_the_worlds_drawn_by_counter(name: str) -> None:
    model, seen = (scenario(ALL_SORTS), HISTORY) if name == "all sorts" else founding()
    one = likelihood(model, seen)
    worlds = with_means(one.game, model, draw(model, WORLDS, SEED))
    inputs = prepare(one.game, model, worlds)
    numbers, margins = jax.jit(one.numbers)(latent(one))
    kept = np.asarray((margins >= 0).all(axis=0))  # elsewhere the counter draws again
    assert 0.3 < kept.mean() < 1
    tables = np.stack(inputs.tables, axis=1)[one.game.rows_read]
    for found, expected in (
        (numbers.gains, inputs.gains), (numbers.precision, inputs.precision), (numbers.risk_aversion, inputs.risk_aversion),
        (numbers.discounts, inputs.discounts), (numbers.shares[one.game.rows_read], tables),
    ):  # fmt: skip
        if expected is None:
            assert found is None
            continue
        assert np.asarray(found)[..., kept] == pytest.approx(expected[..., kept], rel=ROUNDING, abs=ROUNDING)


def test_the_likelihood_is_the_solver_s() -> None:
    model = scenario(ALL_SORTS)
    one = likelihood(model, HISTORY)
    z = latent(one)
    game = one.game
    solution = solve(
        game, model, Request(worlds=WORLDS, seed=SEED, history=tuple(choice(game, text) for text in HISTORY))
    )
    found = np.asarray(jax.jit(one)(z))
    kept = np.isfinite(found)
    assert kept.sum() > WORLDS / 3
    assert np.exp(found[kept]) == pytest.approx(solution.weight[kept], rel=ROUNDING)


def test_the_gradient_is_that_of_differences() -> None:
    one = likelihood(scenario(ALL_SORTS), HISTORY)
    z = latent(one)
    point = z[:, np.flatnonzero(np.isfinite(np.asarray(jax.jit(one)(z))))[2]]
    gradient = np.asarray(jax.jit(jax.grad(lambda at: one(at[:, None])[0]))(point))
    width = 1e-5
    moved = np.concatenate([point + sign * width * np.eye(len(point)) for sign in (1, -1)]).T
    up, down = np.split(np.asarray(one(moved)), 2)
    assert gradient == pytest.approx((up - down) / (2 * width), abs=1e-6)
    assert np.abs(gradient).max() > 0.1


def test_the_maximum_of_binary_choices_has_its_closed_form() -> None:
    """14 of 20 at precision 1: slope 0 at ln(14 / 6) and standard error sqrt(20 / (14 x 6)) from the curvature there."""
    text = """
    quantities: {known to all: {du: "normal(0, 1)"}}
    players: {p: {name: P, precision: 1}}
    timeline:
      - {rounds: 20, moves: [{move: act, player: p, actions: {stay: , go: {payoffs: {p: du}}}}]}
    """
    seen = tuple(f"act[{turn}]={'go' if turn <= 14 else 'stay'}" for turn in range(1, 21))
    one = likelihood(scenario(text), seen)

    def worth(du: float) -> float:
        return one(jax.numpy.full((1, 1), du))[0]

    best = log(14 / 6)
    assert float(jax.grad(worth)(best)) == pytest.approx(0, abs=1e-9)
    slope = jax.grad(worth)
    curvature = (float(slope(best + 1e-5)) - float(slope(best - 1e-5))) / 2e-5
    assert sqrt(-1 / curvature) == pytest.approx(0.4879500364742666, abs=1e-7)


def test_a_softened_order_of_weights_is_mended_by_its_correction() -> None:
    """Softened times correction is the likelihood, in order and out of it."""
    one = likelihood(scenario(ALL_SORTS), HISTORY)
    z = latent(one)
    whole, soft, correction = (np.asarray(part(z)) for part in (one, one.softened, one.correction))
    assert np.exp(soft) * correction == pytest.approx(np.exp(whole), rel=1e-9)
    assert ((correction == 0) == ~np.isfinite(whole)).all()


def test_at_best_reply_there_is_no_gradient_and_it_is_said_so() -> None:
    model = load("cuban-missile-crisis").scenario
    game = compile_scenario(model)
    with pytest.raises(UsageError, match="needs a finite `precision`"):
        Likelihood(game, model, (), Setting())
    assert Likelihood(game, model, (), Setting(precision=2.0)).game is game


# --- quantiles -------------------------------------------------------------------------------------------------------

FAMILIES = [
    Estimate("normal", (1.0, 2.0), ""), Estimate("lognormal", (2.0, 0.5), ""), Estimate("logitnormal", (0.3, 0.8), ""),
    Estimate("uniform", (-1.0, 3.0), ""), Estimate("beta", (0.5, 6.5), ""), Estimate("beta", (30.0, 4.0), ""),
    Estimate("pert", (0.0, 1.0, 4.0), ""), Estimate("triangular", (0.0, 1.0, 4.0), ""), Estimate("choice", (1.0, 4.0, 2.0, 0.2, 0.5, 0.3), ""),
]  # fmt: skip


@pytest.mark.parametrize("estimate", FAMILIES, ids=lambda one: f"{one.family}{one.parameters}")
def test_quantiles_at_normals_are_those_of_the_draws(estimate: Estimate) -> None:
    z = np.linspace(-5, 5, 501)  # further out a probability near 1 has too few digits to compare with
    expected = quantile(estimate, stats.norm.cdf(z))
    scale = np.abs(expected).max()
    assert np.asarray(curve(estimate)(z)) == pytest.approx(expected, abs=1e-9 * scale)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.5, 40.0])
def test_gamma_variates_have_their_quantiles(alpha: float) -> None:
    z = np.linspace(-6, 6, 201)
    expected = np.where(
        z < 0, np.log(stats.gamma.ppf(stats.norm.cdf(z), alpha)), np.log(stats.gamma.isf(stats.norm.sf(z), alpha))
    )
    assert np.asarray(_log_gamma(alpha)(z)) == pytest.approx(expected, abs=1e-7)


def test_beyond_the_grid_the_curve_goes_straight_on() -> None:
    at = np.asarray(curve(Estimate("beta", (2.0, 3.0), ""))(np.array([-12.0, 12.0])))
    assert np.isfinite(at).all()
