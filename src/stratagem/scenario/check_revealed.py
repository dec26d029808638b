"""Rules on what moves are said to show (L25)."""

from __future__ import annotations

from stratagem.errors import near, one_of, quote
from stratagem.scenario.choices import parse_at, parse_says, seeable
from stratagem.scenario.evidence import Revealed
from stratagem.scenario.model import Move, Scenario
from stratagem.scenario.quantities import amounts, private_names
from stratagem.scenario.report import Report
from stratagem.scenario.text import Path

RULE = "L25"


def statements_are_about_moves(report: Report) -> None:
    """L25: a statement stands at a player's move, speaks of what that player weighs, and of quantities that exist."""
    for name, one in report.scenario.revealed.items():
        path: Path = ("revealed", name)
        move = _move(report, path, one)
        if move is not None:
            _actions(report, path, one, move)
        _sides(report, path, one, move)
        quantities = {quantity for _, quantity, _ in report.scenario.known_quantities()}
        for rival, numbers in one.rivals.items():
            report.keys_known((*path, "rivals", rival), numbers, quantities, "quantity", RULE)
        if one.attribution is not None:
            report.is_probability((*path, "attribution"), one.attribution.is_, "the attribution", RULE)


def _move(report: Report, path: Path, one: Revealed) -> Move | None:
    """The move that a statement stands at, or None after a fault."""
    parts = parse_at(one.at)
    moves = report.scenario.moves
    if parts is None:
        report.fault((*path, "at"), quote(one.at), "`MOVE`, or `MOVE[2]` in rounds", RULE)
        return None
    if not report.known((*path, "at"), parts[0], moves, "move", RULE):
        return None
    move = moves[parts[0]]
    if not isinstance(move, Move):
        report.fault(
            (*path, "at"), f"{quote(parts[0])}, a chance move", "a player's move: chance prefers nothing", RULE
        )
        return None
    rounds = seeable(report.scenario)[parts[0]].rounds
    if rounds is None and parts[1] is not None:
        report.fault((*path, "at"), f"a round of {quote(parts[0])}, which is not in rounds", f"`{parts[0]}`", RULE)
    elif rounds is not None and not 1 <= (parts[1] or 0) <= rounds:
        report.fault((*path, "at"), f"{quote(one.at)} in rounds", f"`{parts[0]}[1]` to `{parts[0]}[{rounds}]`", RULE)
    return move


def _actions(report: Report, path: Path, one: Revealed, move: Move) -> None:
    if (
        one.by is not None
        and one.by != move.player
        and report.known((*path, "by"), one.by, report.scenario.players, "player", RULE)
    ):
        report.fault((*path, "by"), f"{quote(one.by)} at a move of {quote(move.player)}", quote(move.player), RULE)
    for key, action in (("taken", one.taken), ("instead of", one.instead_of)):
        if action is not None:
            report.known((*path, key), action, move.actions, "action", RULE)
    taken = one.taken or _seen_at(report.scenario, one.at)
    if taken is not None and taken == one.instead_of:
        report.fault((*path, "instead of"), f"{quote(taken)} instead of itself", "another action", RULE)
    if len(move.actions) < 2:
        report.fault((*path, "at"), f"{quote(move.move)}, which has one action", "a move with a choice", RULE)


def _seen_at(scenario: Scenario, at: str) -> str | None:
    """The action that the history says was taken at a move."""
    seen = (one.that.partition("=") for one in scenario.history)
    return next((action.strip() for move, _, action in seen if parse_at(move.strip()) == parse_at(at)), None)


def _sides(report: Report, path: Path, one: Revealed, move: Move | None) -> None:
    sides = parse_says(one.says)
    if sides is None:
        report.fault((*path, "says"), quote(one.says), "`A > B`, of stakes, outcomes or numbers", RULE)
        return
    known = sayable(report.scenario)
    for side in sides:
        if side in known or _is_number(side) or report.document.has_lost(side.partition(".")[0]):
            continue
        found = f"the unknown name {quote(side)}{near(side, known)}"
        report.fault((*path, "says"), found, f"one of {one_of(known)}", RULE, at=one.says.index(side))
    if move is not None and move.player in report.scenario.players:
        _weighed(report, path, one, sides, move.player)


def _weighed(report: Report, path: Path, one: Revealed, sides: tuple[str, str], player: str) -> None:
    """A stake that the mover does not weigh cannot show anything of him."""
    mover, stakes = report.scenario.players[player], report.scenario.stakes
    weighed = mover.weights.stakes if mover.weights is not None else tuple(mover.payoffs or {})
    for side in sides:
        if side in stakes and side not in weighed:
            found = f"the stake {quote(side)}, which {quote(player)} does not weigh"
            report.fault((*path, "says"), found, f"one of {one_of(weighed)}", RULE, at=one.says.index(side))


def sayable(scenario: Scenario) -> dict[str, str]:
    """What a statement may compare, and what it is: a stake, an outcome or a number, if only one that chance decides (L24)."""
    numbers = dict.fromkeys((*amounts(scenario), *private_names(scenario)), "number")
    for name, player in scenario.players.items():
        if player.weights is not None:
            numbers.update({f"{name}.weights.{stake}": "number" for stake in player.weights.stakes})
    return {**numbers, **dict.fromkeys(ends(scenario), "outcome"), **dict.fromkeys(scenario.stakes, "stake")}


def ends(scenario: Scenario) -> list[str]:
    """Every name under which histories end."""
    closed = [option.end for item in scenario.moves.values() for option in item.options.values() if option.end]
    return [*scenario.outcomes, *closed, "open"]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


RULES = (statements_are_about_moves,)
