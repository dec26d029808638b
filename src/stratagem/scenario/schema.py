"""The language as a JSON Schema, for editors; and the keys that it allows at a place, for messages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from stratagem.scenario.model import Scenario


@lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file; bare forms are allowed beside the long ones."""
    schema = Scenario.model_json_schema(by_alias=True)
    for part in schema["$defs"].values():
        _allow_bare_form(part)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Stratagem scenario", **schema}


BARE_FORMS: dict[str, dict[str, Any]] = {
    "Player": {"type": "string"}, "Theatre": {"type": "string"}, "Stake": {"type": "string"}, "Link": {"type": "string"},
    "Source": {"type": "string"}, "Fact": {"type": "string"}, "Seen": {"type": "string"}, "Action": {"type": "null"},
    "Outcome": {"type": ["string", "number"]}, "Quantity": {"type": ["string", "number"]}, "Judgement": {"type": ["string", "number"]},
}  # fmt: skip


def _allow_bare_form(part: dict[str, Any]) -> None:
    title = part.get("title")
    for name, place in part.get("properties", {}).items():
        if name in ("shift", "later") and place.get("type") == "array":
            part["properties"][name] = {"anyOf": [place["items"], place]}
    if title == "Weights":
        part["additionalProperties"] = {"type": ["string", "number"]}
        part["properties"].pop("exact", None)
    if title in BARE_FORMS:
        long_form = dict(part)
        part.clear()
        part.update({"title": title, "anyOf": [BARE_FORMS[title], long_form]})


ITEM_KINDS = ("move", "chance", "rounds", "simultaneous")


def without_kinds(path: Sequence[str | int]) -> tuple[str | int, ...]:
    """A validation path without the steps that only name which kind of item was tried."""
    pairs = zip((None, *path), path, strict=False)
    return tuple(step for before, step in pairs if not (isinstance(before, int) and step in ITEM_KINDS))


def keys_at(path: Sequence[str | int]) -> list[str]:
    """The keys allowed by the model at a validation path."""
    schema = Scenario.model_json_schema(by_alias=True)
    places: list[dict[str, Any]] = [schema]
    before: str | int | None = None
    for step in path:
        opened = [one for place in places for one in _open(place, schema["$defs"])]
        if isinstance(before, int) and step in ITEM_KINDS:
            places = [one for one in opened if step in one.get("required", [])]
        else:
            places = [inner for one in opened for inner in _step(one, step)]
        before = step
    return sorted({key for place in places for one in _open(place, schema["$defs"]) for key in one.get("properties", {})})


def _open(place: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in place:
        return _open(definitions[place["$ref"].rsplit("/", 1)[-1]], definitions)
    for key in ("anyOf", "oneOf"):
        if key in place:
            return [one for option in place[key] for one in _open(option, definitions)]
    return [place]


def _step(one: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    if isinstance(step, int):
        return [one["items"]] if "items" in one else []
    if step in one.get("properties", {}):
        return [one["properties"][step]]
    rest = one.get("additionalProperties")
    return [rest] if isinstance(rest, dict) else []
