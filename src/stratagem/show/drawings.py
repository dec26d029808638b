"""Which figure a question, a decision or a finding gets; its title states what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.finding import Finding, Table
from stratagem.analyse.flow import START, Flow
from stratagem.analyse.forecast import DecisionAnswer, Named, QuestionAnswer
from stratagem.analyse.forecast import shown as rounded
from stratagem.analyse.pooling import Pooled
from stratagem.show.figures import Figure, Point, figure
from stratagem.show.findings import shown
from stratagem.show.game_picture import LEAST, NUM_HUES, game_picture
from stratagem.show.numbers import chance, chances, clean

DOT, RANGE = ("dot", "mean over worlds"), ("range", "5 to 95 % of worlds")
MOST_ROWS = 24


def question_figure(questions: Sequence[QuestionAnswer]) -> Figure | None:
    """The questions' chances with their ranges, base rates and crowds."""
    known = [(one, one.probability) for one in questions if one.probability is not None]
    if not known:
        return None
    widest, value = max(known, key=lambda pair: _width(pair[1]))
    likely = sum(rounded(value.mean) >= 0.55 for _, value in known)
    title = f"{likely} of {len(known)} are likely or more" if len(known) > 1 else f"{widest.title} {chance(value.mean)}"
    if _width(value) > 0.005 and len(known) > 1:
        title += f"; the assumptions settle “{widest.title}” least ({chances(value)})"
    rows = [
        _point(one.title, value, {**_mark("tick", one.base_rate), **_mark("diamond", one.crowd)})
        for one, value in known
    ]
    key = [DOT, RANGE]
    key += [("tick", "base rate")] if any(one.base_rate for one, _ in known) else []
    key += [("diamond", "crowd")] if any(one.crowd for one, _ in known) else []
    return figure("questions", clean(title), _read(rows), key, rows)


def _mark(kind: str, comparison: object) -> dict[str, float]:
    return {} if comparison is None else {kind: float(comparison.mean)}  # type: ignore[attr-defined]


def _width(value: Pooled) -> float:
    return 0.0 if value.p5 is None or value.p95 is None else value.p95 - value.p5


def _point(label: str, value: Pooled, marks: dict[str, float]) -> Point:
    spread = chances(value)
    text = chance(value.mean) + (f" ({spread})" if spread[:1].isdigit() or spread[:1] in "<>" else "")
    return Point(clean(label), text, value.mean, value.p5, value.p95, marks, chance(value.mean))


def _read(rows: Iterable[Point]) -> str:
    """The rows in words, for who does not see them."""
    return "; ".join(f"{one.label}: {one.text}" if one.text else one.label for one in rows) + "."


def decision_figure(one: DecisionAnswer, mover: str) -> Figure | None:
    """A decision's options, how likely and how often best."""
    known = [(action, action.probability) for action in one.actions if action.probability is not None]
    if not known:
        return None
    lead, value = max(known, key=lambda pair: pair[1].mean)
    title = f"{mover} most likely chooses “{lead.title}” ({chance(value.mean)}), the best reply in {chance(lead.best)} of worlds"
    rows = [_point(action.title, value, {"diamond": action.best}) for action, value in known[:MOST_ROWS]]
    key = [DOT, RANGE, ("diamond", "share of worlds in which it is the best reply")]
    return figure("decision", clean(title), _read(rows), key, rows)


def outcome_figure(outcomes: Sequence[Named]) -> Figure | None:
    """The outcomes, likeliest first."""
    if not outcomes:
        return None
    ranked = sorted(outcomes, key=lambda one: -one.value.mean)
    rows = [_point(one.title, one.value, {}) for one in ranked[:MOST_ROWS]]
    title = f"The likeliest end is “{ranked[0].title}”, {chance(ranked[0].value.mean)}"
    return figure("outcomes", clean(title), _read(rows), [DOT, RANGE], rows)


def finding_figure(finding: Finding, number: int) -> Figure | None:
    """The one figure of a finding, by its kind; of a kind not known here, the first column of numbers as bars."""
    title = clean(finding.judgements[0] if finding.judgements else finding.title)
    name = f"finding-{number}"
    tables = {table.name: table for table in finding.tables}
    if finding.kind == "shift" and "chances" in tables:
        rows = list(_shift_rows(tables["chances"]))
        key = [("ring", "before"), ("dot", f"after {finding.manifest.get('event', 'the event')}")]
        return figure(name, title, _read(rows), key, rows) if rows else None
    if finding.kind == "events":
        rows = list(_bars(tables["events"], label="title", value="moved"))
        return figure(
            name, title, _read(rows), [("block", "probability that passes to other options")], rows, bars=True
        )
    if finding.kind == "options":
        rows = list(_risk_rows([table for table in finding.tables if table.name.startswith("risk_")]))
        key = [("dot", "mean payoff from the move on"), ("range", "from the mean of the worst 5 %")]
        return figure(name, title, _read(rows), key, rows, is_chance=False) if rows else None
    rows = next((found for table in finding.tables if (found := list(_bars(table)))), [])
    return figure(name, title, _read(rows), [], rows, is_chance=False, bars=True) if rows else None


