"""Subgames in which some mover cannot tell states apart, as the equilibrium solver reads them (M7, M9).

Takes a game; gives, for each such subgame, its information sets and actions, and the ways through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stratagem.graph.game import Game, Ints
from stratagem.solve.subgames import Paths, Subgame, paths, subgames

if TYPE_CHECKING:
    from scipy import sparse


@dataclass(frozen=True)
class Agent:
    """A player, or a type of his where his attitudes turn on what is hidden."""

    player: int
    cast: int  # one in which the type stands


@dataclass(frozen=True, eq=False)
class HiddenSubgame:
    """A subgame with information sets of several states.

    Axes: I information sets, A actions, T ways through, J edges of decisions,
    E edges.
    """

    root: int
    inner: Ints  # nodes
    ways: Paths
    infoset: Ints  # [I] numbers in the game
    player_of_infoset: Ints  # [I]
    agents: tuple[Agent, ...]  # all players in order, unless some have types
    agent_of_infoset: Ints  # [I]
    first_action: Ints  # [I+1]
    edge_of_action: Ints  # [A] one edge of each
    edges: Ints  # [J] ascending
    action_of_edge: Ints  # [J]

    @cached_property
    def passed(self) -> Ints:
        """[E] the edges on the ways, each once."""
        return np.unique(self.ways.edge)

    @cached_property
    def passes(self) -> sparse.csr_array:
        """[T, E] which edges each way takes."""
        from scipy import sparse  # noqa: PLC0415 - only where something is hidden

        ways = self.ways
        places = np.searchsorted(self.passed, ways.edge)
        return sparse.csr_array((np.ones(len(places)), places, ways.first), shape=(len(ways.leaf), len(self.passed)))

    def actions_of(self, edges: Ints) -> Ints:
        """The action that each edge is, -1 for edges of chance."""
        place = np.searchsorted(self.edges, edges)
        place[place == len(self.edges)] = 0
        is_action = self.edges[place] == edges if len(self.edges) else np.zeros(len(edges), bool)
        return np.where(is_action, self.action_of_edge[place], -1).astype(np.int32)


def is_hidden(game: Game) -> bool:
    """Whether some mover cannot tell states apart."""
    infosets = game.infoset_of_node[game.infoset_of_node >= 0]
    return len(np.unique(infosets)) < len(infosets)


def hidden_subgames(game: Game) -> tuple[HiddenSubgame, ...]:
    """The subgames of a game in which some mover cannot tell states apart, latest first."""
    return tuple(_hidden(game)) if is_hidden(game) else ()


def _hidden(game: Game) -> Iterator[HiddenSubgame]:
    size_of_infoset = np.bincount(game.infoset_of_node[game.infoset_of_node >= 0])
    for subgame in subgames(game):
        infosets = game.infoset_of_node[subgame.inner]
        infosets = infosets[infosets >= 0]
        if len(infosets) and (size_of_infoset[infosets] > 1).any():
            yield _read(game, subgame)


def _read(game: Game, subgame: Subgame) -> HiddenSubgame:
    deciding = subgame.inner[game.infoset_of_node[subgame.inner] >= 0]
    infosets, first, of_node = np.unique(game.infoset_of_node[deciding], return_index=True, return_inverse=True)
    branching = np.diff(game.first_edge)
    heads = deciding[first]
    first_action = np.concatenate([[0], np.cumsum(branching[heads])])
    agents, agent_of_infoset = _agents(game, heads)
    edges = [np.arange(game.first_edge[node], game.first_edge[node + 1]) for node in deciding]
    actions = [first_action[place] + np.arange(branching[node]) for place, node in zip(of_node, deciding, strict=True)]
    return HiddenSubgame(
        root=subgame.root,
        inner=subgame.inner,
        ways=paths(game, subgame),
        infoset=infosets.astype(np.int32),
        player_of_infoset=game.player_of_node[heads],
        agents=agents,
        agent_of_infoset=agent_of_infoset,
        first_action=first_action.astype(np.int32),
        edge_of_action=np.concatenate(
            [np.arange(game.first_edge[node], game.first_edge[node + 1]) for node in heads]
        ).astype(np.int32),
        edges=np.concatenate(edges).astype(np.int32),
        action_of_edge=np.concatenate(actions).astype(np.int32),
    )


def _agents(game: Game, heads: Ints) -> tuple[tuple[Agent, ...], Ints]:
    """Who decides at the information sets that begin with the nodes `heads` [I]: a player knows his own type."""
    players = game.player_of_node[heads]
    if game.cast_of_node is None:
        return tuple(Agent(player, 0) for player in range(len(game.players))), players
    found: dict[object, Agent] = {}
    place: list[int] = []
    for player, cast in zip(players.tolist(), game.cast_of_node[heads].tolist(), strict=True):
        own = {key: row for key, row in game.casts[cast].items() if key[0] == game.players[player]}
        key = (player, *sorted(own.items()))
        found.setdefault(key, Agent(player, cast))
        place.append(list(found).index(key))
    return tuple(found.values()), np.array(place, np.int32)
