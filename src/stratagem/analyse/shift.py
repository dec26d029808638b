"""How an event in one place moves a decision in another, and why (M11): the title question.

The same worlds stand on both sides. The change is split into reach, mix of states and behaviour (by Shapley's rule, so that the parts
sum to the whole), and the mover's payoff gap between the two leading actions is split by stake and by outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

import numpy as np

from stratagem.analyse.digits import chance, points
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.gap import Gap, payoff_gaps
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import pool
from stratagem.analyse.study import Decision, Study, decision_of
from stratagem.errors import UsageError, WorldsError, quote
from stratagem.graph.game import Floats
from stratagem.solve.intervene import Choice, choice
from stratagem.solve.processes import each
from stratagem.solve.solve import Solver, together

LINK_WORLDS = 1_000
SHARED = ("before", "surprise", "given", "as if chosen")  # solvers of one game
NOTHING = 5e-5  # of a probability
WAYS = ("surprise", "announced", "given", "as if chosen")
SENTENCE = {
    "surprise": "`do` as a surprise: the event is set, all before it stays as it was, and nothing is inferred from it.",
    "announced": "`do`, announced: players know from the start that the event comes, and earlier moves may change with it.",
    "as if chosen": "`do`, as if chosen: those who see the event infer from it what they would had it been chosen; where nothing is hidden that is the surprise.",
    "given": "`given`: the event is learnt, not made; worlds in which it was likelier count for more, so what goes with it shifts too.",
}


@dataclass(frozen=True)
class Side:
    """One side of the comparison."""

    decision: Decision

    @property
    def world_weight(self) -> Floats:
        """[W] each world's share of the whole."""
        return np.asarray(self.decision.weight / max(self.decision.weight.sum(), 1e-300))


def shift(study: Study, event: str, decision: str, way: str = "surprise", baseline: str | None = None) -> Finding:
    """What `event` (`move=action`) does to a decision. Raises `UsageError` where either is unknown.

    `way` is `surprise`, `announced`, `given` or `as if chosen`; `baseline` is the outcome that payoffs are measured against.
    """
    step = study.decision(decision)
    made = choice(study.game, event)
    if way not in WAYS:
        raise UsageError(f"the unknown way {quote(way)}; one of {', '.join(WAYS)}")
    if made.step >= step:
        raise UsageError(
            f"{quote(event)} comes no earlier than {quote(decision)}, and cannot move it; an event before it"
        )
    _refuse_seen(study, made, event)
    solvers = _solvers(study, step, made)
    before, sides = _sides(solvers, step)
    after = sides[way]
    if after is None:
        raise WorldsError(f"{quote(event)} has probability 0 in every world, so that nothing can be learnt from it [M11]; it can be made: `--do` without `--given`")  # fmt: skip
    options = _leading(before, after)
    gaps = payoff_gaps([solvers["before"], solvers[way]], step, options, baseline)
    info = study.game.steps[step]
    moved = max(range(len(info.options)), key=lambda option: abs(_change(before, after, option)[0]))
    links = _links(study, decision, event, way, step) if study.scenario.links else None
    tables = [
        _chances(study, step, before, after),
        _split(before, after, study, step),
        _changed(study, step, before, after),
        *_why(study, step, options, gaps, event),
        _ways(info.option_titles[moved], moved, before, sides),
        *([_link_table(study, step, links)] if links is not None else []),
    ]
    return Finding(
        kind="shift",
        title=f"{study.scenario.scenario}: {event} and {info.label}",
        judgements=tuple(_judgements(study, step, event, way, before, sides, moved, links)),
        tables=tuple(tables),
        caveats=(SENTENCE[way],),
        rests_on=bases(study.scenario, (study.game.steps[made.step].move, info.move), tables),
        manifest={
            "event": event,
            "decision": info.label,
            "way": way,
            "worlds": study.worlds,
            "seed": study.seed,
        },
    )


def _refuse_seen(study: Study, made: Choice, event: str) -> None:
    """Raise `UsageError` for an event at a move that the history has seen."""
    for seen in study.seen:
        if seen.step == made.step:
            info = study.game.steps[made.step]
            was = f"`{info.label}={info.options[seen.option]}`"
            raise UsageError(f"{quote(event)}: the history has seen {was} already, so that nothing can be shifted there [M11]; ask of a later move, or give another `--history`")  # fmt: skip


def _solvers(study: Study, step: int, made: Choice) -> dict[str, Solver]:
    """The solvers before and after the event, by way of asking; all but the announced one share a game."""
    return {way: _solver(study, step, made, way) for way in ("before", *WAYS)}


