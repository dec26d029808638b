"""Text to plain data with positions: a bounded subset of YAML 1.2 (L1).

Takes a string; gives dicts, lists, strings, numbers, truths and None, and for every path the place it stands at.
Works on parser events, so that what is refused is refused before anything is built. Knows nothing of scenarios.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import yaml

from stratagem.errors import MAX_FAULTS, Fault, quote

MAX_BYTES, MAX_DEPTH, MAX_VALUES = 1 << 20, 32, 50_000

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,29})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|(0|[1-9][0-9]{0,39})(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,5})?\Z")
_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INVISIBLE = re.compile(
    "[\x85\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_LINE_SEPARATORS = re.compile("[\x85\u2028\u2029]")  # invisible too, but YAML 1.1 would start a line there
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ALL_NAMES = "*"


@dataclass(frozen=True)
class Mark:
    """Where a value stands: line and column from 1; `inset` is how far its text starts after that column.

    What was put right after reading is marked too: `is_replaced` here, `is_changed` here or inside, `is_thinned` where
    something inside was left out.
    """

    line: int
    column: int
    inset: int = 0
    is_one_line: bool = True
    is_replaced: bool = False
    is_changed: bool = False
    is_thinned: bool = False


@dataclass
class Document:
    """Plain data, the mark of every value and of every key in it, and the faults that did not stop the reading.

    `lost` holds the names that stood in what was left out; with `ALL_NAMES` in it, any name may have.
    """

    data: Any
    marks: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)

    def place(self, path: Path) -> Path:
        """The longest existing path along `path`, leaving out steps that the text does not have."""
        found: Path = ()
        for step in path:
            if (*found, step) in self.marks:
                found = (*found, step)
        return found

    def mark(self, path: Path) -> Mark:
        """The mark of the value at `path`, or of the nearest one above that the text has."""
        return self.marks[self.place(path)]

    def position(self, path: Path, offset: int | None = None, at_key: bool = False) -> tuple[int, int]:
        """Line and column of the value at `path` (or its key), `offset` characters into its text."""
        place = self.place(path)
        mark = self.keys.get(place) if at_key else None
        mark = mark or self.marks[place]
        if offset is None or not mark.is_one_line:
            return mark.line, mark.column
        return mark.line, mark.column + mark.inset + offset

    def has_lost(self, name: str) -> bool:
        """Whether a name, or a part of it before or after a dot, stood in what was left out."""
        return bool(self.lost) and (
            ALL_NAMES in self.lost or any(part in self.lost for part in (name, *name.split(".")))
        )

    def note_replaced(self, path: Path) -> None:
        """Mark that the value at `path` is not the file's own."""
        self.marks[path] = replace(self.marks[path], is_replaced=True, is_changed=True)
        for length in range(len(path)):
            self.marks[path[:length]] = replace(self.marks[path[:length]], is_changed=True)

    def note_lost(self, path: Path, value: Any) -> None:
        """Mark that `value`, which stood at `path`, is left out: its names may be missed elsewhere."""
        names = {str(path[-1]), *words_in(path[-1]), *words_in(value)}
        has_none = len(path) == 1 and not isinstance(value, dict | list) and value is not None
        self.lost |= {ALL_NAMES} if has_none else names
        for length in range(len(path)):
            self.marks[path[:length]] = replace(self.marks[path[:length]], is_changed=True, is_thinned=True)


def words_in(value: Any) -> Iterator[str]:
    """Every word in the keys and texts of plain data."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            todo += [*one, *one.values()]
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, str):
            yield from _NAME.findall(one)


class TextFault(Exception):
    """Reading stopped: the text is not what L1 allows."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults


