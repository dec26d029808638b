"""Rules on names and numbers: quantities, words, definitions, correlations, perceptions (L2, L5 to L10, L20)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stratagem.errors import near, quote
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.lexicon import BANDS
from stratagem.scenario.model import KNOWN_TO
from stratagem.scenario.names import NUMBER
from stratagem.scenario.quantities import amounts, correlation_fault, private_names
from stratagem.scenario.report import Report, place_of
from stratagem.scenario.text import Path

HEAD = re.compile(r"known to (all|nobody|[A-Za-z0-9_]+( *, *[A-Za-z0-9_]+)*)\Z")


def names_are_unique(report: Report) -> None:
    """L2: names that formulas read share one namespace."""
    first: dict[str, int] = {}
    for name, path, at_key in _names(report):
        line = report.document.position(path, at_key=at_key)[0]
        if name in first:
            expected = f"another name: it stands on line {first[name]} already"
            report.fault(path, f"the name {quote(name)} again", expected, "L2", at_key=at_key)
        first.setdefault(name, line)


def _names(report: Report) -> Iterator[tuple[str, Path, bool]]:
    """Every name that formulas read, where it stands, and whether as a key."""
    scenario = report.scenario
    for head, group in scenario.quantities.items():
        yield from ((name, ("quantities", head, name), True) for name in group)
    for section in ("definitions", "links", "state", "forces"):
        yield from ((name, (section, name), True) for name in getattr(scenario, section))
    for path, item in scenario.items():
        yield item.id, (*path, "move" if (*path, "move") in report.document.marks else "chance"), False


def quantities_have_heads(report: Report) -> None:
    """L7: every quantity stands under a head that says who knows it."""
    for head in report.scenario.quantities:
        path: Path = ("quantities", head)
        if not HEAD.match(head):
            hint = near(head, [KNOWN_TO + "all", KNOWN_TO + "nobody"])
            expected = "`known to all`, `known to nobody` or `known to PLAYER, PLAYER`"
            report.fault(path, f"the head {quote(head)}{hint}", expected, "L7", at_key=True)
        else:
            knowers_exist(report, path, head.removeprefix(KNOWN_TO), "L7", at_key=True)


def knowers_exist(report: Report, path: Path, who: str, rule: str, *, at_key: bool = False) -> None:
    """A fault for every one in `PLAYER, PLAYER` who is no player."""
    if who not in ("all", "nobody"):
        for name in who.split(","):
            report.known(path, name.strip(), report.scenario.players, "player", rule, at_key=at_key)


def types_count(report: Report) -> None:
    """L7: types are of a number with a range that not all know."""
    for head, group in report.scenario.quantities.items():
        for name, quantity in group.items():
            if quantity.types is None:
                continue
            path: Path = ("quantities", head, name, "types")
            if head.removeprefix(KNOWN_TO) == "all":
                expected = "no `types`, which only a number that not all know has; or the head `known to PLAYER`"
                report.fault(path, f"`types` of {quote(name)}, which is known to all", expected, "L7", at_key=True)
            elif quantity.is_.family in ("exact", "choice"):
                what = "an exact number" if quantity.is_.is_exact else "a choice"
                expected = f"no `types`: {what} has the values that are stated; or a range such as `2 to 4`"
                report.fault(path, f"`types` of {quote(name)}, {what}", expected, "L7", at_key=True)


def taken_as_known_exist(report: Report) -> None:
    """L7: what is taken as known is a quantity, or a player's weights."""
    names = {name for _, name, _ in report.scenario.known_quantities()} | {"all"}
    names |= {f"{player}.weights" for player, one in report.scenario.players.items() if one.weights is not None}
    for place, name in enumerate(report.scenario.taken_as_known):
        report.known(("taken as known", place), name, names, "quantity", "L7")


def words_are_known(report: Report) -> None:
    """L5, L6: an estimate in words uses ICD 203, a known hedge, or a word of the file's lexicon."""
    words = {*BANDS, *report.scenario.lexicon}
    for path, _, value in report.values:
        if not isinstance(value, Estimate) or value.family != "word" or path[0] == "lexicon":
            continue
        if value.text not in words and not report.document.has_lost(value.text):
            expected = "an estimate: a number, `2 to 4`, `6 of 75`, `likely`, …"
            report.fault(path, f"{quote(value.text)}{near(value.text, words)}", expected, "L5")


