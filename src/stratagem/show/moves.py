"""Decisions on a terminal: a heading for each move, its actions beneath; rounds that read alike are shown once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from stratagem.analyse.forecast import ActionAnswer, DecisionAnswer
from stratagem.show.columns import BAR, BEST, CHANCE, RANGE, Page, Row, bar, has_spread
from stratagem.show.numbers import ROUNDING, chance, chances, clean

MANY_ACTIONS = 6
VISIBLE_GAP = 0.005
LEGEND = "best reply: the share of worlds in which the action is the best reply"
_ROUND = re.compile(r"\[([0-9]+)\]\Z")


def decision_blocks(
    page: Page, decisions: Sequence[DecisionAnswer], names: Mapping[str, str], made: Collection[tuple[str, str]]
) -> Iterator[RenderableType]:
    """Each decision as a heading and a table; `names` are the players', `made` the steps and actions already seen."""
    rows_of = [_rows(one, made) for one in decisions]
    ranges = has_spread(row[3] for rows in rows_of for row in rows)
    best = any(_differs(action) for one in decisions for action in one.actions)
    columns = (CHANCE, BAR, *((RANGE,) if ranges else ()), *((BEST,) if best else ()))
    places = (0, 1, 2, *((3,) if ranges else ()), *((4,) if best else ()))
    label = page.label_width((row[0] for rows in rows_of for row in rows), columns)
    if best:
        yield Text(LEGEND, style="dim")
    for place, (heading, alike, rows) in enumerate(_alike(decisions, rows_of, names)):
        when = " · ".join(["", *_when(alike), f"reached in {chance(alike[0].reach)}"])
        yield Text.assemble((heading, "bold"), (when, "dim"))
        yield page.table(columns, [tuple(row[one] for one in places) for row in rows], label, has_header=place == 0)


def _differs(action: ActionAnswer) -> bool:
    return action.probability is not None and abs(action.probability.mean - action.best) >= VISIBLE_GAP


def _rows(one: DecisionAnswer, made: Collection[tuple[str, str]]) -> list[Row]:
    """A row for each action; of many, those that are never chosen share one."""
    marks = {action.name: " (made)" for action in one.actions if (one.step, action.name) in made}
    known = [(action, action.probability) for action in one.actions if action.probability is not None]
    idle = [action for action, value in known if value.mean <= ROUNDING and action.best <= ROUNDING]
    is_cut = len(known) > MANY_ACTIONS and len(idle) > MANY_ACTIONS // 2
    rows: list[Row] = [
        (
            action.title + marks.get(action.name, ""),
            chance(value.mean),
            bar(value.mean),
            chances(value),
            chance(action.best),
        )
        for action, value in known
        if not (is_cut and action in idle)
    ]
    return [*rows, (f"{len(idle)} other actions", chance(0), "", "", chance(0))] if is_cut else rows


def _alike(
    decisions: Sequence[DecisionAnswer], rows_of: Sequence[list[Row]], names: Mapping[str, str]
) -> Iterator[tuple[str, list[DecisionAnswer], list[Row]]]:
    """Decisions at one move that read alike, together: their heading, themselves, their rows."""
    groups: dict[object, tuple[str, list[DecisionAnswer], list[Row]]] = {}
    for one, rows in zip(decisions, rows_of, strict=True):
        state = _told(one)
        heading = clean(f"{names.get(one.player, one.player)}: {one.title}" + (f" ({state})" if state else ""))
        key = (one.move, heading, chance(one.reach), tuple(rows))
        groups.setdefault(key, (heading, [], rows))[1].append(one)
    yield from groups.values()


def _told(one: DecisionAnswer) -> str:
    """The state in words, what the mover cannot tell apart from what he can."""
    known = ", ".join(f"{name} {value}" for name, value in one.state.items() if name not in one.hidden)
    hidden = ", ".join(f"{name} {one.state[name]}" for name in one.hidden)
    return "; ".join([*([known] if known else []), *([f"cannot tell: {hidden}"] if hidden else [])])


def _when(alike: Sequence[DecisionAnswer]) -> Iterator[str]:
    if rounds := [int(match.group(1)) for one in alike if (match := _ROUND.search(one.step))]:
        yield f"round {spans(rounds)}" if len(rounds) == 1 else f"rounds {spans(rounds)}"
    if dates := [one.date for one in alike if one.date]:
        yield dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"


def spans(numbers: Sequence[int]) -> str:
    """Whole numbers in order, runs as spans.

    >>> spans([1, 2, 3, 5])
    '1–3, 5'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in runs)
