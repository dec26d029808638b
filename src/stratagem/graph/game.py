"""The game as arrays: the one struct that every later stage reads.

A `Game` is a layered directed graph in which equal states are one node. Edges go from earlier to later layers only.

Axes: N nodes, E edges, A accounts, G gain rows, X expressions, P players, S steps, O outcomes, D durations, V events.
W worlds appears only once worlds are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

CHANCE, TERMINAL = -1, -2
NO_EVENT = -1
Cast = Mapping[
    tuple[str, str], int
]  # by player and field, the expression row of a number of his; without it, his type is not decided yet
SEEN = "seen"  # among the words of a state: what its mover has seen beyond them, and may infer from


@dataclass(frozen=True)
class PublicSight:
    """When all players have seen a move, and as what: what one who stands outside the game can know of it."""

    due: int  # the first step at which it is seen
    date: str | None
    looks: tuple[str, ...]  # of each option


@dataclass(frozen=True)
class StepInfo:
    """A move in a round, as later stages name it."""

    label: str
    move: str
    round: int | None
    player: int
    date: str | None
    title: str
    options: tuple[str, ...]
    option_titles: tuple[str, ...]
    ties: str
    looks: tuple[
        tuple[str, ...] | None, ...
    ] = ()  # [P] what each option looks like to each player; None where he never sees it
    public: tuple[
        PublicSight, ...
    ] = ()  # in the order of time, coarse before exact; none where it stays hidden from some


@dataclass(frozen=True)
class Account:
    """A column of gains: a stake, its part above or below a reference, or a player's raw payoffs."""

    name: str
    stake: str | None
    side: str = "whole"


@dataclass(frozen=True)
class Expression:
    """A row of the expression table: an operation on earlier rows, a constant or a quantity."""

    operation: str
    operands: tuple[Any, ...]


@dataclass(frozen=True)
class ProbabilityCheck:
    """A row that must be a probability (or a sum of them that must be 1), and where it stands."""

    row: int
    is_sum: bool
    where: str
    expected: str


@dataclass(frozen=True, eq=False)
class Game:
    """A compiled scenario."""

    players: tuple[str, ...]  # [P]
    steps: tuple[StepInfo, ...]  # [S]
    accounts: tuple[Account, ...]  # [A]
    outcomes: tuple[str, ...]  # [O]
    questions: tuple[str, ...]
    expressions: tuple[Expression, ...]  # [X], row n reads rows below n
    checks: tuple[ProbabilityCheck, ...]

    layer_of_node: Ints  # [N], nodes are in the order of their layers
    player_of_node: Ints  # [N], a player, CHANCE or TERMINAL
    step_of_node: Ints  # [N], the number of steps for terminals
    infoset_of_node: Ints  # [N], -1 for chance and terminals; with perfect information one node an infoset
    outcome_of_node: Ints  # [N], -1 where not terminal
    state_of_node: tuple[Mapping[str, str], ...]  # [N], the live state in words
    first_edge: Ints  # [N+1], edges of node n are first_edge[n]:first_edge[n+1]

    child_of_edge: Ints  # [E]
    option_of_edge: Ints  # [E], index into the step's options; -1 for gates and arrivals
    share_of_edge: Ints  # [E], expression row: base share at decisions (0 = not available), probability at chance
    gain_of_edge: Ints  # [E], gain row; 0 is no gain
    duration_of_edge: Ints  # [E], index into durations

    durations: Floats  # [D], years
    gain_row: Ints  # [entries], gain row of each entry
    gain_account: Ints  # [entries]
    gain_value: Ints  # [entries], expression row
    num_gains: int

    event_edge: Ints  # [V], the edge on which a question's event is read; NO_EVENT at the root
    event_question: Ints  # [V], question q, or number of questions + q for its condition
    event_value: Ints  # [V], expression row: 1 where the event holds
    is_conditional: tuple[bool, ...]  # which questions have a condition

    guarded_rows: Ints  # expression rows that a misperception may not touch
    num_histories: float  # size of the tree before merging

    # what is hidden; nothing in a public game
    facts: tuple[str, ...] = ()  # quantities that moves by chance decide, because not all players know them
    knowledge_of_node: Ints | None = None  # [P, N], equal where a player cannot tell two nodes apart
    casts: tuple[Cast, ...] = ()  # what types there are of players whose attitudes turn on what is hidden
    cast_of_node: Ints | None = None  # [N], index into casts

    @property
    def num_nodes(self) -> int:
        """N."""
        return len(self.player_of_node)

    @property
    def num_edges(self) -> int:
        """E."""
        return len(self.child_of_edge)

    @property
    def parent_of_edge(self) -> Ints:
        """[E] the node each edge leaves."""
        return np.repeat(np.arange(self.num_nodes, dtype=np.int32), np.diff(self.first_edge))

    @property
    def rows_read(self) -> Ints:
        """The expression rows that a solve reads: shares, gains, events, attitudes and checks."""
        checks = np.array([check.row for check in self.checks], np.int32)
        attitudes = np.array([row for cast in self.casts for row in cast.values()], np.int32)
        return np.concatenate([self.share_of_edge, self.gain_value, self.event_value, attitudes, checks])

    def step_named(self, label: str) -> int:
        """The step of `move` or `move[2]`. Raises `KeyError`."""
        for number, step in enumerate(self.steps):
            if label in (step.label, step.move if step.round is None else step.label):
                return number
        raise KeyError(label)
