"""Diagnostics, leave-one-out and predictive checks of Bayesian fits, against ArviZ, quadrature and what was planted."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import logsumexp

pytest.importorskip("formulaic", reason="formulas are read by formulaic")
pytest.importorskip("numpyro", reason="NumPyro draws")

from fit_models import DETERRENCE, deterrence, table_of, with_outcomes

from stratagem.errors import UsageError
from stratagem.fit.bayes_finding import bayes_finding
from stratagem.fit.convergence import agreement
from stratagem.fit.loo import compare_loo, leave_one_out
from stratagem.fit.model_file import parse_model
from stratagem.fit.posterior import BayesRequest, Posterior, sample
from stratagem.fit.predictive import check
from stratagem.fit.problem import problem
from stratagem.fit.sampler import Chains

SHORT = BayesRequest(chains=4, draws=300, warmup=300)
ONE = """
fit: One choice
players: [a]
tree: {act: {player: a, actions: {no: quiet, yes: loud}}}
payoffs: {a: {loud: x}}
errors: {shape: logit}
response: {outcome: y}
"""


def seeded(count: int = 60) -> dict[str, np.ndarray]:
    x, z = np.random.default_rng(3).normal(size=(2, count))
    return {"x": x, "z": z}


@cache
def drawn() -> Posterior:
    truth = np.array([0.2, 0.8, 0.5, 0.3, -0.7])
    return sample(with_outcomes(deterrence(), seeded(), truth, 5), SHORT)


def with_draws(posterior: Posterior, z: np.ndarray) -> Posterior:
    """The posterior with other draws [C, D, P]."""
    shape = z.shape[:2]
    other = Chains(z, np.zeros(shape), np.zeros(shape, bool), np.ones(shape, np.intp), np.ones(shape))
    return Posterior(posterior.problem, posterior.request, posterior.prior, other)


def arviz():  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("arviz", reason="ArviZ is the oracle")


def test_moments_and_leave_one_out_are_those_of_quadrature() -> None:
    """One choice on one column: two coefficients, integrated on a grid."""
    x = seeded(25)["x"]
    fitting = problem(parse_model(ONE), table_of(x=x, y=np.where(x + np.sin(9 * x) > 0, "loud", "quiet")))
    posterior = sample(fitting, BayesRequest(draws=1000, warmup=500))
    grid = np.stack(np.meshgrid(np.linspace(-6, 6, 241), np.linspace(-6, 6, 241)), -1).reshape(-1, 2)
    b = posterior.prior.coefficients(grid)
    worth = b[:, :1] + b[:, 1:] * x
    signs = np.where(fitting.observed.outcomes["loud"] > 0, 1, -1)
    by_row = -np.logaddexp(0, -signs * worth)
    logs = by_row.sum(1) - (grid**2).sum(1) / 2
    weight = np.exp(logs - logsumexp(logs))
    mean = weight @ b
    sd = np.sqrt(weight @ (b - mean) ** 2)
    assert posterior.coefficients == pytest.approx(mean, abs=4 * sd.max() / np.sqrt(1000))
    assert np.sqrt(np.diag(posterior.covariance)) == pytest.approx(sd, rel=0.12)
    left_out = logsumexp(logs) - logsumexp(logs[:, None] - by_row, axis=0)
    loo = leave_one_out(posterior)
    assert loo.num_bad == 0
    assert loo.pointwise == pytest.approx(left_out, abs=0.05)


def test_agreement_is_that_of_arviz() -> None:
    az = arviz()
    random = np.random.default_rng(1)
    noise = random.normal(size=(4, 500))
    drifting = np.zeros_like(noise)
    for at in range(1, 500):
        drifting[:, at] = 0.8 * drifting[:, at - 1] + noise[:, at]
    for draws in (noise, drifting, noise + np.array([[0], [0], [0], [1]]), np.exp(3 * noise)):
        found = agreement(draws)
        assert found.hat == pytest.approx(float(az.rhat(draws)), rel=1e-9)
        assert found.bulk == pytest.approx(float(az.ess(draws, method="bulk")), rel=0.03)
        assert found.tail == pytest.approx(float(az.ess(draws, method="tail")), rel=0.03)


def test_a_chain_that_stands_still_has_not_converged() -> None:
    assert agreement(np.ones((4, 100))).hat == np.inf


def test_leave_one_out_is_that_of_arviz() -> None:
    az, posterior = arviz(), drawn()
    loo = leave_one_out(posterior)
    from stratagem.exchange.as_arviz import inference_data  # noqa: PLC0415 - needs an extra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = az.loo(inference_data(posterior), pointwise=True, reff=1.0)
    assert loo.pointwise == pytest.approx(oracle.loo_i.to_numpy(), abs=1e-8)
    assert (loo.elpd, loo.error) == pytest.approx((oracle.elpd_loo, oracle.se))
    assert loo.num_effective == pytest.approx(oracle.p_loo)
    assert loo.shapes == pytest.approx(oracle.pareto_k.to_numpy(), abs=1e-6)


def test_what_the_model_produces_is_handed_over() -> None:
    """Replicas of each row's response by posterior and by prior; shares of outcomes by posterior are those of mean chances."""
    arviz()
    posterior = drawn()
    from stratagem.exchange.as_arviz import inference_data  # noqa: PLC0415 - needs an extra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = inference_data(posterior)
    seen, made = data.observed_data["counts"], data.posterior_predictive["counts"]
    assert made.dims == ("chain", "draw", *seen.dims)
    assert (made.sum("outcome") == seen.sum("outcome")).all()
    chances, replicas = posterior.problem.outcomes_of_many(posterior.draws), posterior.draws.shape[0]
    for name, one in chances.items():
        share, expected = float(made.sel(outcome=name).mean()), float(one.mean())
        assert share == pytest.approx(expected, abs=4 * (expected / replicas / posterior.problem.num_rows) ** 0.5)
    assert data.prior["coefficients"].shape[0] == 1
    spread = data.prior["coefficients"].std(("chain", "draw")).to_numpy()
    assert spread == pytest.approx(posterior.prior.spread, rel=0.15)
    assert data.prior_predictive["counts"].shape[2:] == seen.shape


