"""What a model refuses, said as faults with a place, what was found and what was expected.

Takes a document and the errors of its validation; gives faults. Knows pydantic, so that nothing else has to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stratagem.errors import Fault, described, near, one_of, quote
from stratagem.scenario.schema import keys_at, without_kinds
from stratagem.scenario.text import Document, Path

RULE_OF_SECTION = {
    "sources": "L4", "lexicon": "L6", "quantities": "L7", "taken as known": "L7", "correlations": "L8", "definitions": "L9",
    "links": "L9", "players": "L11", "actors": "L12", "alliances": "L12", "theatres": "L13", "forces": "L13", "state": "L14",
    "stakes": "L15", "timeline": "L16", "outcomes": "L19", "perceptions": "L20", "mistakes": "L20", "questions": "L21",
    "history": "L22", "revealed": "L25", "claims": "L23", "facts": "L23",
}  # fmt: skip
EXPECTED = {
    "string_type": "text", "bool_type": "`true` or `false`", "int_type": "a whole number", "float_type": "a number",
    "dict_type": "a mapping, `name: …`", "list_type": "a list", "model_type": "a mapping, `key: …`",
    "tuple_type": "a list of two names", "model_attributes_type": "a mapping, `key: …`", "too_short": "at least one entry",
}  # fmt: skip
BOUNDS = {
    "greater_than": ("above", "gt"), "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"), "less_than_equal": ("of at most", "le"),
}  # fmt: skip
MAX_KEYS_SHOWN = 30


def path_of(document: Document, error: Any) -> Path:
    """Where in the text an error stands; of a key that is missing, where it would."""
    path = without_kinds(error["loc"])
    return (*document.place(path[:-1]), path[-1]) if error["type"] == "missing" else document.place(path)


def shape_faults(document: Document, errors: Iterable[Any]) -> list[Fault]:
    """One fault for each error, those that say the same of one place joined."""
    joined: dict[Fault, list[str]] = {}
    for error in errors:
        fault = _fault(document, error)
        expected = joined.setdefault(replace(fault, expected=""), [])
        if fault.expected not in expected:
            expected.append(fault.expected)
    return [replace(fault, expected=" or ".join(expected)) for fault, expected in joined.items()]


def _fault(document: Document, error: Any) -> Fault:
    path = path_of(document, error)
    rule = _rule(path)
    if error["type"] == "stated":
        context = error["ctx"]
        is_key = error["loc"][-1:] == ("[key]",)
        line, column = document.position(path, None if is_key else context["at"], is_key)
        return Fault(line, column, context["found"], context["expected"], context["rule"])
    if error["type"] == "extra_forbidden":
        key, known = str(path[-1]), keys_at(error["loc"][:-1])
        found = f"the unknown key {quote(key)}{near(key, known)}"
        cut = (
            "" if error["input"] is not None or len(path) == 1 else "; text with a comma stands in quotes within braces"
        )
        expected = f"one of {one_of(known, MAX_KEYS_SHOWN)}{cut}"
        return Fault(*document.position(path, at_key=True), found, expected, rule)
    if error["type"] == "missing" and isinstance(path[-1], int):
        return Fault(*document.position(path[:-1]), f"a list of {len(error['input'])}", EXPECTED["tuple_type"], rule)
    if error["type"] == "missing":
        return Fault(*document.position(path[:-1]), f"no `{path[-1]}` here", f"`{path[-1]}: …`", rule)
    return Fault(*document.position(path), _found(error["input"]), _expected(error), rule)


def _found(value: object) -> str:
    """A value of a kind that does not fit, with its kind where that can be mistaken: `012` is text."""
    kind = "the text " if isinstance(value, str) else "the number " if type(value) in (int, float) else ""
    return kind + described(value)


def _rule(path: Path) -> str:
    """The rule of the part that a path leads into."""
    if path[:1] == ("timeline",):
        return "L18" if "later" in path else "L17" if {"actions", "outcomes"} & {*path[:-2]} else "L16"
    return RULE_OF_SECTION.get(str(path[0]) if path else "", "L3")


def _expected(error: Any) -> str:
    context = error.get("ctx") or {}
    if error["type"] in EXPECTED:
        return EXPECTED[error["type"]]
    if error["type"] == "literal_error":
        return f"one of {context.get('expected', '')}".replace("'", "`")
    if error["type"] == "too_long":
        return f"at most {context.get('max_length')} entries"
    if error["type"] in BOUNDS:
        words, bound = BOUNDS[error["type"]]
        return f"a number {words} {context[bound]:,g}"
    return "what the rule says"