def words_are_no_names(report: Report) -> None:
    """L2: where a formula or an estimate may stand, a word of the lexicon would hide a number of its name."""
    words = {*BANDS, *report.scenario.lexicon}
    for name, path, at_key in _names(report):
        if name in words and path[0] in ("quantities", "definitions"):
            expected = "another name: it is a word that stands for a probability"
            report.fault(path, f"the name {quote(name)}", expected, "L2", at_key=at_key)


def lexicon_is_plain(report: Report) -> None:
    """L6: a word of the lexicon is a band of probabilities."""
    for word, estimate in report.scenario.lexicon.items():
        low, high = estimate.limits()
        if estimate.family == "word" or low < 0 or high > 1:
            report.fault(("lexicon", word), quote(estimate.text), "a band of probabilities as `30% to 60%`", "L6")


def definitions_mean_something(report: Report) -> None:
    """L9, L10: definitions resolve."""
    for name, formula in report.scenario.definitions.items():
        report.formula(("definitions", name), formula, None)


def correlations_hold(report: Report) -> None:
    """L8: correlated numbers exist and their correlations can hold together."""
    scenario = report.scenario
    drawn = {name for name, estimate in amounts(scenario).items() if not estimate.is_exact} | private_names(scenario)
    is_sound = report.is_whole("correlations")
    for place, correlation in enumerate(scenario.correlations):
        for end, name in enumerate(correlation.between):
            is_sound &= report.known(("correlations", place, "between", end), name, drawn, "uncertain number", "L8")
        if correlation.between[0] == correlation.between[1]:
            found = "a number correlated with itself"
            report.fault(("correlations", place, "between"), found, "two different numbers", "L8")
            is_sound = False
    contradiction = correlation_fault(scenario) if is_sound and scenario.correlations else None
    if contradiction is not None:
        expected = "correlations that can all hold together (a positive definite matrix)"
        report.fault(("correlations",), contradiction, expected, "L8", at_key=True)


def perceptions_are_allowed(report: Report) -> None:
    """L20, M8: perceived numbers are quantities that no guard, share or stock reads."""
    scenario = report.scenario
    names = {name for _, name, _ in scenario.known_quantities()}
    for section in ("perceptions", "mistakes"):
        for player, views in getattr(scenario, section).items():
            report.known((section, player), player, scenario.players, "player", "L20", at_key=True)
            report.keys_known((section, player), views, names, "quantity", "L20")
            for name, view in views.items():
                if view.formula is not None:
                    expected = "a formula over quantities only"
                    report.reads((section, player, name), view.formula, NUMBER, ("quantity",), "L20", expected)
    perceived = {name for views in scenario.perceptions.values() for name in views}
    for path, formula, what in _common_ground(report) if perceived else ():
        _read_alike(report, path, formula, what, perceived)


def _read_alike(report: Report, path: Path, formula: Formula, what: str, perceived: set[str]) -> None:
    for name in sorted(report.reads_of(formula) & perceived):
        found = f"{quote(name)}, which a player perceives otherwise, in {what}"
        report.fault(path, found, "a number that all players read alike", "M8", at=place_of(formula, name))


def _common_ground(report: Report) -> Iterator[tuple[Path, Formula, str]]:
    """Every formula that all players have to read alike, and what it is of."""
    for name, force in report.scenario.forces.items():
        for place, formula in force.stock.items():
            yield ("forces", name, "stock", place), formula, "a stock"
    for path, item in report.scenario.items():
        if item.if_ is not None:
            yield (*path, "if"), item.if_, "a guard"
        for key, option in item.options.items():
            inner: Path = (*path, "actions" if hasattr(item, "actions") else "outcomes", key)
            share = getattr(option, "share", None)
            shifts = [((*inner, "shift", n, force), shift.amount, "a stock")
                      for n, entry in enumerate(option.shift) for force, shift in entry.items()]  # fmt: skip
            guards = [((*inner, "if"), option.if_, "a guard"), ((*inner, "share"), share and share.formula, "a share")]
            yield from ((where, formula, what) for where, formula, what in guards + shifts if formula is not None)


RULES = (
    names_are_unique,
    words_are_no_names,
    lexicon_is_plain,
    words_are_known,
    quantities_have_heads,
    types_count,
    taken_as_known_exist,
    definitions_mean_something,
    perceptions_are_allowed,
    correlations_hold,
)
