"""What a formula of a model file may say, before any library reads it.

Takes text; gives the columns that it names, or a fault with its offset. A formula is data: only the names of columns,
the operators of formulas and a few functions of one number pass; nothing that a library would evaluate as a program does.
"""

from __future__ import annotations

import re

from stratagem.errors import near, one_of, quote

FUNCTIONS = ("C", "I", "center", "exp", "log", "scale", "sqrt")
MAX_LENGTH, MAX_WORDS, MAX_POWER = 2000, 60, 4

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[^\W\d]\w*)|(?P<quoted>`[^`\n]{1,80}`)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>\*\*|[-+*:^()/]))"
)


class FormulaFault(Exception):
    """A formula that is not allowed: what was found, what was expected, and where in the text."""

    def __init__(self, found: str, expected: str, offset: int) -> None:
        super().__init__(found)
        self.found, self.expected, self.offset = found, expected, offset


def columns_in(formula: str) -> frozenset[str] | None:
    """The columns that a formula names; None where it is empty of terms (`0`, `-1`).

    >>> sorted(columns_in("log(gdp) + regime * ally - 1"))
    ['ally', 'gdp', 'regime']
    """
    tokens = _tokens(formula)
    names: set[str] = set()
    depth_of_calls: list[bool] = []  # for each open bracket, whether a function stands before it
    for at, (kind, word, offset) in enumerate(tokens):
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        before = tokens[at - 1] if at else ("", "", 0)
        if kind == "name" and following == "(":
            if word not in FUNCTIONS:
                raise FormulaFault(
                    f"the function {quote(word)}{near(word, FUNCTIONS)}", f"one of {one_of(FUNCTIONS)}", offset
                )
        elif kind in ("name", "quoted"):
            names.add(word.strip("`"))
        elif word == "(":
            depth_of_calls.append(before[0] == "name")
        elif word == ")":
            if not depth_of_calls:
                raise FormulaFault("a `)` without its `(`", "brackets in pairs", offset)
            depth_of_calls.pop()
        elif word in ("**", "^"):
            _check_power(tokens, at, bool(depth_of_calls and depth_of_calls[-1]))
        elif kind == "number" and not any(depth_of_calls) and word not in ("0", "1") and before[1] not in ("**", "^"):
            raise FormulaFault(
                f"the number {quote(word)}",
                "`1` for a constant, `0` for none; other numbers stand in `I(…)` or under `fixed:`",
                offset,
            )
        elif word == "/":
            _check_division(depth_of_calls, offset)
    if depth_of_calls:
        raise FormulaFault("a `(` without its `)`", "brackets in pairs", len(formula))
    if not names and not any(word == "1" and not _is_minus(tokens, at) for at, (_, word, _) in enumerate(tokens)):
        return None
    return frozenset(names)


def _is_minus(tokens: list[tuple[str, str, int]], at: int) -> bool:
    return at > 0 and tokens[at - 1][1] == "-"


def _check_power(tokens: list[tuple[str, str, int]], at: int, is_in_call: bool) -> None:
    _, _, offset = tokens[at]
    before, after = tokens[at - 1] if at else ("", "", 0), tokens[at + 1] if at + 1 < len(tokens) else ("", "", 0)
    chained = at + 2 < len(tokens) and tokens[at + 2][1] in ("**", "^")
    is_small = after[0] == "number" and after[1].isdigit() and int(after[1]) <= MAX_POWER
    if chained or not is_small or (is_in_call and before[0] not in ("name", "quoted")):
        raise FormulaFault("a power", f"a column or bracket to a whole power up to {MAX_POWER}", offset)


def _check_division(depth_of_calls: list[bool], offset: int) -> None:
    if not any(depth_of_calls):
        raise FormulaFault("the operator `/`", "`I(x / y)` for a ratio, `x + x:y` for nesting", offset)


def _tokens(formula: str) -> list[tuple[str, str, int]]:
    if len(formula) > MAX_LENGTH:
        raise FormulaFault(f"a formula of {len(formula)} characters", f"at most {MAX_LENGTH}", 0)
    found, at = [], 0
    while formula[at:].strip():
        match = _TOKEN.match(formula, at)
        if match is None:
            rest = formula[at:].lstrip()
            offset = len(formula) - len(rest)
            raise FormulaFault(
                quote(rest[:1]), "columns, `+ - : * ^ ( )` and the functions " + one_of(FUNCTIONS), offset
            )
        kind = match.lastgroup or ""
        found.append((kind, match.group(kind), match.start(kind)))
        at = match.end()
    if not found:
        raise FormulaFault("an empty formula", "columns, `1` or `0`", 0)
    if sum(1 for one in found if one[0] != "sign") > MAX_WORDS:
        raise FormulaFault("a formula of very many terms", f"at most {MAX_WORDS} words", 0)
    return found
