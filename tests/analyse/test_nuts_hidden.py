"""Drawing worlds anew where something is hidden: against quadrature, against weights, and calibrated over plays of the game.

Calibration ranks true numbers among draws of the posterior of what they led to (Talts et al. 2018); ranks are uniform where the
likelihood and the sampler are right, and are not where the likelihood is counted twice.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from crises import text_of
from scipy import stats

from stratagem.analyse.infer import Posterior, condition, infer
from stratagem.analyse.posterior import Weighing
from stratagem.analyse.seen import in_order, read
from stratagem.analyse.study import Study
from stratagem.catalogue import Case
from stratagem.graph.worlds import central, stated

pytest.importorskip("numpyro", reason="NumPyro draws")

# A demand by one whom only he knows to be hard or soft; what he gains and what the other loses are uncertain to the analyst.
DEMAND = """
players: {p: {name: P, precision: 4}, o: {name: O, precision: 4}}
quantities:
  known to all: {gain: "normal(0.5, 0.4)", cost: "normal(0.3, 0.5)"}
  known to p: {hard: "one of 0, 1"}
timeline:
  - {move: demand, player: p, actions: {hold: {end: quiet}, ask: }}
  - {move: answer, player: o, actions: {yield: {payoffs: {p: gain, o: -0.6}}, resist: {payoffs: {p: "if hard == 1 then -0.1 else -1", o: "if hard == 1 then -1 else -cost"}}}}
"""
HISTORIES = (("demand=hold",), ("demand=ask", "answer=yield"), ("demand=ask", "answer=resist"))
NAMES = ("gain", "cost")
TRUTHS, PASSES, FAILS = 1500, 1e-3, 1e-6
ERRORS = 4.0  # Monte Carlo errors


def study(history: tuple[str, ...], worlds: int = 4000) -> Study:
    return Study(Case("crisis", "crisis.yaml", text_of(DEMAND)), worlds=worlds, history=history)


@cache
def drawn(history: tuple[str, ...]) -> Posterior:
    return condition(study(history), "nuts", 100)[1]


def mean_and_error(one: Posterior, name: str) -> tuple[float, float]:
    weight, values = one.weight / one.weight.sum(), one.numbers[name]
    mean = float(weight @ values)
    return mean, float(np.sqrt((weight * (values - mean)) ** 2 @ np.ones(len(values)) * one.inefficiency))


def test_means_are_those_of_quadrature() -> None:
    """Over both numbers by Gauss and Hermite's rule, 40 points each."""
    history = HISTORIES[1]
    points, masses = np.polynomial.hermite_e.hermegauss(40)
    gain, cost = (one.ravel() for one in np.meshgrid(0.5 + 0.4 * points, 0.3 + 0.5 * points, indexing="ij"))
    one = study(history)
    rest = {name: np.full(gain.size, value[0]) for name, value in central(one.scenario).quantities.items()}
    worlds = stated(one.scenario, {**rest, "gain": gain, "cost": cost}, {})
    seen = in_order(one.seen)
    weight = np.outer(masses, masses).ravel() * read(one, [seen], worlds).of[seen].likelihood
    for name, values in (("gain", gain), ("cost", cost)):
        mean, error = mean_and_error(drawn(history), name)
        assert error < 0.03
        assert mean == pytest.approx(float(weight @ values / weight.sum()), abs=ERRORS * error)


@pytest.mark.parametrize("name", NAMES)
def test_means_are_those_of_weights_that_have_not_collapsed(name: str) -> None:
    history = HISTORIES[2]
    _, by_weights = condition(study(history), "weights")
    assert by_weights.is_sound
    (mean, error), (other, other_error) = mean_and_error(drawn(history), name), mean_and_error(by_weights, name)
    assert mean == pytest.approx(other, abs=ERRORS * np.hypot(error, other_error))


def test_the_finding_says_how_slopes_were_taken_and_how_it_went() -> None:
    one = drawn(HISTORIES[1])
    rows = {str(row[0]): row[1] for row in one.diagnostics.rows}
    assert rows["gradient"] == "exact, by implicit differentiation"
    assert rows["worlds solved on the way"] > 16 * 200  # type: ignore[operator]
    assert {"draws without an answer", "draws on a folded branch", "divergences", "R-hat, worst"} <= set(rows)
    assert one.manifest["chains"] == 16


def ranks(is_twice: bool) -> dict[str, np.ndarray]:
    """Where the truth of each play ranks, from 0 to 1, among draws given what was seen; `is_twice` counts the likelihood twice."""
    free = study((), TRUTHS)
    histories = [in_order(study(one).seen) for one in HISTORIES]
    truth = read(free, histories)
    chances = np.array([truth.of[one].likelihood for one in histories])
    assert chances.sum(axis=0) == pytest.approx(1)
    dice = np.random.default_rng(3)
    played = (dice.random(TRUTHS) > chances.cumsum(axis=0)).sum(axis=0)
    found: dict[str, list[float]] = {name: [] for name in (*NAMES, "likelihood")}
    for place, history in enumerate(HISTORIES):
        here, one = np.flatnonzero(played == place), drawn(history)
        likelihood = one.reading.likelihood
        weight = one.weight * (likelihood if is_twice else 1.0)
        tables = {name: (one.numbers[name], truth.numbers[name]) for name in NAMES}
        tables["likelihood"] = (likelihood, chances[place])
        for name, (draws, values) in tables.items():
            order = np.argsort(draws)
            below = np.append(0.0, np.cumsum(weight[order])) / weight.sum()
            found[name] += below[np.searchsorted(draws[order], values[here])].tolist()
    return {name: np.array(values) for name, values in found.items()}


def test_true_numbers_rank_evenly_among_draws() -> None:
    for name, values in ranks(is_twice=False).items():
        assert stats.kstest(values, "uniform").pvalue > PASSES, name


def test_a_likelihood_counted_twice_is_caught() -> None:
    assert min(stats.kstest(values, "uniform").pvalue for values in ranks(is_twice=True).values()) < FAILS


def test_where_weights_collapse_the_sampler_takes_over_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Weighing, "has_collapsed", property(lambda _: True))
    monkeypatch.setattr("stratagem.analyse.nuts.CHAINS_TOGETHER", 4)
    found = infer(study(HISTORIES[1], 64), "auto", 10)
    assert found.manifest["sampler"] == "nuts"
    assert found.manifest["gradient"] == "exact, by implicit differentiation"
