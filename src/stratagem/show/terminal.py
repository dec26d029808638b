"""Findings on a terminal: legible at 80 columns, in colour where it is wanted.

Text of users is printed as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stratagem.analyse.forecast import FIXED_SENTENCE, DecisionAnswer, Forecast, Named, QuestionAnswer, percent
from stratagem.analyse.pooling import Pooled
from stratagem.scenario.lexicon import in_words

BAR = 16
SHOWN_STATES = 12
MIN_REACH = 0.02


def show_forecast(console: Console, answer: Forecast, all_states: bool = False) -> None:
    """Print a forecast."""
    console.print(render_forecast(answer, all_states))


def render_forecast(answer: Forecast, all_states: bool = False) -> Group:
    """A forecast as blocks of text and tables."""
    blocks: list[RenderableType] = [Text(answer.title, style="bold")]
    if answer.question:
        blocks.append(Text(answer.question, style="italic"))
    blocks += _headed("Key judgements", [_judgements(answer)]) if answer.questions else []
    blocks += _headed("Decisions", [_choice_table(answer.choices)]) if answer.choices else []
    if all_states:
        blocks += _headed("Decisions by state", [_state_table(answer.decisions)])
    blocks += _headed("Outcomes", [_named_table(answer.outcomes, is_probability=True)])
    blocks += _headed("Stakes, expected", [_named_table(answer.stakes, is_probability=False)]) if answer.stakes else []
    blocks += _headed("What was seen", [_history(answer)]) if answer.history else []
    blocks += _headed("Warnings", [Text("· " + one) for one in answer.warnings]) if answer.warnings else []
    blocks += ["", Text(FIXED_SENTENCE, style="dim"), Text(manifest_line(answer.manifest), style="dim")]
    return Group(*blocks)


def manifest_line(manifest: Mapping[str, object]) -> str:
    """Who made this answer from what, in a line."""
    parts = [f"stratagem {manifest['stratagem']}", f"seed {manifest['seed']}", f"{manifest['worlds']:,} worlds"]
    if manifest.get("worlds_failed"):
        parts.append(f"{manifest['worlds_failed']} failed")
    if manifest.get("worlds_tied"):
        parts.append(f"{manifest['worlds_tied']} tied")
    if manifest.get("history"):
        parts.append(f"{manifest['effective_worlds']} effective")
    parts += [f"{manifest['states']:,} states", f"precision {manifest['precision']}"]
    parts += [f"do {one}" for one in manifest.get("do", [])]  # type: ignore[attr-defined]
    parts += [f"without {one}" for one in manifest.get("without", [])]  # type: ignore[attr-defined]
    if not manifest.get("perceptions"):
        parts.append("perceptions off")
    return " · ".join([*parts, f"sha256 {str(manifest['sha256'])[:12]}"])


def bar(value: float, width: int = BAR) -> str:
    """A probability as a small bar."""
    eighths = round(max(0.0, min(1.0, value)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")


def _headed(title: str, blocks: list[RenderableType]) -> list[RenderableType]:
    return ["", Text(title, style="bold underline"), *blocks]


def _table(*headers: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for place, header in enumerate(headers):
        table.add_column(header, justify="left" if place == 0 else "right", overflow="fold", ratio=None)
    return table


def _range(value: Pooled) -> str:
    if value.p5 is None or value.p95 is None:
        return ""
    return f"{percent(value.p5)} – {percent(value.p95)}"


def _error(value: Pooled) -> str:
    return f"±{100 * value.error:.1f}" if value.error >= 0.0005 else "±0"


def _judgements(answer: Forecast) -> RenderableType:
    has_base = any(one.base_rate for one in answer.questions)
    has_crowd = any(one.crowd for one in answer.questions)
    headers = ["question", "in words", "chance", "worlds 5–95 %", "error"]
    table = _table(*headers, *(["base rate"] if has_base else []), *(["crowd"] if has_crowd else []))
    for one in answer.questions:
        cells = [Text(_title(one)), *(_question_cells(one))]
        if has_base:
            cells.append(Text(percent(one.base_rate.mean) if one.base_rate else ""))
        if has_crowd:
            cells.append(Text(percent(one.crowd.mean) if one.crowd else ""))
        table.add_row(*cells)
    return table


def _title(one: QuestionAnswer) -> str:
    return one.title + ("*" if one.is_after_the_fact else "") + (f" [{one.resolved}]" if one.resolved != "open" else "")


def _question_cells(one: QuestionAnswer) -> list[Text]:
    if one.probability is None:
        return [Text("void"), Text("–"), Text(""), Text("")]
    tied = "" if one.tie_low is None or one.tie_high is None else f" (ties {percent(one.tie_low)} – {percent(one.tie_high)})"
    return [
        Text(in_words(one.probability.mean)),
        Text(percent(one.probability.mean) + tied, style="bold"),
        Text(_range(one.probability)),
        Text(_error(one.probability)),
    ]


def _choice_table(choices: tuple[DecisionAnswer, ...]) -> Table:
    table = _table("who, when, action", "chance", "", "worlds 5–95 %", "best reply in")
    for one in choices:
        when = f", {one.date}" if one.date else ""
        table.add_row(Text(f"{one.player}: {one.title}{when}", style="bold"), Text(f"reached {percent(one.reach)}", style="dim"), "", "", "")
        _action_rows(table, one)
    return table


def _action_rows(table: Table, one: DecisionAnswer) -> None:
    for action in one.actions:
        value = action.probability
        if value is not None:
            table.add_row(Padding(Text(action.title), (0, 0, 0, 2)), Text(percent(value.mean)), Text(bar(value.mean), style="cyan", justify="left"), Text(_range(value)), Text(percent(action.best)))


def _state_table(decisions: tuple[DecisionAnswer, ...]) -> Table:
    table = _table("who, where, action", "chance", "", "worlds 5–95 %", "best reply in")
    for one in decisions:
        if one.reach < MIN_REACH and len(decisions) > SHOWN_STATES:
            continue
        state = ", ".join(f"{name} {value}" for name, value in one.state.items())
        table.add_row(Text(f"{one.player}: {one.step}" + (f" ({state})" if state else ""), style="bold"), Text(f"reached {percent(one.reach)}", style="dim"), "", "", "")
        _action_rows(table, one)
    return table


def _named_table(named: tuple[Named, ...], is_probability: bool) -> Table:
    table = _table("", "chance" if is_probability else "mean", "", "worlds 5–95 %")
    for one in sorted(named, key=lambda one: -one.value.mean) if is_probability else named:
        if is_probability:
            table.add_row(Text(one.title), Text(percent(one.value.mean)), Text(bar(one.value.mean), style="cyan", justify="left"), Text(_range(one.value)))
        else:
            spread = f"{one.value.p5:.2g} – {one.value.p95:.2g}" if one.value.p5 is not None else ""
            table.add_row(Text(one.title), Text(f"{one.value.mean:.2g}"), "", Text(spread))
    return table


def _history(answer: Forecast) -> Table:
    table = _table("move", "action", "held likely at", "worlds 5–95 %")
    for one in answer.history:
        table.add_row(Text(one.step), Text(one.action), Text(percent(one.likelihood.mean)), Text(_range(one.likelihood)))
    return table
