"""The parts of a scenario as strict models: what a file may say (L2 to L23).

Validates shape and spelling, one part at a time; what needs two parts at once is `check`'s. No arrays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    model_validator,
)
from pydantic_core import core_schema

from stratagem.errors import quote
from stratagem.scenario.dates import DAYS, Date, Delay
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.formula import Formula, FormulaFault, stated_fault

RESERVED = set("and or not in if then else true false all nobody rest round ever reserve transit lost none open".split())
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
KNOWN_TO = "known to "


def _id(name: str) -> str:
    if not _ID.match(name):
        raise stated_fault(f"the name {quote(name)}", "a letter or `_`, then letters, digits or `_`, at most 64", "L2")
    if name in RESERVED:
        raise stated_fault(f"the reserved word {quote(name)} as a name", "another name", "L2")
    return name


def _title(text: str) -> str:
    if len(text) > 2000:
        raise stated_fault(f"a text of {len(text):,} characters", "at most 2,000", "L1")
    return text


Id = Annotated[str, AfterValidator(_id)]
Text = Annotated[str, AfterValidator(_title)]


def _spelling(name: str) -> str:
    return name.rstrip("_").replace("_", " ")


class Part(BaseModel):
    """A part of a scenario: strict, closed, frozen; keys are written with spaces."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=_spelling, populate_by_name=True)


class Sourced(Part):
    """A part that may say where its numbers come from (L4)."""

    source: Text | None = None
    assumption: Text | None = None


def _named(field: str) -> Any:
    """A validator that reads a bare scalar as `{field: scalar}`."""

    def wrap(value: Any) -> Any:
        return value if isinstance(value, dict) else {field: value}

    return model_validator(mode="before")(wrap)


# --- sources and evidence ---------------------------------------------------------------------------------------


class Erratum(Part):
    """A correction that a source made."""

    date: Date
    paragraph: Text | None = None
    was: Text
    now: Text


class Source(Part):
    """A document that numbers and claims come from (L4)."""

    _wrap = _named("title")
    title: Text
    author: Text | None = None
    date: Date | None = None
    kind: Literal["op-ed", "article", "book", "report", "dataset", "news", "statement", "judgement"] | None = None
    url: Text | None = None
    reliability: Text | None = None
    note: Text | None = None
    paragraphs: Annotated[int, Field(ge=0, le=10_000)] | None = None
    errata: list[Erratum] = []


class Version(Part):
    """An earlier version of a number or fact."""

    is_: Estimate | None = None
    says: Text | None = None
    source: Text | None = None
    as_of: Date | None = None
    because: Text | None = None


class Quantity(Sourced):
    """A number that the analyst is unsure of (L5)."""

    is_: Estimate
    title: Text | None = None
    unit: Text | None = None
    as_of: Date | None = None
    was: list[Version] = []

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, dict) and "choice" not in value else {"is": value}


class Fact(Sourced):
    """A fact with versions that no formula reads (L23)."""

    _wrap = _named("says")
    says: Text | None = None
    is_: Estimate | None = None
    as_of: Date | None = None
    was: list[Version] = []


class Claim(Part):
    """A sentence of a source, paraphrased, and what became of it (L23)."""

    at: Text
    says: Text
    kind: Text | None = None
    modelled_by: list[Text] | None = None
    context: Text | None = None
    not_modelled: Text | None = None

    @model_validator(mode="after")
    def _one_fate(self) -> Claim:
        if sum(fate is not None for fate in (self.modelled_by, self.context, self.not_modelled)) != 1:
            raise stated_fault("a claim without one fate", "exactly one of `modelled by`, `context`, `not modelled`", "L23")
        return self


# --- who and where ----------------------------------------------------------------------------------------------


