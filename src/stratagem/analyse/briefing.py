"""All that a report says of a scenario: the forecast, what would change the main decision, and what the answers rest on.

Takes a study and its forecast; gives a `Briefing`, which a view lays out and knows nothing more about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from stratagem.analyse.beliefs import learning
from stratagem.analyse.causes import Cause, causes
from stratagem.analyse.discover import discover
from stratagem.analyse.equilibria import equilibria_finding
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.flips import flips
from stratagem.analyse.flow import FLOW_WORLDS, Flow, flow
from stratagem.analyse.forecast import Forecast, percent
from stratagem.analyse.grounds import Grounding, Grounds
from stratagem.analyse.infer import infer
from stratagem.analyse.inspect import GameView, inspect
from stratagem.analyse.learn import learn, numbers_of
from stratagem.analyse.options import options
from stratagem.analyse.provenance import ProvenanceView, provenance
from stratagem.analyse.sensitivity import sensitivity
from stratagem.analyse.shift import shift
from stratagem.analyse.short_answer import Short, short_answer
from stratagem.analyse.study import Decision, Study, decision_of
from stratagem.analyse.trials import LEVELS
from stratagem.analyse.watch import watch
from stratagem.errors import NotSolvedError, UsageError
from stratagem.graph.game import CHANCE
from stratagem.scenario.elements import Provenance, numbers
from stratagem.scenario.model import Scenario
from stratagem.solve.infosets import is_hidden
from stratagem.solve.intervene import choice
from stratagem.solve.processes import each
from stratagem.solve.solve import Progress, together

# A finding is dear, so it takes the first worlds only, as many as it can in a few seconds; its verb takes all of them.
FINDING_WORLDS, LEARNING_WORLDS, MAX_EVENTS = 500, 1_000, 24
INFERRED, LEAST_INFERRED = 8_000_000, 100  # states solved of a game that hides something, and worlds that are too few
EXPLAINED = 3_000  # worlds that two analyses share
ANALYSES: tuple[tuple[Callable[[Study, str], Finding], int], ...] = (
    (flips, 2_000), (discover, EXPLAINED), (sensitivity, EXPLAINED), (learn, 1_000), (options, FINDING_WORLDS),
)  # fmt: skip
LEAST_MOVED = 0.0005  # what shows in tenths of a point


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
    unanswered: tuple[tuple[str, str], ...]  # analysis, why it has no answer here
    titles: Mapping[str, str]  # of uncertain numbers and of stakes
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
    few = replace(study, worlds=min(study.worlds, FINDING_WORLDS))
    step = study.decision(decision) if decision is not None else main_decision(study)
    label = study.game.steps[step].label
    tried = events(few, step)
    replace(study, worlds=min(study.worlds, EXPLAINED)).solution(
        step
    )  # once, in all processes, for all that explain it
    of_moves, of_decision = list(_of_moves(study, answer)), list(_of_decision(study, label, tried, event))
    parts = list(_in_turn([*of_moves, *of_decision], progress))
    parts = [tried, *parts[len(of_moves) :], *parts[: len(of_moves)]]
    findings = [*(one for one in parts if isinstance(one, Finding)), *further]
    unanswered = [one for one in parts if isinstance(one, tuple)]
    drawn = flow(replace(study, worlds=min(study.worlds, FLOW_WORLDS)))
    titles = {name: one.title for name, one in numbers_of(study.scenario).items()}
    titles |= {f"{name}.weights": f"{one.name}'s weights" for name, one in study.scenario.players.items()}
    titles |= {name: one.title for name, one in study.scenario.stakes.items()}
    return Briefing(
        study.case.name, study.scenario, answer, short_answer(study, answer, step, findings, titles), label,
        inspect(study.scenario, study.game), drawn, tuple(findings), tuple(unanswered), titles, _grounds(study, answer, findings),
        provenance(study.scenario), tuple(numbers(study.scenario)), tuple(causes(study.scenario)),
    )  # fmt: skip


Part = Finding | tuple[str, str] | None  # an analysis and why it has no answer; None where there is nothing to say


def _in_turn(jobs: Sequence[Callable[[], Part]], progress: Progress | None) -> Iterator[Part]:
    """What each job gives, in order, with progress."""
    for done, part in enumerate(each(jobs), start=1):
        if progress is not None:
            progress(done, len(jobs))
        yield part


def _of_decision(study: Study, label: str, tried: Finding | None, event: str | None) -> Iterator[Callable[[], Part]]:
    """What would change a decision, and what it comes to."""
    few = replace(study, worlds=min(study.worlds, FINDING_WORLDS))
    if event is None and tried is not None and tried.manifest["moved"]:
        event = str(tried.manifest["most"])
    if event is not None:
        yield partial(shift, few, event, label)
    for analysis, worlds in ANALYSES:
        yield partial(_answered, analysis, replace(study, worlds=min(study.worlds, worlds)), label)


def _of_moves(study: Study, answer: Forecast) -> Iterator[Callable[[], Part]]:
    """What players learn from each other's moves, what the moves made reveal to the analyst, and what to watch."""
    names = {name: one.name for name, one in study.scenario.players.items()}
    manifest: dict[str, object] = {"worlds": study.worlds, "seed": study.seed}
    yield partial(learning, answer.beliefs, names, manifest)
    yield partial(equilibria_finding, answer.equilibria, answer.warnings, names, manifest)
    if study.seen and _is_slow(study):
        yield lambda: ("infer", "it takes minutes where so much is hidden; `stratagem infer` tells it by itself")
    elif study.seen:
        yield partial(_answered, infer, replace(study, worlds=_inferable(study)), "weights")
    if study.scenario.questions:
        yield partial(watch, replace(study, worlds=min(study.worlds, LEARNING_WORLDS)))


