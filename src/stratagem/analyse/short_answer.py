"""The short answer of a report: what the mover would do, how sure the model is, what would change it.

Takes a study, its forecast and the findings on its main decision; gives sentences, the first of each kind for who reads no further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stratagem.analyse.finding import Cell, Finding, Table
from stratagem.analyse.forecast import DecisionAnswer, Forecast, QuestionAnswer, likelihood, percent, spoken
from stratagem.analyse.pooling import Pooled
from stratagem.analyse.study import Study
from stratagem.scenario.model import Scenario

# By how likely the likeliest action is, or by the share of worlds in which it is the best reply, if that is less.
VERDICTS = ((0.9, "Sure, as far as its assumptions go"), (0.6, "Fairly sure"), (0.0, "Not sure"))
LEAST_WIDTH = 0.005  # of a range over worlds that is worth a sentence
LEAST_ERROR = 0.0005  # which shows in tenths of a point


@dataclass(frozen=True)
class Short:
    """The short answer: what the mover would do, how sure the model is, what would change it."""

    mover: str
    does: tuple[str, ...]
    sure: tuple[str, ...]
    changes: tuple[str, ...]


def short_answer(
    study: Study, answer: Forecast, step: int, findings: Sequence[Finding], titles: Mapping[str, str]
) -> Short:
    """The short answer on the decision at a step; `titles` are those of uncertain numbers."""
    info = study.game.steps[step]
    mover = study.scenario.players[study.game.players[info.player]].name
    known = next((one for one in answer.choices if one.step == info.label), None)
    return Short(
        mover,
        tuple(_does(answer, known, mover)),
        tuple(_sure(answer, known, study.scenario)),
        tuple(_changes(findings, mover, titles)),
    )


def _does(answer: Forecast, known: DecisionAnswer | None, mover: str) -> Iterator[str]:
    ranked = _ranked(known)
    if known is None or not ranked:
        yield f"No world that can be solved reaches the decision of {mover}."
    else:
        lead, *rest = ranked
        yield f"Most likely “{lead[1]}”: {likelihood(lead[2])}."
        others = [f"“{title}”, {percent(mean)}" for mean, title, _ in rest[:3] if mean >= LEAST_WIDTH]
        if others:
            yield f"Next: {'; '.join(others)}."
        reached = "" if known.reach > 0.995 else f", which {percent(known.reach)} of plays reach"
        yield f"This is at “{known.title}”" + (f", {known.date}" if known.date else "") + f"{reached}."
    if answer.outcomes:
        end = max(answer.outcomes, key=lambda one: one.value.mean)
        yield f"The likeliest end is “{end.title}”: {likelihood(end.value)}."


def _ranked(known: DecisionAnswer | None) -> list[tuple[float, str, Pooled]]:
    if known is None:
        return []
    found = [(one.probability.mean, one.title, one.probability) for one in known.actions if one.probability is not None]
    return sorted(found, key=lambda one: -one[0])


def _sure(answer: Forecast, known: DecisionAnswer | None, scenario: Scenario) -> Iterator[str]:
    ranked = _ranked(known)
    if known is not None and ranked:
        best = max(known.actions, key=lambda one: one.best)
        lead = next(one for one in known.actions if one.title == ranked[0][1])
        verdict = next(word for least, word in VERDICTS if min(ranked[0][0], lead.best) >= least)
        yield f"{verdict}: it gives that choice {percent(ranked[0][0])}, and holds it the best reply in {percent(lead.best)} of worlds."
        if best is not lead:
            yield f"The best reply in more worlds than any other is “{best.title}”, in {percent(best.best)}."
        if ranked[0][2].error >= LEAST_ERROR:
            yield f"Drawing other worlds would move its chance by about {100 * ranked[0][2].error:.1f} points."
    wide = max(answer.questions, key=_width, default=None)
    if wide is not None and wide.probability is not None and _width(wide) > LEAST_WIDTH:
        yield f"The question that its assumptions settle least is “{wide.title}”: {spoken(wide.probability)}."
    quantities = [one for _, _, one in scenario.known_quantities()]
    assumed = sum(one.assumption is not None or (one.source or scenario.source) is None for one in quantities)
    if quantities:
        yield f"{assumed} of the model's {len(quantities)} uncertain numbers rest on the analyst's assumption alone."


def _width(one: QuestionAnswer) -> float:
    pooled = one.probability
    return 0.0 if pooled is None or pooled.p5 is None or pooled.p95 is None else float(pooled.p95 - pooled.p5)


def _changes(findings: Sequence[Finding], mover: str, titles: Mapping[str, str]) -> Iterator[str]:
    """The shift with its event by title, the numbers that flip the choice, and how the event compares with others."""
    by_kind = {one.kind: one for one in findings}
    tried, made, flipped = (by_kind.get(kind) for kind in ("events", "shift", "flips"))
    events = {str(row[0]): str(row[1]) for row in tried.tables[0].rows} if tried is not None else {}
    said = [made.judgements[0].replace(event, f"“{events.get(event, event)}”", 1) for event in [str(made.manifest["event"])]] if made else []  # fmt: skip
    said += _flipping(flipped, mover, titles) if flipped is not None else []
    said += tried.judgements if tried is not None else []
    yield from said or [
        "No event comes before this decision; what would change it are the numbers that it rests on, listed below."
    ]


def _flipping(flipped: Finding, mover: str, titles: Mapping[str, str]) -> Iterator[str]:
    """The nearest flip, and the first of the numbers that flip the choice by themselves."""
    near = next(rows(table("nearest", flipped)), None)
    if near is not None:
        distance = float(near["distance"] or 0.0)
        only = "only " if distance < 0.5 else ""
        yield f"Moving all numbers together by {only}{distance:.2f} standard deviations makes {mover} prefer “{near['to']}”."
    inside = [row for row in rows(table("thresholds", flipped)) if row["where"] == "inside"]
    names = list(dict.fromkeys(str(row["number"]) for row in inside))
    if not names:
        yield "No single number flips it within its 90 % range."
    else:
        count = "One number flips it" if len(names) == 1 else f"{len(names)} numbers flip it, each"
        first = f"“{titles.get(names[0], names[0])}”, at {inside[0]['threshold']:.3g}"
        yield f"{count} alone and within its 90 % range; {first}, swings it most."


def table(name: str, finding: Finding) -> Table | None:
    """The table of a finding by name, if it has one."""
    return next((one for one in finding.tables if one.name == name), None)


def rows(found: Table | None) -> Iterator[dict[str, Cell]]:
    """The rows of a table by column name; none where there is no table."""
    for row in found.rows if found is not None else ():
        yield dict(zip((column.name for column in found.columns), row, strict=True))  # type: ignore[union-attr]
