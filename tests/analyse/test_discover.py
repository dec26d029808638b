"""Boxes: planted ones are found, with categories and weights too; noise has none."""

from __future__ import annotations

import numpy as np
import pytest

from stratagem.analyse.box import Limit, box_of, holds_of, joined, needless, sample_of
from stratagem.analyse.discover import discover, prim, tree
from stratagem.analyse.halves import HALVES, check
from stratagem.analyse.prim import find_box, peel
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError
from stratagem.graph.game import Floats

WORLDS = 3000
SEEDS = 12
EDGE = 0.05  # how far the edge of a box may be from where it was planted, in shares of the range
DENSITY = 0.04  # how far its density may be off

CRISIS = """
scenario: A threshold
players:
  a: {name: A}
timeline:
  - move: choose
    player: a
    actions:
      go: {payoffs: {a: "if luck > 0.4 and (kind == 1 or kind == 3) then 1 else -1"}}
      wait: {payoffs: {a: 0}}
quantities:
  known to all:
    luck: uniform 0 to 1
    kind: one of 1, 2, 3
    idle: uniform 0 to 1
"""


def numbers(seed: int = 0, worlds: int = WORLDS, count: int = 6) -> dict[str, Floats]:
    draws = np.random.default_rng(seed).random((count, worlds))
    return {f"x{place}": row for place, row in enumerate(draws)}


def planted(inputs: dict[str, Floats], seed: int = 0) -> Floats:
    """True in nine of ten worlds of a box, and in one of ten elsewhere."""
    inside = (inputs["x0"] > 0.4) & (inputs["x1"] < 0.5)
    return np.random.default_rng([seed, 1]).random(len(inside)) < np.where(inside, 0.9, 0.1)


def test_a_planted_box_is_found() -> None:
    inputs = numbers()
    (one,) = prim(inputs, planted(inputs)).found
    limits = {limit.name: limit for limit in one.box.limits}
    assert set(limits) == {"x0", "x1"}
    assert limits["x0"].low == pytest.approx(0.4, abs=EDGE)
    assert limits["x1"].high == pytest.approx(0.5, abs=EDGE)
    assert one.box.density == pytest.approx(0.9, abs=DENSITY)
    assert one.check.density == pytest.approx(0.9, abs=DENSITY)
    assert one.check.again["x0"] == pytest.approx(1, abs=1e-9)
    assert one.box.mass == pytest.approx(0.3, abs=0.03)


def test_density_coverage_and_mass_are_those_of_the_worlds_inside() -> None:
    inputs = numbers()
    outcome = planted(inputs)
    (one,) = prim(inputs, outcome).found
    inside = np.all([limit.holds(inputs[limit.name]) for limit in one.box.limits], axis=0)
    assert one.box.density == pytest.approx(outcome[inside].mean(), abs=1e-12)
    assert one.box.coverage == pytest.approx(outcome[inside].sum() / outcome.sum(), abs=1e-12)
    assert one.box.mass == pytest.approx(inside.mean(), abs=1e-12)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_noise_has_no_box(seed: int) -> None:
    inputs = numbers(seed, worlds=1000, count=10)
    outcome = np.random.default_rng([seed, 2]).random(1000) < 0.3
    assert prim(inputs, outcome, seed=seed).found == ()
    assert tree(inputs, outcome, seed=seed).boxes == ()


def test_the_check_refuses_what_the_search_finds_in_noise() -> None:
    """Without the tests on the way a search always finds something; on the other half it is not there."""
    sample = sample_of(numbers(4, worlds=1000, count=10), np.random.default_rng(5).random(1000) < 0.3)
    limits = peel(sample).best()
    assert box_of(sample, limits).density > sample.base + 0.05
    checked = check(sample, lambda half: box_of(half, peel(half).best()))
    assert not checked.stands
    assert checked.halves == HALVES
    assert checked.density == pytest.approx(sample.base, abs=0.05)


def test_categories_are_peeled_one_by_one() -> None:
    inputs = numbers()
    kind = np.random.default_rng(7).integers(0, 4, WORLDS).astype(float)
    inside = ((kind == 0) | (kind == 2)) & (inputs["x0"] > 0.5)
    outcome = np.random.default_rng(8).random(WORLDS) < np.where(inside, 0.85, 0.1)
    (one,) = prim({**inputs, "kind": kind}, outcome).found
    limits = {limit.name: limit for limit in one.box.limits}
    assert limits["kind"].values == (0.0, 2.0)
    assert limits["x0"].low == pytest.approx(0.5, abs=EDGE)
    best = tree({**inputs, "kind": kind}, outcome).boxes[0]
    assert next(limit for limit in best.limits if limit.name == "kind").values == (0.0, 2.0)


def test_numbers_with_many_ties_are_cut_between_them() -> None:
    level = np.random.default_rng(9).integers(0, 12, WORLDS).astype(float)
    outcome = np.random.default_rng(10).random(WORLDS) < np.where(level >= 8, 0.9, 0.1)
    (one,) = prim({**numbers(), "level": level}, outcome).found
    assert one.box.limits == (Limit("level", low=7.5),)


def test_weights_count_as_so_many_worlds() -> None:
    inputs, counts = numbers(worlds=1500), np.random.default_rng(3).integers(0, 4, 1500)
    outcome = planted(inputs)
    repeated = {name: np.repeat(values, counts) for name, values in inputs.items()}
    weighted = find_box(sample_of(inputs, outcome, counts.astype(float)))
    twice = find_box(sample_of(repeated, np.repeat(outcome, counts)))
    assert weighted is not None
    assert twice is not None
    assert weighted.restricted == twice.restricted
    assert (weighted.density, weighted.mass) == pytest.approx((twice.density, twice.mass), abs=0.02)
    assert weighted.density == pytest.approx(np.average(outcome[_inside(inputs, weighted.limits)], weights=counts[_inside(inputs, weighted.limits)]), abs=1e-12)  # fmt: skip


