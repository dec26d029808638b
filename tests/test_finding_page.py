"""The page of a fit and of scores: alone, quiet, escaped, within its width, and each figure saying what its table says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from reports import CHROMIUM

pytest.importorskip("formulaic")
pytest.importorskip("jinja2")
pytest.importorskip("vl_convert")

from fit_models import DETERRENCE

from stratagem.analyse.finding import Basis, Column, Finding, Table
from stratagem.cli import main
from stratagem.show.finding_charts import finding_charts
from stratagem.show.finding_page import finding_html

HOSTILE = "</svg><script>alert(1)</script>{{7*7}}"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A fit with all that can be asked of it, and scores of a table."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "model.yaml").write_text(DETERRENCE + "source: made for this test\n", "utf-8")
    generator = np.random.default_rng(5)
    rows = ["x,z,year,side,y"]
    for year in range(1800, 1960):
        x, z, side = generator.normal(), generator.normal(), generator.choice(["north", "south"])
        outcome = "peace" if x + generator.normal() > 0 else "war" if z + generator.normal() > 0 else "loss"
        rows.append(f"{x:.3f},{z:.3f},{year},{side},{outcome}")
    (folder / "rows.csv").write_text("\n".join(rows) + "\n", "utf-8")
    asked = ["--vary", "x", "--test", "year >= 1920", "--penalty", "ridge", "--quiet"]
    fit = ["fit", str(folder / "model.yaml"), str(folder / "rows.csv"), *asked, "--report", str(folder / "fit.html")]
    lines = ["probability,outcome"] + [
        f"{p / 10},{'yes' if generator.random() < p / 10 else 'no'}" for p in range(1, 10) for _ in range(9)
    ]
    (folder / "forecasts.csv").write_text("\n".join(lines) + "\n", "utf-8")
    score = ["score", str(folder / "forecasts.csv"), "--report", str(folder / "score.html")]
    for command in (fit, score):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output
    return {name: (folder / f"{name}.html").read_text("utf-8") for name in ("fit", "score")}


@pytest.mark.parametrize("name", ["fit", "score"])
def test_a_page_needs_nothing_else(pages: dict[str, str], name: str) -> None:
    html = pages[name]
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=[\"'](?!#)", html)
    assert html.count("<figure") >= 2
    assert len(set(re.findall(r'id="([^"]+)"', html))) == len(re.findall(r'id="([^"]+)"', html))


def test_the_page_of_a_fit_has_a_section_for_all_of_it(pages: dict[str, str]) -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", pages["fit"])
    assert headings == [
        "What was found", "Coefficients", "Outcomes, observed and fitted on average", "Forecasts of rows where year &gt;= 1920", "How often outcomes came, by what the model forecast for them",
        "Average chances as x changes", "How it was made",
    ]  # fmt: skip
    assert "made for this test" in pages["fit"]
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", pages["score"])
    assert "How often the event came, by what was forecast" in headings


def finding(*rows: tuple[object, ...]) -> Finding:
    columns = (
        Column("coefficient", "coefficient"),
        Column("estimate", "estimate", "amount"),
        Column("error", "std error", "size"),
    )
    table = Table("coefficients", HOSTILE, columns, rows, HOSTILE)  # type: ignore[arg-type]
    return Finding(
        "fit", HOSTILE, (HOSTILE,), (table,), (HOSTILE,), (Basis(HOSTILE, HOSTILE, HOSTILE, None),), {"model": HOSTILE}
    )


def test_text_of_users_stays_text() -> None:
    html = finding_html(finding((HOSTILE, 1.0, 0.5)))
    assert "<script" not in html
    assert "{{7*7}}" in html


def test_the_figure_of_coefficients_says_which_are_apart_from_zero_and_which_are_not_told() -> None:
    chart = finding_charts(finding(("a", 1.0, 0.5), ("b", 0.5, 0.5), ("c", -3.0, None)))[0]
    assert (
        chart.title
        == "1 of 3 coefficients are apart from zero, by their 90 % intervals; 1 cannot be told by these data"
    )
    assert "c: not told by the data" in chart.description


@pytest.mark.parametrize("name", ["fit", "score"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the pages were not opened in a browser")
def test_a_browser_finds_no_fault_with_it(
    pages: dict[str, str], name: str, width: int, scheme: Any, tmp_path: Path
) -> None:
    api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    file = tmp_path / "page.html"
    file.write_text(pages[name], "utf-8")
    with api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        window = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        opened, said = window.new_page(), []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("request", lambda request: said.append(request.url))
        opened.goto(file.as_uri())
        assert said == [file.as_uri()]
        assert opened.evaluate("document.documentElement.scrollWidth") == width
        faults = [
            one["id"]
            for one in axe.Axe().run(opened).response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        chromium.close()
    assert faults == []
