"""What must hold between the parts of a scenario: every fault of a file, in one run.

Takes a scenario and its document; gives faults. Each rule is a function in one of the `check_*` modules, over a `Report`.
"""

from __future__ import annotations

from collections.abc import Callable

from stratagem.errors import Fault
from stratagem.scenario import (
    check_claims,
    check_effects,
    check_numbers,
    check_parties,
    check_provenance,
    check_questions,
    check_revealed,
    check_timeline,
)
from stratagem.scenario.model import Scenario
from stratagem.scenario.report import EnoughFaultsError, Report
from stratagem.scenario.text import Document

Rule = Callable[[Report], None]


def definitions_end(report: Report) -> None:
    """L9: no definition reads itself. Those that do may mean anything to the rules that follow."""
    for path in report.symbols.untangle():
        chain = " → ".join(path[:8]) + ("" if len(path) <= 8 else " → …")
        found = f"definitions in a circle: {chain}" if path[0] == path[-1] else f"definitions over 50 deep: {chain}"
        expected = "a definition that ends in quantities and state"
        report.fault(("definitions", path[0]), found, expected, "L9", at_key=True)


RULES: tuple[Rule, ...] = (
    definitions_end,
    *check_numbers.RULES,
    *check_parties.RULES,
    *check_questions.RULES,
    *check_timeline.RULES,
    *check_effects.RULES,
    *check_provenance.RULES,
    *check_claims.RULES,
    *check_revealed.RULES,
)


def check(scenario: Scenario, document: Document) -> list[Fault]:
    """Every fault of a scenario whose parts are each well formed (once over `MAX_FAULTS`, no more are sought)."""
    report = Report(scenario, document)
    try:
        for rule in RULES:
            rule(report)
    except EnoughFaultsError:
        pass
    return report.faults
