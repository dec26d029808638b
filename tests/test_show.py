"""Views of a forecast: terminal, notebook, CSV, JSON, and the files that they go to."""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import math
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from rich.cells import cell_len
from rich.console import Console

import stratagem
from stratagem.analyse.finding import Column, Table
from stratagem.analyse.pooling import Pooled
from stratagem.api import solve
from stratagem.catalogue import Case, names
from stratagem.errors import StratagemError
from stratagem.show import answer_schema
from stratagem.show.as_csv import COLUMNS, forecast_csv, write_forecast
from stratagem.show.as_json import forecast_data, forecast_json
from stratagem.show.files import check_writable, write_atomically
from stratagem.show.notebook import Answer, forecast_text
from stratagem.show.numbers import chance, points
from stratagem.show.picture import write_picture
from stratagem.show.terminal import render_forecast, show_forecast

ROOT = Path(__file__).parents[1]
TITLES = {
    "scenario": "[red]alert[/red] <script>alert(1)</script>",
    "player": "=cmd|' /C calc'!A0",
    "move": "@[bold]SUM(A1)[/bold] :smiley:",
    "x": "-2+3",
    "y": "<img src=x onerror=alert(1)>",
    "question": "+<b>[link=https://example.org]q[/link]</b>",
    "outcome": "\N{FULLWIDTH EQUALS SIGN}1+1",
}
HOSTILE = """
scenario: "{scenario}"
players: {{a: "{player}"}}
timeline:
  - move: m
    player: a
    title: "{move}"
    actions:
      x: {{title: "{x}", end: over, payoffs: {{a: 1}}}}
      y: {{title: "{y}", payoffs: {{a: -1}}}}
outcomes:
  over: {{title: "{outcome}"}}
questions:
  q: {{title: "{question}", event: m == x}}
""".format(**TITLES)


