"""The JSON Schema that editors use, and the keys that messages offer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from mutations import CATALOGUE, catalogue_text
from strategies import scenarios

from stratagem.scenario.descriptions import DESCRIPTIONS
from stratagem.scenario.model import Scenario
from stratagem.scenario.schema import json_schema, keys_at, without_kinds
from stratagem.scenario.text import read_text

jsonschema = pytest.importorskip("jsonschema", reason="the JSON Schema is tried with jsonschema")

SMALL = """
scenario: Small
as of: 2022-01-06
sources: {s: A source, t: {title: Another, kind: report}}
players:
  a: A
  b: {name: B, weights: {x: 0.4, y: 0.6}, precision: best}
  c: {name: C, weights: {swings: {x: 1, y: 2}}}
state: {order: [calm, tense], heat: 1 in 0 to 3, alarm: false}
stakes: {x: X, y: {title: Y, best: 2}}
quantities: {known to all: {q: 0.5, r: 2 to 4, s2: {is: likely, title: S}, t2: {choice: {1: 0.5, 2: 0.5}}}}
correlations: [{between: [q, r], rank: 0.5}]
timeline:
  - move: m
    player: a
    actions: {hold: , go: {gains: {x: 1}, later: {after: 2 days, gains: {y: q}}}}
  - {chance: k, outcomes: {good: 0.5, bad: rest}}
  - {rounds: 2, moves: [{move: n, player: b, actions: {hold: {share: 30% per month}}}]}
questions: {war: {title: War?, event: m == go, base rate: 6 of 75, crowd: {is: 0.3}}}
history: [m = go, {that: k = good}]
revealed: {v: {at: "n[1]", says: x > y, taken: hold, rivals: {r: {q: 0.2}}, attribution: 90%}}
facts: {f: A fact}
claims: {g: {at: s P1, says: So, context: Why}}
"""


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_is_valid(validator: Any, name: str) -> None:
    assert [one.message for one in validator.iter_errors(read_text(catalogue_text(name)).data)] == []


def test_every_short_form_is_valid(validator: Any) -> None:
    assert [one.message for one in validator.iter_errors(read_text(SMALL).data)] == []


@settings(max_examples=25, deadline=None)
@given(scenarios())
def test_a_drawn_scenario_is_valid(data: dict[str, Any]) -> None:
    plain = read_text(yaml.safe_dump(json.loads(json.dumps(data)))).data
    assert list(jsonschema.Draft202012Validator(json_schema()).iter_errors(plain)) == []


MISTAKES: list[tuple[tuple[str | int, ...], Any]] = [
    (("scenario",), 3),
    (("playrs",), {"a": "A"}),
    (("players",), {}),
    (("players", "a"), {"nmae": "A"}),
    (("players", "b", "weights"), {"swings": [1]}),
    (("players", "b", "weights", "two words"), 0.5),
    (("sources", "t", "kind"), "blog"),
    (("state", "heat"), "3 of 5"),
    (("stakes", "y", "best"), "high"),
    (("quantities", "known to all", "q"), {"title": "no number"}),
    (("quantities", "known to all", "q"), [1, 2]),
    (("correlations", 0, "rank"), 2),
    (("correlations", 0, "between"), ["q"]),
    (("timeline",), []),
    (("timeline", 0, "player"), None),
    (("timeline", 0, "mvoe"), "m"),
    (("timeline", 0, "actions"), ["hold", "go"]),
    (("timeline", 0, "actions", "go", "gain"), {"x": 1}),
    (("timeline", 0, "actions", "go", "shift"), "10 west"),
    (("timeline", 1, "outcomes", "good"), True),
    (("timeline", 2, "rounds"), "two"),
    (("questions", "war", "resolved"), "maybe"),
    (("questions", "war", "event"), ["m"]),
    (("history", 0), 3),
]


@pytest.mark.parametrize(("path", "value"), MISTAKES, ids=lambda one: str(one)[:40])
def test_an_obvious_mistake_is_not(validator: Any, path: tuple[str | int, ...], value: Any) -> None:
    data = copy.deepcopy(read_text(SMALL).data)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert list(validator.iter_errors(data))


def properties(place: Any) -> Iterator[tuple[str, Any]]:
    """Every property of every part of the schema."""
    if isinstance(place, dict):
        known = place.get("properties", {})
        if "type" not in known or isinstance(known["type"], dict):
            yield from known.items()
    for one in place.values() if isinstance(place, dict) else place if isinstance(place, list) else ():
        yield from properties(one)


def test_every_key_has_a_short_description() -> None:
    found = [(name, one.get("description", "")) for name, one in properties(json_schema())]
    assert len(found) > 150
    assert [name for name, description in found if not 3 <= len(description) <= 120] == []


def test_no_description_is_of_a_key_that_is_gone() -> None:
    schema = Scenario.model_json_schema(by_alias=True)
    known = {title: set(part["properties"]) for title, part in {"Scenario": schema, **schema["$defs"]}.items()}
    assert {title: set(keys) for title, keys in DESCRIPTIONS.items() if not set(keys) <= known[title]} == {}
    assert set(DESCRIPTIONS) == set(known)


def test_the_schema_is_plain_json_and_the_same_each_time() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ((), "timeline"),
        (("players", "a"), "risk aversion"),
        (("players", "a", "weights"), "known to"),
        (("timeline", 0, "move"), "signed by"),
        (("timeline", 0, "rounds", "moves", 1, "chance", "outcomes", "x"), "probability"),
        (("timeline", 0, "move", "actions", "x", "later", 0), "after"),
        (("quantities", "known to all", "q"), "unit"),
    ],
)
def test_the_keys_at_a_place_are_those_of_its_part(path: tuple[str | int, ...], key: str) -> None:
    assert key in keys_at(path)


def test_no_keys_are_offered_where_names_are_free() -> None:
    assert keys_at(("stakes",)) == []


def test_the_kind_of_an_item_is_no_step_in_the_text() -> None:
    assert without_kinds(("timeline", 0, "rounds", "moves", 1, "move", "if")) == ("timeline", 0, "moves", 1, "if")
    assert without_kinds(("timeline", 0, "rounds", "rounds")) == ("timeline", 0, "rounds")
