"""Rules on what actions and outcomes do: state, gains, payoffs, shifts, delays (L13 to L18, M3, M5)."""

from __future__ import annotations

from stratagem.errors import quote
from stratagem.scenario.clock import time_passes
from stratagem.scenario.dates import Delay
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Action, Changes, Outcome, Rounds, Shift, Variable
from stratagem.scenario.names import NUMBER, TRUTH, variable_type
from stratagem.scenario.report import Report
from stratagem.scenario.text import Path

STATE_ONLY = ("state", "move", "round", "link")
OFF_MAP = ("reserve", "lost")


def check_option(report: Report, path: Path, option: Action | Outcome) -> None:
    """Check an action or outcome and its delayed effects."""
    if option.if_ is not None:
        report.formula((*path, "if"), option.if_, TRUTH)
    _changes(report, path, option)
    for place, entry in enumerate(option.shift):
        for force, shift in entry.items():
            _travel(report, (*path, "shift", place, force), force, shift)
    for place, later in enumerate(option.later):
        inner: Path = (*path, "later", place)
        _changes(report, inner, later)
        check_delay(report, (*inner, "after"), later.after, "the delay")


def _travel(report: Report, path: Path, force: str, shift: Shift) -> None:
    forces = report.scenario.forces
    delay = forces[force].travel_between(shift.origin, shift.destination) if force in forces else None
    if delay is not None:
        check_delay(report, path, delay, f"the `travel` of {quote(force)} from {shift.origin} to {shift.destination},")


def check_delay(report: Report, path: Path, delay: Delay, what: str) -> None:
    """L18: rounds go by in a block, and time where something behind stands later; only at the very end nothing has to follow."""
    place = path[1]
    assert isinstance(place, int)
    is_in_rounds = isinstance(report.scenario.timeline[place], Rounds)
    if delay.rounds is not None:
        if not is_in_rounds:
            report.fault(path, f"{what} {quote(delay.text)} outside rounds", "a time, as `20 days`", "L18")
        return
    is_at_the_end = place == len(report.scenario.timeline) - 1 and not is_in_rounds
    if not time_passes(report.scenario, 0 if is_at_the_end else place) and report.is_complete("timeline"):
        expected = "`date` or `after` on what follows, or `every` on the block"
        report.fault(path, f"{what} {quote(delay.text)} where no time passes", expected, "L18")


def _changes(report: Report, path: Path, changes: Changes) -> None:
    for name, formula in changes.set_.items():
        _set(report, (*path, "set", name), name, formula)
    report.keys_known((*path, "gains"), changes.gains, report.scenario.stakes, "stake", "L17")
    for stake, formula in changes.gains.items():
        report.formula((*path, "gains", stake), formula, NUMBER)
    report.keys_known((*path, "payoffs"), changes.payoffs, report.scenario.players, "player", "L17")
    for player, formula in changes.payoffs.items():
        _payoff(report, (*path, "payoffs", player), player, formula)
    for place, entry in enumerate(changes.shift):
        for force, shift in entry.items():
            _shift(report, (*path, "shift", place, force), force, shift)


def _set(report: Report, path: Path, name: str, formula: Formula) -> None:
    variables = report.scenario.state
    if report.known(path, name, variables, "state variable", "L17", at_key=True):
        expected = "state and moves only: a variable is the same in every world"
        report.reads(path, formula, variable_type(variables[name]), STATE_ONLY, "L17", expected)
        _in_domain(report, path, variables[name], formula)


def _in_domain(report: Report, path: Path, variable: Variable, formula: Formula) -> None:
    if variable.kind == "level" and formula.number is not None and formula.number not in variable.domain:
        low, high = variable.domain[0], variable.domain[-1]
        report.fault(path, f"the level {formula.text}", f"a whole number from {low} to {high}", "L14")


def _payoff(report: Report, path: Path, player: str, formula: Formula) -> None:
    report.formula(path, formula, NUMBER)
    players = report.scenario.players
    if player in players and not players[player].is_raw:
        found = f"a raw payoff for {quote(player)}, who weighs stakes"
        report.fault(path, found, "`gains` of stakes", "M5", at_key=True)


def _shift(report: Report, path: Path, force: str, shift: Shift) -> None:
    if not report.known(path, force, report.scenario.forces, "force", "L17", at_key=True):
        return
    if shift.amount is not None:
        report.formula(path, shift.amount, NUMBER)
        if shift.amount.number is not None and shift.amount.number < 0:
            expected = "an amount of at least 0; turn the places round"
            report.fault(path, f"the amount {shift.amount.text}", expected, "M3")
    places = {*report.scenario.theatres, *OFF_MAP}
    for place in (shift.origin, shift.destination):
        report.known(path, place, places, "place", "L13")
    if shift.origin == shift.destination:
        report.fault(path, f"a shift from {quote(shift.origin)} to itself", "two different places", "L17")


def stakes_can_vary(report: Report) -> None:
    """L15: some action or outcome changes each stake."""
    gained: set[str] = set()
    for _, item in report.scenario.items():
        for option in item.options.values():
            gained |= {stake for changes in (option, *option.later) for stake in changes.gains}
    for stake in report.scenario.stakes if report.is_complete("timeline") else ():
        if stake not in gained:
            found = f"the stake {quote(stake)}, which nothing changes"
            expected = "`gains` on some action or outcome, or no such stake"
            report.fault(("stakes", stake), found, expected, "L15", at_key=True)


RULES = (stakes_can_vary,)
