"""What a move tells those who see it about what they cannot see (M7).

Takes a game; gives the edges by which each onlooker would see each look of each move, for each value of what is hidden from him, and adds
up the probability of passing them.

Axes: R rows, W worlds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import SEEN, Floats, Game, Ints


@dataclass(frozen=True)
class Sighting:
    """An onlooker sees a move look like something, while what is hidden from him has some value."""

    player: int
    step: int
    hidden: str  # a variable of the state
    value: str
    look: str
    edges: Ints


def sightings(game: Game) -> tuple[Sighting, ...]:
    """Every sighting that could tell an onlooker something before he moves again; none in a public game."""
    return tuple(_sightings(game)) if game.knowledge_of_node is not None else ()


def _sightings(game: Game) -> Iterator[Sighting]:
    parent = game.parent_of_edge
    for step, info in enumerate(game.steps):
        if info.move in game.facts:
            continue  # numbers that not all know are independent of each other
        edges = np.flatnonzero((game.step_of_node[parent] == step) & (game.option_of_edge >= 0))
        nodes = np.unique(parent[edges])
        later = {one.player for one in game.steps[step + 1 :]}
        for player, looks in enumerate(info.looks):
            if looks is None or player not in later - {info.player} or len(set(looks)) < 2:
                continue
            for hidden in _hidden_from(game, player, nodes):
                yield from _of(game, player, step, hidden, looks, edges)


def _hidden_from(game: Game, player: int, nodes: Ints) -> list[str]:
    """The variables that differ among states which a player cannot tell apart."""
    assert game.knowledge_of_node is not None
    groups: dict[int, list[int]] = {}
    for node in nodes:
        groups.setdefault(int(game.knowledge_of_node[player, node]), []).append(int(node))
    found: dict[str, None] = {}
    for group in groups.values():
        first = game.state_of_node[group[0]]
        for slot in first:
            if slot != SEEN and any(game.state_of_node[node][slot] != first[slot] for node in group):
                found[slot] = None
    return list(found)


def _of(
    game: Game, player: int, step: int, hidden: str, looks: tuple[str, ...], edges: NDArray[np.intp]
) -> Iterator[Sighting]:
    groups: dict[tuple[str, str], list[int]] = {}
    for edge, node in zip(edges.tolist(), game.parent_of_edge[edges].tolist(), strict=True):
        value, look = game.state_of_node[node][hidden], looks[game.option_of_edge[edge]]
        groups.setdefault((value, look), []).append(edge)
    for (value, look), chosen in groups.items():
        yield Sighting(player, step, hidden, value, look, np.array(chosen, np.int32))


def told(found: tuple[Sighting, ...], flow: Floats) -> Floats:
    """[R, W] the probability of each sighting, given the flow [E, W] over edges."""
    rows = [flow[one.edges].sum(axis=0) for one in found]
    return np.array(rows) if rows else np.zeros((0, flow.shape[1]))
