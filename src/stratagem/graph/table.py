"""The expression table evaluated: every row in every world (M4).

Takes a game's expressions and drawn quantities; gives arrays. A value that cannot be is an error that names the worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import WorldsError
from stratagem.graph.game import Expression, Floats, Game, Ints

TOLERANCE = 1e-9

Quantities = Mapping[str, Floats]


def evaluate(expressions: tuple[Expression, ...], quantities: Quantities, num_worlds: int, read: Ints) -> Floats:
    """The table [X, W] of every expression in every world; truths are 1 or 0.

    Raises `WorldsError` where a row in `read` has no value. What such a row passes over may have none, and is NaN:
    `if b > 0 then log(b) else 0`.
    """
    table = np.empty((len(expressions), num_worlds))
    with np.errstate(all="ignore"):
        for row, expression in enumerate(expressions):
            table[row] = _row(expression, table, quantities)
        if not np.isfinite(table).all():
            _evaluate_in_part(expressions, table, quantities)
            _refuse(expressions, table, read)
    return table


def _evaluate_in_part(expressions: tuple[Expression, ...], table: Floats, quantities: Quantities) -> None:
    """Evaluate a table again, with NaN where a row has no value."""
    for row, expression in enumerate(expressions):
        table[row] = _row(expression, table, quantities)
        _carry(expression, table, row)
        if expression.operation in _PARTIAL:
            table[row][~np.isfinite(table[row])] = np.nan


def _carry(expression: Expression, table: Floats, row: int) -> None:
    """Leave a row without a value where an operand that counts has none."""
    if expression.operation in ("constant", "quantity", "linear"):
        return
    operands = table[list(expression.operands)]
    if expression.operation in ("and", "or"):
        decides = (operands == (expression.operation == "or")).any(axis=0)
        table[row][decides] = expression.operation == "or"
        table[row][np.isnan(operands).any(axis=0) & ~decides] = np.nan
    else:
        counted = operands[:1] if expression.operation == "if" else operands
        table[row][np.isnan(counted).any(axis=0)] = np.nan


def _refuse(expressions: tuple[Expression, ...], table: Floats, read: Ints) -> None:
    """Raise `WorldsError` where a row that is read has no value, with the operation that is to blame."""
    for row in np.unique(read):
        bad = np.flatnonzero(np.isnan(table[row]))
        if len(bad):
            cause = _cause(expressions, table, int(row), int(bad[0]))
            raise WorldsError(_meaningless(expressions[cause], table[:, bad[0]], len(bad), table.shape[1]))


def _cause(expressions: tuple[Expression, ...], table: Floats, row: int, world: int) -> int:
    """The row at which a value first fails, of those that the row `row` reads in a world."""
    while True:
        operands = _operands(expressions[row])
        if expressions[row].operation == "if" and not np.isnan(table[operands[0], world]):
            operands = operands[1:2] if table[operands[0], world] > 0 else operands[2:]
        missing = [one for one in operands if np.isnan(table[one, world])]
        if not missing:
            return row
        row = missing[0]


def _operands(expression: Expression) -> list[int]:
    """The rows that an expression reads."""
    if expression.operation in ("constant", "quantity"):
        return []
    if expression.operation == "linear":
        return [row for row, _ in expression.operands[1]]
    return list(expression.operands)


def check_probabilities(game: Game, table: Floats, worlds: NDArray[np.int64]) -> None:
    """Raise `WorldsError` where a probability or base share is outside [0, 1], or probabilities do not sum to 1, in some world."""
    for check in game.checks:
        values = table[check.row]
        bad = abs(values - 1) > TOLERANCE if check.is_sum else (values < -TOLERANCE) | (values > 1 + TOLERANCE)
        if bad.any():
            first = int(np.flatnonzero(bad)[0])
            raise WorldsError(
                f"{check.where}: {values[first]:.6g} in world {worlds[first]} and wrong in {int(bad.sum())} of {len(values)} worlds "
                f"(from {values.min():.6g} to {values.max():.6g}); {check.expected}"
            )


def _row(expression: Expression, table: Floats, quantities: Quantities) -> Any:
    operation, operands = expression.operation, expression.operands
    if operation == "constant":
        return operands[0]
    if operation == "quantity":
        return quantities[operands[0]]
    if operation == "linear":
        return _linear(operands[0], operands[1], table)
    return _FUNCTIONS[operation](*(table[one] for one in operands))


def _linear(constant: float, terms: tuple[tuple[int, float], ...], table: Floats) -> Floats:
    total = np.full(table.shape[1], constant)
    for row, coefficient in terms:
        total += coefficient * table[row]
    return total


def _meaningless(expression: Expression, values: Floats, count: int, num_worlds: int) -> str:
    name = "+" if expression.operation == "linear" else expression.operation
    shown = ", ".join(f"{values[one]:.6g}" for one in _operands(expression))
    return (
        f"`{name}` of ({shown}) has no value, in {count} of {num_worlds} worlds [L10]; use `clip` or a narrower range"
    )


def _contest(a: Floats, b: Floats, m: Floats) -> Floats:
    """The ratio-form success function; a half where both are 0, no value for negative efforts."""
    top = np.maximum(a, b)
    scale = np.where(top > 0, top, 1.0)
    left, right = (a / scale) ** m, (b / scale) ** m
    share = np.where(top > 0, left / (left + right), 0.5)
    return np.where((a < 0) | (b < 0), np.nan, share)


def _logistic(x: Floats) -> Floats:
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


def _reduced(function: Any) -> Callable[..., Floats]:
    return lambda *operands: function.reduce(operands)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "*": np.multiply, "/": np.divide, "^": np.power, "min": _reduced(np.minimum), "max": _reduced(np.maximum),
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs, "logistic": _logistic, "contest": _contest,
    "<": lambda gap: gap < 0, "<=": lambda gap: gap <= 0, "==": lambda gap: gap == 0,
    "and": _reduced(np.multiply), "or": _reduced(np.maximum), "not": lambda truth: 1.0 - truth,
    "if": lambda condition, yes, no: np.where(condition > 0, yes, no),
}  # fmt: skip
_PARTIAL = {"/", "^", "exp", "log", "sqrt", "contest", "linear", "*"}
