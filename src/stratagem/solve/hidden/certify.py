"""What certifies an equilibrium: regret and reach at every infoset, and what is believed there.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits by action, then by path.
"""

from __future__ import annotations

import numpy as np

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers, Paths
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


def beliefs(paths: Paths, numbers: Numbers, log_behaviour: Floats) -> tuple[Ints, Ints, Floats]:
    """Infoset [V], path [V] and the probability [V, W] of the path at the infoset, as its mover evaluates chance.

    Sorted by infoset, then by path. Off the path beliefs come out of log probabilities [A, W], and where only impossible moves of
    chance lead, out of the fewest of them. 0 throughout where an infoset needs an action that is not available.
    """
    infoset, path = paths.infoset_of_action[paths.action_of_visit], paths.path_of_visit
    order = np.lexsort((path, infoset))
    infoset, path = infoset[order], path[order]
    own = np.zeros((paths.num_paths, len(numbers)))
    np.add.at(own, paths.path_of_visit, log_behaviour[paths.action_of_visit])
    player = paths.player_of_infoset[infoset]
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    weight = own[path] + numbers.finite_log_chance[evaluator, path]
    trembles = np.where(np.isneginf(weight), np.iinfo(np.int64).max, numbers.order[evaluator, path])
    first, group = np.unique(infoset, return_index=True)[1], np.unique(infoset, return_inverse=True)[1]
    weight[trembles > np.minimum.reduceat(trembles, first, axis=0)[group]] = -np.inf
    top = np.maximum.reduceat(weight, first, axis=0)
    share = np.exp(weight - np.maximum(top, -1e300)[group])
    total = np.add.reduceat(share, first, axis=0)[group]
    return infoset, path, np.divide(share, total, out=np.zeros_like(share), where=total > 0)
