"""Numbers of players per world, and formulas over quantities alone evaluated per world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stratagem.errors import UsageError, WorldsError, quote
from stratagem.graph.expression import Evaluator, Expressions, MeaninglessError, Value
from stratagem.graph.game import Floats
from stratagem.graph.table import evaluate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.values import where_is


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
    symbols = Symbols(scenario)
    table = Expressions()
    try:
        row = table.row(Evaluator(table, symbols).evaluate(symbols.tree(formula), _no_state))
    except MeaninglessError as error:
        raise UsageError(f"{where_is(scenario, formula)}{quote(formula.text)} needs {error}") from None
    try:
        values = evaluate(table.expressions(), quantities, num_worlds, np.array([row], np.int32))
    except WorldsError as error:
        raise WorldsError(f"{where_is(scenario, formula)}{error}") from None
    return np.asarray(values[row])


def _no_state(name: str) -> Value:
    raise UsageError(f"{quote(name)} in a formula over quantities only")
