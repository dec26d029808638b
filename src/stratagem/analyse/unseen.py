"""What chance decides unseen, within each world: numbers that only some players know, and moves that some never see (M6, M7).

Axes: V values of a fact, W worlds.
"""

from __future__ import annotations

import numpy as np

from stratagem.analyse.given_data import Gain
from stratagem.graph.game import CHANCE, Floats, Game
from stratagem.solve.intervene import Choice


def unseen_choices(game: Game) -> list[Choice]:
    """The outcomes of every move by chance that not all can see: numbers that only some know among them."""
    return [
        Choice(step, option)
        for step, info in enumerate(game.steps)
        if info.player == CHANCE and not info.public
        for option in range(len(info.options))
    ]


def told_by_fact(event: Floats, condition: Floats) -> tuple[Gain, Gain]:
    """What learning a fact tells of a question: the variance of its probability over the fact's values, and the bits of the event.

    `event` and `condition` [V, W] are joint with each value. Errors are the delta method's over worlds.
    """
    yes, given = event.sum(axis=1), condition.sum(axis=1)
    total = given.sum()
    chance, mean = np.divide(yes, given, out=np.zeros_like(yes), where=given > 0), yes.sum() / total
    variance = float(given @ (chance - mean) ** 2 / total)
    slopes = 2 * (chance - mean), mean**2 - chance**2 - variance
    spread = (slopes[0] @ event + slopes[1] @ condition) / total

    cells = np.stack([event, np.maximum(condition - event, 0.0)])
    share = cells.sum(axis=2) / total
    apart = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    information = np.log2(np.divide(share, apart, out=np.ones_like(share), where=share > 0))
    bits = float((share * information).sum())
    told = np.einsum("ev,evw->w", information - bits, cells) / total
    return Gain(variance, float(np.sqrt(spread @ spread))), Gain(max(bits, 0.0), float(np.sqrt(told @ told)))
