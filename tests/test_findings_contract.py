"""What every analysis owes on every scenario of the catalogue: all parts, one set of numbers in every view, honest digits."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from stratagem.analyse.discover import discover
from stratagem.analyse.editions import diff
from stratagem.analyse.finding import Finding
from stratagem.analyse.flips import flips
from stratagem.analyse.learn import learn
from stratagem.analyse.options import options
from stratagem.analyse.sensitivity import sensitivity
from stratagem.analyse.shift import WAYS, shift
from stratagem.analyse.study import Study
from stratagem.api import solve
from stratagem.catalogue import load, names
from stratagem.errors import UsageError
from stratagem.graph.game import CHANCE
from stratagem.scenario.elements import numbers
from stratagem.show import finding_schema
from stratagem.show.findings import MOST_ROWS, finding_json, render_finding, shown
from stratagem.show.notebook import ShownFinding
from stratagem.show.numbers import clean

jsonschema = pytest.importorskip("jsonschema", reason="findings are tried against their JSON Schema")

WORLDS = 120
FOUNDING = "kazakhstan-ukraine-2022"
KINDS = ("shift", "options", "flips", "discover", "sensitivity", "learn", "diff")
ASKED: dict[str, Callable[[Study, str], Finding]] = {
    "options": options, "flips": flips, "discover": discover, "sensitivity": sensitivity, "learn": learn,
}  # fmt: skip


def study(name: str, worlds: int = WORLDS, seed: int = 1) -> Study:
    return Study(load(name), worlds=worlds, seed=seed, taken_as_known=True)


def decision(name: str) -> str:
    """The last decision that most options stand at."""
    if name.startswith("kazakhstan"):
        return "west_course[1]"
    steps = [step for step in study(name).game.steps if step.player != CHANCE]
    return max(reversed(steps), key=lambda step: len(step.options)).label


def found(kind: str, name: str, worlds: int = WORLDS, seed: int = 1) -> Finding:
    one, asked = study(name, worlds, seed), decision(name)
    if kind == "diff":
        other = "kazakhstan-ukraine-2022-second-edition" if name == FOUNDING else name
        answers = (solve(name, worlds, seed, taken_as_known=True), solve(other, worlds, seed, taken_as_known=True))
        return diff(load(name).scenario, load(other).scenario, answers)
    if kind != "shift":
        return ASKED[kind](one, asked)
    step = one.decision(asked)
    if step == 0:
        raise UsageError("nothing comes before it")
    event = (
        "unrest=revolt"
        if name.startswith("kazakhstan")
        else f"{one.game.steps[step - 1].label}={one.game.steps[step - 1].options[0]}"
    )
    return shift(one, event, asked)


@cache
def answered() -> tuple[dict[tuple[str, str], Finding], dict[tuple[str, str], str]]:
    """Every finding that a scenario of the catalogue has, and the message where there is nothing to ask."""
    answers, refused = {}, {}
    for name in names():
        for kind in KINDS:
            try:
                answers[name, kind] = found(kind, name)
            except UsageError as message:
                refused[name, kind] = str(message)
    return answers, refused


def all_found() -> dict[tuple[str, str], Finding]:
    return answered()[0]


def each() -> Iterator[tuple[str, Finding]]:
    yield from ((f"{name} {kind}", one) for (name, kind), one in all_found().items())


def terminal(finding: Finding, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False, markup=False, emoji=False).print(
        render_finding(finding)
    )
    return stream.getvalue()


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_the_founding_case_has_every_finding() -> None:
    assert {kind for name, kind in all_found() if name == FOUNDING} == set(KINDS)


def test_most_scenarios_have_most_findings() -> None:
    assert len(all_found()) >= 0.6 * len(KINDS) * len(names())


def test_where_there_is_nothing_to_ask_the_message_says_so() -> None:
    for where, message in answered()[1].items():
        assert re.search("nothing|no quantity|no choice|it takes at least", message), (where, message)


def test_a_finding_has_all_its_parts() -> None:
    for where, one in each():
        assert one.title, where
        assert one.judgements, where
        assert all(text and text == text.strip() and text[-1] == "." for text in one.judgements), (
            where,
            one.judgements,
        )
        assert one.tables, where
        assert one.caveats, where
        assert len({table.name for table in one.tables}) == len(one.tables), where
        for table in one.tables:
            assert table.title, where
            assert table.rows or table.note, (where, table.name)
            assert len({column.name for column in table.columns}) == len(table.columns), (where, table.name)
            assert all(len(row) == len(table.columns) for row in table.rows), (where, table.name)
        if one.kind != "diff":
            assert {"decision", "worlds", "seed"} <= one.manifest.keys() or where.endswith("shift"), where


def test_a_finding_says_what_it_rests_on() -> None:
    for where, one in each():
        scenario = load(where.split()[0]).scenario
        known = {name for name, _, _ in numbers(scenario)}
        if known and one.kind != "diff":
            assert one.rests_on, where
        for basis in one.rests_on:
            assert basis.written, (where, basis)
            assert basis.source or basis.assumption, (where, basis)


def test_numbers_are_numbers_and_chances_are_chances() -> None:
    for where, one in each():
        for table in one.tables:
            for row in table.rows:
                for cell, column in zip(row, table.columns, strict=True):
                    if isinstance(cell, float):
                        assert math.isfinite(cell), (where, table.name, column.name)
                        if column.kind == "chance" and column.name != "of_everything":
                            assert -1e-9 <= cell <= 1 + 1e-9, (where, table.name, column.name, cell)


def test_the_json_has_the_numbers_of_the_finding() -> None:
    for where, one in each():
        data = json.loads(finding_json(one))
        assert data["schema"] == f"stratagem/{one.kind}/1", where
        assert next(iter(data)) == "schema", where
        assert data["judgements"] == list(one.judgements), where
        assert data["caveats"] == list(one.caveats), where
        assert [basis["element"] for basis in data["rests_on"]] == [basis.element for basis in one.rests_on], where
        for table in one.tables:
            rows = [tuple(row.values()) for row in data["tables"][table.name]]
            assert rows == [tuple(row) for row in table.rows], (where, table.name)


def test_the_json_fits_its_schema() -> None:
    schema = finding_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    fits = jsonschema.Draft202012Validator(schema)
    for where, one in each():
        data = json.loads(finding_json(one), parse_constant=lambda constant: pytest.fail(f"{constant} in JSON"))
        branch = jsonschema.Draft202012Validator({**schema, "oneOf": [{"$ref": f"#/$defs/{one.kind}"}]})
        assert [f"{error.json_path}: {error.message}" for error in branch.iter_errors(data)] == [], where
        name = next(table.name for table in one.tables)
        assert not fits.is_valid({**data, "tables": {**data["tables"], name: [{"another column": 1}]}}), where
        assert not fits.is_valid({**data, "rests_on": ["q"]}), where


def test_every_table_and_column_of_the_schema_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "json.md").read_text("utf-8")
    part = page[page.index("# Findings") :]
    for kind in KINDS:
        tables = finding_schema()["$defs"][kind]["properties"]["tables"]
        for name, table in (*tables["properties"].items(), *tables.get("patternProperties", {}).items()):
            assert f"`{name.strip('^$').replace('[0-9]+', 'N').replace('.+', 'QUESTION')}`" in part, (kind, name)
            for column in table["items"].get("properties", {}):
                assert f"`{column}`" in part, (kind, name, column)


def test_the_terminal_has_the_numbers_of_the_finding() -> None:
    for where, one in each():
        wide = squeezed(terminal(one, 2000))
        for text in (one.title, *one.judgements, *one.caveats):
            assert squeezed(text) in wide, (where, text)
        for table in one.tables:
            for row in table.rows[:MOST_ROWS]:
                line = "".join(squeezed(shown(cell, column)) for cell, column in zip(row, table.columns, strict=True))
                assert line in wide, (where, table.name, row)


def test_the_terminal_fits_80_columns() -> None:
    for where, one in each():
        lines = terminal(one, 80).splitlines()
        assert max(len(line.rstrip()) for line in lines) <= 80, where
        for table in one.tables:
            assert max((len(table.columns),)) <= 16, (where, table.name)


@pytest.mark.parametrize("width", [80, 40])
def test_no_number_is_broken_over_two_lines(width: int) -> None:
    for where, one in each():
        words = {word.strip("·") for word in terminal(one, width).split()}
        for table in one.tables:
            for row in table.rows[:MOST_ROWS]:
                for cell, column in zip(row, table.columns, strict=True):
                    if isinstance(cell, float | int) and column.kind not in ("text", "bar"):
                        assert shown(cell, column).split()[0] in words, (where, table.name, column.name)


class Tables(HTMLParser):
    """The cells of every table of a page, by table and row, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.is_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser asks for it
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.is_cell &= tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.is_cell:
            self.tables[-1][-1][-1] += data


