"""A game in extensive form as other programs write it: a tree with information sets and outcomes, in exact numbers.

Nodes stand in the order of a walk from the root, each before what follows it; nothing here is bound to one format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from stratagem.graph.game import CHANCE

NONE = -1


@dataclass(frozen=True, slots=True)
class Infoset:
    """What a player cannot tell apart, or an event of chance with its odds."""

    player: int  # or CHANCE
    number: int  # as the file has it; unique within the player
    label: str
    actions: tuple[str, ...]
    odds: tuple[Fraction, ...] = ()  # of each action where chance moves

    @property
    def is_chance(self) -> bool:
        """Whether nobody decides here."""
        return self.player == CHANCE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each player gains where play passes."""

    number: int
    label: str
    payoffs: tuple[Fraction, ...]  # [P]


@dataclass(frozen=True)
class Tree:
    """A game in extensive form. Axes: N nodes, P players."""

    title: str
    players: tuple[str, ...]  # [P]
    comment: str
    infosets: tuple[Infoset, ...]
    outcomes: tuple[Outcome, ...]
    label_of_node: tuple[str, ...]  # [N]
    parent_of_node: tuple[int, ...]  # [N], NONE for the root
    infoset_of_node: tuple[int, ...]  # [N], NONE where the game ends
    outcome_of_node: tuple[int, ...]  # [N], NONE where nothing is gained

    @property
    def num_nodes(self) -> int:
        """N."""
        return len(self.parent_of_node)

    @cached_property
    def children_of_node(self) -> tuple[tuple[int, ...], ...]:
        """[N] the node after each action."""
        found: list[list[int]] = [[] for _ in range(self.num_nodes)]
        for node in range(1, self.num_nodes):
            found[self.parent_of_node[node]].append(node)
        return tuple(map(tuple, found))

    @cached_property
    def depth_of_node(self) -> tuple[int, ...]:
        """[N] how many moves come before."""
        found = [0]
        for parent in self.parent_of_node[1:]:
            found.append(found[parent] + 1)
        return tuple(found)

    def history_to(self, node: int) -> list[str]:
        """The actions and events on the way to a node."""
        found = []
        while (parent := self.parent_of_node[node]) != NONE:
            infoset = self.infosets[self.infoset_of_node[parent]]
            found.append(infoset.actions[self.children_of_node[parent].index(node)])
            node = parent
        return found[::-1]

    def ancestors(self, node: int) -> Iterator[int]:
        """The nodes before a node, last first."""
        while (node := self.parent_of_node[node]) != NONE:
            yield node
