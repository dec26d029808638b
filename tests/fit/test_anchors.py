"""The documented models of public tables: maxima against likelihoods written out plainly, and against what was published.

The models are those of the help pages of the R packages `games` (Kenkel and Signorino 2014, J. Stat. Software 56(8)) and
`sigInt` (Crisman-Cox and Gibilisco 2021, PSRM, doi:10.1017/psrm.2019.58). Heights are those that an independent optimiser
reached on the plain likelihoods below.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, special

pytest.importorskip("formulaic")

from fit_models import CURRENCIES, FOUR_ENDS, OFFERS, SANCTIONS, STUDENTS, THREE_PLAYERS, public_table

from stratagem.fit.estimate import Fitted, Request, fit
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import problem

Inputs = dict[str, NDArray[np.float64]]


def fitted_to(text: str, table: str) -> Fitted:
    return fit(problem(parse_model(text), public_table(table)), Request())


def inputs_of(fitted: Fitted, coefficients: NDArray[np.float64]) -> Inputs:
    """Each estimated payoff, row by row, at some coefficients."""
    return {one.term.name: one.matrix @ coefficients[list(one.index)] for one in fitted.problem.design.inputs}


def check(fitted: Fitted, plain: Callable[[Inputs], float], height: float, within: float = 1e-7) -> None:
    """The height is the one known; the plain likelihood has it, and an optimiser of others climbs no higher."""
    assert fitted.log_likelihood == pytest.approx(height, abs=within)
    assert fitted.is_bounded
    assert not fitted.flat.names()
    assert fitted.maxima[0].num_starts > 1
    at, spreads = fitted.coefficients, fitted.problem.spreads()

    def below(scaled: NDArray[np.float64]) -> float:
        return -plain(inputs_of(fitted, at + scaled / spreads))

    assert -below(np.zeros(len(at))) == pytest.approx(height, abs=within)
    begun = np.random.default_rng(2).normal(0, 0.03, len(at))
    climbed = optimize.minimize(below, begun, method="BFGS", options={"gtol": 1e-3, "maxiter": 60})
    assert -climbed.fun == pytest.approx(height, abs=1e-3)
    assert -climbed.fun < height + within


def ends(fitted: Fitted, name: str) -> NDArray[np.float64]:
    return fitted.problem.observed.outcomes[name]


def test_currency_attacks_with_private_shocks() -> None:
    """Leblang (2003), as the package replicates it: probit, shocks to payoffs."""
    fitted = fitted_to(CURRENCIES, "leblang2003.csv")

    def plain(u: Inputs) -> float:
        answer = u["government.defense"] / np.sqrt(2)
        defend = special.ndtr(answer)
        worth = (1 - defend) * u["market.devaluation"] + defend * u["market.defense"] - u["market.no attack"]
        attack = worth / np.sqrt(1 + defend**2 + (1 - defend) ** 2)
        logs = {
            "no attack": special.log_ndtr(-attack),
            "devaluation": special.log_ndtr(attack) + special.log_ndtr(-answer),
            "defense": special.log_ndtr(attack) + special.log_ndtr(answer),
        }
        return float(sum(ends(fitted, name) @ one for name, one in logs.items()))

    check(fitted, plain, -482.0154845168)


@pytest.mark.parametrize(("shape", "height"), [("probit", -1239.2339913505), ("logit", None)])
def test_four_ends(shape: str, height: float | None) -> None:
    fitted = fitted_to(FOUR_ENDS + f"errors: {{shape: {shape}}}", "games_data_122.csv")

    def chance(gap: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(special.ndtr(gap / np.sqrt(2)) if shape == "probit" else special.expit(gap))

    def plain(u: Inputs) -> float:
        after_left, after_right = chance(u["two.LR"]), chance(u["two.RR"])
        left = (1 - after_left) * u["one.LL"] + after_left * u["one.LR"]
        right = chance(after_right * u["one.RR"] - left)
        chances = {
            "LL": (1 - right) * (1 - after_left),
            "LR": (1 - right) * after_left,
            "RL": right * (1 - after_right),
            "RR": right * after_right,
        }
        return float(sum(ends(fitted, name) @ np.log(one) for name, one in chances.items()))

    check(fitted, plain, fitted.log_likelihood if height is None else height)


@pytest.mark.parametrize(
    ("errors", "height"),
    [
        ("{on: payoffs}", -559.3088470932),
        ("{shape: probit}", -559.2575000364),
        ("{shape: logit}", -558.9428864764),
    ],
)
def test_three_players_in_sequence(errors: str, height: float) -> None:
    fitted = fitted_to(THREE_PLAYERS + f"errors: {errors}", "games_data_123.csv")
    is_private, is_logit = "payoffs" in errors, "logit" in errors

    def chance(gap: NDArray[np.float64], of_private: NDArray[np.float64]) -> NDArray[np.float64]:
        if is_logit:
            return np.asarray(special.expit(gap))
        return np.asarray(special.ndtr(gap / np.sqrt(of_private if is_private else 2.0)))

    def plain(u: Inputs) -> float:
        three = chance(u["three.end6"], np.array(2.0))
        tail = (1 - three) ** 2 + three**2
        two = chance((1 - three) * u["two.end5"] + three * u["two.end6"], 1 + tail)
        onward = two * ((1 - three) * u["one.end5"] + three * u["one.end6"])
        one = chance(onward - u["one.end1"], 1 + (1 - two) ** 2 + two**2 * tail)
        chances = {
            "end1": 1 - one,
            "end3": one * (1 - two),
            "end5": one * two * (1 - three),
            "end6": one * two * three,
        }
        return float(sum(ends(fitted, name) @ np.log(each) for name, each in chances.items()))

    check(fitted, plain, height)


def offers(fitted: Fitted, u: Inputs, s1: float | None = None, s2: float | None = None) -> float:
    """The ultimatum game's log-likelihood: what lies beyond the ends of the scale counts as at the ends."""
    model, seen = fitted.problem.model, fitted.problem.observed
    assert seen.offer is not None
    high, y = model.response.highest, seen.offer
    first = np.exp(u["proposer.log scale"]) if s1 is None else s1
    second = np.exp(u["responder.log scale"]) if s2 is None else s2
    gap = (y - u["responder.reservation"]) / second
    beyond = (high - y - u["proposer.reservation"] - second * (1 + np.exp(gap))) / first
    inside = -np.logaddexp(0, beyond) - np.logaddexp(0, -beyond) - np.log(first) + np.log1p(np.exp(gap))
    total = np.where(y <= 0, -np.logaddexp(0, beyond), np.where(y >= high, -np.logaddexp(0, -beyond), inside))
    if seen.accepted is not None:
        total = total - np.logaddexp(0, np.where(seen.accepted == 1, -gap, gap))
    return float(total.sum())


