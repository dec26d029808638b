"""A briefing as one HTML file that needs nothing else: no script, no request, all text of users escaped.

The one place that imports `jinja2`. Autoescape is on whatever the name of a template, and only drawn figures pass as markup.
"""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.forecast import FIXED_SENTENCE
from stratagem.errors import StratagemError
from stratagem.show import sections
from stratagem.show.anchors import Anchors
from stratagem.show.figures import Figure
from stratagem.show.files import write_atomically
from stratagem.show.numbers import clean
from stratagem.show.vega import EXTRA

TEMPLATE, STYLE = "report.html.jinja", "report.css"


def check_packages() -> None:
    """Raise `StratagemError` where a package that a report needs is missing, before time is spent on what it would show."""
    if any(find_spec(name) is None for name in ("jinja2", "vl_convert")):
        raise StratagemError(EXTRA)


def write_report(briefing: Briefing, path: str | Path) -> None:
    """Write a report, whole or not at all. Raises `StratagemError`."""
    write_atomically(path, report_html(briefing))


def report_html(briefing: Briefing) -> str:
    """The report of a briefing. Raises `StratagemError` where a package of the extra `report` is missing."""
    try:
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  only reports need it
        from markupsafe import Markup  # noqa: PLC0415
    except ImportError:
        raise StratagemError(EXTRA) from None
    files = resources.files(__package__ or "stratagem.show")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_together
    )
    template = environment.from_string((files / TEMPLATE).read_text("utf-8"))
    style = Markup((files / STYLE).read_text("utf-8"))  # ours, and without `</`
    return template.render(style=style, **_safe(_context(briefing), Markup))


def _together(value: Any) -> Any:
    """Text in which no line breaks between a number and its percent sign."""
    return value.replace(" %", "\N{NO-BREAK SPACE}%") if type(value) is str else value


def _safe(value: Any, markup: type[str]) -> Any:
    """The same data with drawn figures marked as markup."""
    if isinstance(value, Figure):
        return {
            "name": value.name, "title": value.title, "key": value.key, "wide": markup(value.wide), "narrow": markup(value.narrow),
        }  # fmt: skip
    if isinstance(value, dict):
        return {key: _safe(inner, markup) for key, inner in value.items()}
    return [_safe(one, markup) for one in value] if isinstance(value, list) else value


def _context(briefing: Briefing) -> dict[str, Any]:
    anchors = Anchors(briefing)
    found = sections.findings(briefing, anchors)
    scenario = briefing.scenario
    dated = [f"as of {scenario.as_of.text}"] if scenario.as_of else []
    worlds = f"{briefing.forecast.manifest['worlds']:,} worlds"
    return {
        "page": {
            "title": clean(scenario.scenario),
            "question": clean(scenario.question) if scenario.question else None,
            "eyebrow": " · ".join(["Stratagem report", *dated, f"edition {scenario.edition}", worlds]),
            "fixed": FIXED_SENTENCE,
        },
        "short": _cards(briefing, found),
        "judgements": sections.judgements(briefing, anchors),
        "questions": sections.questions(briefing),
        "game": sections.game(briefing),
        "decisions": sections.decisions(briefing, anchors),
        "findings": found,
        "outcomes": sections.outcomes(briefing),
        "comparisons": sections.comparisons(briefing),
        "assumptions": sections.assumptions(briefing, anchors),
        "sources": sections.sources(briefing, anchors),
        "limits": sections.limits(briefing),
        "status": sections.status(briefing),
        "contents": _contents(found),
    }


def _cards(briefing: Briefing, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    short = briefing.short
    change = "#finding-1" if found and briefing.findings[0].kind in ("events", "shift", "flips") else "#assumptions"
    parts = (
        (f"What {short.mover} would do", short.does, "The decision, and what it rests on", "#decisions"),
        ("How sure the model is", short.sure, "Its assumptions, one by one", "#assumptions"),
        ("What would change it", short.changes, "How, and why", change),
    )
    return [
        {"title": clean(title), "texts": [clean(one) for one in texts], "more": more, "href": href}
        for title, texts, more, href in parts
    ]


def _contents(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [
        ("judgements", "Key judgements"), ("game", "The game in one picture"), ("decisions", "Decisions"),
        *((f"finding-{place}", one["heading"]) for place, one in enumerate(found, start=1)),
        ("outcomes", "How it ends"), ("questions", "Base rates and the crowd"), ("assumptions", "Key assumptions"),
        ("sources", "Sources, paragraph by paragraph"), ("limits", "What is not modelled"), ("status", "Solver, warnings, manifest"),
    ]  # fmt: skip
