"""The formulas of a scenario (L10): text to a small tree. Nothing is evaluated here, and nothing ever as Python.

Takes text; gives `Number`, `Name` and `Call` nodes that know their column. What a name means is for others to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from stratagem.errors import described, near, one_of, quote

MAX_LENGTH, MAX_DEPTH, MAX_HEIGHT, MAX_DIGITS = 2000, 50, 100, 300

FUNCTIONS: dict[str, tuple[int, int]] = {
    "min": (2, 16), "max": (2, 16), "clip": (3, 3), "exp": (1, 1), "log": (1, 1), "sqrt": (1, 1),
    "abs": (1, 1), "logistic": (1, 1), "contest": (3, 3), "ever": (1, 1),
}  # fmt: skip
WORDS = {"and", "or", "not", "in", "if", "then", "else", "true", "false"}
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?%?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/^<>(),]))"
)
_PRECEDENCE = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 4), "in": 4, "+": 5, "-": 5, "*": 6, "/": 6, "^": 8}
_NOT_PRECEDENCE, _MINUS_PRECEDENCE = 3, 7


@dataclass(frozen=True)
class Number:
    """A literal, exact."""

    value: Fraction
    at: int


@dataclass(frozen=True)
class Truth:
    """`true` or `false`."""

    value: bool
    at: int


@dataclass(frozen=True)
class Name:
    """A name, possibly `force.place`."""

    name: str
    at: int


@dataclass(frozen=True)
class Word:
    """A word of a label variable, recognised once the names of a scenario are known."""

    word: str
    at: int


@dataclass(frozen=True)
class Call:
    """An operator or function on its operands: `+ - * / ^ neg == … in and or not if min …`."""

    function: str
    operands: tuple[Tree, ...]
    at: int


Tree = Number | Truth | Name | Word | Call


class FormulaFault(Exception):
    """A formula that does not parse, with the offset of the fault in its text."""

    def __init__(self, at: int, found: str, expected: str) -> None:
        self.at, self.found, self.expected = at, found, expected
        super().__init__(f"{found}; {expected}")


@dataclass(frozen=True)
class Formula:
    """A parsed formula and the text it came from."""

    text: str
    tree: Tree

    @property
    def number(self) -> Fraction | None:
        """The number that the formula is, signed or not; None where it is more than a number."""
        if isinstance(self.tree, Call) and self.tree.function == "neg" and isinstance(self.tree.operands[0], Number):
            return -self.tree.operands[0].value
        return self.tree.value if isinstance(self.tree, Number) else None

    @classmethod
    def parse(cls, value: object) -> Formula:
        """The formula of a number, a truth or a text. Raises `FormulaFault`."""
        if isinstance(value, bool):
            return cls(str(value).lower(), Truth(value, 0))
        if isinstance(value, int | float):
            return cls(str(value), Number(Fraction(str(value)), 0))
        if isinstance(value, str):
            return cls(value, _Parser(value).parse())
        raise FormulaFault(0, described(value), "a formula: a number or text")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._validate)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "description": "a formula (L10)"}

    @classmethod
    def _validate(cls, value: object) -> Formula:
        if isinstance(value, Formula):
            return value
        try:
            return cls.parse(value)
        except FormulaFault as fault:
            raise stated_fault(fault.found, fault.expected, "L10", fault.at) from None


def stated_fault(found: str, expected: str, rule: str, at: int | None = None) -> PydanticCustomError:
    """A validation error that carries a fault's parts to the reader."""
    return PydanticCustomError("stated", "{found}", {"found": found, "expected": expected, "rule": rule, "at": at})


def names_in(tree: Tree) -> Iterator[Name]:
    """Every name in a tree, left to right."""
    todo = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, Name):
            yield one
        elif isinstance(one, Call):
            todo += reversed(one.operands)


