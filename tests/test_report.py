"""The report: one inert file with every section, its numbers those of the JSON."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from reports import CHROMIUM, FOUNDING, PAYLOADS, briefing_of, html_of

from stratagem.analyse.finding import Column, Finding, Table
from stratagem.catalogue import load, names
from stratagem.cli import main
from stratagem.errors import StratagemError
from stratagem.show import html as html_module
from stratagem.show.anchors import web_address
from stratagem.show.as_json import forecast_data
from stratagem.show.findings import finding_json
from stratagem.show.findings import shown as findings_shown
from stratagem.show.html import check_packages
from stratagem.show.report import report_html

for package in ("jinja2", "vl_convert"):
    pytest.importorskip(package, reason=f"reports need {package}: pip install 'stratagem[report]'")

MOST_BYTES = 2_000_000
SECTIONS = {
    "short",
    "judgements",
    "game",
    "decisions",
    "outcomes",
    "questions",
    "assumptions",
    "sources",
    "limits",
    "causes",
    "status",
}
VOID = {"meta", "br", "img", "link", "input", "hr"}


@dataclass
class Element:
    """An element of a page, with what is in it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    def all(self, tag: str | None = None) -> list[Element]:
        found = [] if tag is not None and self.tag != tag else [self]
        return found + [one for child in self.children for one in child.all(tag)]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces + [child.text for child in self.children]).split())


