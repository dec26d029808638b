"""The figures of a forecast and of its game: questions, a decision, outcomes, the flow of play. Each title states what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stratagem.analyse.flow import START, Flow
from stratagem.analyse.forecast import DecisionAnswer, Named, QuestionAnswer
from stratagem.analyse.forecast import shown as rounded
from stratagem.analyse.pooling import Pooled
from stratagem.show.figures import Chart, Figure, Point, points
from stratagem.show.game_picture import LEAST, NUM_HUES, game_picture
from stratagem.show.numbers import chance, chances, clean

if TYPE_CHECKING:  # a forecast in a notebook loads no analysis
    from stratagem.analyse.briefing import Briefing

DOT, RANGE = ("dot", "mean over worlds"), ("range", "5 to 95 % of worlds")
MOST_ROWS = 24


def question_chart(questions: Sequence[QuestionAnswer]) -> Chart | None:
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
    return points(clean(title), key, rows)


def _mark(kind: str, comparison: object) -> dict[str, float]:
    return {} if comparison is None else {kind: float(comparison.mean)}  # type: ignore[attr-defined]


def _width(value: Pooled) -> float:
    return 0.0 if value.p5 is None or value.p95 is None else value.p95 - value.p5


def _point(label: str, value: Pooled, marks: dict[str, float]) -> Point:
    spread = chances(value)
    text = chance(value.mean) + (f" ({spread})" if spread[:1].isdigit() or spread[:1] in "<>" else "")
    return Point(clean(label), text, value.mean, value.p5, value.p95, marks, chance(value.mean))


def decision_chart(one: DecisionAnswer, mover: str) -> Chart | None:
    """A decision's options, how likely and how often best."""
    known = [(action, action.probability) for action in one.actions if action.probability is not None]
    if not known:
        return None
    lead, value = max(known, key=lambda pair: pair[1].mean)
    title = f"{mover} most likely chooses “{lead.title}” ({chance(value.mean)}), the best reply in {chance(lead.best)} of worlds"
    rows = [_point(action.title, value, {"diamond": action.best}) for action, value in known[:MOST_ROWS]]
    key = [DOT, RANGE, ("diamond", "share of worlds in which it is the best reply")]
    return points(clean(title), key, rows)


def outcome_chart(outcomes: Sequence[Named]) -> Chart | None:
    """The outcomes, likeliest first."""
    if not outcomes:
        return None
    ranked = sorted(outcomes, key=lambda one: -one.value.mean)
    rows = [_point(one.title, one.value, {}) for one in ranked[:MOST_ROWS]]
    title = f"The likeliest end is “{ranked[0].title}”, {chance(ranked[0].value.mean)}"
    return points(clean(title), [DOT, RANGE], rows)


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
    return Figure("game", clean(title), tuple(key), wide, narrow)


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
