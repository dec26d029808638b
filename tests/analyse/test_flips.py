"""What flips a decision: thresholds and nearest flips in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.analyse.flips import flips, reweighting_nats
from stratagem.analyse.latent import Latent, Simplex, helmert
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError
from stratagem.scenario.quantities import pearson

CHOICE = """
scenario: A choice that is linear in two numbers
players:
  a: {name: A, precision: 5}
quantities:
  known to all:
    q1: normal(1, 0.5)
    q2: normal(2, 1)
CORRELATIONS
timeline:
  - move: attack
    player: a
    actions:
      hold: {end: peace, payoffs: {a: 0}}
      strike: {end: war, payoffs: {a: FORMULA}}
"""
CORRELATED = "correlations:\n  - {between: [q1, q2], rank: 0.6}\n"
THRESHOLD = 1e-8  # in units of the number
DISTANCE = 1e-4  # in standard deviations


def found(formula: str, correlations: str = ""):
    text = CHOICE.replace("FORMULA", formula).replace("CORRELATIONS\n", correlations)
    finding = flips(Study(Case("choice", "choice.yaml", text), worlds=256), "attack")
    return {table.name: table for table in finding.tables}, finding


def test_the_threshold_of_a_choice_between_two_actions() -> None:
    tables, finding = found("q1 - 0.25")
    (row,) = tables["thresholds"].rows
    assert row[0] == "q1"
    assert row[4] == pytest.approx(0.25, abs=THRESHOLD)
    assert row[5:] == ("inside", "hold")
    assert "“strike”" in finding.judgements[0]


def test_every_threshold_of_a_lead_that_is_not_monotone() -> None:
    tables, _ = found("(q1 - 0.5) * (q1 - 1.5) + 0.1")
    values = [row[4] for row in tables["thresholds"].rows]
    roots = np.sort(np.roots([1, -2, 0.85]))
    assert sorted(values) == pytest.approx(roots, abs=THRESHOLD)


@pytest.mark.parametrize(("correlations", "rank"), [("", 0.0), (CORRELATED, 0.6)])
def test_the_nearest_flip_of_a_linear_gap(correlations: str, rank: float) -> None:
    """Distance = mean of the gap over its standard deviation (Hasofer & Lind 1974)."""
    tables, _ = found("q1 + 0.5 * q2 - 0.5", correlations)
    variance = 0.25 + 0.25 + 2 * 0.5 * 0.5 * pearson(rank)
    nearest = tables["nearest"].rows[0]
    assert nearest[1] == pytest.approx(1.5 / np.sqrt(variance), abs=DISTANCE)
    assert nearest[4] == "yes"


def test_sparser_flips_are_farther() -> None:
    tables, _ = found("q1 + 0.5 * q2 - 0.5")
    distances = [row[1] for row in tables["nearest"].rows]
    assert distances[1] > distances[0] - DISTANCE
    assert distances[1] == pytest.approx(3.0, abs=DISTANCE)  # either number alone: 1.5 / 0.5


def test_few_numbers_move_while_correlated_ones_stay() -> None:
    """To move q1 alone by t of its standard deviations is as surprising as t times the root of its entry in the inverse correlation."""
    tables, _ = found("q1 + 0.4 * q2 - 0.3", CORRELATED)
    r = pearson(0.6)
    alone = {row[0]: row for row in tables["nearest"].rows}["q1"]
    assert alone[1] == pytest.approx(3.0 / np.sqrt(1 - r**2), abs=DISTANCE)
    assert alone[3] == "q1 1 → -0.5"
    both = {row[0]: row for row in tables["nearest"].rows}
    assert both["all together"][1] == pytest.approx(min(row[1] for row in both.values()), abs=DISTANCE)


def test_the_nearest_of_several_flips_is_that_of_the_nearest_rival() -> None:
    """Two rivals at a distance of 3 and of 2 standard deviations, on both sides of the same number."""
    text = CHOICE.replace("CORRELATIONS\n", "").replace("FORMULA", "0") + (
        '      low: {end: a, payoffs: {a: "0 - 1 - (q1 - 1) + 0.5"}}\n      high: {end: b, payoffs: {a: "(q1 - 1) - 1.5"}}\n'
    )
    text = text.replace("hold: {end: peace, payoffs: {a: 0}}", "hold: {end: peace, payoffs: {a: 0.5}}")
    finding = flips(Study(Case("choice", "choice.yaml", text), worlds=256), "attack")
    nearest = next(table for table in finding.tables if table.name == "nearest").rows[0]
    assert (nearest[1], nearest[2]) == (pytest.approx(2.0, abs=DISTANCE), "low")


def test_the_threshold_of_a_contest() -> None:
    """Worth it where v x / (x + c) > k, so from x = c k / (v - k) on (Tullock 1980)."""
    tables, _ = found('"contest(max(q1, 0), 3, 1) - 0.3"')
    (row,) = tables["thresholds"].rows
    assert row[4] == pytest.approx(3 * 0.3 / 0.7, abs=THRESHOLD)


WEIGHTS = """
scenario: A choice that hangs on three weights
players:
  a: {name: A, precision: 5, weights: {dirichlet: {x: 4, y: 3, z: 3}, known to: all}}
