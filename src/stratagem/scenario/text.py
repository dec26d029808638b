"""Text to plain data with positions: a bounded subset of YAML 1.2 (L1).

Takes a string; gives dicts, lists, strings, numbers, truths and None, and for every path the place it stands at.
Works on parser events, so that what is refused is refused before anything is built. Knows nothing of scenarios.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from stratagem.errors import Fault, quote

MAX_BYTES, MAX_DEPTH, MAX_VALUES = 1 << 20, 32, 50_000
MAX_FAULTS = 100

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,5})?\Z")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_DIRECTION_CONTROLS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Mark:
    """Where a value stands: line and column from 1; `inset` is how far its text starts after that column."""

    line: int
    column: int
    inset: int = 0
    is_one_line: bool = True


@dataclass
class Document:
    """Plain data, and the mark of every value and of every key in it."""

    data: Any
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)

    def place(self, path: Path) -> Path:
        """The longest existing path along `path`, leaving out steps that the text does not have."""
        found: Path = ()
        for step in path:
            if found + (step,) in self.marks:
                found += (step,)
        return found

    def position(self, path: Path, offset: int | None = None, at_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at `path` (or its key), `offset` characters into its text."""
        place = self.place(path)
        mark = self.keys.get(place) if at_key else None
        mark = mark or self.marks[place]
        if offset is None or not mark.is_one_line:
            return mark.line, mark.column
        return mark.line, mark.column + mark.inset + offset


class TextFault(Exception):
    """Reading stopped: the text is not what L1 allows."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults


def read_text(text: str) -> Document:
    """The document that `text` holds. Raises `TextFault` with every fault found."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TextFault([Fault(1, 1, "a file over 1 MiB", "a scenario is at most 1 MiB; split it", "L1")])
    hidden = _DIRECTION_CONTROLS.search(text)
    if hidden and not (hidden.start() == 0 and hidden.group() == "\ufeff"):
        line = text.count("\n", 0, hidden.start()) + 1
        column = hidden.start() - text.rfind("\n", 0, hidden.start())
        found = f"the invisible character U+{ord(hidden.group()):04X}"
        raise TextFault([Fault(line, column, found, "remove it: text holds visible characters only", "L1")])
    return _Builder(text).build()


class _Builder:
    """Builds the document from events, one frame per open list or mapping."""

    def __init__(self, text: str) -> None:
        self.loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self.document = Document(None)
        self.faults: list[Fault] = []
        self.count = 0

    def build(self) -> Document:
        try:
            self._events()
        except yaml.YAMLError as error:
            self.faults.append(_syntax_fault(error))
        except (RecursionError, MemoryError):
            self._refuse(None, "text nested too deep", f"at most {MAX_DEPTH} levels")
        finally:
            self.loader.dispose()
        if self.faults:
            raise TextFault(self.faults)
        return self.document

    def _events(self) -> None:
        documents = 0
        while True:
            event = self.loader.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                break
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._stop(event, "a second document", "one document a file")
                if event.version or event.tags:
                    self._stop(event, "a `%` directive", "remove it")
            elif not isinstance(event, yaml.StreamStartEvent | yaml.DocumentEndEvent):
                self.document.data = self._value(event, (), 1)
        if documents == 0:
            self.document.marks[()] = Mark(1, 1)

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            self._stop(event, f"more than {MAX_VALUES:,} values", "a smaller file")
        if depth > MAX_DEPTH:
            self._stop(event, f"values nested more than {MAX_DEPTH} deep", "a flatter file")
        if isinstance(event, yaml.AliasEvent):
            self._stop(event, f"an alias `*{event.anchor}`", "write the value out: aliases are not allowed")
        if event.anchor:
            self._stop(event, f"an anchor `&{event.anchor}`", "remove it: anchors are not allowed")
        if event.tag and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!" and not event.implicit[0]):
            self._stop(event, f"a tag {quote(event.tag)}", "remove it: tags are not allowed")
        self.document.marks[path] = _mark(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(path, depth)
        return self._mapping(path, depth)

    def _list(self, path: Path, depth: int) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values)), depth + 1))
        return values

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            key = self._key(event)
            inner = (*path, key)
            if key in values:
                first = self.document.keys[inner].line
                self._refuse(event, f"the key {quote(key)} twice", f"once: it first stands on line {first}")
                self._value(self.loader.get_event(), (*path, f"{key} again on line {event.start_mark.line}"), depth + 1)
                continue
            self.document.keys[inner] = _mark(event)
            values[key] = self._value(self.loader.get_event(), inner, depth + 1)
        return values

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, "a list or mapping as a key", "a key is a word")
        if event.anchor or event.tag:
            self._stop(event, "an anchor or tag on a key", "remove it")
        if event.value == "<<" and event.implicit[0]:
            self._stop(event, "a merge key `<<`", "write the values out: merging is not allowed")
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.match(text):
            return int(text)
        if _FLOAT.match(text):
            number = float(text)
            if math.isfinite(number):
                return number
        elif not _NOT_FINITE.match(text):
            return text
        self._refuse(event, f"the number {quote(text)}", "a finite number")
        return 0

    def _refuse(self, event: Any, found: str, expected: str) -> None:
        mark = _mark(event) if event is not None else Mark(1, 1)
        self.faults.append(Fault(mark.line, mark.column, found, expected, "L1"))
        if len(self.faults) > MAX_FAULTS:
            raise TextFault(self.faults)

    def _stop(self, event: Any, found: str, expected: str) -> None:
        self._refuse(event, found, expected)
        raise TextFault(self.faults)


def _mark(event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    style = getattr(event, "style", None)
    is_one_line = start.line == end.line and style not in ("|", ">")
    return Mark(start.line + 1, start.column + 1, 1 if style in ("'", '"') else 0, is_one_line)


def _syntax_fault(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Fault(line, column, f"text that is not YAML ({problem})", "check indentation, quotes and brackets here", "L1")
