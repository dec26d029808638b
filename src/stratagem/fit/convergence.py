"""Whether chains agree and how much their draws are worth: rank-normalised R-hat, bulk and tail effective sizes.

Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021, Bayesian Analysis 16:667-718. Takes draws [C, D] of one number, C
chains of D draws; knows no model. Effective sizes by the autocorrelations of NumPyro.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from stratagem.fit.jet import Floats

MOST_HAT, LEAST_SIZE = 1.01, 400  # what the authors ask for
TAILS = (0.05, 0.95)


@dataclass(frozen=True)
class Agreement:
    """R-hat, and how many independent draws the chains are worth for the centre and for the tails."""

    hat: float
    bulk: float
    tail: float

    @property
    def is_good(self) -> bool:
        """Whether summaries can be trusted."""
        return self.hat <= MOST_HAT and min(self.bulk, self.tail) >= LEAST_SIZE


def agreement(draws: Floats) -> Agreement:
    """How far the chains of one number [C, D] agree; R-hat is infinite where a chain stands still or is not finite."""
    halves = _halves(draws)
    if not np.isfinite(halves).all() or (halves.std(1) == 0).any():
        return Agreement(np.inf, 1.0, 1.0)
    ranked = _normal_scores(halves)
    folded = _normal_scores(np.abs(halves - np.median(halves)))
    tails = [_effective((halves <= np.quantile(halves, share)).astype(float)) for share in TAILS]
    return Agreement(max(_hat(ranked), _hat(folded)), _effective(ranked), min(tails))


def _halves(draws: Floats) -> Floats:
    """Each chain as two, so that a drift shows."""
    half = draws.shape[1] // 2
    return np.vstack([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: Floats) -> Floats:
    ranks = rankdata(draws).reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)), float)


def _hat(draws: Floats) -> float:
    """The root of total over within-chain variance."""
    count = draws.shape[1]
    within, between = draws.var(1, ddof=1).mean(), draws.mean(1).var(ddof=1)
    return float(np.sqrt(((count - 1) / count * within + between) / within))


def _effective(draws: Floats) -> float:
    from numpyro.diagnostics import effective_sample_size

    if np.ptp(draws) == 0:
        return float(draws.size)
    return float(effective_sample_size(draws))
