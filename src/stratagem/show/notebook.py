"""A forecast, and a finding, that show themselves: as text where Python prints them, as HTML in a notebook.

The HTML has no script and no style sheet, and all text of users in it is escaped. Its figures are those of the report, as SVG; where the
packages that draw them are missing, the tables stand alone.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from html import escape

from rich.console import Console, RenderableType

from stratagem.analyse.finding import Finding, Table
from stratagem.analyse.forecast import FIXED_SENTENCE, ActionAnswer, Forecast, QuestionAnswer
from stratagem.analyse.pooling import Pooled
from stratagem.errors import StratagemError
from stratagem.show.drawings import question_chart
from stratagem.show.figures import Chart
from stratagem.show.finding_charts import finding_charts
from stratagem.show.findings import render_finding, shown
from stratagem.show.numbers import amount, chance, chances, clean, points, words
from stratagem.show.terminal import manifest_line, render_forecast
from stratagem.show.wording import Wording

WIDTH = 80
BAR_EM = 7
RANGE = "5–95 % of worlds"
QUESTION_HEAD = ("Question", "Chance", "", "In words", RANGE, "Monte Carlo error", "Base rate", "Crowd")
ACTION_HEAD = ("Action", "Chance", "", RANGE, "Best reply in")
SIGNS = {
    "dot": ("●", "accent"), "range": ("━", "accent"), "block": ("■", "accent"), "tick": ("┃", "other"), "ring": ("○", "other"),
    "diamond": ("◇", "ink"), "line": ("─", "ink"),
}  # fmt: skip
# The light colours of the report, which figures ask for by name.
PALETTE = (
    "--paper:#fdfdfb;--raised:#f4f4ef;--ink:#1d2126;--soft:#5c636b;--line:#dcdcd4;--accent:#1f5f9e;--other:#b4541a;--chance:#80868f;--on:#ffffff;"
    "--p0:#1f5f9e;--p1:#a94e16;--p2:#75419b;--p3:#27765a;--p4:#a3324f;--p5:#66661c"
)


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


@dataclass(frozen=True, repr=False)
class ShownFinding(Finding):
    """A finding with a face; `titles` are those of the numbers that it names."""

    titles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, finding: Finding, titles: Mapping[str, str]) -> ShownFinding:
        """The same finding, able to show itself."""
        return cls(**{one.name: getattr(finding, one.name) for one in fields(Finding)}, titles=titles)

    def __repr__(self) -> str:
        return _printed(render_finding(self))

    def _repr_html_(self) -> str:
        return finding_html(self, Wording(self.titles))


def forecast_text(answer: Forecast, width: int = WIDTH) -> str:
    """What the terminal shows of a forecast, without colour."""
    return _printed(render_forecast(answer, width=width), width)


def _printed(what: RenderableType, width: int = WIDTH) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(what)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def finding_html(finding: Finding, wording: Wording) -> str:
    """A finding as a piece of HTML: its judgements, its figures, its tables."""
    parts = [f"<h3>{_escaped(finding.title)}</h3>"]
    parts += [f"<p>{escape(wording.sentence(text))}</p>" for text in finding.judgements]
    parts += _figures(finding_charts(finding, wording))
    for table in finding.tables:
        head = (wording.name(column.header or column.name) for column in table.columns)
        body = "".join(_table(wording.sentence(table.title), head, _finding_rows(table, wording)))
        note = f"<p><small>{escape(wording.sentence(table.note))}</small></p>" if table.note else ""
        parts.append(f"<details><summary>{escape(wording.sentence(table.title))}</summary>{body}{note}</details>")
    caveats = "".join(f"<li>{escape(wording.sentence(one))}</li>" for one in finding.caveats)
    parts.append(f"<ul>{caveats}</ul><p><small>{_escaped(FIXED_SENTENCE)}</small></p>")
    return _framed(parts)


def _finding_rows(table: Table, wording: Wording) -> Iterator[list[str]]:
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        yield [escape(wording.name(shown(cell, column))) for cell, column in cells]


def _framed(parts: list[str]) -> str:
    return f'<div style="{PALETTE};background:var(--paper);color:var(--ink);padding:1em">' + "\n".join(parts) + "</div>"


def _figures(charts: Iterable[Chart | None]) -> Iterator[str]:
    """Figures with their titles; none where the packages that draw them are missing."""
    for chart in charts:
        if chart is not None:
            try:
                svg = chart.svg(f"figure-{zlib.crc32(repr((chart.title, chart.description)).encode()):08x}")
            except StratagemError:
                return
            key = " &ensp; ".join(f"{_sign(mark)} {escape(meaning)}" for mark, meaning in chart.key)
            caption = f"<figcaption><b>{escape(chart.title)}</b><br><small>{key}</small></figcaption>"
            yield f'<figure style="max-width:46em;margin:1em 0">{caption}{svg}</figure>'


def _sign(mark: str) -> str:
    """A mark of a key as a sign of its colour."""
    kind, _, colour = mark.partition(" ")
    sign, own = SIGNS[kind]
    return f'<span style="color:var(--{own if colour in ("", "plain") else colour})">{sign}</span>'


def forecast_html(answer: Forecast) -> str:
    """A forecast as a piece of HTML."""
    names = {name: title for name, title, *_ in answer.players}
    parts = [f"<h3>{_escaped(answer.title)}</h3>"]
    if answer.question:
        parts.append(f"<p><em>{_escaped(answer.question)}</em></p>")
    parts += _figures([question_chart(answer.questions)])
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
    return _framed(parts)


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
