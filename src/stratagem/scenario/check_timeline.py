"""Rules on moves: players, guards, base shares, probabilities, who sees them (L12, L16, L17, M7, M9)."""

from __future__ import annotations

from collections.abc import Mapping

from stratagem.errors import quote
from stratagem.scenario.check_effects import check_delay, check_option
from stratagem.scenario.clock import time_passes
from stratagem.scenario.dates import Delay
from stratagem.scenario.model import Action, Chance, Move, Outcome, Rounds
from stratagem.scenario.names import NUMBER, TRUTH
from stratagem.scenario.report import Report
from stratagem.scenario.sight import listed, looks, onlookers
from stratagem.scenario.text import Path

MAX_STEPS = 5000
TIE_RULES = ("equal", "concede", "resist")


def timeline_is_bounded(report: Report) -> None:
    """L16: rounds unroll to a bounded number of steps, and last some time."""
    steps = 0
    for place, item in enumerate(report.scenario.timeline):
        steps += item.rounds * len(item.moves) if isinstance(item, Rounds) else 1
        if isinstance(item, Rounds):
            for key, delay in (("every", item.every), ("after", item.after)):
                if delay is not None and delay.rounds is not None:
                    found = f"the delay {quote(delay.text)}"
                    report.fault(("timeline", place, key), found, "a time, as `30 days`", "L16")
        if steps > MAX_STEPS:
            report.fault(("timeline", place), f"a timeline of over {MAX_STEPS:,} moves", "fewer rounds", "L16")
            return


def moves_are_whole(report: Report) -> None:
    """L16: players, guards, tie rules and signatories of each move, and what each option does."""
    signatories = {name: one.speaks_for for name, one in report.scenario.actors.items() if one.speaks_for is not None}
    for path, item in report.scenario.items():
        if item.if_ is not None:
            report.formula((*path, "if"), item.if_, TRUTH)
        if item.after is not None and item.after.rounds is not None:
            found = f"the delay {quote(item.after.text)}"
            report.fault((*path, "after"), found, "a time, as `5 days`", "L16")
        if isinstance(item, Move):
            _player(report, path, item, signatories)
            _shares(report, path, item)
        else:
            _probabilities(report, path, item)
        _seen_by(report, path, item)
        section = "actions" if isinstance(item, Move) else "outcomes"
        options: Mapping[str, Action | Outcome] = item.options
        for name, option in options.items():
            check_option(report, (*path, section, name), option)


def _player(report: Report, path: Path, move: Move, signatories: Mapping[str, str | None]) -> None:
    is_known = report.known((*path, "player"), move.player, report.scenario.players, "player", "L16")
    report.known((*path, "ties"), move.ties, {*TIE_RULES, *move.actions}, "tie rule", "L16")
    if move.signed_by is None or not report.known(
        (*path, "signed by"), move.signed_by, signatories, "signatory", "L12"
    ):
        return
    speaker = signatories[move.signed_by]
    if speaker != move.player and is_known:
        found = f"{quote(move.signed_by)}, who speaks for {quote(speaker)}"
        report.fault((*path, "signed by"), found, f"someone who speaks for {quote(move.player)}", "L12")


def _seen_by(report: Report, path: Path, item: Move | Chance) -> None:
    """L16, M7: who sees a move are players, and what looks alike are its options, each once."""
    for place, name in enumerate(listed(item.seen_by)):
        report.known((*path, "seen by", place), name, report.scenario.players, "player", "M7")
    if item.seen_after is not None:
        _seen_after(report, (*path, "seen after"), item, item.seen_after)
    if item.seen_as is None:
        return
    inner: Path = (*path, "seen as")
    if isinstance(item.seen_as, str):
        if not looks(item):
            expected = "actions that are a `size of` one thing, or `{LOOK: [ACTION, …]}`"
            report.fault(inner, "`seen as: kind` where nothing has a size", expected, "L16")
        return
    used: set[str] = set()
    for look, names in item.seen_as.items():
        for place, name in enumerate(names):
            if report.known((*inner, look, place), name, item.options, "action", "L16") and name in used:
                report.fault((*inner, look, place), f"{quote(name)} seen as two things", "one look an action", "L16")
            used.add(name)