def read_text(text: str) -> Document:
    """The document that `text` holds, with the faults that did not stop the reading. Raises `TextFault` where one did."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TextFault([Fault(1, 1, "a file over 1 MiB", "a scenario is at most 1 MiB; split it", "L1")])
    text = text.removeprefix("\ufeff")
    faults = [_invisible(text, match) for match in _first(_INVISIBLE, text)]
    unreadable = [_unreadable(text, match) for match in _first(_UNREADABLE, text)]
    if unreadable:
        raise TextFault(faults + unreadable)
    return _Builder(_LINE_SEPARATORS.sub(" ", text), faults).build()


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for _, match in zip(range(MAX_FAULTS), pattern.finditer(text), strict=False):
        yield match


def _invisible(text: str, match: re.Match[str]) -> Fault:
    found = f"the invisible character U+{ord(match.group()):04X}"
    return Fault(*_line_and_column(text, match.start()), found, "remove it: text holds visible characters only", "L1")


def _unreadable(text: str, match: re.Match[str]) -> Fault:
    found = f"the control character U+{ord(match.group()):04X}"
    return Fault(*_line_and_column(text, match.start()), found, "remove it: a scenario is plain text", "L1")


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _Builder:
    """Builds the document from events, one frame per open list or mapping."""

    def __init__(self, text: str, faults: list[Fault]) -> None:
        self.loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self.document = Document(None, faults=faults)
        self.faults = faults
        self.count = 0
        self.last_line = max(1, len(re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)))

    def build(self) -> Document:
        try:
            self._events()
        except yaml.YAMLError as error:
            raise TextFault([*self.faults, self._syntax_fault(error)]) from None
        finally:
            self.loader.dispose()
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
            self._stop(
                event, f"an alias {quote('*' + str(event.anchor))}", "write the value out: aliases are not allowed"
            )
        if event.anchor:
            self._stop(event, f"an anchor {quote('&' + event.anchor)}", "remove it: anchors are not allowed")
        if event.tag and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!" and not event.implicit[0]):
            self._stop(event, f"a tag {quote(event.tag)}", "remove it: tags are not allowed")
        self.document.marks[path] = self._mark(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, path)
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
                self._again(event, inner, depth)
                continue
            self.document.keys[inner] = self._mark(event)
            values[key] = self._value(self.loader.get_event(), inner, depth + 1)
        return values

    def _again(self, event: Any, path: Path, depth: int) -> None:
        """Read past the value of a key that stood before; the first one stays."""
        first = self.document.keys[path].line
        self._refuse(event, f"the key {quote(path[-1])} twice", f"once: it first stands on line {first}")
        beside = (*path[:-1], f"{path[-1]} again on line {event.start_mark.line}")
        value = self._value(self.loader.get_event(), beside, depth + 1)
        self.document.note_lost(path, value)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(event, "a list or mapping as a key", "a key is a word")
        if event.anchor or event.tag:
            self._stop(event, "an anchor or tag on a key", "remove it")
        if event.value == "<<" and event.implicit[0]:
            self._stop(event, "a merge key `<<`", "write the values out: merging is not allowed")
        return str(event.value)

    def _scalar(self, event: Any, path: Path) -> Any:
        text = event.value
        hidden = _INVISIBLE.search(text) or _UNREADABLE.search(text)
        if hidden and not self.faults:  # written as an escape; what stands in the file itself was found before
            self._refuse(
                event,
                f"the invisible character U+{ord(hidden.group()):04X}",
                "remove it: text holds visible characters only",
            )
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
        self.document.note_replaced(path)
        return 0

    def _refuse(self, event: Any, found: str, expected: str) -> None:
        mark = self._mark(event)
        self.faults.append(Fault(mark.line, mark.column, found, expected, "L1"))
        if len(self.faults) > MAX_FAULTS:
            raise TextFault(self.faults)

    def _stop(self, event: Any, found: str, expected: str) -> NoReturn:
        self._refuse(event, found, expected)
        raise TextFault(self.faults)

    def _mark(self, event: Any) -> Mark:
        start, end = event.start_mark, event.end_mark
        style = getattr(event, "style", None)
        is_one_line = start.line == end.line and style not in ("|", ">")
        line, column = self._inside(start)
        return Mark(line, column, 1 if style in ("'", '"') else 0, is_one_line)

    def _inside(self, mark: Any) -> tuple[int, int]:
        """Line and column from 1; what stands after the last line is said to stand at its start."""
        return (mark.line + 1, mark.column + 1) if mark.line < self.last_line else (self.last_line, 1)

    def _syntax_fault(self, error: yaml.YAMLError) -> Fault:
        marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
        mark = next((one for one in marks if one is not None and one.line < self.last_line), None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
        line, column = self._inside(mark) if mark else (1, 1)
        return Fault(
            line, column, f"text that is not YAML ({problem})", "check indentation, quotes and brackets here", "L1"
        )