class Weights(Sourced):
    """What stakes are worth to a player, in one of three forms (L11)."""

    exact: dict[Id, Amount] | None = None
    swings: dict[Id, Estimate] | None = None
    dirichlet: dict[Id, Annotated[float, Field(gt=0, le=1e6, strict=False)]] | None = None
    order: list[Text] = []
    known_to: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {"swings", "dirichlet", "order", "known to", "source", "assumption"}
        parts = {key: inner for key, inner in value.items() if key in own}
        exact = {key: inner for key, inner in value.items() if key not in own}
        return {**parts, "exact": exact} if exact else parts

    @model_validator(mode="after")
    def _one_form(self) -> Weights:
        if sum(form is not None for form in (self.exact, self.swings, self.dirichlet)) != 1:
            raise stated_fault("weights in no one form", "stakes with numbers, or `swings`, or `dirichlet`", "L11")
        if self.order and self.dirichlet is None:
            raise stated_fault("an `order` without `dirichlet`", "`dirichlet` weights to put in order", "L11")
        return self

    @property
    def stakes(self) -> tuple[str, ...]:
        """The stakes that are weighed."""
        return tuple(self.exact or self.swings or self.dirichlet or ())

    @property
    def is_uncertain(self) -> bool:
        """Whether the weights differ by world of themselves."""
        if self.dirichlet is not None:
            return len(self.dirichlet) > 1
        if self.swings is not None:
            return any(not swing.is_exact for swing in self.swings.values())
        return any(a.estimate is not None and not a.estimate.is_exact for a in (self.exact or {}).values())


class Player(Sourced):
    """Who decides, and what they want (L11)."""

    _wrap = _named("name")
    name: Text
    role: Text | None = None
    weights: Weights | None = None
    payoffs: dict[Id, Formula] | None = None
    precision: Amount | None = None
    errors: Amount | None = None
    range: Annotated[float, Field(gt=0, strict=False)] | None = None
    risk_aversion: Amount | None = None
    loss_aversion: Amount | None = None
    discount: Amount | None = None

    @model_validator(mode="before")
    @classmethod
    def _best(cls, value: Any) -> Any:
        return {**value, "precision": None} if isinstance(value, dict) and value.get("precision") == "best" else value

    @model_validator(mode="after")
    def _one_of_two(self) -> Player:
        if self.weights is not None and self.payoffs is not None:
            raise stated_fault("both `weights` and `payoffs`", "one of them", "L11")
        if self.errors is not None and self.precision is not None:
            raise stated_fault("both `precision` and `errors`", "one of them", "L11")
        if self.errors is not None and self.weights is None and self.range is None:
            raise stated_fault("`errors` for raw payoffs without `range`", "`range: NUMBER`, the payoff range", "L11")
        return self

    @property
    def is_raw(self) -> bool:
        """Whether actions state this player's payoffs directly."""
        return self.weights is None and self.payoffs is None


class Actor(Sourced):
    """Who is named but is no player (L12)."""

    name: Text
    speaks_for: Id | None = None
    part_of: Id | None = None
    not_modelled: Text | None = None

    @model_validator(mode="after")
    def _one_reason(self) -> Actor:
        if sum(reason is not None for reason in (self.speaks_for, self.part_of, self.not_modelled)) != 1:
            raise stated_fault("an actor without one role", "exactly one of `speaks for`, `part of`, `not modelled`", "L12")
        return self


class Alliance(Sourced):
    """A named group with a leader (L12)."""

    name: Text
    leader: Id | None = None
    members: list[Id] = []
    acts_on: Text | None = None


class Theatre(Sourced):
    """A place where forces stand (L13)."""

    _wrap = _named("title")
    title: Text


class Force(Sourced):
    """A stock of which there is only so much, over places (L13)."""

    title: Text | None = None
    owner: Id | None = None
    unit: Text | None = None
    stock: dict[str, Formula]
    travel: dict[str, Delay] = {}

    def travel_between(self, origin: str, destination: str) -> Delay | None:
        """How long the force is under way."""
        return self.travel.get(f"{origin} to {destination}")


@dataclass(frozen=True)
class Variable:
    """A state variable (L14): its kind, domain in order, and start."""

    kind: Literal["flag", "level", "label"]
    domain: tuple[bool | int | str, ...]
    start: bool | int | str

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_variable)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["boolean", "array", "string"], "description": "a state variable (L14)", "examples": [False, "2 in 0 to 5"]}


_LEVEL = re.compile(r"(-?[0-9]{1,6}) +in +(-?[0-9]{1,6}) +to +(-?[0-9]{1,6})\Z")


