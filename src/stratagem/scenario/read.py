"""Text to a checked `Scenario`, or every fault of it.

The one way into the language: bounds and syntax (`text`), shape (`model`), meaning (`check`).
"""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from stratagem.errors import Fault, ScenarioError, StratagemError, near, one_of, quote
from stratagem.scenario.check import check
from stratagem.scenario.model import Scenario
from stratagem.scenario.schema import keys_at, without_kinds
from stratagem.scenario.text import MAX_BYTES, Document, Path, TextFault, read_text

RULE_OF_SECTION = {
    "sources": "L4", "lexicon": "L6", "quantities": "L7", "taken as known": "L7", "correlations": "L8", "definitions": "L9",
    "links": "L9", "players": "L11", "actors": "L12", "alliances": "L12", "theatres": "L13", "forces": "L13", "state": "L14",
    "stakes": "L15", "timeline": "L16", "outcomes": "L19", "perceptions": "L20", "mistakes": "L20", "questions": "L21",
    "history": "L22", "claims": "L23", "facts": "L23",
}  # fmt: skip
EXPECTED = {
    "string_type": "text", "bool_type": "`true` or `false`", "int_type": "a whole number", "float_type": "a number",
    "dict_type": "a mapping, `name: …`", "list_type": "a list", "model_type": "a mapping, `key: …`", "tuple_type": "a list",
    "model_attributes_type": "a mapping, `key: …`",
}  # fmt: skip


def read_scenario(file: str | FilePath) -> Scenario:
    """The scenario in a file. Raises `ScenarioError` with all its faults, `StratagemError` where it cannot be read."""
    return parse_scenario(read_file_text(FilePath(file)), str(file))


def read_file_text(path: FilePath) -> str:
    """The text of a file within bounds. Raises `ScenarioError` or `StratagemError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ScenarioError(str(path), [Fault(1, 1, "a file over 1 MiB", "a scenario is at most 1 MiB; split it", "L1")])
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StratagemError(f"cannot read {quote(path)}: {reason}") from None
    return decode(content, str(path))


def decode(content: bytes, file: str) -> str:
    """The text of a file. Raises `ScenarioError` at the first byte that is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        fault = Fault(line, column, f"the byte 0x{content[error.start]:02X}, which is not UTF-8", "text in UTF-8", "L1")
        raise ScenarioError(file, [fault]) from None


def parse_scenario(text: str, file: str = "scenario") -> Scenario:
    """The scenario that a text states; `file` names it in messages. Raises `ScenarioError`."""
    try:
        document = read_text(text)
    except TextFault as fault:
        raise ScenarioError(file, fault.faults) from None
    if not isinstance(document.data, dict):
        raise ScenarioError(file, [Fault(1, 1, "a file that is not a mapping", "`scenario: TITLE`, `players:`, `timeline:`", "L3")])
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        raise ScenarioError(file, [_fault(document, one) for one in error.errors(include_url=False)]) from None
    faults = check(scenario, document)
    if faults:
        raise ScenarioError(file, faults)
    return scenario


def _fault(document: Document, error: Any) -> Fault:
    tried: Path = tuple(error["loc"])
    path = without_kinds(tried)
    context = error.get("ctx") or {}
    rule = RULE_OF_SECTION.get(str(path[0]) if path else "", "L3")
    if error["type"] == "stated":
        at_key = "name" in str(context["found"]) and error["loc"][-1:] == ("[key]",)
        line, column = document.position(path, context["at"], at_key)
        return Fault(line, column, context["found"], context["expected"], context["rule"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(document, tried, rule)
    line, column = document.position(path)
    if error["type"] == "missing":
        return Fault(line, column, f"no `{path[-1]}` here", f"`{path[-1]}: …`", rule)
    found = quote(error["input"]) if isinstance(error["input"], str | int | float | bool) else _kind(error["input"])
    return Fault(line, column, found, EXPECTED.get(error["type"], _expected(error)), rule)


def _kind(value: object) -> str:
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), "a value")


def _expected(error: Any) -> str:
    context = error.get("ctx") or {}
    if error["type"] == "literal_error":
        return f"one of {context.get('expected', '')}".replace("'", "`")
    if error["type"] == "too_short":
        return "at least one entry"
    if error["type"] == "too_long":
        return f"at most {context.get('max_length')} entries"
    return str(error["msg"]).lower().replace("input should be ", "")


def _unknown_key(document: Document, tried: Path, rule: str) -> Fault:
    key = str(tried[-1])
    known = keys_at(tried[:-1])
    line, column = document.position(without_kinds(tried), at_key=True)
    return Fault(line, column, f"the unknown key {quote(key)}{near(key, known)}", f"one of {one_of(known, 30)}", rule)