def test_the_better_model_wins_by_leave_one_out() -> None:
    posterior = drawn()
    poorer = parse_model(
        DETERRENCE.replace("peace: x", "peace: 1").replace("war: 1}", "war: {fixed: 0.5}}"), "poorer.yaml"
    )
    rival = sample(problem(poorer, posterior.problem.table), SHORT)
    table, _ = compare_loo(posterior, rival, leave_one_out(posterior), leave_one_out(rival))
    assert table.rows[1][1] < table.rows[0][1]
    assert table.rows[1][5] == pytest.approx(table.rows[1][1] - table.rows[0][1])
    fewer = replace(posterior, problem=posterior.problem.rows(np.arange(60) < 50))
    with pytest.raises(UsageError, match="same response in the same rows"):
        compare_loo(posterior, fewer, leave_one_out(posterior), leave_one_out(fewer))


def test_checks_pass_where_the_model_is_right_and_not_where_it_is_wrong() -> None:
    posterior = drawn()
    right = check(posterior)
    assert right.overall is not None
    assert right.overall.p > 0.05
    assert not [one for one in right.outcomes if one.is_odd]
    shifted = with_draws(posterior, posterior.chains.z + np.array([1.5, 0, 0, 0, 0]))
    assert [one for one in check(shifted).outcomes if one.is_odd]


def test_shares_of_actions_are_of_where_the_move_was_reached() -> None:
    posterior = drawn()
    counts = {name: one.sum() for name, one in posterior.problem.observed.outcomes.items()}
    by_action = {one.what: one.seen for one in check(posterior).moves}
    assert by_action["strike"] == pytest.approx(1 - counts["peace"] / 60)
    assert by_action["resist"] == pytest.approx(counts["war"] / (counts["war"] + counts["loss"]))


def test_what_the_data_cannot_see_is_named() -> None:
    """Payoffs of one player to all outcomes: only differences count, so their mean is the prior's."""
    text = DETERRENCE.replace("{peace: x, war: 1}", "{peace: 1, loss: 1, war: 1}")
    fitting = with_outcomes(parse_model(text), seeded(), np.array([0.2, 0.1, 0.5, 0.3, -0.7]), 5)
    posterior = sample(fitting, SHORT)
    named = [set(one) for one in posterior.untold]
    assert {"attacker.peace: constant", "attacker.loss: constant", "attacker.war: constant"} in named
    finding = bayes_finding(posterior, check(posterior), leave_one_out(posterior))
    assert any("there the posterior is the prior" in one for one in finding.caveats)
    assert not drawn().untold


def test_chains_that_disagree_are_said_to() -> None:
    posterior = drawn()
    z = posterior.chains.z.copy()
    z[2] += 3
    apart = with_draws(posterior, z)
    assert apart.places == ((0, 1, 3), (2,))
    assert not apart.has_converged
    finding = bayes_finding(apart, check(apart), leave_one_out(apart))
    assert any("Chains disagree: chains 1, 2, 4" in one and "chain 3" in one for one in finding.judgements)
    assert "chains" in [table.name for table in finding.tables]
    assert posterior.places == ((0, 1, 2, 3),)


def test_offers_are_produced_as_the_density_says() -> None:
    """Simulated offers against the distribution function of the likelihood's density."""
    from test_density import offers  # noqa: PLC0415

    fitting = offers()
    posterior = sample(fitting, BayesRequest(chains=2, draws=100, warmup=100))
    from stratagem.fit.predictive import _simulated, replicated  # noqa: PLC0415

    assert replicated(posterior, posterior.draws)["offer"].shape == (200, fitting.num_rows)
    at = posterior.draws[:1]
    made, _ = _simulated(posterior, np.repeat(at, 20_000, 0))
    b, row = at[0], 3
    x, z = (fitting.table.column(one)[row] for one in ("x", "z"))
    y = 4.0
    shock = (10 - y - (b[0] + b[1] * x) - np.exp(b[5]) * (1 + np.exp((y - b[2] - b[3] * z) / np.exp(b[5])))) / np.exp(
        b[4]
    )
    share = 1 / (1 + np.exp(shock))
    assert (made[:, row] <= y).mean() == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 20_000) + 1e-9)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"chains": 1}, "--chains 1"),
        ({"draws": 5}, "--draws 5: too few"),
        ({"warmup": 0}, "--warmup 0: too few"),
        ({"draws": 10**9}, "at most"),
        ({"scale": 0.0}, "--prior-scale 0"),
        ({"scale": float("nan")}, "--prior-scale nan"),
    ],
)
def test_what_gives_no_posterior_is_refused(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        BayesRequest(**wrong)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_draws() -> None:
    assert (sample(drawn().problem, SHORT).draws == drawn().draws).all()
