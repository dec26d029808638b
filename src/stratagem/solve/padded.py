"""A game laid out in equal steps, for a sweep that is compiled once for many games of a size (M9).

Takes a `Game`; gives index arrays of fixed shapes and the facts that a compiled program depends on. A step holds nodes of
one layer and one kind, as many as fit into its edge slots. Rows stand in the order in which they are filled, without gaps:
a step writes a whole window of rows, and what it writes past its own nodes is overwritten by the steps after it.

Axes: T steps, M edge slots, n node slots; others as in `graph.game`.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import TERMINAL, Game, Ints

SLOTS = 16  # edges a step: few, so that little is padded and what a step reads and writes stays near
FANS = (1, 2, 8)
INFLOW_SLOTS = 64
SURE, NEVER, FIRST_FLOW = 0, 1, 2  # rows of the flow table: certain, impossible, then the edges
ALWAYS, FIRST_SHARE = 0, 1  # rows of the share table: 1 in all worlds, then those of expressions

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """Nodes that one program serves."""

    is_chance: bool
    branching: int
    is_even: bool  # base shares alike
    has_gain: bool  # some edge has a gain beside its continuation
    size: int  # nodes a step


@dataclass(frozen=True)
class Form:
    """What the program of a sweep depends on; games of one form share it."""

    kinds: tuple[Kind, ...]
    gains: int  # rows of gains, below those of nodes
    rows: int  # rows of nodes
    edges: int
    window: int  # node rows that a step writes
    slots: int  # edge rows that a step writes
    targets: int  # rows on the way forward: the root, then nodes and partial sums

    @property
    def can_stick(self) -> bool:
        """Whether there are decisions whose actions may not be available."""
        return any(not kind.is_chance and not kind.is_even for kind in self.kinds)


class Steps(NamedTuple):
    """The way back, latest layer first."""

    kind: Ints  # [T], the number of kinds where nothing is left to do
    row: Ints  # [T] first node row
    edge: Ints  # [T] first edge row
    height: Ints  # [T] nodes
    source: Ints  # [T, M] value row of the child, or of the gain where the child is terminal
    gain: Ints  # [T, M] gain row beside the continuation; 0 is none
    share: Ints  # [T, M] row of the share table
    duration: Ints  # [T, M]
    owner: Ints  # [T, n]


class Inflows(NamedTuple):
    """The way forward, earliest layer first: each row is the sum of the flows from rows before it."""

    fan: Ints  # [T] place in FANS, their number where nothing is left to do
    row: Ints  # [T] first row
    height: Ints  # [T] rows
    edge: Ints  # [T, M] row of the flow table
    parent: Ints  # [T, M] row it comes from


@dataclass(frozen=True)
class Padded:
    """A game in steps, and where its parts went."""

    form: Form
    steps: Steps
    inflows: Inflows
    row_of_node: Ints  # [N] node row; a row of zeros for terminals
    row_of_edge: Ints  # [E]
    edge_of_row: Places  # [E]
    target_of_node: Ints  # [N]
    shares: Ints  # [S] expression rows of the share table
    step_of_row: Places  # [rows in use]
    slot_of_row: Places  # [rows in use]
    node_of_row: Places  # [rows in use]


def rounded(count: int) -> int:
    """A size at least `count`, so that sizes close to each other become equal; at most an eighth larger."""
    unit = 1 << max(int(count).bit_length() - 4, 0)
    return max(-(-count // unit) * unit, 1)


def lay_out(game: Game) -> Padded:
    """The steps of a game."""
    slots = max(SLOTS, int(np.diff(game.first_edge).max()))
    kinds, kind_of_node = _kinds(game, slots)
    sizes = np.array([kind.size for kind in kinds])
    node_of_row, step, slot = _schedule(game, kind_of_node, sizes)
    inflows, target_of_node, targets = _inflows(game)
    form = Form(
        kinds,
        rounded(game.num_gains),
        rounded(len(node_of_row)),
        rounded(game.num_edges),
        int(sizes.max()),
        slots,
        targets,
    )
    row_of_node = np.full(game.num_nodes, form.rows + form.window, np.int32)
    row_of_node[node_of_row] = np.arange(len(node_of_row))
    edges = _edges_of(game, node_of_row)
    row_of_edge = np.empty(game.num_edges, np.int32)
    row_of_edge[edges] = np.arange(game.num_edges)
    shares, share = np.unique(game.share_of_edge, return_inverse=True)
    steps = _steps(
        game, form, (kind_of_node, node_of_row, edges), (step, slot), row_of_node, share.ravel() + FIRST_SHARE
    )
    return Padded(
        form=form,
        steps=steps,
        inflows=inflows,
        row_of_node=row_of_node,
        row_of_edge=row_of_edge,
        edge_of_row=edges,
        target_of_node=target_of_node,
        shares=shares.astype(np.int32),
        step_of_row=step,
        slot_of_row=slot,
        node_of_row=node_of_row,
    )


def _kinds(game: Game, slots: int) -> tuple[tuple[Kind, ...], Places]:
    """The kinds of a game, by mover and branching, and [N] the kind of each node (terminals: the first)."""
    inner = np.flatnonzero(game.player_of_node != TERMINAL)
    first = game.first_edge[inner]
    is_chance = game.player_of_node[inner] < 0
    gains = (game.player_of_node[game.child_of_edge] != TERMINAL) & (game.gain_of_edge != 0)
    has_gain = np.logical_or.reduceat(gains, first)
    least, most = (one.reduceat(_constant_shares(game), first) for one in (np.minimum, np.maximum))
    is_even = ~is_chance & (least == most) & (least > 0)
    found, kind = np.unique(np.stack([is_chance, np.diff(game.first_edge)[inner]], axis=1), axis=0, return_inverse=True)
    kind_of_node = np.zeros(game.num_nodes, np.int64)
    kind_of_node[inner] = kind = kind.ravel()
    kinds = tuple(
        Kind(
            bool(mover),
            int(branching),
            bool(is_even[kind == k].all()),
            bool(has_gain[kind == k].any()),
            max(slots // max(int(branching), 2), 1),
        )
        for k, (mover, branching) in enumerate(found)
    )
    return kinds, kind_of_node


def _schedule(game: Game, kind_of_node: Places, sizes: Places) -> tuple[Places, Places, Places]:
    """An order of the inner nodes, children first, with each one's step and slot.

    A step takes nodes of one kind whose children are done: of a kind that fills a step if there is one, else of the kind
    with the deepest node, which holds the most others up.
    """
    is_inner = game.player_of_node != TERMINAL
    counts = is_inner[game.child_of_edge].astype(np.int64)
    waits_for = np.add.reduceat(np.append(counts, 0), game.first_edge[:-1]) * is_inner
    parents_of = _parents(game)
    layer, kind = game.layer_of_node.tolist(), kind_of_node.tolist()
    ready: list[list[tuple[int, int]]] = [[] for _ in sizes]
    for node in np.flatnonzero(is_inner & (waits_for == 0)).tolist():
        ready[kind[node]].append((-layer[node], node))
    for heap in ready:
        heapify(heap)
    left = waits_for.tolist()
    steps: list[list[int]] = []
    while any(ready):
        chosen = min(
            (len(heap) < size, heap[0], k) for k, (heap, size) in enumerate(zip(ready, sizes, strict=True)) if heap
        )[2]
        heap = ready[chosen]
        steps.append([heappop(heap)[1] for _ in range(min(len(heap), sizes[chosen]))])
        for node in steps[-1]:
            for parent in parents_of[node]:
                left[parent] -= 1
                if left[parent] == 0:
                    heappush(ready[kind[parent]], (-layer[parent], parent))
    lengths = [len(one) for one in steps]
    slot = np.concatenate([np.arange(n) for n in lengths])
    return np.concatenate(steps).astype(np.int64), np.repeat(np.arange(len(steps)), lengths), slot


def _parents(game: Game) -> list[list[int]]:
    """For each node, the nodes whose edges lead to it."""
    order = np.argsort(game.child_of_edge, kind="stable")
    parents = game.parent_of_edge[order].tolist()
    bounds = np.searchsorted(game.child_of_edge[order], np.arange(game.num_nodes + 1)).tolist()
    return [parents[bounds[node] : bounds[node + 1]] for node in range(game.num_nodes)]


def _constant_shares(game: Game) -> NDArray[np.float64]:
    """[E] shares, not a number where they differ by world."""
    rows = [float(one.operands[0]) if one.operation == "constant" else np.nan for one in game.expressions]
    return np.array(rows)[game.share_of_edge]


def _windows(keys: tuple[Places | Ints, ...], size: Places) -> tuple[Places, Places]:
    """Cut rows into steps: each row's step and slot. Rows of a step agree in `keys` and are at most `size`."""
    count = len(size)
    is_new = np.ones(count, bool)
    is_new[1:] = np.any([np.diff(key) != 0 for key in keys], axis=0)
    start = np.maximum.accumulate(np.where(is_new, np.arange(count), 0))
    slot = (np.arange(count) - start) % size
    return np.cumsum(slot == 0) - 1, slot