def _answered(analysis: Callable[[Study, str], Finding], study: Study, asked: str) -> Part:
    """What an analysis finds, or why it has no answer: no number varies, the decision is next to never met, a statement turns on what not all know."""
    try:
        return analysis(study, asked)
    except (UsageError, NotSolvedError) as reason:
        return analysis.__name__, str(reason)


def _inferable(study: Study) -> int:
    """In how many worlds inference from the moves made takes no more than a few seconds."""
    most = min(study.worlds, LEARNING_WORLDS)
    if not is_hidden(study.game):
        return most
    assumptions = 1 + sum(len(one.rivals) for one in study.scenario.revealed.values())
    return min(most, INFERRED // (study.game.num_nodes * LEVELS * assumptions))


def _is_slow(study: Study) -> bool:
    """Whether inference from the moves made takes minutes, and its verb a patient reader."""
    return _inferable(study) < min(LEAST_INFERRED, study.worlds)


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
    candidates = list(_candidates(few, step))
    solvers = [few.solver(step), *(few.solver(step, do=(choice(few.game, text),)) for text, _ in candidates)]
    before, *afters = (_chances(decision_of(solution, step)) for solution in together(solvers))
    moved: list[tuple[float, str, str, list[float]]] = []
    for (text, title), after in zip(candidates, afters, strict=True):
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
    is_moved = most[0] >= LEAST_MOVED
    which = (
        f"Of {len(rows)} events that may come before it, “{most[2]}”"
        if len(rows) > 1
        else f"The one event that may come before it, “{most[2]}”,"
    )
    said = (
        f"{which} moves what {mover} does most: {percent(most[0])} of the probability passes to other options."
        if is_moved
        else f"No event that may come before it moves what {mover} does; {len(rows)} {'was' if len(rows) == 1 else 'were'} tried."
    )
    return Finding(
        kind="events",
        title=f"{few.scenario.scenario}: what would move {info.label}",
        judgements=(said if len(rows) > 1 else said.replace(" most:", ":"),),
        tables=(Table("events", "What each event does to the decision", columns, tuple(rows), "change of P(option) in points; “moved in all” is the probability that passes from some options to others"),),
        caveats=(f"each event is made as a surprise, in the first {few.worlds:,} worlds",),
        manifest={"decision": info.label, "most": most[1], "moved": is_moved, "worlds": few.worlds, "seed": few.seed},
    )  # fmt: skip


def _candidates(study: Study, step: int) -> Iterator[tuple[str, str]]:
    """The outcomes of chance before the step, or else what other players may do before it, as (event, title); latest first."""
    game, made = study.game, {one.step for one in study.seen}
    mover = game.steps[step].player
    open_ = [number for number in range(step) if number not in made]
    chance = [number for number in open_ if game.steps[number].player == CHANCE]
    found = [
        (f"{game.steps[number].label}={option}", title if game.steps[number].move in study.scenario.moves else f"{game.steps[number].title}: {title}")
        for number in reversed(chance or [one for one in open_ if game.steps[one].player != mover])
        for option, title in zip(game.steps[number].options, game.steps[number].option_titles, strict=True)
    ]  # fmt: skip
    yield from found[:MAX_EVENTS]


def _chances(decision: Decision) -> np.ndarray:
    """[options] pooled chance that the decision is reached and each option taken."""
    share = decision.weight / max(float(decision.weight.sum()), 1e-300)
    return np.array([float(share @ decision.chance(option)) for option in range(len(decision.options))])


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
