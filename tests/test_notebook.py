"""Findings in a notebook: the figures of the report, the numbers of the JSON, and text that stays text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from reports import HOSTILE, PAYLOADS

import stratagem
from stratagem.catalogue import Case
from stratagem.show import notebook, vega
from stratagem.show.finding_charts import finding_charts
from stratagem.show.findings import finding_json, shown
from stratagem.show.notebook import PALETTE, SIGNS, ShownFinding
from stratagem.show.wording import Wording

pytest.importorskip("vl_convert", reason="figures need vl_convert: pip install 'stratagem[report]'")

FOUNDING = "kazakhstan-ukraine-2022"
DECISION = "west_course[1]"
STYLE = Path(notebook.__file__).parent / "report.css"


class Reader(HTMLParser):
    """The tags of a piece of HTML and its text; faults where tags do not close in order or carry what acts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pieces: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())


@pytest.fixture(scope="module")
def findings() -> dict[str, ShownFinding]:
    few = {"worlds": 150}
    return {
        "shift": stratagem.shift(FOUNDING, "unrest=revolt", DECISION, **few),
        **{
            verb: getattr(stratagem, verb)(FOUNDING, DECISION, **few)
            for verb in ("flips", "discover", "sensitivity", "learn", "options")
        },
    }


VERBS = ["shift", "flips", "discover", "sensitivity", "learn", "options"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_finding_shows_every_number_of_its_json(findings: dict[str, ShownFinding], verb: str) -> None:
    finding = findings[verb]
    page = Reader(finding._repr_html_())
    tables = json.loads(finding_json(finding))["tables"]
    for table in finding.tables:
        assert len(tables[table.name]) == len(table.rows)
        for row in table.rows:
            for cell, column in zip(row, table.columns, strict=True):
                if column.kind != "text":
                    assert shown(cell, column) in page.text


@pytest.mark.parametrize("verb", VERBS)
def test_the_figures_of_a_finding_are_svg_with_their_titles(findings: dict[str, ShownFinding], verb: str) -> None:
    finding = findings[verb]
    page = Reader(finding._repr_html_())
    charts = finding_charts(finding, Wording(finding.titles))
    assert page.tags.count("svg") == page.tags.count("figure") == len(charts)
    assert not [chart.title for chart in charts if chart.title not in page.text]
    known = {table.name for table in finding.tables}
    assert not [chart.title for chart in charts if not chart.tables or set(chart.tables) - known]


@pytest.mark.parametrize("verb", VERBS)
def test_a_finding_prints_itself(findings: dict[str, ShownFinding], verb: str) -> None:
    text = repr(findings[verb])
    assert text.splitlines()[0] in findings[verb].title
    assert max(len(line) for line in text.splitlines()) <= 80


def test_every_mark_of_a_key_has_a_sign(findings: dict[str, ShownFinding]) -> None:
    marks = {
        mark.partition(" ")[0] for one in findings.values() for chart in finding_charts(one) for mark, _ in chart.key
    }
    assert marks <= set(SIGNS)


def test_a_forecast_shows_the_figure_of_its_questions() -> None:
    page = Reader(stratagem.solve(FOUNDING, worlds=50)._repr_html_())
    assert page.tags.count("svg") == 1


def test_hostile_titles_stay_text() -> None:
    hostile = Case("hostile", "hostile.yaml", HOSTILE)
    for finding in (stratagem.flips(hostile, "m", worlds=150), stratagem.options(hostile, "m", worlds=150)):
        page = Reader(finding._repr_html_())
        assert not {"script", "iframe", "img", "link", "math"} & set(page.tags)
        assert PAYLOADS["x"] in page.text


def test_without_what_draws_the_tables_stand_alone(findings: dict[str, ShownFinding], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def missing(*_: object) -> str:
        raise stratagem.StratagemError(vega.EXTRA)

    monkeypatch.setattr("stratagem.show.figures.draw", missing)
    page = Reader(findings["flips"]._repr_html_())
    assert "svg" not in page.tags
    assert page.tags.count("table") == len([one for one in findings["flips"].tables if one.rows])


def test_the_colours_are_those_of_the_report() -> None:
    (root, *_) = re.findall(r":root \{(.*?)\}", STYLE.read_text("utf-8"), re.DOTALL)
    light = dict(re.findall(r"(--[a-z0-9]+): (#[0-9a-f]+)", root))
    assert dict(one.split(":") for one in PALETTE.split(";")) == light
