"""Lines with bands, and points on the diagonal: how chances move with a number, and how often forecasts came true.

Takes rows of numbers; gives a `Chart`. Colours follow the order of the lines, as the key names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from stratagem.show.figures import CHARACTER, INK, NARROW, NUM_HUES, SOFT, Chart, Spec

HEIGHT = 300
MOST_SIDE = 420
APART = 0.06  # of the height, what names at the ends of lines keep between them
AROUND = 60  # what axis and its labels take of a width


@dataclass(frozen=True)
class Spot:
    """A point of a line with the ends of its band; of a diagonal `low` and `high` are left out and `count` says of how many."""

    line: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    count: int | None = None


def curves(title: str, across: str, spots: Sequence[Spot], tables: tuple[str, ...]) -> Chart:
    """A line for each name among the spots, with its band, over numbers `across`; up stand probabilities."""
    lines = _lines(spots)
    told = "; ".join(
        f"{name}: " + ", ".join(f"{one.y:.2f} at {one.x:g}" for one in spots if one.line == name) for name in lines
    )
    key = tuple((f"block p{at % NUM_HUES}", name) for at, name in enumerate(lines))

    room = CHARACTER * max(map(len, lines)) + 12

    def spec(width: int) -> Spec:
        layers = list(_curve_layers(spots, across, lines))
        if width <= NARROW:  # the key alone says which line is which
            return {"width": width - AROUND, "height": HEIGHT, "padding": 4, "layer": layers}
        padding = {"left": 4, "top": 4, "bottom": 4, "right": room}
        return {
            "width": width - AROUND - room,
            "height": HEIGHT,
            "padding": padding,
            "layer": [*layers, _names(spots, lines)],
        }

    return Chart(title, told, key, spec, tables)


def diagonal(title: str, spots: Sequence[Spot], tables: tuple[str, ...]) -> Chart:
    """Points of forecasts against how often what was forecast came, beside the line on which both are the same."""
    told = "; ".join(f"{one.line}: forecast {one.x:.2f}, came {one.y:.2f} of {one.count}" for one in spots)
    lines = _lines(spots)
    key = tuple((f"block p{at % NUM_HUES}", name) for at, name in enumerate(lines))

    def spec(width: int) -> Spec:
        side = min(width - AROUND, MOST_SIDE)
        return {
            "width": side,
            "height": side,
            "padding": {"left": 4, "top": 4, "bottom": 4, "right": width - AROUND - side + 4},
            "layer": list(_diagonal_layers(spots, lines, width)),
        }

    return Chart(title, told, key, spec, tables)


def _lines(spots: Sequence[Spot]) -> list[str]:
    return list(dict.fromkeys(one.line for one in spots))


def _colours(lines: Sequence[str]) -> dict[str, Any]:
    scale = {"domain": list(lines), "range": [f"var(--p{at % NUM_HUES})" for at in range(len(lines))]}
    return {"field": "line", "type": "nominal", "legend": None, "scale": scale}


def _axis(name: str, title: str, **more: Any) -> dict[str, Any]:
    return {"field": name, "type": "quantitative", "axis": {"title": title, "tickCount": 5}, **more}


def _chances(name: str, title: str) -> dict[str, Any]:
    axis = {"title": title, "tickCount": 5, "format": ".0%"}
    return {"field": name, "type": "quantitative", "scale": {"domain": [0, 1]}, "axis": axis}


def _curve_layers(spots: Sequence[Spot], across: str, lines: Sequence[str]) -> Iterator[Spec]:
    rows = [{"line": one.line, "x": one.x, "y": one.y, "low": one.low, "high": one.high} for one in spots]
    place = {
        "x": _axis("x", across, scale={"zero": False, "nice": False}),
        "y": _chances("y", "chance"),
        "color": _colours(lines),
    }
    band = {**place, "y": {**place["y"], "field": "low"}, "y2": {"field": "high"}}
    yield {"data": {"values": rows}, "mark": {"type": "area", "fillOpacity": 0.18, "strokeWidth": 0}, "encoding": band}
    yield {"data": {"values": rows}, "mark": {"type": "line", "strokeWidth": 2.5}, "encoding": place}
    yield {
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1},
        "encoding": place,
    }


def _names(spots: Sequence[Spot], lines: Sequence[str]) -> Spec:
    """The name of each line at its end, moved apart where lines end close together."""
    last = max(one.x for one in spots)
    ends = sorted((one for one in spots if one.x == last), key=lambda one: one.y)
    rows, above = [], -APART
    for one in ends:
        above = max(one.y, above + APART)
        rows.append({"line": one.line, "x": one.x, "y": above})
    across = {"field": "x", "type": "quantitative"}
    place = {
        "x": across,
        "y": {"field": "y", "type": "quantitative"},
        "color": _colours(lines),
        "text": {"field": "line"},
    }
    look = {"type": "text", "align": "left", "dx": 9, "baseline": "middle", "fontWeight": 600}
    return {"data": {"values": rows}, "mark": look, "encoding": place}


def _diagonal_layers(spots: Sequence[Spot], lines: Sequence[str], width: int) -> Iterator[Spec]:
    rows = [{"line": one.line, "x": one.x, "y": one.y, "count": one.count} for one in spots]
    place = {"x": _chances("x", "forecast"), "y": _chances("y", "how often it came")}
    ends = [{"x": end, "y": end} for end in (0, 1)]
    line = {"type": "line", "color": SOFT, "strokeDash": [4, 4], "strokeWidth": 1}
    yield {"data": {"values": ends}, "mark": line, "encoding": place}
    size = {"field": "count", "type": "quantitative", "legend": None, "scale": {"range": [40, 400]}}
    look = {"type": "point", "filled": True, "opacity": 0.85}
    yield {"data": {"values": rows}, "mark": look, "encoding": {**place, "size": size, "color": _colours(lines)}}
    if len(lines) == 1 and width > NARROW:
        text = {"type": "text", "dy": -14, "color": INK, "fontSize": 11}
        yield {"data": {"values": rows}, "mark": text, "encoding": {**place, "text": {"field": "count"}}}
