"""What is wrong with a table is said on one line, with its place, and ends with exit code 2."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("formulaic")

from fit_models import DETERRENCE

from stratagem.cli import main

ROWS = ["0.5,1,peace", "-1.5,0.2,war", "0.1,0.3,loss", "2,-1,peace", "-0.4,0.6,war", "0.9,-0.7,loss", "1.1,0.4,war"]


def answered(folder: Path, rows: list[str], header: str = "x,z,y", model: str = DETERRENCE) -> tuple[int, str]:
    (folder / "model.yaml").write_text(model, "utf-8")
    (folder / "data.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    found = CliRunner().invoke(main, ["fit", str(folder / "model.yaml"), str(folder / "data.csv"), "--starts", "4"])
    assert "Traceback" not in found.output
    return found.exit_code, found.output


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no rows; the file has a header only"),
        (ROWS[:1], "5 coefficients for 1 row"),
        ([*ROWS, "n/a,1,peace"], "data.csv:9: `n/a` in the column `x`"),
        ([*ROWS, "inf,1,peace"], "data.csv:9: `inf` in the column `x`"),
        ([*ROWS, "1,1,truce"], "data.csv:9: `truce` in the column `y`"),
        ([one.replace("peace", "1").replace("loss", "2").replace("war", "3") for one in ROWS], "say under `response: values:`"),
        ([f",{one.split(',', 1)[1]}" for one in ROWS], "each misses a cell that is used"),
        ([f"7,{one.split(',', 1)[1]}" for one in ROWS], "`x`, which is 7 in all 7 rows"),
        ([*ROWS, "1,1"], "data.csv:9: 2 cells where the header has 3"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_fitted(tmp_path: Path, rows: list[str], said: str) -> None:
    code, output = answered(tmp_path, rows)
    assert code == 2
    assert said in " ".join(output.split())


def test_a_missing_column_and_missing_cells(tmp_path: Path) -> None:
    code, output = answered(tmp_path, ROWS, header="xx,z,y")
    assert code == 2
    assert "the column `x` (did you mean `xx`?)" in output
    code, output = answered(tmp_path, [*ROWS, "NA,1,peace", "1,,war"])
    assert code == 0
    assert "2 rows dropped for missing cells (x 1, z 1)" in " ".join(output.split())


def test_outcomes_by_number_from_nought(tmp_path: Path) -> None:
    """0, 1, 2 are the outcomes in the order of the tree: the answer is that of their names."""
    coded = [one.replace("peace", "0").replace("loss", "1").replace("war", "2") for one in ROWS]
    assert answered(tmp_path, coded) == answered(tmp_path, ROWS)