HEADINGS = {
    "Decisions", "Outcomes", "Payoffs, expected at the start", "Stakes, expected", "What was seen, and the chance it had",
    "What the moves tell", "Equilibria of the central world", "Warnings",
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return {name: solve(name, worlds=200) for name in names()}


@pytest.fixture(scope="module")
def hostile() -> Answer:
    return solve(Case("hostile", "hostile.yaml", HOSTILE), worlds=3)


# --- the terminal ------------------------------------------------------------------------------------------------


def test_what_a_mover_cannot_tell_is_said(answers: dict[str, Answer]) -> None:
    """Only the challenger knows its values; the target sees the challenge, and knows its own."""
    crisis = answers["crisis-signalling"]
    theirs = {"war_to_challenger", "backing_down"}
    replies = [one for one in crisis.decisions if one.move == "reply"]
    assert {frozenset(one.hidden) for one in replies} == {frozenset(theirs)}
    assert all("war_to_target" not in one.hidden for one in replies)
    assert all(one.hidden == () for one in crisis.decisions if one.move == "challenge")
    lines = []
    for one in replies:
        known, hidden = one.state["war_to_target"], [one.state[name] for name in one.hidden]
        lines.append(
            f"war_to_target {known}, challenge challenge, last_word none; cannot tell: war_to_challenger {hidden[0]}"
        )
    text = printed_states(crisis)
    assert all(line in text for line in lines)


def printed_states(answer: Answer) -> str:
    page = Console(width=400, file=io.StringIO())
    show_forecast(page, answer, all_states=True)
    return " ".join(page.file.getvalue().split())


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(answers: dict[str, Answer], name: str, width: int) -> None:
    assert max(cell_len(line) for line in forecast_text(answers[name], width).splitlines()) <= width


@pytest.mark.parametrize("name", names())
def test_no_number_is_cut_at_80_columns(answers: dict[str, Answer], name: str) -> None:
    assert "…" not in forecast_text(answers[name], 80)


@pytest.mark.parametrize("width", [20, 40, 63])
def test_a_narrow_terminal_still_gets_its_answer(answers: dict[str, Answer], width: int) -> None:
    text = forecast_text(answers["signorino-deterrence"], width)
    assert "34" in text


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_user_text_is_printed_as_text(hostile: Answer, title: str) -> None:
    stream = io.StringIO()
    show_forecast(Console(file=stream, width=200, force_terminal=True, color_system=None), hostile)
    assert title in stream.getvalue()


def test_what_steers_a_terminal_is_not_passed_on() -> None:
    answer = solve(Case("case", "case.yaml", HOSTILE), worlds=1)
    steered = dataclasses.replace(answer, title="\aA\b \x1b[31mtitle")
    assert not set(forecast_text(steered)) & set("\a\b\x1b")


def test_colour_is_left_out_where_the_environment_says_so(
    answers: dict[str, Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed() -> str:
        stream = io.StringIO()
        console = Console(file=stream, width=80, force_terminal=True, color_system="standard", legacy_windows=False)
        console.print(render_forecast(answers["signorino-deterrence"]))
        return stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[36m" in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" not in printed()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, "-m", "stratagem.cli", "solve", "signorino-deterrence", "--worlds", "10", *arguments]
    return subprocess.run(command, capture_output=True, env={**known, **environment}, check=False)


def test_a_pipe_gets_plain_text_of_the_width_of_columns() -> None:
    output = run(COLUMNS="60", PYTHONIOENCODING="utf-8").stdout
    assert b"\x1b" not in output
    assert max(len(line) for line in output.decode().splitlines()) <= 60


def test_a_stream_without_our_characters_gets_others() -> None:
    result = run(PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"34 %" in result.stdout


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"),
        (1e-14, "0 %"),
        (0.0099, "<1 %"),
        (0.01, "1 %"),
        (0.99, "99 %"),
        (0.9901, ">99 %"),
        (1 - 1e-14, "100 %"),
    ],
)
def test_a_chance_has_no_more_digits_than_it_bears(value: float, text: str) -> None:
    assert chance(value) == text


def test_rounds_that_read_alike_are_shown_once(answers: dict[str, Answer]) -> None:
    text = forecast_text(answers["chain-store"])
    assert text.count("Does the challenger enter?") == 1
    assert "rounds 1–20" in text


@pytest.mark.parametrize("name", ["crisis-signalling", "kazakhstan-ukraine-2022"])
def test_the_picture_shows_key_judgements_and_nothing_else(
    answers: dict[str, Answer], name: str, tmp_path: Path
) -> None:
    answer, file = answers[name], tmp_path / "answer.svg"
    write_picture(answer, file)
    drawn = [*ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")]
    lines = {one.text.replace("\N{NO-BREAK SPACE}", " ").strip() for one in drawn if one.text}
    assert "Key judgements" in lines
    others = {line for line in forecast_text(answer).splitlines() if line in HEADINGS}
    assert {"What the moves tell", "Payoffs, expected at the start"} <= others
    assert not lines & others


def test_a_move_of_the_history_is_marked() -> None:
    text = forecast_text(solve("signorino-deterrence", worlds=2, history=["challenge=attack"]))
    assert "Attack (made)" in text
    assert "Hold to the status quo (made)" not in text


def test_a_move_of_the_history_is_marked_in_the_json() -> None:
    found = solve("signorino-deterrence", worlds=2, history=["challenge=attack"])
    data = json.loads(forecast_json(found))
    for part in ("decisions", "choices"):
        assert {one["step"]: one["made"] for one in data[part]} == {"challenge": "attack", "reply": None}


def test_no_probability_lies_outside_0_and_1() -> None:
    """Sums of thousands of weights end a rounding above 1; the JSON has none of it, whatever the number of worlds."""
    one, other = Pooled(1 + 4e-16, -3e-17, 1 + 2e-16, 0.0), Pooled(0.5, None, None, 0.1)
    found = solve("signorino-deterrence", worlds=2)
    question = replace(found.questions[0], probability=one, condition=other, tie_low=-1e-17, tie_high=1 + 1e-16)
    choice = replace(found.choices[0], reach=1 + 2e-16)
    data = json.loads(forecast_json(replace(found, questions=(question,), choices=(choice,))))
    assert data["questions"][0]["probability"] == {"mean": 1, "p5": 0, "p95": 1, "monte_carlo_error": 0}
    assert data["questions"][0]["condition"] == {"mean": 0.5, "p5": None, "p95": None, "monte_carlo_error": 0.1}
    assert data["questions"][0]["tie_range"] == [0, 1]
    assert data["choices"][0]["reach"] == 1
    columns = (Column("a", "a", "chance"), Column("b", "b", "points"), Column("c", "c"))
    table = Table("t", "T", columns, ((1 + 2e-16, -2e-17, "x"), (-1e-16, 1.5, None), (1.01, None, 1)))
    assert table.rows == ((1, -2e-17, "x"), (0, 1.5, None), (1.01, None, 1))


def test_all_worlds_failed_is_not_called_void() -> None:
    text = """
        scenario: Nothing to do
        players: {a: A}
        quantities: {known to all: {q: 0}}
        timeline: [{move: m, player: a, actions: {x: {if: q > 1}, y: {if: q > 2}}}]
        questions: {x: {title: "x?", event: m == x}}
    """
    shown = forecast_text(solve(Case("case", "case.yaml", text), worlds=2))
    assert "no world has an answer" in shown
    assert "void: its condition" not in shown


# --- the notebook ------------------------------------------------------------------------------------------------


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name in ("href", "src") for name, _ in attrs)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_hostile_titles_stay_text_in_a_notebook(hostile: Answer) -> None:
    reader = _Reader()
    reader.feed(hostile._repr_html_())
    allowed = "div h3 p em table caption thead tbody tr th td small br ul li b span figure figcaption svg title desc g path rect line text"
    assert reader.tags <= set(allowed.split())
    assert reader.open == []
    for title in TITLES.values():
        assert any(title in text for text in reader.texts)


def test_an_answer_prints_itself_and_has_the_fields_of_its_forecast(answers: dict[str, Answer]) -> None:
    answer = answers["signorino-deterrence"]
    assert repr(answer) == forecast_text(answer)
    assert answer.questions[0].name == "war"
    assert answer.num_failed == 0


def test_solve_stays_the_function_once_its_parts_are_loaded() -> None:
    for _ in range(2):
        assert stratagem.solve("signorino-deterrence", worlds=2).questions[0].name == "war"


# --- JSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_an_answer_fits_its_schema(answers: dict[str, Answer], name: str) -> None:
    data = json.loads(forecast_json(answers[name]), parse_constant=_refuse)
    Draft202012Validator.check_schema(answer_schema())
    assert [error.message for error in Draft202012Validator(answer_schema()).iter_errors(data)] == []


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} in JSON")


@pytest.mark.parametrize("name", names())
def test_json_and_terminal_say_the_same(answers: dict[str, Answer], name: str) -> None:
    data, lines = forecast_data(answers[name]), forecast_text(answers[name], 200).splitlines()
    for question in data["questions"]:
        place = next(n for n, line in enumerate(lines) if line.rstrip("*") == question["title"])
        beneath = lines[place + 1].split()
        value = question["probability"]
        if value is None:
            assert beneath[0] == "void:"
            continue
        assert " ".join(beneath[:2]) == chance(value["mean"])
        assert beneath[-1] == points(value["monte_carlo_error"])
        if 0.01 <= value["mean"] <= 0.99:
            assert question["in_words"] in lines[place + 1]
    for outcome in data["outcomes"]:
        assert any(outcome["title"] in line and chance(outcome["mean"]) in line for line in lines)


def test_every_field_of_the_schema_is_documented() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    schema = answer_schema()
    fields = {field for part in (schema, *schema["$defs"].values()) for field in part["properties"]}
    assert {field for field in fields if f"`{field}`" not in page} == set()


# --- CSV ---------------------------------------------------------------------------------------------------------


def rows(answer: Answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(forecast_csv(answer))))


