"""Findings on a terminal: legible at 80 columns, in colour where it is wanted.

Titles stand on lines of their own, numbers beneath or beside them. Text of users is printed as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stratagem.analyse.forecast import FIXED_SENTENCE, DecisionAnswer, Forecast, QuestionAnswer
from stratagem.analyse.pooling import Pooled
from stratagem.show import columns as kind
from stratagem.show.columns import Column, Page, Row, bar, has_spread, text
from stratagem.show.learning import belief_blocks
from stratagem.show.moves import decision_blocks
from stratagem.show.numbers import amount, chance, chances, points, words

SHOWN_STATES = 12
MIN_REACH = 0.02
LEGEND_WITHOUT_RANGES = "mean chance over worlds, with its Monte Carlo error in percentage points"
LEGEND = "mean chance over worlds, its range over worlds, Monte Carlo error in points"


def show_forecast(console: Console, answer: Forecast, all_states: bool = False) -> None:
    """Print a forecast."""
    console.print(render_forecast(answer, all_states, console.width))


def render_forecast(answer: Forecast, all_states: bool = False, width: int = 80) -> Group:
    """A forecast as blocks of text and tables for a page of some width."""
    page = Page(width)
    names = {name: title for name, title, *_ in answer.players}
    made = {(one.step, one.action) for one in answer.history}
    states = _shown_states(answer.decisions) if all_states else []
    payoffs = [(title, *amount(true)) for _, title, _, true, _ in answer.players]
    stakes = [(one.title, *amount(one.value)) for one in answer.stakes]
    return Group(
        *_head(page, answer),
        *_headed("Decisions", decision_blocks(page, answer.choices, names, made)),
        *_headed("Decisions by state", decision_blocks(page, states, names, made)),
        *_headed("Outcomes", _ranged(page, (kind.CHANCE, kind.BAR, kind.RANGE), _outcomes(answer))),
        *_headed("Payoffs, expected at the start", _ranged(page, (kind.AMOUNT, kind.AMOUNTS), payoffs)),
        *_headed("Stakes, expected", _ranged(page, (kind.AMOUNT, kind.AMOUNTS), stakes)),
        *_headed("What was seen, and the chance it had", _ranged(page, (kind.CHANCE, kind.RANGE), _history(answer))),
        *_headed("What the moves tell", belief_blocks(page, answer.beliefs, names)),
        *_headed("Equilibria of the central world", _equilibria(answer, names)),
        *_headed("Warnings", [_bullet(one) for one in answer.warnings]),
        *_foot(answer),
    )


def render_judgements(answer: Forecast, width: int = 80) -> Group:
    """The key judgements of a forecast alone."""
    return Group(*_head(Page(width), answer), *_foot(answer))


def _head(page: Page, answer: Forecast) -> list[RenderableType]:
    return [
        text(answer.title, "bold"),
        *([text(answer.question, "italic")] if answer.question else []),
        *_headed("Key judgements", _judgements(page, answer)),
    ]


def _foot(answer: Forecast) -> list[RenderableType]:
    return ["", text(FIXED_SENTENCE, "dim"), text(manifest_line(answer.manifest), "dim")]


def manifest_line(manifest: Mapping[str, object]) -> str:
    """Who made this answer from what, in a line."""
    parts = [f"stratagem {manifest['stratagem']}", f"seed {manifest['seed']}", _count(manifest["worlds"], "world")]
    if manifest.get("worlds_failed"):
        parts.append(f"{manifest['worlds_failed']:,} failed")
    if manifest.get("worlds_ruled_out"):
        parts.append(f"{manifest['worlds_ruled_out']:,} ruled out")
    if manifest.get("worlds_tied"):
        parts.append(f"{manifest['worlds_tied']:,} tied")
    if manifest.get("history"):
        parts.append(f"{manifest['effective_worlds']:,.0f} effective")
    parts += [_count(manifest["states"], "state"), f"precision {manifest['precision']}"]
    parts += ["probit response"] if manifest.get("response") == "probit" else []
    parts += [f"do {one}" for one in manifest.get("do", [])]  # type: ignore[attr-defined]
    parts += [f"without {one}" for one in manifest.get("without", [])]  # type: ignore[attr-defined]
    if not manifest.get("perceptions"):
        parts.append("perceptions off")
    return " · ".join([*parts, f"sha256 {str(manifest['sha256'])[:12]}"])


def _count(number: object, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _headed(title: str, blocks: Iterable[RenderableType]) -> list[RenderableType]:
    """A section, or nothing where it is empty."""
    content = list(blocks)
    return ["", Text(title, style="bold underline"), *content] if content else []


def _bullet(saying: str) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row("·", text(saying))
    return grid


def _equilibria(answer: Forecast, names: Mapping[str, str]) -> Iterator[RenderableType]:
    """The equilibria of each part that has several: how each was found, its residual, and what is done in it."""
    for one in answer.equilibria:
        if one.number == 1:
            yield text(f"from {one.part}, later parts as solved", "bold")
        yield Padding(text(f"{one.number} · {one.source}; residual {one.residual:.1e}"), (0, 0, 0, 2), expand=False)
        for where in one.decisions:
            knows = "".join(f", {name} = {value}" for name, value in where.knows.items())
            done = ", ".join(f"{action} {chance(share)}" for action, share in where.actions.items())
            said = f"{where.step} ({names.get(where.player, where.player)}{knows}): {done}"
            yield Padding(text(said, "dim"), (0, 0, 0, 6), expand=False)


# --- sections ----------------------------------------------------------------------------------------------------


def _judgements(page: Page, answer: Forecast) -> Iterator[RenderableType]:
    """Each question on its own line, its numbers beneath, what they are compared with beneath those."""
    if not answer.questions:
        return
    ranges = has_spread(chances(one.probability) for one in answer.questions if one.probability)
    columns = (kind.CHANCE, kind.BAR, kind.WORDS, *((kind.RANGE,) if ranges else ()), kind.ERROR)
    yield Text(LEGEND if ranges else LEGEND_WITHOUT_RANGES, style="dim")
    yield Text(page.line(columns, [column.header for column in columns]), style="dim")
    for one in answer.questions:
        yield text(one.title + ("*" if one.is_after_the_fact else ""), "bold")
        if one.probability is None:
            is_unsolved = answer.num_failed == answer.manifest["worlds"]
            yield Text("  no world has an answer" if is_unsolved else "  void: its condition never arises")
        else:
            cells = _cells(one.probability)
            yield Text(page.line(columns, [cells[column] for column in columns]))
        if notes := " · ".join(_notes(one)):
            yield Padding(text(notes, "dim"), (0, 0, 0, kind.CHANCE.width + 4), expand=False)


def _cells(value: Pooled) -> dict[Column, str]:
    return {
        kind.CHANCE: chance(value.mean),
        kind.BAR: bar(value.mean),
        kind.WORDS: words(value.mean),
        kind.RANGE: chances(value),
        kind.ERROR: points(value.error),
    }


def _notes(one: QuestionAnswer) -> Iterator[str]:
    if one.tie_low is not None and one.tie_high is not None:
        yield f"{chance(one.tie_low)} to {chance(one.tie_high)} over ways to break ties"
    if one.condition is not None:
        yield f"asked of the {chance(one.condition.mean)} in which its condition arises"
    for name, other in (("base rate", one.base_rate), ("crowd", one.crowd)):
        if other is not None:
            yield f"{name} {chance(other.mean)}" + (f" as of {other.as_of}" if other.as_of else "")
    if one.resolved != "open":
        yield f"turned out {one.resolved}" + (f", {one.resolved_on}" if one.resolved_on else "")


def _shown_states(decisions: tuple[DecisionAnswer, ...]) -> Sequence[DecisionAnswer]:
    return [one for one in decisions if one.reach >= MIN_REACH or len(decisions) <= SHOWN_STATES]


def _outcomes(answer: Forecast) -> list[Row]:
    ranked = sorted(answer.outcomes, key=lambda one: -one.value.mean)
    return [(one.title, chance(one.value.mean), bar(one.value.mean), chances(one.value)) for one in ranked]


def _history(answer: Forecast) -> list[Row]:
    return [
        (f"{one.step} = {one.action}", chance(one.likelihood.mean), chances(one.likelihood)) for one in answer.history
    ]


def _ranged(page: Page, columns: tuple[Column, ...], rows: Sequence[Row]) -> Iterator[RenderableType]:
    """A table whose last cells are ranges, which are left out where they say nothing."""
    if not rows:
        return
    if not has_spread(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    yield page.table(columns, rows, page.label_width((row[0] for row in rows), columns))
