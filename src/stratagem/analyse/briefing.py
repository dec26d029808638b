"""All that a report says of a scenario: the forecast, what would change the main decision, and what the answers rest on.

Takes a study and its forecast; gives a `Briefing`, which a view lays out and knows nothing more about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stratagem.analyse.causes import Cause, causes
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.flow import FLOW_WORLDS, Flow, flow
from stratagem.analyse.forecast import DecisionAnswer, Forecast, percent, shown, spoken
from stratagem.analyse.grounds import Grounding, Grounds
from stratagem.analyse.inspect import GameView, inspect
from stratagem.analyse.options import options
from stratagem.analyse.pooling import Pooled
from stratagem.analyse.provenance import ProvenanceView, provenance
from stratagem.analyse.shift import shift
from stratagem.analyse.study import Decision, Study, decision_of
from stratagem.errors import StratagemError
from stratagem.graph.game import CHANCE
from stratagem.scenario.elements import Provenance, numbers
from stratagem.scenario.lexicon import in_words
from stratagem.scenario.model import Scenario
from stratagem.solve.intervene import choice
from stratagem.solve.solve import Progress

# Each finding is many solves, so it takes the first worlds only; the verbs `shift` and `options` take all of them.
FINDING_WORLDS, MAX_EVENTS = 500, 24
LEAST_MOVED = 0.0005  # what shows in tenths of a point


@dataclass(frozen=True)
class Short:
    """The short answer: what the mover would do, how sure the model is, what would change it."""

    mover: str
    does: tuple[str, ...]
    sure: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Briefing:
    """What a report shows."""

    name: str
    scenario: Scenario
    forecast: Forecast
    short: Short
    decision: str
    game: GameView
    flow: Flow
    findings: tuple[Finding, ...]
    grounds: Mapping[str, Grounds]  # of `question:…`, `decision:…` and `finding:…`
    sources: ProvenanceView
    numbers: tuple[tuple[str, str, Provenance], ...]  # element, how it is written, where it comes from
    causes: tuple[Cause, ...]


def brief(
    study: Study,
    answer: Forecast,
    decision: str | None = None,
    event: str | None = None,
    further: Iterable[Finding] = (),
    progress: Progress | None = None,
) -> Briefing:
    """The briefing on a study whose forecast is `answer`; `further` findings follow its own.

    `decision` is by default the first player's with most options among those still open; `event` the chance outcome (or else the move of another) before it
    that moves it most. Raises `UsageError` where either is unknown.
    """
    report = progress or (lambda _done, _total: None)
    few = replace(study, worlds=min(study.worlds, FINDING_WORLDS))
    step = study.decision(decision) if decision is not None else main_decision(study)
    label = study.game.steps[step].label
    report(1, 5)
    tried = events(few, step)
    report(2, 5)
    findings = [tried] if tried is not None else []
    findings += [shift(few, event, label)] if event is not None else _shifts(few, tried, label)
    report(3, 5)
    findings += [options(few, label), *further]
    report(4, 5)
    drawn = flow(replace(study, worlds=min(study.worlds, FLOW_WORLDS)))
    report(5, 5)
    return Briefing(
        study.case.name, study.scenario, answer, _short(study, answer, step, findings), label, inspect(study.scenario, study.game), drawn,
        tuple(findings), _grounds(study, answer, findings), provenance(study.scenario), tuple(numbers(study.scenario)),
        tuple(causes(study.scenario)),
    )  # fmt: skip


def main_decision(study: Study) -> int:
    """The step of the first player's decision with most options that the history has not made yet; another player's where he has none."""
    steps, made = study.game.steps, {one.step for one in study.seen}
    open_ = [number for number, step in enumerate(steps) if step.player != CHANCE and number not in made]
    if not open_:
        open_ = [number for number, step in enumerate(steps) if step.player != CHANCE]
    first = min(steps[number].player for number in open_)
    return max((number for number in open_ if steps[number].player == first), key=lambda one: len(steps[one].options))


# --- what would change it ----------------------------------------------------------------------------------------


def events(study: Study, step: int) -> Finding | None:
    """How far each single event before a decision moves it, each made as a surprise; None where nothing comes before."""
    few = replace(study, worlds=min(study.worlds, FINDING_WORLDS))
    info = few.game.steps[step]
    before = _chances(decision_of(few.solver(step).run(), step))
    moved: list[tuple[float, str, str, list[float]]] = []
    for text, title in _candidates(few, step):
        try:
            after = _chances(decision_of(few.solver(step, do=(choice(few.game, text),)).run(), step))
        except StratagemError:  # it can happen in no world
            continue
        if not after.sum() > 0:  # it cannot happen, or the decision does not come up after it
            continue
        change = after - before
        moved.append((float(np.abs(change).sum() + abs(change.sum())) / 2, text, title, change.tolist()))
    if not moved:
        return None
    moved.sort(key=lambda one: -one[0])
    rows: list[tuple[Cell, ...]] = [(text, title, *change, share) for share, text, title, change in moved]
    columns = (
        Column("event", "event"), Column("title", "what happens"),
        *(Column(name, title, "points") for name, title in zip(info.options, info.option_titles, strict=True)),
        Column("moved", "moved in all", "chance"),
    )  # fmt: skip
    mover = few.scenario.players[few.game.players[info.player]].name
    most = moved[0]
    return Finding(
        kind="events",
        title=f"{few.scenario.scenario}: what would move {info.label}",
        judgements=(f"Of {len(rows)} events that may come before it, “{most[2]}” moves what {mover} does most: {percent(most[0])} of the probability passes to other options.",),
        tables=(Table("events", "What each event does to the decision", columns, tuple(rows), "change of P(option) in points; “moved in all” is the probability that passes from some options to others"),),
        caveats=(f"each event is made as a surprise, in the first {few.worlds:,} worlds",),
        manifest={"decision": info.label, "most": most[1], "moved": most[0] >= LEAST_MOVED, "worlds": few.worlds, "seed": few.seed},
    )  # fmt: skip


def _candidates(study: Study, step: int) -> Iterator[tuple[str, str]]:
    """The outcomes of chance before the step, or else what other players may do before it, as (event, title); latest first."""
    game, made = study.game, {one.step for one in study.seen}
    mover = game.steps[step].player
    open_ = [number for number in range(step) if number not in made]
    chance = [number for number in open_ if game.steps[number].player == CHANCE]
    found = [
        (f"{game.steps[number].label}={option}", title)
        for number in reversed(chance or [one for one in open_ if game.steps[one].player != mover])
        for option, title in zip(game.steps[number].options, game.steps[number].option_titles, strict=True)
    ]
    yield from found[:MAX_EVENTS]


def _chances(decision: Decision) -> np.ndarray:
    """[options] pooled chance that the decision is reached and each option taken."""
    share = decision.weight / max(float(decision.weight.sum()), 1e-300)
    return np.array([float(share @ decision.chance(option)) for option in range(len(decision.options))])


def _shifts(study: Study, tried: Finding | None, decision: str) -> list[Finding]:
    """The shift by the event that moves a decision most, where one does."""
    if tried is None or not tried.manifest["moved"]:
        return []
    return [shift(study, str(tried.manifest["most"]), decision)]


# --- the short answer --------------------------------------------------------------------------------------------


def _short(study: Study, answer: Forecast, step: int, findings: list[Finding]) -> Short:
    info = study.game.steps[step]
    mover = study.scenario.players[study.game.players[info.player]].name
    known = next((one for one in answer.choices if one.step == info.label), None)
    return Short(
        mover,
        tuple(_does(answer, known, mover)),
        tuple(_sure(answer, known, study.scenario)),
        tuple(_changes(findings)),
    )


def _does(answer: Forecast, known: DecisionAnswer | None, mover: str) -> Iterator[str]:
    ranked = _ranked(known)
    if known is None or not ranked:
        yield f"No world that can be solved reaches the decision of {mover}."
    else:
        lead, *rest = ranked
        yield f"Most likely “{lead[1]}”: {in_words(shown(lead[0]))}, {spoken(lead[2])}."
        if rest:
            yield "Next: " + "; ".join(f"“{title}”, {percent(mean)}" for mean, title, _ in rest[:3]) + "."
        reached = "" if known.reach > 0.995 else f", which {percent(known.reach)} of plays reach"
        yield f"This is at “{known.title}”" + (f", {known.date}" if known.date else "") + f"{reached}."
    if answer.outcomes:
        end = max(answer.outcomes, key=lambda one: one.value.mean)
        yield f"The likeliest end is “{end.title}”: {in_words(shown(end.value.mean))}, {spoken(end.value)}."


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
        same = f"That choice is the best reply in {percent(lead.best)} of worlds"
        yield same + ("." if best is lead else f"; in most, {percent(best.best)}, that is “{best.title}”.")
        yield f"Drawing other worlds would move its chance by about {100 * ranked[0][2].error:.1f} points."
    wide = max(answer.questions, key=_width, default=None)
    if wide is not None and wide.probability is not None and _width(wide) > 0.005:
        yield f"The question that its assumptions settle least is “{wide.title}”: {spoken(wide.probability)}."
    quantities = [one for _, _, one in scenario.known_quantities()]
    assumed = sum(one.assumption is not None or (one.source or scenario.source) is None for one in quantities)
    if quantities:
        yield f"{assumed} of the model's {len(quantities)} uncertain numbers rest on the analyst's assumption alone."


def _width(one: object) -> float:
    pooled = getattr(one, "probability", None)
    return 0.0 if pooled is None or pooled.p5 is None or pooled.p95 is None else float(pooled.p95 - pooled.p5)


def _changes(findings: list[Finding]) -> Iterator[str]:
    """The shift with its event by title, and how the event compares with others."""
    tried = next((one for one in findings if one.kind == "events"), None)
    made = next((one for one in findings if one.kind == "shift"), None)
    titles = {str(row[0]): str(row[1]) for row in tried.tables[0].rows} if tried is not None else {}
    if made is not None:
        event = str(made.manifest["event"])
        yield made.judgements[0].replace(event, f"“{titles[event]}”" if event in titles else event, 1)
    if tried is not None:
        yield from tried.judgements
    if made is None and tried is None:
        yield "No event comes before this decision; what would change it are the numbers that it rests on, listed below."


# --- grounds -----------------------------------------------------------------------------------------------------


def _grounds(study: Study, answer: Forecast, findings: list[Finding]) -> dict[str, Grounds]:
    ground = Grounding(study.scenario)
    found = {f"question:{one.name}": ground.of_question(one.name) for one in answer.questions}
    found.update({f"decision:{one.step}": ground.of_moves([one.move]) for one in answer.choices})
    for number, one in enumerate(findings):
        texts = [
            str(one.manifest[key]).partition("=")[0] for key in ("decision", "event", "most") if key in one.manifest
        ]
        moves = dict.fromkeys(text.partition("[")[0] for text in texts)
        found[f"finding:{number}"] = (
            ground.of_elements(basis.element for basis in one.rests_on)
            if one.rests_on
            else ground.of_moves(move for move in moves if move in study.scenario.moves)
        )
    return found
