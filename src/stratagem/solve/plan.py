"""The order of work on a game: blocks of like nodes, latest layer first, and edges grouped for the way forward.

Takes a `Game`; gives index arrays that any sweep can follow. Knows no worlds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import TERMINAL, Floats, Game, Ints


@dataclass(frozen=True)
class Block:
    """Nodes of one layer with equally many edges, all chance or all decisions.

    Values stand in one buffer: rows below `num_gains` are payoffs of gain rows, rows above are nodes. An edge's value is the row
    `source` (its child, or its gain where the child is terminal) plus, for the entries listed, a gain beside it.
    """

    nodes: slice | Ints  # [n]
    edges: slice | Ints  # [n*B]
    is_chance: bool
    owner: int | Ints  # a player, or [n]
    branching: int  # B
    source: tuple[NDArray[np.intp], ...]  # B of [n] buffer rows
    duration: Ints | None  # [n, B]; None where all are 0
    extra: tuple[Ints, Ints, Ints]  # node place, edge place, gain row
    share: Ints  # [n, B] expression rows
    fixed_share: Floats | None  # [n, B, 1] where shares are constants
    preferred: NDArray[np.bool_] | None  # [n, B] the action that a tie rule names
    is_even: bool  # all shares of a node alike
    ties: str
    step: int


@dataclass(frozen=True)
class Inflow:
    """The edges into one layer, in the order of their children."""

    edges: Ints
    parents: Ints
    starts: Ints | None  # None where each child has one edge
    children: Ints


@dataclass(frozen=True)
class Plan:
    """How to sweep a game back and forth."""

    game: Game
    backward: tuple[Block, ...]
    forward: tuple[Inflow, ...]


def plan(game: Game) -> Plan:
    """The plan of a game."""
    constant = {n: float(one.operands[0]) for n, one in enumerate(game.expressions) if one.operation == "constant"}
    return Plan(game, tuple(_blocks(game, constant)), tuple(_inflows(game)))


def _blocks(game: Game, constant: dict[int, float]) -> Iterator[Block]:
    branching = np.diff(game.first_edge)
    is_chance = game.player_of_node < 0
    ties = np.array([_tie_group(game, node) for node in range(game.num_nodes)])
    inner = np.flatnonzero(game.player_of_node != TERMINAL)
    keys = np.stack([-game.layer_of_node[inner], is_chance[inner], branching[inner], ties[inner]], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for nodes in np.split(inner[order], bounds):
        yield _block(game, nodes.astype(np.int32), bool(is_chance[nodes[0]]), int(branching[nodes[0]]), constant)


def _tie_group(game: Game, node: int) -> int:
    """Decisions in one block share a tie rule: a number for each rule."""
    step = game.step_of_node[node]
    rules = ("equal", "concede", "resist")
    if game.player_of_node[node] < 0 or step >= len(game.steps):
        return 0
    rule = game.steps[step].ties
    return rules.index(rule) if rule in rules else int(step) + len(rules)


def _block(game: Game, nodes: Ints, is_chance: bool, branching: int, constant: dict[int, float]) -> Block:
    edges: Ints = np.asarray(game.first_edge[nodes][:, None] + np.arange(branching, dtype=np.int32), np.int32)
    child, gain = game.child_of_edge[edges], game.gain_of_edge[edges]
    ends = game.player_of_node[child] == TERMINAL
    source = np.where(ends, gain, game.num_gains + child).astype(np.intp)
    node_place, edge_place = np.nonzero(~ends & (gain != 0))
    duration = np.where(ends, 0, game.duration_of_edge[edges]).astype(np.int32)
    share = game.share_of_edge[edges]
    owners = game.player_of_node[nodes]
    shares = np.array([[constant.get(int(row), np.nan) for row in rows] for rows in share])
    is_fixed = not np.isnan(shares).any()
    is_even = is_fixed and bool((shares == shares[:, :1]).all() and (shares > 0).all())
    step = int(game.step_of_node[nodes[0]])
    return Block(
        nodes=_slice(nodes),
        edges=_slice(edges.ravel()),
        is_chance=is_chance,
        owner=int(owners[0]) if (owners == owners[0]).all() else owners,
        branching=branching,
        source=tuple(np.ascontiguousarray(column) for column in source.T),
        duration=duration if duration.any() else None,
        extra=(node_place.astype(np.int32), edge_place.astype(np.int32), gain[node_place, edge_place]),
        share=share,
        fixed_share=shares[..., None] if is_fixed else None,
        preferred=_preferred(game, step, edges) if not is_chance else None,
        is_even=is_even,
        ties=game.steps[step].ties if step < len(game.steps) and not is_chance else "equal",
        step=step,
    )


def _preferred(game: Game, step: int, edges: Ints) -> NDArray[np.bool_] | None:
    if step >= len(game.steps) or game.steps[step].ties not in game.steps[step].options:
        return None
    return np.asarray(game.option_of_edge[edges] == game.steps[step].options.index(game.steps[step].ties))


def _slice(places: Ints) -> slice | Ints:
    start = int(places[0])
    is_run = len(places) == places[-1] - start + 1 and bool((np.diff(places) == 1).all())
    return slice(start, start + len(places)) if is_run else places


def _inflows(game: Game) -> Iterator[Inflow]:
    order = np.argsort(game.child_of_edge, kind="stable").astype(np.int32)
    child = game.child_of_edge[order]
    parents = game.parent_of_edge[order]
    layers = game.layer_of_node[child]
    bounds = np.flatnonzero(np.diff(layers)) + 1
    for edges, ends, starts_at in zip(
        np.split(order, bounds), np.split(child, bounds), np.split(parents, bounds), strict=True
    ):
        if not len(edges):
            continue
        children, starts = np.unique(ends, return_index=True)
        yield Inflow(
            edges,
            starts_at,
            None if len(children) == len(edges) else starts.astype(np.int32),
            children.astype(np.int32),
        )
