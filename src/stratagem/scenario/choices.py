"""Moves already seen, as text: `move = action`, or `move[2] = action` in rounds (L22)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from stratagem.errors import near, one_of, quote
from stratagem.scenario.model import Rounds, Scenario

_SEEN = re.compile(r"([A-Za-z_]\w*)(?:\[([0-9]{1,4})\])? *= *([A-Za-z_]\w*)\Z", re.ASCII)


def parse_seen(text: str) -> tuple[str, int, str] | None:
    """The (move, round, action) of `move=action` or `move[2]=action`; a move without rounds is in round 1.

    >>> parse_seen("winter[2] = hold")
    ('winter', 2, 'hold')
    """
    match = _SEEN.match(text.strip())
    return (match[1], int(match[2] or 1), match[3]) if match else None


@dataclass(frozen=True)
class Seeable:
    """What can be seen of a move: its options, and in how many rounds it stands (None outside rounds)."""

    options: Collection[str]
    rounds: int | None


def seeable(scenario: Scenario) -> dict[str, Seeable]:
    """What can be seen of every move."""
    found: dict[str, Seeable] = {}
    for path, move in scenario.items():
        item = scenario.timeline[int(path[1])]
        found[move.id] = Seeable(tuple(move.options), item.rounds if isinstance(item, Rounds) else None)
    return found


def seen_fault(moves: Mapping[str, Seeable], text: str) -> tuple[str, str] | None:
    """What is wrong with `move[round]=action` as (found, expected), or None."""
    parts = parse_seen(text)
    if parts is None:
        return quote(text), "`MOVE = ACTION`, or `MOVE[2] = ACTION` in rounds"
    move, number, action = parts
    if move not in moves:
        return f"the unknown move {quote(move)}{near(move, moves)}", f"one of {one_of(moves)}"
    options = moves[move].options
    if action not in options:
        return f"the unknown action {quote(action)}{near(action, options)}", f"one of {one_of(options)}"
    return _round_fault(move, number, action, moves[move].rounds, has_round="[" in text)


def _round_fault(move: str, number: int, action: str, rounds: int | None, has_round: bool) -> tuple[str, str] | None:
    if rounds is None:
        found = f"a round of {quote(move)}, which is not in rounds"
        return (found, f"`{move} = {action}`") if has_round else None
    if not has_round:
        return f"{quote(move)} without its round", f"`{move}[1] = {action}` to `{move}[{rounds}]`"
    return None if 1 <= number <= rounds else (f"round {number} of {quote(move)}", f"a round from 1 to {rounds}")


_AT = re.compile(r"([A-Za-z_]\w*)(?:\[([0-9]{1,4})\])?\Z", re.ASCII)
_SAYS = re.compile(r"(\S+) *> *(\S+)\Z", re.ASCII)


def parse_at(text: str) -> tuple[str, int | None] | None:
    """The (move, round) of `move` or `move[2]`.

    >>> parse_at("winter[2]"), parse_at("reply")
    (('winter', 2), ('reply', None))
    """
    match = _AT.match(text.strip())
    return (match[1], int(match[2]) if match[2] else None) if match else None


def parse_says(text: str) -> tuple[str, str] | None:
    """The two sides of `A > B`.

    >>> parse_says("south > moscow.weights.west")
    ('south', 'moscow.weights.west')
    """
    match = _SAYS.match(text.strip())
    return (match[1], match[2]) if match else None
