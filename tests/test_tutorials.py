"""The tutorials say what the program says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from stratagem.analyse.infer import infer
from stratagem.analyse.study import Study
from stratagem.catalogue import load
from stratagem.cli import main

FOLDER = Path(__file__).parent.parent / "docs" / "tutorials"
PAGE = FOLDER / "what-the-moves-reveal.md"
NUMBER = re.compile(r"(-?\d+\.\d+(?:e-?\d+)?)")
ROUNDING = 1e-9  # in pixels: the last digits of an estimate are the processor's


@pytest.fixture(scope="module")
def told() -> dict[str, list[dict[str, object]]]:
    finding = infer(Study(load(str(FOLDER / "two-theatres.yaml")), worlds=8192))
    return {
        table.name: [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]
        for table in finding.tables
    }


def percent(value: object) -> str:
    return f"{100 * float(value):.0f} %"  # type: ignore[arg-type]


def test_its_numbers_are_those_of_the_answer(told: dict[str, list[dict[str, object]]]) -> None:
    page = " ".join(PAGE.read_text("utf-8").split())
    by_place = {(row["assumption"], row["precision"]): row for row in told["revealed"]}
    stated, minded, free = (by_place[name, "as stated"] for name in ("as stated", "it_minded", "it_did_not_mind"))
    assert f"it held in {percent(stated['prior'])} of worlds; after it, in {percent(stated['posterior'])}" in page
    assert f"The Bayes factor is {stated['bayes_factor']:.1f}" in page
    assert f"from {percent(minded['prior'])} to {percent(minded['posterior'])}" in page
    assert percent(free["prior"]) == percent(free["posterior"])
    assert f"in {percent(free['prior'])} of worlds before and after" in page
    low, high = (by_place["as stated", level]["bayes_factor"] for level in ("low", "high"))
    assert f"shrinks to {low:.1f}; at high precision it grows to {high:.1f}" in page
    asked = told["questions"][0]
    assert f"from {percent(asked['before'])} to {percent(asked['after'])}" in page
    assert f"({told['diagnostics'][0]['value']:,.0f} of 8,192 here)" in page


def test_what_it_shows_of_the_scenario_stands_in_it() -> None:
    file = (FOLDER / "two-theatres.yaml").read_text("utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(shown) == 3
    assert all(line.strip() in file for block in shown for line in block.splitlines())


@pytest.mark.parametrize("name", ["what-the-moves-reveal", "fitting-a-game"])
def test_its_picture_is_there_and_needs_nothing_else(name: str) -> None:
    drawn = (FOLDER / f"{name}.svg").read_text("utf-8")
    assert "var(" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


# --- fitting a game ----------------------------------------------------------------------------------------------

FITTING = FOLDER / "fitting-a-game.md"
TABLE = FOLDER / "border-disputes.csv"


def squeezed(text: str) -> str:
    """Text with every run of spaces and line breaks as one space."""
    return " ".join(text.split())


def answer(monkeypatch: pytest.MonkeyPatch, folder: Path, command: str) -> str:
    """What a command of the page prints, run in a folder with the files of the tutorial."""
    pytest.importorskip("formulaic")
    for file in (TABLE, FOLDER / "border-disputes.yaml"):
        shutil.copy(file, folder)
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(main, command.split()[1:])
    assert done.exit_code == 0, done.output
    return squeezed(done.output)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", FITTING.read_text("utf-8"), re.DOTALL)


def test_the_commands_of_fitting_a_game_print_what_the_page_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("vl_convert")
    commands = re.findall(r"^stratagem fit .*$", FITTING.read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 4
    printed = [answer(monkeypatch, tmp_path, one) for one in commands]
    estimates, _, scores = blocks("text")
    for shown, output in ((estimates, printed[0]), (scores, printed[1])):
        for line in shown.splitlines():
            assert squeezed(line) in output
    drawn, shown = (NUMBER.split((folder / "fitting-a-game.svg").read_text("utf-8")) for folder in (tmp_path, FOLDER))
    assert drawn[::2] == shown[::2]
    assert [float(one) for one in drawn[1::2]] == pytest.approx([float(one) for one in shown[1::2]], abs=ROUNDING)
    assert "<figure" in (tmp_path / "border-disputes.html").read_text("utf-8")
    assert "challenger_gain_constant" in (tmp_path / "estimates.yaml").read_text("utf-8")


def test_what_the_page_says_cannot_be_seen_is_not_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = (FOLDER / "border-disputes.yaml").read_text("utf-8")
    (tmp_path / "more.yaml").write_text(model.replace("{gain: 1,", "{quiet: 1, gain: 1,"), "utf-8")
    printed = answer(monkeypatch, tmp_path, "stratagem fit more.yaml border-disputes.csv")
    assert squeezed(blocks("text")[1]) in printed


def test_what_the_page_says_of_its_table_and_model_is_so() -> None:
    page, rows = squeezed(FITTING.read_text("utf-8")), [line.split(",") for line in TABLE.read_text().splitlines()[1:]]
    ended = np.array([row[-1] for row in rows])
    stake, clash = np.array([float(row[4]) for row in rows]), ended == "clash"
    assert f"has {len(rows)} rows" in page
    for outcome in ("quiet", "gain", "clash"):
        assert re.search(rf"`{outcome}` \([^)]*: {(ended == outcome).sum()}[ )]", page.replace(" rows)", ")"))
    challenged = ended != "quiet"
    assert f"only the {challenged.sum()} rows with a demand" in page
    assert f"correlate at {np.corrcoef(stake[challenged], clash[challenged])[0, 1]:.2f}" in page
    matrix = np.column_stack(
        [np.ones(len(rows)), [float(row[2]) for row in rows], [row[3] == "democracy" for row in rows], stake]
    )
    slope, error = logit(matrix, clash)
    assert f"slope of `stake` is {slope:.2f} with a standard error of {error:.2f}" in page
    model = (FOLDER / "border-disputes.yaml").read_text("utf-8")
    assert all(line in model for block in blocks("yaml") for line in block.splitlines())


def logit(matrix: np.ndarray, came: np.ndarray) -> tuple[float, float]:
    """The last slope of a logit and its standard error, by Newton's method."""
    at = np.zeros(matrix.shape[1])
    for _ in range(20):
        chance = 1 / (1 + np.exp(-matrix @ at))
        information = (matrix.T * (chance * (1 - chance))) @ matrix
        at = at + np.linalg.solve(information, matrix.T @ (came - chance))
    return float(at[-1]), float(np.sqrt(np.linalg.inv(information)[-1, -1]))
