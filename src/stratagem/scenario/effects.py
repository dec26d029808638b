"""What actions and outcomes do: gains, payoffs, shifts of forces, changes of state, now or later (L16 to L18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

from stratagem.errors import described
from stratagem.scenario.dates import DAYS, Delay
from stratagem.scenario.formula import Formula, FormulaFault, stated_fault
from stratagem.scenario.part import Id, Sourced, Text

_PLACE = re.compile(r"[A-Za-z0-9_]+\Z")


@dataclass(frozen=True)
class Shift:
    """An amount of a force moved between places; no amount is the whole stock (L17)."""

    amount: Formula | None
    origin: str
    destination: str

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_shift)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        examples = ["20 from west to south", "all from west to reserve"]
        pattern = r"^.+\s+from\s+\w+\s+to\s+\w+\s*$"
        return {"type": "string", "pattern": pattern, "description": "a shift of a force (L17)", "examples": examples}


def _shift(value: object) -> Shift:
    if isinstance(value, Shift):
        return value
    parts = value.rsplit(None, 4) if isinstance(value, str) else []
    is_whole = len(parts) == 5 and (parts[1], parts[3]) == ("from", "to")
    if not is_whole or not all(_PLACE.match(place) for place in (parts[2], parts[4])):
        raise stated_fault(f"the shift {described(value)}", "`AMOUNT from PLACE to PLACE`, or `all from …`", "L17")
    return Shift(None if parts[0].strip() == "all" else _formula(parts[0]), parts[2], parts[4])


def _formula(value: object) -> Formula:
    try:
        return Formula.parse(value)
    except FormulaFault as fault:
        raise stated_fault(fault.found, fault.expected, "L10", fault.at) from None


@dataclass(frozen=True)
class Share:
    """A base share: a number, or a rate per unit of dated time (M9, L17)."""

    formula: Formula
    per_days: float | None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_share)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": "a base share (L17)", "examples": [0.3, "30% per month"]}


def _share(value: object) -> Share:
    if isinstance(value, Share):
        return value
    parts = value.rsplit(None, 2) if isinstance(value, str) else []
    if len(parts) == 3 and parts[1] == "per" and parts[2] in DAYS:
        return Share(_formula(parts[0]), DAYS[parts[2]])
    return Share(_formula(value), None)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Changes(Sourced):
    """What an action, an outcome or a delayed effect does (L17)."""

    set_: dict[Id, Formula] = Field(default={}, alias="set")
    gains: dict[Id, Formula] = {}
    payoffs: dict[Id, Formula] = {}
    shift: list[dict[Id, Shift]] = []

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: _listed(inner) if key in ("shift", "later") else inner for key, inner in value.items()}

    @property
    def shifts(self) -> tuple[tuple[str, Shift], ...]:
        """Every (force, shift) in order."""
        return tuple(pair for entry in self.shift for pair in entry.items())


class Later(Changes):
    """A delayed effect (L18)."""

    after: Delay


class Option(Changes):
    """What actions and outcomes share."""

    title: Text | None = None
    if_: Formula | None = None
    later: list[Later] = []
    end: Text | None = None


class Action(Option):
    """What a player may choose (L17)."""

    share: Share | None = None
    size_of: Id | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        return {} if value is None else value


class Outcome(Option):
    """What chance may bring (L16)."""

    probability: Formula

    @property
    def is_rest(self) -> bool:
        """Whether the probability is what the other outcomes leave."""
        return self.probability.text.strip() == "rest"

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"probability": value}
