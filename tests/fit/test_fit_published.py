"""Fits of published data, where a table of it is at hand: `STRATAGEM_DATA` names the folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("formulaic")

from stratagem.cli import main

FOLDER = os.environ.get("STRATAGEM_DATA")
pytestmark = pytest.mark.skipif(FOLDER is None, reason="STRATAGEM_DATA does not name a folder of data sets")

MODEL = (Path(__file__).parents[2] / "benches" / "war1800.yaml").read_text("utf-8").replace("probit", "SHAPE")


def fitted(folder: Path, model: str, *more: str) -> tuple[int, str]:
    file = folder / "model.yaml"
    file.write_text(model, "utf-8")
    found = CliRunner().invoke(main, ["fit", str(file), str(Path(str(FOLDER)) / "war1800.csv"), *more])
    return found.exit_code, found.output


@pytest.mark.parametrize(("shape", "expected"), [("probit", -286.1237547185), ("logit", -286.1827938942)])
def test_the_likelihood_at_its_maximum_is_the_published_one(tmp_path: Path, shape: str, expected: float) -> None:
    code, output = fitted(tmp_path, MODEL.replace("SHAPE", shape), "--json")
    assert code == 0, output
    manifest = json.loads(output)["manifest"]
    assert manifest["log_likelihood"] == pytest.approx(expected, abs=1e-7)
    assert manifest["rows"] == 282


def test_a_misspelt_column_is_named_with_its_place(tmp_path: Path) -> None:
    code, output = fitted(tmp_path, MODEL.replace("SHAPE", "probit").replace("balanc +", "balance +"))
    assert code == 2
    assert "model.yaml:9:" in output
    assert "(did you mean `balanc`?)" in output