def test_the_notebook_has_the_numbers_of_the_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cell by cell, in the order of the finding; figures, which have tests of their own, are not drawn."""
    monkeypatch.setattr("stratagem.show.notebook.finding_charts", lambda *_: ())
    for where, one in each():
        page = Tables(ShownFinding.of(one, {})._repr_html_())
        filled = [table for table in one.tables if table.rows]
        assert len(page.tables) == len(filled), where
        for table, (head, *body) in zip(filled, page.tables, strict=True):
            assert head == [clean(column.header or column.name) for column in table.columns], (where, table.name)
            cells = [
                [clean(shown(cell, column)) for cell, column in zip(row, table.columns, strict=True)]
                for row in table.rows
            ]
            assert body == cells, (where, table.name)
        for text in (one.title, *one.judgements, *one.caveats):
            assert squeezed(clean(text)) in squeezed(page.text), (where, text)


# Digits

NUMBER = re.compile(r"(?<![\w.\[])([+−-]?\d[\d,]*(?:\.\d+)?)(?: ± (\d+(?:\.\d+)?))?( %| points)?")
SEEDS = 5


def slots(text: str) -> tuple[str, list[tuple[float, float, float]]]:
    """A sentence without its numbers; and of each number its value, the unit of its last digit, and the error said."""
    found = []
    for match in NUMBER.finditer(text):
        digits = match[1].replace(",", "").replace("−", "-")
        unit = 10.0 ** -len(digits.partition(".")[2])
        if match[3] == " points" or match[3] == " %":
            unit = 10.0 if match[2] and digits.endswith("0") and match[2].endswith("0") else unit
        found.append((float(digits), unit, float(match[2] or 0)))
    return NUMBER.sub("#", text), found


@pytest.mark.parametrize(("kind", "worlds"), [("shift", 100), ("options", 200), ("sensitivity", 800)])
def test_digits_are_borne_by_the_error(kind: str, worlds: int) -> None:
    """What other seeds say differs in few units of the last digit, or by a few of the errors that stand beside it."""
    said: dict[str, list[list[tuple[float, float, float]]]] = {}
    for seed in range(1, SEEDS + 1):
        for text in found(kind, FOUNDING, worlds, seed).judgements:
            sentence, values = slots(text)
            said.setdefault(sentence, []).append(values)
    compared = 0
    for sentence, runs in said.items():
        if len(runs) < SEEDS - 1:
            continue  # under other seeds it is another sentence
        for place in range(len(runs[0])):
            values, units, errors = np.array([run[place] for run in runs]).T
            allowed = max(units.max(), errors.max())
            assert values.std(ddof=1) <= 4 * allowed, (sentence, place, values)
            compared += 1
    assert compared or not any(len(runs) >= SEEDS - 1 for runs in said.values())


def test_every_way_of_asking_is_explained_with_its_number() -> None:
    one = all_found()[FOUNDING, "shift"]
    sentence = one.judgements[1]
    for word in ("surprise", "announced", "given"):
        assert word in sentence
    changes = {row[0]: row[2] for table in one.tables if table.name == "ways" for row in table.rows}
    assert list(changes) == list(WAYS)
    told = [float(match) for match in re.findall(r"by ([+-][\d.]+) points", sentence)]
    assert told == pytest.approx([100 * changes[way] for way in ("surprise", "announced", "given")], abs=0.51)
