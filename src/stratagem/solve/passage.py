"""The way through a solved game: what is reached, given what was seen and what is forced (M10, M11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.intervene import Choice, consistent, surprised
from stratagem.solve.plan import Plan
from stratagem.solve.sweep import Bools, forward, likelihood


@dataclass(frozen=True)
class Restriction:
    """A history as arrays: the edges it leaves, its last step, and how many edges stand up to there; later ones are free."""

    kept: Bools  # [E]
    last: int
    num_bound: int


@dataclass(frozen=True)
class Passage:
    """Behaviour and reach in a chunk of worlds."""

    behaviour: Floats  # [E, W]
    arrival: Floats  # [N, W] probability of reaching a node along the history so far
    reach: Floats  # [N, W] probability of reaching it and of the whole history
    onward: Floats | None  # [N, W] probability of the rest of the history from there; None without one
    restriction: Restriction | None

    def flow(self, game: Game, edges: Ints | None = None) -> Floats:
        """[E, W] the probability of passing each edge, or each of some, joint with the history."""
        places = np.arange(game.num_edges) if edges is None else edges
        flow = self.behaviour[places] * self.arrival[game.parent_of_edge[places]]
        if self.restriction is not None and self.onward is not None:
            bound = np.flatnonzero(places < self.restriction.num_bound)
            here = places[bound]
            flow[bound] *= self.onward[game.child_of_edge[here]] * self.restriction.kept[here, None]
        return np.asarray(flow)

    def flows(self, game: Game, groups: Sequence[Ints]) -> list[Floats]:
        """[edges, W] the same for each of some groups of edges."""
        if not groups:
            return []
        ends = np.cumsum([len(edges) for edges in groups])[:-1]
        return np.split(self.flow(game, np.concatenate(groups)), ends)

    def so_far(self, game: Game, edges: Ints) -> Floats:
        """[edges, W] the probability of passing each of some edges, joint with what the history has before its step."""
        return np.asarray(self.behaviour[edges] * self.arrival[game.parent_of_edge[edges]])


def restrict(game: Game, history: tuple[Choice, ...]) -> Restriction | None:
    """The restriction to a history; None without one."""
    if not history:
        return None
    last = max(one.step for one in history)
    num_bound = int(np.searchsorted(game.step_of_node[game.parent_of_edge], last, side="right"))
    return Restriction(consistent(game, history), last, num_bound)


def passage(
    plan: Plan, behaviour: Floats, restriction: Restriction | None = None, surprise: tuple[Choice, ...] = ()
) -> Passage:
    """How play goes under a behaviour, with moves forced by surprise, and restricted to a history."""
    if surprise:
        behaviour = surprised(plan.game, surprise, behaviour)
    if restriction is None:
        reach = forward(plan, behaviour)
        return Passage(behaviour, reach, reach, None, None)
    arrival = forward(plan, behaviour, restriction.kept)
    onward = likelihood(plan, behaviour, restriction.kept, restriction.last)
    return Passage(behaviour, arrival, arrival * onward, onward, restriction)
