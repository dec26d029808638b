"""Options side by side: known lotteries, dominance, and samples that agree with exact means."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.analyse.options import compare, dominates, options, risk_of, tail_of
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError

WORLDS = 4096
ERRORS = 5  # standard errors that a sampled number may be off

LOTTERY = """
scenario: A lottery beside a sure thing
players:
  a: {name: A, precision: 1}
timeline:
  - move: choose
    player: a
    actions:
      sure: {end: sure, payoffs: {a: 0.5}}
      risky:
      worse:
  - chance: draw
    outcomes:
      high: {probability: 0.5, payoffs: {a: "if choose == risky then 10 else 9"}}
      none_at_all: {probability: 0.3, payoffs: {a: "if choose == risky then 0 else -1"}}
      low: {probability: 0.2, payoffs: {a: "if choose == risky then -20 else -21"}}
claims:
  C: {at: paper P1, says: Risky is compared with sure., modelled by: [choose.sure, choose.risky]}
sources:
  paper: A paper
"""


def study(text: str = LOTTERY) -> Study:
    return Study(Case("lottery", "lottery.yaml", text), worlds=WORLDS)


def test_the_known_lottery() -> None:
    """Mean 1, variance 129, mean of the worst quarter -16 (Pratt 1964; Rockafellar & Uryasev 2000)."""
    (situation,) = compare(study(), 0, believed=True)
    risky = next(one for one in situation.options if one.name == "risky")
    risk = risk_of(risky, 0.0)
    assert risk.mean == pytest.approx(1, abs=1e-12)
    assert risk.over_chance == pytest.approx(np.sqrt(129), rel=0.02)
    assert risk.over_worlds == pytest.approx(0, abs=1e-12)
    assert risk.below == pytest.approx(0.2, abs=ERRORS * np.sqrt(0.16 / risky.totals.size))
    assert risky.totals.mean() == pytest.approx(risk.mean, abs=ERRORS * risk.error)
    assert risk.worst == -20


def test_the_tail_splits_the_atom_at_its_edge() -> None:
    values, chances = np.array([10.0, 0.0, -20.0]), np.array([0.5, 0.3, 0.2])
    assert tail_of(values, chances, 0.25) == pytest.approx((0, -16), abs=1e-12)
    assert tail_of(values, chances, 0.2) == pytest.approx((-20, -20), abs=1e-12)
    assert tail_of(values, chances, 1.0)[1] == pytest.approx(1, abs=1e-12)


def test_dominance_of_known_lotteries() -> None:
    low, high = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.5, 2.0])
    wide, narrow = np.array([-1.0, 1.0, 3.0]), np.array([0.0, 1.0, 2.0])
    assert dominates(high, low, 1)
    assert not dominates(low, high, 1)
    assert dominates(narrow, wide, 2)
    assert not dominates(narrow, wide, 1)
    assert not dominates(low, low, 2)


def test_a_sure_loss_on_top_is_dominated_at_first_order_because_draws_are_paired() -> None:
    table = next(one for one in options(study(), "choose").tables if one.name == "dominance_1")
    assert ("risky", "worse", "first") in table.rows
    assert not any(row[0] == "worse" for row in table.rows)


def test_claims_say_what_they_leave_out() -> None:
    table = options(study(), "choose").tables[-1]
    assert table.rows == (("C", "Risky is compared with sure.", "sure, risky", "worse"),)


def test_regret_counts_against_the_best_of_each_world() -> None:
    table = next(one for one in options(study(), "choose").tables if one.name == "regret_1")
    regret = {row[0]: row[1] for row in table.rows}
    assert regret == pytest.approx({"sure": 0.5, "risky": 0.0, "worse": 1.0}, abs=1e-12)


def test_samples_agree_with_exact_means_on_the_founding_case() -> None:
    study = Study(load("kazakhstan-ukraine-2022"), worlds=512)
    found = compare(study, study.decision("west_course"), believed=True)
    assert len(found) >= 2
    for situation in found:
        for one in situation.options:
            risk = risk_of(one, 0.0)
            weight = np.tile(one.weight, (len(one.totals), 1))
            sampled = np.nansum(one.totals * weight) / weight.sum()
            assert sampled == pytest.approx(risk.mean, abs=ERRORS * risk.error), (situation.title, one.name)


def test_by_true_numbers_an_optimist_gains_less() -> None:
    text = LOTTERY.replace("probability: 0.5", "probability: luck").replace("probability: 0.2", "probability: rest")
    text = text.replace("probability: 0.3", "probability: 0.3") + "quantities:\n  known to all:\n    luck: 0.5\n"
    text += "perceptions:\n  a: {luck: 0.7}\n"
    believed, true = (compare(study(text), 0, believed=side)[0].options[1] for side in (True, False))
    assert believed.means == pytest.approx(np.full(WORLDS, 7.0), abs=1e-12)
    assert true.means == pytest.approx(np.full(WORLDS, 1.0), abs=1e-12)
    assert true.totals.mean() == pytest.approx(1.0, abs=ERRORS * risk_of(true, 0.0).error)


@pytest.mark.parametrize("reference", [float("nan"), float("inf")])
def test_a_reference_is_a_number(reference: float) -> None:
    with pytest.raises(UsageError, match=r"the reference `(nan|inf)`; a payoff, as a number"):
        options(study(), "choose", reference)
