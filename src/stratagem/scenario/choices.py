"""Moves already seen, as text: `move = action`, or `move[2] = action` in rounds (L22)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stratagem.errors import near, one_of, quote
from stratagem.scenario.model import Chance, Move, Rounds, Scenario, Simultaneous

_SEEN = re.compile(r"([A-Za-z_]\w*)(?:\[([0-9]{1,4})\])? *= *([A-Za-z_]\w*)\Z", re.ASCII)


def parse_seen(text: str) -> tuple[str, int, str] | None:
    """The (move, round, action) of `move=action` or `move[2]=action`; a move without rounds is in round 1.

    >>> parse_seen("winter[2] = hold")
    ('winter', 2, 'hold')
    """
    match = _SEEN.match(text.strip())
    return (match[1], int(match[2] or 1), match[3]) if match else None


def rounds_of(scenario: Scenario, move: str) -> int | None:
    """In how many rounds a move stands; None where it stands outside rounds."""
    for item in scenario.timeline:
        if isinstance(item, Rounds) and any(move in _names(one) for one in item.moves):
            return item.rounds
    return None


def _names(item: Move | Chance | Simultaneous) -> tuple[str, ...]:
    return tuple(one.id for one in item.simultaneous) if isinstance(item, Simultaneous) else (item.id,)


def seen_fault(
    scenario: Scenario, text: str, moves: Mapping[str, Move | Chance] | None = None
) -> tuple[str, str] | None:
    """What is wrong with `move[round]=action` as (found, expected), or None; `moves` are the scenario's, if at hand."""
    parts = parse_seen(text)
    if parts is None:
        return quote(text), "`MOVE = ACTION`, or `MOVE[2] = ACTION` in rounds"
    move, number, action = parts
    moves = scenario.moves if moves is None else moves
    if move not in moves:
        return f"the unknown move {quote(move)}{near(move, moves)}", f"one of {one_of(moves)}"
    options = moves[move].options
    if action not in options:
        return f"the unknown action {quote(action)}{near(action, options)}", f"one of {one_of(options)}"
    return _round_fault(move, number, action, rounds_of(scenario, move), has_round="[" in text)


def _round_fault(move: str, number: int, action: str, rounds: int | None, has_round: bool) -> tuple[str, str] | None:
    if rounds is None:
        is_odd = has_round
        return (f"a round of {quote(move)}, which is not in rounds", f"`{move} = {action}`") if is_odd else None
    if not has_round:
        return f"{quote(move)} without its round", f"`{move}[1] = {action}` to `{move}[{rounds}]`"
    return None if 1 <= number <= rounds else (f"round {number} of {quote(move)}", f"a round from 1 to {rounds}")
