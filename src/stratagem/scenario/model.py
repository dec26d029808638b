"""The whole file: the timeline, the questions, and all parts together as a strict model (L3, L16, L19 to L22).

Validates shape and spelling, one part at a time; what needs two parts at once is `check`'s. No arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag

from stratagem.errors import nearest
from stratagem.scenario.dates import Date, Delay
from stratagem.scenario.effects import Action, Changes, Later, Option, Outcome, Share, Shift
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.evidence import Claim, Erratum, Fact, Judgement, Quantity, Revealed, Source, Version
from stratagem.scenario.formula import Formula, stated_fault
from stratagem.scenario.part import Id, Part, Sourced, Text, bare
from stratagem.scenario.parties import Actor, Alliance, Player, Weights
from stratagem.scenario.setting import Correlation, Force, Link, Stake, Theatre, Variable

KNOWN_TO = "known to "
ITEM_KINDS = ("move", "chance", "rounds", "simultaneous")
KIND_OF_KEY = {"outcomes": "chance", "moves": "rounds"}
MAX_PLACES, MAX_VARIABLES, MAX_CORRELATIONS = 200, 1000, 200


class Item(Sourced):
    """What moves and chance moves share (L16)."""

    title: Text | None = None
    if_: Formula | None = None
    date: Date | None = None
    after: Delay | None = None
    seen_by: Text | list[Id] | None = None
    seen_after: Delay | None = None
    seen_as: Literal["kind"] | Annotated[dict[Text, list[Id]], Field(min_length=1)] | None = None


class Move(Item):
    """A player's move."""

    move: Id
    player: Id
    actions: Annotated[dict[Id, Action], Field(min_length=1)]
    ties: Text = "equal"
    signed_by: Id | None = None

    @property
    def id(self) -> str:
        """The move's name."""
        return self.move

    @property
    def options(self) -> dict[str, Action]:
        """What can happen here."""
        return self.actions


class Chance(Item):
    """A move by chance."""

    chance: Id
    outcomes: Annotated[dict[Id, Outcome], Field(min_length=1)]

    @property
    def id(self) -> str:
        """The move's name."""
        return self.chance

    @property
    def options(self) -> dict[str, Outcome]:
        """What can happen here."""
        return self.outcomes


def _kind(value: Any) -> str:
    """Which kind of item a mapping is: by its key, by a misspelt key, by what it holds; else a move."""
    keys = [str(key) for key in value] if isinstance(value, dict) else []
    for kind in ITEM_KINDS:
        if kind in keys:
            return kind
    misspelt = [close for key in keys if (close := nearest(key, ITEM_KINDS)) is not None]
    return next((KIND_OF_KEY[key] for key in keys if key in KIND_OF_KEY), misspelt[0] if misspelt else "move")


def _none_of(kinds: tuple[str, ...], where: str, expected: str) -> BeforeValidator:
    """Refuses items of some kinds in a block."""

    def checked(value: Any) -> Any:
        if (kind := _kind(value)) in kinds:
            raise stated_fault(f"`{kind}` {where}", expected, "L16")
        return value

    return BeforeValidator(checked)


_MADE_TOGETHER = _none_of(("chance", "rounds", "simultaneous"), "among moves made together", "`move` of a player")
_IN_ROUNDS = _none_of(("rounds",), "in rounds", "`move`, `chance` or `simultaneous`: blocks do not nest")


class Simultaneous(Part):
    """Moves that do not see each other (M7)."""

    simultaneous: Annotated[list[Annotated[Move, _MADE_TOGETHER]], Field(min_length=1)]


AnyMove = Annotated[Move, Tag("move")] | Annotated[Chance, Tag("chance")] | Annotated[Simultaneous, Tag("simultaneous")]


class Rounds(Part):
    """A block of moves, repeated (L16)."""

    rounds: Annotated[int, Field(ge=1, le=1000)]
    name: Text | None = None
    title: Text | None = None
    every: Delay | None = None
    date: Date | None = None
    after: Delay | None = None
    moves: Annotated[list[Annotated[AnyMove, Discriminator(_kind), _IN_ROUNDS]], Field(min_length=1)]


AnyItem = AnyMove | Annotated[Rounds, Tag("rounds")]


# --- what is asked, and the whole -------------------------------------------------------------------------------


class OutcomeClass(Part):
    """A name for histories that no `end` closed (L19)."""

    title: Text | None = None
    when: Formula | None = None


