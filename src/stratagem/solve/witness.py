"""What a move tells those who see it about what they cannot see (M7).

Takes a game; gives the edges by which each onlooker would see each look of each move, for each value of what is hidden from him, and adds
up the probability of passing them.

Axes: R rows, W worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from stratagem.graph.game import SEEN, Floats, Game, Ints
from stratagem.graph.type_odds import ODDS
from stratagem.solve.passage import Passage


@dataclass(frozen=True)
class Sighting:
    """An onlooker sees a move look like something, while what is hidden from him has some value."""

    player: int
    step: int
    hidden: str  # a variable of the state
    value: str
    look: str
    edges: Ints


@lru_cache(maxsize=4)
def sightings(game: Game) -> tuple[Sighting, ...]:
    """Every sighting of something that an onlooker could use when he moves again; none in a public game."""
    return tuple(_sightings(game)) if game.knowledge_of_node is not None else ()


def _sightings(game: Game) -> Iterator[Sighting]:
    parent, last_use = game.parent_of_edge, _last_use(game)
    for step, info in enumerate(game.steps):
        if info.move in game.facts and not _has_linked(game):
            continue  # numbers that not all know tell nothing of each other
        edges = np.flatnonzero((game.step_of_node[parent] == step) & (game.option_of_edge >= 0))
        nodes = np.unique(parent[edges])
        for player, looks in enumerate(info.looks):
            if looks is None or player == info.player or len(set(looks)) < 2:
                continue
            for hidden, where in _hidden_from(game, player, nodes).items():
                if last_use.get((player, hidden), -1) > step:
                    yield from _of(game, player, step, hidden, where, looks)


def _has_linked(game: Game) -> bool:
    """Whether numbers that not all know hang together with others."""
    return any(one.operation == "quantity" and one.operands[0].startswith(ODDS) for one in game.expressions)


def _last_use(game: Game) -> dict[tuple[int, str], int]:
    """The last step at which a player moves while a variable may still matter."""
    found: dict[tuple[int, str], int] = {}
    for node in np.flatnonzero(game.player_of_node >= 0):
        for slot in game.state_of_node[node]:
            key = (int(game.player_of_node[node]), slot)
            found[key] = max(found.get(key, -1), int(game.step_of_node[node]))
    return found


def _hidden_from(game: Game, player: int, nodes: Ints) -> dict[str, list[int]]:
    """The variables that differ among states which a player cannot tell apart, and those states, unless the mover can do so no better."""
    assert game.knowledge_of_node is not None
    groups: dict[int, list[int]] = {}
    for node in nodes:
        groups.setdefault(int(game.knowledge_of_node[player, node]), []).append(int(node))
    found: dict[str, list[int]] = {}
    for group in groups.values():
        infosets = set(game.infoset_of_node[group].tolist())
        if len(infosets) == 1 and min(infosets) >= 0:
            continue
        first = game.state_of_node[group[0]]
        for slot in first:
            if slot != SEEN and any(game.state_of_node[node].get(slot, first[slot]) != first[slot] for node in group):
                found.setdefault(slot, []).extend(group)
    return found


def _of(
    game: Game, player: int, step: int, hidden: str, nodes: list[int], looks: tuple[str, ...]
) -> Iterator[Sighting]:
    groups: dict[tuple[str, str], list[int]] = {}
    for node in sorted(nodes):
        for edge in range(game.first_edge[node], game.first_edge[node + 1]):
            key = (game.state_of_node[node][hidden], looks[game.option_of_edge[edge]])
            groups.setdefault(key, []).append(edge)
    for (value, look), edges in groups.items():
        yield Sighting(player, step, hidden, value, look, np.array(edges, np.int32))


def told(game: Game, found: tuple[Sighting, ...], ways: Mapping[int, Passage]) -> Floats:
    """[R, W] the probability of each sighting, joint with what the history has before it, on the way as its onlooker has it."""
    return np.array([ways[one.player].so_far(game, one.edges).sum(axis=0) for one in found])
