"""When the items of a timeline stand, and where time passes between them (L16, L18)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from stratagem.scenario.model import AnyItem, Chance, Move, Rounds, Scenario, Simultaneous
from stratagem.scenario.text import Path

Timed = Move | Chance | Rounds


def timed(scenario: Scenario) -> Iterator[tuple[Path, Timed]]:
    """Everything in the timeline that may have a date or a distance, with its path: moves, and the blocks that they stand in."""
    for place, item in enumerate(scenario.timeline):
        yield from _timed(("timeline", place), item)


def _timed(path: Path, item: AnyItem) -> Iterator[tuple[Path, Timed]]:
    if not isinstance(item, Simultaneous):
        yield path, item
    key, inside = _inside(item)
    for place, one in enumerate(inside):
        yield from _timed((*path, key, place), one)


def _inside(item: AnyItem) -> tuple[str, list[AnyItem]]:
    if isinstance(item, Rounds):
        return "moves", list(item.moves)
    return "simultaneous", list(item.simultaneous) if isinstance(item, Simultaneous) else []


def first_day(scenario: Scenario) -> datetime.date | None:
    """The day on which the timeline starts, or None where it is not dated."""
    first = next((one.date.first for _, one in timed(scenario) if one.date is not None), None)
    as_of = scenario.as_of.first if scenario.as_of is not None else None
    return min(first, as_of) if first is not None and as_of is not None else first or as_of


def behind(scenario: Scenario) -> Iterator[tuple[Path, Timed, float]]:
    """Everything outside rounds that may have a date, with the day, counted from the first, on which the last move before it stands."""
    start, last, end = first_day(scenario), 0.0, 0.0
    for path, one in timed(scenario):
        if "moves" in path:
            continue
        yield path, one, last
        if one.date is not None and start is not None:
            last = end = max(last, float((one.date.first - start).days))
        elif one.after is not None:
            last = end = end + (one.after.days or 0.0)
        else:
            last = end
        if isinstance(one, Rounds):
            every = one.every.days or 0.0 if one.every is not None else 0.0
            distances = (move.after.days or 0.0 for inner, move in _timed((), one) if inner and move.after is not None)
            last, end = end + every * (one.rounds - 1) + max(distances, default=0.0), end + every * one.rounds
            end = max(last, end)


def time_passes(scenario: Scenario, start: int = 0, end: int | None = None) -> bool:
    """Whether time passes in the timeline from its item `start` on, rounds of that item among it, to the item `end` or the last."""
    days = [first_day(scenario) or datetime.date.min]
    later = list[datetime.date]()
    for place, item in enumerate(scenario.timeline[: None if end is None else end + 1]):
        for path, one in _timed((), item):
            is_behind = place > start or (place == start and any(path[1::2]))
            has_lasting_rounds = isinstance(one, Rounds) and one.every is not None and place >= start
            if has_lasting_rounds or (is_behind and one.after is not None):
                return True
            if one.date is not None:
                (later if is_behind else days).append(one.date.first)
    return max(later, default=datetime.date.min) > max(days)
