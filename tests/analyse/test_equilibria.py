"""Folds and further equilibria of scenarios: found, listed with residuals, and said by every view (M9)."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
from crises import answered, scenario, text_of
from rich.console import Console

from stratagem.analyse.briefing import brief
from stratagem.analyse.equilibria import EquilibriumAnswer
from stratagem.analyse.study import Study
from stratagem.api import solve
from stratagem.catalogue import Case
from stratagem.exchange.efg_write import write_efg
from stratagem.exchange.scenario_tree import export_world
from stratagem.show.as_json import forecast_json
from stratagem.show.report import report_html
from stratagem.show.terminal import render_forecast

ROW = np.array([[10.0, 8, 6], [5, 10, 6], [4, 6, 8]])
COLUMN = np.array([[8.0, 6, 8], [7, 8, 2], [3, 6, 14]])
ACTIONS = ("a", "b", "c")
PRECISION = 8.0


def table(payoffs: np.ndarray) -> str:
    """A formula for the payoffs of a table of rows and columns."""
    rows = [f"(if column == a then {one[0]:g} else if column == b then {one[1]:g} else {one[2]:g})" for one in payoffs]
    return f"if row == a then {rows[0]} else if row == b then {rows[1]} else {rows[2]}"


MEETING = f"""
    players: {{p: {{name: Row, precision: {PRECISION}}}, o: {{name: Column, precision: {PRECISION}}}}}
    quantities: {{known to all: {{extra: normal -0.2 to 0.2}}}}
    timeline:
      - simultaneous:
          - {{move: row, player: p, actions: {{a: , b: , c: }}}}
          - {{move: column, player: o, actions: {{a: , b: , c: }}}}
      - {{chance: ends, outcomes: {{so: {{probability: 1, payoffs: {{
          p: "(if row == a then extra else 0) + ({table(ROW)})", o: "{table(COLUMN)}"}}}}}}}}
    questions: {{c: {{title: Both c?, event: row == c and column == c}}}}
"""


def residual(one: EquilibriumAnswer) -> float:
    """How far a listed equilibrium is from the logit response to itself, worked out from the payoff tables."""
    done: Mapping[str, Mapping[str, float]] = {where.step: where.actions for where in one.decisions}
    row, column = (np.array([done[step][action] for action in ACTIONS]) for step in ("row", "column"))
    worst = 0.0
    for played, worth in ((row, ROW @ column), (column, row @ COLUMN)):
        answer = np.exp(PRECISION * (worth - worth.max()))
        worst = max(worst, float(np.abs(answer / answer.sum() - played).max()))
    return worst


SAID = "in 12 of 12 worlds the branch from precision 0 folds back on its way"


def meeting() -> Case:
    return Case("meeting", "meeting.yaml", text_of(MEETING))


def test_a_fold_and_the_equilibria_are_said_by_every_view() -> None:
    answer = solve(meeting(), worlds=12, do=["extra=0"], search=3)
    assert answer.manifest["worlds_with_folds"] == 12
    assert answer.manifest["worlds_searched"] == 3
    assert answer.manifest["worlds_with_further_equilibria"] == 3
    numbers = [one.number for one in answer.equilibria]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 3
    assert max(one.residual for one in answer.equilibria) < 1e-10
    assert max(residual(one) for one in answer.equilibria) < 1e-9
    assert any(SAID in warning for warning in answer.warnings)
    data = json.loads(forecast_json(answer))
    assert [one["number"] for one in data["equilibria"]] == numbers
    console = Console(width=300, record=True)
    console.print(render_forecast(answer, width=300))
    printed = console.export_text()
    assert SAID in printed
    assert f"{numbers[-1]} · " in printed


def test_a_fold_and_the_equilibria_are_said_by_the_report() -> None:
    for package in ("jinja2", "vl_convert"):
        pytest.importorskip(package)
    answer = solve(meeting(), worlds=12, do=["extra=0"], search=3)
    page = report_html(brief(Study(meeting(), worlds=12), answer))
    assert SAID in page
    assert "Equilibria of the central world, with their residuals" in page


def test_gambit_sees_the_branch_fold() -> None:
    gambit = pytest.importorskip("pygambit")
    text = write_efg(export_world(scenario(MEETING)).tree)
    branch = gambit.qre.logit_solve_branch(gambit.read_efg(io.StringIO(text)), maxregret=1e-4)
    precisions = [float(one.lam) for one in branch]
    turns = [one for one, after in pairwise(precisions) if after < one]
    assert turns
    assert all(0.62 < one < 0.63 for one in turns)


def test_within_the_fold_three_equilibria_are_of_one_branch() -> None:
    """Before the fold there is one; between its ends the branch passes the same precision three times."""
    before, within = (answered(MEETING, worlds=1, do=["extra=0"], precision=one) for one in (0.6, 0.6245))
    assert before.manifest["worlds_with_folds"] == 0
    assert before.equilibria == ()
    assert len(within.equilibria) == 3
    assert max(one.residual for one in within.equilibria) < 1e-10


COORDINATION = """
    players: {p: {name: P, precision: 8}, o: {name: O, precision: 8}}
    timeline:
      - {chance: weather, outcomes: {fair: 0.5, foul: rest}}
      - simultaneous:
          - {move: row, player: p, actions: {a: , b: }}
          - {move: column, player: o, actions: {a: , b: }}
      - {chance: ends, outcomes: {so: {probability: 1, payoffs: {
          p: "if weather == foul then (if row == a then 1 else 0) else if row == a and column == a then 2 else if row == b and column == b then 1 else 0",
          o: "if weather == foul then (if column == a then 1 else 0) else if row == a and column == a then 2 else if row == b and column == b then 1 else 0"}}}}
