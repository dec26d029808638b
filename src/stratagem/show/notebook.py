"""A forecast that shows itself: as text where Python prints it, as HTML in a notebook.

The HTML has no script and no style sheet, and all text of users in it is escaped.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from html import escape

from rich.console import Console

from stratagem.analyse.forecast import FIXED_SENTENCE, ActionAnswer, Forecast, QuestionAnswer
from stratagem.analyse.pooling import Pooled
from stratagem.show.numbers import amount, chance, chances, clean, points, words
from stratagem.show.terminal import manifest_line, render_forecast

WIDTH = 80
BAR_EM = 7
RANGE = "5–95 % of worlds"
QUESTION_HEAD = ("Question", "Chance", "", "In words", RANGE, "Monte Carlo error", "Base rate", "Crowd")
ACTION_HEAD = ("Action", "Chance", "", RANGE, "Best reply in")


@dataclass(frozen=True, repr=False)
class Answer(Forecast):
    """A forecast with a face."""

    @classmethod
    def of(cls, forecast: Forecast) -> Answer:
        """The same forecast, able to show itself."""
        return cls(**{field.name: getattr(forecast, field.name) for field in fields(Forecast)})

    def __repr__(self) -> str:
        return forecast_text(self)

    def _repr_html_(self) -> str:
        return forecast_html(self)


def forecast_text(answer: Forecast, width: int = WIDTH) -> str:
    """What the terminal shows of a forecast, without colour."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(render_forecast(answer, width=width))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def forecast_html(answer: Forecast) -> str:
    """A forecast as a piece of HTML."""
    names = {name: title for name, title, *_ in answer.players}
    parts = [f"<h3>{_escaped(answer.title)}</h3>"]
    if answer.question:
        parts.append(f"<p><em>{_escaped(answer.question)}</em></p>")
    parts += _table("Key judgements", QUESTION_HEAD, (_question(one) for one in answer.questions))
    for one in answer.choices:
        title = f"{names.get(one.player, one.player)}: {one.title}" + (f", {one.date}" if one.date else "")
        caption = f"{title} ({one.step}, reached in {chance(one.reach)})"
        parts += _table(caption, ACTION_HEAD, (_action(action) for action in one.actions))
    outcomes = (
        [_escaped(one.title), chance(one.value.mean), _bar(one.value.mean), _limits(one.value)]
        for one in sorted(answer.outcomes, key=lambda one: -one.value.mean)
    )
    parts += _table("Outcomes", ("Outcome", "Chance", "", RANGE), outcomes)
    for caption, named in (
        ("Payoffs, expected at the start", [(title, true) for _, title, _, true, _ in answer.players]),
        ("Stakes, expected", [(one.title, one.value) for one in answer.stakes]),
    ):
        rows = ([_escaped(title), *(escape(cell) for cell in amount(value))] for title, value in named)
        parts += _table(caption, ("", "Mean", RANGE), rows)
    if answer.warnings:
        items = "".join(f"<li>{_escaped(one)}</li>" for one in answer.warnings)
        parts.append(f"<p>Warnings</p><ul>{items}</ul>")
    parts.append(f"<p><small>{_escaped(FIXED_SENTENCE)}<br>{_escaped(manifest_line(answer.manifest))}</small></p>")
    return "<div>" + "\n".join(parts) + "</div>"


def _escaped(text: object) -> str:
    return escape(clean(text))


def _table(caption: str, head: Iterable[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A table of cells that are HTML already, or nothing where there are no rows."""
    body = "".join(_row(*row) for row in rows)
    if body:
        top = "".join(f'<th scope="col">{escape(one)}</th>' if one else "<td></td>" for one in head)
        yield f"<table><caption>{_escaped(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _row(label: str, *cells: str) -> str:
    head = f'<th scope="row" style="text-align:left">{label}</th>'
    return f"<tr>{head}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _question(one: QuestionAnswer) -> list[str]:
    mark = ("*" if one.is_after_the_fact else "") + ("" if one.resolved == "open" else f" (turned out {one.resolved})")
    others = [escape(chance(other.mean)) if other else "" for other in (one.base_rate, one.crowd)]
    title = _escaped(one.title + mark)
    value = one.probability
    if value is None:
        return [title, "", "", "void", "", "", *others]
    cells = [escape(chance(value.mean)), _bar(value.mean), escape(words(value.mean)), _limits(value)]
    return [title, *cells, escape(points(value.error)), *others]


def _action(one: ActionAnswer) -> list[str]:
    if one.probability is None:
        return [_escaped(one.title), "", "", "", ""]
    mean = one.probability.mean
    return [_escaped(one.title), escape(chance(mean)), _bar(mean), _limits(one.probability), escape(chance(one.best))]


def _limits(value: Pooled) -> str:
    return escape(chances(value))


def _bar(value: float) -> str:
    wide = max(0.0, min(1.0, value)) * BAR_EM
    return f'<div aria-hidden="true" style="width:{wide:.2f}em;height:0.8em;background:#4c78a8"></div>'
