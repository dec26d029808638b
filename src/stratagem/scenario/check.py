"""What must hold between the parts of a scenario: every fault of a file, in one run.

Takes a scenario and its document; gives faults. Each rule is a function in one of the `check_*` modules, over a `Report`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from stratagem.errors import Fault, near, one_of, quote
from stratagem.scenario.formula import Formula, FormulaFault, Tree
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols, Type
from stratagem.scenario.text import Document, Path


class Report:
    """A scenario under check, and the faults found so far."""

    def __init__(self, scenario: Scenario, document: Document) -> None:
        self.scenario = scenario
        self.document = document
        self.symbols = Symbols(scenario)
        self.faults: list[Fault] = []

    def fault(self, path: Path, found: str, expected: str, rule: str, at: int | None = None, at_key: bool = False) -> None:
        """Add a fault at the value of `path` (or at its key), `at` characters into its text."""
        line, column = self.document.position(path, at, at_key)
        self.faults.append(Fault(line, column, found, expected, rule))

    def known(self, path: Path, name: str, known: Collection[str], what: str, rule: str, at_key: bool = False) -> bool:
        """Whether `name` is known; a fault with the near miss where not."""
        if name in known:
            return True
        self.fault(path, f"the unknown {what} {quote(name)}{near(name, known)}", f"one of {one_of(known)}", rule, at_key=at_key)
        return False

    def keys_known(self, path: Path, mapping: Mapping[str, object], known: Collection[str], what: str, rule: str) -> None:
        """A fault for every key of `mapping` that is not known."""
        for name in mapping:
            self.known((*path, name), name, known, what, rule, at_key=True)

    def formula(self, path: Path, formula: Formula, want: Type | None, shift: int = 0) -> Tree | None:
        """The resolved tree of a formula, or None after a fault at its column."""
        try:
            return self.symbols.resolve(formula, want)[0]
        except FormulaFault as fault:
            self.fault(path, fault.found, fault.expected, "L10", at=fault.at + shift)
            return None

    def reads(self, path: Path, formula: Formula, want: Type | None, allowed: Collection[str], rule: str, why: str) -> None:
        """Check a formula that may only read symbols of the `allowed` kinds."""
        tree = self.formula(path, formula, want)
        if tree is None:
            return
        for name in sorted(self.symbols.reads(tree)):
            kind = "move" if name.startswith("ever ") else self.symbols.table[name].kind
            if kind != "definition" and kind not in allowed:
                self.fault(path, f"{quote(name)} ({_article(kind)}) in this formula", why, rule, at=0)


def _article(kind: str) -> str:
    return f"a {kind}" if kind != "stock" else "a force in a place"


Rule = Callable[[Report], None]


def check(scenario: Scenario, document: Document) -> list[Fault]:
    """Every fault of a scenario whose parts are each well formed, in the order of the rules."""
    from stratagem.scenario import check_parts, check_provenance, check_timeline

    report = Report(scenario, document)
    check_parts.definitions_end(report)
    if report.faults:
        return report.faults
    for rule in (*check_parts.RULES, *check_timeline.RULES, *check_provenance.RULES):
        rule(report)
    return report.faults
