"""Formulas for the slow solver of `textbook`: a recursive reader of its own (L10)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Value = float | str | bool


TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?)"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/^<>(),]))"
)
Read = Callable[[Any], Any]  # of a scope, which knows what names stand for


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "logistic": logistic,
    "contest": lambda a, b, m: a**m / (a**m + b**m),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def tokenise(text: str) -> list[str]:
    tokens, at, text = [], 0, text.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot read {text[at:]!r} in {text!r}")
        tokens.append(match.group().strip())
        at = match.end()
    return tokens


class Parser:
    """Recursive descent, loosest first: if, or, and, not, comparison, sum, product, minus, power, atom."""

    def __init__(self, text: str) -> None:
        self.tokens, self.at = tokenise(text), 0

    def found(self, *words: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in words:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def expect(self, word: str) -> None:
        if not self.found(word):
            raise ValueError(f"expected {word!r} after {self.tokens[: self.at]}")

    def whole(self) -> Read:
        formula = self.formula()
        if self.at != len(self.tokens):
            raise ValueError(f"left over: {self.tokens[self.at :]}")
        return formula

    def formula(self) -> Read:
        if not self.found("if"):
            return self.either()
        condition = self.formula()
        self.expect("then")
        yes = self.formula()
        self.expect("else")
        no = self.formula()
        return lambda scope: yes(scope) if condition(scope) else no(scope)

    def either(self) -> Read:
        parts = [self.both()]
        while self.found("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def both(self) -> Read:
        parts = [self.negated()]
        while self.found("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def negated(self) -> Read:
        if self.found("not"):
            inner = self.negated()
            return lambda scope: not inner(scope)
        return self.compared()

    def compared(self) -> Read:
        left = self.sum()
        if self.found("in"):
            members = self.arguments()
            return lambda scope: left(scope) in [member(scope) for member in members]
        sign = self.found(*COMPARISONS)
        if sign is None:
            return left
        compare, right = COMPARISONS[sign], self.sum()
        return lambda scope: compare(left(scope), right(scope))

    def sum(self) -> Read:
        total = self.product()
        while sign := self.found("+", "-"):
            total = added(total, self.product(), 1 if sign == "+" else -1)
        return total

    def product(self) -> Read:
        total = self.signed()
        while sign := self.found("*", "/"):
            total = multiplied(total, self.signed()) if sign == "*" else divided(total, self.signed())
        return total

    def signed(self) -> Read:
        if self.found("-"):
            inner = self.signed()
            return lambda scope: -inner(scope)
        return self.power()

    def power(self) -> Read:
        base = self.atom()
        if not self.found("^"):
            return base
        exponent = self.signed()
        return lambda scope: base(scope) ** exponent(scope)

    def arguments(self) -> list[Read]:
        self.expect("(")
        arguments = [self.formula()]
        while self.found(","):
            arguments.append(self.formula())
        self.expect(")")
        return arguments

    def atom(self) -> Read:
        if self.found("("):
            inner = self.formula()
            self.expect(")")
            return inner
        token = self.tokens[self.at]
        self.at += 1
        if token[0].isdigit() or token[0] == ".":
            return constant(float(token[:-1]) / 100 if token.endswith("%") else float(token))
        if token in ("true", "false"):
            return constant(token == "true")
        return self.ever() if token == "ever" else self.named(token)

    def named(self, name: str) -> Read:
        if name not in FUNCTIONS:
            return lambda scope: scope.read(name)
        function, arguments = FUNCTIONS[name], self.arguments()
        return lambda scope: function(*[argument(scope) for argument in arguments])

    def ever(self) -> Read:
        self.expect("(")
        move, equals, action = self.tokens[self.at : self.at + 3]
        if equals != "==":
            raise ValueError("ever() takes MOVE == ACTION")
        self.at += 3
        self.expect(")")
        return lambda scope: (move, action) in scope.state.ever


def constant(value: Value) -> Read:
    return lambda _scope: value


def added(left: Read, right: Read, sign: int) -> Read:
    return lambda scope: left(scope) + sign * right(scope)


def multiplied(left: Read, right: Read) -> Read:
    return lambda scope: left(scope) * right(scope)


def divided(left: Read, right: Read) -> Read:
    return lambda scope: left(scope) / right(scope)


@lru_cache(maxsize=20_000)
def parsed(text: str) -> Read:
    return Parser(text).whole()


def formula(value: Any) -> Read:
    """The reader of a formula, a number, a truth, or the long form `{is: VALUE}`."""
    if isinstance(value, Mapping):
        return formula(value["is"])
    return parsed(value) if isinstance(value, str) else constant(value)
