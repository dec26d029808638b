"""The least repair of a document that a model refuses, so that faults behind the refusal show in the same run.

Takes a document; gives the scenario that it is once repaired, and the faults that were repaired. What was put right
stays marked in the document, so that no fault is reported twice and none that only the repair has caused.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stratagem.errors import MAX_FAULTS, Fault, nearest
from stratagem.scenario.model import Scenario
from stratagem.scenario.schema import keys_at
from stratagem.scenario.shape import path_of, shape_faults
from stratagem.scenario.text import ALL_NAMES, Document, Path

MAX_TRIES = 8
NEUTRAL = {"L10": "0 + 0", "L5": "0.2 to 0.4"}  # a formula that is no plain number, an estimate that is not exact
SUPPLIED = {
    "scenario": "…", "title": "…", "name": "…", "says": "…", "was": "…", "now": "…", "is": NEUTRAL["L5"],
    "event": NEUTRAL["L10"], "probability": NEUTRAL["L10"],
}  # fmt: skip


def validated(document: Document) -> tuple[Scenario | None, list[Fault]]:
    """The scenario of a document, repaired where needed (None where that fails), and the faults of its shape."""
    faults: list[Fault] = []
    words = frozenset[str]()
    for attempt in range(MAX_TRIES):
        words |= _own_words(document.data)
        try:
            return Scenario.model_validate(document.data, context=words), faults
        except ValidationError as refusal:
            errors = refusal.errors(include_url=False)[: MAX_FAULTS + 1]
        renamed = _misspelt(document, errors)
        faults += shape_faults(
            document, [one for one in errors if _is_own(document, one, renamed, is_first=not attempt)]
        )
        if len(errors) > MAX_FAULTS or not _repair(document, errors, renamed):
            break
    return None, faults


def _own_words(data: Any) -> frozenset[str]:
    """The words that the lexicon of a file adds (L6), by which its estimates are told from formulas."""
    lexicon = data.get("lexicon") if isinstance(data, dict) else None
    return frozenset(lexicon) if isinstance(lexicon, dict) else frozenset()


def _misspelt(document: Document, errors: list[Any]) -> dict[Path, str]:
    """The places of unknown keys with a near miss that is not there yet, and that key."""
    found: dict[Path, str] = {}
    for error in errors:
        if error["type"] == "extra_forbidden":
            path = path_of(document, error)
            key = nearest(str(path[-1]), keys_at(error["loc"][:-1]))
            taken = {(*one[:-1], name) for one, name in found.items()}
            if key is not None and (*path[:-1], key) not in document.marks and (*path[:-1], key) not in taken:
                found[path] = key
    return found


def _is_own(document: Document, error: Any, renamed: dict[Path, str], is_first: bool) -> bool:
    """Whether an error is of the file's own, not one that a repair or a misspelling has caused."""
    path = path_of(document, error)
    if error["type"] == "missing":
        is_misspelt = any(one[:-1] == path[:-1] and key == path[-1] for one, key in renamed.items())
        return not is_misspelt and (is_first or not document.mark(path[:-1]).is_thinned)
    mark = document.mark(path)
    return not (mark.is_replaced or (mark.is_changed and (not is_first or error["type"] == "stated")))


def _repair(document: Document, errors: list[Any], renamed: dict[Path, str]) -> bool:
    """Whether every error could be met by a change to the document, which is made."""
    to_drop: set[Path] = set()
    for error in errors:
        place = path_of(document, error)
        if place in renamed:
            continue
        if error["type"] == "missing":
            to_drop |= _supply(document, place, renamed)
        elif error["type"] == "stated" and error["ctx"]["rule"] in NEUTRAL and not document.marks[place].is_replaced:
            _put(document, place, NEUTRAL[error["ctx"]["rule"]])
        else:
            to_drop.add(place)
            if place[-1:] in (("move",), ("chance",)) or (error["loc"][-1] == "[key]" and not str(place[-1]).isascii()):
                document.lost.add(ALL_NAMES)  # the name of a move, or one that may look like any other
    for place, key in renamed.items():
        _rename(document, place, key)
    if () in to_drop:
        return False
    for place in sorted(to_drop, key=_last_first):
        if place in document.marks:
            _drop(document, place)
    return bool(to_drop or errors)


def _supply(document: Document, path: Path, renamed: dict[Path, str]) -> set[Path]:
    """Put a missing value in, where any will do; else the element that lacks it is to be dropped."""
    place, key = path[:-1], str(path[-1])
    if any(one[:-1] == place and name == key for one, name in renamed.items()):
        return set()
    holder = _at(document.data, place)
    if key not in SUPPLIED or not isinstance(holder, dict):
        return {place}
    holder[key] = SUPPLIED[key]
    document.marks[(*place, key)] = document.marks[place]
    document.note_replaced((*place, key))
    return set()


def _last_first(path: Path) -> list[tuple[int, str]]:
    return [(-step, "") if isinstance(step, int) else (0, step) for step in path]


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _put(document: Document, path: Path, value: Any) -> None:
    _move_marks(document, path, None, _at(document.data, path))
    _at(document.data, path[:-1])[path[-1]] = value
    document.note_replaced(path)


def _rename(document: Document, path: Path, key: str) -> None:
    """Rename the last key of a path, in its place among the others."""
    holder = _at(document.data, path[:-1])
    entries = [(key if name == path[-1] else name, value) for name, value in holder.items()]
    _move_marks(document, path, (*path[:-1], key), holder[path[-1]], is_whole=True)
    holder.clear()
    holder.update(entries)


def _drop(document: Document, path: Path) -> None:
    """Leave an entry of a mapping or list out; later entries of a list move up."""
    holder, last = _at(document.data, path[:-1]), path[-1]
    document.note_lost(path, holder[last])
    _move_marks(document, path, None, holder[last], is_whole=True)
    del holder[last]
    if isinstance(holder, list) and isinstance(last, int):
        for place in range(last, len(holder)):
            _move_marks(document, (*path[:-1], place + 1), (*path[:-1], place), holder[place], is_whole=True)


def _move_marks(document: Document, old: Path, new: Path | None, value: Any, is_whole: bool = False) -> None:
    """Move the marks inside a value (and its own, if whole) to another path, or away."""
    steps = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for step in steps:
        _move_marks(document, (*old, step), None if new is None else (*new, step), value[step], is_whole=True)
    for marks in (document.marks, document.keys) if is_whole else ():
        mark = marks.pop(old, None)
        if new is not None and mark is not None:
            marks[new] = mark