class _Parser:
    """Precedence climbing over tokens; depth and height are bounded so that no text can exhaust a stack."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise FormulaFault(MAX_LENGTH, f"a formula of {len(text):,} characters", f"at most {MAX_LENGTH:,}")
        self.text = text
        self.tokens = list(_tokens(text))
        self.next = 0

    def parse(self) -> Tree:
        tree = self._expression(0, 0)
        kind, word, at = self.tokens[self.next]
        if kind != "end":
            hint = "; write `==` to compare" if word == "=" else ""
            raise FormulaFault(at, f"{quote(word)} after a complete formula", f"an operator or the end{hint}")
        if len(self.tokens) > MAX_HEIGHT:
            _bound_height(tree)
        return tree

    def _peek(self) -> str:
        return self.tokens[self.next][1]

    def _take(self, expected: str | None = None) -> tuple[str, str, int]:
        token = self.tokens[self.next]
        if expected is not None and token[1] != expected:
            if token[0] != "end":
                raise FormulaFault(token[2], quote(token[1]), f"`{expected}`")
            hint = "; inside `{ }` a comma ends the value, so put such a formula in quotes" if expected == ")" else ""
            raise FormulaFault(token[2], "the end of the formula", f"`{expected}`{hint}")
        self.next += 1
        return token

    def _expression(self, least: int, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise FormulaFault(
                self.tokens[self.next][2], f"a formula nested more than {MAX_DEPTH} deep", "a shorter one"
            )
        left = self._prefix(depth)
        while (strength := _PRECEDENCE.get(self._peek(), -1)) >= max(least, 1):
            _, sign, at = self._take()
            if sign == "in":
                left = Call("in", (left, *self._list(depth)), at)
            elif sign == "^":
                left = Call("^", (left, self._expression(strength, depth + 1)), at)
            else:
                left = Call(sign, (left, self._expression(strength + 1, depth + 1)), at)
                if sign in COMPARISONS and self._peek() in COMPARISONS:
                    raise FormulaFault(self.tokens[self.next][2], "a chain of comparisons", "join two with `and`")
        return left

    def _prefix(self, depth: int) -> Tree:
        kind, word, at = self._take()
        if kind == "number":
            return Number(_number(word, at), at)
        if word in ("-", "+"):
            operand = self._expression(_MINUS_PRECEDENCE, depth + 1)
            return Call("neg", (operand,), at) if word == "-" else operand
        if word == "not":
            return Call("not", (self._expression(_NOT_PRECEDENCE, depth + 1),), at)
        if word == "if":
            return self._choice(at, depth)
        if word == "(":
            inner = self._expression(0, depth + 1)
            self._take(")")
            return inner
        return self._word(kind, word, at, depth)

    def _word(self, kind: str, word: str, at: int, depth: int) -> Tree:
        if word in ("true", "false"):
            return Truth(word == "true", at)
        if kind == "name" and word not in WORDS:
            return self._call(word, at, depth) if self._peek() == "(" else Name(word, at)
        found = "the end of the formula" if kind == "end" else quote(word)
        raise FormulaFault(at, found, "a number, a name, `(` or a function")

    def _choice(self, at: int, depth: int) -> Tree:
        condition = self._expression(0, depth + 1)
        self._take("then")
        yes = self._expression(0, depth + 1)
        self._take("else")
        return Call("if", (condition, yes, self._expression(0, depth + 1)), at)

    def _call(self, name: str, at: int, depth: int) -> Tree:
        if name not in FUNCTIONS:
            hint = near(name, FUNCTIONS)
            raise FormulaFault(at, f"the unknown function {quote(name)}{hint}", f"one of {one_of(FUNCTIONS)}")
        operands = self._list(depth)
        least, most = FUNCTIONS[name]
        if not least <= len(operands) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise FormulaFault(at, f"`{name}` with {len(operands)} operands", f"{count} operands")
        return Call(name, operands, at)

    def _list(self, depth: int) -> tuple[Tree, ...]:
        self._take("(")
        operands = [self._expression(0, depth + 1)]
        while self._peek() == ",":
            self._take()
            operands.append(self._expression(0, depth + 1))
        self._take(")")
        return tuple(operands)


def _bound_height(tree: Tree) -> None:
    """Raise `FormulaFault` where operations stand more than `MAX_HEIGHT` one inside another, as in a very long sum."""
    todo = [(tree, 1)]
    while todo:
        one, height = todo.pop()
        if height > MAX_HEIGHT:
            found = f"a formula of more than {MAX_HEIGHT} operations one upon another"
            raise FormulaFault(one.at, found, "a definition for a part of it")
        if isinstance(one, Call):
            todo += [(operand, height + 1) for operand in one.operands]


def _number(word: str, at: int) -> Fraction:
    if word.isdigit() and len(word) <= MAX_DIGITS:
        return Fraction(int(word))
    bare = word.removesuffix("%")
    if not math.isfinite(float(bare)):
        raise FormulaFault(at, f"the number {quote(word)}", "a finite number")
    return Fraction(bare) / 100 if word.endswith("%") else Fraction(bare)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = end - len(text[at:end].lstrip())
            expected = "numbers, names, operators and brackets" + _hint(text[start])
            raise FormulaFault(start, f"the character {quote(text[start])}", expected)
        kind = match.lastgroup or ""
        yield kind, match.group(kind), match.start(kind)
        at = match.end()
    yield "end", "", end


def _hint(character: str) -> str:
    if character == "=":
        return "; write `==` to compare"
    return "; write `and`, `or`, `not`" if character in "&|!" else ""
