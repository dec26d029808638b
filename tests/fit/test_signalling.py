"""The crisis-signalling game: its equilibria, which of several is meant, and both forms of its fit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

pytest.importorskip("formulaic")

from fit_models import table_of, with_outcomes

from stratagem.fit import signalling
from stratagem.fit.estimate import Request, fit
from stratagem.fit.finding import fit_finding
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import problem

ONE = (0.0, 1.3, -1.0, -1.5, -0.4, -1.9, 0.0)  # S_A V_A C_B W_A W_B a V_B
SEVERAL = (
    0.0,
    -0.87,
    0.14,
    0.2,
    -0.14,
    0.3,
    0.0,
)  # one of them with hardly any resistance, as A hardly ever challenges

GAME = """
fit: Threats
kind: signalling
payoffs:
  S_A: 0 + x
  V_A: 1
  C_B: z
  W_A: x
  W_B: 0 + w
  a: 1
response: {outcome: y}
"""
TRUE = np.array([0.3, 1.3, -0.8, 0.4, -1.2, 0.3, 0.4, -1.6])  # S_A x, V_A, C_B, C_B z, W_A, W_A x, W_B w, a


def slow_reply(payoffs: tuple[float, ...], resist: float) -> float:
    """How often B resists where A expects `resist`: the definition, with the probability by quadrature over A's shock."""
    s_a, v_a, c_b, w_a, w_b, a, v_b = payoffs
    c = (s_a - (1 - resist) * v_a) / resist
    challenge = 1 - stats.norm.cdf(c - w_a) * stats.norm.cdf(c - a)

    def stands(e: float) -> float:
        return float(stats.norm.pdf(e) * stats.norm.cdf(w_a + e - a))

    firm = integrate.quad(stands, c - w_a, 12, epsabs=1e-13, limit=200)[0] / challenge
    return float(stats.norm.cdf((firm * w_b + (1 - firm) * v_b - c_b) / firm))


def found(payoffs: tuple[float, ...]) -> np.ndarray:
    return np.asarray(signalling.resist_of(signalling.equilibria([np.array([one]) for one in payoffs])[0]))


@pytest.mark.parametrize(("payoffs", "count"), [(ONE, 1), (SEVERAL, 3)])
def test_all_equilibria_are_found(payoffs: tuple[float, ...], count: int) -> None:
    resist = found(payoffs)
    assert len(resist) == count
    inner = resist[resist > 0.2]
    for one in inner:
        assert slow_reply(payoffs, one) == pytest.approx(one, abs=1e-8)
    over = np.array([slow_reply(payoffs, one) - one for one in np.linspace(0.2, 0.999, 100)])
    assert (np.sign(over[1:]) != np.sign(over[:-1])).sum() == len(inner) == 1


def test_the_traced_one_is_what_small_steps_in_precision_reach() -> None:
    """Every precision from 0 to 1 in turn, the equilibrium nearest to the last: the branch, where it does not fold."""
    inputs = [np.array([one]) for one in SEVERAL]
    at = 0.0
    for precision in np.linspace(0, 1, 201)[1:]:
        here = signalling.equilibria([precision * one for one in inputs])[0]
        assert np.abs(here - at).min() < 0.1
        at = float(here[np.abs(here - at).argmin()])
    assert signalling.traced(inputs)[0] == pytest.approx(at, abs=1e-9)


def test_the_likeliest_one_is_so() -> None:
    inputs = [np.array([one]) for one in SEVERAL]
    counts = {"SQ": 40.0, "CD": 1.0, "SF": 6.0, "BD": 3.0}
    for name in ("CD", "BD"):
        seen = {each: np.array([count + 50.0 * (each == name)]) for each, count in counts.items()}
        heights = [
            sum(seen[each] * log for each, log in signalling.log_outcomes(inputs, np.array([one])).items())[0]
            for one in found(SEVERAL)
        ]
        chosen = signalling.resist_of(signalling.likeliest(inputs, seen))[0]
        assert chosen == pytest.approx(found(SEVERAL)[int(np.argmax(heights))], abs=1e-12)


@pytest.mark.parametrize("equilibrium", ["traced", "constrained"])
def test_gradient_and_hessian_are_exact(equilibrium: str) -> None:
    generator = np.random.default_rng(4)
    cells = {name: generator.normal(size=12) for name in "xzw"}
    model = parse_model(GAME + f"equilibrium: {equilibrium}")
    fitting = problem(model, table_of(**cells, y=generator.choice(model.outcomes, 12)))
    likelihood, step = fitting.likelihood(), 1e-5
    at = TRUE[None] + 0.2 * generator.normal(size=(1, 8))
    there = likelihood(at)
    for k in range(8):
        shift = step * np.eye(8)[k]
        up, down = likelihood(at + shift, 1), likelihood(at - shift, 1)
        assert there.gradient[0, k] == pytest.approx((up.value - down.value)[0] / (2 * step), rel=1e-6, abs=1e-5)
        assert there.hessian[0, k] == pytest.approx((up.gradient - down.gradient)[0] / (2 * step), rel=1e-5, abs=1e-4)


def test_both_forms_recover_what_data_were_drawn_with() -> None:
    """The truth lies within errors of the estimates of both forms, which agree where each row has one equilibrium."""
    generator = np.random.default_rng(11)
    cells = {name: generator.normal(size=2500) for name in "xzw"}
    drawn = with_outcomes(parse_model(GAME), cells, TRUE, 6)
    traced = fit(drawn, Request(starts=4))
    free = fit(problem(parse_model(GAME + "equilibrium: constrained"), drawn.table), Request(starts=4))
    errors = np.array([one.error for one in traced.estimates], float)
    assert np.abs((traced.coefficients - TRUE) / errors).max() < 3.5
    assert errors.max() < 0.6
    assert traced.maxima[0].num_starts > 1
    said = " ".join(fit_finding(traced).caveats)
    assert "rows have several equilibria" in said
    assert free.log_likelihood >= traced.log_likelihood - 1e-7
    if "0 of 2500 rows have several" in said:
        assert free.coefficients == pytest.approx(traced.coefficients, abs=1e-5)


def test_rows_without_a_game_count_for_nothing_and_missing_tallies_are_dropped() -> None:
    text = GAME.replace("{outcome: y}", "{counts: {SQ: sq, CD: cd, SF: sf, BD: bd}}")
    generator = np.random.default_rng(2)
    cells = {name: generator.normal(size=60) for name in "xzw"}
    blank = problem(parse_model(text), table_of(**cells, **{one: np.ones(60) for one in ("sq", "cd", "sf", "bd")}))
    chances = np.stack(list(blank.outcomes(TRUE).values()), 1)
    counts = dict(zip(("sq", "cd", "sf", "bd"), generator.multinomial(40, chances).T.astype(float), strict=True))
    plain = fit(problem(parse_model(text), table_of(**cells, **counts)), Request(starts=4))
    more = {name: np.append(one, [0.3, 0.7]) for name, one in cells.items()}
    longer = {name: np.append(one, [0.0, np.nan if name == "cd" else 3.0]) for name, one in counts.items()}
    padded = fit(problem(parse_model(text), table_of(**more, **longer)), Request(starts=4))
    assert padded.problem.num_rows == 61
    assert padded.problem.dropped == {"response": 1}
    assert padded.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert padded.coefficients == pytest.approx(plain.coefficients, abs=1e-5)
