"""How an event in one place moves a decision in another, and why (M11): the title question.

The same worlds stand on both sides. The change is split into reach, mix of states and behaviour (by Shapley's rule, so that the parts
sum to the whole), and the mover's payoff gap between the two leading actions is split by stake and by outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.gap import Gap, payoff_gap
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import pool
from stratagem.analyse.study import Decision, Study, decision_of
from stratagem.errors import UsageError, WorldsError, quote
from stratagem.graph.game import Floats
from stratagem.solve.intervene import Choice, choice

LINK_WORLDS = 2_000
WAYS = ("surprise", "announced", "given")
SENTENCE = {
    "surprise": "`do` as a surprise: the event is set, all before it stays as it was, and nothing is inferred from it.",
    "announced": "`do`, announced: players know from the start that the event comes, and earlier moves may change with it.",
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

    `way` is `surprise`, `announced` or `given`; `baseline` is the outcome that payoffs are measured against.
    """
    step = study.decision(decision)
    made = choice(study.game, event)
    if made.step >= step:
        raise UsageError(f"{quote(event)} comes no earlier than {quote(decision)}, and cannot move it")
    before, after = _sides(study, step, made, way)
    options = _leading(before, after)
    gaps = [payoff_gap(study, step, options, baseline, do=do) for do in ((), (made,))] if way != "given" else []
    tables = [
        _chances(study, step, before, after),
        _split(before, after, study, step),
        _changed(study, step, before, after),
        *_why(study, step, options, gaps, event),
        _ways(study, step, made, options[0], way, (before, after)),
    ]
    if study.scenario.links:
        tables.append(_links(study, decision, event, way, step))
    return Finding(
        kind="shift",
        title=f"{study.scenario.scenario}: {event} and {study.game.steps[step].label}",
        judgements=tuple(_judgements(study, step, event, before, after)),
        tables=tuple(tables),
        caveats=(SENTENCE[way],),
        rests_on=bases(study.scenario, (study.game.steps[made.step].move, study.game.steps[step].move), tables),
        manifest={
            "event": event,
            "decision": study.game.steps[step].label,
            "way": way,
            "worlds": study.worlds,
            "seed": study.seed,
        },
    )


def _sides(study: Study, step: int, made: Choice, way: str) -> tuple[Side, Side]:
    if way not in WAYS:
        raise UsageError(f"the unknown way {quote(way)}; one of {', '.join(WAYS)}")
    before = study.solver(step).run()
    if way == "given":
        after = study.solver(step, given=(made,)).run()
    else:
        after = study.solver(step, do=(made,), announced=way == "announced").run()
    return Side(decision_of(before, step)), Side(decision_of(after, step))


def _given_reached(side: Side, option: int) -> Floats:
    return side.decision.chance(option)


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
    return Table("best_replies", "Best replies before and after, over the states reached", columns, tuple(rows))


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


def _ways(study: Study, step: int, made: Choice, option: int, way: str, sides: tuple[Side, Side]) -> Table:
    """The leading option's chance under each way of asking."""
    title = study.game.steps[step].option_titles[option]
    before = float((sides[0].world_weight * sides[0].decision.chance(option)).sum())
    rows: list[tuple[Cell, ...]] = []
    for one in WAYS:
        try:
            side = sides[1] if one == way else _sides_after(study, step, made, one)
        except WorldsError:  # it can be made, but in play it never happens, so that nothing can be learnt from it
            rows.append((one, None, None, SENTENCE[one]))
            continue
        after = float((side.world_weight * side.decision.chance(option)).sum())
        rows.append((one, after, after - before, SENTENCE[one]))
    columns = (
        Column("way", "way"),
        Column("after", "after", "chance"),
        Column("change", "change", "points"),
        Column("meaning", "meaning"),
    )
    return Table("ways", f"Asked in another way: {title}", columns, tuple(rows))


def _sides_after(study: Study, step: int, made: Choice, way: str) -> Side:
    return _sides(study, step, made, way)[1]


def _links(study: Study, decision: str, event: str, way: str, step: int) -> Table:
    """The change of each option with each link off, in fewer worlds."""
    titles = study.game.steps[step].option_titles
    few = replace(study, worlds=min(study.worlds, LINK_WORLDS))

    def change(one: Study) -> list[float]:
        sides = _sides(one, one.decision(decision), choice(one.game, event), way)
        totals = [
            np.array([(side.world_weight * side.decision.chance(o)).sum() for o in range(len(titles))])
            for side in sides
        ]
        return [float(value) for value in totals[1] - totals[0]]

    whole = change(few)
    rows: list[tuple[Cell, ...]] = [("(all on)", *whole)]
    for name, link in study.scenario.links.items():
        if name not in study.without:
            rows.append((f"without {name}: {link.title}", *change(few.without_links([name]))))
    columns = (
        Column("link", ""),
        *(
            Column(option, title, "points")
            for option, title in zip(study.game.steps[step].options, titles, strict=True)
        ),
    )
    return Table(
        "links",
        "Which link carries it: the change with each link off",
        columns,
        tuple(rows),
        f"in {few.worlds:,} worlds",
    )


def _judgements(study: Study, step: int, event: str, before: Side, after: Side) -> Iterator[str]:
    info = study.game.steps[step]
    mover = study.scenario.players[study.game.players[info.player]].name
    changes = []
    for option, title in enumerate(info.option_titles):
        one, two = (float((side.world_weight * side.decision.chance(option)).sum()) for side in (before, after))
        changes.append((two - one, title, one, two))
    change, title, one, two = max(changes, key=lambda entry: abs(entry[0]))
    verb = "raises" if change > 0 else "lowers"
    yield f"{event} {verb} the chance that {mover} chooses “{title}” from {percent(one)} to {percent(two)}."
