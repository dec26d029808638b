"""Numbers that only some players know, as moves by chance that only they see (M6, M7).

Takes a scenario; gives, for each such number, the values it may have and the chance move that decides between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from stratagem.errors import NotSolvedError, quote
from stratagem.graph.attitudes import THROUGHOUT, private_attitudes
from stratagem.graph.discrete import DEFAULT_TYPES, numbered
from stratagem.graph.personal import reads_by_stake, weights_slot
from stratagem.graph.readings import read_apart
from stratagem.graph.state import formulas_of, stakes_of
from stratagem.graph.type_odds import Linked, linked
from stratagem.graph.types import types_of
from stratagem.graph.weight_types import weight_types
from stratagem.scenario.effects import Outcome
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Chance, Move, Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import taken_as_known, unknown_names

Path = tuple[str | int, ...]
REMEDY = (
    "say `taken as known: [{name}]` (or `--taken-as-known`) to solve it as if all knew it, which the answer then lists"
)


@dataclass(frozen=True)
class Fact:
    """A number that chance decides within the game."""

    name: str
    values: dict[str, Fraction]  # by the name of the type
    chance: Chance
    place: int  # in the timeline: it is decided before this item
    weights: tuple[str, dict[str, dict[str, Fraction]]] | None = None  # whose, and by type and stake
    link: Linked | None = None  # where its odds turn on other numbers

    @property
    def given(self) -> tuple[str, ...]:
        """The facts on whose types its odds turn."""
        return () if self.link is None else tuple(one.name for one in self.link.before)


def all_known(scenario: Scenario) -> Scenario:
    """The scenario with every number taken as known to all."""
    return scenario.model_copy(update={"taken_as_known": ["all"]})


def facts_of(scenario: Scenario, symbols: Symbols, also: Iterable[str] = ()) -> list[Fact]:
    """The numbers that some players know and others do not, and those in `also`. Raises `NotSolvedError` where one cannot be a move."""
    taken, links = set(taken_as_known(scenario)), {one.name: one for one in linked(scenario)}
    also = {*also, *(name for one in scenario.correlations for name in one.between)}
    names = {
        name: who
        for name, who in unknown_names(scenario)
        if name not in taken and (who != "nobody" or name in also or name.endswith(".weights"))
    }
    for path, why, name in _obstacles(scenario, symbols, names):
        rule = "M8" if path[0] in ("perceptions", "mistakes") else "M6"
        raise NotSolvedError(f"{scenario.where(*path)}{why} [{rule}]; {REMEDY.format(name=name)}")
    found = {
        name: _weights(scenario, symbols, name.removesuffix(".weights"), who)
        if name.endswith(".weights")
        else _fact(scenario, symbols, name, who, links.get(name))
        for name, who in names.items()
    }
    for name, link in reversed([(name, link) for name, link in links.items() if name in found]):
        for one in link.before:
            found[one.name] = replace(found[one.name], place=min(found[one.name].place, found[name].place))
    order = {name: number for number, name in enumerate(links)}
    return sorted(found.values(), key=lambda fact: order.get(fact.name, -1))


def stocks_by_fact(scenario: Scenario, symbols: Symbols, facts: Sequence[str]) -> dict[str, dict[str, Formula]]:
    """The stocks, by slot, that stand as soon as the last fact which they read is decided; by that fact. `facts` are in the order in which they are decided."""
    found: dict[str, dict[str, Formula]] = {}
    for force, one in scenario.forces.items():
        for place, formula in one.stock.items():
            reads = symbols.reads(symbols.tree(formula))
            last = [name for name in facts if name in reads][-1:]
            if last:
                found.setdefault(last[0], {})[f"{force}.{place}"] = formula
    return found


def _weights(scenario: Scenario, symbols: Symbols, player: str, who: str) -> Fact:
    """The weights of a player, as a number of types."""
    party = scenario.players[player]
    count = (party.weights.types if party.weights else None) or DEFAULT_TYPES
    types = dict(zip(numbered(count), weight_types(scenario, player, count), strict=True))
    name = weights_slot(scenario, player)
    titles = (", ".join(f"{stake} {float(weight):.2f}" for stake, weight in one.items()) for one in types.values())
    outcomes = {
        one: Outcome.model_construct(probability=Formula.parse(f"1 / {count}"), title=title)
        for one, title in zip(types, titles, strict=True)
    }
    chance = Chance.model_construct(
        chance=name, outcomes=outcomes, title=f"what stakes are worth to {party.name}", seen_by=who
    )
    numbers = {one: Fraction(place) for place, one in enumerate(types)}
    return Fact(name, numbers, chance, _place(scenario, symbols, name, who), (player, types))


def _fact(scenario: Scenario, symbols: Symbols, name: str, who: str, link: Linked | None) -> Fact:
    quantity = next(one for _, other, one in scenario.known_quantities() if other == name)
    types = types_of(scenario, symbols, name)
    made = {place: player for player, places in types.made.items() for place in places}
    shares = types.true.shares if link is None else [Fraction(1, len(types.names))] * len(types.names)
    outcomes = {
        one: Outcome.model_construct(
            probability=Formula.parse(f"{share.numerator} / {share.denominator}"),
            title=f"as {scenario.players[made[place]].name} has it" if place in made else f"{float(value):.4g}",
        )
        for place, (one, value, share) in enumerate(zip(types.names, types.values, shares, strict=True))
    }
    title = quantity.title or name.replace("_", " ")
    chance = Chance.model_construct(chance=name, outcomes=outcomes, title=title, seen_by=who)
    values = dict(zip(types.names, types.values, strict=True))
    return Fact(name, values, chance, _place(scenario, symbols, name, who), link=link)


def _place(scenario: Scenario, symbols: Symbols, name: str, who: str) -> int:
    """The first item that reads the number, or at which one who knows it moves; the start where a stock or an attitude reads it."""
    is_looked_through = any(name in on and name != one for one, on in read_apart(scenario).items())
    if (
        is_looked_through
        or private_attitudes(scenario, symbols, {name}, THROUGHOUT)
        or stocks_by_fact(scenario, symbols, [name])
    ):
        return 0
    knowers = _knowers(who)
    weighed = {stake for stake, names in reads_by_stake(scenario, symbols).items() if name in names}
    for path, item in scenario.items():
        is_mover = isinstance(item, Move) and item.player in knowers
        is_weighed = not weighed.isdisjoint(stakes_of(item))
        if is_mover or is_weighed or any(name in symbols.reads(symbols.tree(formula)) for formula in formulas_of(item)):
            return int(path[1])
    return 0


def _knowers(who: str) -> set[str]:
    """The players in `PLAYER, PLAYER`; nobody in `nobody`."""
    return {one.strip() for one in who.split(",")}


def _obstacles(scenario: Scenario, symbols: Symbols, names: Mapping[str, str]) -> Iterator[tuple[Path, str, str]]:
    """Where and why a number could not be a move by chance, and which; `names` says who knows each."""
    hidden = set(names)
    for (player, field), formula in private_attitudes(scenario, symbols, hidden).items():
        for name in sorted(hidden & symbols.reads(symbols.tree(formula))):
            if player not in _knowers(names[name]):
                what = field.replace("_", " ")
                yield (
                    ("players", player, what),
                    f"{quote(name)}, which {quote(player)} does not know, is read by his own {what}",
                    name,
                )
    for place, one in enumerate(scenario.correlations):
        for name in sorted(hidden.intersection(one.between)):
            if name.endswith(".weights"):
                yield ("correlations", place), f"{quote(name)}, which not all know, are correlated with a number", name
    for section in ("perceptions", "mistakes"):
        for player, views in getattr(scenario, section).items():
            for name, view in views.items():
                path: Path = (section, player, name)
                reads = symbols.reads(symbols.tree(view.formula)) if view.formula is not None else frozenset()
                for why, other in _views_amiss(section, player, name, reads & hidden, view.formula is None, names):
                    yield path, why, other


def _views_amiss(
    section: str, player: str, name: str, reads: frozenset[str], is_estimate: bool, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Why a player cannot hold a number to be so, and which number not all know of it."""
    knows = {one for one, who in names.items() if player in _knowers(who)}
    if name in knows and section == "mistakes":
        yield f"{quote(player)} is mistaken about {quote(name)}, which he knows", name
    elif name in knows and is_estimate:
        yield f"{quote(player)} knows {quote(name)}, and has an estimate of it; let a formula say how he reads it", name
    has_own_odds = name in names and name not in knows
    for other in sorted(reads - {name}):
        if other not in knows:
            yield f"{quote(other)}, which {quote(player)} does not know, is read by a {section[:-1]} of his", other
        elif has_own_odds or section == "mistakes":
            yield (
                f"{quote(other)}, which not all know, is read by a {section[:-1]} of {quote(player)} about {quote(name)}, which cannot turn on it",
                other,
            )
