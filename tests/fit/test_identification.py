"""What the data cannot see is named and gets no standard error; what only looks like it is not."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("formulaic")

from fit_models import DETERRENCE, DISPUTES, SANCTIONS, deterrence, public_table, table_of, with_outcomes

from stratagem.fit.estimate import Fitted, Request, fit
from stratagem.fit.finding import fit_finding
from stratagem.fit.identify import Mix
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import problem

TRUE = np.array([0.2, 0.6, 0.4, 0.3, -0.8])


def columns(count: int = 500) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(8)
    return {"x": generator.normal(size=count), "z": generator.normal(size=count)}


def refitted(change: tuple[str, str], **more: np.ndarray) -> Fitted:
    """A deterrence game whose data come from the model as it stands, fitted after a change of its text."""
    drawn = with_outcomes(deterrence(), columns(), TRUE, 3)
    table = drawn.table
    cells = {name: table.column(name) for name in table.columns} | more
    return fit(problem(parse_model(DETERRENCE.replace(*change)), table_of(**cells)), Request())


def without_error(fitted: Fitted) -> set[str]:
    return {one.name for one in fitted.estimates if one.error is None}


def parts(mixes: tuple[Mix, ...]) -> list[dict[str, float]]:
    return [{name: round(part, 4) for name, part in one.parts.items()} for one in mixes]


def test_a_term_in_every_payoff_of_a_player() -> None:
    """Only differences of payoffs count: of the constants, and of the column, one mix each is unseen."""
    seen = refitted(("x, war: 1", "x, war: 1 + x"))
    hidden = refitted(("peace: x, war: 1", "peace: 1 + x, loss: 1 + x, war: 1 + x"))
    assert not without_error(seen)
    found = sorted(parts(hidden.flat.unseen), key=str)
    names = [[f"attacker.{end}: {term}" for end in ("peace", "loss", "war")] for term in ("constant", "x")]
    assert found == sorted((dict.fromkeys(each, 1.0) for each in names), key=str)
    assert without_error(hidden) == {name for each in names for name in each}
    assert all(one.error is not None for one in hidden.estimates if one.name.startswith("defender"))
    said = " ".join(fit_finding(hidden).caveats)
    assert "Not identified" in said
    assert "`attacker.loss: x` moves by +1" in said


def test_a_column_twice_and_a_column_almost_twice() -> None:
    """Exactly the same column, one that differs by a millionth, and one that differs by a thousandth of its spread."""
    x = with_outcomes(deterrence(), columns(), TRUE, 3).table.column("x").astype(float)
    noise = np.random.default_rng(5).normal(size=len(x))
    exact, near, far = (refitted(("peace: x", "peace: x + w"), w=2 * x + size * noise) for size in (0, 2e-6, 2e-3))
    names = ("attacker.peace: x", "attacker.peace: w")
    assert parts(exact.flat.unseen) == [{names[0]: 1.0, names[1]: -0.5}]
    assert parts(near.flat.faint) == [{names[0]: 1.0, names[1]: -0.5}]
    assert without_error(exact) == without_error(near) == set(names)
    assert "Next to not identified" in " ".join(fit_finding(near).caveats)
    assert not without_error(far)
    assert "Weakly identified" in " ".join(fit_finding(far).caveats)
    assert exact.maxima
    assert near.maxima


def test_units_do_not_make_a_column_unseen() -> None:
    plain = refitted(("", ""))
    x = with_outcomes(deterrence(), columns(), TRUE, 3).table.column("x").astype(float)
    for unit in (1e-8, 1e8):
        other = refitted(("", ""), x=x * unit)
        assert not other.flat.names()
        assert other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
        assert other.coefficients[1] * unit == pytest.approx(plain.coefficients[1], rel=1e-6)


def test_scales_with_constants_leave_each_players_payoffs_without_a_unit() -> None:
    """The last example of the help page of `egame12`, whose scale formulas have constants: nobody's payoffs have a unit."""
    text = DISPUTES + "errors: {log scale: {initiator: balanc, target: revis2}}"
    fitted = fit(problem(parse_model(text), public_table("war1800.csv")))
    mixes = [set(one.parts) for one in fitted.flat.unseen]
    assert len(mixes) == 2
    for player in ("initiator", "target"):
        (mix,) = (one for one in mixes if f"{player}.log scale: constant" in one)
        payoffs = {one for one in fitted.names if one.startswith(player) and "log scale" not in one}
        assert mix == payoffs | {f"{player}.log scale: constant"}
    assert without_error(fitted) == set().union(*mixes)
    values = dict(zip(fitted.names, fitted.coefficients, strict=True))
    for one in fitted.flat.unseen:
        scale = next(part for name, part in one.parts.items() if name.endswith("log scale: constant"))
        payoffs = {name: part for name, part in one.parts.items() if "log scale" not in name}
        assert payoffs == pytest.approx({name: scale * values[name] for name in payoffs}, rel=1e-3)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (("S_A: 0 + ", "S_A: "), ("S_A", "V_A", "W_A", "a")),
        (("  a: senderdemocracy", "  a: senderdemocracy\n  V_B: 1"), ("C_B", "W_B", "V_B")),
    ],
)
def test_a_constant_in_every_payoff_of_a_signaller(change: tuple[str, str], names: tuple[str, ...]) -> None:
    fitted = fit(problem(parse_model(SANCTIONS.replace(*change)), public_table("sanctionsData.csv")), Request(starts=4))
    assert parts(fitted.flat.unseen) == [{f"{name}: constant": 1.0 for name in names}]
    assert without_error(fitted) == {f"{name}: constant" for name in names}
    assert fitted.log_likelihood == pytest.approx(-3927.9095113, abs=1e-5)


