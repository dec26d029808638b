"""Shapley effects against closed forms: independent and correlated inputs, SALib's analytic values, errors that mean something."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from stratagem.analyse.gap import payoff_gap, world_gap
from stratagem.analyse.sensitivity import sensitivity
from stratagem.analyse.shapley import Effects, effects
from stratagem.analyse.study import Study
from stratagem.analyse.subject import without_twins
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError
from stratagem.graph.game import Floats

WORLDS = 4000
ERRORS = 4  # standard errors that an estimate may be off
RESOLVED = 0.03  # share of the variance that pairs of polynomials may miss in these functions

CRISIS = """
scenario: A sum
players:
  a: {name: A, precision: 1}
timeline:
  - move: choose
    player: a
    actions:
      go: {payoffs: {a: "2 * big + small"}}
      wait: {payoffs: {a: 0}}
quantities:
  known to all:
    big: uniform -1 to 1
    small: uniform -1 to 1
    idle: uniform 0 to 1
"""


def named(rows: Floats) -> dict[str, Floats]:
    return {f"x{place + 1}": row for place, row in enumerate(rows)}


def shapley_of(found: Effects) -> dict[str, tuple[float, float]]:
    return {one.name: (one.shapley, one.shapley_error) for one in found.followed}


def found_effects(inputs: dict[str, Floats], output: Floats, **options: object) -> Effects:
    found = effects(inputs, output, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


def assert_near(found: Effects, truth: Floats) -> None:
    """Each effect within its stated error, and what is unresolved."""
    for place, expected in enumerate(truth):
        value, error = shapley_of(found)[f"x{place + 1}"]
        assert value == pytest.approx(expected, abs=ERRORS * error + max(found.unresolved, 0) + 1e-3), place


def ishigami(draws: np.random.Generator, worlds: int = WORLDS) -> tuple[Floats, Floats]:
    x = draws.uniform(-np.pi, np.pi, (3, worlds))
    return x, np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def ishigami_truth() -> tuple[Floats, Floats]:
    """First-order indices and Shapley effects at a = 7, b = 0.1 (Ishigami & Homma 1990; Saltelli et al. 2008, p. 179)."""
    first, second = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8
    both = 0.01 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = first + second + both
    return np.array([first, second, 0]) / whole, np.array([first + both / 2, second, both / 2]) / whole


def test_ishigami() -> None:
    x, y = ishigami(np.random.default_rng(1))
    found = found_effects(named(x), y)
    alone, shapley = ishigami_truth()
    assert_near(found, shapley)
    assert abs(found.unresolved) < RESOLVED
    for place, expected in enumerate(alone):
        value, error = found.alone[f"x{place + 1}"]
        assert value == pytest.approx(expected, abs=ERRORS * error + 0.01)


def test_the_g_function() -> None:
    """Sobol' 1993; Shapley effects as each interaction's variance shared out evenly (Owen 2014)."""
    a = np.array([0, 1, 4.5, 9, 99, 99, 99, 99])
    x = np.random.default_rng(2).random((8, WORLDS))
    y = np.prod((np.abs(4 * x - 2) + a[:, None]) / (1 + a[:, None]), axis=0)
    part = 1 / 3 / (1 + a) ** 2
    truth = np.zeros(8)
    for size in range(1, 9):
        for members in combinations(range(8), size):
            truth[list(members)] += np.prod(part[list(members)]) / size
    found = found_effects(named(x), y)
    assert_near(found, truth / (np.prod(1 + part) - 1))
    assert 0 < found.unresolved < RESOLVED


def test_correlated_normals() -> None:
    """A sum of three normals, two of them correlated: closed form of Owen & Prieur 2017 (JUQ 5:986), by the worth of each set."""
    rho, slope = 0.8, np.array([1.0, 1.0, 1.0])
    cover = np.array([[1, 0, 0], [0, 1, 2 * rho], [0, 2 * rho, 4]])
    x = np.linalg.cholesky(cover) @ np.random.default_rng(3).standard_normal((3, WORLDS))
    assert_near(found_effects(named(x), slope @ x), linear_truth(slope, cover))


def linear_truth(slope: Floats, cover: Floats) -> Floats:
    """The Shapley effects of `slope @ x` for normal x: the worth of a set is the variance of the mean given it."""
    size, whole = len(slope), float(slope @ cover @ slope)

    def worth(members: tuple[int, ...]) -> float:
        if not members:
            return 0.0
        rows = list(members)
        along = (cover @ slope)[rows]
        return float(along @ np.linalg.solve(cover[np.ix_(rows, rows)], along)) / whole

    truth = np.zeros(size)
    for one in range(size):
        others = [other for other in range(size) if other != one]
        for count in range(size):
            sets = list(combinations(others, count))
            truth[one] += np.mean([worth((*members, one)) - worth(members) for members in sets]) / size
    return truth


def test_the_closed_form_itself() -> None:
    """For two normals the effects are known in one line: (1/2)(1 ± …) of Owen & Prieur 2017, equation 11."""
    rho, slope = 0.6, np.array([1.0, 2.0])
    cover = np.array([[1, rho], [rho, 1]])
    whole = slope @ cover @ slope
    first = (slope[0] ** 2 * (1 - rho**2 / 2) + slope[0] * slope[1] * rho + slope[1] ** 2 * rho**2 / 2) / whole
    assert linear_truth(slope, cover) == pytest.approx([first, 1 - first], abs=1e-12)


def test_an_idle_quantity_shares_with_the_one_it_goes_with() -> None:
    cover = np.array([[1, 0.7], [0.7, 1]])
    x = np.linalg.cholesky(cover) @ np.random.default_rng(4).standard_normal((2, WORLDS))
    found = found_effects(named(x), x[0])
    assert_near(found, np.array([1 - 0.49 / 2, 0.49 / 2]))
    lost = {one.name: one.last for one in found.followed}
    assert lost["x2"] == pytest.approx(0, abs=1e-3)


def test_all_shares_sum_to_one() -> None:
    x = np.random.default_rng(5).random((20, WORLDS))
    y = x[:12].sum(axis=0) + 3 * x[0] * x[1]
    found = found_effects(named(x), y, followed=6)
    total = sum(one.shapley for one in found.followed) + found.rest + found.unresolved
    assert total == pytest.approx(1, abs=1e-9)
    assert len(found.rest_names) == 14
    assert found.unresolved == pytest.approx(0, abs=0.01)


def test_noise_is_unresolved() -> None:
    draws = np.random.default_rng(6)
    x = draws.random((10, WORLDS))
    found = found_effects(named(x), x[0] + np.sqrt(1 / 12) * draws.standard_normal(WORLDS))
    assert found.unresolved == pytest.approx(0.5, abs=0.05)
    assert all(abs(one.shapley) < ERRORS * one.shapley_error + 1e-3 for one in found.followed[1:])


def test_a_pure_interaction_is_not_screened_out() -> None:
    x = np.random.default_rng(7).uniform(-1, 1, (30, WORLDS))
    found = found_effects(named(x), x[0] + x[1] * x[2] + 0.1 * x[3:].sum(axis=0))
    assert {"x1", "x2", "x3"} <= {one.name for one in found.followed[:3]}


def test_stated_errors_are_those_of_repeated_draws() -> None:
    runs = [found_effects(*_ishigami_inputs(seed)) for seed in range(40)]
    for name in ("x1", "x2", "x3"):
        values = np.array([shapley_of(run)[name] for run in runs])
        assert np.mean(values[:, 1]) == pytest.approx(np.std(values[:, 0]), rel=0.4)


def _ishigami_inputs(seed: int) -> tuple[dict[str, Floats], Floats]:
    x, y = ishigami(np.random.default_rng([8, seed]), 1000)
    return named(x), y


def test_weights_count_as_so_many_worlds() -> None:
    """Worlds drawn evenly and weighted to a slope are as good as worlds drawn so."""
    x = np.random.default_rng(9).random((2, WORLDS))
    even = found_effects(named(x), x[0] + x[1])
    sloped = found_effects(named(x), x[0] + x[1], weight=2 * x[0])
    first = 1 / 18 / (1 / 18 + 1 / 12)  # the variance of a number with density 2x is 1/18
    assert shapley_of(even)["x1"][0] == pytest.approx(0.5, abs=0.03)
    assert shapley_of(sloped)["x1"][0] == pytest.approx(first, abs=0.03)


def test_categories_and_redundant_weights_are_borne() -> None:
    draws = np.random.default_rng(10)
    kind = draws.integers(0, 3, WORLDS).astype(float)
    share = draws.dirichlet(np.ones(3), WORLDS).T
    found = found_effects({**named(share), "kind": kind}, (kind == 1) + share[0])
    whole = 2 / 9 + 1 / 18
    assert shapley_of(found)["kind"][0] == pytest.approx(2 / 9 / whole, abs=0.03)
    assert shapley_of(found)["x1"][0] > shapley_of(found)["x2"][0]


def test_what_does_not_vary_has_no_effects() -> None:
    assert effects(named(np.random.default_rng(11).random((2, WORLDS))), np.full(WORLDS, 0.3)) is None


@pytest.mark.parametrize(
    ("output", "weight", "message"),
    [
        (np.zeros(3), None, "as many numbers"),
        (np.full(WORLDS, np.nan), None, "finite"),
        (np.zeros(WORLDS), np.full(WORLDS, -1.0), "at least 0"),
        (np.zeros(WORLDS), np.eye(1, WORLDS).ravel(), "count as 1 of equal weight"),
    ],
)
def test_numbers_that_tell_nothing_are_refused(output: Floats, weight: Floats | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        effects(named(np.random.default_rng(12).random((2, WORLDS))), output, weight)


def test_twins_are_named_and_left_out() -> None:
    x = np.random.default_rng(13).random(50)
    kept, twins = without_twins({"one": x, "rest": 1 - x, "other": x[::-1]})
    assert set(kept) == {"one", "other"}
    assert twins == {"one": ("rest",)}


def test_the_gap_by_world_has_the_pooled_gap_as_its_mean() -> None:
    study = Study(load("kazakhstan-ukraine-2022"), worlds=256)
    gap, weight = world_gap(study, 8, (0, 3))  # both stand wherever the move is reached
    counted = weight > 0
    pooled = payoff_gap(study, 8, (0, 3), None)
    assert gap[counted] @ weight[counted] / weight.sum() == pytest.approx(pooled.gap, rel=1e-9)


def test_a_crisis_with_a_known_gap() -> None:
    """The gap is 2 big + small, so that variances stand as four to one."""
    finding = sensitivity(Study(Case("crisis", "crisis.yaml", CRISIS), worlds=WORLDS), "choose", "go")
    rows = {row[0]: row for row in next(one for one in finding.tables if one.name == "gap").rows}
    assert rows["big"][1] == pytest.approx(0.8, abs=0.02)
    assert rows["small"][1] == pytest.approx(0.2, abs=0.02)
    assert rows["idle"][1] == pytest.approx(0, abs=0.01)
    assert "big accounts for 80 %" in finding.judgements[0]


def test_the_founding_case() -> None:
    finding = sensitivity(Study(load("kazakhstan-ukraine-2022"), worlds=1500), "west_course", "offensive")
    for name in ("gap", "chance"):
        rows = next(one for one in finding.tables if one.name == name).rows
        assert sum(float(row[1] or 0) for row in rows) == pytest.approx(1, abs=1e-9)
        assert rows[0][0] == "optimism"


def test_salib_agrees_on_the_ishigami_function() -> None:
    """SALib's Sobol' indices of independent inputs: a first-order index is what is resolved alone, a total one what is lost."""
    pytest.importorskip("SALib", reason="SALib is not installed: no comparison with its indices", exc_type=ImportError)
    from SALib.analyze import sobol  # noqa: PLC0415
    from SALib.sample import sobol as sampler  # noqa: PLC0415
    from SALib.test_functions import Ishigami  # noqa: PLC0415

    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}
    theirs = sobol.analyze(problem, Ishigami.evaluate(sampler.sample(problem, 1024, seed=1)), seed=1)
    x, y = ishigami(np.random.default_rng(14))
    found = found_effects(named(x), y)
    assert Ishigami.evaluate(x.T) == pytest.approx(y, abs=1e-12)
    for one in found.followed:
        place = int(one.name[1]) - 1
        assert one.alone == pytest.approx(theirs["S1"][place], abs=theirs["S1_conf"][place] + ERRORS * one.alone_error)
        assert one.last == pytest.approx(theirs["ST"][place], abs=theirs["ST_conf"][place] + 0.03)
