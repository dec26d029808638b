"""The sections of a report as plain data for its template: no markup here but finished figures, no analysis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.finding import Finding
from stratagem.analyse.forecast import ActionAnswer, DecisionAnswer, QuestionAnswer
from stratagem.analyse.pooling import Pooled
from stratagem.scenario.elements import Provenance
from stratagem.scenario.lexicon import KEY_ASSUMPTION
from stratagem.scenario.model import Claim, Scenario
from stratagem.show.anchors import Anchors, web_address
from stratagem.show.drawings import decision_chart, flow_figure, leads_to, outcome_chart, question_chart
from stratagem.show.figures import Chart, Figure
from stratagem.show.finding_charts import finding_charts
from stratagem.show.flips_on import FlipsOn
from stratagem.show.grids import Grid, GridCell, GridRow, grid, number, words
from stratagem.show.numbers import amount, chance, chances, clean, points
from stratagem.show.numbers import words as in_words
from stratagem.show.wording import Wording
from stratagem.solve.processes import each

HEADINGS = {
    "events": "What would move the decision",
    "shift": "What one event does to it, and why",
    "flips": "What would flip it",
    "discover": "In which worlds it is chosen",
    "sensitivity": "Which numbers it hangs on",
    "learn": "What to learn next",
    "options": "The options side by side",
    "beliefs": "What the moves tell those who see them",
    "equilibria": "How sure the equilibrium is",
    "infer": "What the moves made reveal",
    "watch": "What to watch",
}
ASSUMPTIONS = {  # title to what the column of origins is called
    "Rest on the analyst's assumption alone": "why",
    "Numbers that rest on a source": "source",
    "Scales, forces and effects of actions that rest on a source": "source",
    "Rest on nothing that the file states": "source",
}
NOTHING = ("no ", "none ", "fewer ")  # how the note of a table begins that says why the table is empty
Section = dict[str, Any]


# --- judgements, questions ---------------------------------------------------------------------------------------


def judgements(briefing: Briefing, anchors: Anchors) -> list[Section]:
    """Each judgement with what it is compared with, how it turned out, and what it rests on."""
    questions = {one.name: one for one in briefing.forecast.questions}
    found = []
    for place, one in enumerate(briefing.forecast.judgements, start=1):
        question = questions.get(one.question or "")
        ground = anchors.grounds(briefing.grounds.get(f"question:{one.question}"))
        note = "; ".join(_beside(question)) if question is not None else ""
        found.append({"id": f"judgement-{place}", "text": clean(one.text), "note": clean(note), "grounds": ground})
    return found


def _beside(one: QuestionAnswer) -> Iterator[str]:
    if one.condition is not None:
        yield f"asked of the {chance(one.condition.mean)} of plays in which its condition arises"
    if one.base_rate is not None:
        yield f"base rate {chance(one.base_rate.mean)}"
    if one.crowd is not None:
        yield f"crowd {chance(one.crowd.mean)}" + (f" as of {one.crowd.as_of}" if one.crowd.as_of else "")
    if one.resolved != "open":
        yield f"turned out {one.resolved}" + (f", {one.resolved_on}" if one.resolved_on else "")
    if one.is_after_the_fact:
        yield "chosen after the fact"


def questions(briefing: Briefing) -> Section:
    """The figure of the questions and its numbers."""
    rows = [GridRow(clean(one.title), _pooled(one.probability, has_bar=True)) for one in briefing.forecast.questions]
    table = grid("Chance of each question", ("question", "chance", "5–95 %", "error"), rows)
    return {"figure": _drawn(question_chart(briefing.forecast.questions), "questions"), "table": table}


def _drawn(chart: Chart | None, name: str) -> Figure | None:
    return chart.figure(name) if chart is not None else None


def comparisons(briefing: Briefing) -> Grid:
    """Each question beside its base rate and the crowd."""
    rows = []
    for one in briefing.forecast.questions:
        mean = one.probability.mean if one.probability else None
        said = in_words(mean) if mean is not None else one.in_words
        base, crowd = one.base_rate, one.crowd
        cells = (
            number(mean, chance(mean) if mean is not None else ""), words(said),
            *(number(other.mean if other else None, chance(other.mean) if other else "") for other in (base, crowd)),
            words(" · ".join(text for text in (base and base.source, crowd and crowd.source) if text) or None),
            words(one.resolved + (f", {one.resolved_on}" if one.resolved_on else "")), words("yes" if one.is_after_the_fact else "no"),
        )  # fmt: skip
        rows.append(GridRow(clean(one.title), cells))
    head = ("question", "chance", "in words", "base rate", "crowd", "from", "turned out", "chosen after the fact")
    return grid("The model beside base rates and the crowd, as of the scenario's date", head, rows)


def _pooled(value: Pooled | None, has_bar: bool = False) -> tuple[GridCell, GridCell, GridCell]:
    if value is None:
        return words("void"), words(None), words(None)
    return (
        number(value.mean, chance(value.mean), has_bar),
        words(chances(value)),
        number(value.error, points(value.error)),
    )


# --- the game, decisions, outcomes -------------------------------------------------------------------------------


def game(briefing: Briefing) -> Section:
    """The game as one picture, and every move as a table."""
    view, flow = briefing.game, briefing.flow
    names = {name: player.name for name, player in briefing.scenario.players.items()}
    tables = []
    for place, step in enumerate(flow.steps):
        who = "Chance" if step.player is None else names.get(step.player, step.player)
        rows = [
            GridRow(clean(option.title), (number(option.chance, chance(option.chance), True), number(option.best, chance(option.best or 0.0)), words(leads_to(flow, place, number_) or None)))
            for number_, option in enumerate(step.options)
        ]  # fmt: skip
        told = f"{step.label}, {step.date or 'undated'}; met in {chance(step.met)} of plays; {step.num_states:,} states"
        tables.append(grid(f"{who}: {step.title}", ("option", "chance", "best reply", "leads to"), rows, told))
    moves = len(flow.steps)
    return {
        "heading": f"The game: {view.num_nodes:,} states drawn as {moves} {'move' if moves == 1 else 'moves'}",
        "text": f"{view.num_histories:,.0f} histories merge into {view.num_nodes:,} states and {view.num_edges:,} edges. Each row is a move, with the states in which it may be met drawn as one box; a box is as wide as the share of plays that meet the move. Time runs down the page.",
        "figure": flow_figure(briefing),
        "tables": tables,
    }  # fmt: skip


def decisions(briefing: Briefing, anchors: Anchors) -> Section:
    """The main decision as a figure, every other as a table."""
    answer = briefing.forecast
    names = {name: player.name for name, player in briefing.scenario.players.items()}
    main = next((one for one in answer.choices if one.step == briefing.decision), None)
    found: Section = {
        "heading": "Decisions", "text": "How likely each option is where its move is reached, and in which share of worlds it is the best reply.",
        "figure": None, "table": None, "grounds": None, "others": [],
    }  # fmt: skip
    if main is not None:
        mover = names.get(main.player, main.player)
        found["heading"] = clean(f"The decision: {main.title}")
        found["figure"], found["table"] = _drawn(decision_chart(main, mover), "decision"), _decision_grid(main, mover)
        found["grounds"] = anchors.grounds(briefing.grounds.get(f"decision:{main.step}"))
    for one in answer.choices:
        if one is not main:
            mover = names.get(one.player, one.player)
            ground = anchors.grounds(briefing.grounds.get(f"decision:{one.step}"))
            found["others"].append({"title": clean(f"{mover}: {one.title}{_round(one)}: {_lead(one)}"), "table": _decision_grid(one, mover), "grounds": ground})  # fmt: skip
    if answer.history:
        rows = [GridRow(clean(f"{one.step} = {one.action}"), _pooled(one.likelihood)) for one in answer.history]
        table = grid(
            "How likely the model held what was seen, given what came before",
            ("seen", "chance", "5–95 %", "error"),
            rows,
        )
        found["others"].append(
            {"title": f"What was seen: {len(rows)} moves of the history", "table": table, "grounds": None}
        )
    return found


def _round(one: DecisionAnswer) -> str:
    return f" ({one.step.partition('[')[2].rstrip(']')})" if "[" in one.step else ""


def _lead(one: DecisionAnswer) -> str:
    known = [(action.probability.mean, action.title) for action in one.actions if action.probability is not None]
    return f"“{max(known)[1]}”, {chance(max(known)[0])}" if known else "no answer"


def _decision_grid(one: DecisionAnswer, mover: str) -> Grid:
    rows = [GridRow(clean(action.title), (*_pooled(action.probability, True), _best(action))) for action in one.actions]
    told = f"{one.step}, {one.date or 'undated'}; reached in {chance(one.reach)} of plays"
    return grid(f"{mover}: {one.title}", ("action", "chance", "5–95 %", "error", "best reply"), rows, told)


def _best(action: ActionAnswer) -> GridCell:
    return number(action.best if action.probability is not None else None, chance(action.best))


def outcomes(briefing: Briefing) -> Section:
    """How it ends, and what players and stakes come to."""
    answer = briefing.forecast
    ranked = sorted(answer.outcomes, key=lambda one: -one.value.mean)
    table = grid(
        "Outcomes",
        ("outcome", "chance", "5–95 %", "error"),
        [GridRow(clean(one.title), _pooled(one.value, True)) for one in ranked],
    )
    players = [
        GridRow(clean(title), tuple(cell for value in (believed, true, regret) for cell in _amounts(value)[:1]))
        for _, title, believed, true, regret in answer.players
    ]
    further = (
        [grid("Players: expected payoffs at the start", ("player", "as believed", "true", "regret"), players)]
        if players
        else []
    )
    further += [grid("Stakes, expected", ("stake", "mean", "5–95 %"), [GridRow(clean(one.title), _amounts(one.value)) for one in answer.stakes])] if answer.stakes else []  # fmt: skip
    end = f"How it ends: most often “{ranked[0].title}”" if ranked else "How it ends"
    return {
        "heading": clean(end),
        "figure": _drawn(outcome_chart(answer.outcomes), "outcomes"),
        "table": table,
        "further": further,
    }


def _amounts(value: Pooled) -> tuple[GridCell, GridCell]:
    mean, limits = amount(value)
    return number(value.mean, mean), words(limits)


def findings(briefing: Briefing, anchors: Anchors) -> list[Section]:
    """Each finding with its figures, the numbers of each beside it, and its further tables."""
    wording, found = Wording.of(briefing), []
    charts_of = [finding_charts(one, wording) for one in briefing.findings]
    figures = each(
        [partial(chart.figure, f"{place}-{number}") for place, charts in enumerate(charts_of, start=1) for number, chart in enumerate(charts, start=1)]
    )  # fmt: skip
    for place, (one, charts) in enumerate(zip(briefing.findings, charts_of, strict=True)):
        tables = {table.name: anchors.grid_of(table, wording) for table in one.tables if table.rows}
        titles, told = {chart.title for chart in charts}, [wording.sentence(text) for text in one.judgements]
        drawn = {name for chart in charts for name in chart.tables}
        found.append(
            {
                "heading": clean(_heading(one, wording)),
                "judgements": [text for text in told if text not in titles],
                "grounds": anchors.grounds(briefing.grounds.get(f"finding:{place}")),
                "figures": [
                    {"figure": next(figures), "tables": [tables[name] for name in chart.tables if name in tables]}
                    for chart in charts
                ],
                "tables": [grid for name, grid in tables.items() if name not in drawn],
                "caveats": [wording.sentence(text) for text in _caveats(one, briefing)],
            }
        )
    return found


def _heading(one: Finding, wording: Wording) -> str:
    if one.kind == "shift" and "event" in one.manifest:
        return f"What {wording.sentence(one.manifest['event'])} does to it, and why"
    return HEADINGS.get(one.kind, one.title)


def _caveats(one: Finding, briefing: Briefing) -> Iterator[str]:
    yield from one.caveats
    empty = [table for table in one.tables if not table.rows and (table.note or "").startswith(NOTHING)]
    yield from (f"{table.title}: {table.note}" for table in empty)
    worlds, whole = one.manifest.get("worlds"), briefing.forecast.manifest.get("worlds")
    if isinstance(worlds, int) and isinstance(whole, int) and worlds < whole:
        yield f"worked out in the first {worlds:,} of the {whole:,} worlds"


# --- what it rests on --------------------------------------------------------------------------------------------


def assumptions(briefing: Briefing, anchors: Anchors) -> Section:
    """Every number with its source, or the assumption that it rests on, or neither."""
    titles, flips = _titles(briefing.scenario), FlipsOn.of(briefing)
    parts: dict[str, list[GridRow]] = {title: [] for title in ASSUMPTIONS}
    for name, written, origin in briefing.numbers:
        label = clean(f"{titles[name]} ({name})" if titles.get(name) else name)
        cells = (words(written), _origin(origin, anchors, briefing.scenario.source), *flips.cells(name))
        part = 0 if origin.assumption else 3 if not origin.source else 2 if _is_fixed(name, briefing.scenario) else 1
        parts[list(ASSUMPTIONS)[part]].append(GridRow(label, cells, id=f"number-{name}"))
    tables = [
        {"table": _without_empty(grid(title, ("number", "is", ASSUMPTIONS[title], *flips.head), rows, flips.note)), "is_folded": place == 2}
        for place, (title, rows) in enumerate(parts.items())
        if rows
    ]  # fmt: skip
    key = [name for name, written, _ in briefing.numbers if written.startswith(KEY_ASSUMPTION)]
    count, assumed = len(briefing.numbers), parts[next(iter(ASSUMPTIONS))]
    return {
        "heading": f"Key assumptions: {len(assumed)} of {count} numbers rest on assumption alone" if count else "Key assumptions",
        "text": "Each number of the scenario, what it is and where it comes from." + (f" Key assumptions: {', '.join(key)}." if key else ""),
        "tables": tables,
    }  # fmt: skip


def _is_fixed(name: str, scenario: Scenario) -> bool:
    """Whether a number is a scale, a force or the effects of an option, which are no draws."""
    return name in scenario.stakes or name in scenario.forces or name.partition(".")[0] in scenario.moves


def _without_empty(table: Grid) -> Grid:
    """A table without its last column, and the note on it, where that is empty throughout."""
    if len(table.head) < 4 or any(row.cells[-1].text != "–" for row in table.rows):
        return table
    rows = tuple(replace(row, cells=row.cells[:-1]) for row in table.rows)
    return replace(table, head=table.head[:-1], rows=rows, note=None)


def _titles(scenario: Scenario) -> dict[str, str | None]:
    """What the elements that carry numbers are called."""
    found = {name: quantity.title for _, name, quantity in scenario.known_quantities()}
    found.update({name: stake.title for name, stake in scenario.stakes.items()})
    found.update({name: force.title for name, force in scenario.forces.items()})
    found.update(
        {f"{move}.{name}": one.title for move, item in scenario.moves.items() for name, one in item.options.items()}
    )
    return found


def _origin(origin: Provenance, anchors: Anchors, whole: str | None) -> GridCell:
    if origin.source is None:
        return words(origin.assumption or "none stated")
    source, _, place = origin.source.split(";")[0].strip().partition(" ")
    link = anchors.place(source, place.split(",")[0].strip())
    of = "" if not origin.is_inherited else " (of the whole file)" if origin.source == whole else " (of the whole move)"
    return words(origin.source + of, link[1] if link else None)


def sources(briefing: Briefing, anchors: Anchors) -> Section:
    """Each source with its places: the claims made there, the numbers taken from there."""
    listed = []
    for name, cited in briefing.sources.sources:
        source = briefing.scenario.sources[name]
        notes = [text for text in (source.reliability, source.note) if text]
        notes += [
            f"Corrected {one.date.text}{f', {one.paragraph}' if one.paragraph else ''}: was {one.was}; now {one.now}"
            for one in source.errata
        ]
        places = [
            {
                "id": anchors.place_ids[place.source, place.place],
                "title": clean(place.place or "whole"),
                "claims": [
                    {"name": claim_name, "says": clean(claim.says), "fate": clean(_fate(claim))}
                    for claim_name, claim in place.claims
                ],
                "numbers": [anchors.number(one) for one, _ in place.numbers],
            }
            for place in briefing.sources.places
            if place.source == name
        ]
        listed.append(
            {
                "id": f"source-{name}",
                "url": web_address(source.url),
                "cited": clean(cited),
                "notes": [clean(one) for one in notes],
                "places": places,
            }
        )
    rows = [
        GridRow(clean(name), (words(was), words(now), words(why))) for name, was, now, why in briefing.sources.versions
    ]
    return {"listed": listed, "versions": grid("Corrected since", ("what", "was", "now", "why"), rows)}


def _fate(claim: Claim) -> str:
    if claim.modelled_by is not None:
        return "→ " + ", ".join(claim.modelled_by)
    return f"→ context: {claim.context}" if claim.context is not None else f"→ not modelled: {claim.not_modelled}"


def limits(briefing: Briefing) -> Section:
    """Claims and actors that are not modelled, and the causes of war that can be expressed."""
    scenario = briefing.scenario
    left = [
        ("Claims that are not modelled", "claim", [(f"{name}: {one.says}", one.not_modelled) for name, one in scenario.claims.items() if one.not_modelled]),
        ("Claims that are context only", "claim", [(f"{name}: {one.says}", one.context) for name, one in scenario.claims.items() if one.context]),
        ("Actors without a move of their own", "actor", [(one.name, one.not_modelled or f"speaks for {one.speaks_for}" if one.speaks_for else one.not_modelled or f"part of {one.part_of}") for one in scenario.actors.values()]),
    ]  # fmt: skip
    rows = [GridRow(one.name, (words(one.can), words(one.how), words(one.here))) for one in briefing.causes]
    return {
        "tables": [grid(title, (head, "why"), [GridRow(clean(what), (words(why),)) for what, why in found]) for title, head, found in left if found],
        "causes": grid("What can be stated, and what this scenario has of it", ("cause", "can be stated", "how", "in this scenario"), rows),
    }  # fmt: skip


def status(briefing: Briefing) -> Section:
    """How the solve went, and everything needed to run it again."""
    answer = briefing.forecast
    whole, failed = answer.manifest["worlds"], answer.num_failed
    return {
        "heading": f"Solver: {whole:,} worlds, {failed:,} without an answer; {_counted(len(answer.warnings), 'warning')}",
        "warnings": [clean(one) for one in answer.warnings],
        "unanswered": [clean(f"{HEADINGS.get(kind, kind)}: {reason}") for kind, reason in briefing.unanswered],
        "manifest": grid("Manifest", ("item", "value"), [GridRow(key.replace("_", " "), (words(_value(value)),)) for key, value in answer.manifest.items()]),
    }  # fmt: skip


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "none"
    return "not stated" if value is None else str(value)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
