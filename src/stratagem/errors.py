"""What can go wrong for a user, said so that they can put it right.

Owns every error class, its exit code and its wording. Knows no stage: a stage builds a `Fault` and raises here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sized
from dataclasses import dataclass

EXIT_ANSWERED, EXIT_INTERNAL, EXIT_FAULT, EXIT_SOME_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

MAX_FAULTS = 100  # more of them at once help nobody
MAX_NAME, MAX_CANDIDATES = 80, 2000  # beyond these no near miss is sought


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong at one place of a file: what was found, what was expected, which rule says so."""

    line: int
    column: int
    found: str
    expected: str
    rule: str

    def render(self, file: str) -> str:
        """The fault as `file:line:column: found; expected [rule]`."""
        return f"{file}:{self.line}:{self.column}: {self.found}; {self.expected} [{self.rule}]"


class StratagemError(Exception):
    """Something that a user can put right; its text says how."""

    exit_code = EXIT_FAULT


class ScenarioError(StratagemError):
    """A scenario with faults: all of them in the order of the file, or the first `MAX_FAULTS`."""

    def __init__(self, file: str, faults: Iterable[Fault]) -> None:
        self.file = file
        found = sorted(set(faults))
        self.faults = tuple(found[:MAX_FAULTS])
        lines = [fault.render(file) for fault in self.faults]
        if len(found) > MAX_FAULTS:
            lines.append(f"{file}: more than {MAX_FAULTS} faults; put these right first")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.file, self.faults), self.__dict__


class UsageError(StratagemError):
    """A request that the scenario cannot answer as asked."""


class NotSolvedError(StratagemError):
    """A scenario that is well formed but that no solver here answers."""


class WorldsError(StratagemError):
    """A formula that has no meaning in some worlds; the text names the values there."""


class DataError(StratagemError):
    """A table of data that cannot be used as asked; the text names the file, and the line and column where there are any."""


class TooLargeError(StratagemError):
    """A game or a run over its stated bounds."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is a misspelling of, or None.

    >>> nearest("qestions", ["questions", "quantities"])
    'questions'
    """
    if len(name) > MAX_NAME or (isinstance(known, Sized) and len(known) > MAX_CANDIDATES):
        return None
    candidates = sorted({str(one) for one in known if len(str(one)) <= MAX_NAME})
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
    return close[0] if close else None


def near(name: str, known: Iterable[str]) -> str:
    """A hint ` (did you mean …?)` for a misspelt name, or nothing."""
    close = nearest(name, known)
    return f" (did you mean `{close}`?)" if close else ""


def one_of(known: Iterable[str], limit: int = 12) -> str:
    """The known names as a readable list, numbers in them by size, cut at `limit`.

    >>> one_of(["L10", "L2"])
    'L2, L10'
    """
    if isinstance(known, Sized) and len(known) > MAX_CANDIDATES:
        return f"{len(known):,} names"
    names = sorted({str(one) for one in known}, key=_by_numbers)
    shown = ", ".join(one if len(one) <= MAX_NAME else one[:MAX_NAME] + "…" for one in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "") if names else "nothing"


def _by_numbers(name: str) -> str:
    return re.sub(r"[0-9]+", lambda digits: digits.group().zfill(MAX_NAME), name)


def quote(text: object, limit: int = 60) -> str:
    """User text made safe and short for a message."""
    start = str(text)[: limit + 1]
    flat = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in start)
    return f"`{flat[:limit]}…`" if len(flat) > limit else f"`{flat}`"


def described(value: object) -> str:
    """A value of a scenario for a message: quoted where it is plain, else what it is."""
    if isinstance(value, bool):
        return quote(str(value).lower())
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "nothing" if value is None else quote(value)
