"""One finding as an HTML file that needs nothing else: what was found, its figures, its tables, how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stratagem.analyse.finding import Finding, Table
from stratagem.analyse.forecast import FIXED_SENTENCE
from stratagem.show.files import write_atomically
from stratagem.show.finding_charts import finding_charts
from stratagem.show.grids import Grid, GridRow, grid, grid_of, words
from stratagem.show.html import page
from stratagem.show.numbers import clean
from stratagem.show.wording import Wording

TEMPLATE = "finding.html.jinja"
MADE = {"fit": "a fit", "score": "scores"}


def write_finding_page(finding: Finding, path: str | Path) -> None:
    """Write the page of a finding, whole or not at all. Raises `StratagemError`."""
    write_atomically(path, finding_html(finding))


def finding_html(finding: Finding) -> str:
    """The page of a finding. Raises `StratagemError` where a package of the extra `report` is missing."""
    wording = Wording()
    charts = finding_charts(finding, wording)
    tables = {table.name: grid_of(_without_bars(table), wording) for table in finding.tables if table.rows}
    headings = {table.name: clean(table.title) for table in finding.tables}
    drawn = {name for chart in charts for name in chart.tables}
    figures = [
        {
            "heading": headings[chart.tables[0]] if chart.tables else clean(finding.title),
            "figure": chart.figure(str(number)),
            "tables": [tables[name] for name in chart.tables if name in tables],
        }
        for number, chart in enumerate(charts, start=1)
    ]
    return page(
        TEMPLATE,
        {
            "page": {
                "title": clean(finding.title),
                "eyebrow": f"Stratagem: {MADE.get(finding.kind, finding.kind)}",
                "fixed": FIXED_SENTENCE,
            },
            "judgements": [clean(one) for one in finding.judgements],
            "caveats": [clean(one) for one in finding.caveats],
            "figures": figures,
            "tables": [one for name, one in tables.items() if name not in drawn],
            "rests_on": _basis(finding),
            "manifest": _manifest(finding.manifest),
        },
    )


def _without_bars(table: Table) -> Table:
    """A table without the columns that only draw what others say."""
    kept = [at for at, column in enumerate(table.columns) if column.kind != "bar"]
    rows = tuple(tuple(row[at] for at in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[at] for at in kept), rows=rows)


def _basis(finding: Finding) -> Grid:
    rows = [
        GridRow(clean(one.element), (words(one.written), words(one.source or one.assumption)))
        for one in finding.rests_on
    ]
    return grid("What it rests on", ("what", "as written", "source or reason"), rows)


def _manifest(manifest: Mapping[str, object]) -> Grid:
    told = {name: _written(value) for name, value in manifest.items() if value is not None}
    rows = [GridRow(clean(name.replace("_", " ")), (words(text),)) for name, text in told.items() if text]
    return grid("Manifest", ("what", "value"), rows, "enough to make it again")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_written(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_written(one) for one in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)