def _solver(study: Study, step: int, made: Choice, way: str) -> Solver:
    if way == "before":
        return study.solver(step)
    if way == "given":
        return study.solver(step, given=(made,))
    return study.solver(step, do=(made,), announced=way == "announced", as_chosen=way == "as if chosen")


def _sides(solvers: dict[str, Solver], step: int) -> tuple[Side, dict[str, Side | None]]:
    """The decision before and after, by way of asking; None where the event never happens, so that none can be learnt of."""
    solutions = dict(zip(SHARED, together([solvers[name] for name in SHARED]), strict=True))
    (solutions["announced"],) = together([solvers["announced"]])
    found = {name: None if one.is_impossible else Side(decision_of(one, step)) for name, one in solutions.items()}
    before = found.pop("before")
    if before is None:
        raise WorldsError(
            "the history has probability 0 in every world: by this scenario it cannot have happened [M10]"
        )
    return before, {name: found[name] for name in WAYS}


def _change(before: Side, after: Side, option: int) -> tuple[float, float]:
    """By how much the chance of an option changes, with its Monte Carlo error: the same worlds stand on both sides."""
    parts, totals = [], []
    for side in (before, after):
        chance = side.decision.chance(option)
        totals.append(float((side.world_weight * chance).sum()))
        parts.append(side.world_weight * (chance - totals[-1]))
    return totals[1] - totals[0], float(np.sqrt(((parts[1] - parts[0]) ** 2).sum()))


def _leading(before: Side, after: Side) -> tuple[int, int]:
    """The option that leads before, and its rival: what leads after, or else the second before."""
    totals = [
        np.array([(side.world_weight * side.decision.chance(o)).sum() for o in range(len(side.decision.options))])
        for side in (before, after)
    ]
    first = int(totals[0].argmax())
    rival = int(totals[1].argmax())
    if rival == first:
        totals[0][first] = -1.0
        rival = int(totals[0].argmax())
    return first, rival


# --- before and after --------------------------------------------------------------------------------------------


def _chances(study: Study, step: int, before: Side, after: Side) -> Table:
    titles = study.game.steps[step].option_titles
    rows: list[tuple[Cell, ...]] = [("reached", *_pair(before.decision.reached, after.decision.reached, before, after))]
    is_uncertain = any((side.decision.reached[side.decision.weight > 0] < 1 - 1e-9).any() for side in (before, after))
    for option, title in enumerate(titles):
        rows.append((title, *_pair(before.decision.chance(option), after.decision.chance(option), before, after)))
        if is_uncertain:
            rows.append((f"{title}, if reached", *_ratio_pair(option, before, after)))
    columns = (
        Column("what", ""), Column("before", "before", "chance"), Column("before_p5", "5 %", "chance"), Column("before_p95", "95 %", "chance"),
        Column("after", "after", "chance"), Column("after_p5", "5 %", "chance"), Column("after_p95", "95 %", "chance"),
        Column("change", "change", "points"),
    )  # fmt: skip
    return Table("chances", "Before and after", columns, tuple(rows))


def _pair(one: Floats, two: Floats, before: Side, after: Side) -> tuple[float | None, ...]:
    return _joined(
        pool(one * before.decision.weight, before.decision.weight),
        pool(two * after.decision.weight, after.decision.weight),
    )


def _ratio_pair(option: int, before: Side, after: Side) -> tuple[float | None, ...]:
    pooled = [
        pool(side.decision.chance(option) * side.decision.weight, side.decision.reached * side.decision.weight)
        for side in (before, after)
    ]
    return _joined(*pooled)


def _joined(*pooled: object) -> tuple[float | None, ...]:
    cells: list[float | None] = []
    for one in pooled:
        cells += [None, None, None] if one is None else [one.mean, one.p5, one.p95]  # type: ignore[attr-defined]
    change = cells[3] - cells[0] if cells[0] is not None and cells[3] is not None else None
    return (*cells, change)


# --- the split ---------------------------------------------------------------------------------------------------


def split(before: Side, after: Side, option: int) -> dict[str, float]:
    """The change of P(option) as the sum of reweighting, reach, mix of states and behaviour."""
    chances = [side.decision.chance(option) for side in (before, after)]
    weights = [side.world_weight for side in (before, after)]
    middle = (weights[0] + weights[1]) / 2
    found = {"reweighting of worlds": float(((weights[1] - weights[0]) * (chances[0] + chances[1]) / 2).sum())}
    parts = _shapley(before.decision, after.decision, option)
    return {**found, **{name: float((middle * part).sum()) for name, part in parts.items()}}


