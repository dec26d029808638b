"""The reliability diagram of a score finding: how often events came, by what was forecast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stratagem.analyse.finding import Finding
from stratagem.show.files import write_atomically
from stratagem.show.vega import draw

SIDE = 360
COLOURS = {
    "--paper": "#fdfdfb", "--ink": "#1d2126", "--soft": "#5c636b", "--line": "#dcdcd4", "--accent": "#1f5f9e", "--other": "#b4541a",
}  # fmt: skip


def reliability_svg(finding: Finding) -> str:
    """The diagram as the text of an SVG. Raises `StratagemError` where the package that draws is missing."""
    table = next(one for one in finding.tables if one.name == "reliability")
    names = [column.name for column in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    description = "; ".join(
        f"forecast {row['forecast']:.2f}, came {row['frequency']:.2f} of {row['count']}" for row in rows
    )
    return draw(_spec(rows), "reliability", table.title, description)


def write_reliability(finding: Finding, file: str | Path) -> None:
    """Write the diagram to a file of its own, replacing it in one step."""
    write_atomically(file, standing_alone(reliability_svg(finding)))


def standing_alone(svg: str) -> str:
    """An SVG made for a page, with the page's colours, paper and kind of letters written in."""
    for name, colour in COLOURS.items():
        svg = svg.replace(f"var({name})", colour)
    head, rest = svg.split(">", 1)
    named = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    return f'{named}><rect width="100%" height="100%" fill="{COLOURS["--paper"]}"/>{rest}'


def _spec(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "width": SIDE, "height": SIDE, "padding": 8,
        "layer": list(_layers(rows)),
    }  # fmt: skip


def _layers(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    def across(name: str, title: str) -> Mapping[str, Any]:
        axis = {"title": title, "format": ".0%", "tickCount": 5}
        return {"field": name, "type": "quantitative", "scale": {"domain": [0, 1]}, "axis": axis}

    place = {"x": across("forecast", "forecast"), "y": across("frequency", "how often it came")}
    ends = [{"forecast": end, "frequency": end} for end in (0, 1)]
    line = {"type": "line", "color": "var(--soft)", "strokeDash": [4, 4], "strokeWidth": 1}
    yield {"data": {"values": ends}, "mark": line, "encoding": place}
    size = {"field": "weight", "type": "quantitative", "legend": None, "scale": {"range": [40, 400]}}
    point = {"type": "point", "filled": True, "color": "var(--accent)", "opacity": 0.85}
    yield {"data": {"values": rows}, "mark": point, "encoding": {**place, "size": size}}
    count = {"type": "text", "dy": -14, "color": "var(--ink)", "fontSize": 11}
    yield {"data": {"values": rows}, "mark": count, "encoding": {**place, "text": {"field": "count"}}}