def _shift_rows(table: Table) -> Iterator[Point]:
    places = {column.name: place for place, column in enumerate(table.columns)}
    for label, *cells in table.rows:
        before, after, change = (cells[places[name] - 1] for name in ("before", "after", "change"))
        if (
            label == "reached"
            or str(label).endswith(", if reached")
            or not isinstance(before, float)
            or not isinstance(after, float)
        ):
            continue
        text = f"{chance(before)} → {chance(after)} ({shown(change, table.columns[places['change']])})"
        yield Point(clean(label), text, after, marks={"before": before}, short=f"{chance(before)} → {chance(after)}")


def _risk_rows(tables: Iterable[Table]) -> Iterator[Point]:
    for table in tables:
        places = {column.name: place for place, column in enumerate(table.columns)}
        yield Point(clean(table.title.partition(", ")[2].capitalize() or table.title) + ":", "", None)
        for row in table.rows:
            mean, worst = row[places["mean"]], row[places["cvar"]]
            if isinstance(mean, float) and isinstance(worst, float):
                text = shown(mean, table.columns[places["mean"]])
                yield Point(
                    clean(row[0]),
                    f"{text} (worst 5 %: {shown(worst, table.columns[places['cvar']])})",
                    mean,
                    worst,
                    mean,
                    short=text,
                )


def _bars(table: Table, label: str | None = None, value: str | None = None) -> Iterator[Point]:
    names = [column.name for column in table.columns]
    kinds = [column.kind for column in table.columns]
    place = names.index(value) if value else next((at for at, kind in enumerate(kinds) if kind != "text"), None)
    at = names.index(label) if label else 0
    if place is None or kinds[at] != "text":
        return
    for row in table.rows[:MOST_ROWS]:
        cell = row[place]
        if isinstance(cell, int | float):
            text = shown(cell, table.columns[place])
            yield Point(clean(row[at]), text, float(cell), short=text)


def flow_figure(briefing: Briefing) -> Figure | None:
    """The whole game in one picture."""
    flow = briefing.flow
    names = {name: player.name for name, player in briefing.scenario.players.items()}
    players = list(dict.fromkeys(step.player for step in flow.steps if step.player is not None))
    key = [(f"block p{place % NUM_HUES}", names.get(player, player)) for place, player in enumerate(players)]
    key += [("block chance", "chance")] if any(step.player is None for step in flow.steps) else []
    key += [("strip", "what best replies would do"), ("wedge", "most often the best reply")]
    end = max(flow.outcomes, key=lambda one: one[2], default=None)
    title = f"Play most often ends in “{end[1]}” ({chance(end[2])})" if end is not None else "How play runs"
    title += "; the width of a band is the share of plays that go that way"
    if not any(step.met >= LEAST for step in flow.steps):
        return None
    wide, narrow = game_picture(flow, names, "game", clean(title), clean(_told(flow, names)))
    return Figure("game", clean(title), "", tuple(key), wide, narrow)


def _told(flow: Flow, names: dict[str, str]) -> str:
    """The flow in words."""
    parts = [
        f"{'Chance' if step.player is None else names.get(step.player, step.player)}, {step.title} (met in {chance(step.met)}): "
        + ", ".join(f"{option.title} {chance(option.chance)}" for option in step.options if option.chance >= LEAST)
        for step in flow.steps
        if step.met >= LEAST
    ]
    ends = ", ".join(f"{title} {chance(share)}" for _, title, share in flow.outcomes if share >= LEAST)
    return "; ".join(parts) + f". It ends in: {ends}."


def leads_to(flow: Flow, step: int, option: int) -> str:
    """Where an option leads next, most often first."""
    found = sorted(
        (one for one in flow.links if one.step == step != START and one.option == option), key=lambda one: -one.share
    )
    whole = sum(one.share for one in found)
    return ", ".join(f"{_name(flow, one.to)} {chance(one.share / whole)}" for one in found[:4] if whole > 0)


def _name(flow: Flow, target: int) -> str:
    return flow.steps[target].label if target < len(flow.steps) else f"“{flow.outcomes[target - len(flow.steps)][1]}”"
