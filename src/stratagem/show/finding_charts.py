"""Which figures a finding gets, for a report and for a notebook alike. Each title states what its figure shows.

A kind of finding not known here gets the first table that can be drawn as bars, so that a new analysis needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stratagem.analyse.finding import Cell, Finding, Table
from stratagem.show.before_after import before_after, most_moved
from stratagem.show.figures import RANGE_ENDS, Cells, Chart, Point, hue, points, regions
from stratagem.show.findings import shown
from stratagem.show.fit_charts import of_fit, of_score
from stratagem.show.numbers import chance, clean
from stratagem.show.wording import Wording

MOST_ROWS = 14
DOT, RING = "dot", "ring"
Row = dict[str, Cell]


def finding_charts(finding: Finding, wording: Wording | None = None) -> list[Chart]:
    """The figures of a finding."""
    words = wording or Wording()
    return list(_CHARTS.get(finding.kind, _plain)(finding, words))


def _plain(finding: Finding, words: Wording) -> Iterator[Chart]:
    for table in finding.tables:
        rows = list(_bars(table, words))
        if rows:
            title = words.sentence(finding.judgements[0] if finding.judgements else finding.title)
            yield points(title, [], rows, "amount", bars=True, tables=(table.name,))
            return


def _bars(table: Table, words: Wording) -> Iterator[Point]:
    """The first column of numbers of a table whose first column is text."""
    place = next((at for at, column in enumerate(table.columns) if column.kind != "text"), None)
    if place is None or table.columns[0].kind != "text":
        return
    for row in table.rows[:MOST_ROWS]:
        if isinstance(row[place], int | float):
            yield Point(words.name(row[0]), shown(row[place], table.columns[place]), float(row[place] or 0.0))


# --- reading tables ----------------------------------------------------------------------------------------------


def _tables(finding: Finding, start: str) -> Iterator[Table]:
    return (one for one in finding.tables if one.name.startswith(start) and one.rows)


def _rows(table: Table) -> list[Row]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def _told(table: Table, row: Row, name: str) -> str:
    """A cell as tables show it."""
    return shown(row[name], next(column for column in table.columns if column.name == name))


def _real(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


# --- an event ----------------------------------------------------------------------------------------------------


def _of_events(finding: Finding, words: Wording) -> Iterator[Chart]:
    for table in _tables(finding, "events"):
        rows = [Point(clean(row["title"]), _told(table, row, "moved"), _real(row["moved"])) for row in _rows(table)]
        key = [("block", "probability that passes to other options")]
        yield points(words.sentence(finding.judgements[0]), key, rows, bars=True, tables=(table.name,))


def _of_shift(finding: Finding, words: Wording) -> Iterator[Chart]:
    event = words.sentence(finding.manifest.get("event", "the event"))
    for table in _tables(finding, "chances"):
        rows = [
            Point(
                clean(row["what"]), f"{_told(table, row, 'before')} → {_told(table, row, 'after')} ({_told(table, row, 'change')})",
                _real(row["after"]), marks={"before": _real(row["before"])}, short=f"{_told(table, row, 'before')} → {_told(table, row, 'after')}",
            )
            for row in _rows(table)
            if row["what"] != "reached" and not str(row["what"]).endswith(", if reached") and isinstance(row["before"], float) and isinstance(row["after"], float)
        ]  # fmt: skip
        if rows:
            key = [(RING, "before"), (DOT, f"after {event}")]
            yield points(words.sentence(finding.judgements[0]), key, rows, tables=(table.name,))
    for table in _tables(finding, "gap_by_stake"):
        found = _rows(table)
        parts = [row for row in found if row["part"] != "gap"]
        most = max(parts, key=lambda row: abs(_real(row["change"])))
        rows = [
            Point(words.name(row["part"]), f"{_told(table, row, 'before')} → {_told(table, row, 'after')}", _real(row["after"]), marks={"before": _real(row["before"])})
            for row in found
        ]  # fmt: skip
        title = f"{table.title.removeprefix('Why: ')}: “{words.name(most['part'])}” changes it most, by {_told(table, most, 'change')}"
        yield points(clean(title[:1].upper() + title[1:]), [(RING, "before"), (DOT, f"after {event}")], rows, "amount", tables=(table.name,))  # fmt: skip


# --- flips -------------------------------------------------------------------------------------------------------


def _of_flips(finding: Finding, words: Wording) -> Iterator[Chart]:
    for start, drawn in (("thresholds", _thresholds), ("tornado", _tornado), ("map", _map), ("nearest", _nearest), ("reweighting", _reweighting)):  # fmt: skip
        for table in _tables(finding, start):
            yield from drawn(table, words)


def _thresholds(table: Table, words: Wording) -> Iterator[Chart]:
    by_name: dict[str, list[Row]] = {}
    for row in _rows(table):
        by_name.setdefault(str(row["number"]), []).append(row)
    inside = [name for name, found in by_name.items() if any(row["where"] == "inside" for row in found)]
    rows = []
    for name, found in list(by_name.items())[:MOST_ROWS]:
        low, high = _real(found[0]["p5"]), _real(found[0]["p95"])
        where = [(_real(row["threshold"]) - low) / (high - low) if high > low else 0.5 for row in found]
        ticks = tuple(min(max(one, RANGE_ENDS[0]), RANGE_ENDS[1]) for one in where)
        text = "flips at " + ", ".join(_told(table, row, "threshold") for row in found)
        label = f"{words.name(name)}: {_told(table, found[0], 'centre')} ({_told(table, found[0], 'p5')} to {_told(table, found[0], 'p95')})"
        centre = (_real(found[0]["centre"]) - low) / (high - low) if high > low else 0.5
        rows.append(Point(label, text, centre, 0.0, 1.0, ticks=ticks, short=text.removeprefix("flips ")))
    first = by_name[inside[0]][0] if inside else None
    within = "all" if len(inside) == len(by_name) else "none" if not inside else f"{len(inside)} of them"
    title = f"{len(by_name)} {'number flips' if len(by_name) == 1 else 'numbers flip'} the choice alone, {within} within the 90 % range" + (
        f"; “{words.name(inside[0])}” swings it most, and flips it at {_told(table, first, 'threshold')} to “{first['to']}”" if first else ""
    )  # fmt: skip
    key = [(DOT, "centre"), ("range", "5 to 95 %"), ("tick", "where the choice flips")]
    yield points(clean(title), key, rows, "range", tables=(table.name,))


def _tornado(table: Table, words: Wording) -> Iterator[Chart]:
    found = _rows(table)[:MOST_ROWS]
    rows = []
    for row in found:
        ends = sorted((_real(row["lead_p5"]), _real(row["lead_p95"])))
        marks: dict[str, float] = {}
        if ends[1] > 0:
            marks |= {"span_from": max(ends[0], 0.0), "span_to": ends[1]}
        if ends[0] < 0:
            marks |= {"lost_from": ends[0], "lost_to": min(ends[1], 0.0)}
        text = f"{_told(table, row, 'lead_p5')} to {_told(table, row, 'lead_p95')}"
        rows.append(Point(f"{words.name(row['number'])}: {_told(table, row, 'p5')} to {_told(table, row, 'p95')}", text, None, marks=marks))  # fmt: skip
    most = found[0]
    title = f"“{words.name(most['number'])}” swings the lead of the preferred action most, from {_told(table, most, 'lead_p5')} to {_told(table, most, 'lead_p95')} over its 90 % range"
    key = [("block", "the preferred action leads"), ("block other", "another has overtaken it")]
    yield points(clean(title), key, rows, "amount", tables=(table.name,))


def _map(table: Table, words: Wording) -> Iterator[Chart]:
    letters = tuple(tuple(str(cell) for cell in row[1:]) for row in table.rows)
    whole = [letter for row in letters for letter in row]
    titles = {part[:1]: part[2:] for part in (table.note or "").split("; ")}
    ranked = sorted(set(whole), key=lambda one: -whole.count(one))
    down, across = table.columns[0].name, table.columns[1].name.rpartition("_")[0]
    shares = ", ".join(f"“{titles.get(one, one)}” in {chance(whole.count(one) / len(whole))}" for one in ranked)
    title = f"Over “{words.name(down)}” and “{words.name(across)}”, the preferred action is {shares} of the map"
    cells = Cells(
        words.name(down), words.name(across), tuple(_told(table, {down: row[0]}, down) for row in table.rows),
        tuple(clean(column.header) for column in table.columns[1:]), letters,
    )  # fmt: skip
    key = [(f"block p{hue(one)}", clean(f"{one} {titles.get(one, '')}".strip())) for one in sorted(set(whole))]
    key.append(("ring plain", "the central world"))
    yield regions(clean(title), clean(table.title), key, cells, table.name)


def _nearest(table: Table, words: Wording) -> Iterator[Chart]:
    rows = [
        Point(clean(f"{words.name(row['moved'])} → “{row['to']}”"), f"{_told(table, row, 'distance')} sd", _real(row["distance"]))
        for row in _rows(table)
    ]  # fmt: skip
    least = _rows(table)[0]
    title = f"The nearest flip is {_told(table, least, 'distance')} standard deviations away, to “{least['to']}”"
    yield points(clean(title), [("block", "how far the numbers named move, in standard deviations of what is held of them")], rows, "amount", True, (table.name,))  # fmt: skip


def _reweighting(table: Table, words: Wording) -> Iterator[Chart]:
    found = _rows(table)
    rows = [
        Point(clean(row["option"]), _told(table, row, "share") + ("" if row["nats"] is None else f", {_told(table, row, 'nats')} nats"), _real(row["share"]))
        for row in found
    ]  # fmt: skip
    second = next((row for row in found if row["nats"] is not None), None)
    title = (
        f"Reweighing the worlds by {_told(table, second, 'nats')} nats is enough to make “{second['option']}” best in as many as “{found[0]['option']}”"
        if second is not None
        else f"“{found[0]['option']}” is best in every world: no reweighting changes that"
    )
    key = [("block", "share of worlds in which the action is best; nats to overtake the first")]
    yield points(words.sentence(title), key, rows, bars=True, tables=(table.name,))


# --- worlds, variance, learning, options -------------------------------------------------------------------------


def _of_discover(finding: Finding, words: Wording) -> Iterator[Chart]:
    for table in _tables(finding, "boxes"):
        found = _rows(table)
        rows = [
            Point(
                clean(f"Box {row['box']}"), f"{_told(table, row, 'base')} → {_told(table, row, 'density')}", _real(row["density"]),
                marks={"before": _real(row["base"]), "diamond": _real(row["held_out"])},
            )
            for row in found
        ]  # fmt: skip
        title = f"In the first box it holds in {_told(table, found[0], 'density')} of worlds, against {_told(table, found[0], 'base')} of all; the box covers {_told(table, found[0], 'coverage')} of such worlds"
        key = [
            (RING, "before, in all worlds left"),
            (DOT, "inside the box"),
            ("diamond", "in the half that was not searched"),
        ]
        yield points(clean(title), key, rows, tables=(table.name,))
    for table in _tables(finding, "limits"):
        found = _rows(table)
        rows = [
            Point(words.sentence(f"Box {row['box']}: {row['limit']}"), _told(table, row, "again"), _real(row["again"]))
            for row in found
        ]
        firm = sum(_real(row["again"]) >= 0.5 for row in found)
        title = f"{firm} of {len(found)} limits are found again in at least half of the half-samples"
        key = [("block", "share of half-samples in which the box limits this quantity too")]
        yield points(clean(title), key, rows, bars=True, tables=(table.name,))


def _of_sensitivity(finding: Finding, words: Wording) -> Iterator[Chart]:
    for table in finding.tables:
        if table.name not in ("gap", "chance") or not table.rows:
            continue
        found = _rows(table)
        rows = []
        for row in found[:MOST_ROWS]:
            value, spread = _real(row["shapley"]), 2 * _real(row["error"])
            rows.append(Point(words.name(row["quantity"]), f"{chance(value)}" + (f" ± {chance(spread)}" if spread else ""), value, value - spread, value + spread))  # fmt: skip
        target = table.title.removeprefix("Shares of the variance of ")
        title = f"“{words.name(found[0]['quantity'])}” accounts for {chance(_real(found[0]['shapley']))} of the variance of {target}"
        key = [("block", "share of the variance (Shapley effect)"), ("line", "two standard errors")]
        yield points(clean(title), key, rows, "share", True, (table.name,))


def _of_learn(finding: Finding, words: Wording) -> Iterator[Chart]:
    tables = list(_tables(finding, "worth_"))
    if any(_real(row["worth"]) > 0 for table in tables for row in _rows(table)):
        yield _worth(tables, words)
    yield from _sharpened(list(_tables(finding, "sharpens_")))


def _worth(tables: list[Table], words: Wording) -> Chart:
    """What learning is worth in every situation of a decision, in one figure."""
    rows, best = [], (0.0, "")
    for table in tables:
        where = table.title.partition(", ")[2]
        rows.append(Point(clean(f"{where[:1].upper()}{where[1:]}:"), "", None))
        for row in _rows(table)[: MOST_ROWS // 2]:
            value, error = _real(row["worth"]), _real(row["error"])
            told = _told(table, row, "worth")
            title = words.sentence(row["title"])
            rows.append(Point(title, f"{told} ± {_told(table, row, 'error')}", value, value - error, value + error))
            if row["number"] != "everything" and value > best[0]:
                best = value, f"“{title}” is worth most of single numbers, {told} {where}"
    first = _rows(tables[0])[0]
    title = f"Knowing everything would be worth {_told(tables[0], first, 'worth')} {tables[0].title.partition(', ')[2]}"
    title += f"; {best[1]}" if best[1] else "; no single number is worth more than the error of its estimate"
    key = [("block", "payoff that learning it would add"), ("line", "one Monte Carlo standard error")]
    return points(clean(title), key, rows, "amount", True, tuple(table.name for table in tables))


def _sharpened(tables: list[Table]) -> Iterator[Chart]:
    """What tells most of each question, hidden or not, all questions in one figure."""
    rows, firsts = [], []
    for table in tables:
        most = max(_rows(table), key=lambda row: _real(row["bits"]))
        firsts.append(str(most["title"]))
        label = f"{table.title.removeprefix('What would sharpen: ')} “{most['title']}”"
        rows.append(Point(clean(label), _told(table, most, "bits"), _real(most["bits"])))
    if rows:
        first = max(firsts, key=firsts.count)
        title = f"“{first}” would sharpen most: it tells more than any other number of {firsts.count(first)} of {len(rows)} questions"
        key = [("block", "bits of the event that the number named would tell")]
        yield points(clean(title), key, rows, "amount", bars=True, tables=tuple(table.name for table in tables))


def _of_options(finding: Finding, words: Wording) -> Iterator[Chart]:
    for table, judgement in zip(_tables(finding, "risk_"), finding.judgements, strict=False):
        rows = [
            Point(
                clean(row["option"]), f"{_told(table, row, 'mean')} (worst 5 %: {_told(table, row, 'cvar')})", _real(row["mean"]),
                _real(row["cvar"]), _real(row["mean"]), short=_told(table, row, "mean"),
            )
            for row in _rows(table)
        ]  # fmt: skip
        key = [(DOT, "mean payoff from the move on"), ("range", "from the mean of the worst 5 %")]
        yield points(words.sentence(judgement), key, rows, "amount", tables=(table.name,))


def _of_beliefs(finding: Finding, words: Wording) -> Iterator[Chart]:
    """The looks that move somebody's beliefs most, each by how likely it is."""
    for table in _tables(finding, "beliefs"):
        ordered = sorted(
            _rows(table), key=lambda row: -_real(row["chance"]) * abs(_real(row["after"]) - _real(row["before"]))
        )
        rows = []
        for row in ordered[:MOST_ROWS]:
            told = f"{_told(table, row, 'before')} → {_told(table, row, 'after')}"
            label = clean(f"{row['player']}, “{row['title']}” {row['sees']}: {words.name(row['hidden'])}")
            rows.append(Point(label, told, _real(row["after"]), marks={"before": _real(row["before"])}, short=told))
        key = [(RING, "before"), (DOT, "after what is seen")]
        yield points(words.sentence(finding.judgements[0]), key, rows, tables=(table.name,))


def _of_infer(finding: Finding, words: Wording) -> Iterator[Chart]:
    """Statements and forecasts, before what was seen and after."""
    yield before_after(finding, words.sentence(most_moved(finding)))


_CHARTS: dict[str, Callable[[Finding, Wording], Iterator[Chart]]] = {
    "events": _of_events, "shift": _of_shift, "flips": _of_flips, "discover": _of_discover, "sensitivity": _of_sensitivity,
    "learn": _of_learn, "options": _of_options, "beliefs": _of_beliefs, "infer": _of_infer, "fit": lambda finding, _: of_fit(finding), "score": lambda finding, _: of_score(finding),
}  # fmt: skip
