"""The cut into subgames against the definition, spelt out on small random graphs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratagem.graph.game import TERMINAL
from stratagem.solve.subgames import paths, subgames

HIDDEN_SHARE = 0.7


def graph(children: list[list[int]], infosets: list[list[int]]) -> Any:
    """A game with only what the cut reads; nodes in no information set are chance moves, or ends where they have no children."""
    infoset = np.full(len(children), -1, np.int32)
    for number, nodes in enumerate(infosets):
        infoset[nodes] = number
    first = np.concatenate([[0], np.cumsum([len(one) for one in children])]).astype(np.int32)
    return SimpleNamespace(
        num_nodes=len(children),
        player_of_node=np.array([0 if one else TERMINAL for one in children], np.int32),
        infoset_of_node=infoset,
        first_edge=first,
        child_of_edge=np.array([child for one in children for child in one], np.int32),
        parent_of_edge=np.repeat(np.arange(len(children)), np.diff(first)),
    )


def drawn(seed: int, is_tree: bool) -> tuple[list[list[int]], list[list[int]]]:
    """A random graph in layers, in which every node is reached; nodes of a layer with equally many children may share an infoset."""
    rng = np.random.default_rng(seed)
    layers, children = [[0]], [[]]
    for _ in range(rng.integers(2, 6)):
        below: list[int] = []
        for node in layers[-1]:
            for _ in range(0 if node and rng.random() < 0.1 else rng.choice([1, 2, 2, 3])):
                if is_tree or not below or rng.random() < 0.6:
                    below.append(len(children))
                    children.append([])
                    children[node].append(below[-1])
                else:
                    children[node].append(int(rng.choice(below)))
        layers.append(below)
    infosets: dict[tuple[int, ...], list[int]] = {}
    nearby = [
        min(source for source, below in enumerate(children) if node in below or node == 0)
        for node in range(len(children))
    ]
    for depth, layer in enumerate(layers):
        for node in layer:
            if children[node] and rng.random() < 0.9:
                seen = int(rng.integers(2)) if rng.random() < 0.5 else -1 - nearby[node]
                own = (node,) if rng.random() > HIDDEN_SHARE else (-1, depth, len(children[node]), seen)
                infosets.setdefault(own, []).append(node)
    return children, list(infosets.values())


def ways_to(children: list[list[int]], start: int) -> list[list[int]]:
    """All ways from a node on, of every length."""
    found = [[start]]
    for child in children[start]:
        found += [[start, *way] for way in ways_to(children, child)]
    return found


def roots_by_definition(children: list[list[int]], infosets: list[list[int]]) -> list[int]:
    """From the last node back: every way to a shared infoset comes by a later root, or all play to that infoset passes the node."""
    hidden = {node: nodes for nodes in infosets if len(nodes) > 1 for node in nodes}
    all_ways = ways_to(children, 0)
    roots: list[int] = []
    for node in reversed(range(len(children))):
        if not children[node]:
            continue
        open_sets = [
            hidden[way[-1]] for way in ways_to(children, node) if way[-1] in hidden and not set(way[1:]) & set(roots)
        ]
        is_passed = all(node in way for nodes in open_sets for way in all_ways if way[-1] in nodes)
        if node == 0 or (is_passed and node not in hidden):
            roots.append(node)
    return roots


@pytest.mark.parametrize("is_tree", [True, False])
@given(seed=st.integers(0, 2**32 - 1))
def test_roots_are_those_of_the_definition(is_tree: bool, seed: int) -> None:
    children, infosets = drawn(seed, is_tree)
    cut = subgames(graph(children, infosets))
    assert [one.root for one in cut] == roots_by_definition(children, infosets)
    for one in cut:
        roots = {other.root for other in cut}
        inner = {way[-1] for way in ways_to(children, one.root) if not set(way[1:]) & roots and children[way[-1]]}
        assert one.inner.tolist() == sorted(inner)
        assert one.leaves.tolist() == sorted({child for node in inner for child in children[node]} - inner)


def test_a_merged_node_that_hides_only_what_is_after_it_begins_a_subgame() -> None:
    """Nodes 1 and 2 both lead to chance node 3, after which 4 and 5 look alike: that is no matter between 1 and 2."""
    game = graph([[1, 2], [3, 6], [3, 6], [4, 5], [6], [6], []], [[0], [1], [2], [4, 5]])
    assert [one.root for one in subgames(game)] == [3, 2, 1, 0]


def test_a_merged_node_that_one_side_may_bypass_does_not() -> None:
    """Node 4 is reached from 1 and 2, node 5 from 1 alone: what was done at 0 matters where 4 and 5 look alike."""
    game = graph([[1, 2], [4, 5], [4, 6], [], [6], [6], []], [[0], [1], [2], [4, 5]])
    assert [one.root for one in subgames(game)] == [0]


@given(seed=st.integers(0, 2**32 - 1))
def test_subgames_of_a_tree_are_those_of_the_textbook(seed: int) -> None:
    """A node begins a subgame if and only if no information set has nodes both below it and elsewhere."""
    children, infosets = drawn(seed, is_tree=True)
    below = [{way[-1] for way in ways_to(children, node)} for node in range(len(children))]
    expected = [
        node
        for node in reversed(range(len(children)))
        if children[node]
        and all(not below[node] & set(nodes) or set(nodes) <= below[node] for nodes in infosets)
        and not any(node in nodes and len(nodes) > 1 for nodes in infosets)
    ]
    assert [one.root for one in subgames(graph(children, infosets))] == expected


@given(seed=st.integers(0, 2**32 - 1))
def test_what_happens_elsewhere_tells_nothing_about_a_subgame(seed: int) -> None:
    """Beliefs at the information sets of a subgame stay as they are, whatever is done outside it."""
    children, infosets = drawn(seed, is_tree=False)
    rng = np.random.default_rng(seed)
    odds = [rng.dirichlet(np.ones(len(one))) if one else np.empty(0) for one in children]
    other = [rng.dirichlet(np.ones(len(one))) if one else np.empty(0) for one in children]
    for one in subgames(graph(children, infosets)):
        inner = set(one.inner.tolist())
        before = reach(children, odds)
        after = reach(children, [odds[node] if node in inner else other[node] for node in range(len(children))])
        for nodes in infosets:
            if nodes[0] in inner:
                np.testing.assert_allclose(before[nodes] / before[nodes].sum(), after[nodes] / after[nodes].sum())


def reach(children: list[list[int]], odds: list[np.ndarray]) -> np.ndarray:
    found = np.zeros(len(children))
    found[0] = 1
    for node, below in enumerate(children):
        for child, chance in zip(below, odds[node], strict=True):
            found[child] += found[node] * chance
    return found


@given(seed=st.integers(0, 2**32 - 1))
def test_paths_are_all_ways_to_the_leaves(seed: int) -> None:
    children, infosets = drawn(seed, is_tree=False)
    game = graph(children, infosets)
    for one in subgames(game):
        found = paths(game, one)
        inner = set(one.inner.tolist())
        ways = [way for way in ways_with_edges(game, one.root) if set(way[0][:-1]) <= inner and way[0][-1] not in inner]
        assert len(found.leaf) == len(ways)
        for number, (nodes, edges) in enumerate(ways):
            assert found.leaf[number] == nodes[-1]
            assert found.edge[found.first[number] : found.first[number + 1]].tolist() == edges


def ways_with_edges(game: Any, start: int) -> list[tuple[list[int], list[int]]]:
    found: list[tuple[list[int], list[int]]] = [([start], [])]
    for edge in range(game.first_edge[start], game.first_edge[start + 1]):
        for nodes, edges in ways_with_edges(game, int(game.child_of_edge[edge])):
            found.append(([start, *nodes], [edge, *edges]))
    return found


def test_a_long_game_hidden_from_the_start_is_cut_quickly() -> None:
    """A chain of 20,000 moves below a hidden move: one subgame, without a search from every node."""
    count = 20_000
    children = [[1, 2], [3], [4], *([place + 2, place + 2 * count] for place in range(3, count)), *([[]] * 3)]
    children = [[child if child < count else count for child in one] for one in children[:count]] + [[]]
    children[count - 2 : count] = [[count], [count]]
    cut = subgames(graph(children, [[1, 2], [count - 2, count - 1]]))
    assert [one.root for one in cut] == [0]
    assert len(cut[0].inner) == count