@pytest.mark.parametrize("name", names())
def test_the_tables_hold_what_the_json_holds(answers: dict[str, Answer], name: str) -> None:
    table, data = rows(answers[name]), forecast_data(answers[name])
    assert {tuple(row) for row in table} == {COLUMNS}
    found = {
        row["id"]: row["mean"] for row in table if row["table"] == "question" and row["statistic"] == "probability"
    }
    asked = {one["id"]: one["probability"] for one in data["questions"]}
    assert found == {name: "" if value is None else _number(value["mean"]) for name, value in asked.items()}
    actions = [(row["id"], row["action"], row["mean"]) for row in table if row["table"] == "decision"]
    assert actions == [
        (one["step"], action["action"], _number(action["probability"]["mean"]))
        for one in data["decisions"]
        for action in one["actions"]
    ]
    assert sum(row["table"] == "outcome" for row in table) == len(data["outcomes"])
    assert sum(row["table"] == "stake" for row in table) == len(data["stakes"])
    assert all(math.isfinite(float(row["mean"])) for row in table if row["mean"])


def _number(value: Any) -> str:
    return repr(float(value))


def test_no_cell_of_user_text_is_a_formula(hostile: Answer) -> None:
    cells = [row[column] for row in rows(hostile) for column in ("id", "title", "player", "action", "state")]
    assert "'" + TITLES["player"] in cells
    assert not any(cell.startswith(("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}")) for cell in cells)


# --- files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "answer.csv"
    file.write_text("old", "utf-8")
    yield file
    assert [one.name for one in tmp_path.iterdir()] == ["answer.csv"]


def test_a_file_is_replaced_whole_and_keeps_its_rights(old: Path) -> None:
    old.chmod(0o640)
    write_atomically(old, "nëw\n")
    assert old.read_bytes() == "nëw\n".encode()
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    old: Path, hostile: Answer, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StratagemError, match="No space left on device; nothing was changed"):
        write_forecast(hostile, old)
    assert old.read_text("utf-8") == "old"


def test_an_interrupt_leaves_the_old_file(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(old, "new")
    assert old.read_text("utf-8") == "old"


@pytest.mark.parametrize("path", ["missing/answer.csv", "", "a\0b"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(StratagemError, match="cannot write"):
        write_atomically(f"{tmp_path}/{path}", "text")
    with pytest.raises(StratagemError, match="cannot write"):
        check_writable(f"{tmp_path}/{path}")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_be_written_is_left_alone(tmp_path: Path, old: Path) -> None:
    check_writable(old)
    check_writable(tmp_path / "new")
    check_writable("/dev/null")
    assert old.read_text("utf-8") == "old"
    assert not (tmp_path / "new").exists()


def test_a_missing_folder_is_a_message_on_the_command_line(tmp_path: Path) -> None:
    result = run("--csv", str(tmp_path / "missing" / "answer.csv"))
    assert result.returncode == 2
    assert result.stderr.startswith(b"cannot write")
    assert b"Traceback" not in result.stderr


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text("utf-8") == "text"
