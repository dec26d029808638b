"""A scenario under check and the faults found in it: what every rule of meaning writes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from stratagem.errors import MAX_FAULTS, Fault, near, one_of, quote
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import Formula, FormulaFault, Tree, names_in
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import UNSURE, Symbols, Type
from stratagem.scenario.text import Document, Path
from stratagem.scenario.values import values_in


class EnoughFaultsError(Exception):
    """More faults than a person wants to read at once."""


class Report:
    """A scenario under check, and the faults found so far.

    Where a document was repaired before, no fault is added at a repaired value, and no name that stood in what was left
    out is unknown.
    """

    def __init__(self, scenario: Scenario, document: Document) -> None:
        self.scenario = scenario
        self.document = document
        self.symbols = Symbols(scenario, document.has_lost)
        self.symbols.unsettle(name for name in scenario.definitions if document.mark(("definitions", name)).is_replaced)
        self.values = tuple(values_in(scenario))
        self.faults: list[Fault] = []

    def fault(
        self, path: Path, found: str, expected: str, rule: str, *, at: int | None = None, at_key: bool = False
    ) -> None:
        """Add a fault at the value of `path` (or at its key), `at` characters into its text."""
        if self.document.mark(path).is_replaced:
            return
        line, column = self.document.position(path, at, at_key)
        self.faults.append(Fault(line, column, found, expected, rule))
        if len(self.faults) > MAX_FAULTS:
            raise EnoughFaultsError

    def is_whole(self, *path: str | int) -> bool:
        """Whether nothing was repaired in the value at `path`: only then do sums over it mean something."""
        return not self.document.mark(path).is_changed

    def is_complete(self, *path: str | int) -> bool:
        """Whether nothing was left out of the value at `path`: only then is something missing there."""
        return not self.document.mark(path).is_thinned

    def known(
        self, path: Path, name: str, known: Collection[str], what: str, rule: str, *, at_key: bool = False
    ) -> bool:
        """Whether `name` is known; a fault with the near miss where not."""
        if name in known:
            return True
        if not self.document.has_lost(name):
            found = f"the unknown {what} {quote(name)}{near(name, known)}"
            self.fault(path, found, f"one of {one_of(known)}", rule, at_key=at_key)
        return False

    def is_probability(self, path: Path, estimate: Estimate, what: str, rule: str) -> None:
        """A fault where an estimate can be anything but a probability."""
        try:
            low, high = estimate.in_lexicon(self.scenario.lexicon).limits()
        except KeyError:
            return  # an unknown word is told elsewhere
        if low < 0 or high > 1:
            self.fault(path, f"{what} {quote(estimate.text)}", "a probability from 0 to 1", rule)

    def keys_known(
        self, path: Path, mapping: Mapping[str, object], known: Collection[str], what: str, rule: str
    ) -> None:
        """A fault for every key of `mapping` that is not known."""
        for name in mapping:
            self.known((*path, name), name, known, what, rule, at_key=True)

    def formula(self, path: Path, formula: Formula, want: Type | None) -> Tree | None:
        """The resolved tree of a formula, or None after a fault at its column."""
        try:
            return self.symbols.resolve(formula, want)[0]
        except FormulaFault as fault:
            self.fault(path, fault.found, fault.expected, "L10", at=fault.at)
            return None

    def reads(
        self, path: Path, formula: Formula, want: Type | None, allowed: Collection[str], rule: str, expected: str
    ) -> None:
        """Check a formula that may only read symbols of the `allowed` kinds."""
        tree = self.formula(path, formula, want)
        for name in sorted(self.symbols.reads(tree)) if tree is not None else ():
            kind = self._kind(name)
            if kind not in allowed and kind not in ("definition", "unsure"):
                article = "a force in a place" if kind == "stock" else f"a {kind}"
                self.fault(
                    path, f"{quote(name)} ({article}) in this formula", expected, rule, at=place_of(formula, name)
                )

    def reads_of(self, formula: Formula) -> frozenset[str]:
        """What a formula reads, through definitions; nothing where it has a fault, which is reported elsewhere."""
        try:
            return self.symbols.reads(self.symbols.resolve(formula)[0])
        except FormulaFault:
            return frozenset()

    def _kind(self, name: str) -> str:
        if name.startswith("ever "):
            return "move"
        return self.symbols.table[name].kind if name in self.symbols.table else UNSURE.kind


def place_of(formula: Formula, name: str) -> int:
    """Where a formula reads a name; its start where it does so through a definition."""
    return next((one.at for one in names_in(formula.tree) if one.name == name), 0)
