"""Every text, date and estimate of a scenario with its path in the file."""

from __future__ import annotations

from collections.abc import Iterator

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
