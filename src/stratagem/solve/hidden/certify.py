"""What certifies an equilibrium: regret and reach at every infoset, and beliefs.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits by action, then by path.
"""

from __future__ import annotations

import numpy as np

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers


def regret(layout: Layout, log_choice: Floats, value: Floats) -> Floats:
    """What the best action is worth over the choice made [I, W], in payoff, given what actions are worth [A, W]."""
    first = layout.paths.first_action[:-1]
    best = np.maximum.reduceat(value, first, axis=0)
    behind = best[layout.infoset_of_action] - value
    return np.asarray(layout.total @ (np.exp(log_choice) * behind))


def reach(layout: Layout, numbers: Numbers, log_choice: Floats) -> tuple[Floats, Ints]:
    """Log probability of reaching each infoset [I, W], and the fewest trembles of chance on the way [I, W]."""
    first = layout.first_visit[layout.paths.first_action[:-1]]
    player, path = layout.player_of_visit, layout.path_of_visit
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    weight = (numbers.finite_log_chance + layout.passes @ log_choice)[evaluator, path]
    infoset = layout.infoset_of_action[layout.action_of_visit]
    fewest = np.zeros((len(first), weight.shape[1]), np.int64)
    if numbers.has_trembles:
        trembles = numbers.order[evaluator, path]
        fewest = np.minimum.reduceat(trembles, first, axis=0)
        weight = np.where(trembles > fewest[infoset], -np.inf, weight)
    top = np.maximum.reduceat(weight, first, axis=0)
    total = layout.sum_of_infoset @ np.exp(weight - top[infoset])
    return np.minimum(top + np.log(total), 0.0), fewest
