"""The statistical ultimatum game: an offer on a scale, accepted or not.

The proposer's and the responder's reservation values are linear in columns plus a logistic shock of scale s1 and s2, each
known to its owner alone. The offer y that is best against the chance of acceptance L((y - R2) / s2) solves
Q - y - R1 - e1 = s2 (1 + exp((y - R2) / s2)), Q being the highest offer, which gives the density of offers; offers at the
ends have the chance of what lies beyond. Ramsay and Signorino 2009; Kenkel and Signorino 2014, J. Stat. Software 56(8).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stratagem.fit import jet
from stratagem.fit.jet import Floats, Jet, Number
from stratagem.fit.model import Model
from stratagem.fit.responses import Observed

LOGISTIC_SPREAD = math.pi / math.sqrt(3)  # the standard deviation of the standard logistic distribution
MOST = 700.0  # the largest exponent that is worked out


def units(model: Model, observed: Observed) -> dict[str, float]:
    """The unit of each reservation value: its scale where that is fixed, else the spread of offers."""
    assert observed.offer is not None
    spread = max(float(observed.offer.std()), 1e-3 * (model.response.highest - model.response.lowest))
    return {
        f"{player}.reservation": spread if scale.is_estimated else math.exp(scale.fixed)
        for player, scale in model.errors.scales.items()
    }


def start(model: Model, observed: Observed) -> dict[str, float]:
    """Constants that put the best offer and its acceptance where the means of the data are, by the name of the term."""
    assert observed.offer is not None
    offer, unit = float(observed.offer.mean()), units(model, observed)
    accepted = 0.7 if observed.accepted is None else float(np.clip(observed.accepted.mean(), 0.1, 0.9))
    s2 = unit["responder.reservation"]
    return {
        "responder.reservation": offer - s2 * math.log(accepted / (1 - accepted)),
        "proposer.reservation": model.response.highest - offer - s2 / (1 - accepted),
        "responder.log scale": math.log(s2),
        "proposer.log scale": math.log(unit["proposer.reservation"] / (1 - accepted) / LOGISTIC_SPREAD),
    }


def log_likelihood(model: Model, inputs: Sequence[Number], observed: Observed, rows: slice) -> Number:
    """Log-likelihood of each row's offer and, where it is recorded, its acceptance.

    `inputs`: reservation values of proposer and responder, then the logarithms of their scales.
    """
    assert observed.offer is not None
    proposer, responder, log_s1, log_s2 = inputs
    offer, response = observed.offer[rows], model.response
    s1_inverse, s2, s2_inverse = jet.exp(-log_s1), jet.exp(log_s2), jet.exp(-log_s2)
    gap = (offer - responder) * s2_inverse
    pressed = jet.exp(_bounded(gap))
    shock = (response.highest - offer - proposer - s2 * (pressed + 1.0)) * s1_inverse
    at_least = jet.apply(jet.log_logistic_chance, shock)
    at_most = jet.apply(jet.log_logistic_chance, -shock)
    inside = at_least + at_most - log_s1 + jet.log(pressed + 1.0)
    is_low, is_high = offer <= response.lowest, offer >= response.highest
    is_inside = (~(is_low | is_high)).astype(float)
    total = inside * is_inside + at_most * is_low.astype(float) + at_least * is_high.astype(float)
    if observed.accepted is None:
        return total
    accepted = observed.accepted[rows]
    return total + jet.apply(jet.log_logistic_chance, gap * (2 * accepted - 1))


def _bounded(number: Number) -> Number:
    """A number with what exceeds `MOST` cut off, so that its exponential is finite."""
    if isinstance(number, Jet):
        return number + (np.minimum(number.value, MOST / 2) - number.value)
    return -jet.greater(-number, -MOST / 2)  # type: ignore[no-any-return]


def expected_offer(model: Model, inputs: Sequence[Floats], points: int = 400) -> tuple[Floats, Floats]:
    """Expected offer and chance that it is accepted, [rows] each: integrals over the offer's distribution."""
    proposer, responder, log_s1, log_s2 = (np.asarray(one, float) for one in inputs)
    s1, s2 = np.exp(log_s1), np.exp(log_s2)
    low, high = model.response.lowest, model.response.highest
    grid = np.linspace(low, high, points + 1)[:, None]
    gap = np.minimum((grid - responder) / s2, MOST / 2)
    below = 1 - jet.logistic_chance((high - grid - proposer - s2 * (1 + np.exp(gap))) / s1)[0]
    accepted = jet.logistic_chance(gap)[0]
    mass = np.diff(np.vstack([np.zeros_like(below[:1]), below[:-1], np.ones_like(below[:1])]), axis=0)
    middle = np.vstack([grid[:1], (grid[1:-1] + grid[:-2]) / 2, grid[-1:]])
    accepted_there = np.vstack([accepted[:1], (accepted[1:-1] + accepted[:-2]) / 2, accepted[-1:]])
    return (mass * middle).sum(0), (mass * accepted_there).sum(0)
