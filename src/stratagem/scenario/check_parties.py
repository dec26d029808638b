"""Rules on who and where: players, weights, actors, alliances, forces, links (L9, L11 to L13, M3, M5, M6, M9)."""

from __future__ import annotations

import re

from stratagem.errors import quote
from stratagem.scenario.check_numbers import HEAD, knowers_exist
from stratagem.scenario.estimate import Amount
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import KNOWN_TO, Player, Weights
from stratagem.scenario.names import NUMBER
from stratagem.scenario.quantities import order_chain
from stratagem.scenario.report import Report
from stratagem.scenario.text import Path

PLAYER_NUMBERS: dict[str, tuple[str, float, float]] = {
    "precision": ("precision", 0.0, 1e6),
    "errors": ("errors", 1e-6, 0.5),
    "risk_aversion": ("risk aversion", -1e4, 1e4),
    "loss_aversion": ("loss aversion", 0.0, 1e4),
    "discount": ("discount", 1e-6, 1.0),
}
OFF_MAP = ("reserve", "lost")
ROUTE = re.compile(r"([A-Za-z0-9_]+) to ([A-Za-z0-9_]+)\Z")


def players_are_whole(report: Report) -> None:
    """L11: stakes known, numbers in range, a loss aversion has a reference to bite on."""
    for name, player in report.scenario.players.items():
        path: Path = ("players", name)
        report.keys_known((*path, "payoffs"), player.payoffs or {}, report.scenario.stakes, "stake", "L11")
        for stake, formula in (player.payoffs or {}).items():
            _parameter(report, (*path, "payoffs", stake), formula)
        for field, (key, low, high) in PLAYER_NUMBERS.items():
            amount = getattr(player, field)
            if isinstance(amount, Amount):
                _amount(report, (*path, key), amount, low, high, key)
        _reference(report, (*path, "loss aversion"), player)


def _parameter(report: Report, path: Path, formula: Formula) -> None:
    report.reads(path, formula, NUMBER, ("quantity",), "L11", "a formula over quantities only")


def _amount(
    report: Report, path: Path, amount: Amount, low: float, high: float, what: str, otherwise: str = ""
) -> None:
    if amount.formula is not None:
        _parameter(report, path, amount.formula)
    elif amount.estimate is not None and amount.estimate.is_exact:
        number = amount.estimate.parameters[0]
        if not low <= number <= high:
            report.fault(path, f"{what} {number:g}", f"a number from {low:g} to {high:g}{otherwise}", "L11")


def _reference(report: Report, path: Path, player: Player) -> None:
    has_reference = any(stake.reference is not None for stake in report.scenario.stakes.values())
    if player.loss_aversion is not None and not has_reference and report.is_complete("stakes"):
        found = "`loss aversion` without a stake that has a `reference`"
        report.fault(path, found, "a `reference` on a stake", "L15")


def weights_are_whole(report: Report) -> None:
    """L11, M5, M6: weights of known stakes; exact ones sum to 1, uncertain ones say who knows them."""
    for name, player in report.scenario.players.items():
        if player.weights is not None:
            path: Path = ("players", name, "weights")
            _weighed(report, path, player.weights)
            _sum(report, path, player.weights)
            _known_to(report, path, player.weights)


def _weighed(report: Report, path: Path, weights: Weights) -> None:
    form = "exact" if weights.exact else "swings" if weights.swings else "dirichlet"
    report.keys_known((*path, form), dict.fromkeys(weights.stakes), report.scenario.stakes, "stake", "L11")
    for stake, amount in (weights.exact or {}).items():
        _amount(report, (*path, stake), amount, 0.0, 1.0, "the weight", "; ratings stand under `swings`")
    for stake, swing in (weights.swings or {}).items():
        if swing.family != "word" and swing.limits()[0] < 0:
            found = f"a swing that may be negative, {quote(swing.text)}"
            report.fault((*path, "swings", stake), found, "ratings of at least 0", "L11")
    for place, text in enumerate(weights.order):
        for stake in order_chain(text):
            report.known((*path, "order", place), stake, weights.stakes, "stake", "L11")


def _sum(report: Report, path: Path, weights: Weights) -> None:
    estimates = [amount.estimate for amount in (weights.exact or {}).values()]
    numbers = [one.parameters[0] for one in estimates if one is not None and one.is_exact]
    is_exact = bool(estimates) and len(numbers) == len(estimates)
    if is_exact and abs(sum(numbers) - 1) > 1e-9 and report.is_whole(*path):
        found = f"weights that sum to {sum(numbers):g}"
        report.fault(path, found, "weights that sum to 1, or `swings:` for ratings", "M5")