def _inside(inputs: dict[str, Floats], limits: tuple[Limit, ...]) -> np.ndarray:
    return np.all([limit.holds(inputs[limit.name]) for limit in limits], axis=0)


def test_worlds_of_no_weight_do_not_count() -> None:
    inputs = numbers()
    outcome, weight = planted(inputs), np.ones(WORLDS)
    weight[: WORLDS // 2] = 0
    spoilt = np.where(weight > 0, outcome, ~outcome)
    assert find_box(sample_of(inputs, spoilt, weight)) == find_box(sample_of(inputs, outcome, weight))


def test_two_boxes_are_found_one_after_the_other() -> None:
    inputs = numbers(worlds=6000)
    low, high = (inputs["x0"] < 0.25) & (inputs["x1"] < 0.6), (inputs["x2"] > 0.75) & (inputs["x0"] > 0.5)
    outcome = np.random.default_rng(11).random(6000) < np.where(low | high, 0.95, 0.05)
    first, second = prim(inputs, outcome).found[:2]
    assert {frozenset(first.box.restricted), frozenset(second.box.restricted)} == {
        frozenset({"x0", "x1"}),
        frozenset({"x0", "x2"}),
    }


def test_with_correlated_quantities_the_box_is_on_the_one_that_counts() -> None:
    inputs = numbers()
    latent = np.random.default_rng(12).standard_normal((2, WORLDS))
    inputs |= {"cause": latent[0], "companion": 0.7 * latent[0] + np.sqrt(0.51) * latent[1]}
    outcome = np.random.default_rng(13).random(WORLDS) < np.where(latent[0] > 0.5, 0.9, 0.1)
    (one,) = prim(inputs, outcome).found
    assert one.box.restricted == ("cause",)


def test_a_tree_finds_the_planted_box() -> None:
    inputs = numbers()
    best = tree(inputs, planted(inputs)).boxes[0]
    limits = {limit.name: limit for limit in best.limits}
    assert limits["x0"].low == pytest.approx(0.4, abs=EDGE)
    assert limits["x1"].high == pytest.approx(0.5, abs=EDGE)
    assert best.density == pytest.approx(0.9, abs=DENSITY)


def test_leaves_share_out_all_worlds() -> None:
    inputs = numbers()
    found = tree(inputs, planted(inputs))
    assert sum(box.mass for box in found.boxes) == pytest.approx(1, abs=1e-12)
    assert sum(box.coverage for box in found.boxes) == pytest.approx(1, abs=1e-12)


def test_a_needless_limit_has_a_large_quasi_p() -> None:
    inputs = numbers()
    sample = sample_of(inputs, planted(inputs))
    limits = [Limit("x0", low=0.4), Limit("x1", high=0.5), Limit("x3", low=0.3)]
    quasi_p, quality = needless(sample, holds_of(sample, limits))
    assert quasi_p[:2].max() < 1e-6
    assert quasi_p[2] > 0.05
    assert quality == pytest.approx([box_of(sample, limits[:n] + limits[n + 1 :]).quality for n in range(3)], abs=1e-12)


def test_limits_on_one_quantity_are_joined() -> None:
    assert joined([Limit("x", low=1), Limit("y", high=0), Limit("x", high=3), Limit("x", low=2)]) == [
        Limit("x", 2, 3),
        Limit("y", high=0),
    ]
    assert joined([Limit("k", values=(1, 2)), Limit("k", values=(2, 3))]) == [Limit("k", values=(2,))]


@pytest.mark.parametrize(
    ("outcome", "weight", "message"),
    [
        (np.zeros(3), None, "as many numbers"),
        (np.full(WORLDS, 2.0), None, "from 0 to 1"),
        (np.full(WORLDS, np.nan), None, "from 0 to 1"),
        (np.zeros(WORLDS), np.zeros(WORLDS), "no world weighs anything"),
        (np.zeros(WORLDS), np.full(WORLDS, -1.0), "no world weighs anything"),
    ],
)
def test_numbers_without_a_box_are_refused(outcome: Floats, weight: Floats | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        prim(numbers(), outcome, weight)


def test_the_worlds_of_a_crisis_in_which_it_comes_to_it() -> None:
    finding = discover(Study(Case("crisis", "crisis.yaml", CRISIS), worlds=2048), "choose", "go")
    (row,) = next(one for one in finding.tables if one.name == "boxes").rows
    assert row[1] == pytest.approx(1, abs=0.01)
    assert "luck is at least 0." in str(row[-1])
    assert "kind is 1 or 3" in str(row[-1])
    assert "idle" not in str(row[-1])


def test_an_option_that_is_the_same_in_every_world_needs_no_explanation() -> None:
    text = CRISIS.replace("luck > 0.4 and (kind == 1 or kind == 3)", "luck >= 0")
    finding = discover(Study(Case("crisis", "crisis.yaml", text), worlds=512), "choose")
    assert finding.judgements[0].startswith("There is nothing to explain")
    assert all(not table.rows for table in finding.tables)


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(UsageError, match=r"unknown option `gone` .*did you mean `go`"):
        discover(Study(Case("crisis", "crisis.yaml", CRISIS), worlds=512), "choose", "gone")


def test_the_founding_case() -> None:
    finding = discover(Study(load("kazakhstan-ukraine-2022"), worlds=1500), "west_course", "offensive")
    rows = next(one for one in finding.tables if one.name == "boxes").rows
    assert rows
    assert "optimism" in str(rows[0][-1])
    assert isinstance(rows[0][1], float)
    assert isinstance(rows[0][4], float)
    assert rows[0][1] > rows[0][4]
