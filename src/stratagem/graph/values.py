"""Numbers of players per world, and formulas over quantities alone evaluated per world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stratagem.errors import UsageError, WorldsError, quote
from stratagem.graph.expression import Evaluator, Expressions, MeaninglessError, Value
from stratagem.graph.game import Expression, Floats
from stratagem.graph.table import evaluate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.values import where_is

KEPT_FORMULAS = 256


@dataclass(frozen=True)
class PlayerValues:
    """What players want and how exactly they choose, per world; every array is [W]. What turns on a number that not all know is left out."""

    weights: Mapping[str, Mapping[str, Floats]]  # player to stake
    payoffs: Mapping[str, Mapping[str, Floats]]  # player to stake, raw
    precision: Mapping[str, Floats]  # 1/payoff; infinite is best reply
    risk_aversion: Mapping[str, Floats]  # 1/payoff
    loss_aversion: Mapping[str, Floats]
    discount: Mapping[str, Floats]  # per year


def formula_values(
    scenario: Scenario, formula: Formula | None, quantities: Mapping[str, Floats], num_worlds: int
) -> Floats:
    """A formula over quantities [W]."""
    assert formula is not None
    expressions, row = _compiled(_Read(scenario, formula))
    try:
        values = evaluate(expressions, quantities, num_worlds, np.array([row], np.int32))
    except WorldsError as error:
        raise WorldsError(f"{where_is(scenario, formula)}{error}") from None
    return np.asarray(values[row])


@dataclass(frozen=True, eq=False)
class _Read:
    """A formula of a scenario; the same where both are."""

    scenario: Scenario
    formula: Formula

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Read) and self.scenario is other.scenario and self.formula is other.formula

    def __hash__(self) -> int:
        return hash((id(self.scenario), id(self.formula)))


@lru_cache(maxsize=KEPT_FORMULAS)
def _compiled(one: _Read) -> tuple[tuple[Expression, ...], int]:
    """The expressions of a formula over quantities, and its row among them."""
    symbols, table = Symbols(one.scenario), Expressions()
    try:
        row = table.row(Evaluator(table, symbols).evaluate(symbols.tree(one.formula), _no_state))
    except MeaninglessError as error:
        raise UsageError(f"{where_is(one.scenario, one.formula)}{quote(one.formula.text)} needs {error}") from None
    return table.expressions(), row


def _no_state(name: str) -> Value:
    raise UsageError(f"{quote(name)} in a formula over quantities only")
