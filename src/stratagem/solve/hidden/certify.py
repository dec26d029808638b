"""What certifies an equilibrium: regret and reach at every infoset, and beliefs.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits by action, then by path.
"""

from __future__ import annotations

import numpy as np

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers
from stratagem.solve.hidden.worth import Batch, worth


def regret(batch: Batch, log_choice: Floats) -> Floats:
    """What the best action is worth over the choice made [I, W], in payoff, given beliefs and all other choices."""
    layout = batch.layout
    first = layout.paths.first_action[:-1]
    value = worth(batch, log_choice).worth
    best = np.maximum.reduceat(value, first, axis=0)
    behind = best[layout.infoset_of_action] - value
    return np.asarray(np.add.reduceat(np.exp(log_choice) * behind, first, axis=0))


def reach(layout: Layout, numbers: Numbers, log_choice: Floats) -> tuple[Floats, Ints]:
    """Log probability of reaching each infoset [I, W], and the fewest trembles of chance on the way [I, W]."""
    first = layout.first_visit[layout.paths.first_action[:-1]]
    player, path = layout.player_of_visit, layout.path_of_visit
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    weight = np.where(np.isneginf(numbers.log_chance), 0.0, numbers.log_chance)[evaluator, path]
    weight += (layout.passes @ log_choice)[path]
    trembles = numbers.order[evaluator, path]
    fewest = np.minimum.reduceat(trembles, first, axis=0)
    infoset = layout.infoset_of_action[layout.action_of_visit]
    weight = np.where(trembles > fewest[infoset], -np.inf, weight)
    top = np.maximum.reduceat(weight, first, axis=0)
    total = np.add.reduceat(np.exp(weight - top[infoset]), first, axis=0)
    return np.minimum(top + np.log(total), 0.0), fewest
