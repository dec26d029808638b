"""A game cut into its subgames: where play goes on with nothing hidden from before (Selten 1965).

Takes the arrays of a game; gives its subgames, latest first, each down to the later ones. In a merged graph a node can be reached on
several ways: it begins a subgame only where what happened before tells nothing about any information set after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stratagem.errors import TooLargeError
from stratagem.graph.game import TERMINAL, Game, Ints

MAX_STEPS = 20_000_000
NONE = -1


@dataclass(frozen=True)
class Subgame:
    """The part of a game that one subgame adds to those after it."""

    root: int
    inner: Ints  # ascending; the root and what is reached from it before any later subgame
    leaves: Ints  # ascending; the later roots and the ends that play comes to


@dataclass(frozen=True)
class Paths:
    """The ways from the root of a subgame to its leaves. Axis T: ways; those of way t are edge[first[t]:first[t+1]]."""

    leaf: Ints  # [T]
    first: Ints  # [T+1]
    edge: Ints  # in the order of play


def subgames(game: Game) -> list[Subgame]:
    """The finest cut into subgames, latest first; node 0 is the last root.

    A node begins a subgame where every information set with several nodes that is reached from it, and not from a later root, is reached
    through it alone. In a tree these are the subgames of the textbook.
    """
    is_root = _roots(game)
    return [_subgame(game, int(node), is_root) for node in np.flatnonzero(is_root)[::-1]]


def hidden_parts(game: Game) -> list[Subgame]:
    """The subgames in which something is hidden from the start on, each with all that follows it, in the order of play.

    What comes before them is public. Each is taken whole: a branch of equilibria goes through all that follows at once.
    """
    shared = {infoset for infoset, nodes in _members(game) if len(nodes) > 1}
    found, covered = list[Subgame](), set[int]()
    for part in reversed(subgames(game)):
        is_hidden = not shared.isdisjoint(game.infoset_of_node[part.inner].tolist())
        if is_hidden and part.root not in covered:
            found.append(whole(game, part.root))
            covered.update(found[-1].inner.tolist())
    return found


def whole(game: Game, root: int = 0) -> Subgame:
    """All that follows a node, down to the ends."""
    return _subgame(game, root, [False] * game.num_nodes)


def paths(game: Game, subgame: Subgame) -> Paths:
    """The ways through a subgame, in the order of their edges. Raises `TooLargeError` where they are too many to list."""
    inner = set(subgame.inner.tolist())
    leaves, firsts, taken = list[int](), [0], list[int]()
    way = list[int]()
    open_edges = [_edges(game, subgame.root)]
    while open_edges:
        edge = next(open_edges[-1], NONE)
        if edge == NONE:
            open_edges.pop()
            del way[-1:]
            continue
        way.append(edge)
        child = int(game.child_of_edge[edge])
        if child in inner:
            open_edges.append(_edges(game, child))
            continue
        leaves.append(child)
        taken += way
        firsts.append(len(taken))
        way.pop()
        if len(taken) > MAX_STEPS:
            raise TooLargeError(f"a subgame whose ways through it take more than {MAX_STEPS:,} steps; hide less")
    return Paths(np.array(leaves, np.int32), np.array(firsts, np.int32), np.array(taken, np.int32))


def _edges(game: Game, node: int) -> Iterator[int]:
    return iter(range(game.first_edge[node], game.first_edge[node + 1]))


def _subgame(game: Game, root: int, is_root: Sequence[bool]) -> Subgame:
    inner, leaves, todo = {root}, set[int](), [root]
    while todo:
        for child in _children(game, todo.pop()):
            if is_root[child] or game.player_of_node[child] == TERMINAL:
                leaves.add(child)
            elif child not in inner:
                inner.add(child)
                todo.append(child)
    return Subgame(root, np.array(sorted(inner), np.int32), np.array(sorted(leaves), np.int32))


def _children(game: Game, node: int) -> list[int]:
    return game.child_of_edge[game.first_edge[node] : game.first_edge[node + 1]].tolist()  # type: ignore[no-any-return]


def _roots(game: Game) -> list[bool]:
    """[N] which nodes begin a subgame.

    Walking back, each node carries the last node that all play to the open information sets below it must pass; where that node is
    itself, or after it, nothing from before it matters.
    """
    gates = _Gates(game)
    gate_of_infoset = _gate_of_infoset(game, gates)
    is_root = [False] * game.num_nodes
    gate = [NONE] * game.num_nodes
    for node in range(game.num_nodes - 1, NONE, -1):
        if game.player_of_node[node] == TERMINAL:
            continue
        own = gate_of_infoset.get(int(game.infoset_of_node[node]), NONE)
        for child in _children(game, node):
            own = gates.common(own, NONE if is_root[child] else gate[child])
        gate[node] = own
        is_root[node] = node == 0 or own == NONE or gates.common(own, node) == node
    return is_root


def _gate_of_infoset(game: Game, gates: _Gates) -> dict[int, int]:
    """For each information set with several nodes, the last node before it that all play to it must pass."""
    found: dict[int, int] = {}
    for infoset, nodes in _members(game):
        if len(nodes) > 1:
            gate = nodes[0]
            for node in nodes[1:]:
                gate = gates.common(gate, node)
            found[infoset] = gate
    return found


def _members(game: Game) -> Iterator[tuple[int, list[int]]]:
    nodes = np.flatnonzero(game.infoset_of_node >= 0)
    order = nodes[np.argsort(game.infoset_of_node[nodes], kind="stable")]
    infosets, starts = np.unique(game.infoset_of_node[order], return_index=True)
    for infoset, part in zip(infosets.tolist(), np.split(order, starts[1:]), strict=False):
        yield infoset, part.tolist()


class _Gates:
    """The tree of dominators: above each node, the last other node that all play to it must pass.

    Jumps up this tree as in Myers (1983), An applicative random-access stack, make common gates cost log N.
    """

    def __init__(self, game: Game) -> None:
        self.depth, self.above, self.jump = [0], [0], [0]
        sources = _sources(game)
        for node in range(1, game.num_nodes):
            above = NONE
            for source in sources[node]:
                above = self.common(above, source)
            self._hang(max(above, 0))

    def _hang(self, above: int) -> None:
        far = self.jump[above]
        is_even = self.depth[above] - self.depth[far] == self.depth[far] - self.depth[self.jump[far]]
        self.depth.append(self.depth[above] + 1)
        self.above.append(above)
        self.jump.append(self.jump[far] if is_even else above)

    def common(self, one: int, other: int) -> int:
        """The last node that all play to both must pass (a node counts as before itself); NONE stands for no demand."""
        if NONE in (one, other):
            return max(one, other)
        if self.depth[one] < self.depth[other]:
            one, other = other, one
        while self.depth[one] > self.depth[other]:
            far = self.jump[one]
            one = far if self.depth[far] >= self.depth[other] else self.above[one]
        while one != other:
            if self.jump[one] != self.jump[other]:
                one, other = self.jump[one], self.jump[other]
            else:
                one, other = self.above[one], self.above[other]
        return one


def _sources(game: Game) -> list[list[int]]:
    """For each node, the nodes that lead to it."""
    found: list[list[int]] = [[] for _ in range(game.num_nodes)]
    for child, source in zip(game.child_of_edge.tolist(), game.parent_of_edge.tolist(), strict=True):
        found[child].append(source)
    return found