class Page(HTMLParser):
    """Parses a page to a tree; faults where tags do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.open = [self.root]
        self.feed(html)
        self.close()
        assert self.open == [self.root], f"left open: {[one.tag for one in self.open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(self.open[-1].children[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].pieces.append(data)


@cache
def page_of(name: str) -> Element:
    return Page(html_of(name)).root


EVERY = [*names(), "hostile"]


# --- structure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_has_every_section_and_a_finding_each(name: str) -> None:
    ids = {one.attributes.get("id") for one in page_of(name).all()}
    assert ids >= SECTIONS
    assert ids >= {f"finding-{place}" for place in range(1, len(briefing_of(name).findings) + 1)}


@pytest.mark.parametrize("name", EVERY)
def test_every_figure_has_a_title_a_description_and_a_table(name: str) -> None:
    figures = 0
    for section in page_of(name).all("section"):
        for one in section.all("figure"):
            figures += 1
            assert section.all("table")
            assert one.all("figcaption")[0].text
            drawings = [svg for svg in one.all("svg") if svg.attributes.get("role") == "img"]
            assert len(drawings) == 2
            for svg in drawings:
                named = {
                    child.attributes.get("id"): child.text for child in svg.children if child.tag in ("title", "desc")
                }
                assert all(named[each] for each in (svg.attributes["aria-labelledby"] or "").split())
    assert figures >= 3


@pytest.mark.parametrize("name", EVERY)
def test_is_one_small_file_without_script_that_asks_for_nothing(name: str) -> None:
    html = html_of(name)
    assert len(html.encode()) < MOST_BYTES
    for one in page_of(name).all():
        assert one.tag not in {
            "script",
            "iframe",
            "img",
            "link",
            "object",
            "embed",
            "form",
            "base",
            "foreignobject",
            "image",
            "use",
        }
        assert not [
            key for key in one.attributes if key.startswith("on") or key in ("src", "srcset", "xlink:href", "style")
        ]
        href = one.attributes.get("href")
        assert href is None or href.startswith("#") or (one.tag == "a" and re.match(r"https?://", href))
    (style,) = page_of(name).all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    policy = [one.attributes["content"] or "" for one in page_of(name).all("meta") if one.attributes.get("http-equiv")]
    assert policy[0].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


@pytest.mark.parametrize("name", EVERY)
def test_every_link_within_the_page_arrives(name: str) -> None:
    elements = page_of(name).all()
    ids = Counter(one.attributes["id"] for one in elements if "id" in one.attributes)
    assert not [one for one, count in ids.items() if count > 1]
    assert not {one.attributes["href"] for one in elements if (one.attributes.get("href") or "").startswith("#")} - {
        f"#{one}" for one in ids
    }


def test_every_judgement_of_the_founding_case_links_to_what_it_rests_on() -> None:
    judgements = [
        one for one in page_of(FOUNDING).all("li") if (one.attributes.get("id") or "").startswith("judgement-")
    ]
    assert len(judgements) == len(briefing_of(FOUNDING).forecast.judgements)
    for one in judgements:
        targets = [link.attributes["href"] or "" for link in one.all("a")]
        assert any(target.startswith("#place-") for target in targets)
        assert any(target.startswith("#number-") for target in targets)


def test_the_first_screen_says_what_is_done_how_sure_it_is_and_what_would_change_it() -> None:
    short = next(one for one in page_of(FOUNDING).all("section") if one.attributes.get("id") == "short")
    assert [one.text for one in short.all("h3")] == [
        "What Moscow would do",
        "How sure the model is",
        "What would change it",
    ]
    assert "Most likely “Keep every soldier in place”" in short.text
    assert "chance that Moscow chooses" in short.text


def test_the_same_worlds_give_the_same_file() -> None:
    assert report_html(briefing_of("signorino-deterrence")) == html_of("signorino-deterrence")


# --- numbers -----------------------------------------------------------------------------------------------------


def values(element: Element) -> set[float]:
    return {float(one.attributes["value"] or "nan") for one in element.all("data")}


@pytest.mark.parametrize("name", names())
def test_numbers_are_those_of_the_json(name: str) -> None:
    shown = values(page_of(name))
    data: dict[str, Any] = forecast_data(briefing_of(name).forecast)
    wanted = {one["probability"]["mean"] for one in data["questions"] if one["probability"]}
    wanted |= {action["probability"]["mean"] for one in data["choices"] for action in one["actions"]}
    wanted |= {one["mean"] for one in (*data["outcomes"], *data["stakes"])}
    assert wanted <= shown
    for finding in briefing_of(name).findings:
        tables = json.loads(finding_json(finding))["tables"]
        text = {column.name for table in finding.tables for column in table.columns if column.kind == "text"}
        cells = {cell for rows in tables.values() for row in rows for key, cell in row.items() if key not in text}
        assert {cell for cell in cells if isinstance(cell, float)} <= shown


def section_of(name: str, kind: str) -> Element:
    place = next(at for at, one in enumerate(briefing_of(name).findings, start=1) if one.kind == kind)
    return next(one for one in page_of(name).all("section") if one.attributes.get("id") == f"finding-{place}")


@pytest.mark.parametrize("kind", ["events", "shift", "flips", "discover", "sensitivity", "learn", "options"])
def test_every_analysis_has_its_section_with_judgements_figures_and_all_its_numbers(kind: str) -> None:
    section = section_of(FOUNDING, kind)
    (finding,) = (one for one in briefing_of(FOUNDING).findings if one.kind == kind)
    numbers = {
        float(cell)
        for table in finding.tables
        for row in table.rows
        for cell, column in zip(row, table.columns, strict=True)
        if column.kind != "text" and isinstance(cell, int | float)
    }
    assert numbers <= values(section)
    for text in finding.judgements:  # numbers in words stand as they are; names are called by their titles
        said = re.findall(r"(?<![\w.])[0-9][0-9.,]*(?: %)?(?!\w)", text.rstrip("."))
        assert not [one for one in said if one not in section.text]
    titles = [one.all("strong")[0].text for one in section.all("figure")]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert all(one.all("table") for one in section.all("figure"))
    drawable = [table for table in finding.tables if table.rows]
    assert len(titles) >= min({"flips": 5, "shift": 2, "learn": 2}.get(kind, 1), len(drawable))


def test_a_figure_says_the_numbers_of_its_table() -> None:
    for one in section_of(FOUNDING, "flips").all("figure"):
        (shown, *_) = one.all("desc")
        cells = [cell.text for cell in one.all("data")]
        if "map" not in one.all("strong")[0].text:
            assert sum(cell in shown.text for cell in cells) >= 4


def test_the_check_of_assumptions_says_what_flips_on_each_number() -> None:
    (finding,) = (one for one in briefing_of(FOUNDING).findings if one.kind == "flips")
    (thresholds,) = (one for one in finding.tables if one.name == "thresholds")
    at = {column.name: place for place, column in enumerate(thresholds.columns)}
    rows = {one.attributes.get("id"): one.text for one in page_of(FOUNDING).all("tr")}
    inside = [row for row in thresholds.rows if row[at["where"]] == "inside"]
    assert inside
    for row in inside:
        name = re.sub(r"\.weights\..*", ".weights", str(row[at["number"]]))
        shown = findings_shown(row[at["threshold"]], thresholds.columns[at["threshold"]])
        assert f"at {shown}, to “{row[at['to']]}”" in rows[f"number-{name}"]
    flipped = {str(row[at["number"]]).partition(".weights")[0] for row in thresholds.rows}
    assert "nothing by itself" in rows["number-trophy"] or "trophy" in flipped


def test_analyses_without_an_answer_say_why() -> None:
    text = page_of("cuban-missile-crisis").text
    for kind, reason in briefing_of("cuban-missile-crisis").unanswered:
        assert kind in ("flips", "discover", "sensitivity", "learn", "options")
        assert reason in text
    assert briefing_of("cuban-missile-crisis").unanswered


def test_a_further_finding_is_shown_with_a_figure_and_its_table() -> None:
    table = Table(
        "t", "A table", (Column("what", ""), Column("size", "size", "amount")), (("one", 0.25), ("two", -0.5))
    )
    further = Finding("posterior", "What matters", ("One thing matters.",), (table,))
    base = briefing_of("signorino-deterrence")
    page = Page(report_html(replace(base, findings=(*base.findings, further)))).root
    section = next(
        one for one in page.all("section") if one.attributes.get("id") == f"finding-{len(base.findings) + 1}"
    )
    assert section.all("h2")[0].text == "What matters"
    assert section.all("figure")
    assert values(section) == {0.25, -0.5}


# --- hostile text ------------------------------------------------------------------------------------------------


def test_hostile_text_is_shown_as_text() -> None:
    text = page_of("hostile").text
    shown = [PAYLOADS[key] for key in ("scenario", "question", "player", "asked", "claim", "assumption", "outcome")]
    assert not [one for one in shown if one not in text]
    assert "49" not in text.split("{{7*7}}")[0][-10:]
    assert "javascript:" not in html_of("hostile")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JaVaScript:alert(1)", "data:text/html,x", "//example.org", "file:///etc/passwd", "https:", "http://[", "java\nscript:x", None],
)  # fmt: skip
def test_links_go_to_the_web_only(address: str | None) -> None:
    assert web_address(address) is None


NO_BROWSER = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the report was not opened in a browser")


def browse(folder: Path, page: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Open a page in a browser of its own that reaches no other machine; its document on standard output."""
    (folder / "page.html").write_text(page, "utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000", *options, "--dump-dom", (folder / "page.html").as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, encoding="utf-8")


