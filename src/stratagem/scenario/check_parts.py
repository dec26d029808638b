"""Rules on who and what: names, players, weights, forces, numbers, perceptions, questions."""

from __future__ import annotations

import re
from itertools import pairwise

from stratagem.errors import near, quote
from stratagem.scenario.check import Report
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import KNOWN_TO, Player, Weights
from stratagem.scenario.names import NUMBER, OFF_MAP, TRUTH
from stratagem.scenario.quantities import amounts, correlation_fault, order_chain
from stratagem.scenario.text import Path

PARAMETER = ("quantity",)
HEAD = re.compile(r"known to (all|nobody|[A-Za-z0-9_]+( *, *[A-Za-z0-9_]+)*)\Z")


def definitions_end(report: Report) -> None:
    """L9: no definition reads itself."""
    path = report.symbols.tangle()
    if path is not None:
        chain = " → ".join(path[:8])
        found = f"definitions in a circle: {chain}" if path[0] == path[-1] else f"definitions nested over 50 deep: {chain} → …"
        report.fault(("definitions", path[0]), found, "a definition that ends in quantities and state", "L9", at_key=True)


def names_are_unique(report: Report) -> None:
    """L2: names that formulas read share one namespace."""
    scenario = report.scenario
    places: list[tuple[str, Path]] = []
    for head, group in scenario.quantities.items():
        places += [(name, ("quantities", head, name)) for name in group]
    for section in ("definitions", "links", "state", "forces"):
        places += [(name, (section, name)) for name in getattr(scenario, section)]
    first: dict[str, Path] = {}
    for name, path in places:
        if name in first:
            line = report.document.position(first[name], at_key=True)[0]
            report.fault(path, f"the name {quote(name)} again", f"another name: it stands on line {line} already", "L2", at_key=True)
        first.setdefault(name, path)
    for path, item in scenario.items():
        if item.id in first:
            line = report.document.position(first[item.id], at_key=True)[0]
            key = "move" if (*path, "move") in report.document.marks else "chance"
            report.fault((*path, key), f"the name {quote(item.id)} again", f"another name: it stands on line {line} already", "L2")
        first.setdefault(item.id, path)


def quantities_have_heads(report: Report) -> None:
    """L7: every quantity stands under a head that says who knows it."""
    players = report.scenario.players
    for head, group in report.scenario.quantities.items():
        path: Path = ("quantities", head)
        if not HEAD.match(head):
            hint = near(head, [KNOWN_TO + "all", KNOWN_TO + "nobody"])
            report.fault(path, f"the head {quote(head)}{hint}", "`known to all`, `known to nobody` or `known to PLAYER, PLAYER`", "L7", at_key=True)
            continue
        who = head.removeprefix(KNOWN_TO)
        if who not in ("all", "nobody"):
            for name in re.split(r" *, *", who):
                report.known(path, name, players, "player", "L7", at_key=True)
        for name, quantity in group.items():
            _estimate(report, (*path, name), quantity.is_)
    names = {name for _, name, _ in report.scenario.known_quantities()} | {"all"}
    weights = {f"{player}.weights" for player, one in players.items() if one.weights is not None}
    for place, name in enumerate(report.scenario.taken_as_known):
        report.known(("taken as known", place), name, names | weights, "quantity", "L7")


def _estimate(report: Report, path: Path, estimate: Estimate) -> None:
    try:
        estimate.in_lexicon(report.scenario.lexicon)
    except KeyError:
        from stratagem.scenario.lexicon import BANDS

        words = {*BANDS, *report.scenario.lexicon}
        report.fault(path, f"{quote(estimate.text)}{near(estimate.text, words)}", "an estimate: a number, `2 to 4`, `6 of 75`, `likely`, …", "L5")


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


def _amount(report: Report, path: Path, amount: Amount, allowed: tuple[str, ...], low: float, high: float, what: str) -> None:
    if amount.formula is not None:
        report.reads(path, amount.formula, NUMBER, allowed, "L11", "a formula over quantities only")
    elif amount.estimate is not None:
        limits = amount.estimate.in_lexicon(report.scenario.lexicon).limits()
        if amount.estimate.is_exact and not low <= limits[0] <= high:
            report.fault(path, f"{what} {limits[0]:g}", f"a number from {low:g} to {high:g}", "L11")


PLAYER_NUMBERS: dict[str, tuple[str, float, float]] = {
    "precision": ("precision", 0.0, 1e6),
    "errors": ("errors", 1e-6, 0.5),
    "risk_aversion": ("risk aversion", -1e4, 1e4),
    "loss_aversion": ("loss aversion", 0.0, 1e4),
    "discount": ("discount", 1e-6, 1.0),
}