def _shapley(before: Decision, after: Decision, option: int) -> dict[str, Floats]:
    """[W] each factor's part of the change, over all orders in which the factors may change."""
    mixes = _filled(before.mix, after.mix)
    factors = {
        "reach": (before.reached, after.reached),
        "mix of states": mixes,
        "behaviour": (before.behaviour[:, option], after.behaviour[:, option]),
    }

    def value(is_after: dict[str, bool]) -> Floats:
        reached, mix, behaviour = (factors[name][is_after[name]] for name in factors)
        return np.asarray(reached * (mix * behaviour).sum(axis=0))

    parts = {name: np.zeros_like(before.reached) for name in factors}
    orders = list(permutations(factors))
    for order in orders:
        state = dict.fromkeys(factors, False)
        now = value(state)
        for name in order:
            state[name] = True
            then = value(state)
            parts[name] += (then - now) / len(orders)
            now = then
    return parts


def _filled(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Where one side is never reached, its mix of states is that of the other."""
    lost, gained = before.sum(axis=0) == 0, after.sum(axis=0) == 0
    return np.where(lost, after, before), np.where(gained, before, after)


def _split(before: Side, after: Side, study: Study, step: int) -> Table:
    titles = study.game.steps[step].option_titles
    parts = [split(before, after, option) for option in range(len(titles))]
    names = [name for name in parts[0] if any(abs(part[name]) > 1e-12 for part in parts)] or ["reach"]
    columns = (
        Column("option", ""),
        *(Column(name.replace(" ", "_"), name, "points") for name in names),
        Column("change", "change", "points"),
    )
    rows = tuple(
        (title, *(part[name] for name in names), sum(part.values())) for title, part in zip(titles, parts, strict=True)
    )
    return Table(
        "split",
        "What the change is made of",
        columns,
        rows,
        "in percentage points of P(option); the parts sum to the change",
    )


def _changed(study: Study, step: int, before: Side, after: Side) -> Table:
    """In which share of worlds the best reply changes, and to what."""
    titles = study.game.steps[step].option_titles
    best = [
        np.array([side.decision.best_share(option) for option in range(len(titles))]).argmax(axis=0)
        for side in (before, after)
    ]
    counted = (
        (before.decision.weight > 0)
        & (after.decision.weight > 0)
        & (before.decision.reached > 0)
        & (after.decision.reached > 0)
    )
    weight = np.where(counted, before.world_weight, 0.0)
    rows = []
    for first in range(len(titles)):
        for second in range(len(titles)):
            share = float(weight[(best[0] == first) & (best[1] == second)].sum()) / max(float(weight.sum()), 1e-300)
            if share > 0:
                rows.append((titles[first], titles[second], share))
    rows.sort(key=lambda row: -row[2])
    columns = (Column("before", "best reply before"), Column("after", "after"), Column("share", "worlds", "chance"))
    note = None if rows else "no world comes to the decision both before and after"
    return Table("best_replies", "Best replies before and after, over the states reached", columns, tuple(rows), note)


# --- why ---------------------------------------------------------------------------------------------------------


def _why(study: Study, step: int, options: tuple[int, int], gaps: list[Gap], event: str) -> Iterator[Table]:
    if not gaps:
        return
    titles = study.game.steps[step].option_titles
    pair = f"{titles[options[0]]} over {titles[options[1]]}"
    columns = (
        Column("part", ""),
        Column("before", "before", "amount"),
        Column("after", event, "amount"),
        Column("change", "change", "amount"),
    )
    by_part = {
        "gap_by_stake": (f"Why: the mover's payoff gap, {pair}, by stake", [gap.by_stake for gap in gaps]),
        "gap_by_outcome": (f"The same gap by outcome, against {gaps[0].baseline}", [gap.by_outcome for gap in gaps]),
    }
    for name, (title, sides) in by_part.items():
        values = [tuple(side.get(part, 0.0) for side in sides) for part in sides[0]] + [tuple(gap.gap for gap in gaps)]
        rows = tuple((part, one, two, two - one) for part, (one, two) in zip([*sides[0], "gap"], values, strict=True))
        yield Table(
            name,
            title,
            columns,
            rows,
            "mean over worlds and the states reached, as the mover sees it; the parts sum to the gap",
        )


def _ways(title: str, option: int, before: Side, sides: Mapping[str, Side | None]) -> Table:
    """An option's chance under each way of asking."""
    rows: list[tuple[Cell, ...]] = []
    for way, side in sides.items():
        if side is None:
            rows.append((way, None, None, SENTENCE[way]))
            continue
        after = float((side.world_weight * side.decision.chance(option)).sum())
        rows.append((way, after, _change(before, side, option)[0], SENTENCE[way]))
    columns = (
        Column("way", "way"),
        Column("after", "after", "chance"),
        Column("change", "change", "points"),
        Column("meaning", "meaning"),
    )
    return Table("ways", f"Asked in another way: {title}", columns, tuple(rows))


# --- links -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Without:
    """The change of each option [options] with a link off; of none for all on."""

    link: str | None
    title: str
    changes: tuple[float, ...]


def _links(study: Study, decision: str, event: str, way: str, step: int) -> list[_Without]:
    """The change of each option with all links on, and with each off, in fewer worlds."""
    count = len(study.game.steps[step].options)
    few = replace(study, worlds=min(study.worlds, LINK_WORLDS), are_links_open=True)

    def changes(one: Study) -> tuple[float, ...]:
        at, made = one.decision(decision), choice(one.game, event)
        solvers = [_solver(one, at, made, name) for name in ("before", way)]
        solutions = together(solvers) if way != "announced" else [solver.run() for solver in solvers]
        before, after = (Side(decision_of(solution, at)) for solution in solutions)
        return tuple(_change(before, after, option)[0] for option in range(count))

    off: list[tuple[str | None, str]] = [
        (name, link.title) for name, link in study.scenario.links.items() if name not in study.without
    ]
    studies = [few, *(few.without_links([str(name)]) for name, _ in off)]
    is_long = few.solver(step).is_long(len(studies) * few.worlds)  # compiled here, not in each process
    found = each([partial(changes, one) for one in studies], is_long)
    return [
        _Without(name, title, one) for (name, title), one in zip([(None, "all links on"), *off], found, strict=True)
    ]


def _link_table(study: Study, step: int, links: list[_Without]) -> Table:
    info = study.game.steps[step]
    columns = (Column("link", "without"), *(Column(option, option, "points") for option in info.options))
    rows: tuple[tuple[Cell, ...], ...] = tuple((one.title, *one.changes) for one in links)
    worlds = min(study.worlds, LINK_WORLDS)
    key = "; ".join(f"{option}: {title}" for option, title in zip(info.options, info.option_titles, strict=True))
    return Table(
        "links", "Which link carries it: the change with each link off", columns, rows, f"in {worlds:,} worlds; {key}"
    )


# --- words -------------------------------------------------------------------------------------------------------


def _judgements(
    study: Study,
    step: int,
    event: str,
    way: str,
    before: Side,
    sides: Mapping[str, Side | None],
    moved: int,
    links: list[_Without] | None,
) -> Iterator[str]:
    info = study.game.steps[step]
    mover = study.scenario.players[study.game.players[info.player]].name
    after = sides[way]
    assert after is not None
    change, error = _change(before, after, moved)
    if not any(side.decision.reached.any() for side in (before, after)):
        yield f"{info.label} is reached in no world, with {event} or without: there is no choice to shift."
        return
    if abs(change) <= max(2 * error, NOTHING):
        yield f"{event} does not move what {mover} chooses at {info.label} by more than its Monte Carlo error."
    else:
        one, two = (_stated(side, moved) for side in (before, after))
        verb = "raises" if change > 0 else "lowers"
        yield f"{event} {verb} the chance that {mover} chooses “{info.option_titles[moved]}” {f'from {one} to {two}' if one != two else f'from {one}'} ({points(change, error)})."
    yield _by_way(event, info.option_titles[moved], before, sides, moved)
    if links is not None and len(links) > 1:
        yield from _carried(links, info.option_titles[moved], moved, change, error)


def _stated(side: Side, option: int) -> str:
    pooled = pool(side.decision.chance(option) * side.decision.weight, side.decision.weight)
    return "no chance" if pooled is None else chance(pooled.mean, pooled.error)


def _by_way(event: str, title: str, before: Side, sides: Mapping[str, Side | None], option: int) -> str:
    """One sentence on how the three ways of asking differ, with their numbers (M11)."""
    said = {way: "" if side is None else points(*_change(before, side, option)) for way, side in sides.items()}
    given = (
        f"learnt (`given`), by {said['given']}, because worlds in which it was likelier count for more"
        if said["given"]
        else "and it cannot be learnt (`given`), since in play it never happens"
    )
    return (
        f"Made as a surprise (`do`), {event} changes the chance of “{title}” by {said['surprise']}, all before it as it was; announced, by {said['announced']}, "
        f"because earlier moves may change with it; {given}."
    )


def _carried(links: list[_Without], title: str, option: int, change: float, error: float) -> Iterator[str]:
    """Which link, switched off, changes the shift most."""
    whole, *others = links
    most = max(others, key=lambda one: abs(one.changes[option] - whole.changes[option]))
    carried = most.changes[option] - whole.changes[option]
    if abs(carried) > max(2 * error, NOTHING):
        yield f"Of the links, “{most.title}” matters most: without it the chance of “{title}” changes by {points(most.changes[option], error)} instead of {points(whole.changes[option], error)}."
    elif abs(change) > NOTHING:
        yield "No single link carries it: with any one of them off the change is the same within its Monte Carlo error."
