"""An equilibrium in each world, with what certifies it.

Axes: W worlds, P players, I infosets, A actions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.paths import Floats

CONVERGED, LIMIT, UNSETTLED, ROUNDED, STALLED, LONG, STUCK = range(7)
STATUS = {
    CONVERGED: "converged",
    LIMIT: "the limit of the branch",
    UNSETTLED: "behaviour still moves at the highest precision that numbers bear",
    ROUNDED: "precision so high that rounding exceeds the residual asked for",
    STALLED: "the branch was lost before the precision asked for",
    LONG: "the branch was too long to follow to the precision asked for",
    STUCK: "a player had no available action",
}
RESIDUAL = 1e-10


@dataclass(frozen=True)
class Equilibrium:
    """What each world came to.

    At finite precision the residual is the greatest difference between a probability and the response to all of them. In the limit,
    where that difference is precision times rounding, it is how far two readings of the limit differ, with what is left there of
    actions that die out; or where behaviour is taken as it is, the most that the last Newton step moved a probability. There regret
    shows that each choice is a best reply, and the way of getting there that beliefs fit trembles.
    """

    log_behaviour: Floats  # [A, W] log probability of the action at its infoset
    residual: Floats  # [W] in probability
    status: NDArray[np.int8]  # [W], see STATUS
    precision_reached: Floats  # [W] share of the precision asked for; in the limit, the precision itself
    folds: NDArray[np.int64]  # [W] how often the branch turned back on the way
    bifurcations: NDArray[np.int64]  # [W] how often another branch crossed it
    drift: Floats  # [W] in the limit, how far two readings of it differ, or how much a probability would still move if precision doubled
    worth: Floats  # [A, W] of the action to its mover, given beliefs; NaN where it is not available
    regret: Floats  # [I, W] what the mover would gain at the infoset by the best action instead, in payoff

    @property
    def is_found(self) -> NDArray[np.bool_]:
        """[W] which worlds have an equilibrium; the others failed."""
        return np.asarray((self.status == CONVERGED) | (self.status == LIMIT))


def standing(log_behaviour: Floats) -> Equilibrium:
    """Behaviour [A, W] that is known to be an equilibrium at finite precision, with nothing else said of it."""
    actions, worlds = log_behaviour.shape
    unknown, none = np.full((actions, worlds), np.nan), np.zeros(worlds, np.int64)
    return Equilibrium(
        log_behaviour, np.zeros(worlds), np.full(worlds, CONVERGED, np.int8), np.ones(worlds), none, none, np.zeros(worlds), unknown, unknown,
    )  # fmt: skip