def _variable(value: object) -> Variable:
    expected = "`[first, second]` for a label, `2 in 0 to 5` for a level, `true` or `false` for a flag"
    if isinstance(value, Variable):
        return value
    if isinstance(value, bool):
        return Variable("flag", (False, True), value)
    if isinstance(value, str) and (match := _LEVEL.match(value)):
        start, low, high = (int(part) for part in match.groups())
        if low <= start <= high and high - low <= 1000:
            return Variable("level", tuple(range(low, high + 1)), start)
    if isinstance(value, list) and 1 <= len(value) <= 200 and all(isinstance(label, str) for label in value):
        labels = tuple(_id(label) for label in value)
        if len(set(labels)) == len(labels):
            return Variable("label", labels, labels[0])
    raise stated_fault(f"the variable {quote(value)}", expected, "L14")


class Stake(Sourced):
    """An attribute of the outcome (L15)."""

    _wrap = _named("title")
    title: Text
    worst: Annotated[float, Field(strict=False)] = 0.0
    best: Annotated[float, Field(strict=False)] = 1.0
    start: Annotated[float, Field(strict=False)] = 0.0
    reference: Annotated[float, Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _has_width(self) -> Stake:
        if self.worst == self.best:
            raise stated_fault("a stake whose worst is its best", "two different levels", "L15")
        return self


class Link(Sourced):
    """What one theatre does to another, as a switch (L9)."""

    _wrap = _named("title")
    title: Text
    from_: Id | None = None
    to: Id | None = None


class Correlation(Sourced):
    """A rank correlation between two quantities (L8)."""

    between: tuple[Text, Text] = Field(strict=False)
    rank: Annotated[float, Field(gt=-1, lt=1, strict=False)]


# --- the timeline -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """An amount of a force moved between places; no amount is the whole stock (L17)."""

    amount: Formula | None
    origin: str
    destination: str

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_shift)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "description": "a shift of a force (L17)", "examples": ["20 from west to south", "all from west to reserve"]}


_SHIFT = re.compile(r"(?P<amount>.{1,2000}?)\s+from\s+(?P<origin>[A-Za-z0-9_]+)\s+to\s+(?P<destination>[A-Za-z0-9_]+)\s*\Z")


def _shift(value: object) -> Shift:
    match = _SHIFT.match(value) if isinstance(value, str) else None
    if match is None:
        raise stated_fault(f"the shift {quote(value)}", "`AMOUNT from PLACE to PLACE`, or `all from …`", "L17")
    amount = match.group("amount")
    try:
        formula = None if amount.strip() == "all" else Formula.parse(amount)
    except FormulaFault as fault:
        raise stated_fault(fault.found, fault.expected, "L10", fault.at) from None
    return Shift(formula, match.group("origin"), match.group("destination"))


@dataclass(frozen=True)
class Share:
    """A base share: a number, or a rate per unit of dated time (M9, L17)."""

    formula: Formula
    per_days: float | None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_share)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": "a base share (L17)", "examples": [0.3, "30% per month"]}


def _share(value: object) -> Share:
    try:
        if isinstance(value, str) and (match := re.match(r"(.{1,2000}?) +per +(day|week|month|year)\Z", value)):
            return Share(Formula.parse(match.group(1)), DAYS[match.group(2)])
        return Share(Formula.parse(value), None)
    except FormulaFault as fault:
        raise stated_fault(fault.found, fault.expected, "L10", fault.at) from None


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Changes(Sourced):
    """What an action, an outcome or a delayed effect does (L17)."""

    set_: dict[Id, Formula] = Field(default={}, alias="set")
    gains: dict[Id, Formula] = {}
    payoffs: dict[Id, Formula] = {}
    shift: list[dict[Id, Shift]] = []

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: _listed(inner) if key in ("shift", "later") else inner for key, inner in value.items()}

    @property
    def shifts(self) -> tuple[tuple[str, Shift], ...]:
        """Every (force, shift) in order."""
        return tuple(pair for entry in self.shift for pair in entry.items())


class Later(Changes):
    """A delayed effect (L18)."""

    after: Delay


class Action(Changes):
    """What a player may choose (L17)."""

    title: Text | None = None
    if_: Formula | None = None
    share: Share | None = None
    size_of: Id | None = None
    later: list[Later] = []
    end: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        return {} if value is None else value


