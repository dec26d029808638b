"""What certifies an equilibrium: regret and reach at every infoset, and what is believed there.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits by action, then by path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers, Paths

ON_PATH = 1e-8


def regret(layout: Layout, log_choice: Floats, value: Floats) -> Floats:
    """What the best action is worth over the choice made [I, W], in payoff, given what actions are worth [A, W]."""
    first = layout.paths.first_action[:-1]
    best = np.maximum.reduceat(value, first, axis=0)
    behind = best[layout.infoset_of_action] - value
    return np.asarray(layout.total @ (np.exp(log_choice) * behind))


def is_off_path(paths: Paths, numbers: Numbers, log_behaviour: Floats) -> NDArray[np.bool_]:
    """[I, W] infosets that are reached as good as never: beliefs there come from the trace alone."""
    log_reach, trembles = reach(paths, numbers, log_behaviour)
    return np.asarray((log_reach < np.log(ON_PATH)) | (trembles > 0))


def reach(paths: Paths, numbers: Numbers, log_behaviour: Floats) -> tuple[Floats, Ints]:
    """Log probability of reaching each infoset as its mover evaluates chance [I, W], and the fewest trembles of chance on the way [I, W];
    nothing and 0 where an action is needed that is not available."""
    visits = _visits(paths, numbers, log_behaviour)
    top = np.maximum.reduceat(visits.log_weight, visits.first, axis=0)
    share = np.exp(visits.log_weight - np.maximum(top, -1e300)[visits.infoset])
    with np.errstate(divide="ignore"):
        log_reach = np.minimum(top + np.log(np.add.reduceat(share, visits.first, axis=0)), 0.0)
    return log_reach, np.where(np.isneginf(top), 0, visits.fewest)


def beliefs(paths: Paths, numbers: Numbers, log_behaviour: Floats) -> tuple[Ints, Ints, Floats]:
    """Infoset [V], path [V] and the probability [V, W] of the path at the infoset, as its mover evaluates chance.

    Sorted by infoset, then by path. Off the path beliefs come out of log probabilities [A, W], and where only impossible moves of
    chance lead, out of the fewest of them. 0 throughout where an infoset needs an action that is not available.
    """
    visits = _visits(paths, numbers, log_behaviour)
    top = np.maximum.reduceat(visits.log_weight, visits.first, axis=0)
    share = np.exp(visits.log_weight - np.maximum(top, -1e300)[visits.infoset])
    total = np.add.reduceat(share, visits.first, axis=0)[visits.infoset]
    return visits.infoset, visits.path, np.divide(share, total, out=np.zeros_like(share), where=total > 0)


@dataclass(frozen=True)
class _Visits:
    """Paths by infoset: how likely each is, where those count that take the fewest trembles."""

    infoset: Ints  # [V] ascending
    path: Ints  # [V]
    first: Ints  # [I] first visit of each infoset
    log_weight: Floats  # [V, W]
    fewest: Ints  # [I, W] trembles


def _visits(paths: Paths, numbers: Numbers, log_behaviour: Floats) -> _Visits:
    infoset, path = paths.infoset_of_action[paths.action_of_visit], paths.path_of_visit
    order = np.lexsort((path, infoset))
    infoset, path = infoset[order], path[order]
    own = np.zeros((paths.num_paths, len(numbers)))
    np.add.at(own, paths.path_of_visit, log_behaviour[paths.action_of_visit])
    player = paths.player_of_infoset[infoset]
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    weight = own[path] + numbers.finite_log_chance[evaluator, path]
    trembles = np.where(np.isneginf(weight), np.iinfo(np.int64).max, numbers.order[evaluator, path])
    first = np.searchsorted(infoset, np.arange(paths.num_infosets))
    fewest = np.minimum.reduceat(trembles, first, axis=0)
    weight[trembles > fewest[infoset]] = -np.inf
    return _Visits(infoset, path, first, weight, fewest)
