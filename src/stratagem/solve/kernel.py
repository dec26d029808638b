"""The arithmetic at a node: quantal response, best reply, certainty equivalent (M5, M9).

Written against the array API: `xp` is NumPy or jax.numpy. Children are lists over the B edges of a block, so that no
array of all of them is built; worlds are the last, contiguous axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Array = Any
TIE_TOLERANCE = 1e-9
SMALL_RISK_AVERSION = 0.005
SAFE_EXPONENT = 300.0
MILD_EXPONENT = 0.25


def quantal_response(xp: Any, own: Array, precision: Array, log_share: Array | None) -> Array:
    """Logit choice probabilities [n, B, W] from own values [n, B, W] and log base shares; -inf is not available.

    McKelvey & Palfrey (1998), Experimental Economics 1:9-41, with base shares.
    """
    score = own * precision if log_share is None else own * precision + log_share
    score = xp.exp(score - xp.max(score, axis=1, keepdims=True))
    return score / xp.sum(score, axis=1, keepdims=True)


def best_set(xp: Any, own: Array, is_available: Array | None) -> Array:
    """Which actions [n, B, W] are within the tie tolerance of the best available one."""
    value = own if is_available is None else xp.where(is_available, own, -xp.inf)
    return value >= xp.max(value, axis=1, keepdims=True) - TIE_TOLERANCE


def break_ties(xp: Any, best: Array, share: Array | None, others: Array | None, sign: float) -> Array:
    """Choice probabilities among the best [n, B, W]: where `others` is given, those that leave the others most (sign 1)
    or least (sign -1); what is still tied goes by base share."""
    if others is not None:
        value = xp.where(best, sign * others, -xp.inf)
        best = best & (value >= xp.max(value, axis=1, keepdims=True) - TIE_TOLERANCE)
    weight = xp.where(best, 1.0 if share is None else share, 0.0)
    return weight / xp.sum(weight, axis=1, keepdims=True)


def mean(probability: Sequence[Array], values: Sequence[Array]) -> Array:
    """The expectation [n, C, W] over edges: probabilities are [n, C or 1, W], values [n, C, W]."""
    total = probability[0] * values[0]
    for one, value in zip(probability[1:], values[1:], strict=True):
        total = total + one * value
    return total


def certainty_equivalent(
    xp: Any, probability: Sequence[Array], values: Sequence[Array], risk_aversion: Array, is_small: bool
) -> Array:
    """-log E exp(-a x) / a over edges [n, ..., W] (Pratt 1964), the mean where a is 0; shifted so that nothing overflows.

    `is_small` takes the form that stays exact as a goes to 0.
    """
    is_averse = risk_aversion > 0
    pivot = None
    for one, value in zip(probability, values, strict=True):
        counted = xp.where(one > 0, value, xp.where(is_averse, xp.inf, -xp.inf))
        pivot = (
            counted if pivot is None else xp.where(is_averse, xp.minimum(pivot, counted), xp.maximum(pivot, counted))
        )
    safe = xp.where(risk_aversion == 0, 1.0, risk_aversion)
    power = xp.expm1 if is_small else xp.exp
    total = 0.0
    for one, value in zip(probability, values, strict=True):
        total = total + xp.where(one > 0, one * power(xp.minimum(-safe * (value - pivot), 0.0)), 0.0)
    equivalent = pivot - (xp.log1p(total) if is_small else xp.log(total)) / safe
    return xp.where(risk_aversion == 0, mean(probability, values), equivalent)


def averse_equivalent(xp: Any, probability: Array, values: Array, risk_aversion: Array) -> Array:
    """The certainty equivalent [n, C, W] over edges of probabilities [n, B, W] and values [n, B, C, W], where risk aversion is positive,
    not small, and times the spread of values far from overflow."""
    pivot = xp.min(values, axis=1)
    total = xp.einsum("njw,njcw->ncw", probability, xp.exp((pivot[:, None] - values) * risk_aversion))
    return pivot - xp.log(total) / risk_aversion
