"""Every text, date and estimate of a scenario with its path in the file, and where any part of it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pydantic import BaseModel

from stratagem.scenario.dates import Date
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.model import Scenario
from stratagem.scenario.text import Path

Value = str | Date | Estimate


def values_in(scenario: Scenario) -> Iterator[tuple[Path, str, Value]]:
    """Every text, date and estimate as (path, field, value); entries of mappings and lists bear their field's name."""
    return _walk(scenario, (), "")


def _walk(value: object, path: Path, field: str) -> Iterator[tuple[Path, str, Value]]:
    if isinstance(value, Value):
        yield path, field, value
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _walk(getattr(value, name), (*path, info.alias or name), name)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key), field)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _walk(inner, (*path, place), field)


def where_is(scenario: Scenario, part: object) -> str:
    """`file:line:column: ` of what is this very part of a scenario, to begin a message with; nothing where it is none of it."""
    path = _path_to(part, scenario, ())
    return "" if path is None else scenario.where(*path)


def _path_to(part: object, value: object, path: Path) -> Path | None:
    if value is part:
        return path
    found = (_path_to(part, inner, (*path, *step)) for step, inner in _steps(value))
    return next((one for one in found if one is not None), None)


def _steps(value: object) -> Iterator[tuple[Path, object]]:
    """What stands in a value, and the step to it: none into the parts of what one text states."""
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield (info.alias or name,), getattr(value, name)
    elif isinstance(value, dict):
        yield from (((key,), inner) for key, inner in value.items())
    elif isinstance(value, list | tuple):
        yield from (((place,), inner) for place, inner in enumerate(value))
    elif is_dataclass(value):
        yield from (((), getattr(value, one.name)) for one in fields(value))
