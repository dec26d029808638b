"""The reliability diagram of a score finding as a file of its own: how often events came, by what was forecast."""

from __future__ import annotations

from pathlib import Path

from stratagem.analyse.finding import Finding
from stratagem.show.files import write_atomically
from stratagem.show.fit_charts import reliability_chart
from stratagem.show.vega import standing_alone


def reliability_svg(finding: Finding) -> str:
    """The diagram as the text of an SVG. Raises `StratagemError` where the package that draws is missing."""
    return reliability_chart(next(one for one in finding.tables if one.name == "reliability")).svg("reliability")


def write_reliability(finding: Finding, file: str | Path) -> None:
    """Write the diagram to a file of its own, replacing it in one step."""
    write_atomically(file, standing_alone(reliability_svg(finding)))
