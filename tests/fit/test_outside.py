"""Forecasts of rows held back: what is chosen is chosen without them, and scores are what a pencil gives."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("formulaic")

from fit_models import DISPUTES, deterrence, public_table, with_outcomes

from stratagem.cli import main
from stratagem.errors import DataError, UsageError
from stratagem.fit.estimate import Request, fit
from stratagem.fit.outside import cross_validate, score_outside
from stratagem.fit.problem import Problem, problem
from stratagem.fit.table import Table
from stratagem.fit.within import base_rates, choose_strength, counts, folds, pool_weights

TRUTH = np.array([0.3, -0.7, 0.4, 0.5, 0.8])
RIDGE = Request(starts=2, penalty=("ridge", 1.0))


def some_rows(count: int = 200, seed: int = 3) -> Problem:
    generator = np.random.default_rng(seed)
    columns = {"x": generator.normal(size=count), "z": generator.normal(size=count), "year": np.arange(count) + 1800.0}
    columns["group"] = np.repeat(np.arange(count // 4), 4).astype(float)
    return with_outcomes(deterrence("cluster: group\n"), columns, TRUTH, seed)


def other_outcomes(table: Table, condition: np.ndarray) -> Table:
    """The table with every outcome in some rows replaced by another."""
    following = {"peace": "loss", "loss": "war", "war": "peace"}
    changed = np.where(condition, [following[str(one)] for one in table.column("y")], table.column("y"))
    return Table(table.file, {**table.columns, "y": changed.astype(object)}, table.lines)


def test_folds_keep_groups_together_and_hold_back_each_row_once() -> None:
    fitting = some_rows()
    parts = folds(fitting, 1)
    assert sum(test.astype(int) for _, test in parts).tolist() == [1] * 200  # type: ignore[union-attr]
    group = fitting.table.column("group").astype(float)
    for train, test in parts:
        assert not set(group[train]) & set(group[test])


def test_folds_in_order_forecast_later_rows_from_all_earlier_ones() -> None:
    fitting = some_rows()
    year = fitting.table.column("year").astype(float)
    for train, test in folds(fitting, 1, "year"):
        assert year[train].max() < year[test].min()
        assert train.sum() == (year < year[test].min()).sum()


def test_a_fold_that_cannot_be_held_back_is_a_clear_fault() -> None:
    fitting = some_rows()
    alone = Table("made.csv", {**fitting.table.columns, "group": np.ones(200)}, fitting.table.lines)
    with pytest.raises(DataError, match="no fold can be held back by group"):
        folds(problem(fitting.model, alone), 1)
    with pytest.raises(UsageError, match="holds words"):
        folds(fitting, 1, "y")


def test_the_weights_of_a_pool_maximise_its_likelihood() -> None:
    """Two forecasters that are sure of opposite things: the weights are the shares of what came, less what each concedes."""
    seen = np.zeros((2, 100))
    seen[0, :70], seen[1, 70:] = 1, 1
    sure = np.array([[0.9], [0.1]]).repeat(100, 1)
    weight = (0.7 - 0.1) / (0.9 - 0.1)
    assert pool_weights([sure, sure[::-1]], seen) == pytest.approx([weight, 1 - weight], abs=1e-6)


def test_what_is_chosen_and_forecast_does_not_depend_on_what_happened_in_the_rows_held_back() -> None:
    fitting = some_rows()
    changed = other_outcomes(fitting.table, fitting.table.column("year").astype(float) >= 1940)
    scores = []
    for table in (fitting.table, changed):
        inside = problem(fitting.model, table.rows(table.column("year").astype(float) < 1940))
        chosen = choose_strength(inside, "ridge", Request(starts=2), "year")
        request = Request(starts=2, penalty=("ridge", chosen.strength))
        fitted = fit(inside, request)
        (found, _), _ = score_outside(fitting.model, table, "year >= 1940", request, (), fitted, "year", chosen)
        scores.append((chosen.strength, chosen.scores, fitted.coefficients.tolist(), found))
    assert scores[0][:3] == scores[1][:3]
    assert scores[0][3].rows != scores[1][3].rows


def test_scores_are_the_mean_of_minus_the_logarithm_of_what_was_given_to_what_came() -> None:
    fitting = some_rows()
    late = fitting.table.column("year").astype(float) >= 1940
    inside = problem(fitting.model, fitting.table.rows(~late))
    fitted = fit(inside, RIDGE)
    (table, came_true), sentence = score_outside(fitting.model, fitting.table, "year >= 1940", RIDGE, (), fitted)
    mean = {str(row[0]): row[1] for row in table.rows}
    chances = problem(fitting.model, fitting.table.rows(late)).outcomes(fitted.coefficients)
    came = fitting.table.column("y")[late]
    assert mean["this model"] == pytest.approx(-np.mean([math.log(chances[str(y)][at]) for at, y in enumerate(came)]))
    before = list(fitting.table.column("y")[~late])
    assert mean["base rate"] == pytest.approx(-np.mean([math.log(before.count(y) / len(before)) for y in came]))
    for outcome in ("peace", "loss", "war"):
        bins = [row for row in came_true.rows if row[0] == outcome]
        assert sum(row[3] for row in bins) == len(came)
        assert sum(row[2] * row[3] for row in bins) == pytest.approx(list(came).count(outcome))
        assert sum(row[1] * row[3] for row in bins) == pytest.approx(chances[outcome].sum())
    assert f"the log score is {mean['this model']:.3f}" in sentence


def test_cross_validation_scores_every_fold_from_the_others() -> None:
    fitting = some_rows()
    (table, _), _ = cross_validate(fitting, RIDGE)
    mean = {str(row[0]): row[1] for row in table.rows}
    total = 0.0
    for train, test in folds(fitting, 1):
        fitted = fit(fitting.rows(train), RIDGE)
        total -= fitting.rows(test).likelihood().by_row(fitted.coefficients).sum()
    assert mean["this model"] == pytest.approx(total / 200)
    assert {"multinomial logit", "penalised logit", "model without penalty", "base rate"} <= set(mean)


def test_rows_of_a_single_cluster_get_no_interval() -> None:
    fitting = some_rows()
    late = fitting.table.column("group").astype(float) == 49
    inside = problem(fitting.model, fitting.table.rows(~late))
    (scores, _), sentence = score_outside(fitting.model, fitting.table, "group == 49", RIDGE, (), fit(inside, RIDGE))
    assert [row[2:4] for row in scores.rows] == [(None, None)] * len(scores.rows)
    assert "one cluster: no interval" in sentence


def test_a_base_rate_gives_an_outcome_that_never_came_some_chance() -> None:
    fitting = some_rows()
    calm = fitting.rows(fitting.table.column("y") == "peace")
    came = counts(calm).sum()
    assert base_rates(calm, 3)[:, 1] == pytest.approx(np.array([came + 0.5, 0.5, 0.5]) / (came + 1.5))


def test_the_disputes_of_the_nineteenth_century_forecast_from_those_before_1870(tmp_path: Path) -> None:
    """What is reported: with a ridge chosen within the earlier years the game does better than the base rate, though not for sure,
    and no better than a multinomial logit treated alike; without a penalty both are separated and do far worse."""
    public_table("war1800.csv")
    file = tmp_path / "model.yaml"
    file.write_text(DISPUTES + "errors: {shape: probit}\n", "utf-8")
    data = Path(os.environ["STRATAGEM_DATA"]) / "war1800.csv"
    asked = ["--penalty", "ridge", "--choose-within", "--order", "year", "--cluster", "midnum", "--json"]
    done = CliRunner().invoke(main, ["fit", str(file), str(data), "--test", "year >= 1870", *asked])
    assert done.exit_code == 0, done.output
    finding = json.loads(done.stdout)
    assert finding["manifest"]["penalty"] == ["ridge", 3.0]
    rows = {one["forecaster"]: one for one in finding["tables"]["scores"]}
    expected = {
        "this model": 1.1131,
        "penalised logit": 1.0805,
        "pool of model, logit and base rate": 1.0761,
        "base rate": 1.1596,
    }
    for name, score in expected.items():
        assert rows[name]["score"] == pytest.approx(score, abs=2e-3)
    assert rows["this model"]["p5"] == pytest.approx(1.029, abs=0.01)
    assert rows["this model"]["p95"] == pytest.approx(1.211, abs=0.01)
    assert rows["base rate"]["better_p5"] < 0 < rows["base rate"]["better_p95"]
    assert rows["multinomial logit"]["score"] > 1.4
    assert rows["model without penalty"]["score"] > 1.8
    assert "Without a maximum (separation)" in " ".join(finding["judgements"])
