"""Rules on where things come from and when: sources and dates (L4, L16, M14)."""

from __future__ import annotations

import datetime
import re
from itertools import pairwise

from stratagem.errors import quote
from stratagem.scenario.clock import behind, first_day, timed
from stratagem.scenario.dates import Date
from stratagem.scenario.model import Rounds
from stratagem.scenario.report import Report
from stratagem.scenario.text import Path

REFERENCES = ("source", "at")
LATER_ALLOWED = ("resolved_on", "by")
IN_ORDER = "items in the order of their dates"


def sources_exist(report: Report) -> None:
    """L4: every reference names a source of the file, and a paragraph that it has."""
    references = [
        (path, value)
        for path, name, value in report.values
        if name in REFERENCES and isinstance(value, str) and (name, path[0]) != ("at", "revealed")
    ]
    for path, reference in references:
        for part in reference.split(";"):
            words = part.split()
            if not words:
                report.fault(path, "an empty reference", "`SOURCE` or `SOURCE P9`", "L4")
            elif report.known(path, words[0], report.scenario.sources, "source", "L4"):
                _paragraphs(report, path, words[0], part)


def _paragraphs(report: Report, path: Path, source: str, part: str) -> None:
    last = report.scenario.sources[source].paragraphs
    for number in re.findall(r"\bP([0-9]{1,5})\b", part, re.ASCII):
        if last is not None and int(number) > last:
            report.fault(path, f"paragraph P{number} of {quote(source)}", f"a paragraph up to P{last}", "L4")


def inputs_precede_as_of(report: Report) -> None:
    """M14: no input is dated after the scenario; resolutions are excepted."""
    as_of = report.scenario.as_of
    for path, name, value in report.values if as_of is not None else ():
        if as_of is None or not isinstance(value, Date) or name in LATER_ALLOWED or path[0] == "timeline":
            continue
        if value.first > as_of.last:
            expected = "an earlier input, or a new edition with a later `as of`"
            report.fault(path, f"an input dated {value.text}, after `as of` {as_of.text}", expected, "M14")


def items_are_dated_in_order(report: Report) -> None:
    """L16: the timeline goes forward; an item has a date or a distance, and none has a date of its own in rounds."""
    dated: list[tuple[Path, Date]] = []
    for path, item in timed(report.scenario):
        if item.date is None:
            continue
        if "moves" in path:
            found = "a `date` on a move that is repeated"
            report.fault((*path, "date"), found, "`after: DELAY`, from the start of its round", "L16")
            continue
        dated.append(((*path, "date"), item.date))
        if item.after is not None:
            report.fault((*path, "after"), "both `date` and `after`", "one of them", "L16")
    is_in_order = True
    for (_, earlier), (path, date) in pairwise(dated):
        if date.first < earlier.first:
            report.fault(path, f"the date {date.text} after {earlier.text}", IN_ORDER, "L16")
            is_in_order = False
    start = first_day(report.scenario) or datetime.date.min
    for path, item, last in behind(report.scenario) if is_in_order else ():
        if item.date is not None and (item.date.last - start).days < last:
            found = f"the date {item.date.text}, behind a move that stands {last:g} days after {start.isoformat()}"
            report.fault((*path, "date"), found, IN_ORDER, "L16")


def rounds_go_forward(report: Report) -> None:
    """L16: in a block, distances from the start of the round go forward, and end before the next round begins."""
    for place, block in enumerate(report.scenario.timeline):
        if not isinstance(block, Rounds):
            continue
        passed, lasts = 0.0, block.every.days or 0.0 if block.every is not None else 0.0
        for path, item in timed(report.scenario):
            if path[:3] != ("timeline", place, "moves") or item.after is None or item.after.days is None:
                continue
            if item.after.days < passed:
                expected = "distances from the start of the round, in order"
                report.fault((*path, "after"), f"`after` {item.after.text}, behind a later move", expected, "L16")
            elif item.after.days > lasts and block.rounds > 1:
                found = f"`after` {item.after.text}, when the next round has begun"
                report.fault((*path, "after"), found, "`every` of at least as long on the block", "L16")
            passed = max(passed, item.after.days)


RULES = (sources_exist, inputs_precede_as_of, items_are_dated_in_order, rounds_go_forward)
