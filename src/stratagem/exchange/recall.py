"""Perfect recall: whether every player still knows what he knew and did (Kuhn 1953)."""

from __future__ import annotations

from collections.abc import Iterator

from stratagem.exchange.tree import NONE, Tree
from stratagem.graph.game import CHANCE


def forgotten(tree: Tree) -> tuple[int, int] | None:
    """Two nodes of one information set that its player came to by different moves of his own; None under perfect recall.

    The second is the first such node of the file.
    """
    first_with: dict[int, tuple[int, int]] = {}
    for node, own_past in _own_pasts(tree):
        infoset = tree.infoset_of_node[node]
        earlier, past = first_with.setdefault(infoset, (node, own_past))
        if past != own_past:
            return earlier, node
    return None


def _own_pasts(tree: Tree) -> Iterator[tuple[int, int]]:
    """Each decision node with a number for what its mover has known and done before: equal numbers, equal pasts."""
    number: dict[tuple[int, int, int], int] = {}
    past = [0] * (len(tree.players) + 1)  # the last is that of chance
    way: list[tuple[int, int, int]] = []  # nodes on the way, their movers, and what those knew
    taken = [0] * tree.num_nodes
    for node in range(tree.num_nodes):
        parent, infoset = tree.parent_of_node[node], tree.infoset_of_node[node]
        while way and way[-1][0] != parent:
            _, mover, past[mover] = way.pop()
        if way:
            _, mover, before = way[-1]
            step = (before, tree.infoset_of_node[parent], taken[parent])
            past[mover] = number.setdefault(step, len(number) + 1)
            taken[parent] += 1
        if infoset == NONE:
            continue
        mover = tree.infosets[infoset].player
        way.append((node, mover, past[mover]))
        if mover != CHANCE:
            yield node, past[mover]
