"""The order of work on a game: blocks of like nodes, latest layer first, and edges grouped for the way forward.

Takes a `Game`; gives index arrays that any sweep can follow. Knows no worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stratagem.graph.game import TERMINAL, Floats, Game, Ints
from stratagem.solve.infosets import HiddenSubgame, hidden_subgames

KEPT_PLANS = 4


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
    source: NDArray[np.intp]  # [n*B] buffer rows
    duration: Ints | None  # [n*B]; None where all are 0
    extra: tuple[tuple[int, int], ...]  # place among the edges, gain row
    share: Ints  # [n, B] expression rows
    fixed_share: Floats | None  # [n, B, 1] where shares are constants
    preferred: NDArray[np.bool_] | None  # [n, B] the action that a tie rule names
    is_even: bool  # all shares of a node alike
    ties: str
    step: int
    is_given: bool  # decisions whose behaviour the equilibrium of a hidden subgame gives
    cast: int  # of the players' attitudes


@dataclass(frozen=True)
class Inflow:
    """The edges into one layer, in the order of their children."""

    edges: Ints
    parents: Ints
    sums: sparse.csr_array | None  # [children, edges]; None where each child has one edge
    children: Ints


@dataclass(frozen=True)
class Plan:
    """How to sweep a game back and forth."""

    game: Game
    backward: tuple[Block, ...]
    forward: tuple[Inflow, ...]
    hidden: Mapping[int, tuple[HiddenSubgame, ...]]  # by the block before which they are to be solved

    @cached_property
    def hidden_edges(self) -> Ints:
        """The edges of decisions in hidden subgames, ascending."""
        found = [one.edges for subgames in self.hidden.values() for one in subgames]
        return np.sort(np.concatenate([np.empty(0, np.int32), *found])).astype(np.int32)


@lru_cache(maxsize=KEPT_PLANS)
def plan(game: Game) -> Plan:
    """The plan of a game."""
    constant = {n: float(one.operands[0]) for n, one in enumerate(game.expressions) if one.operation == "constant"}
    hidden = hidden_subgames(game)
    begins, is_hidden = game.layer_of_node.copy(), np.zeros(game.num_nodes, bool)
    for one in hidden:
        begins[one.inner] = game.layer_of_node[one.root]
        is_hidden[one.inner] = True
    blocks = tuple(_blocks(game, constant, begins, is_hidden))
    first: dict[int, int] = {}
    for place, block in enumerate(blocks):
        node = places_of(block.nodes)[0]
        if is_hidden[node]:
            first.setdefault(int(begins[node]), place)
    before: dict[int, tuple[HiddenSubgame, ...]] = {}
    for one in hidden:
        place = first[int(begins[one.root])]
        before[place] = (*before.get(place, ()), one)
    return Plan(game, blocks, tuple(_inflows(game)), before)


def _blocks(game: Game, constant: dict[int, float], begins: Ints, is_hidden: NDArray[np.bool_]) -> Iterator[Block]:
    """Blocks latest first: a hidden subgame stands, whole, where its root does."""
    branching = np.diff(game.first_edge)
    is_chance = game.player_of_node < 0
    ties = np.array([_tie_group(game, node) for node in range(game.num_nodes)])
    inner = np.flatnonzero(game.player_of_node != TERMINAL)
    cast = np.zeros(game.num_nodes, np.int32) if game.cast_of_node is None else game.cast_of_node
    keys = np.stack([-begins, is_hidden, -game.layer_of_node, is_chance, branching, ties, cast], axis=1)[inner]
    _, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for nodes in np.split(inner[order], bounds):
        first = nodes[0]
        yield _block(
            game,
            nodes.astype(np.int32),
            bool(is_chance[first]),
            int(branching[first]),
            constant,
            bool(is_hidden[first]),
            int(cast[first]),
        )


def _tie_group(game: Game, node: int) -> int:
    """Decisions in one block share a tie rule: a number for each rule."""
    step = game.step_of_node[node]
    rules = ("equal", "concede", "resist")
    if game.player_of_node[node] < 0 or step >= len(game.steps):
        return 0
    rule = game.steps[step].ties
    return rules.index(rule) if rule in rules else int(step) + len(rules)


def _block(
    game: Game, nodes: Ints, is_chance: bool, branching: int, constant: dict[int, float], is_hidden: bool, cast: int
) -> Block:
    edges: Ints = np.asarray(game.first_edge[nodes][:, None] + np.arange(branching, dtype=np.int32), np.int32)
    child, gain = game.child_of_edge[edges], game.gain_of_edge[edges]
    ends = game.player_of_node[child] == TERMINAL
    source = np.where(ends, gain, game.num_gains + child).astype(np.intp)
    extra = np.flatnonzero(~ends & (gain != 0))
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
        source=source.ravel(),
        duration=duration.ravel() if duration.any() else None,
        extra=tuple(zip(extra.tolist(), gain.flat[extra].tolist(), strict=True)),
        share=share,
        fixed_share=shares[..., None] if is_fixed else None,
        preferred=_preferred(game, step, edges) if not is_chance else None,
        is_even=is_even,
        ties=game.steps[step].ties if step < len(game.steps) and not is_chance else "equal",
        step=step,
        is_given=is_hidden and not is_chance,
        cast=cast,
    )


def _preferred(game: Game, step: int, edges: Ints) -> NDArray[np.bool_] | None:
    if step >= len(game.steps) or game.steps[step].ties not in game.steps[step].options:
        return None
    return np.asarray(game.option_of_edge[edges] == game.steps[step].options.index(game.steps[step].ties))


def places_of(places: slice | Ints) -> Ints:
    """The places of a block as an index array."""
    return np.arange(places.start, places.stop, dtype=np.int32) if isinstance(places, slice) else places


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
        count = len(edges)
        sums = sparse.csr_array(
            (np.ones(count), np.arange(count), np.append(starts, count)), shape=(len(children), count)
        )
        yield Inflow(edges, starts_at, None if len(children) == count else sums, children.astype(np.int32))
