"""Where a crisis plays and what is at stake: theatres, forces, state, stakes, links, correlations (L8, L9, L13 to L15)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from stratagem.errors import described, quote
from stratagem.scenario.dates import Delay
from stratagem.scenario.formula import Formula, stated_fault
from stratagem.scenario.part import Id, Sourced, Text, bare, checked_id

MAX_LABELS, MAX_LEVELS = 200, 1001
_LEVEL = re.compile(r"(-?[0-9]{1,6}) +in +(-?[0-9]{1,6}) +to +(-?[0-9]{1,6})\Z")


class Theatre(Sourced):
    """A place where forces stand (L13)."""

    _bare = bare("title")
    title: Text


class Force(Sourced):
    """A stock of which there is only so much, over places (L13)."""

    title: Text | None = None
    owner: Id | None = None
    unit: Text | None = None
    stock: dict[str, Formula]
    travel: dict[str, Delay] = {}

    def travel_between(self, origin: str, destination: str) -> Delay | None:
        """How long the force is under way."""
        return self.travel.get(f"{origin} to {destination}")


@dataclass(frozen=True)
class Variable:
    """A state variable (L14): its kind, domain in order, and start."""

    kind: Literal["flag", "level", "label"]
    domain: Sequence[bool | int | str]
    start: bool | int | str

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_variable)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        labels = {"type": "array", "minItems": 1, "maxItems": MAX_LABELS, "items": {"type": "string"}}
        level = {"type": "string", "pattern": "^-?[0-9]+ +in +-?[0-9]+ +to +-?[0-9]+$"}
        forms = [{"type": "boolean"}, labels, level]
        return {"anyOf": forms, "description": "a state variable (L14)", "examples": [False, "2 in 0 to 5"]}


def _variable(value: object) -> Variable:
    if isinstance(value, Variable):
        return value
    found = _flag(value) or _level(value) or _label(value)
    if found is None:
        expected = "`[first, second]` for a label, `2 in 0 to 5` for a level, `true` or `false` for a flag"
        raise stated_fault(f"the variable {described(value)}", expected, "L14")
    return found


def _flag(value: object) -> Variable | None:
    return Variable("flag", (False, True), value) if isinstance(value, bool) else None


def _level(value: object) -> Variable | None:
    match = _LEVEL.match(value) if isinstance(value, str) else None
    if match is None:
        return None
    start, low, high = (int(part) for part in match.groups())
    if not low <= start <= high or high - low >= MAX_LEVELS:
        raise stated_fault(
            f"the level {quote(value)}", f"a start within its limits, at most {MAX_LEVELS:,} levels", "L14"
        )
    return Variable("level", range(low, high + 1), start)


def _label(value: object) -> Variable | None:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_LABELS:
        return None
    labels = tuple(checked_id(label) for label in value if isinstance(label, str))
    if len(labels) < len(value):
        return None
    twice = next((label for place, label in enumerate(labels) if label in labels[:place]), None)
    if twice is not None:
        raise stated_fault(f"the word {quote(twice)} twice", "different words for a label", "L14")
    return Variable("label", labels, labels[0])


class Stake(Sourced):
    """An attribute of the outcome (L15)."""

    _bare = bare("title")
    title: Text
    worst: float = 0.0
    best: float = 1.0
    start: float = 0.0
    reference: float | None = None

    @model_validator(mode="after")
    def _has_width(self) -> Stake:
        if self.worst == self.best:
            raise stated_fault("a stake whose worst is its best", "two different levels", "L15")
        return self


class Link(Sourced):
    """What one theatre does to another, as a switch (L9)."""

    _bare = bare("title")
    title: Text
    from_: Id | None = None
    to: Id | None = None


class Correlation(Sourced):
    """A rank correlation between two quantities (L8)."""

    between: tuple[Text, Text] = Field(strict=False)
    rank: Annotated[float, Field(gt=-1, lt=1)]