def _edges_of(game: Game, nodes: Places) -> Places:
    """The edges of nodes, in the order of the nodes."""
    counts = np.diff(game.first_edge)[nodes]
    before = np.cumsum(counts) - counts
    return np.repeat(game.first_edge[nodes] - before, counts) + np.arange(counts.sum())


def _steps(
    game: Game,
    form: Form,
    order: tuple[Places, Places, Places],
    place: tuple[Places, Places],
    row_of_node: Ints,
    share: Places,
) -> Steps:
    kind_of_node, node_of_row, edges = order
    step, slot = place
    count = rounded(int(step[-1]) + 1)
    starts = np.flatnonzero(slot == 0)
    branching = np.diff(game.first_edge)[node_of_row]
    first = np.cumsum(branching) - branching
    owner = np.zeros((count, form.window), np.int32)
    owner[step, slot] = np.maximum(game.player_of_node[node_of_row], 0)
    within = np.arange(len(edges)) - np.repeat(first, branching)
    at = (np.repeat(step, branching), np.repeat(slot * branching, branching) + within)
    child, gain = game.child_of_edge, game.gain_of_edge
    ends = game.player_of_node[child] == TERMINAL
    columns = (
        np.where(ends, gain, form.gains + row_of_node[child]),
        np.where(ends, 0, gain),
        share,
        np.where(ends, 0, game.duration_of_edge),
    )
    slotted: list[Ints] = []
    for values in columns:
        table = np.zeros((count, form.slots), np.int32)
        table[at] = values[edges]
        slotted.append(table)
    source, beside, shares, duration = slotted
    return Steps(
        kind=_filled(count, kind_of_node[node_of_row[starts]], len(form.kinds)),
        row=_filled(count, starts, form.rows),
        edge=_filled(count, first[starts], form.edges),
        height=_filled(count, np.bincount(step), 0),
        source=source,
        gain=beside,
        share=shares,
        duration=duration,
        owner=owner,
    )