class Outcome(Changes):
    """What chance may bring (L16)."""

    title: Text | None = None
    if_: Formula | None = None
    probability: Formula
    later: list[Later] = []
    end: Text | None = None

    @property
    def is_rest(self) -> bool:
        """Whether the probability is what the other outcomes leave."""
        return self.probability.text.strip() == "rest"

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"probability": value}


class Item(Sourced):
    """What moves and chance moves share (L16)."""

    title: Text | None = None
    if_: Formula | None = None
    date: Date | None = None
    after: Delay | None = None
    seen_by: Text | list[Id] | None = None
    seen_after: Delay | None = None
    seen_as: Text | None = None


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


class Simultaneous(Part):
    """Moves that do not see each other (M7)."""

    simultaneous: Annotated[list[Move], Field(min_length=1)]


class Rounds(Part):
    """A block of moves, repeated (L16)."""

    rounds: Annotated[int, Field(ge=1, le=1000)]
    name: Text | None = None
    title: Text | None = None
    every: Delay | None = None
    date: Date | None = None
    after: Delay | None = None
    moves: Annotated[list[Annotated[_Any_Move, Discriminator(lambda value: _kind(value))]], Field(min_length=1)]


def _kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else {}
    return next((kind for kind in ("move", "chance", "rounds", "simultaneous") if kind in keys), "move")


_Any_Move = Annotated[Move, Tag("move")] | Annotated[Chance, Tag("chance")] | Annotated[Simultaneous, Tag("simultaneous")]
_Any_Item = _Any_Move | Annotated[Rounds, Tag("rounds")]
Rounds.model_rebuild()


# --- what is asked, and the whole -------------------------------------------------------------------------------


class OutcomeClass(Part):
    """A name for histories that no `end` closed (L19)."""

    title: Text | None = None
    when: Formula | None = None


class Judgement(Sourced):
    """A probability from outside the model: a base rate, a crowd (L21)."""

    _wrap = _named("is_")
    is_: Estimate
    title: Text | None = None
    as_of: Date | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"is": value}


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

    _wrap = _named("that")
    that: Text
    on: Date | None = None
    source: Text | None = None


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
    theatres: dict[Id, Theatre] = {}
    forces: dict[Id, Force] = {}
    state: dict[Id, Variable] = {}
    stakes: dict[Id, Stake] = {}
    quantities: dict[str, dict[Id, Quantity]] = {}
    taken_as_known: list[Text] = []
    correlations: list[Correlation] = []
    definitions: dict[Id, Formula] = {}
    links: dict[Id, Link] = {}
    perceptions: dict[Id, dict[Id, Amount]] = {}
    mistakes: dict[Id, dict[Id, Amount]] = {}
    timeline: Annotated[list[Annotated[_Any_Item, Discriminator(_kind)]], Field(min_length=1)]
    outcomes: dict[Text, OutcomeClass] = {}
    questions: dict[Id, Question] = {}
    history: list[Seen] = []
    facts: dict[Id, Fact] = {}
    claims: dict[Id, Claim] = {}

    @property
    def moves(self) -> dict[str, Move | Chance]:
        """Every move of the timeline by name, blocks opened."""
        return {item.id: item for _, item in self.items()}

    def items(self) -> Iterator[tuple[tuple[str | int, ...], Move | Chance]]:
        """Every move with its path in the file, blocks opened."""
        for place, item in enumerate(self.timeline):
            path: tuple[str | int, ...] = ("timeline", place)
            if isinstance(item, Move | Chance):
                yield path, item
                continue
            inner = item.moves if isinstance(item, Rounds) else item.simultaneous
            key = "moves" if isinstance(item, Rounds) else "simultaneous"
            for step, move in enumerate(inner):
                if isinstance(move, Simultaneous):
                    for turn, one in enumerate(move.simultaneous):
                        yield (*path, key, step, "simultaneous", turn), one
                else:
                    yield (*path, key, step), move

    def known_quantities(self) -> Iterator[tuple[str, str, Quantity]]:
        """Every quantity as (who knows it, name, quantity)."""
        for head, group in self.quantities.items():
            for name, quantity in group.items():
                yield head.removeprefix(KNOWN_TO), name, quantity