def players_are_whole(report: Report) -> None:
    """L11: stakes known, exact weights sum to 1, uncertain ones say who knows them, numbers in range."""
    for name, player in report.scenario.players.items():
        path: Path = ("players", name)
        if player.payoffs is not None:
            report.keys_known((*path, "payoffs"), player.payoffs, report.scenario.stakes, "stake", "L11")
            for stake, formula in player.payoffs.items():
                report.reads((*path, "payoffs", stake), formula, NUMBER, PARAMETER, "L11", "a formula over quantities only")
        if player.weights is not None:
            _weights(report, (*path, "weights"), player.weights)
        for field, (key, low, high) in PLAYER_NUMBERS.items():
            amount = getattr(player, field)
            if isinstance(amount, Amount):
                _amount(report, (*path, key), amount, PARAMETER, low, high, key)
        if player.loss_aversion is not None and not any(s.reference is not None for s in report.scenario.stakes.values()):
            report.fault((*path, "loss aversion"), "`loss aversion` without a stake that has a `reference`", "a `reference` on a stake", "L15")


def _weights(report: Report, path: Path, weights: Weights) -> None:
    stakes = {stake: None for stake in weights.stakes}
    inner = (*path, "swings" if weights.swings is not None else "dirichlet") if weights.exact is None else path
    report.keys_known(inner, stakes, report.scenario.stakes, "stake", "L11")
    for stake, amount in (weights.exact or {}).items():
        _amount(report, (*path, stake), amount, PARAMETER, 0.0, 1.0, "the weight")
    for stake, swing in (weights.swings or {}).items():
        low, _ = swing.limits() if swing.family != "word" else (0.0, 1.0)
        if low < 0:
            report.fault((*path, "swings", stake), f"a swing that may be negative, {quote(swing.text)}", "ratings of at least 0", "L11")
    exact = [a.estimate.parameters[0] if a.estimate and a.estimate.is_exact else None for a in (weights.exact or {}).values()]
    numbers = [value for value in exact if value is not None]
    if exact and len(numbers) == len(exact) and abs(sum(numbers) - 1) > 1e-9:
        report.fault(path, f"weights that sum to {sum(numbers):g}", "weights that sum to 1, or `swings:` for ratings", "M5")
    for place, text in enumerate(weights.order):
        for stake in order_chain(text):
            report.known((*path, "order", place), stake, stakes, "stake", "L11")
    if weights.is_uncertain and weights.known_to is None:
        report.fault(path, "uncertain weights without `known to`", "`known to: all`, or the players who know them", "M6", at_key=True)
    if weights.known_to is not None and not HEAD.match(KNOWN_TO + weights.known_to):
        report.fault((*path, "known to"), quote(weights.known_to), "`all`, `nobody` or players", "M6")
    if weights.known_to not in (None, "all", "nobody"):
        for name in re.split(r" *, *", weights.known_to or ""):
            report.known((*path, "known to"), name, report.scenario.players, "player", "M6")


def precisions_agree(report: Report) -> None:
    """L11, M9: best reply and finite precision are not mixed."""
    players = report.scenario.players
    finite = [name for name, player in players.items() if _is_finite(player)]
    best = [name for name in players if name not in finite]
    if finite and best:
        found = f"{quote(finite[0])} with a finite precision beside {quote(best[0])} with best reply"
        report.fault(("players", best[0]), found, "a finite precision (or `errors`) for all players, or for none", "M9", at_key=True)


def _is_finite(player: Player) -> bool:
    return player.precision is not None or player.errors is not None


def actors_speak_for_players(report: Report) -> None:
    """L12: delegates and alliances name whom they stand for."""
    scenario = report.scenario
    people = {*scenario.players, *scenario.actors}
    for name, actor in scenario.actors.items():
        if name in scenario.players:
            report.fault(("actors", name), f"{quote(name)} as an actor", "another name: a player has it", "L2", at_key=True)
        for key, whom in (("speaks for", actor.speaks_for), ("part of", actor.part_of)):
            if whom is not None:
                report.known(("actors", name, key), whom, scenario.players, "player", "L12")
    for name, alliance in scenario.alliances.items():
        if alliance.leader is not None:
            report.known(("alliances", name, "leader"), alliance.leader, people, "player or actor", "L12")
        for place, member in enumerate(alliance.members):
            report.known(("alliances", name, "members", place), member, people, "player or actor", "L12")