def _seen_after(report: Report, path: Path, item: Move | Chance, delay: Delay) -> None:
    """L16: somebody has not seen yet, as it is, what all others see after a delay."""
    check_delay(report, path, delay, "the delay")
    others = set(report.scenario.players) - ({item.player} if isinstance(item, Move) else set())
    if others and onlookers(item, others) == others and item.seen_as is None and report.is_complete("players"):
        found = f"`seen after` on {quote(item.id)}, which all see at once as it is"
        report.fault(path, found, "`seen by` fewer, or `seen as` for what it looks like first", "L16", at_key=True)


def _shares(report: Report, path: Path, move: Move) -> None:
    """L17, M9: base shares lie from 0 to 1 and leave nothing over; rates have a time to run in."""
    plain: list[float] = []
    for name, action in move.actions.items():
        inner: Path = (*path, "actions", name, "share")
        if action.share is None:
            continue
        report.formula(inner, action.share.formula, NUMBER)
        if action.size_of is not None:
            expected = "a share on actions that stand alone"
            report.fault(inner, "a `share` on a size of something", expected, "L17", at_key=True)
        number = action.share.formula.number
        if number is not None and not 0 <= number <= 1:
            report.fault(inner, f"the base share {float(number):g}", "a share from 0 to 1", "M9")
        if number is not None and action.share.per_days is None:
            plain.append(float(number))
        if action.share.per_days is not None:
            _rate(report, path, inner)
    _share_sum(report, (*path, "actions"), move, plain)


def _share_sum(report: Report, path: Path, move: Move, plain: list[float]) -> None:
    stated = [action.share for action in move.actions.values() if action.share is not None]
    is_open = len(stated) < len(move.actions)
    is_wrong = sum(plain) > 1 + 1e-9 or (not is_open and abs(sum(plain) - 1) > 1e-9)
    if len(plain) == len(stated) and stated and is_wrong and report.is_whole(*path):
        expected = "shares that sum to 1, or to less where some are unstated"
        report.fault(path, f"base shares that sum to {sum(plain):g}", expected, "M9", at_key=True)


def _rate(report: Report, path: Path, share: Path) -> None:
    place = path[1]
    assert isinstance(place, int)
    item = report.scenario.timeline[place]
    has_time = item.every is not None if isinstance(item, Rounds) else time_passes(report.scenario, place, place + 1)
    if not has_time and report.is_complete("timeline"):
        expected = "`every` on the block, or a dated item after the move"
        report.fault(share, "a rate without a time to run in", expected, "L17")


def _probabilities(report: Report, path: Path, chance: Chance) -> None:
    """L16: probabilities lie from 0 to 1 and sum to 1, or leave a `rest`."""
    rests = [name for name, outcome in chance.outcomes.items() if outcome.is_rest]
    for name in rests[1:]:
        report.fault((*path, "outcomes", name), "a second `rest`", "one `rest` in a chance move", "L16")
    plain: list[float] = []
    for name, outcome in chance.outcomes.items():
        inner: Path = (*path, "outcomes", name, "probability")
        if outcome.is_rest:
            continue
        report.formula(inner, outcome.probability, NUMBER)
        number = outcome.probability.number
        if number is not None:
            plain.append(float(number))
            if not 0 <= number <= 1:
                report.fault(inner, f"the probability {float(number):g}", "a probability from 0 to 1", "L16")
    is_all = len(plain) == len(chance.outcomes)
    is_wrong = sum(plain) > 1 + 1e-9 or (is_all and abs(sum(plain) - 1) > 1e-9)
    if is_wrong and report.is_whole(*path, "outcomes"):
        expected = "probabilities that sum to 1, or a `rest`"
        report.fault((*path, "outcomes"), f"probabilities that sum to {sum(plain):g}", expected, "L16", at_key=True)


RULES = (timeline_is_bounded, moves_are_whole)
