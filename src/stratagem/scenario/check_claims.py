"""Rules on what was seen and what was claimed: history and the ledger of claims (L22, L23)."""

from __future__ import annotations

from stratagem.errors import quote
from stratagem.scenario.choices import parse_seen, seeable, seen_fault
from stratagem.scenario.elements import elements
from stratagem.scenario.report import Report


def history_was_possible(report: Report) -> None:
    """L22: what was seen names moves, rounds and actions of the timeline, each once."""
    seen: set[tuple[str, int]] = set()
    moves = seeable(report.scenario)
    for place, one in enumerate(report.scenario.history):
        move, number, action = parse_seen(one.that) or ("", 1, "")
        if report.document.has_lost(move) or report.document.has_lost(action):
            continue
        found = seen_fault(moves, one.that)
        if found is None and (move, number) in seen:
            found = f"{quote(move)} seen twice", "one action a move"
        if found is not None:
            report.fault(("history", place, "that"), *found, "L22")
        seen.add((move, number))


def claims_name_elements(report: Report) -> None:
    """L23: what models a claim exists."""
    known = elements(report.scenario)
    for name, claim in report.scenario.claims.items():
        for place, element in enumerate(claim.modelled_by or []):
            report.known(("claims", name, "modelled by", place), element, known, "element", "L23")
        if claim.modelled_by == [] and report.is_whole("claims", name, "modelled by"):
            expected = "the elements that model the claim"
            report.fault(("claims", name, "modelled by"), "an empty list", expected, "L23")


RULES = (history_was_possible, claims_name_elements)
