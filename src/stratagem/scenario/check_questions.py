"""Rules on what is asked: questions and outcome classes (L19, L21)."""

from __future__ import annotations

from stratagem.scenario.clock import first_day
from stratagem.scenario.names import TRUTH
from stratagem.scenario.report import Report

OF_HISTORY = ("state", "move", "round", "link")
ANYTHING = (*OF_HISTORY, "stock", "quantity")


def questions_mean_something(report: Report) -> None:
    """L21: events and conditions are truths."""
    for name, question in report.scenario.questions.items():
        for key, formula in (("event", question.event), ("given", question.given)):
            if formula is not None:
                expected = "a truth over state and quantities"
                report.reads(("questions", name, key), formula, TRUTH, ANYTHING, "L21", expected)


def questions_are_asked_in_time(report: Report) -> None:
    """L21: the day by which an event is read is not before the timeline starts."""
    start = first_day(report.scenario)
    is_sure = report.is_complete("timeline") and not report.document.has_lost("as of")
    for name, question in report.scenario.questions.items():
        if question.by is None or not is_sure:
            continue
        if start is None:
            found = f"`by` {question.by.text} in a timeline without dates"
            report.fault(("questions", name, "by"), found, "`as of`, or dates on the items", "L21")
        elif question.by.last < start:
            found = f"`by` {question.by.text}, before the timeline starts on {start.isoformat()}"
            report.fault(("questions", name, "by"), found, "a date on or after its start", "L21")


def questions_stand_beside_probabilities(report: Report) -> None:
    """L21: a base rate and what a crowd holds are probabilities."""
    for name, question in report.scenario.questions.items():
        for key, judgement in (("base rate", question.base_rate), ("crowd", question.crowd)):
            if judgement is not None:
                report.is_probability(("questions", name, key), judgement.is_, f"the {key}", "L21")


def outcomes_mean_something(report: Report) -> None:
    """L19: how a history ended is read from its state and moves."""
    for name, outcome in report.scenario.outcomes.items():
        if outcome.when is not None:
            expected = "state and moves only: how a history ended does not depend on the world"
            report.reads(("outcomes", name, "when"), outcome.when, TRUTH, OF_HISTORY, "L19", expected)


RULES = (
    questions_mean_something,
    questions_are_asked_in_time,
    questions_stand_beside_probabilities,
    outcomes_mean_something,
)
