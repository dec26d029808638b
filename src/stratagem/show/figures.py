"""One declarative figure a finding, as Vega-Lite data: points with their ranges, before and after, and bars.

Takes rows of labels and numbers; gives a `Figure` drawn at two widths, so that a phone reads it too. Labels stand above their
marks, where long ones fit.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stratagem.show.vega import draw

WIDE, NARROW = 680, 330
LINE, ROW = 17, 26  # heights of a line of a label and of the marks below
CHARACTER = 7.4
MAX_LINES = 3
INK, SOFT, ACCENT, OTHER = "var(--ink)", "var(--soft)", "var(--accent)", "var(--other)"


@dataclass(frozen=True)
class Point:
    """A row of a figure: a number with its range, and other numbers to compare it with."""

    label: str
    text: str
    value: float | None
    low: float | None = None
    high: float | None = None
    marks: dict[str, float] = field(default_factory=dict)  # kind of mark to value: `tick`, `diamond`, `before`
    short: str | None = None  # the text where there is little room


@dataclass(frozen=True)
class Figure:
    """A figure at two widths, with its title, which states what it shows, and a key to its marks."""

    name: str
    title: str
    description: str
    key: tuple[tuple[str, str], ...]  # (mark, meaning)
    wide: str
    narrow: str


def figure(
    name: str,
    title: str,
    description: str,
    key: Iterable[tuple[str, str]],
    rows: Sequence[Point],
    is_chance: bool = True,
    bars: bool = False,
) -> Figure:
    """Rows of points with ranges, or of bars from zero."""
    drawn = [
        draw(_spec(rows, width, is_chance, bars), f"{name}-{kind}", title, description)
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    ]
    return Figure(name, title, description, tuple(key), *drawn)


def _spec(rows: Sequence[Point], width: int, is_chance: bool, bars: bool) -> dict[str, Any]:
    placed = list(_placed(rows, width))
    height = placed[-1]["y"] + ROW / 2 if placed else 10
    scale = _scale(rows, is_chance)
    return {
        "width": width,
        "height": height,
        "padding": {"left": 16, "right": 20, "top": 2, "bottom": 2},
        "data": {"values": placed},
        "layer": list(_layers(scale, is_chance, bars, width)),
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
        top += ROW if row.value is not None else 6


def wrapped(text: str, width: int) -> list[str]:
    """A label in lines of some width; what is more than a few lines is cut."""
    lines = textwrap.wrap(text, max(width, 8)) or [""]
    return (
        lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], lines[MAX_LINES - 1][: max(width - 1, 1)] + "…"]
    )


def _scale(rows: Sequence[Point], is_chance: bool) -> dict[str, Any]:
    if is_chance:
        return {"domain": [0, 1], "nice": False}
    ends = [end for row in rows for end in (row.value, row.low, row.high, *row.marks.values(), 0.0) if end is not None]
    low, high = min(ends), max(ends)
    return {"domain": [low, high] if high > low else [low - 1, high + 1], "nice": True}


def _layers(scale: dict[str, Any], is_chance: bool, bars: bool, width: int) -> Iterator[dict[str, Any]]:
    y = {"field": "y", "type": "quantitative", "scale": None, "axis": None}
    axis = {"title": None, "tickCount": 5, "grid": True, **({"format": ".0%"} if is_chance else {})}

    def across(name: str) -> dict[str, Any]:
        return {"field": name, "type": "quantitative", "scale": scale, "axis": axis}

    def mark(kind: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
        valid = {"filter": f"isValid(datum.{name})"}
        return {"transform": [valid], "mark": kind, "encoding": {"y": y, "x": across(name), **more}}

    yield mark({"type": "rule", "color": SOFT, "strokeWidth": 1}, "zero", y={"value": 0}, y2={"value": "height"})
    if bars:
        yield mark({"type": "bar", "color": ACCENT, "height": 10}, "value", x2={"field": "zero"})
    else:
        yield mark(
            {"type": "rule", "color": ACCENT, "strokeWidth": 4, "opacity": 0.45, "strokeCap": "round"},
            "low",
            x2={"field": "high"},
        )
    yield mark({"type": "rule", "color": OTHER, "strokeWidth": 2}, "before", x2={"field": "value"})
    yield mark(
        {
            "type": "point",
            "shape": "circle",
            "filled": False,
            "size": 90,
            "color": OTHER,
            "strokeWidth": 2,
            "opacity": 1,
            "fill": "var(--paper)",
        },
        "before",
    )
    if not bars:
        yield mark(
            {"type": "point", "shape": "circle", "filled": True, "size": 110, "color": ACCENT, "opacity": 1}, "value"
        )
    yield mark({"type": "tick", "color": OTHER, "thickness": 3, "height": 18, "size": 18}, "tick")
    yield mark(
        {
            "type": "point",
            "shape": "diamond",
            "filled": False,
            "size": 110,
            "color": INK,
            "strokeWidth": 2,
            "opacity": 1,
        },
        "diamond",
    )
    label = {"type": "text", "align": "left", "baseline": "bottom", "lineHeight": LINE, "color": INK, "dx": 5}
    yield {"mark": label, "encoding": {"x": {"value": 0}, "y": {**y, "field": "top"}, "text": {"field": "label"}}}
    value = {"type": "text", "align": "right", "baseline": "bottom", "fontWeight": 600, "color": INK}
    yield {"mark": value, "encoding": {"x": {"value": width}, "y": {**y, "field": "last"}, "text": {"field": "text"}}}