def _known_to(report: Report, path: Path, weights: Weights) -> None:
    if weights.types is not None and weights.known_to in (None, "all"):
        expected = "no `types`, which only weights that not all know have; or `known to: PLAYER` beside them"
        report.fault((*path, "types"), "`types` of weights that all know", expected, "L7", at_key=True)
    if weights.known_to is None:
        if weights.is_uncertain and report.is_whole(*path):
            expected = "`known to: all`, or the players who know them"
            report.fault(path, "uncertain weights without `known to`", expected, "M6", at_key=True)
    elif not HEAD.match(KNOWN_TO + weights.known_to):
        report.fault((*path, "known to"), quote(weights.known_to), "`all`, `nobody` or players", "M6")
    else:
        knowers_exist(report, (*path, "known to"), weights.known_to, "M6")


def precisions_agree(report: Report) -> None:
    """L11, M9: best reply and finite precision are not mixed."""
    players = {name: one for name, one in report.scenario.players.items() if report.is_complete("players", name)}
    finite = [name for name, one in players.items() if one.precision is not None or one.errors is not None]
    best = [name for name in players if name not in finite]
    if finite and best:
        found = f"{quote(finite[0])} with a finite precision beside {quote(best[0])} with best reply"
        expected = "a finite precision (or `errors`) for all players, or for none"
        report.fault(("players", best[0]), found, expected, "M9", at_key=True)


def actors_speak_for_players(report: Report) -> None:
    """L12: delegates name whom they stand for."""
    for name, actor in report.scenario.actors.items():
        if name in report.scenario.players:
            expected = "another name: a player has it"
            report.fault(("actors", name), f"{quote(name)} as an actor", expected, "L2", at_key=True)
        for key, whom in (("speaks for", actor.speaks_for), ("part of", actor.part_of)):
            if whom is not None:
                report.known(("actors", name, key), whom, report.scenario.players, "player", "L12")


def alliances_have_members(report: Report) -> None:
    """L12: alliances are of players and actors."""
    people = {*report.scenario.players, *report.scenario.actors}
    for name, alliance in report.scenario.alliances.items():
        if alliance.leader is not None:
            report.known(("alliances", name, "leader"), alliance.leader, people, "player or actor", "L12")
        for place, member in enumerate(alliance.members):
            report.known(("alliances", name, "members", place), member, people, "player or actor", "L12")


def forces_have_places(report: Report) -> None:
    """L13, M3: forces stand in theatres, at least 0 of each, and travel between them."""
    places = {*report.scenario.theatres, *OFF_MAP}
    for theatre in report.scenario.theatres:
        if theatre in (*OFF_MAP, "transit"):
            found = f"the reserved word {quote(theatre)} as a theatre"
            report.fault(("theatres", theatre), found, "another name", "L2", at_key=True)
    for name, force in report.scenario.forces.items():
        path: Path = ("forces", name)
        if force.owner is not None:
            report.known((*path, "owner"), force.owner, report.scenario.players, "player", "L13")
        report.keys_known((*path, "stock"), force.stock, places, "place", "L13")
        for place, formula in force.stock.items():
            _stock(report, (*path, "stock", place), formula)
        for route in force.travel:
            _route(report, (*path, "travel", route), route, places)


def _stock(report: Report, path: Path, formula: Formula) -> None:
    expected = "an amount over quantities only"
    report.reads(path, formula, NUMBER, ("quantity", "link"), "L13", expected)
    number = formula.number
    if number is not None and number < 0:
        report.fault(path, f"a stock of {formula.text}", "an amount of at least 0", "M3")


def _route(report: Report, path: Path, route: str, places: set[str]) -> None:
    ends = ROUTE.match(route)
    if ends is None:
        report.fault(path, f"the route {quote(route)}", "`PLACE to PLACE`", "L13", at_key=True)
        return
    for end in ends.groups():
        report.known(path, end, places, "place", "L13", at_key=True)
    if ends[1] == ends[2]:
        report.fault(path, f"the route {quote(route)}", "two different places", "L13", at_key=True)


def links_join_theatres(report: Report) -> None:
    """L9: a link leads from a theatre to a theatre."""
    for name, link in report.scenario.links.items():
        for key, end in (("from", link.from_), ("to", link.to)):
            if end is not None:
                report.known(("links", name, key), end, report.scenario.theatres, "theatre", "L9")


RULES = (
    players_are_whole,
    weights_are_whole,
    precisions_agree,
    actors_speak_for_players,
    alliances_have_members,
    forces_have_places,
    links_join_theatres,
)
