"""Rules on moves and what they do: references, types, probabilities, shares, forces, delays."""

from __future__ import annotations

from stratagem.errors import quote
from stratagem.scenario.check import Report
from stratagem.scenario.formula import Formula, Number
from stratagem.scenario.model import Action, Chance, Changes, Later, Move, Outcome, Rounds, Shift, Variable
from stratagem.scenario.names import NUMBER, TRUTH, Type
from stratagem.scenario.text import Path

MAX_STEPS = 5000
STATE_ONLY = ("state", "move", "round", "link")
TIE_RULES = ("equal", "concede", "resist")


def timeline_is_bounded(report: Report) -> None:
    """L16: rounds unroll to a bounded number of steps, and last some time."""
    steps = 0
    for place, item in enumerate(report.scenario.timeline):
        steps += item.rounds * len(item.moves) if isinstance(item, Rounds) else 1
        if isinstance(item, Rounds) and item.every is not None and item.every.rounds is not None:
            report.fault(("timeline", place, "every"), f"the delay {quote(item.every.text)}", "a time, as `30 days`", "L16")
        if steps > MAX_STEPS:
            report.fault(("timeline", place), f"a timeline of over {MAX_STEPS:,} moves", "fewer rounds", "L16")
            return


def moves_are_whole(report: Report) -> None:
    """L16: players, guards, tie rules and signatories of each move."""
    scenario = report.scenario
    for path, item in scenario.items():
        if item.if_ is not None:
            report.formula((*path, "if"), item.if_, TRUTH)
        if item.after is not None and item.after.rounds is not None:
            report.fault((*path, "after"), f"the delay {quote(item.after.text)}", "a time, as `5 days`", "L16")
        if isinstance(item, Move):
            report.known((*path, "player"), item.player, scenario.players, "player", "L16")
            report.known((*path, "ties"), item.ties, {*TIE_RULES, *item.actions}, "tie rule", "L16")
            signatories = {name for name, actor in scenario.actors.items() if actor.speaks_for is not None}
            if item.signed_by is not None and report.known((*path, "signed by"), item.signed_by, signatories, "signatory", "L12"):
                speaker = scenario.actors[item.signed_by].speaks_for
                if speaker != item.player:
                    report.fault((*path, "signed by"), f"{quote(item.signed_by)}, who speaks for {quote(speaker)}", f"someone who speaks for {quote(item.player)}", "L12")
            _shares(report, path, item)
        else:
            _probabilities(report, path, item)
        for name, option in item.options.items():
            _option(report, (*path, "actions" if isinstance(item, Move) else "outcomes", name), option, in_rounds="moves" in path)


def _shares(report: Report, path: Path, move: Move) -> None:
    total = 0.0
    for name, action in move.actions.items():
        inner = (*path, "actions", name)
        if action.share is None:
            continue
        report.formula((*inner, "share"), action.share.formula, NUMBER)
        if action.size_of is not None:
            report.fault((*inner, "share"), "a `share` on a size of something", "a share on actions that stand alone", "L17", at_key=True)
        if isinstance(action.share.formula.tree, Number):
            share = float(action.share.formula.tree.value)
            total += share
            if not 0 <= share <= 1:
                report.fault((*inner, "share"), f"the base share {share:g}", "a share from 0 to 1", "M9")
    is_open = any(action.share is None for action in move.actions.values())
    all_plain = all(a.share is None or (a.share.per_days is None and isinstance(a.share.formula.tree, Number)) for a in move.actions.values())
    if all_plain and (total > 1 + 1e-9 or (not is_open and abs(total - 1) > 1e-9)):
        report.fault((*path, "actions"), f"base shares that sum to {total:g}", "shares that sum to 1, or to less where some are unstated", "M9", at_key=True)


def _probabilities(report: Report, path: Path, chance: Chance) -> None:
    rests = [name for name, outcome in chance.outcomes.items() if outcome.is_rest]
    for name in rests[1:]:
        report.fault((*path, "outcomes", name), "a second `rest`", "one `rest` in a chance move", "L16")
    total, all_exact = 0.0, not rests
    for name, outcome in chance.outcomes.items():
        inner = (*path, "outcomes", name, "probability")
        if outcome.is_rest:
            continue
        report.formula(inner, outcome.probability, NUMBER)
        if isinstance(outcome.probability.tree, Number):
            probability = float(outcome.probability.tree.value)
            total += probability
            if not 0 <= probability <= 1:
                report.fault(inner, f"the probability {probability:g}", "a probability from 0 to 1", "L16")
        else:
            all_exact = False
    if (all_exact and abs(total - 1) > 1e-9) or total > 1 + 1e-9:
        report.fault((*path, "outcomes"), f"probabilities that sum to {total:g}", "probabilities that sum to 1, or a `rest`", "L16", at_key=True)


