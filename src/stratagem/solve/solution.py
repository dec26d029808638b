"""A solved scenario: what every analysis reads.

Per-world values are kept for the decision states of highest reach; the others keep their means.

Axes: W worlds, D kept decision states, B kept edges, C choices, Q questions, O outcomes, K accounts, P players, H seen moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.intervene import Choice
from stratagem.solve.witness import Sighting

SOLVED, STUCK, RULED_OUT, UNDONE, UNSOLVED = 0, 1, 2, 3, 4
STATUS = {
    SOLVED: "solved",
    STUCK: "a player had no available action",
    RULED_OUT: "the history cannot have happened there",
    UNDONE: "the forced action is not available",
    UNSOLVED: "no equilibrium was found",
}


@dataclass(frozen=True)
class Rival:
    """An equilibrium of a hidden subgame in one world, later subgames as solved: the first is that on the branch from precision 0."""

    root: int  # node
    edges: Ints  # [A] one of each action
    behaviour: Floats  # [A]
    residual: float
    source: str  # how it was found


@dataclass(frozen=True)
class Solution:
    """Everything a solve gives, per world where it says W."""

    game: Game
    seed: int
    world: NDArray[np.int64]  # [W]
    status: NDArray[np.int8]  # [W], see STATUS
    weight: Floats  # [W] probability of the history; 1 without one
    seen: tuple[Choice, ...]  # [H]
    seen_likelihood: Floats  # [H, W] probability of each seen move, given those before

    kept_nodes: Ints  # [D] decision nodes of highest reach
    kept_edges: Ints  # [B] their edges
    reach: Floats  # [D, W]
    behaviour: Floats  # [B, W] probability of the action, given the state
    best: NDArray[np.float32]  # [B, W] share of the best reply: 1, or split among ties; 0 for others
    choices: tuple[tuple[int, int], ...]  # [C] each action of each step: (step, option)
    chosen: Floats  # [C, W] probability of it and of the history, over all states
    preferred: Floats  # [C, W] likewise where it is the best reply
    mean_reach: Floats  # [N] over worlds, weighted by history

    questions: Floats  # [Q, W] probability of event and condition
    conditions: Floats  # [Q, W] probability of the condition
    questions_low: Floats  # [Q, W] least over tie rules
    questions_high: Floats  # [Q, W]
    outcomes: Floats  # [O, W]
    accounts: Floats  # [K, W] expected gain of each account
    believed: Floats  # [P, W] root value as each player sees it
    true: Floats  # [P, W] root value under the true numbers
    regret: Floats  # [P, W] expected loss against the best reply
    residual: Floats  # [W] how far behaviour is from a response to itself where something is hidden; 0 in a public game
    folds: NDArray[np.int64]  # [W] how often the branches of hidden subgames turned back on the way
    bifurcations: NDArray[np.int64]  # [W] how often another branch crossed one
    sightings: tuple[Sighting, ...]  # [R] what moves could tell those who see them
    told: Floats  # [R, W] probability of each sighting
    tied: NDArray[np.bool_]  # [W] a reached decision had several best replies
    quantities: Mapping[str, Floats]  # name to [W]
    num_searched: int = 0  # worlds in which further equilibria were searched for, where something is hidden
    num_several: int = 0  # of these, worlds in which there are some
    num_unsearched: int = 0  # hidden subgames with too many open probabilities to search
    rivals: tuple[Rival, ...] = ()  # of the central world, where a subgame has several equilibria

    @property
    def is_failed(self) -> NDArray[np.bool_]:
        """[W] which worlds have no answer, though they should; those that the history rules out merely weigh nothing."""
        return np.asarray(np.isin(self.status, (STUCK, UNDONE, UNSOLVED)))

    @property
    def is_impossible(self) -> bool:
        """Whether the history has probability 0 in every world."""
        return bool((self.status == RULED_OUT).all())

    @property
    def is_solved(self) -> NDArray[np.bool_]:
        """[W] which worlds count."""
        return np.asarray(self.status == SOLVED)
