"""Random games with perfect recall: who moves, who sees what, where the game ends and what is paid are drawn."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hidden_games import Node, chance, infosets, leaf, move

CHANCE = -1


def random_game(seed: int, players: int = 3, stages: int = 4, widest: int = 3) -> Node:
    """A game in stages; each is seen by some players only, for good, and a player knows his own moves."""
    rng = np.random.default_rng(seed)
    mover = rng.integers(CHANCE, players, stages)
    if not (mover >= 0).any():
        mover[-1] = 0
    width = rng.integers(2, widest + 1, stages)
    sees = rng.random((stages, players)) < 0.5
    for stage in range(stages):
        if mover[stage] != CHANCE:
            sees[stage, mover[stage]] = True

    def grow(stage: int, history: tuple[int, ...]) -> Node:
        if stage == stages or (stage > 1 and rng.random() < 0.15):
            return leaf(*(rng.integers(-20, 21, players) / 10))
        children = [grow(stage + 1, (*history, action)) for action in range(width[stage])]
        if mover[stage] == CHANCE:
            weights = rng.integers(1, 10, width[stage])
            return chance(
                *((Fraction(int(one), int(weights.sum())), child) for one, child in zip(weights, children, strict=True))
            )
        seen = tuple((past, action) for past, action in enumerate(history) if sees[past, mover[stage]])
        return move(int(mover[stage]), (stage, seen), *children)

    return grow(0, ())


def has_hidden(game: Node) -> bool:
    """Whether some infoset has several histories."""

    def count(node: Node) -> int:
        if node[0] == "leaf":
            return 0
        children = node[3] if node[0] == "move" else [child for _, child in node[1]]
        return (node[0] == "move") + sum(count(child) for child in children)

    return count(game) > len(infosets(game))
