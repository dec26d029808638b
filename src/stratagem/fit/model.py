"""What a model to be fitted is: who moves, what is reached, on which columns payoffs rest, where the moves are recorded.

`model_file` reads it from text; everything else in this package takes it. Each term knows its place in the file, so that
what goes wrong with the data later is still reported there. Knows no data and no arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stratagem.errors import Fault, ScenarioError
from stratagem.scenario.text import Document
from stratagem.scenario.text import Path as Place

Kind = Literal["tree", "ultimatum", "signalling"]
SIGNALLING_PAYOFFS = ("S_A", "V_A", "C_B", "W_A", "W_B", "a", "V_B")
SIGNALLING_OUTCOMES = ("SQ", "CD", "SF", "BD")


@dataclass(frozen=True)
class Term:
    """What a payoff, a reservation value or a log scale is: a formula in columns, plus a fixed number."""

    name: str  # as in a table of coefficients: `initiator.war`
    formula: str | None
    fixed: float = 0.0
    shared: Mapping[str, str] = field(default_factory=dict)  # term of the formula -> the coefficient that it shares
    columns: frozenset[str] = frozenset()
    place: Place = ()

    @property
    def is_estimated(self) -> bool:
        """Whether anything in it is to be estimated."""
        return self.formula is not None


@dataclass(frozen=True)
class Move:
    """A decision of a player, or of chance: each action leads to a move or to an outcome."""

    name: str
    player: str | None  # None: chance
    actions: tuple[str, ...]
    leads_to: tuple[str, ...]
    chances: tuple[float, ...] = ()


@dataclass(frozen=True)
class Errors:
    """What makes players look unpredictable to the analyst."""

    on: Literal["actions", "payoffs"] = "actions"
    shape: Literal["probit", "logit"] = "probit"
    scales: Mapping[str, Term] = field(default_factory=dict)  # by player; the formula is of the scale's logarithm


@dataclass(frozen=True)
class Response:
    """Where the data say what happened."""

    outcome: str | None = None
    counts: Mapping[str, str] = field(default_factory=dict)  # outcome -> column of tallies
    moves: Mapping[str, str] = field(default_factory=dict)  # move -> column
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # column -> cell -> outcome or action
    offer: str | None = None
    acceptance: str | None = None
    lowest: float = 0.0
    highest: float = 0.0

    @property
    def columns(self) -> frozenset[str]:
        """Every column that it reads."""
        named = (self.outcome, self.offer, self.acceptance, *self.counts.values(), *self.moves.values())
        return frozenset(one for one in named if one is not None)


@dataclass(frozen=True)
class Model:
    """A game to be fitted, as its file states it."""

    file: str
    title: str
    kind: Kind
    players: tuple[str, ...]
    moves: tuple[Move, ...]  # the first is the root; parents stand before children
    payoffs: Mapping[tuple[str, str], Term]  # by player and outcome; what is not stated is zero
    errors: Errors
    response: Response
    rows: tuple[str, ...]
    cluster: str | None
    equilibrium: Literal["traced", "constrained"]
    source: str | None
    document: Document

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome, in the order of the tree."""
        if self.kind == "signalling":
            return SIGNALLING_OUTCOMES
        names = {move.name for move in self.moves}
        ends = [one for move in self.moves for one in move.leads_to if one not in names]
        return tuple(dict.fromkeys(ends))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Everything that may rest on columns."""
        scales = {id(one): one for one in self.errors.scales.values()}
        return (*self.payoffs.values(), *scales.values())

    def fault(self, place: Place, found: str, expected: str, rule: str, offset: int | None = None) -> ScenarioError:
        """An error at a place of the model file."""
        return ScenarioError(self.file, [Fault(*self.document.position(place, offset), found, expected, rule)])
