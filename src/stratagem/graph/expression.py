"""Formulas with the state put in: exact, canonical, shared expressions over quantities.

Takes resolved formula trees and the values of state; gives a `Fraction`, a truth, a word, or the number of a row in a
table of expressions. Equal expressions have one row, so amounts are equal in all worlds when their rows are equal.
No arrays: `table` evaluates the rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from dataclasses import dataclass
from fractions import Fraction

from stratagem.errors import UsageError
from stratagem.graph.game import Expression
from stratagem.scenario.formula import Call, Name, Number, Tree, Truth, Word
from stratagem.scenario.names import Symbols, ever_name

MAX_BITS = 400


@dataclass(frozen=True, slots=True)
class Ref:
    """An expression that differs by world: a row of the table."""

    row: int


Value = Fraction | bool | str | Ref
Numeric = Fraction | Ref
Key = tuple[object, ...]

ZERO, ONE = Fraction(0), Fraction(1)


class Expressions:
    """The table of distinct expressions; row n reads rows below n only."""

    def __init__(self) -> None:
        self.rows: list[Key] = []
        self._row_of: dict[Key, int] = {}
        self._row_of_constant: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, value: Value) -> int:
        """The row of a value; constants have rows too."""
        if isinstance(value, Ref):
            return value.row
        if isinstance(value, str):
            raise UsageError(f"the word `{value}` where a number is wanted")
        exact = value if isinstance(value, Fraction) else Fraction(value)
        parts = (exact.numerator, exact.denominator)
        if parts not in self._row_of_constant:
            self._row_of_constant[parts] = self._intern(("constant", exact))
        return self._row_of_constant[parts]

    def value(self, row: int) -> Value:
        """The value whose row this is."""
        key = self.rows[row]
        return key[1] if key[0] == "constant" else Ref(row)  # type: ignore[return-value]

    def expressions(self) -> tuple[Expression, ...]:
        """The rows in floating point, for evaluation."""
        return tuple(_expression(key) for key in self.rows)

    def quantity(self, name: str) -> Ref:
        """The row of a quantity."""
        return Ref(self._intern(("quantity", name)))

    def _intern(self, key: Key) -> int:
        row = self._row_of.get(key)
        if row is None:
            row = self._row_of[key] = len(self.rows)
            self.rows.append(key)
        return row

    def call(self, function: str, *operands: Value) -> Value:
        """A function of values, simplified where it can be."""
        return _RULES[function](self, function, operands)

    # --- arithmetic in canonical linear form ---

    def _linear(self, value: Numeric) -> tuple[Fraction, dict[int, Fraction]]:
        if not isinstance(value, Ref):
            return Fraction(value), {}
        key = self.rows[value.row]
        if key[0] == "linear":
            return key[1], dict(key[2])  # type: ignore[return-value, call-overload]
        return ZERO, {value.row: ONE}

    def combine(self, *weighted: tuple[Fraction, Numeric]) -> Numeric:
        """The sum of (coefficient, value) pairs."""
        constant, terms = ZERO, dict[int, Fraction]()
        for weight, value in weighted:
            inner, parts = self._linear(value)
            constant += weight * inner
            for row, coefficient in parts.items():
                terms[row] = terms.get(row, ZERO) + weight * coefficient
        kept = tuple(sorted((row, _short(c)) for row, c in terms.items() if c != 0))
        constant = _short(constant)
        if not kept:
            return constant
        if constant == 0 and len(kept) == 1 and kept[0][1] == 1:
            return Ref(kept[0][0])
        for row, _ in kept:
            assert row < len(self.rows)
        return Ref(self._intern(("linear", constant, kept)))

    def add(self, a: Numeric, b: Numeric) -> Numeric:
        """a + b."""
        return self.combine((ONE, a), (ONE, b))

    def subtract(self, a: Numeric, b: Numeric) -> Numeric:
        """a - b."""
        return self.combine((ONE, a), (-ONE, b))

    def multiply(self, a: Numeric, b: Numeric) -> Numeric:
        """a * b."""
        if isinstance(a, Ref) and isinstance(b, Ref):
            return Ref(self._intern(("*", *sorted((a.row, b.row)))))
        if isinstance(a, Ref):
            a, b = b, a
        return self.combine((a, b)) if not isinstance(a, Ref) and a != 0 else ZERO

    def function(self, name: str, *operands: Value) -> Value:
        """A function that is not linear: its value for constants, else a row."""
        if not any(isinstance(one, Ref) for one in operands):
            return _constant(name, [_float(one) for one in operands])  # type: ignore[arg-type]
        return Ref(self._intern((name, *(self.row(one) for one in operands))))


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise MeaninglessError("a number too large to reckon with") from None


def _expression(key: Key) -> Expression:
    operation = str(key[0])
    if operation == "constant":
        return Expression(operation, (float(key[1]),))  # type: ignore[arg-type]
    if operation == "linear":
        return Expression(operation, (float(key[1]), tuple((row, float(c)) for row, c in key[2])))  # type: ignore[arg-type, attr-defined]
    return Expression(operation, tuple(key[1:]))


def _short(value: Fraction) -> Fraction:
    if value.denominator.bit_length() > MAX_BITS or value.numerator.bit_length() > MAX_BITS:
        return Fraction(_float(value))
    return value


def contest(a: float, b: float, m: float) -> float:
    """The ratio-form success function a^m / (a^m + b^m); a half where both are 0 (Tullock 1980; Hirshleifer 1989)."""
    if a < 0 or b < 0:
        raise ValueError
    if a == 0 and b == 0:
        return 0.5
    top = max(a, b)
    a, b = (a / top) ** m, (b / top) ** m
    return a / (a + b)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


_CONSTANTS: dict[str, Callable[..., float]] = {
    "min": min, "max": max, "abs": abs, "exp": math.exp, "log": math.log, "sqrt": math.sqrt, "logistic": logistic,
    "contest": contest, "^": lambda a, b: a**b, "/": lambda a, b: a / b,
}  # fmt: skip


def _constant(name: str, operands: list[float]) -> Fraction:
    try:
        value = _CONSTANTS[name](*operands)
        if isinstance(value, complex) or not math.isfinite(value):
            raise ValueError
    except (ValueError, OverflowError, ZeroDivisionError):
        shown = ", ".join(f"{one:g}" for one in operands)
        raise MeaninglessError(f"`{name}` of {shown}, which has no value") from None
    return Fraction(value)


class MeaninglessError(Exception):
    """An operation that has no value, such as the logarithm of a negative number."""


# --- one rule an operator -------------------------------------------------------------------------------------


def _add(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    return table.combine(*((ONE, one) for one in operands))  # type: ignore[arg-type]


def _subtract(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    return table.subtract(*operands)  # type: ignore[arg-type]


def _negate(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    return table.combine((-ONE, operands[0]))  # type: ignore[arg-type]


def _multiply(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    return table.multiply(*operands)  # type: ignore[arg-type]


def _divide(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    a, b = operands
    if isinstance(b, Fraction):
        if b == 0:
            raise MeaninglessError("a division by 0, which has no value")
        return table.combine((1 / b, a))  # type: ignore[arg-type]
    return ZERO if a == 0 else table.function(name, a, b)


def _power(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    a, b = operands
    if isinstance(b, Fraction) and b.denominator == 1 and 0 <= b <= 8 and isinstance(a, Fraction):
        return _short(a ** int(b))
    return table.function(name, a, b)


def _clip(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    value, low, high = operands
    return table.call("max", low, table.call("min", value, high))


def _extreme(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    pick = min if name == "min" else max
    constants = [one for one in operands if isinstance(one, Fraction)]
    rows = sorted({one.row for one in operands if isinstance(one, Ref)})
    folded: list[Value] = [pick(constants)] if constants else []
    parts = folded + [Ref(row) for row in rows]
    return parts[0] if len(parts) == 1 else table.function(name, *parts)


def _plain(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    return table.function(name, *operands)


def _comparison(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    a, b = operands
    if isinstance(a, str) or isinstance(b, str) or isinstance(a, bool) or isinstance(b, bool):
        return _same(table, name, a, b)
    if name in (">", ">="):
        name, a, b = {">": "<", ">=": "<="}[name], b, a
    gap = table.subtract(a, b)
    if isinstance(gap, Fraction):
        return {"<": gap < 0, "<=": gap <= 0, "==": gap == 0, "!=": gap != 0}[name]
    if name == "!=":
        return _not(table, "not", (table.function("==", gap),))
    return table.function(name, gap)


def _same(table: Expressions, name: str, a: Value, b: Value) -> Value:
    if isinstance(a, Ref) or isinstance(b, Ref):
        if isinstance(a, str) or isinstance(b, str):
            raise UsageError("a label that differs by world")
        both = table.call("or", table.call("and", a, b), table.call("not", table.call("or", a, b)))
        return both if name == "==" else table.call("not", both)
    return (a == b) == (name == "==")


def _in(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    return table.call("or", *(table.call("==", operands[0], one) for one in operands[1:]))


def _logic(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    absorbing = name == "or"
    if any(one is absorbing for one in operands):
        return absorbing
    rows = sorted({one.row for one in operands if isinstance(one, Ref)})
    if not rows:
        return not absorbing
    return Ref(rows[0]) if len(rows) == 1 else table.function(name, *(Ref(row) for row in rows))


def _not(table: Expressions, _name: str, operands: tuple[Value, ...]) -> Value:
    if isinstance(operands[0], Ref):
        key = table.rows[operands[0].row]
        return Ref(key[1]) if key[0] == "not" else table.function("not", operands[0])  # type: ignore[arg-type]
    return not operands[0]


def _if(table: Expressions, name: str, operands: tuple[Value, ...]) -> Value:
    condition, yes, no = operands
    if not isinstance(condition, Ref):
        return yes if condition else no
    if isinstance(yes, str) or isinstance(no, str):
        raise UsageError("a label that differs by world")
    return yes if yes == no else table.function(name, condition, yes, no)


_RULES: dict[str, Callable[[Expressions, str, tuple[Value, ...]], Value]] = {
    "+": _add, "-": _subtract, "neg": _negate, "*": _multiply, "/": _divide, "^": _power, "clip": _clip,
    "min": _extreme, "max": _extreme, "in": _in, "and": _logic, "or": _logic, "not": _not, "if": _if,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _comparison),
    **dict.fromkeys(("exp", "log", "sqrt", "abs", "logistic", "contest"), _plain),
}  # fmt: skip


class Evaluator:
    """Puts the values of names into formula trees."""

    def __init__(self, table: Expressions, symbols: Symbols, facts: Container[str] = ()) -> None:
        self.table = table
        self.symbols = symbols
        self.facts = facts  # quantities whose value turns on the state

    def evaluate(self, tree: Tree, value_of: Callable[[str], Value]) -> Value:
        """The value of a resolved tree. Raises `MeaninglessError`."""
        return self._value(tree, value_of, {})

    def _value(self, tree: Tree, value_of: Callable[[str], Value], defined: dict[str, Value]) -> Value:
        """The value of a tree; each definition is worked out once and kept in `defined`."""
        if isinstance(tree, Number | Truth):
            return tree.value
        if isinstance(tree, Word):
            return tree.word
        if isinstance(tree, Name):
            return self._name(tree.name, value_of, defined)
        return self._call(tree, value_of, defined)

    def _name(self, name: str, value_of: Callable[[str], Value], defined: dict[str, Value]) -> Value:
        kind = self.symbols.table[name].kind
        if kind == "quantity" and name not in self.facts:
            return self.table.quantity(name)
        if kind != "definition":
            return value_of(name)
        if name not in defined:
            defined[name] = self._value(self.symbols.definitions[name], value_of, defined)
        return defined[name]

    def _call(self, tree: Call, value_of: Callable[[str], Value], defined: dict[str, Value]) -> Value:
        if tree.function == "ever":
            return value_of(ever_name(tree))
        if tree.function == "if":
            condition = self._value(tree.operands[0], value_of, defined)
            if not isinstance(condition, Ref):
                return self._value(tree.operands[1 if condition else 2], value_of, defined)
        operands: list[Value] = []
        for one in tree.operands:
            operands.append(self._value(one, value_of, defined))
            if tree.function in ("and", "or") and operands[-1] is (tree.function == "or"):
                break  # what follows may have no value: `west > 0 and 1 / west > 2`
        return self.table.call(tree.function, *operands)
