"""A tree put into the one struct that is solved: a node of the game for every node of the tree."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from stratagem.exchange.plain import distinct
from stratagem.exchange.tree import NONE, Infoset, Tree
from stratagem.graph.game import CHANCE, TERMINAL, Account, Expression, Game, Ints, StepInfo

ZERO, ONE = 0, 1  # rows of the expression table
START = "start"  # the move of chance before a root at which something is gained, or nothing is decided


def player_names(tree: Tree) -> tuple[str, ...]:
    """[P] the players' names, told apart, and numbered where they have none."""
    return tuple(distinct([name or f"player {number}" for number, name in enumerate(tree.players, start=1)]))


def infosets_in_order(tree: Tree) -> list[int]:
    """The information sets of players as the game numbers them: by player, then by number."""
    own = [place for place, one in enumerate(tree.infosets) if not one.is_chance]
    return sorted(own, key=lambda place: (tree.infosets[place].player, tree.infosets[place].number))


def to_game(tree: Tree) -> Game:
    """The game of a tree: layers are depths, an account each player's payoffs, a step each information set or event.

    What is gained at a node is gained on the edge to it; a move of chance with one outcome comes before the root where that needs it.
    """
    return _Builder(tree).game()


class _Builder:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.order = sorted(range(tree.num_nodes), key=lambda node: tree.depth_of_node[node])
        self.has_start = tree.outcome_of_node[0] != NONE or tree.infoset_of_node[0] == NONE
        self.steps = self._steps()
        self.row_of_value: dict[Fraction, int] = {Fraction(0): ZERO, Fraction(1): ONE}

    def _steps(self) -> list[int]:
        """The information sets and events in the order in which they are first met, layer by layer."""
        met = (self.tree.infoset_of_node[node] for node in self.order)
        return list(dict.fromkeys(place for place in met if place != NONE))

    def game(self) -> Game:
        tree, order = self.tree, self.order
        shift = int(self.has_start)
        start = [0] if self.has_start else []
        rank = {node: number + shift for number, node in enumerate(order)}
        edges = [(node, option, child) for node in order for option, child in enumerate(tree.children_of_node[node])]
        children = [shift] * shift + [rank[child] for *_, child in edges]
        counts = [1] * shift + [len(tree.children_of_node[node]) for node in order]
        step_of_infoset = {place: number for number, place in enumerate(self.steps, start=shift)}
        number_of_infoset = {place: number for number, place in enumerate(infosets_in_order(tree))}
        infosets = [tree.infoset_of_node[node] for node in order]
        ends = [node for node in order if tree.infoset_of_node[node] == NONE]
        entered = start + [child for *_, child in edges]
        shares = [ONE] * shift + [self._share(node, option) for node, option, _ in edges]
        gains = [
            (outcome + 1, player, self._row(payoff))
            for outcome, one in enumerate(tree.outcomes)
            for player, payoff in enumerate(one.payoffs)
        ]
        none = _ints(())
        return Game(
            players=(names := player_names(tree)),
            steps=(*([_start()] * shift), *self._step_infos(names)),
            accounts=tuple(Account(name, None, "payoff") for name in names),
            outcomes=tuple(self._end_name(node) for node in ends),
            questions=(),
            expressions=tuple(Expression("constant", (float(value),)) for value in self.row_of_value),
            checks=(),
            layer_of_node=_ints([*start, *(tree.depth_of_node[node] + shift for node in order)]),
            player_of_node=_ints([*([CHANCE] * shift), *(self._player(place) for place in infosets)]),
            step_of_node=_ints([*start, *(step_of_infoset.get(one, len(self.steps) + shift) for one in infosets)]),
            infoset_of_node=_ints([*([NONE] * shift), *(number_of_infoset.get(place, NONE) for place in infosets)]),
            outcome_of_node=_ints([*([NONE] * shift), *self._end_numbers()]),
            state_of_node=({},) * (len(order) + shift),
            first_edge=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            child_of_edge=_ints(children),
            option_of_edge=_ints([*([0] * shift), *(option for _, option, _ in edges)]),
            share_of_edge=_ints(shares),
            gain_of_edge=_ints(tree.outcome_of_node[child] + 1 for child in entered),
            duration_of_edge=_ints([0] * len(children)),
            durations=np.zeros(1),
            gain_row=_ints(row for row, *_ in gains),
            gain_account=_ints(account for _, account, _ in gains),
            gain_value=_ints(value for *_, value in gains),
            num_gains=len(tree.outcomes) + 1,
            event_edge=none,
            event_question=none,
            event_value=none,
            is_conditional=(),
            guarded_rows=none,
            num_histories=float(len(ends)),
        )

    def _player(self, infoset: int) -> int:
        return TERMINAL if infoset == NONE else self.tree.infosets[infoset].player

    def _share(self, node: int, option: int) -> int:
        odds = self.tree.infosets[self.tree.infoset_of_node[node]].odds
        return self._row(odds[option]) if odds else ONE

    def _row(self, value: Fraction) -> int:
        return self.row_of_value.setdefault(value, len(self.row_of_value))

    def _step_infos(self, players: tuple[str, ...]) -> list[StepInfo]:
        infosets = [self.tree.infosets[place] for place in self.steps]
        names = distinct([one.label or f"{_owner(one, players)}:{one.number}" for one in infosets])
        return [
            StepInfo(name, name, None, one.player, None, name, one.actions, one.actions, "equal")
            for name, one in zip(names, infosets, strict=True)
        ]

    def _end_name(self, node: int) -> str:
        outcome = self.tree.outcome_of_node[node]
        label = self.tree.label_of_node[node]
        return label or (self.tree.outcomes[outcome].label if outcome != NONE else "")

    def _end_numbers(self) -> Iterable[int]:
        """[N] the number of each end among the ends."""
        found = 0
        for node in self.order:
            is_end = self.tree.infoset_of_node[node] == NONE
            yield found if is_end else NONE
            found += is_end


def _owner(infoset: Infoset, players: tuple[str, ...]) -> str:
    return "chance" if infoset.is_chance else players[infoset.player]


def _start() -> StepInfo:
    return StepInfo(START, START, None, CHANCE, None, START, (START,), (START,), "equal")


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int32)
