"""The ways through a hidden subgame step by step, for players who discount (M5).

Axes: J edges, W worlds, T steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.columns import Inputs
from stratagem.solve.hidden.steps import Steps
from stratagem.solve.infosets import HiddenSubgame
from stratagem.solve.subgames import Paths

Longs = NDArray[np.int64]


def discounting(subgame: HiddenSubgame, inputs: Inputs) -> Ints:
    """The players who decide in a subgame and discount."""
    movers = np.unique(subgame.player_of_infoset)
    if inputs.discounts is None:
        return movers[:0]
    return np.asarray(movers[(inputs.discounts[:, movers] != 1).any(axis=(0, 2))])


def odds_of(game: Game, table: Floats, edges: Ints, given: Floats | None) -> Floats:
    """The probability [J, W] of chance and of behaviour that is given; 1 where behaviour is free."""
    is_chance = (game.player_of_node[game.parent_of_edge[edges]] < 0)[:, None]
    odds = np.where(is_chance, table[game.share_of_edge[edges]], 1.0)
    return odds if given is None else np.where(np.isnan(given[edges]), odds, given[edges])


def steps_of(
    game: Game,
    subgame: HiddenSubgame,
    inputs: Inputs,
    buffer: Floats,
    given: Floats | None,
    is_free: NDArray[np.bool_],
) -> Steps:
    """The trees of the players who discount, alike but for what the steps mean to each; `is_free` [A] are the actions sought."""
    edge, parent, path, depth = _tree(subgame.ways)
    players = discounting(subgame, inputs)
    copies = len(players)
    order = np.argsort(np.tile(depth, copies), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    parents = np.tile(parent, copies)
    above = place[parents + np.repeat(np.arange(copies) * len(edge), len(edge))]
    action = subgame.actions_of(edge)
    action = np.where((action >= 0) & is_free[action], (np.cumsum(is_free) - 1)[action], -1)
    meant = [_meant(game, inputs, buffer, given, edge, path, one) for one in players.tolist()]
    log_odds, gain, factor = (np.concatenate([one[part] for one in meant])[order] for part in range(3))
    aversion = np.zeros((len(game.players), len(inputs)))
    if inputs.risk_aversion is not None:
        aversion[:] = inputs.risk_aversion[: len(game.players)]
    return Steps(
        np.repeat(players, len(edge)).astype(np.int64)[order],
        np.where(parents >= 0, above, -1)[order],
        np.tile(path, copies)[order],
        np.tile(action, copies).astype(np.int64)[order],
        log_odds,
        gain,
        factor,
        aversion,
    )


def _meant(
    game: Game, inputs: Inputs, buffer: Floats, given: Floats | None, edge: Ints, path: Longs, player: int
) -> tuple[Floats, Floats, Floats]:
    """Log odds, gains and discount factors [T, W] of a player's."""
    assert inputs.discounts is not None
    odds = odds_of(game, inputs.tables[inputs.columns.evaluator[player]], edge, given)
    gain, factor = buffer[game.gain_of_edge[edge], player], inputs.discounts[game.duration_of_edge[edge], player]
    last = np.flatnonzero(path >= 0)
    gain[last] += factor[last] * buffer[game.num_gains + game.child_of_edge[edge[last]], player]
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(odds, 0.0)), gain, factor


def _tree(ways: Paths) -> tuple[Ints, Longs, Longs, Longs]:
    """Edge, parent, path (-1 unless the step is its last) and depth of each step, by depth."""
    parts = list(_levels(ways))
    sizes = np.cumsum([0, *(len(edge) for edge, _, _ in parts)])
    parents = [np.where(parent >= 0, parent + sizes[depth - 1], -1) for depth, (_, parent, _) in enumerate(parts)]
    depth = np.repeat(np.arange(len(parts), dtype=np.int64), np.diff(sizes))
    edges, paths = np.concatenate([one[0] for one in parts]), np.concatenate([one[2] for one in parts])
    return edges, np.concatenate(parents), paths, depth


def _levels(ways: Paths) -> Iterator[tuple[Ints, Longs, Longs]]:
    """Edge, place of the parent in the level before, and path, of the steps of each depth."""
    length = np.diff(ways.first)
    at = np.full(len(length), -1)
    for depth in range(int(length.max())):
        here = np.flatnonzero(length > depth)
        pairs = np.stack([at[here], ways.edge[ways.first[here] + depth]])
        (parent, edge), step = np.unique(pairs, axis=1, return_inverse=True)
        at[here] = step.ravel()
        path = np.full(len(edge), -1)
        is_last = length[here] == depth + 1
        path[step.ravel()[is_last]] = here[is_last]
        yield edge.astype(np.int32), parent, path
