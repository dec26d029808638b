"""Whether a box is more than chance: found in one half of the worlds, tried on the other, many times over.

Takes a sample and a way to find a box in one; knows no scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.box import Box, Limit, Sample, box_of
from stratagem.analyse.pooling import effective_size
from stratagem.graph.game import Floats

HALVES = 20
LEVEL = 0.05
LEAST_INSIDE = 10  # effective worlds of a box in the half that tries it, below which no test is made


@dataclass(frozen=True)
class Check:
    """How boxes found in one half of the worlds do on the other half."""

    p_value: float
    density: float | None  # mean over halves, on the half that was not searched; None where no half had a box
    coverage: float | None
    again: dict[str, float]  # quantity to the share of halves in which it is limited (Bryant & Lempert 2010)
    halves: int

    @property
    def stands(self) -> bool:
        """Whether chance alone would seldom do as well."""
        return self.p_value <= LEVEL


def check(sample: Sample, find: Callable[[Sample], Box | None], seed: int = 1, halves: int = HALVES) -> Check:
    """The check of `find` on random halves of a sample.

    Each half gives a p-value on the other, which no search has seen; twice their median bounds the chance of an error whatever
    the halves have in common (Meinshausen, Meier & Bühlmann 2009, JASA 104:1671, with the median).
    """
    draws = np.random.default_rng([seed, 20100101])
    p_values, tried, again = [], [], dict.fromkeys(sample.names, 0.0)
    for _ in range(halves):
        is_first = np.zeros(len(sample), bool)
        is_first[draws.permutation(len(sample))[: len(sample) // 2]] = True
        box = find(sample.part(is_first))
        if box is None:
            p_values.append(1.0)
            continue
        for name in box.restricted:
            again[name] += 1 / halves
        other = sample.part(~is_first)
        p_values.append(held_out(other, box.limits))
        tried.append(box_of(other, box.limits))
    p_value = min(1.0, 2 * float(np.median(p_values)))
    density, coverage = (
        (float(np.mean([one.density for one in tried])), float(np.mean([one.coverage for one in tried])))
        if tried
        else (None, None)
    )
    return Check(p_value, density, coverage, again, halves)


def held_out(sample: Sample, limits: tuple[Limit, ...]) -> float:
    """The chance, were the limits without bearing on the outcome, of a density as far above that outside; 1 with too few worlds."""
    from scipy import special  # noqa: PLC0415 - not on the way to a plain answer

    inside = sample.inside(limits)
    if min(effective_size(sample.weight[where]) if where.any() else 0.0 for where in (inside, ~inside)) < LEAST_INSIDE:
        return 1.0
    weight = sample.weight / sample.total
    share = float(weight[inside].sum())
    parts: Floats = weight * (inside - share) * (sample.outcome - sample.base)
    spread = float(np.sqrt((parts**2).sum()))
    return float(special.ndtr(-parts.sum() / spread)) if spread > 0 else 1.0
