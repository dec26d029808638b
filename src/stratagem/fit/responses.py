"""What the table says happened, row by row: actions taken, outcomes counted, offers made.

Takes a model and a table; gives an `Observed`, and which rows say too little. Knows no likelihood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import DataError, near, one_of, quote
from stratagem.fit.jet import Floats
from stratagem.fit.model import Model
from stratagem.fit.table import Table, is_number
from stratagem.fit.tree import Tree


@dataclass(frozen=True)
class Observed:
    """The response: counts by (move, action) and by outcomes of several paths, all counts by outcome; or offers."""

    taken: Mapping[tuple[str, int], Floats] = field(default_factory=dict)
    pooled: Mapping[str, Floats] = field(default_factory=dict)
    outcomes: Mapping[str, Floats] = field(default_factory=dict)
    offer: Floats | None = None
    accepted: Floats | None = None

    @property
    def offered(self) -> dict[str, Floats]:
        """Offers and whether they were accepted, as far as they are recorded."""
        found = {"offer": self.offer, "accepted": self.accepted}
        return {name: one for name, one in found.items() if one is not None}

    def rows(self, chosen: Any) -> Observed:
        """The same for some of the rows."""
        return Observed(
            {key: one[chosen] for key, one in self.taken.items()},
            {key: one[chosen] for key, one in self.pooled.items()},
            {key: one[chosen] for key, one in self.outcomes.items()},
            None if self.offer is None else self.offer[chosen],
            None if self.accepted is None else self.accepted[chosen],
        )


def missing_response(model: Model, table: Table) -> NDArray[np.bool_]:
    """Which rows lack what they should say: an outcome, a count, an offer, or a move that was reached."""
    response = model.response
    if not response.moves:
        lacking = np.zeros(len(table), bool)
        for name in response.columns:
            lacking |= table.is_missing(name)
        return lacking
    _, lacking = _by_move(model, table)
    return lacking


def observe(model: Model, table: Table) -> Observed:
    """The response of every row. Raises `DataError` for a cell that stands for nothing, with its line."""
    if model.kind == "ultimatum":
        return _offers(model, table)
    if model.response.moves:
        reached, _ = _by_move(model, table)
        outcomes = {name: reached[name] for name in model.outcomes}
    elif model.response.counts:
        outcomes = {name: np.zeros(len(table)) for name in model.outcomes}
        for name, column in model.response.counts.items():
            outcomes[name] = _tally(table, column)
    else:
        outcomes = _by_outcome(model, table)
    return _with_paths(model, outcomes)


def _with_paths(model: Model, outcomes: dict[str, Floats]) -> Observed:
    if model.kind != "tree":
        return Observed(outcomes=outcomes)
    taken: dict[tuple[str, int], Floats] = {}
    pooled = {}
    for name, ways in Tree.of(model).paths.items():
        if not outcomes[name].any():
            continue
        if len(ways) > 1:
            pooled[name] = outcomes[name]
            continue
        for move, at in ways[0]:
            if move.player is not None:
                taken[move.name, at] = taken.get((move.name, at), 0.0) + outcomes[name]
    return Observed(taken, pooled, outcomes)


def _tally(table: Table, column: str) -> Floats:
    counts = _numbers(table, column)
    wrong = (counts < 0) | (counts != np.floor(counts))
    if wrong.any():
        raise DataError(
            f"{table.file}:{table.lines[int(np.argmax(wrong))]}: {quote(column)} is no count; a tally is a whole number from 0 [F6]"
        )
    return counts


def _numbers(table: Table, column: str) -> Floats:
    found = table.column(column)
    if found.dtype != np.float64:
        at = next(at for at, one in enumerate(found) if one is not None and not is_number(one))
        raise DataError(
            f"{table.file}:{table.lines[at]}: {quote(found[at])} in the column {quote(column)}; a number is expected [F6]"
        )
    return found.astype(float)


def _by_outcome(model: Model, table: Table) -> dict[str, Floats]:
    column = model.response.outcome or ""
    meaning = dict(model.response.values.get(column, {}))
    words = table.words(column)
    meaning = meaning or _numbered(words, model.outcomes)
    found = np.array(
        [_meant(table, column, at, word, meaning, model.outcomes) for at, word in enumerate(words)], object
    )
    return {name: (found == name).astype(float) for name in model.outcomes}


def _meant(
    table: Table, column: str, at: int, word: str | None, meaning: Mapping[str, str], known: tuple[str, ...]
) -> str | None:
    """The outcome or action that a cell stands for: by `values`, or by its name."""
    if word is None:
        return None
    if meaning:
        if word in meaning:
            return meaning[word]
    elif word in known:
        return word
    expected = f"one of {one_of(meaning or known)}"
    raise DataError(
        f"{table.file}:{table.lines[at]}: {quote(word)} in the column {quote(column)}{near(word, known)}; {expected}, or say under `response: values:` what it stands for [F6]"
    )


def _numbered(words: Iterable[str | None], known: tuple[str, ...]) -> dict[str, str]:
    """What cells stand for where they are numbers from 0 up; of more than two, only where a 0 shows that they begin there."""
    cells = {word for word in words if word}
    by_number = {str(at): name for at, name in enumerate(known)}
    is_sure = len(known) == 2 or "0" in cells
    return by_number if is_sure and cells and not cells & set(known) and cells <= set(by_number) else {}


def _by_move(model: Model, table: Table) -> tuple[dict[str, Floats], NDArray[np.bool_]]:
    """How often each move and outcome was reached (0 or 1), and the rows where a move that was reached is not recorded.

    What stands in the column of a move that was not reached is not read.
    """
    reached = {model.moves[0].name: np.ones(len(table))}
    lacking = np.zeros(len(table), bool)
    for move in model.moves:
        column = model.response.moves[move.name]
        here = reached[move.name] > 0
        words = table.words(column)
        meaning = model.response.values.get(column) or _numbered(
            (word for word, is_here in zip(words, here, strict=True) if is_here), move.actions
        )
        chosen = np.array(
            [
                _meant(table, column, at, words[at], meaning, move.actions) if here[at] else ""
                for at in range(len(table))
            ],
            object,
        )
        lacking |= here & np.array([one is None for one in chosen], bool)
        for action, target in zip(move.actions, move.leads_to, strict=True):
            reached[target] = reached.get(target, 0.0) + (here & (chosen == action)).astype(float)
    return reached, lacking


def _offers(model: Model, table: Table) -> Observed:
    response = model.response
    offer = _numbers(table, response.offer or "")
    outside = (offer < response.lowest) | (offer > response.highest)
    if outside.any():
        at = int(np.argmax(outside))
        raise DataError(
            f"{table.file}:{table.lines[at]}: the offer {offer[at]:g}; offers are from {response.lowest:g} to {response.highest:g} [F6]"
        )
    accepted = None
    if response.acceptance is not None:
        accepted = _numbers(table, response.acceptance)
        wrong = ~np.isin(accepted, (0.0, 1.0))
        if wrong.any():
            raise DataError(
                f"{table.file}:{table.lines[int(np.argmax(wrong))]}: {quote(response.acceptance)} is neither 0 nor 1 [F6]"
            )
    return Observed(offer=offer, accepted=accepted)