def forces_have_places(report: Report) -> None:
    """L13: forces stand in theatres, and travel between them."""
    scenario = report.scenario
    places = {*scenario.theatres, "reserve", "lost"}
    for theatre in scenario.theatres:
        if theatre in OFF_MAP:
            report.fault(("theatres", theatre), f"the reserved word {quote(theatre)} as a theatre", "another name", "L2", at_key=True)
    for name, force in scenario.forces.items():
        path: Path = ("forces", name)
        if force.owner is not None:
            report.known((*path, "owner"), force.owner, scenario.players, "player", "L13")
        report.keys_known((*path, "stock"), force.stock, places, "place", "L13")
        for place, formula in force.stock.items():
            report.reads((*path, "stock", place), formula, NUMBER, (*PARAMETER, "link"), "L13", "an amount over quantities only")
        for route in force.travel:
            ends = re.fullmatch(r"(\w+) +to +(\w+)", route, re.ASCII)
            if ends is None:
                report.fault((*path, "travel", route), f"the route {quote(route)}", "`PLACE to PLACE`", "L13", at_key=True)
                continue
            for end in ends.groups():
                report.known((*path, "travel", route), end, places, "place", "L13", at_key=True)
    for name, link in scenario.links.items():
        for key, end in (("from", link.from_), ("to", link.to)):
            if end is not None:
                report.known(("links", name, key), end, scenario.theatres, "theatre", "L9")


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
                    report.reads((section, player, name), view.formula, NUMBER, PARAMETER, "L20", "a formula over quantities only")
                elif view.estimate is not None:
                    _estimate(report, (section, player, name), view.estimate)
    perceived = {name for views in scenario.perceptions.values() for name in views}
    if perceived:
        _common_ground(report, perceived)


def _common_ground(report: Report, perceived: set[str]) -> None:
    scenario = report.scenario

    def common(path: Path, formula: Formula | None, what: str) -> None:
        tree = report.formula(path, formula, None) if formula is not None else None
        for name in sorted(report.symbols.reads(tree) & perceived) if tree is not None else ():
            report.fault(path, f"{quote(name)}, which a player perceives otherwise, in {what}", "a number that all players read alike", "M8", at=0)

    for name, force in scenario.forces.items():
        for place, formula in force.stock.items():
            common(("forces", name, "stock", place), formula, "a stock")
    for path, item in scenario.items():
        common((*path, "if"), item.if_, "a guard")
        for key, option in item.options.items():
            inner = (*path, "actions" if hasattr(item, "actions") else "outcomes", key)
            common((*inner, "if"), option.if_, "a guard")
            share = getattr(option, "share", None)
            common((*inner, "share"), share.formula if share else None, "a share")
            for force, shift in option.shifts:
                common((*inner, "shift", force), shift.amount, "a stock")


def correlations_hold(report: Report) -> None:
    """L8: correlated numbers exist and their correlations can hold together."""
    scenario = report.scenario
    drawn = {name for name, estimate in amounts(scenario).items() if not estimate.is_exact}
    is_known = True
    for place, correlation in enumerate(scenario.correlations):
        for end, name in enumerate(correlation.between):
            is_known &= report.known(("correlations", place, "between", end), name, drawn, "uncertain number", "L8")
        if correlation.between[0] == correlation.between[1]:
            report.fault(("correlations", place), "a number correlated with itself", "two different numbers", "L8")
            is_known = False
    if is_known and scenario.correlations:
        found = correlation_fault(scenario)
        if found is not None:
            report.fault(("correlations",), found, "correlations that can all hold together (a positive definite matrix)", "L8", at_key=True)


def questions_mean_something(report: Report) -> None:
    """L21, L19: events and conditions are truths; `by` is not before the first item."""
    state = ("state", "move", "stock", "round", "link", *PARAMETER)
    for name, question in report.scenario.questions.items():
        for key, formula in (("event", question.event), ("given", question.given)):
            if formula is not None:
                report.reads(("questions", name, key), formula, TRUTH, state, "L21", "a truth over state and quantities")
    for name, outcome in report.scenario.outcomes.items():
        if outcome.when is not None:
            report.reads(("outcomes", name, "when"), outcome.when, TRUTH, ("state", "move", "round", "link"), "L19", "state and moves only: how a history ended does not depend on the world")


def travel_is_dated_in_order(report: Report) -> None:
    """L16: the timeline goes forward."""
    dated: list[tuple[Path, str, object]] = []
    for place, item in enumerate(report.scenario.timeline):
        date = getattr(item, "date", None)
        if date is not None:
            dated.append((("timeline", place, "date"), date.text, date.first))
            if getattr(item, "after", None) is not None:
                report.fault(("timeline", place, "after"), "both `date` and `after`", "one of them", "L16")
    for (_, earlier, first), (path, text, second) in pairwise(dated):
        if second < first:  # type: ignore[operator]
            report.fault(path, f"the date {text} after {earlier}", "items in the order of their dates", "L16")


RULES = (
    names_are_unique,
    lexicon_is_plain,
    quantities_have_heads,
    definitions_mean_something,
    players_are_whole,
    precisions_agree,
    actors_speak_for_players,
    forces_have_places,
    perceptions_are_allowed,
    correlations_hold,
    questions_mean_something,
    travel_is_dated_in_order,
)

__all__ = ["OFF_MAP", "RULES", "definitions_end"]
