"""`stratagem fit --bayes` as a user runs it: what it prints, writes and refuses."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from fit_models import DETERRENCE, DISPUTES, public_table

pytest.importorskip("formulaic", reason="formulas are read by formulaic")
pytest.importorskip("numpyro", reason="NumPyro draws")

from stratagem.cli import main
from stratagem.fit.model_file import parse_model
from stratagem.fit.posterior import sample
from stratagem.fit.problem import problem

MODEL = DETERRENCE + "errors: {shape: logit}\n"
FEW = ("--draws", "150", "--warmup", "150", "--chains", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fit")
    random = np.random.default_rng(8)
    x, z = random.normal(size=(2, 60))
    goes, fights = 0.3 - x + random.logistic(size=60) > 0, z + random.logistic(size=60) > 0
    y = np.where(goes, np.where(fights, "war", "loss"), "peace")
    rows = [f"{1900 + at},{a:.3f},{b:.3f},{c}" for at, (a, b, c) in enumerate(zip(x, z, y, strict=True))]
    (made / "rows.csv").write_text("\n".join(["year,x,z,y", *rows, "1899,NA,0,war"]), "utf-8")
    (made / "new.csv").write_text("x,z\n0,0\n1,-1\n", "utf-8")
    (made / "model.yaml").write_text(MODEL, "utf-8")
    (made / "other.yaml").write_text(
        MODEL.replace("peace: x", "peace: 1").replace("war: 1}", "war: {fixed: 1}}"), "utf-8"
    )
    return made


def run(folder: Path, *more: str) -> Result:
    named = [str(folder / one) if one.endswith((".yaml", ".csv", ".nc")) else one for one in more]
    return CliRunner().invoke(main, ["fit", str(folder / "model.yaml"), str(folder / "rows.csv"), *named])


def test_all_that_can_be_asked_of_it_at_once(folder: Path) -> None:
    found = run(
        folder, "--bayes", *FEW, "--test", "year >= 1950", "--predict", "new.csv", "--vary", "x=-1:1", "--compare", "other.yaml",
        "--as-quantities", "quantities.yaml", "--arviz", "draws.nc", "--json",
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    assert answer["schema"] == "stratagem/fit/1"
    tables, manifest = answer["tables"], answer["manifest"]
    assert (manifest["method"], manifest["rows"], manifest["rows_dropped"], manifest["chains"]) == ("bayes", 50, 1, 2)
    assert {"coefficients", "diagnostics", "predictive_outcomes", "predictive_moves", "predictive_cells", "loo", "priors", "scores", "vary_x", "comparison", "predictions"} <= set(tables)  # fmt: skip
    assert not any("NaN" in line or "Infinity" in line for line in found.stdout.splitlines())
    for row in tables["predictions"]:
        assert row["peace"] + row["loss"] + row["war"] == pytest.approx(1)
    assert sum(row["seen"] for row in tables["predictive_outcomes"]) == 50
    assert [row["forecaster"] for row in tables["scores"]] == ["this model", "multinomial logit", "base rate"]
    assert "normal(" in (folder / "quantities.yaml").read_text("utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arviz = pytest.importorskip("arviz", reason="ArviZ reads what was written")
        data = arviz.from_netcdf(str(folder / "draws.nc"))
        assert data.posterior["coefficients"].shape == (2, 150, 5)
        assert arviz.loo(data, reff=1.0).elpd_loo == pytest.approx(manifest["elpd_loo"])
    means = {row["coefficient"]: row["mean"] for row in tables["coefficients"]}
    drawn = data.posterior["coefficients"].mean(("chain", "draw"))
    assert {str(one): float(drawn.sel(coefficient=one)) for one in drawn.coefficient.values} == pytest.approx(means)


def test_too_few_draws_are_said_first_and_all_fits_eighty_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = run(folder, "--bayes", *FEW)
    assert found.exit_code == 0, found.output
    assert "The draws are not to be trusted: 2 chains of 150 draws after 150" in " ".join(found.output.split())
    assert "normal(0, 2.5) by" in found.output
    assert max(map(len, found.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("--bayes", "--penalty", "ridge"), "--penalty: of maximum likelihood; leave it out, or `--bayes`"),
        (("--bayes", "--errors", "robust"), "--errors: of maximum likelihood; leave it out, or `--bayes`"),
        (("--bayes", "--samples", "30", "--order", "year"), "--order, --samples: of maximum likelihood"),
        (("--draws", "500"), "--draws: of a Bayesian fit; give `--bayes` too"),
        (("--bayes", "--draws", "3"), "--draws 3: too few for a posterior; at least 100 a chain [F9]"),
        (("--bayes", "--chains", "1"), "--chains 1: at least 2"),
        (("--bayes", "--prior-scale", "-1"), "--prior-scale -1: a number over 0"),
        (("--bayes", "--arviz", "nowhere/draws.nc"), "cannot write"),
    ],
)
def test_what_does_not_go_together_is_refused(folder: Path, asked: tuple[str, ...], said: str) -> None:
    found = run(folder, *asked, *(FEW if "--arviz" in asked else ()))
    assert found.exit_code == 2, found.output
    assert said in found.output
    assert "Traceback" not in found.output


@pytest.mark.parametrize("package", ["jax", "numpyro"])
def test_a_missing_package_is_named_with_how_to_get_it(
    folder: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    found = run(folder, "--bayes")
    assert found.exit_code == 2
    assert 'pip install "stratagem[fit,bayes]"' in found.output


def test_a_missing_arviz_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arviz", None)
    found = run(folder, "--bayes", "--arviz", "draws.nc")
    assert found.exit_code == 2
    assert 'pip install "stratagem[bayes]"' in found.output


def test_the_disputes_of_the_nineteenth_century_are_drawn_well() -> None:
    model = DISPUTES.replace("war: regime1", "war: C(regime1)").replace("+ regime2", "+ C(regime2)")
    posterior = sample(problem(parse_model(model), public_table("war1800.csv")))
    assert min(size for one in posterior.agreements for size in (one.bulk, one.tail)) > 400
    assert posterior.has_converged
    assert not posterior.untold
