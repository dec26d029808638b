"""What certifies an equilibrium: regret and reach at every infoset, and beliefs.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits by action, then by path.
"""

from __future__ import annotations

import numpy as np

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers
from stratagem.solve.hidden.worth import SAFE_EXPONENT


def regret(layout: Layout, log_choice: Floats, value: Floats) -> Floats:
    """What the best action is worth over the choice made [I, W], in payoff, given what actions are worth [A, W]."""
    first = layout.paths.first_action[:-1]
    best = np.maximum.reduceat(value, first, axis=0)
    behind = best[layout.infoset_of_action] - value
    return np.asarray(layout.total @ (np.exp(log_choice) * behind))


def reach(layout: Layout, numbers: Numbers, log_choice: Floats) -> tuple[Floats, Ints]:
    """Log probability of reaching each infoset [I, W], and the fewest trembles of chance on the way [I, W]."""
    weight = numbers.finite_log_chance + layout.passes @ log_choice
    if weight.shape[0] == 1 and weight.min() > SAFE_EXPONENT and not numbers.has_trembles:
        total = layout.paths_of_infoset @ np.exp(weight[0])
        return np.minimum(np.log(total), 0.0), np.zeros(total.shape, np.int64)
    return _reach_by_visit(layout, numbers, weight)


def _reach_by_visit(layout: Layout, numbers: Numbers, by_path: Floats) -> tuple[Floats, Ints]:
    """The same where players evaluate chance each by their own numbers, or exponentials would be lost."""
    first = layout.first_visit[layout.paths.first_action[:-1]]
    player, path = layout.player_of_visit, layout.path_of_visit
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    weight = by_path[evaluator, path]
    infoset = layout.infoset_of_action[layout.action_of_visit]
    fewest = np.zeros((len(first), weight.shape[1]), np.int64)
    if numbers.has_trembles:
        trembles = numbers.order[evaluator, path]
        fewest = np.minimum.reduceat(trembles, first, axis=0)
        weight = np.where(trembles > fewest[infoset], -np.inf, weight)
    top = np.maximum.reduceat(weight, first, axis=0)
    total = np.add.reduceat(np.exp(weight - top[infoset]), first, axis=0)
    return np.minimum(top + np.log(total), 0.0), fewest