def _filled(count: int, values: Places | Ints, rest: int) -> Ints:
    found = np.full(count, rest, np.int32)
    found[: len(values)] = values
    return found


@dataclass(frozen=True)
class _Sums:
    """Sums to be formed, and their terms in the order of the sums."""

    stage: Places  # [sums] later stages read earlier ones
    first: Places  # [sums + 1]
    edge: Places  # [terms] row of the flow table
    source: Places  # [terms] place of the sum it comes from


def _inflows(game: Game) -> tuple[Inflows, Ints, int]:
    """The forward steps, the row of each node, and how many rows there are."""
    sums = _sums(game)
    count = np.diff(sums.first)
    fan = np.searchsorted(FANS, count)
    order = np.lexsort((np.arange(len(count)), fan, sums.stage))
    order = order[order != 0]  # the root has no inflow
    step, slot = _windows((sums.stage[order], fan[order]), INFLOW_SLOTS // np.array(FANS)[fan[order]])
    row = np.zeros(len(count), np.int32)
    row[order] = np.arange(1, len(count))
    num_steps = rounded(int(step[-1]) + 1)
    edge, parent = np.full((num_steps, INFLOW_SLOTS), NEVER, np.int32), np.zeros((num_steps, INFLOW_SLOTS), np.int32)
    within = np.arange(len(sums.edge)) - np.repeat(sums.first[:-1], count)
    step_of, slot_of = np.zeros(len(count), np.int64), np.zeros(len(count), np.int64)
    step_of[order], slot_of[order] = step, slot * np.array(FANS)[fan[order]]
    at = (np.repeat(step_of, count), np.repeat(slot_of, count) + within)
    edge[at], parent[at] = sums.edge, row[sums.source]
    starts = np.flatnonzero(slot == 0)
    targets = rounded(len(count))
    found = Inflows(
        _filled(num_steps, fan[order[starts]], len(FANS)),
        _filled(num_steps, starts + 1, targets),
        _filled(num_steps, np.bincount(step), 0),
        edge,
        parent,
    )
    return found, row[: game.num_nodes], targets


def _sums(game: Game) -> _Sums:
    """Each node's inflow; a node with more edges than the largest fan sums partial sums."""
    order = np.argsort(game.child_of_edge, kind="stable")
    target, edge, source = (
        game.child_of_edge[order].astype(np.int64),
        order + FIRST_FLOW,
        game.parent_of_edge[order].astype(np.int64),
    )
    layers = game.layer_of_node.astype(np.int64) * 64
    stage, num_sums = [layers + 63], game.num_nodes
    terms = []
    for level in range(63):
        counts = np.bincount(target, minlength=num_sums)
        is_wide = counts[target] > FANS[-1]
        terms.append((target[~is_wide], edge[~is_wide], source[~is_wide]))
        if not is_wide.any():
            break
        wide, of = target[is_wide], np.arange(int(is_wide.sum()))
        part, _ = _windows((wide,), np.full(len(of), FANS[-1]))
        heads = np.flatnonzero(np.diff(part, prepend=-1))
        stage.append(layers[wide[heads]] + level)
        terms.append((num_sums + part, edge[is_wide], source[is_wide]))
        target, edge, source = wide[heads], np.full(len(heads), SURE), num_sums + np.arange(len(heads))
        num_sums += len(heads)
    target, edge, source = (np.concatenate(column) for column in zip(*terms, strict=True))
    order = np.argsort(target, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(target, minlength=num_sums))])
    return _Sums(np.concatenate(stage), first, edge[order], source[order])