def _option(report: Report, path: Path, option: Action | Outcome, in_rounds: bool) -> None:
    if option.if_ is not None:
        report.formula((*path, "if"), option.if_, TRUTH)
    _changes(report, path, option)
    for place, later in enumerate(option.later):
        inner = (*path, "later", place) if (*path, "later", place) in report.document.marks else (*path, "later")
        _changes(report, inner, later)
        if later.after.rounds is not None and not in_rounds:
            report.fault((*inner, "after"), f"the delay {quote(later.after.text)} outside rounds", "a time, as `20 days`", "L18")
        if later.after.rounds is None and not _is_dated(report):
            report.fault((*inner, "after"), f"the delay {quote(later.after.text)} in a timeline without dates", "`as of`, and dates on the items", "L18")


def _is_dated(report: Report) -> bool:
    return any(getattr(item, field, None) is not None for item in report.scenario.timeline for field in ("date", "after", "every"))


def _changes(report: Report, path: Path, changes: Changes | Later) -> None:
    scenario = report.scenario
    for name, formula in changes.set_.items():
        if report.known((*path, "set", name), name, scenario.state, "state variable", "L17", at_key=True):
            report.reads((*path, "set", name), formula, _type(scenario.state[name]), STATE_ONLY, "L17", "state and moves only: a variable is the same in every world")
            _in_domain(report, (*path, "set", name), scenario.state[name], formula)
    report.keys_known((*path, "gains"), changes.gains, scenario.stakes, "stake", "L17")
    for stake, formula in changes.gains.items():
        report.formula((*path, "gains", stake), formula, NUMBER)
    report.keys_known((*path, "payoffs"), changes.payoffs, scenario.players, "player", "L17")
    for player, formula in changes.payoffs.items():
        report.formula((*path, "payoffs", player), formula, NUMBER)
        if player in scenario.players and not scenario.players[player].is_raw:
            report.fault((*path, "payoffs", player), f"a raw payoff for {quote(player)}, who weighs stakes", "`gains` of stakes", "M5", at_key=True)
    for force, shift in changes.shifts:
        _shift(report, (*path, "shift", force), force, shift)


def _type(variable: Variable) -> Type:
    words = tuple(str(word) for word in variable.domain)
    return {"flag": TRUTH, "level": NUMBER, "label": Type("label", words)}[variable.kind]


def _in_domain(report: Report, path: Path, variable: Variable, formula: Formula) -> None:
    if isinstance(formula.tree, Number) and variable.kind == "level" and formula.tree.value not in variable.domain:
        low, high = variable.domain[0], variable.domain[-1]
        report.fault(path, f"the level {formula.text}", f"a whole number from {low} to {high}", "L14")


def _shift(report: Report, path: Path, force: str, shift: Shift) -> None:
    scenario = report.scenario
    if not report.known(path, force, scenario.forces, "force", "L17", at_key=True):
        return
    if shift.amount is not None:
        tree = report.formula(path, shift.amount, NUMBER)
        if isinstance(tree, Number) and tree.value < 0:
            report.fault(path, f"the amount {shift.amount.text}", "an amount of at least 0; turn the places round", "M3")
    places = {*scenario.theatres, "reserve", "lost"}
    for place in (shift.origin, shift.destination):
        report.known(path, place, places, "place", "L13")
    if shift.origin == shift.destination:
        report.fault(path, f"a shift from {quote(shift.origin)} to itself", "two different places", "L17")


def stakes_can_vary(report: Report) -> None:
    """L15, M5: some action or outcome changes each stake."""
    gained: set[str] = set()
    for _, item in report.scenario.items():
        for option in item.options.values():
            gained |= {stake for changes in (option, *option.later) for stake in changes.gains}
    for stake in report.scenario.stakes:
        if stake not in gained:
            report.fault(("stakes", stake), f"the stake {quote(stake)}, which nothing changes", "`gains` on some action or outcome, or no such stake", "M5", at_key=True)


RULES = (timeline_is_bounded, moves_are_whole, stakes_can_vary)
