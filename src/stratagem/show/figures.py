"""Declarative figures, as Vega-Lite data: points with their ranges, before and after, bars, and a map of regions.

Takes rows of labels and numbers; gives a `Chart`, which is data until it is drawn: at two widths for a report, so that a phone reads
it too, at one in a notebook. Labels stand above their marks, where long ones fit.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from stratagem.show.vega import draw

WIDE, NARROW = 680, 330
LINE, ROW = 17, 26  # heights of a line of a label and of the marks below
CHARACTER = 7.4
MAX_LINES = 4
INK, SOFT, ACCENT, OTHER = "var(--ink)", "var(--soft)", "var(--accent)", "var(--other)"
NUM_HUES = 6
# What a scale measures: a probability from 0 to 1, a share that may be small, a number, or the way from a 5 % to a 95 % point.
Scale = Literal["chance", "share", "amount", "range"]
RANGE_ENDS = (-0.25, 1.25)
RING = {"type": "point", "filled": False, "strokeWidth": 2, "opacity": 1}
Spec = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """A row of a figure: a number with its range, and other numbers to compare it with."""

    label: str
    text: str
    value: float | None
    low: float | None = None
    high: float | None = None
    marks: dict[str, float] = field(default_factory=dict)  # kind of mark to value: see `_layers`
    short: str | None = None  # the text where there is little room
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart:
    """A figure that is not drawn yet: its title, which states what it shows, its numbers in words, a key, and Vega-Lite data by width."""

    title: str
    description: str
    key: tuple[tuple[str, str], ...]  # (mark, meaning)
    spec: Callable[[int], Spec]
    tables: tuple[str, ...] = ()  # names of the tables that hold its numbers

    def svg(self, name: str, width: int = WIDE) -> str:
        """The picture at a width. Raises `StratagemError` where the package that draws is missing."""
        return draw(self.spec(width), name, self.title, self.description)

    def figure(self, name: str) -> Figure:
        """The picture at both widths of a report."""
        return Figure(name, self.title, self.key, self.svg(f"{name}-wide"), self.svg(f"{name}-narrow", NARROW))


@dataclass(frozen=True)
class Figure:
    """A figure at two widths, with its title, which states what it shows, and a key to its marks."""

    name: str
    title: str
    key: tuple[tuple[str, str], ...]  # (mark, meaning)
    wide: str
    narrow: str


def points(
    title: str,
    key: Iterable[tuple[str, str]],
    rows: Sequence[Point],
    scale: Scale = "chance",
    bars: bool = False,
    tables: tuple[str, ...] = (),
) -> Chart:
    """Rows of points with ranges, or of bars from zero."""
    told = "; ".join(f"{one.label}: {one.text}" if one.text else one.label for one in rows) + "."
    return Chart(title, told, tuple(key), lambda width: _spec(rows, width, scale, bars), tables)


def _spec(rows: Sequence[Point], width: int, scale: Scale, bars: bool) -> Spec:
    placed = list(_placed(rows, width))
    if placed:
        placed[0]["first"] = 0  # where the line at nil stands, drawn once
    height = max((row["y"] for row in placed), default=0) + ROW / 2
    return {
        "width": width,
        "height": height,
        "padding": {"left": 16, "right": 20, "top": 2, "bottom": 2},
        "layer": list(_layers(placed, _scale(rows, scale), scale, bars, width)),
    }


def _placed(rows: Sequence[Point], width: int) -> Iterator[dict[str, Any]]:
    """Rows with their places in pixels from the top."""
    top = 0.0
    for row in rows:
        text = row.short if row.short is not None and width < WIDE else row.text
        lines = wrapped(row.label, int(width / CHARACTER) - len(text) - 3)
        top += LINE * len(lines) + 4
        found: dict[str, Any] = {
            "label": lines, "text": text, "top": top - LINE * (len(lines) - 1) - 4, "last": top - 4, "y": top + 8, "zero": 0, **row.marks,
        }  # fmt: skip
        numbers = {"value": row.value, "low": row.low, "high": row.high}
        yield found | {key: value for key, value in numbers.items() if value is not None}
        yield from ({"y": top + 8, "tick": tick} for tick in row.ticks)
        top += ROW if row.value is not None or row.marks else 6


def wrapped(text: str, width: int) -> list[str]:
    """A label in lines of some width; what is more than a few lines is cut."""
    lines = textwrap.wrap(text, max(width, 8)) or [""]
    return (
        lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], lines[MAX_LINES - 1][: max(width - 1, 1)] + "…"]
    )


def _scale(rows: Sequence[Point], scale: Scale) -> dict[str, Any]:
    if scale == "chance":
        return {"domain": [0, 1], "nice": False}
    if scale == "range":
        return {"domain": list(RANGE_ENDS), "nice": False}
    ends = [end for row in rows for end in (row.value, row.low, row.high, *row.marks.values(), 0.0) if end is not None]
    low, high = min(ends), max(ends)
    return {"domain": [low, high] if high > low else [low - 1, high + 1], "nice": True}


def _axis(scale: Scale) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": None, "tickCount": 5, "grid": True}
    if scale == "range":
        return axis | {"values": [0, 1], "labelExpr": "datum.value < 0.5 ? '5 % point' : '95 % point'"}
    return axis if scale == "amount" else axis | {"format": ".0%"}


def _layers(
    placed: list[dict[str, Any]], domain: dict[str, Any], scale: Scale, bars: bool, width: int
) -> Iterator[dict[str, Any]]:
    """A layer for each kind of mark that some row has."""
    y = {"field": "y", "type": "quantitative", "scale": None, "axis": None}
    axis = _axis(scale)

    def mark(name: str, look: dict[str, Any], **more: Any) -> Iterator[dict[str, Any]]:
        rows = [row for row in placed if name in row]
        x = {"field": name, "type": "quantitative", "scale": domain, "axis": axis}
        if rows:
            yield {"data": {"values": rows}, "mark": look, "encoding": {"y": y, "x": x, **more}}

    if scale != "range":
        yield from mark(
            "first", {"type": "rule", "color": SOFT, "strokeWidth": 1}, y={"value": 0}, y2={"value": "height"}
        )
    for kind, colour in (("span", ACCENT), ("lost", OTHER)):
        yield from mark(f"{kind}_from", {"type": "bar", "color": colour, "height": 10}, x2={"field": f"{kind}_to"})
    if bars:
        yield from mark("value", {"type": "bar", "color": ACCENT, "height": 10}, x2={"field": "zero"})
        yield from mark("low", {"type": "rule", "color": INK, "strokeWidth": 1.5}, x2={"field": "high"})
    else:
        yield from mark(
            "low",
            {"type": "rule", "color": ACCENT, "strokeWidth": 4, "opacity": 0.45, "strokeCap": "round"},
            x2={"field": "high"},
        )
    yield from mark("before", {"type": "rule", "color": OTHER, "strokeWidth": 2}, x2={"field": "value"})
    yield from mark("before", {**RING, "color": OTHER, "shape": "circle", "size": 90, "fill": "var(--paper)"})
    if not bars:
        yield from mark(
            "value", {"type": "point", "shape": "circle", "filled": True, "size": 110, "color": ACCENT, "opacity": 1}
        )
    yield from mark("tick", {"type": "tick", "color": OTHER, "thickness": 3, "height": 18, "size": 18})
    yield from mark("diamond", {**RING, "color": INK, "shape": "diamond", "size": 110})
    yield from _texts([row for row in placed if "label" in row], y, width)


def _texts(rows: list[dict[str, Any]], y: dict[str, Any], width: int) -> Iterator[dict[str, Any]]:
    look = {"type": "text", "baseline": "bottom", "lineHeight": LINE}
    label = {"x": {"value": 0}, "y": {**y, "field": "top"}, "text": {"field": "label"}}
    value = {"x": {"value": width}, "y": {**y, "field": "last"}, "text": {"field": "text"}}
    # Each text is drawn twice: what lies behind it is first covered.
    layers = [
        {"mark": {**look, **colour, **side}, "encoding": encoding}
        for colour in ({"stroke": "var(--paper)", "strokeWidth": 4}, {"color": INK})
        for side, encoding in (({"align": "left", "dx": 5}, label), ({"align": "right", "fontWeight": 600}, value))
    ]
    yield {"data": {"values": rows}, "layer": layers}


@dataclass(frozen=True)
class Cells:
    """A grid of cells, each with the letter of what holds there; the titles of its sides and the numbers along them."""

    down: str
    across: str
    at_row: tuple[str, ...]
    at_column: tuple[str, ...]
    letters: tuple[tuple[str, ...], ...]  # [row, column]


def regions(title: str, description: str, key: Iterable[tuple[str, str]], cells: Cells, table: str) -> Chart:
    """A map of regions: every cell in the colour of its letter, with a ring around the middle one."""
    return Chart(title, description, tuple(key), lambda width: _map_spec(cells, width), (table,))


def hue(letter: str) -> int:
    """The number of the colour of a letter."""
    return (ord(letter[:1] or "A") - ord("A")) % NUM_HUES


def _map_spec(cells: Cells, width: int) -> Spec:
    left, foot, tall = 64, 46, 26
    wide = (width - left) / max(len(cells.at_column), 1)
    bottom = LINE + 6 + tall * len(cells.at_row)
    squares = [
        {
            "x": left + wide * column, "x2": left + wide * (column + 1) - 1, "y": LINE + 6 + tall * row, "y2": LINE + 5 + tall * (row + 1),
            "mx": left + wide * (column + 0.5), "my": LINE + 6 + tall * (row + 0.5), "letter": letter, "fill": f"var(--p{hue(letter)})",
        }
        for row, line in enumerate(cells.letters)
        for column, letter in enumerate(line)
    ]  # fmt: skip
    step = 1 if wide > 40 else 3
    signs = [{"x": left - 6, "y": LINE + 6 + tall * (row + 0.5), "text": text} for row, text in enumerate(cells.at_row)]
    foots = [
        {"x": left + wide * (column + 0.5), "y": bottom + 10, "text": text}
        for column, text in enumerate(cells.at_column)
        if column % step == 0
    ]
    room = int(width / CHARACTER)
    names = [{"x": 0, "y": 8, "text": f"↓ {wrapped(cells.down, room - 2)[0]}"}, {"x": left, "y": bottom + 32, "text": f"→ {wrapped(cells.across, room - 9)[0]}"}]  # fmt: skip
    centre = [one for one in squares if one is squares[len(squares) // 2]] if len(squares) % 2 else []

    def place(name: str) -> dict[str, Any]:
        return {"field": name, "type": "quantitative", "scale": None, "axis": None}

    def text(values: list[dict[str, Any]], **look: Any) -> dict[str, Any]:
        across = {"x": place("x"), "y": place("y"), "text": {"field": "text"}}
        return {"data": {"values": values}, "mark": {"type": "text", "baseline": "middle", **look}, "encoding": across}

    box = {"x": place("x"), "y": place("y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    middle = {"x": place("mx"), "y": place("my")}
    return {
        "width": width,
        "height": bottom + foot,
        "padding": 2,
        "layer": [
            {"data": {"values": squares}, "mark": "rect", "encoding": box | {"color": {"field": "fill", "type": "nominal", "scale": None}}},
            {"data": {"values": squares}, "mark": {"type": "text", "baseline": "middle", "color": "var(--on)"}, "encoding": middle | {"text": {"field": "letter"}}},
            {"data": {"values": centre}, "mark": {"type": "point", "shape": "circle", "size": 380, "filled": False, "color": "var(--on)", "strokeWidth": 2.5, "opacity": 1}, "encoding": middle},
            text(signs, align="right", color=SOFT, fontSize=12),
            text(foots, align="center", color=SOFT, fontSize=12),
            text(names, align="left", color=INK, fontWeight=600),
        ],
    }  # fmt: skip
