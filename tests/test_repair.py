"""After a fault of shape the rest of the file is still checked, and nothing is reported that is not there."""

from __future__ import annotations

import random
from functools import lru_cache

import pytest
from mutations import catalogue_text

from stratagem.errors import Fault, ScenarioError
from stratagem.scenario.descriptions import DESCRIPTIONS
from stratagem.scenario.read import parse_scenario
from stratagem.scenario.text import Document, Mark, Path, read_text

TEXT = """\
scenario: Repair
players:
  a: {name: A, precision: 1, weights: {x: 0.5, y: 0.5}}
  b: {name: B, precision: 1}
state:
  order: [calm, tense]
stakes:
  x: X
  y: Y
quantities:
  known to all:
    cost: 0.1 to 0.3
definitions:
  worse: order == tense
timeline:
  - move: ask
    player: a
    actions:
      go: {gains: {x: cost}, set: {order: tense}}
      stay:
  - chance: luck
    outcomes:
      good: {probability: 0.5, gains: {y: 1}}
      bad: 0.5
  - move: answer
    player: b
    if: worse and ask == go
    actions:
      yield: {payoffs: {b: -cost}}
      fight:
questions:
  war: {title: War?, event: answer == fight}
history:
  - ask = go
"""


def faults_after(*changes: tuple[str, str]) -> list[str]:
    """The faults of the text with some parts put in others' place."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text)
    return [f"{one.line}:{one.column} {one.found}" for one in caught.value.faults]


def test_the_text_is_sound() -> None:
    assert parse_scenario(TEXT)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("state:", "stat:", "5:1 the unknown key `stat` (did you mean `state`?)"),
        ("state:", "zzz:", "5:1 the unknown key `zzz`"),
        ("timeline:", "timelin:", "15:1 the unknown key `timelin` (did you mean `timeline`?)"),
        (
            "  a: {name: A, precision: 1, weights",
            "  a: {nmae: A, precision: 1, weights",
            "3:7 the unknown key `nmae` (did you mean `name`?)",
        ),
        ("order: [calm, tense]", "order: 3", "6:10 the variable `3`"),
        ("order: [calm, tense]", "9order: [calm, tense]", "6:3 the name `9order`"),
        ("cost: 0.1 to 0.3", "cost: a lot of it", "12:11 `a lot of it`"),
        ("cost: 0.1 to 0.3", "cost: {title: C}", "12:11 no `is` here"),
        ("worse: order == tense", "worse: order ==", "14:18 the end of the formula"),
        ("worse: order == tense", "worse: ordr == tense", "14:10 the unknown name `ordr` (did you mean `order`?)"),
        ("- move: ask", "- mvoe: ask", "16:5 the unknown key `mvoe` (did you mean `move`?)"),
        ("    player: a\n", "    plaeyr: a\n", "17:5 the unknown key `plaeyr` (did you mean `player`?)"),
        ("good: {probability: 0.5,", "good: {probability: 0.5 +,", "23:32 the end of the formula"),
        (
            "good: {probability: 0.5,",
            "good: {probabilty: 0.5,",
            "23:14 the unknown key `probabilty` (did you mean `probability`?)",
        ),
        ("good: {probability: 0.5,", "good: {", "23:13 no `probability` here"),
        ("bad: 0.5", "bad: [0.5]", "24:12 a list"),
        ("gains: {y: 1}", "gains: [y]", "23:39 a list"),
        ("precision: 1}", "precison: 1}", "4:16 the unknown key `precison` (did you mean `precision`?)"),
        ("precision: 1}", "lambda: 1}", "4:16 the unknown key `lambda`"),
        ("weights: {x: 0.5, y: 0.5}", "weights: {x: half, y: 0.5}", "3:43 the unknown name `half`"),
        ("weights: {x: 0.5, y: 0.5}", "weights: {x: 0.5 0, y: 0.5}", "3:47 `0` after a complete formula"),
        ("weights: {x: 0.5, y: 0.5}", "weights: {x: [], y: 0.5}", "3:43 a list"),
        ("weights: {x: 0.5, y: 0.5}", "weights: 1", "3:39 the number `1`"),
        ("  x: X", "  x: [X]", "8:6 a list"),
        ("  x: X", "  x: {title: X, best: 0}", "8:6 a stake whose worst is its best"),
        ("b: {name: B, precision: 1}", "b: [B]", "4:6 a list"),
        ("fight:\n", "fight: 7\n", "30:14 the number `7`"),
        ("- ask = go", "- [ask, go]", "34:5 a list"),
        ("event: answer == fight", "event: [answer]", "32:29 a list"),
    ],
)
def test_one_mistake_is_one_fault(old: str, new: str, fault: str) -> None:
    assert [one[: len(fault)] for one in faults_after((old, new))] == [fault]


def test_faults_behind_a_repaired_one_are_found() -> None:
    found = faults_after(
        ("state:", "stat:"),
        ("cost: 0.1 to 0.3", "cost: much"),
        ("- ask = go", "- ask = gone"),
        ("{b: -cost}", "{b: -csot}"),
    )
    assert found == [
        "5:1 the unknown key `stat` (did you mean `state`?)",
        "12:11 `much`",
        "29:29 the unknown name `csot` (did you mean `cost`?)",
        "34:5 the unknown action `gone` (did you mean `go`?)",
    ]


def test_a_move_without_a_name_is_left_out_whole() -> None:
    found = faults_after(("- move: ask", "- step: ask"))
    assert found == ["16:5 no `move` here", "16:5 the unknown key `step`"]


def test_entries_after_one_that_is_left_out_keep_their_places() -> None:
    found = faults_after(
        ("  - chance: luck\n", "  - nonsense\n  - chance: luck\n"), ("    player: b\n", "    player: c\n")
    )
    assert found[:2] == ["21:5 the text `nonsense`", "27:13 the unknown player `c`"]


def test_what_stood_only_in_a_second_of_two_equal_keys_is_not_missed() -> None:
    found = faults_after(
        ("questions:", "definitions: {better: order == calm}\nquestions:"), ("event: answer == fight", "event: better")
    )
    assert found[:1] == ["31:1 the key `definitions` twice"]
    assert not any("better" in one for one in found)


def test_a_file_that_no_repair_saves_still_has_its_faults_of_shape() -> None:
    assert faults_after(("players:", "playing: 1\nplay:"), ("order: [calm, tense]", "order: 3"))[-2:]


FOUNDING = catalogue_text("kazakhstan-ukraine-2022.yaml")
KNOWN_KEYS = {key for keys in DESCRIPTIONS.values() for key in keys}


@lru_cache(maxsize=1)
def founding() -> Document:
    return read_text(FOUNDING)


def faults_with(mark: Mark, old: str, new: str) -> tuple[Fault, ...]:
    """The faults of the founding case with `new` for `old` at a place."""
    lines = FOUNDING.split("\n")
    row, at = lines[mark.line - 1], mark.column - 1
    assert row.startswith(old, at)
    lines[mark.line - 1] = row[:at] + new + row[at + len(old) :]
    with pytest.raises(ScenarioError) as caught:
        parse_scenario("\n".join(lines))
    return caught.value.faults


def test_a_misspelt_key_of_the_founding_case_is_one_fault_at_its_place() -> None:
    keys = [
        (str(path[-1]), mark)
        for path, mark in founding().keys.items()
        if path[-1] in KNOWN_KEYS and path[-2:-1] not in (("set",), ("state",))  # those name variables, such as `order`
    ]
    for key, mark in random.Random(1).sample([one for one in keys if len(one[0]) > 4], 30):
        misspelt = key[0] + key[1] + key[1:]  # a letter doubled
        found = faults_with(mark, key, misspelt)
        assert [(one.line, one.column) for one in found] == [(mark.line, mark.column)], found
        assert f"the unknown key `{misspelt}` (did you mean `{key}`?)" in found[0].found


def plain_text(path: Path) -> str | None:
    """The text at a place of the founding case that stands there as it is read, unquoted and on one line."""
    value = founding().data
    for step in path:
        value = value[step]
    mark = founding().marks[path]
    row = FOUNDING.split("\n")[mark.line - 1]
    return value if isinstance(value, str) and not mark.inset and row.startswith(value, mark.column - 1) else None


def test_a_list_for_any_text_of_the_founding_case_is_one_fault() -> None:
    texts = [(text, mark) for path, mark in founding().marks.items() if (text := plain_text(path)) is not None]
    for text, mark in random.Random(1).sample(texts, 40):
        assert [one.line for one in faults_with(mark, text, "[[1]]")] == [mark.line]
