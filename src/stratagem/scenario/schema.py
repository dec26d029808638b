"""The language as a JSON Schema, for editors; and the keys that it allows at a place, for messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from stratagem.scenario.model import ITEM_KINDS, Scenario

Schema = dict[str, Any]

BARE_FORMS: dict[str, Schema] = {
    "Player": {"type": "string"}, "Theatre": {"type": "string"}, "Stake": {"type": "string"}, "Link": {"type": "string"},
    "Source": {"type": "string"}, "Fact": {"type": "string"}, "Seen": {"type": "string"}, "Action": {"type": "null"},
    "Outcome": {"type": ["string", "number"]},
}  # fmt: skip
ESTIMATED = ("Quantity", "Judgement")
LISTS_OF_KINDS = ("timeline", "moves")


@lru_cache(maxsize=1)
def json_schema() -> Schema:
    """The JSON Schema (2020-12) of a scenario file as parsed; bare forms are allowed beside the long ones."""
    from stratagem.scenario.descriptions import DESCRIPTIONS  # noqa: PLC0415 - long, and only editors read it

    schema = Scenario.model_json_schema(by_alias=True)
    parts = {"Scenario": schema, **schema["$defs"]}
    for title, part in parts.items():
        _describe(part, DESCRIPTIONS[title])
        _as_written(title, part)
    for title in (*BARE_FORMS, *ESTIMATED):
        _allow_bare_form(title, parts[title])
    for one in _inside(schema):
        one.pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Stratagem scenario"}


def _describe(part: Schema, descriptions: dict[str, str]) -> None:
    for name, place in part["properties"].items():
        place.pop("title", None)
        if name in descriptions:
            place["description"] = descriptions[name]


def _as_written(title: str, part: Schema) -> None:
    """Undo what reading does: one entry for a list, stakes beside the keys of weights, `best` for no precision."""
    properties = part["properties"]
    for name in {"shift", "later"} & set(properties):
        one, described = properties[name]["items"], properties[name].pop("description")
        properties[name] = {"anyOf": [one, properties[name]], "description": described}
    if title == "Weights":
        amount = properties.pop("exact")["anyOf"][0]["additionalProperties"]
        part["patternProperties"] = {f"^(?!({'|'.join(properties)})$)[A-Za-z_][A-Za-z0-9_]*$": amount}


def _allow_bare_form(title: str, part: Schema) -> None:
    long_form = dict(part)
    bare = [long_form["properties"]["is"]] if title in ESTIMATED else [BARE_FORMS[title]]
    part.clear()
    part.update({"title": title, "description": long_form.pop("description", ""), "anyOf": [*bare, long_form]})


def _inside(place: Any) -> Iterator[Schema]:
    """Every schema in a schema, itself first."""
    if isinstance(place, dict):
        yield place
    inner = place.values() if isinstance(place, dict) else place if isinstance(place, list) else ()
    for one in inner:
        yield from _inside(one)


def without_kinds(path: Sequence[str | int]) -> tuple[str | int, ...]:
    """A validation path without the steps that only name which kind of item was tried."""
    return tuple(step for place, step in enumerate(path) if not _is_kind(path, place))


def _is_kind(path: Sequence[str | int], place: int) -> bool:
    """Whether a step only names which kind of item was tried: behind the number of one in a list of several kinds."""
    return (
        place > 1
        and isinstance(path[place - 1], int)
        and path[place - 2] in LISTS_OF_KINDS
        and path[place] in ITEM_KINDS
    )


@lru_cache(maxsize=1)
def _model_schema() -> Schema:
    return Scenario.model_json_schema(by_alias=True)


def keys_at(path: Sequence[str | int]) -> list[str]:
    """The keys allowed by the model at a validation path.

    >>> keys_at(["theatres", "west"])
    ['assumption', 'source', 'title']
    """
    schema = _model_schema()
    places: list[Schema] = [schema]
    for place, step in enumerate(path):
        opened = [one for part in places for one in _open(part, schema["$defs"])]
        if _is_kind(path, place):
            places = [one for one in opened if step in one.get("required", [])]
        else:
            places = [inner for one in opened for inner in _step(one, step)]
    keys = {key for place in places for one in _open(place, schema["$defs"]) for key in one.get("properties", {})}
    return sorted(keys - {"exact"})


def _open(place: Schema, definitions: Schema) -> list[Schema]:
    if "$ref" in place:
        return _open(definitions[place["$ref"].rsplit("/", 1)[-1]], definitions)
    for key in ("anyOf", "oneOf"):
        if key in place:
            return [one for option in place[key] for one in _open(option, definitions)]
    return [place]


def _step(one: Schema, step: str | int) -> list[Schema]:
    if isinstance(step, int):
        return [one["items"]] if "items" in one else []
    if step in one.get("properties", {}):
        return [one["properties"][step]]
    rest = one.get("additionalProperties")
    return [rest] if isinstance(rest, dict) else []
