"""The tutorial on what moves reveal says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stratagem.analyse.infer import infer
from stratagem.analyse.study import Study
from stratagem.catalogue import load

FOLDER = Path(__file__).parent.parent / "docs" / "tutorials"
PAGE = FOLDER / "what-the-moves-reveal.md"


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


def test_its_picture_is_there_and_needs_nothing_else() -> None:
    drawn = (FOLDER / "what-the-moves-reveal.svg").read_text("utf-8")
    assert "var(" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
