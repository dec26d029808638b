"""What an answer rests on most directly: the numbers that its moves read, and the paragraphs that stand behind them (M14).

Goes one step back from a question or decision, not through the whole game: from what it reads to the moves that set it, and to the
numbers, links and weights in those moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stratagem.analyse.finding import Basis, Table
from stratagem.analyse.provenance import places
from stratagem.scenario.effects import Changes, Option
from stratagem.scenario.elements import elements, numbers
from stratagem.scenario.formula import Formula, names_in
from stratagem.scenario.model import Chance, Move, Scenario


@dataclass(frozen=True)
class Grounds:
    """The numbers that rest on assumption, those that have a source, and the places of sources."""

    assumed: tuple[str, ...]
    sourced: tuple[str, ...]
    places: tuple[tuple[str, str], ...]


class Grounding:
    """Finds the grounds of a scenario's answers."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.kinds = elements(scenario)
        self.numbers = {name: (written, origin) for name, written, origin in numbers(scenario)}
        self.moves = scenario.moves

    def of_question(self, name: str) -> Grounds:
        """The grounds of a question: of the moves that it names, and that change what it reads."""
        question = self.scenario.questions[name]
        read = set(self._names([question.event, question.given]))
        return self.of_moves(move for move, item in self.moves.items() if move in read or read & set(_changed(item)))

    def of_moves(self, moves: Iterable[str]) -> Grounds:
        """The grounds of moves: what they are, what they read, and what their movers want."""
        found: dict[str, None] = {}
        for name in moves:
            item = self.moves[name]
            found[name] = None
            found.update(dict.fromkeys(f"{name}.{option}" for option in item.options))
            found.update(dict.fromkeys(self._names(_formulas(item))))
            if isinstance(item, Move):
                found.update(dict.fromkeys(self._of_player(item.player, tuple(found))))
        return self.of_elements(found)

    def of_elements(self, names: Iterable[str]) -> Grounds:
        """The grounds of named elements of the file."""
        known = dict.fromkeys(name for name in names if name in self.kinds)
        cited: dict[tuple[str, str], None] = {}
        assumed, sourced = [], []
        for name in known:
            if name not in self.numbers:
                continue
            origin = self.numbers[name][1]
            if origin.source is None:
                assumed.append(name)
            else:
                sourced.append(name)
                cited.update(dict.fromkeys(places(origin.source)))
        for claim in self.scenario.claims.values():
            if known.keys() & set(claim.modelled_by or ()):
                cited.update(dict.fromkeys(places(claim.at)))
        order = {name: place for place, name in enumerate(self.scenario.sources)}
        return Grounds(tuple(assumed), tuple(sourced), tuple(sorted(cited, key=lambda one: (order.get(one[0], 0), _natural(one[1])))))  # fmt: skip

    def _of_player(self, player: str, names: tuple[str, ...]) -> Iterator[str]:
        yield f"{player}.weights"
        for payoff in (self.scenario.players[player].payoffs or {}).values():
            yield from self._names([payoff])
        yield from (f"{player}.{name}" for name in self.scenario.perceptions.get(player, {}) if name in names)

    def _names(self, formulas: Iterable[Formula | None]) -> Iterator[str]:
        """The elements that formulas name, definitions opened."""
        open_, seen = [one for one in formulas if one is not None], set()
        while open_:
            for name in (one.name for one in names_in(open_.pop().tree)):
                if name in seen:
                    continue
                seen.add(name)
                if name in self.scenario.definitions:
                    open_.append(self.scenario.definitions[name])
                yield name
                if "." in name and name not in self.moves:
                    yield name.partition(".")[0]


def bases(scenario: Scenario, moves: Iterable[str], tables: Iterable[Table] = ()) -> tuple[Basis, ...]:
    """What a finding about moves rests on: the numbers that these read most directly, and those that its tables name."""
    grounding = Grounding(scenario)
    grounds = grounding.of_moves(dict.fromkeys(moves))
    named = (
        part
        for table in tables
        for row in table.rows
        for cell in row
        if isinstance(cell, str)
        for part in cell.split(", ")
    )
    found = dict.fromkeys((*grounds.assumed, *grounds.sourced, *(_element(name) for name in named)))
    return tuple(
        Basis(name, written, origin.source, origin.assumption)
        for name in found if name in grounding.numbers for written, origin in [grounding.numbers[name]]
    )  # fmt: skip


def _element(name: str) -> str:
    """The element of a number as tables name it: `player.weights.stake` is a part of `player.weights`."""
    return ".".join(name.split(".")[:2])


def _natural(place: str) -> tuple[int, str]:
    digits = "".join(c for c in place if c.isascii() and c.isdigit())
    return (int(digits) if digits else -1, place)


def _parts(item: Move | Chance) -> Iterator[Option | Changes]:
    for option in item.options.values():
        yield option
        yield from option.later


def _changed(item: Move | Chance) -> Iterator[str]:
    """The variables and forces that a move changes."""
    for part in _parts(item):
        yield from part.set_
        for force, shift in part.shifts:
            yield from (force, f"{force}.{shift.origin}", f"{force}.{shift.destination}")


def _formulas(item: Move | Chance) -> Iterator[Formula | None]:
    yield item.if_
    for option in item.options.values():
        yield option.if_
        yield getattr(option, "probability", None)
        share = getattr(option, "share", None)
        yield share.formula if share is not None else None
    for part in _parts(item):
        yield from (*part.set_.values(), *part.gains.values(), *part.payoffs.values())
        yield from (shift.amount for _, shift in part.shifts)
