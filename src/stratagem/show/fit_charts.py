"""The figures of fits and of scores: coefficients, outcomes, how chances move with a column, forecasters side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stratagem.analyse.finding import Cell, Finding, Table
from stratagem.show.curves import Spot, curves, diagonal
from stratagem.show.figures import Chart, Point, points
from stratagem.show.files import write_atomically
from stratagem.show.findings import shown
from stratagem.show.numbers import chance, clean
from stratagem.show.vega import standing_alone

WITHIN_90 = 1.6448536269514722  # standard errors
Row = dict[str, Cell]


def of_fit(finding: Finding) -> Iterator[Chart]:
    """The figures of a fitted model."""
    for table in finding.tables:
        if table.name == "coefficients":
            yield _coefficients(table)
        elif table.name in ("outcomes", "predictive_outcomes") and any(one.kind == "chance" for one in table.columns):
            yield _outcomes(table)
        elif table.name.startswith("vary_"):
            yield _statics(table)
        elif table.name in ("scores", "cross_validation"):
            yield _forecasters(table, "forecaster", "score", "p5", "p95")
        elif table.name.endswith("reliability"):
            yield reliability_chart(table)


def write_fit_picture(finding: Finding, file: str | Path) -> None:
    """Write how chances move with the first column that was varied, else the coefficients, to an SVG of its own."""
    charts = list(of_fit(finding))
    chart = next((one for one in charts if one.tables[0].startswith("vary_")), charts[0])
    write_atomically(file, standing_alone(chart.svg("fit")))


def of_score(finding: Finding) -> Iterator[Chart]:
    """The figures of scores: forecasters by each rule, and how often what was forecast came."""
    for table in finding.tables:
        if table.name == "scores":
            yield _forecasters(table, "who", "brier", "brier_low", "brier_high", "Brier score")
        elif table.name == "reliability" and table.rows:
            yield reliability_chart(table)
        elif any(one.name == "log_gain" for one in table.columns):
            yield _forecasters(table, "model", "log", "log_low", "log_high")


def reliability_chart(table: Table) -> Chart:
    """How often an event came, by what was forecast."""
    rows = [row for row in _rows(table) if isinstance(row["forecast"], float) and isinstance(row["frequency"], float)]
    spots = [
        Spot(clean(row["event"]), _real(row["forecast"]), _real(row["frequency"]), count=int(_real(row["count"])))
        for row in rows
    ]
    worst = max(spots, key=lambda one: (one.y - one.x) ** 2 * (one.count or 0), default=None)
    title = table.title
    if worst is not None:
        of = f" of “{worst.line}”" if len({one.line for one in spots}) > 1 else ""
        title = f"Of the {worst.count} forecasts{of} near {chance(worst.x)}, {chance(worst.y)} came true: the bin that costs the scores most"
    return diagonal(clean(title), spots, (table.name,))


def _coefficients(table: Table) -> Chart:
    """Each coefficient with a 90 % interval; one that the data cannot see has none."""
    rows, apart, hidden = [], 0, 0
    middle = "estimate" if any(one.name == "estimate" for one in table.columns) else "mean"
    for row in _rows(table):
        value, error = _real(row[middle]), row.get("error")
        ends = (row.get("p5"), row.get("p95"))
        if isinstance(error, float):
            ends = (value - WITHIN_90 * error, value + WITHIN_90 * error)
        low, high = ((float(one) if isinstance(one, int | float) else None) for one in ends)
        is_seen = low is not None and high is not None
        hidden += not is_seen
        apart += is_seen and (_real(low) > 0 or _real(high) < 0)
        text = _told(table, row, middle) if is_seen else "not told by the data"
        rows.append(Point(clean(row["coefficient"]), text, value if is_seen else None, low, high))
    title = f"{apart} of {len(rows)} coefficients are apart from zero, by their 90 % intervals"
    title += f"; {hidden} cannot be told by these data" if hidden else ""
    return points(title, [("dot", middle), ("range", "90 % interval")], rows, "amount", tables=(table.name,))


def _outcomes(table: Table) -> Chart:
    rows = [
        Point(clean(row["outcome"]), f"{_told(table, row, 'observed')} → {_told(table, row, 'fitted')}", _real(row["fitted"]), marks={"before": _real(row["observed"])})
        for row in _rows(table)
    ]  # fmt: skip
    widest = max(_rows(table), key=lambda row: abs(_real(row["fitted"]) - _real(row["observed"])))
    title = f"On average the fit gives “{widest['outcome']}” {_told(table, widest, 'fitted')}, and {_told(table, widest, 'observed')} were observed"
    title += "; no outcome is further off" if len(rows) > 1 else ""
    return points(clean(title), [("ring", "observed"), ("dot", "fitted, on average")], rows, tables=(table.name,))


def _statics(table: Table) -> Chart:
    """Curves over a column of numbers; over words, points under each."""
    rows, name = _rows(table), table.columns[0].header
    by_outcome = {str(row["outcome"]): [one for one in rows if one["outcome"] == row["outcome"]] for row in rows}
    ends = {outcome: _ends(found) for outcome, found in by_outcome.items()}
    most = max(ends, key=lambda one: abs(_real(ends[one][1]["chance"]) - _real(ends[one][0]["chance"])))
    low, high = ends[most]
    title = clean(
        f"From {name} {_short(low['value'])} to {_short(high['value'])}, “{most}” goes from {_told(table, low, 'chance')} to {_told(table, high, 'chance')}"
    )
    if all(_is_number(row["value"]) for row in rows):
        spots = [
            Spot(clean(row["outcome"]), float(str(row["value"])), _real(row["chance"]), _real(row["p5"]), _real(row["p95"]))
            for row in rows
        ]  # fmt: skip
        return curves(title, clean(name), spots, (table.name,))
    listed, before = [], None
    for row in rows:
        if row["value"] != before:
            before = row["value"]
            listed.append(Point(clean(f"{name} {before}:"), "", None))
        text = f"{_told(table, row, 'chance')} ({_told(table, row, 'p5').removesuffix(' %')} to {_told(table, row, 'p95')})"
        listed.append(Point(clean(row["outcome"]), text, _real(row["chance"]), _real(row["p5"]), _real(row["p95"]), short=_told(table, row, "chance")))  # fmt: skip
    return points(title, [("dot", "chance"), ("range", "90 % interval")], listed, tables=(table.name,))


def _forecasters(table: Table, who: str, score: str, low: str, high: str, called: str = "log score") -> Chart:
    known = [row for row in _rows(table) if isinstance(row[score], float)]
    rows = []
    for row in known:
        ends = [float(one) if isinstance(one := row[end], int | float) else None for end in (low, high)]
        spread = f" ({_told(table, row, low)} to {_told(table, row, high)})" if None not in ends else ""
        told = _told(table, row, score)
        rows.append(Point(clean(row[who]), told + spread, _real(row[score]), ends[0], ends[1], short=told))
    best = min(known, key=lambda row: _real(row[score]), default=None)
    title = table.title if best is None else f"The best {called} is that of “{best[who]}”, {_told(table, best, score)}"
    if best is not None and best is not known[0]:
        title += f"; “{known[0][who]}” has {_told(table, known[0], score)}"
    key = [("dot", f"{called}, lower is better"), ("range", "90 % interval")]
    return points(clean(title), key, rows, "amount", tables=(table.name,))


def _ends(rows: list[Row]) -> tuple[Row, Row]:
    """The first and the last of a column of numbers; of words those with the least and the largest chance."""
    if all(_is_number(row["value"]) for row in rows):
        return rows[0], rows[-1]
    ranked = sorted(rows, key=lambda row: _real(row["chance"]))
    return ranked[0], ranked[-1]


def _short(cell: Cell) -> str:
    return f"{float(str(cell)):.3g}" if _is_number(cell) else str(cell)


def _is_number(cell: Cell) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return True


def _rows(table: Table) -> list[Row]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _told(table: Table, row: Row, name: str) -> str:
    return shown(row[name], next(column for column in table.columns if column.name == name))


def _real(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0
