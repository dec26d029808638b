"""Default priors of a fit: independent normals on standardised columns, stated for every coefficient (F9).

Takes a design and a scale; gives how coefficients follow from standard normal numbers, and the words for it. A slope is
the change of payoff for one standard deviation of its column; a constant is the payoff where the columns beside it are at
their means. Knows no data but the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratagem.fit.design import Design, Input
from stratagem.fit.jet import Floats
from stratagem.fit.model import Model

SCALE = 2.5  # of a slope, in units of payoff
CONSTANT_TIMES = 2.0  # what a constant's scale is of a slope's
LOG_SCALE, LOG_SLOPE = 1.0, 0.5  # of the logarithm of a scale of errors, and of its change with a column
UNITS_IN_RANGE = 10.0  # an ultimatum game's unit of payoff is this part of the range of offers


@dataclass(frozen=True)
class Prior:
    """Coefficients are `location + mix @ z`, z being standard normal."""

    location: Floats  # [P]
    mix: Floats  # [P, P]
    stated: tuple[str, ...]  # of each coefficient, in words

    def coefficients(self, z: Any) -> Any:
        """Coefficients [..., P] at standard normal numbers [..., P]."""
        return self.location + z @ self.mix.T

    @property
    def spread(self) -> Floats:
        """The standard deviation of each coefficient [P]."""
        return np.asarray(np.sqrt((self.mix**2).sum(1)), float)


def default_prior(model: Model, design: Design, scale: float = SCALE) -> Prior:
    """The default prior of a model on a design, slopes of scale `scale`."""
    unit = unit_of(model)
    spreads = design.spreads()
    location, own, stated = np.zeros(len(design)), np.zeros(len(design)), [""] * len(design)
    centred = _centred(design)
    for one in design.inputs:
        is_log = one.term in _log_scales(model)
        start = float(np.log(unit)) if is_log else 0.0
        for at in one.index:
            if design.is_constant[at]:
                width = LOG_SCALE if is_log else scale * CONSTANT_TIMES * unit
                location[at], own[at] = start, width
                stated[at] = f"normal({start:.3g}, {width:.3g})" + (" at the means" if at in centred else "")
            else:
                width = LOG_SLOPE if is_log else scale * unit
                own[at] = width / spreads[at]
                stated[at] = f"normal(0, {width:.3g}) by {spreads[at]:.3g}"
    mix = np.diag(own)
    for at, one in centred.items():
        for column, other in zip(one.matrix.T, one.index, strict=True):
            if other != at:
                mix[at, other] -= column.mean() * own[other]
    return Prior(location, mix, tuple(stated))


def unit_of(model: Model) -> float:
    """What counts as one unit of payoff: an error's own scale, or a part of the range of offers."""
    if model.kind != "ultimatum":
        return 1.0
    return (model.response.highest - model.response.lowest) / UNITS_IN_RANGE


def _log_scales(model: Model) -> Sequence[object]:
    return list(model.errors.scales.values())


def _centred(design: Design) -> dict[int, Input]:
    """The input of each constant that stands in one input only, beside columns."""
    of: dict[int, list[Input]] = {}
    for one in design.inputs:
        for at in one.index:
            if design.is_constant[at]:
                of.setdefault(at, []).append(one)
    return {at: found[0] for at, found in of.items() if len(found) == 1 and len(found[0].index) > 1}
