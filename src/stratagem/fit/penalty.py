"""Penalties that pull coefficients towards zero: ridge, and log-F (Greenland and Mansournia 2015, Stat. Med. 34:3133-3143).

A coefficient counts in units of one standard deviation of what it multiplies, a constant in payoff. Constants are pulled
too: with no slopes left, a game can often set one constant against another, and free ones would run away together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from stratagem.fit.design import Design
from stratagem.fit.jet import Floats

KINDS = ("ridge", "log-f")


@dataclass(frozen=True)
class Pull:
    """A penalty of a kind and a strength on the coefficients of a design."""

    kind: str
    strength: float
    scales: Floats  # [P]

    @classmethod
    def on(cls, design: Design, kind: str, strength: float) -> Pull:
        """The penalty on all coefficients of a design."""
        return cls(kind, strength, design.spreads())

    def __call__(self, coefficients: Floats) -> tuple[Floats, Floats, Floats]:
        """Penalty [S], its gradient [S, P] and curvature [S, P] at `coefficients` [S, P].

        Ridge: strength / 2 times the sum of squares. Log-F: for each coefficient b, strength times
        (log(1 + exp b) - b / 2), the logarithm of the density of log-F(m, m) with m the strength.
        """
        b = coefficients * self.scales
        if self.kind == "ridge":
            return (
                0.5 * self.strength * (b**2).sum(1),
                self.strength * b * self.scales,
                self.strength * (self.scales**2 + 0 * b),
            )
        chance = expit(b)
        value = (np.logaddexp(0, b) - b / 2).sum(1)
        return (
            self.strength * value,
            self.strength * (chance - 0.5) * self.scales,
            self.strength * chance * (1 - chance) * self.scales**2,
        )