class Question(Sourced):
    """An event with a date (L21)."""

    title: Text
    event: Formula
    given: Formula | None = None
    by: Date | None = None
    base_rate: Judgement | None = None
    crowd: Judgement | None = None
    resolved: Literal["yes", "no", "void", "open"] = "open"
    resolved_on: Date | None = None
    resolution_source: Text | None = None
    chosen_after_the_fact: bool = False


class Seen(Part):
    """A move already seen (L22)."""

    _bare = bare("that")
    that: Text
    on: Date | None = None
    source: Text | None = None


class Places(Protocol):
    """Where parts of a scenario stand in its file."""

    def where(self, path: tuple[str | int, ...]) -> str:
        """`file:line:column: ` of the part at a path."""


class Scenario(Part):
    """The whole file."""

    scenario: Text
    question: Text | None = None
    about: Text | None = None
    as_of: Date | None = None
    edition: Annotated[int, Field(ge=1)] = 1
    source: Text | None = None
    sources: dict[Id, Source] = {}
    lexicon: dict[str, Estimate] = {}
    players: Annotated[dict[Id, Player], Field(min_length=1)]
    actors: dict[Id, Actor] = {}
    alliances: dict[Id, Alliance] = {}
    theatres: Annotated[dict[Id, Theatre], Field(max_length=MAX_PLACES)] = {}
    forces: Annotated[dict[Id, Force], Field(max_length=MAX_PLACES)] = {}
    state: Annotated[dict[Id, Variable], Field(max_length=MAX_VARIABLES)] = {}
    stakes: dict[Id, Stake] = {}
    quantities: dict[str, dict[Id, Quantity]] = {}
    taken_as_known: list[Text] = []
    correlations: Annotated[list[Correlation], Field(max_length=MAX_CORRELATIONS)] = []
    definitions: dict[Id, Formula] = {}
    links: dict[Id, Link] = {}
    perceptions: dict[Id, dict[Id, Amount]] = {}
    mistakes: dict[Id, dict[Id, Amount]] = {}
    timeline: Annotated[list[Annotated[AnyItem, Discriminator(_kind)]], Field(min_length=1)]
    outcomes: dict[Text, OutcomeClass] = {}
    questions: dict[Id, Question] = {}
    history: list[Seen] = []
    revealed: dict[Id, Revealed] = {}
    facts: dict[Id, Fact] = {}
    claims: dict[Id, Claim] = {}

    _places: Places | None = PrivateAttr(None)

    def read_at(self, places: Places) -> Scenario:
        """The scenario itself, which now knows where its parts stand in a file."""
        self._places = places
        return self

    def where(self, *path: str | int) -> str:
        """`file:line:column: ` of the part at a path, to begin a message with; nothing where it was not read from a file."""
        return "" if self._places is None else self._places.where(path)

    @property
    def moves(self) -> dict[str, Move | Chance]:
        """Every move of the timeline by name, blocks opened."""
        return {item.id: item for _, item in self.items()}

    def items(self) -> Iterator[tuple[tuple[str | int, ...], Move | Chance]]:
        """Every move with its path in the file, blocks opened."""
        for place, item in enumerate(self.timeline):
            yield from _opened(("timeline", place), item)

    def known_quantities(self) -> Iterator[tuple[str, str, Quantity]]:
        """Every quantity as (who knows it, name, quantity)."""
        for head, group in self.quantities.items():
            for name, quantity in group.items():
                yield head.removeprefix(KNOWN_TO), name, quantity


def _opened(path: tuple[str | int, ...], item: AnyItem) -> Iterator[tuple[tuple[str | int, ...], Move | Chance]]:
    if isinstance(item, Move | Chance):
        yield path, item
        return
    key, inner = ("moves", item.moves) if isinstance(item, Rounds) else ("simultaneous", item.simultaneous)
    for place, one in enumerate(inner):
        yield from _opened((*path, key, place), one)


__all__ = [
    "KNOWN_TO", "Action", "Actor", "Alliance", "Amount", "Chance", "Changes", "Claim", "Correlation", "Erratum", "Estimate", "Fact",
    "Force", "Item", "Judgement", "Later", "Link", "Move", "Option", "Outcome", "OutcomeClass", "Player", "Quantity",
    "Question", "Revealed", "Rounds", "Scenario", "Seen", "Share", "Shift", "Simultaneous", "Source", "Stake", "Theatre", "Variable",
    "Version", "Weights",
]  # fmt: skip