"""


def test_a_world_with_three_equilibria_shows_three() -> None:
    """Three in the fair part; in the foul one a dominant action leaves one, of which nothing is listed."""
    answer = answered(COORDINATION, worlds=2)
    assert [one.number for one in answer.equilibria] == [1, 2, 3]
    assert {where.knows["weather"] for one in answer.equilibria for where in one.decisions} == {"fair"}
    both_a = sorted(one.decisions[0].actions["a"] for one in answer.equilibria)
    assert both_a[0] < 0.01
    assert 0.2 < both_a[1] < 0.5
    assert both_a[2] > 0.99
    assert answer.manifest["worlds_with_folds"] == 0


def test_at_low_precision_there_is_one_and_nothing_is_listed() -> None:
    answer = answered(COORDINATION.replace("precision: 8", "precision: 0.5"), worlds=2)
    assert answer.equilibria == ()
    assert not any("equilibri" in warning for warning in answer.warnings)


def test_the_search_can_be_widened_and_left_out() -> None:
    assert answered(COORDINATION, worlds=20, search=15).manifest["worlds_searched"] == 15
    assert answered(COORDINATION, worlds=20, search=100).manifest["worlds_searched"] == 20
    none = answered(COORDINATION, worlds=20, search=0)
    assert none.manifest["worlds_searched"] == 0
    assert none.equilibria == ()


def test_a_part_too_open_to_search_is_said() -> None:
    actions = ", ".join(f"x{one}: " for one in range(35))
    text = f"""
        players: {{p: {{name: P, precision: 1}}, o: {{name: O, precision: 1}}}}
        timeline:
          - simultaneous:
              - {{move: row, player: p, actions: {{{actions}}}}}
              - {{move: column, player: o, actions: {{{actions}}}}}
          - {{chance: ends, outcomes: {{so: {{probability: 1, payoffs: {{p: if row == x0 and column == x0 then 1 else 0, o: 0}}}}}}}}
    """
    assert any("1 part that hides something leaves too many" in one for one in answered(text, worlds=1).warnings)
