"""The types of a number that chance decides within the game: their values, and who holds which to be possible (M6, M8).

Takes a scenario. One who knows such a number sees its type. One who does not, and perceives it otherwise, has his own odds: the types that he
holds to be possible stand beside the true ones, each with his chance of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from stratagem.graph.discrete import discrete, type_names
from stratagem.scenario.estimate import Amount
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import resolved, taken_as_known, unknown_names

AT = "@"  # in no name of a file: numbers of the world that a game reads and no file names


@dataclass(frozen=True)
class Part:
    """The types that somebody holds to be possible, in ascending order of value, and how likely."""

    places: tuple[int, ...]  # among all types
    shares: tuple[Fraction, ...]


@dataclass
class Types:
    """All types of a number: the true ones, more where a mistake takes more, then those of players who do not know it."""

    name: str
    names: list[str]
    values: list[Fraction]
    true: Part
    mistaken: dict[str, tuple[tuple[Fraction, ...] | None, Part]] = field(
        default_factory=dict
    )  # by holder: values of the first types, None where a formula makes them
    own: dict[str, Part] = field(
        default_factory=dict
    )  # by player who does not know the number, and perceives it otherwise
    made: dict[str, range] = field(
        default_factory=dict
    )  # those of them whose formula makes values: where his types begin and end

    def part(self, viewer: str | None, holder: str | None) -> Part:
        """What a player (None: the truth) holds to be possible, in the game as it is or as a mistaken holder has it."""
        if viewer in self.own and viewer is not None:
            return self.own[viewer]
        base = self.mistaken[holder][1] if holder in self.mistaken and holder is not None else self.true
        if viewer not in self.made or viewer is None:
            return base
        begin = self.made[viewer].start
        if len(self.made[viewer]) == 1:
            return Part((begin,), (Fraction(1),))
        return Part(tuple(begin + place for place in base.places), base.shares)


def hidden_names(scenario: Scenario) -> dict[str, frozenset[str]]:
    """The numbers that not all know, weights aside, with the players who know each."""
    taken = set(taken_as_known(scenario))
    return {
        name: frozenset(one.strip() for one in who.split(",")) - {"nobody"}
        for name, who in unknown_names(scenario)
        if name not in taken and not name.endswith(".weights")
    }


def types_of(scenario: Scenario, symbols: Symbols, name: str) -> Types:
    """The types of a number that not all know."""
    who, quantity = next((who, one) for who, other, one in scenario.known_quantities() if other == name)
    knowers = {one.strip() for one in who.split(",")}
    values, shares = discrete(resolved(scenario, quantity.is_), quantity.types)
    found = Types(name, list(type_names(len(values))), values, Part(tuple(range(len(values))), tuple(shares)))
    for holder, views in scenario.mistakes.items():
        if name in views:
            _mistake(scenario, found, holder, views[name], quantity.types)
    for player, views in scenario.perceptions.items():
        if name in views and player not in knowers:
            _perceive(scenario, symbols, found, player, views[name], quantity.types)
    return found


def _mistake(scenario: Scenario, found: Types, holder: str, view: Amount, count: int | None) -> None:
    if view.estimate is None:
        found.mistaken[holder] = (None, found.true)
        return
    values, shares = _discrete(scenario, view, count)
    for place in range(len(found.names), len(values)):
        found.names.append(f"{holder}_{place + 1}")
        found.values.append(values[place])
    found.mistaken[holder] = (tuple(values), Part(tuple(range(len(values))), shares))


def _perceive(scenario: Scenario, symbols: Symbols, found: Types, player: str, view: Amount, count: int | None) -> None:
    begin = len(found.names)
    if view.formula is not None:
        is_read = found.name in symbols.reads(symbols.tree(view.formula))
        block = max([len(found.true.places), *(max(part.places) + 1 for _, part in found.mistaken.values())])
        found.names += [f"{player}_{name}" for name in found.names[:block]] if is_read else [player]
        found.values += found.values[: len(found.names) - begin]  # made in each world
        found.made[player] = range(begin, len(found.names))
        return
    values, shares = _discrete(scenario, view, count)
    found.own[player] = Part(tuple(_places(found, player, values)), shares)


def _discrete(scenario: Scenario, view: Amount, count: int | None) -> tuple[list[Fraction], tuple[Fraction, ...]]:
    assert view.estimate is not None
    estimate = resolved(scenario, view.estimate)
    if estimate.is_exact:
        return [Fraction(str(estimate.parameters[0]))], (Fraction(1),)
    values, shares = discrete(estimate, count)
    return values, tuple(shares)


def _places(found: Types, player: str, values: list[Fraction]) -> Iterator[int]:
    """Where values stand among the types: with those that are the same, unless formulas or mistakes make them others."""
    made = {place for places in found.made.values() for place in places}
    same = {value: place for place, value in enumerate(found.values) if place not in made and not found.mistaken}
    for name, value in zip(type_names(len(values)), values, strict=True):
        if value in same:
            yield same[value]
            continue
        found.names.append(f"{player}_{name}" if len(values) > 1 else player)
        found.values.append(value)
        yield len(found.names) - 1
