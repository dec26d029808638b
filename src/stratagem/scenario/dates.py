"""Dates and delays (L3, L18), with the precision in which they were written."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from stratagem.errors import described
from stratagem.scenario.formula import stated_fault

DAYS_PER_YEAR = 365.25
DAYS: dict[str, float] = {"day": 1.0, "week": 7.0, "month": DAYS_PER_YEAR / 12, "year": DAYS_PER_YEAR}

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_DELAY = re.compile(r"([0-9]+(?:\.[0-9]+)?) +(round|day|week|month|year)s?\Z")


@dataclass(frozen=True)
class Date:
    """A year, month or day: `first` and `last` are the days it may mean."""

    text: str
    first: datetime.date
    last: datetime.date

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_date)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": ["string", "integer"],
            "description": "a date (L3)",
            "examples": ["2022-01-06", "2022-01", 2022],
        }


@dataclass(frozen=True)
class Delay:
    """A time to wait: a number of rounds, or of days."""

    text: str
    rounds: int | None = None
    days: float | None = None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_delay)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": "a delay (L18)", "examples": ["2 rounds", "30 days"]}


def _date(value: object) -> Date:
    if isinstance(value, Date):
        return value
    match = _DATE.match(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) if part else None for part in match.groups())
        first = datetime.date(year or 0, month or 1, day or 1)
    except ValueError:
        raise stated_fault(
            f"the date {described(value)}", "a date as `2022`, `2022-01` or `2022-01-06`", "L3"
        ) from None
    if day:
        return Date(str(value), first, first)
    month_after = (
        datetime.date(first.year + (not month or month == 12), (month or 12) % 12 + 1, 1) if first.year < 9999 else None
    )
    return Date(
        str(value), first, (month_after - datetime.timedelta(days=1)) if month_after else datetime.date(9999, 12, 31)
    )


def _delay(value: object) -> Delay:
    if isinstance(value, Delay):
        return value
    match = _DELAY.match(value) if isinstance(value, str) else None
    if (
        match is None
        or not 0 < float(match.group(1)) <= 10_000
        or (match.group(2) == "round" and "." in match.group(1))
    ):
        raise stated_fault(f"the delay {described(value)}", "a delay as `2 rounds`, `20 days`, `3 weeks`", "L18")
    if match.group(2) == "round":
        return Delay(match.group(0), rounds=int(match.group(1)))
    return Delay(match.group(0), days=float(match.group(1)) * DAYS[match.group(2)])
