"""The timeline unrolled: every move of every round as a dated step (L16, L18).

Takes a scenario; gives steps in order, and where delays end. No state, no arrays.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stratagem.errors import UsageError
from stratagem.scenario.clock import first_day
from stratagem.scenario.dates import DAYS_PER_YEAR, Delay
from stratagem.scenario.model import Chance, Move, Rounds, Scenario, Simultaneous


@dataclass(frozen=True)
class Step:
    """One move in one round: when it stands (days from the start), and how long its time lasts."""

    item: Move | Chance
    path: tuple[str | int, ...]
    round: int | None
    block: int | None
    day: float
    lasts: float
    together: tuple[int, ...] | None = None  # moves of one such mark do not see each other

    @property
    def label(self) -> str:
        """`move`, or `move[2]` in rounds."""
        return self.item.id if self.round is None else f"{self.item.id}[{self.round}]"


@dataclass(frozen=True)
class Timeline:
    """All steps in order, and the first day."""

    steps: tuple[Step, ...]
    start: datetime.date | None

    def years_between(self, first: int, second: int) -> float:
        """Years of dated time from one step to another; none to the end."""
        if second >= len(self.steps):
            return 0.0
        return (self.steps[second].day - self.steps[first].day) / DAYS_PER_YEAR

    def together_until(self, step: int) -> int:
        """The first step at which what happens at `step` can be seen at all: the next, or the one behind the moves made with it."""
        mark = self.steps[step].together
        until = step + 1
        while mark is not None and until < len(self.steps) and self.steps[until].together == mark:
            until += 1
        return until

    def due(self, step: int, delay: Delay) -> int:
        """The step before which an effect of `step`, delayed, arrives; the number of steps where it never does."""
        here = self.steps[step]
        if delay.rounds is not None:
            target = (here.round or 1) + delay.rounds
            after = [
                n
                for n, one in enumerate(self.steps)
                if n > step and (one.block != here.block or (one.round or 0) >= target)
            ]
        else:
            after = [
                n for n, one in enumerate(self.steps) if n > step and one.day >= here.day + (delay.days or 0) - 1e-9
            ]
        return after[0] if after else len(self.steps)

    def date_after(self, step: int, delay: Delay) -> str | None:
        """The date at which a delay after a step is over; of a delay in rounds, that of the step at which it is due."""
        if self.start is None or delay.rounds is not None:
            return self.date(self.due(step, delay))
        return (self.start + datetime.timedelta(days=int(self.steps[step].day + (delay.days or 0.0)))).isoformat()

    def first_after(self, day: datetime.date | None) -> int:
        """The first step dated after a day; the number of steps where none is, or no day is given."""
        if day is None or self.start is None:
            return len(self.steps)
        limit = (day - self.start).days
        return next((n for n, one in enumerate(self.steps) if one.day > limit), len(self.steps))

    def date(self, step: int) -> str | None:
        """The date of a step as text."""
        if self.start is None:
            return None
        return (self.start + datetime.timedelta(days=int(self.steps[step].day))).isoformat()


def unroll(scenario: Scenario, facts: Mapping[int, Sequence[Chance]] | None = None) -> Timeline:
    """Every step of a scenario, with `facts` that chance decides before the item at each place of the timeline: on the day of what is before it."""
    start = first_day(scenario)
    steps: list[Step] = []
    day = 0.0  # of the end of what stands before
    for place, item in enumerate(scenario.timeline):
        begin = _day(item.simultaneous[0] if isinstance(item, Simultaneous) else item, start, day, _last_day(steps))
        on_the_way = min(day, begin)
        steps += [
            Step(one, ("quantities", one.id), None, None, on_the_way, 0.0) for one in (facts or {}).get(place, ())
        ]
        if isinstance(item, Rounds):
            block = list(_rounds(item, place, begin))
            steps += block
            day = max(block[-1].day, begin + (item.every.days or 0.0) * item.rounds if item.every else block[-1].day)
        else:
            for path, one, together in _moves(item, ("timeline", place)):
                day = _day(one, start, day, _last_day(steps))
                steps.append(Step(one, path, None, None, day, 0.0, together))
    at_first = len((facts or {}).get(0, ()))
    steps[:at_first] = [replace(one, day=steps[at_first].day) for one in steps[:at_first]]  # nothing is before these
    _refuse_far(start, max(one.day for one in steps))
    return Timeline(tuple(_lasting(steps)), start)


def _moves(
    item: Move | Chance | Simultaneous, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Move | Chance, tuple[int, ...] | None]]:
    """The moves of an item, with their paths and the mark of those that are made at the same time."""
    if isinstance(item, Simultaneous):
        mark = tuple(place for place in path if isinstance(place, int))
        for place, move in enumerate(item.simultaneous):
            yield (*path, "simultaneous", place), move, mark
    else:
        yield path, item, None


def _refuse_far(start: datetime.date | None, last_day: float) -> None:
    """Raise `UsageError` for a timeline that runs past the last date there is."""
    if start is not None and last_day > (datetime.date.max - start).days:
        raise UsageError("a timeline that runs past the year 9999 [L16]; nearer dates, or shorter delays")


def _last_day(steps: Sequence[Step]) -> float:
    return steps[-1].day if steps else 0.0


def _day(item: Move | Chance | Rounds, start: datetime.date | None, day: float, last: float) -> float:
    """The day of an item: its date, not before the last move, or counted from `day`, the end of what stands before it."""
    if item.date is not None and start is not None:
        return max(last, float((item.date.first - start).days))
    return day + (item.after.days or 0.0) if item.after is not None else day


def _rounds(block: Rounds, place: int, begin: float) -> Iterator[Step]:
    lasts = block.every.days or 0.0 if block.every else 0.0
    for number in range(1, block.rounds + 1):
        round_day = begin + (number - 1) * lasts
        day = round_day
        for position, item in enumerate(block.moves):
            for path, one, together in _moves(item, ("timeline", place, "moves", position)):
                day = round_day + one.after.days if one.after is not None and one.after.days else day
                yield Step(one, path, number, place, day, lasts, (*together, number) if together else None)


def _lasting(steps: list[Step]) -> Iterator[Step]:
    """Steps outside rounds last until the next one that is not made with them, and is no fact that chance decides on the way."""
    for number, one in enumerate(steps):
        behind = (
            other.day
            for other in steps[number + 1 :]
            if other.path[0] == "timeline" and (one.together is None or other.together != one.together)
        )
        yield one if one.block is not None else replace(one, lasts=next(behind, one.day) - one.day)