@NO_BROWSER
@pytest.mark.parametrize("name", [FOUNDING, "hostile"])
def test_nothing_sticks_out_of_a_phone(tmp_path: Path, name: str) -> None:
    (tmp_path / "report.html").write_text(html_of(name), "utf-8")
    frame = "<iframe id=f width=390 height=844 src=report.html></iframe><script>onload = () => { document.title = f.contentDocument.documentElement.scrollWidth }</script>"
    done = browse(tmp_path, frame, "--allow-file-access-from-files")
    assert int(re.findall("<title>([0-9]+)</title>", done.stdout)[0]) <= 390


@NO_BROWSER
@pytest.mark.parametrize(("name", "is_inert"), [("hostile", True), ("control", False)])
def test_a_browser_runs_nothing_and_fetches_nothing(tmp_path: Path, name: str, is_inert: bool) -> None:
    control = "<title>x</title><script>console.log(1)</script><img src=http://canary.invalid/x>"
    page = html_of(name) if is_inert else control
    done = browse(tmp_path, page, "--window-size=390,844", f"--log-net-log={tmp_path / 'net.json'}")
    assert "</html>" in done.stdout
    is_quiet = "CONSOLE" not in done.stderr and "canary.invalid" not in (tmp_path / "net.json").read_text(
        "utf-8", "replace"
    )
    assert is_quiet == is_inert
    assert "<title>broken" not in done.stdout


# --- the command line --------------------------------------------------------------------------------------------


def test_writes_the_file(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = CliRunner().invoke(main, ["report", "cuban-missile-crisis", "-o", str(file), "--worlds", "20"])
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "written" in done.stderr
    assert file.read_text("utf-8").startswith("<!doctype html>")


def test_a_decision_and_an_event_can_be_chosen(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    actions = list(load("signorino-deterrence").scenario.moves["challenge"].options)
    chosen = ["--decision", "reply", "--do", f"challenge={actions[-1]}", "--worlds", "20", "--quiet"]
    done = CliRunner().invoke(main, ["report", "signorino-deterrence", "-o", str(file), *chosen])
    assert done.exit_code == 0, done.output
    assert "What would change it" in file.read_text("utf-8")


def test_an_unknown_decision_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["report", "signorino-deterrence", "-o", str(tmp_path / "r.html"), "--decision", "replyy", "--worlds", "20"],
    )
    assert done.exit_code != 0
    assert not (tmp_path / "r.html").exists()


def test_a_missing_package_is_said_before_anything_is_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_module, "find_spec", lambda _name: None)
    with pytest.raises(StratagemError, match=re.escape('pip install "stratagem[report]"')):
        check_packages()