def test_separation_is_not_taken_for_a_maximum() -> None:
    """A column that tells who strikes: the likelihood rises without end along it, and elsewhere errors remain."""
    drawn = with_outcomes(deterrence(), columns(), TRUE, 3)
    y = drawn.table.column("y")
    fitted = refitted(("", ""), x=np.where(y == "peace", 1.0, -1.0) * np.random.default_rng(1).uniform(1, 2, len(y)))
    assert not fitted.maxima
    assert "attacker.peace: x" in fitted.rising
    assert without_error(fitted) == set(fitted.rising)
    assert {"defender.war: constant", "defender.war: z"}.isdisjoint(fitted.rising)
    assert "separation" in " ".join(fit_finding(fitted).caveats)
    assert abs(fitted.coefficients[3]) < 2


def test_a_level_of_a_factor_without_variation() -> None:
    """Of one regime all resist: its coefficient has no finite value, the others have."""
    drawn = with_outcomes(deterrence(), columns(), TRUE, 3)
    y, regime = drawn.table.column("y").copy(), np.array(["a", "b", "c"])[np.arange(500) % 3]
    y[(regime == "c") & (y == "loss")] = "war"
    fitted = refitted(("war: z", "war: z + C(g)"), g=regime, y=y)
    assert fitted.rising == ("defender.war: C(g)[c]",)
    assert without_error(fitted) == {"defender.war: C(g)[c]"}


@pytest.mark.parametrize("gone", ["war", "loss", "peace"])
def test_an_outcome_that_never_occurs(gone: str) -> None:
    drawn = with_outcomes(deterrence(), columns(), TRUE, 3)
    y = drawn.table.column("y").copy()
    y[y == gone] = "loss" if gone != "loss" else "peace"
    fitted = refitted(("", ""), y=y)
    said = " ".join(fit_finding(fitted).caveats)
    assert f"No row ends in `{gone}`" in said
    assert "No maximum" in said
    assert all(one.error is None or (one.error < 100 and abs(one.value) < 20) for one in fitted.estimates)
    assert without_error(fitted)
