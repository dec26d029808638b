"""The game that is left once public moves are made: what to solve again after a history (Selten 1965).

Takes a game and a history; gives the game from the last point on that all play with the history passes, and from which nothing that
lies before matters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stratagem.graph.game import Game, Ints
from stratagem.solve.intervene import Choice, consistent
from stratagem.solve.subgames import subgames, whole


@dataclass(frozen=True)
class Onward:
    """What follows a history's public moves."""

    game: Game  # without questions
    nodes: Ints  # [N] numbers in the whole game, ascending
    made: Ints  # the edges that lead there from the start, in the whole game


def onward(game: Game, history: tuple[Choice, ...]) -> Onward:
    """What is left of a game once the public moves of a history are made; all of it where the first is not public."""
    made = _public(game, history)
    root = int(game.child_of_edge[made[-1]]) if made else 0
    part = whole(game, root)
    nodes = np.union1d(part.inner, part.leaves).astype(np.int32)
    edges = np.isin(game.parent_of_edge, nodes)
    none = np.zeros(0, np.int32)
    left = replace(
        game,
        layer_of_node=game.layer_of_node[nodes],
        player_of_node=game.player_of_node[nodes],
        step_of_node=game.step_of_node[nodes],
        infoset_of_node=game.infoset_of_node[nodes],
        outcome_of_node=game.outcome_of_node[nodes],
        state_of_node=tuple(game.state_of_node[node] for node in nodes),
        first_edge=np.append(0, np.cumsum(np.diff(game.first_edge)[nodes])).astype(np.int32),
        child_of_edge=np.searchsorted(nodes, game.child_of_edge[edges]).astype(np.int32),
        option_of_edge=game.option_of_edge[edges],
        share_of_edge=game.share_of_edge[edges],
        gain_of_edge=game.gain_of_edge[edges],
        duration_of_edge=game.duration_of_edge[edges],
        questions=(),
        is_conditional=(),
        event_edge=none,
        event_question=none,
        event_value=none,
        knowledge_of_node=None if game.knowledge_of_node is None else game.knowledge_of_node[:, nodes],
        cast_of_node=None if game.cast_of_node is None else game.cast_of_node[nodes],
    )
    return Onward(left, nodes, np.array(made, np.int32))


def _public(game: Game, history: tuple[Choice, ...]) -> list[int]:
    """The edges of the one way that a history leaves, up to the last node on it at which a subgame begins."""
    if not history:
        return []
    roots, last = {one.root for one in subgames(game)}, max(one.step for one in history)
    kept = consistent(game, history)
    node, way, public = 0, list[int](), 0
    while game.step_of_node[node] <= last:
        left = np.flatnonzero(kept[game.first_edge[node] : game.first_edge[node + 1]])
        if len(left) != 1:
            break
        way.append(int(game.first_edge[node] + left[0]))
        node = int(game.child_of_edge[way[-1]])
        public = len(way) if node in roots else public
    return way[:public]
