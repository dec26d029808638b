"""Histories sampled from a decision on: totals as distributions, never read off merged states (M5).

Takes a solved chunk; plays each world several times from a move with one action taken, by everybody's behaviour and the odds of one
evaluator, and adds up what the mover gains. The same random points serve every action, so that comparisons are paired.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import TERMINAL, Floats, Game, Ints
from stratagem.graph.points import uniforms
from stratagem.solve.columns import TRUTH, Inputs

MAX_STEPS = 100_000


def sampled_totals(
    game: Game,
    inputs: Inputs,
    behaviour: Floats,
    player: int,
    start: tuple[Ints, Floats],
    option: int,
    point: Points,
    believed: bool,
) -> Floats:
    """[plays, W] discounted payoff of the player from the move on, and NaN where the option does not stand.

    `start` is the states of the move and their share [D, W] among those reached; `believed` takes the player's own numbers.
    """
    evaluator = inputs.columns.evaluator[player] if believed else TRUTH
    column = player if believed else inputs.columns.true_of_player[player]
    size, plays = len(inputs), point.plays
    world = np.tile(np.arange(size), plays)
    node = _start(start, world, point(0))
    edge = _edge_of(game, option)[node]
    total, factor = np.full(len(world), np.nan), np.ones(len(world))
    alive = edge >= 0
    total[alive] = 0.0
    for turn in range(1, MAX_STEPS):
        here = np.flatnonzero(alive)
        if not len(here):
            break
        total[here] += factor[here] * inputs.gains[game.gain_of_edge[edge[here]], column, world[here]]
        if inputs.discounts is not None:
            factor[here] *= inputs.factors(game, edge[here], column, world[here])
        node[here] = game.child_of_edge[edge[here]]
        alive[here] = game.player_of_node[node[here]] != TERMINAL
        going = np.flatnonzero(alive)
        edge[going] = _next_edge(
            game, inputs.tables[evaluator], behaviour, node[going], world[going], point(turn)[going]
        )
    return total.reshape(plays, size)


class Points:
    """The random points of each turn, by play and world; the same whatever else is asked, and drawn once for all actions."""

    def __init__(self, seed: int, world: NDArray[np.int64], plays: int) -> None:
        self.seed, self.world, self.plays = seed, world, plays
        self.drawn: list[Floats] = []

    def __call__(self, turn: int) -> Floats:
        """[plays * W] the points of a turn; turns are asked for in order."""
        if turn == len(self.drawn):
            parts = [uniforms(self.seed, f"play {play} turn {turn}", self.world) for play in range(self.plays)]
            self.drawn.append(np.concatenate(parts))
        return self.drawn[turn]


def _start(start: tuple[Ints, Floats], world: np.ndarray, point: Floats) -> np.ndarray:
    nodes, share = start
    passed = np.cumsum(share, axis=0)[:, world]
    place = (passed <= point * passed[-1]).sum(axis=0)
    return np.asarray(nodes[np.minimum(place, len(nodes) - 1)])


def _edge_of(game: Game, option: int) -> np.ndarray:
    """[N] each node's edge of an option; -1 where it has none."""
    found = np.full(game.num_nodes, -1)
    edges = np.flatnonzero(game.option_of_edge == option)
    found[game.parent_of_edge[edges]] = edges
    return found


def _next_edge(
    game: Game, table: Floats, behaviour: Floats, node: np.ndarray, world: np.ndarray, point: Floats
) -> np.ndarray:
    """An edge of each node, drawn by its probability: behaviour at decisions, the evaluator's odds at chance."""
    first = game.first_edge[node]
    count = game.first_edge[node + 1] - first
    is_chance = game.player_of_node[node] < 0
    passed = np.zeros(len(node))
    found = np.asarray(first + count - 1)
    is_open = np.ones(len(node), bool)
    for j in range(int(count.max(initial=0))):
        edge = np.minimum(first + j, first + count - 1)
        chance = np.where(is_chance, table[game.share_of_edge[edge], world], behaviour[edge, world])
        passed += np.where(j < count, chance, 0.0)
        hit = is_open & (j < count) & (point < passed) & (chance > 0)
        found[hit] = edge[hit]
        is_open &= ~hit
    return found