@pytest.mark.parametrize(
    ("change", "fixed", "height"),
    [
        (("", ""), (None, None), -3717.6792256993),
        ((", acceptance: accept", ""), (None, None), -3313.9498531920),
        (("kind:", "scale: {proposer: 5, responder: 1}\nkind:"), (5.0, 1.0), -3718.1435452321),
    ],
)
def test_offers_on_a_scale(change: tuple[str, str], fixed: tuple[float | None, float | None], height: float) -> None:
    fitted = fitted_to(OFFERS.replace(*change) if change[0] else OFFERS, "games_data_ult.csv")
    check(fitted, lambda u: offers(fitted, u, *fixed), height)


@pytest.mark.parametrize(("scale", "height"), [(1.0, -696.8091487120), (3.0, -292.1359080424)])
def test_offers_of_students_with_the_responders_scale_fixed(scale: float, height: float) -> None:
    """With scale 1 the package documents that its own climb ends on no global maximum."""
    fitted = fitted_to(STUDENTS + f"scale: {{responder: {scale}}}", "student_offers.csv")
    check(fitted, lambda u: offers(fitted, u, None, scale), height)


def test_offers_of_students_have_no_maximum_in_both_scales() -> None:
    """The height grows with the responder's scale for ever, to that of offers that are logistic and acceptance by chance."""
    table = public_table("student_offers.csv")
    heights = [
        fit(problem(parse_model(STUDENTS + f"scale: {{responder: {scale}}}"), table)).log_likelihood
        for scale in (10, 30, 100, 300)
    ]
    assert heights == sorted(heights)
    fitted = fit(problem(parse_model(STUDENTS), table))
    assert not fitted.maxima
    assert fitted.log_likelihood > heights[-1]
    assert {"responder.reservation: constant", "responder.log scale: constant"} <= set(fitted.rising)
    errors = {one.name: one.error for one in fitted.estimates}
    assert all(errors[name] is None for name in fitted.rising)


def both_below(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bivariate normal probabilities at correlation sqrt(1/2), by quadrature."""
    points, weights = np.polynomial.legendre.leggauss(80)
    low, rho = np.minimum(x, -9.0) - 1, np.sqrt(0.5)
    half = (x - low) / 2
    t = low[..., None] + half[..., None] * (points + 1)
    density = np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * special.ndtr((y[..., None] - rho * t) / np.sqrt(0.5))
    return half * (density @ weights)


@pytest.mark.parametrize("equilibrium", ["traced", "constrained"])
def test_sanctions(equilibrium: str) -> None:
    """The published estimates under constraint (replication log of the article: -3927.9095); both forms agree there."""
    fitted = fitted_to(SANCTIONS + f"equilibrium: {equilibrium}\n", "sanctionsData.csv")
    assert fitted.log_likelihood == pytest.approx(-3927.9095113, abs=1e-6)
    published = [-0.52, 0.01, 0.04, -0.16, 1.31, -0.19, -4.53, 2.83, 0.19, 0.1, -0.02, -2.46, -0.05, 0, 0.04, -4.42,
                 -0.01, 0.29, -2.71, 0]  # fmt: skip
    assert fitted.coefficients == pytest.approx(published, abs=0.0051)
    assert fitted.maxima[0].num_starts >= 6
    u = inputs_of(fitted, fitted.coefficients)
    low, high = np.full(418, 1e-9), np.full(418, 1 - 1e-9)

    def solved(resist: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        c = (u["S_A"] - (1 - resist) * u["V_A"]) / resist
        quiet = special.ndtr(c - u["W_A"]) * special.ndtr(c - u["a"])
        firm = both_below((u["W_A"] - u["a"]) / np.sqrt(2), u["W_A"] - c) / (1 - quiet)
        return quiet, firm, special.ndtr(u["W_B"] - u["C_B"] / firm)

    for _ in range(60):
        middle = (low + high) / 2
        is_over = solved(middle)[2] > middle
        low, high = np.where(is_over, middle, low), np.where(is_over, high, middle)
    resist = (low + high) / 2
    quiet, firm, _ = solved(resist)
    chances = {
        "SQ": quiet,
        "CD": (1 - quiet) * (1 - resist),
        "SF": (1 - quiet) * resist * firm,
        "BD": (1 - quiet) * resist * (1 - firm),
    }
    plain = sum(ends(fitted, name) @ np.log(one) for name, one in chances.items())
    assert fitted.log_likelihood == pytest.approx(float(plain), abs=1e-6)
