"""A number that not all know, put in a few types (M6)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from stratagem.graph.families import quantile
from stratagem.scenario.estimate import Estimate

DEFAULT_TYPES = 5
NAMES = {2: ("low", "high"), 3: ("low", "middle", "high"), 5: ("lowest", "low", "middle", "high", "highest")}


def discrete(estimate: Estimate, types: int | None) -> tuple[list[Fraction], list[Fraction]]:
    """The values that stand for an estimate, in ascending order, and their probabilities.

    A continuous number is put in equally likely parts, each standing at its median.
    """
    if estimate.family == "choice":
        values, shares = np.asarray(estimate.parameters).reshape(2, -1)
        order = np.argsort(values, kind="stable")
        values, shares = values[order], shares[order]
        total = sum(Fraction(str(share)) for share in shares)
        return [Fraction(str(value)) for value in values], [Fraction(str(share)) / total for share in shares]
    count = types or DEFAULT_TYPES
    points = quantile(estimate, (np.arange(count) + 0.5) / count)
    return [Fraction(float(f"{point:.12g}")) for point in points], [Fraction(1, count)] * count


def type_names(count: int) -> tuple[str, ...]:
    """What so many types of a number are called."""
    return NAMES.get(count) or numbered(count)


def numbered(count: int) -> tuple[str, ...]:
    """`type_1`, `type_2`, …"""
    return tuple(f"type_{place + 1}" for place in range(count))
