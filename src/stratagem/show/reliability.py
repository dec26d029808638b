"""The reliability diagram of a score finding as a file of its own: how often events came, by what was forecast."""

from __future__ import annotations

from pathlib import Path

from stratagem.analyse.finding import Finding
from stratagem.show.files import write_atomically
from stratagem.show.fit_charts import reliability_chart

COLOURS = {
    "--paper": "#fdfdfb", "--ink": "#1d2126", "--soft": "#5c636b", "--line": "#dcdcd4", "--accent": "#1f5f9e", "--other": "#b4541a",
    "--p0": "#1f5f9e", "--p1": "#a94e16", "--p2": "#75419b", "--p3": "#27765a", "--p4": "#a3324f", "--p5": "#66661c",
}  # fmt: skip


def reliability_svg(finding: Finding) -> str:
    """The diagram as the text of an SVG. Raises `StratagemError` where the package that draws is missing."""
    return reliability_chart(next(one for one in finding.tables if one.name == "reliability")).svg("reliability")


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
