"""Findings as JSON: versioned, documented in docs/json.md, without NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from stratagem.analyse.beliefs import BeliefAnswer
from stratagem.analyse.finding import as_probability
from stratagem.analyse.forecast import (
    FIXED_SENTENCE,
    ActionAnswer,
    Comparison,
    DecisionAnswer,
    Forecast,
    Named,
    QuestionAnswer,
    SeenAnswer,
)
from stratagem.analyse.pooling import Pooled

SCHEMA = "stratagem/solve/1"


def forecast_json(answer: Forecast) -> str:
    """The text of a forecast."""
    return dump(forecast_data(answer))


def dump(data: Mapping[str, Any]) -> str:
    """JSON text; a number that is none becomes null."""
    return json.dumps(_finite(data), ensure_ascii=False, indent=1, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def plain(view: Any) -> Any:
    """A view's dataclasses and models as plain data."""
    if isinstance(view, BaseModel):
        return {key: plain(value) for key, value in view if value not in (None, [], {})}
    if is_dataclass(view) and not isinstance(view, type):
        return {one.name: plain(getattr(view, one.name)) for one in fields(view)}
    if isinstance(view, Mapping):
        return {str(key): plain(value) for key, value in view.items()}
    return [plain(one) for one in view] if isinstance(view, list | tuple) else view


def forecast_data(answer: Forecast) -> dict[str, Any]:
    """A forecast as plain data."""
    made = {one.step: one.action for one in answer.history}
    return {
        "schema": SCHEMA,
        "title": answer.title,
        "question": answer.question,
        "manifest": dict(answer.manifest),
        "judgements": [{"text": one.text, "question": one.question} for one in answer.judgements],
        "questions": [_question(one) for one in answer.questions],
        "decisions": [_decision(one, made) for one in answer.decisions],
        "choices": [_decision(one, made) for one in answer.choices],
        "outcomes": [_outcome(one) for one in answer.outcomes],
        "stakes": [_named(one) for one in answer.stakes],
        "players": [_player(*one) for one in answer.players],
        "history": [_seen(one) for one in answer.history],
        "beliefs": [_belief(one) for one in answer.beliefs],
        "equilibria": [asdict(one) for one in answer.equilibria],
        "warnings": list(answer.warnings),
        "conditional_on": FIXED_SENTENCE,
    }


def _pooled(value: Pooled | None) -> dict[str, float | None] | None:
    if value is None:
        return None
    return {"mean": value.mean, "p5": value.p5, "p95": value.p95, "monte_carlo_error": value.error}


def _probability(value: Pooled | None) -> dict[str, float | None] | None:
    if value is None:
        return None
    mean, low, high = (None if one is None else as_probability(one) for one in (value.mean, value.p5, value.p95))
    return {"mean": mean, "p5": low, "p95": high, "monte_carlo_error": value.error}


def _outcome(one: Named) -> dict[str, Any]:
    return {"name": one.name, "title": one.title, **(_probability(one.value) or {})}


def _named(one: Named) -> dict[str, Any]:
    return {"name": one.name, "title": one.title, **(_pooled(one.value) or {})}


def _comparison(one: Comparison | None) -> dict[str, Any] | None:
    return None if one is None else {"mean": one.mean, "estimate": one.text, "source": one.source, "as_of": one.as_of}


def _question(one: QuestionAnswer) -> dict[str, Any]:
    return {
        "id": one.name,
        "title": one.title,
        "probability": _probability(one.probability),
        "in_words": one.in_words,
        "condition": _probability(one.condition),
        "tie_range": _tie_range(one),
        "by": one.by,
        "base_rate": _comparison(one.base_rate),
        "crowd": _comparison(one.crowd),
        "resolved": one.resolved,
        "resolved_on": one.resolved_on,
        "chosen_after_the_fact": one.is_after_the_fact,
    }


def _tie_range(one: QuestionAnswer) -> list[float] | None:
    if one.tie_low is None or one.tie_high is None:
        return None
    return [as_probability(one.tie_low), as_probability(one.tie_high)]


def _decision(one: DecisionAnswer, made: Mapping[str, str]) -> dict[str, Any]:
    return {
        "move": one.move,
        "step": one.step,
        "title": one.title,
        "player": one.player,
        "date": one.date,
        "state": dict(one.state),
        "hidden": list(one.hidden),
        "reach": as_probability(one.reach),
        "made": made.get(one.step),
        "actions": [_action(action) for action in one.actions],
    }


def _action(one: ActionAnswer) -> dict[str, Any]:
    return {
        "action": one.name,
        "title": one.title,
        "probability": _probability(one.probability),
        "best_reply": as_probability(one.best),
    }


def _player(name: str, title: str, believed: Pooled, true: Pooled, regret: Pooled) -> dict[str, Any]:
    values = {"believed": _pooled(believed), "true": _pooled(true), "regret": _pooled(regret)}
    return {"player": name, "name": title, **values}


def _seen(one: SeenAnswer) -> dict[str, Any]:
    return {"move": one.step, "action": one.action, "likelihood": _probability(one.likelihood)}


def _belief(one: BeliefAnswer) -> dict[str, Any]:
    return {
        "player": one.player,
        "step": one.step,
        "title": one.title,
        "date": one.date,
        "sees": one.look,
        "chance": _probability(one.chance),
        "hidden": one.hidden,
        "value": one.value,
        "before": _probability(one.before),
        "after": _probability(one.after),
        "bayes_factor": one.bayes_factor,
    }
