"""A briefing as one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stratagem.analyse.briefing import Briefing
from stratagem.analyse.forecast import FIXED_SENTENCE
from stratagem.show import sections
from stratagem.show.anchors import Anchors
from stratagem.show.files import write_atomically
from stratagem.show.html import page
from stratagem.show.numbers import clean

TEMPLATE = "report.html.jinja"


def write_report(briefing: Briefing, path: str | Path) -> None:
    """Write a report, whole or not at all. Raises `StratagemError`."""
    write_atomically(path, report_html(briefing))


def report_html(briefing: Briefing) -> str:
    """The report of a briefing. Raises `StratagemError` where a package of the extra `report` is missing."""
    return page(TEMPLATE, _context(briefing))


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
