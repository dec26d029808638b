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


CURRENCIES = """
fit: Currency attacks
players: [market, government]
tree:
  attack: {player: market, actions: {wait: no attack, attack: answer}}
  answer: {player: government, actions: {devalue: devaluation, defend: defense}}
payoffs:
  market:
    no attack: 0 + capcont + lreserves + overval + creditgrow + USinterest + service + contagion + prioratt
    devaluation: 1
    defense: 1
  government: {defense: unifgov + lexports + preelec + postelec + rightgov + realinterest + capcont + lreserves}
errors: {on: payoffs}
response: {outcome: outcome}
"""

FOUR_ENDS = """
fit: Four ends
players: [one, two]
tree:
  first: {player: one, actions: {L: left, R: right}}
  left: {player: two, actions: {l: LL, r: LR}}
  right: {player: two, actions: {l: RL, r: RR}}
payoffs:
  one: {LL: x1 + x2, LR: x3 + f1, RR: x4 + x5}
  two: {LR: z1 + z2, RR: z3 + f2}
response: {outcome: y}
"""

THREE_PLAYERS = """
fit: Three players
players: [one, two, three]
tree:
  first: {player: one, actions: {L: end1, R: second}}
  second: {player: two, actions: {L: end3, R: third}}
  third: {player: three, actions: {L: end5, R: end6}}
payoffs:
  one: {end1: x1 + x2, end5: x3, end6: x4 + x5}
  two: {end5: x6, end6: x7}
  three: {end6: x8}
response: {outcome: y, values: {1: end1, 3: end3, 5: end5, 6: end6}}
"""

OFFERS = """
fit: Offers
kind: ultimatum
reservation: {proposer: x1 + x2 + x3 + x4 + w1 + w2, responder: z1 + z2 + z3 + z4 + w1 + w2}
response: {offer: offer, acceptance: accept, lowest: 0, highest: 15}
"""

STUDENTS = """
fit: Students
kind: ultimatum
reservation: {proposer: gender1, responder: gender2}
response: {offer: offer, acceptance: accept, lowest: 0, highest: 100}
"""

SANCTIONS = """
fit: Sanctions
kind: signalling
payoffs:
  S_A: 0 + sqrt(senderecondep) + senderdemocracy + contig + ally
  V_A: anticipatedsendercosts
  C_B: sqrt(targetecondep) + anticipatedtargetcosts + contig + ally
  W_A: sqrt(senderecondep) + senderdemocracy + lncaprat
  W_B: targetdemocracy + lncaprat
  a: senderdemocracy
response: {counts: {SQ: sq, CD: cd, SF: sf, BD: bd}}
"""
