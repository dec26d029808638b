"""Rules on where things come from: sources, dates, history, claims."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from stratagem.errors import near, quote
from stratagem.scenario.check import Report
from stratagem.scenario.dates import Date
from stratagem.scenario.elements import elements
from stratagem.scenario.model import Rounds, Scenario
from stratagem.scenario.text import Path

LATER_ALLOWED = {"resolved_on"}
_SEEN = re.compile(r"([A-Za-z_]\w*)(?:\[([0-9]{1,4})\])? *= *([A-Za-z_]\w*)\Z", re.ASCII)


def sources_exist(report: Report) -> None:
    """L4: every reference names a source of the file."""
    for path, reference in references(report.scenario):
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


def references(scenario: Scenario) -> Iterator[tuple[Path, str]]:
    """Every reference to a source in the file, with its path."""
    for path, key, value in _walk(scenario, ()):
        if key in ("source", "at") and isinstance(value, str):
            yield path, value


def _walk(value: object, path: Path) -> Iterator[tuple[Path, str, object]]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            here = (*path, field.alias or name)
            if isinstance(inner, str | Date):
                yield here, name, inner
            else:
                yield from _walk(inner, here)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _walk(inner, (*path, place))


def inputs_precede_as_of(report: Report) -> None:
    """M14: no input is dated after the scenario; resolutions are excepted."""
    as_of = report.scenario.as_of
    if as_of is None:
        return
    for path, name, value in _walk(report.scenario, ()):
        if isinstance(value, Date) and value.first > as_of.last and name not in LATER_ALLOWED and name != "by" and path[0] != "timeline":
            report.fault(path, f"an input dated {value.text}, after `as of` {as_of.text}", "an earlier input, or a new edition with a later `as of`", "M14")


def history_was_possible(report: Report) -> None:
    """L22: what was seen names moves, rounds and actions of the timeline."""
    seen: set[tuple[str, int]] = set()
    for place, one in enumerate(report.scenario.history):
        found = seen_fault(report.scenario, one.that)
        if found is not None:
            report.fault(("history", place, "that"), *found, "L22")
            continue
        move, number, _ = parse_seen(one.that) or ("", 1, "")
        if (move, number) in seen:
            report.fault(("history", place, "that"), f"{quote(move)} seen twice", "one action a move", "L22")
        seen.add((move, number))


def parse_seen(text: str) -> tuple[str, int, str] | None:
    """The (move, round, action) of `move=action` or `move[2]=action`; a move without rounds is in round 1."""
    match = _SEEN.match(text.strip())
    return (match.group(1), int(match.group(2) or 1), match.group(3)) if match else None


def rounds_of(scenario: Scenario, move: str) -> int | None:
    """In how many rounds a move stands; None where it stands outside rounds."""
    for item in scenario.timeline:
        if isinstance(item, Rounds) and any(getattr(one, "id", None) == move for one in item.moves):
            return item.rounds
    return None


def seen_fault(scenario: Scenario, text: str) -> tuple[str, str] | None:
    """What is wrong with `move[round]=action` as (found, expected), or None."""
    parts = parse_seen(text)
    if parts is None:
        return quote(text), "`MOVE = ACTION`, or `MOVE[2] = ACTION` in rounds"
    move, number, action = parts
    moves = scenario.moves
    if move not in moves:
        return f"the unknown move {quote(move)}{near(move, moves)}", f"one of {', '.join(moves)}"
    if action not in moves[move].options:
        options = moves[move].options
        return f"the unknown action {quote(action)}{near(action, options)}", f"one of {', '.join(options)}"
    rounds = rounds_of(scenario, move)
    if rounds is None and "[" in text:
        return f"a round of {quote(move)}, which is not in rounds", f"`{move} = {action}`"
    if rounds is not None and "[" not in text:
        return f"{quote(move)} without its round", f"`{move}[1] = {action}` to `{move}[{rounds}]`"
    if rounds is not None and not 1 <= number <= rounds:
        return f"round {number} of {quote(move)}", f"a round from 1 to {rounds}"
    return None


def claims_name_elements(report: Report) -> None:
    """L23: what models a claim exists."""
    known = elements(report.scenario)
    for name, claim in report.scenario.claims.items():
        for place, element in enumerate(claim.modelled_by or []):
            report.known(("claims", name, "modelled by", place), element, known, "element", "L23")
        if claim.modelled_by == []:
            report.fault(("claims", name, "modelled by"), "an empty list", "the elements that model the claim", "L23")


RULES = (sources_exist, inputs_precede_as_of, history_was_possible, claims_name_elements)
