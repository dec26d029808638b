"""A forecast as one tidy CSV: a row for each number, its statistics in columns.

Cells of user text that a spreadsheet would take for a formula are made inert by an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

from stratagem.analyse.forecast import DecisionAnswer, Forecast, QuestionAnswer
from stratagem.analyse.pooling import Pooled
from stratagem.show.files import write_atomically

COLUMNS = (
    "table", "id", "title", "player", "date", "action", "state", "statistic", "mean", "p5", "p95", "monte_carlo_error",
    "reach", "best_reply", "base_rate", "crowd", "resolved",
)  # fmt: skip
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | float | None


def write_forecast(answer: Forecast, path: str | Path) -> None:
    """Write the tables of a forecast as CSV, whole or not at all. Raises `StratagemError`."""
    write_atomically(path, forecast_csv(answer))


def forecast_csv(answer: Forecast) -> str:
    """The CSV text of a forecast."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in _rows(answer):
        writer.writerow([_cell(row.get(column)) for column in COLUMNS])
    return stream.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return inert(value)
    return repr(float(value)) if math.isfinite(value) else ""


def inert(text: str) -> str:
    """Text that no spreadsheet reads as a formula.

    >>> inert("=1+1"), inert("1+1")
    ("'=1+1", '1+1')
    """
    return f"'{text}" if text.lstrip(" \N{NO-BREAK SPACE}").startswith(FORMULA_SIGNS) else text


def _rows(answer: Forecast) -> Iterator[dict[str, Cell]]:
    for question in answer.questions:
        yield from _question(question)
    for decision in answer.choices:
        yield from _decision("choice", decision)
    for decision in answer.decisions:
        yield from _decision("decision", decision)
    for table, named in (("outcome", answer.outcomes), ("stake", answer.stakes)):
        statistic = "probability" if table == "outcome" else "total"
        for one in named:
            yield {"table": table, "id": one.name, "title": one.title, "statistic": statistic, **_pooled(one.value)}
    for name, title, believed, true, regret in answer.players:
        for statistic, value in (("payoff_believed", believed), ("payoff_true", true), ("regret", regret)):
            head: dict[str, Cell] = {"table": "player", "id": name, "title": title, "player": name}
            yield {**head, "statistic": statistic, **_pooled(value)}
    for seen in answer.history:
        head = {"table": "history", "id": seen.step, "action": seen.action, "statistic": "likelihood"}
        yield {**head, **_pooled(seen.likelihood)}


def _question(one: QuestionAnswer) -> Iterator[dict[str, Cell]]:
    head: dict[str, Cell] = {"table": "question", "id": one.name, "title": one.title, "date": one.by}
    yield {
        **head,
        "statistic": "probability",
        **_pooled(one.probability),
        "base_rate": one.base_rate.mean if one.base_rate else None,
        "crowd": one.crowd.mean if one.crowd else None,
        "resolved": one.resolved,
    }
    if one.condition is not None:
        yield {**head, "statistic": "condition", **_pooled(one.condition)}
    if one.tie_low is not None and one.tie_high is not None:
        yield {**head, "statistic": "least_over_ties", "mean": one.tie_low}
        yield {**head, "statistic": "most_over_ties", "mean": one.tie_high}


def _decision(table: str, one: DecisionAnswer) -> Iterator[dict[str, Cell]]:
    state = "; ".join(f"{name} = {value}" for name, value in one.state.items())
    for action in one.actions:
        yield {
            "table": table,
            "id": one.step,
            "title": action.title,
            "player": one.player,
            "date": one.date,
            "action": action.name,
            "state": state,
            "statistic": "probability",
            **_pooled(action.probability),
            "reach": one.reach,
            "best_reply": action.best if action.probability is not None else None,
        }


def _pooled(value: Pooled | None) -> dict[str, Cell]:
    if value is None:
        return {}
    return {"mean": value.mean, "p5": value.p5, "p95": value.p95, "monte_carlo_error": value.error}
