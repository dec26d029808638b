"""Models and tables for the tests of fitting, and the table of a name where the tables of others are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from stratagem.fit.model import Model
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import Problem, problem
from stratagem.fit.table import Table, load_table

DISPUTES = """
fit: Disputes
players: [initiator, target]
tree:
  escalate: {player: initiator, actions: {hold: status quo, escalate: reply}}
  reply: {player: target, actions: {yield: capitulation, fight: war}}
payoffs:
  initiator: {status quo: s_wt_re1 + revis1, war: regime1}
  target: {war: balanc + regime2}
response: {moves: {escalate: esc, reply: war}}
"""

DETERRENCE = """
fit: Deterrence
players: [attacker, defender]
tree:
  attack: {player: attacker, actions: {wait: peace, strike: answer}}
  answer: {player: defender, actions: {yield: loss, resist: war}}
payoffs:
  attacker: {peace: x, war: 1}
  defender: {war: z}
response: {outcome: y}
"""


def public_table(name: str) -> Table:
    """A table of others, from the folder `$STRATAGEM_DATA`; without it the test is skipped, and says so."""
    folder = os.environ.get("STRATAGEM_DATA")
    if not folder:
        pytest.skip(f"the table {name} is not ours to ship; set STRATAGEM_DATA to the folder that holds it")
    return load_table(Path(folder) / name)


def table_of(**columns: object) -> Table:
    """A table of these columns."""
    made = {}
    for name, values in columns.items():
        array = np.asarray(values)
        made[name] = array.astype(float) if array.dtype.kind in "if" else array.astype(object)
    return Table("made.csv", made, np.arange(2, len(next(iter(made.values()))) + 2))


def with_outcomes(model: Model, columns: dict[str, np.ndarray], coefficients: np.ndarray, seed: int) -> Problem:
    """A problem whose outcome column `y` is drawn from the model at these coefficients."""
    count = len(next(iter(columns.values())))
    blank = problem(model, table_of(**columns, y=[model.outcomes[0]] * count))
    chances = np.stack(list(blank.outcomes(coefficients).values()))
    drawn = (np.random.default_rng(seed).random(count) > chances.cumsum(0)[:-1]).sum(0)
    return problem(model, table_of(**columns, y=np.array(model.outcomes)[drawn]))


def deterrence(errors: str = "") -> Model:
    """The small deterrence game."""
    return parse_model(DETERRENCE + errors)