stakes: {x: X, y: Y, z: {title: Z, worst: 1, best: 0}}
timeline:
  - move: attack
    player: a
    actions:
      hold: {end: peace, gains: {z: 0}}
      strike: {end: war, gains: {x: 1, y: 0.2, z: 1}}
"""


def test_a_weight_moves_while_the_others_keep_their_proportions() -> None:
    """With weights w and the rest in proportion, x + 0.2 y - z is nil where x = (z0 - 0.2 y0) (1 - x) / (1 - x0)."""
    finding = flips(Study(Case("weights", "weights.yaml", WEIGHTS), worlds=256), "attack")
    tables = {table.name: table for table in finding.tables}
    mean = {
        name: float(values.mean())
        for name, values in Latent(Case("w", "w.yaml", WEIGHTS).scenario).drawn_weights["a"].items()
    }
    rest = (mean["z"] - 0.2 * mean["y"]) / (1 - mean["x"])
    expected = rest / (1 + rest)
    row = next(row for row in tables["thresholds"].rows if row[0] == "a.weights.x")
    assert row[4] == pytest.approx(expected, abs=1e-6)
    alone = next(row for row in tables["nearest"].rows if row[0].count(",") == 0 and row[0] != "all together")
    assert tables["nearest"].rows[0][1] <= alone[1] + DISTANCE
    assert alone[4] == "yes"


def test_weights_that_not_all_know_stay_as_their_types() -> None:
    """They are decided within the game, so that in no world do they move; other numbers do."""
    text = WEIGHTS.replace("known to: all", "known to: a, types: 2").replace("x: 1, y", "x: much, y")
    text = text.replace("timeline:", "quantities: {known to all: {much: 0.4 to 0.8}}\ntimeline:", 1)
    text = text.replace("players:", "players:\n  b: {name: B, precision: 5}", 1)
    tables = {table.name: table for table in flips(Study(Case("w", "w.yaml", text), worlds=256), "attack").tables}
    assert [row[0] for row in tables["tornado"].rows] == ["much"]


def test_a_decision_that_nothing_flips_says_so() -> None:
    tables, finding = found("exp(q1)")
    assert not tables["thresholds"].rows
    assert not tables["nearest"].rows
    assert "No single number flips it" in finding.judgements[1]


def test_the_map_changes_where_the_gap_does() -> None:
    tables, _ = found("q1 + 0.5 * q2 - 1.8")
    letters = np.array([row[1:] for row in tables["map"].rows])
    assert {*letters.ravel()} == {"A", "B"}
    assert letters[0, 0] != letters[-1, -1]


def test_the_least_reweighting() -> None:
    assert reweighting_nats(0.5, 0.5) == pytest.approx(0, abs=1e-12)
    assert reweighting_nats(0.75, 0.25) == pytest.approx(0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25), abs=1e-12)
    assert reweighting_nats(1.0, 0.0) is None


def test_log_ratios_are_orthonormal_and_centred_on_the_prior_mean() -> None:
    basis = helmert(4)
    assert basis.T @ basis == pytest.approx(np.eye(3), abs=1e-12)
    assert basis.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    drawn = dict(zip("abc", np.random.default_rng(1).dirichlet([3, 2, 1], 2000).T, strict=True))
    weights = Simplex.of(drawn).weights(np.zeros((2, 1)))
    assert [one[0] for one in weights.values()] == pytest.approx([one.mean() for one in drawn.values()], abs=1e-12)


def test_the_origin_is_the_central_world() -> None:
    text = CHOICE.replace("FORMULA", "q1 - q2").replace("CORRELATIONS\n", CORRELATED)
    latent = Latent(Case("choice", "choice.yaml", text).scenario)
    worlds = latent.worlds(np.zeros((2, 1)))
    assert [worlds.quantities[name][0] for name in ("q1", "q2")] == pytest.approx([1, 2], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "decision"), [("signorino-deterrence", "challenge"), ("asymmetric-deterrence", "demand")]
)
def test_a_scenario_without_numbers_to_move_is_a_message(name: str, decision: str) -> None:
    with pytest.raises(UsageError, match="nothing to move"):
        flips(Study(load(name), worlds=16), decision)


def test_a_number_stays_finite_however_far_a_search_goes() -> None:
    latent = Latent(Study(load("kazakhstan-ukraine-2022")).scenario)
    far = np.array([-1e9, -40.0, 40.0, 1e9])
    for name in latent.numbers:
        values = latent.number_at(name, far)
        assert np.isfinite(values).all()
        assert values[0] == values[1] <= values[2] == values[3]
    tables = flips(Study(load("kazakhstan-ukraine-2022"), worlds=100), "show").tables
    assert {table.name for table in tables} >= {"thresholds", "nearest"}
