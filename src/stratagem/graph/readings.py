"""Numbers that some read otherwise by the type of what not all know: a value for each type, of each evaluator, in each world (M6, M8).

Takes a scenario and drawn numbers; gives numbers of the world under names that no file can write. In a state the compiler reads such a number
under the name of its types there, so what differs between evaluators stays a matter of the worlds.

Axes: W worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from stratagem.graph.game import Floats
from stratagem.graph.type_odds import ODDS
from stratagem.graph.types import AT, Types, hidden_names, types_of
from stratagem.graph.values import formula_values
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols


def reading(name: str, types: tuple[str, ...]) -> str:
    """The name of a number of the world: what a number is where those on whose types it turns have these."""
    return AT.join((name, *types))


def is_of_types(name: str) -> bool:
    """Whether a number of the world is not one of the file's, but says what types are or how likely."""
    return name.startswith(ODDS) or AT in name


def read_apart(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """The numbers that are read by type, each with those on whose types it turns."""
    hidden = hidden_names(scenario)
    found: dict[str, tuple[str, ...]] = {}
    if not hidden or not (scenario.perceptions or scenario.mistakes):
        return found
    symbols = Symbols(scenario)
    for section in (scenario.perceptions, scenario.mistakes):
        for views in section.values():
            for name, view in views.items():
                reads = symbols.reads(symbols.tree(view.formula)) if view.formula is not None else frozenset()
                turns_on = [one for one in hidden if one == name or one in reads]
                if turns_on:
                    found[name] = tuple(dict.fromkeys((*found.get(name, ()), *turns_on)))
    return found


class Readings:
    """The values of numbers that are read by type, in some worlds: as they are, or as a mistaken `holder` has them."""

    def __init__(self, scenario: Scenario, drawn: Mapping[str, Floats], size: int, holder: str | None = None) -> None:
        self.scenario, self.drawn, self.size, self.holder = scenario, drawn, size, holder
        self.apart = read_apart(scenario)
        self.hidden = hidden_names(scenario) if self.apart else {}
        on = dict.fromkeys(one for turns_on in self.apart.values() for one in turns_on)
        self.types = {name: types_of(scenario, Symbols(scenario), name) for name in on}
        self.values = {name: self._values(types) for name, types in self.types.items()}

    def _values(self, types: Types) -> list[Floats]:
        """Each type's value [W]."""
        found = [np.full(self.size, float(value)) for value in types.values]
        if self.holder is not None and self.holder in types.mistaken:
            stated, part = types.mistaken[self.holder]
            for place in part.places:
                found[place] = (
                    self._by_formula("mistakes", self.holder, types.name, {types.name: found[place]})
                    if stated is None
                    else np.full(self.size, float(stated[place]))
                )
        for player, places in types.made.items():
            for source, place in enumerate(places):
                found[place] = self._by_formula("perceptions", player, types.name, {types.name: found[source]})
        return found

    def _by_formula(self, section: str, player: str, name: str, here: Mapping[str, Floats]) -> Floats:
        formula = getattr(self.scenario, section)[player][name].formula
        return formula_values(self.scenario, formula, {**self.drawn, **here}, self.size)

    def true(self) -> dict[str, Floats]:
        """By name of the reading."""
        return {reading(name, types): here[name] for name, types, here in self._states()}

    def of(self, player: str) -> dict[str, Floats]:
        """Those that a player reads otherwise. What he does not know he reads as it is, with his own odds."""
        views = self.scenario.perceptions.get(player, {})
        return {
            reading(name, types): self._as_seen(player, name, here)
            for name, types, here in self._states()
            if name in views and player in self.hidden.get(name, {player})
        }

    def _as_seen(self, player: str, name: str, here: Mapping[str, Floats]) -> Floats:
        if self.scenario.perceptions[player][name].formula is None:
            return self.drawn[f"{player}.{name}"]
        return self._by_formula("perceptions", player, name, here)

    def _states(self) -> Iterator[tuple[str, tuple[str, ...], dict[str, Floats]]]:
        """Every number with the types on which it turns, and the values in that state of itself and of these."""
        for name, turns_on in self.apart.items():
            for places in product(*(range(len(self.types[one].names)) for one in turns_on)):
                here = {one: self.values[one][place] for one, place in zip(turns_on, places, strict=True)}
                types = tuple(self.types[one].names[place] for one, place in zip(turns_on, places, strict=True))
                yield name, types, {name: self.drawn[name], **here} if name not in here else here
