"""Exact slopes of a decision's lead: those of central differences, and the same flips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stratagem.analyse.flips import flips
from stratagem.analyse.lead import Setting, setting_of
from stratagem.analyse.study import Study
from stratagem.catalogue import Case, load
from tests.analyse.test_flips import CHOICE, CORRELATED, WEIGHTS

pytest.importorskip("jax")

STEP = 1e-4  # standard deviations
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "two-theatres.yaml"
DECISIONS: dict[str, tuple[Case, str]] = {
    "two correlated numbers": (
        Case("choice", "c.yaml", CHOICE.replace("FORMULA", "q1 ^ 2 - 0.3 * q2").replace("CORRELATIONS\n", CORRELATED)),
        "attack",
    ),
    "three weights": (Case("weights", "w.yaml", WEIGHTS), "attack"),
    "a move of before": (load(str(TUTORIAL)), "again"),
}


def setting(name: str, engine: str) -> Setting:
    case, decision = DECISIONS[name]
    study = Study(case, worlds=64, engine=engine)
    return setting_of(study, study.decision(decision))


@pytest.mark.parametrize("name", DECISIONS)
def test_slopes_are_those_of_central_differences(name: str) -> None:
    exact, plain = setting(name, "jax"), setting(name, "numpy")
    dim, rng = len(plain.latent.names), np.random.default_rng(1)
    points, rivals = [rng.normal(size=dim) for _ in range(6)], 1 + np.arange(6) % (len(plain.options) - 1)
    assert exact.exact is not None
    assert plain.exact is None
    leads, slopes = exact.exact.slopes(np.column_stack(points), 0, rivals)
    for place, (point, rival) in enumerate(zip(points, rivals, strict=True)):
        sides = np.column_stack([point, point[:, None] + STEP * np.eye(dim), point[:, None] - STEP * np.eye(dim)])
        values = plain.values(plain.latent.worlds(sides))
        here, *others = values[0] - values[rival]
        assert leads[place] == pytest.approx(here, abs=1e-11)
        np.testing.assert_allclose(
            slopes[:, place], np.subtract(*np.split(np.array(others), 2)) / (2 * STEP), atol=1e-7
        )


@pytest.mark.parametrize("name", DECISIONS)
def test_flips_are_as_near_with_exact_slopes(name: str) -> None:
    case, decision = DECISIONS[name]
    one, other = (
        next(
            table for table in flips(Study(case, worlds=64, engine=engine), decision).tables if table.name == "nearest"
        )
        for engine in ("jax", "numpy")
    )
    assert [row[1] for row in one.rows] == pytest.approx([row[1] for row in other.rows], abs=1e-6)
    assert {row[4] for row in one.rows} == {"yes"}


def test_a_best_reply_has_no_slopes() -> None:
    study = Study(load("tullock-two-theatres"), worlds=64, engine="jax")
    step = next(number for number, one in enumerate(study.game.steps) if one.player >= 0)
    assert setting_of(study, step).exact is None
