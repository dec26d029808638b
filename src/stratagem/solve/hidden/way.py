"""Where each world is on the way along its branch, and what tracing it gives.

Axes: W worlds, A actions, D unknown scores.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.paths import Floats


@dataclass
class Way:
    """Where each world is, and where it came from. Worlds are the last axis throughout."""

    world: NDArray[np.int64]  # [W]
    scores: Floats  # [A, W] where Newton stands
    place: Floats  # [W]
    border: Floats  # [D, W] in units
    border_place: Floats  # [W] likewise
    anchor: Floats  # [A, W] scores of the last point on the branch
    anchor_place: Floats  # [W]
    tangent: Floats  # [D, W] in units
    tangent_place: Floats  # [W] in units of the place so far
    unit: Floats  # [D, W] in which scores are measured
    step: Floats  # [W] length
    newton: NDArray[np.int64]  # [W] Newton steps since setting out
    first_miss: Floats  # [W]
    last_miss: Floats  # [W]
    correction: Floats  # [W] the most that the last Newton step moved a probability
    is_last: NDArray[np.bool_]  # [W] precision is held at its target
    is_sure: NDArray[np.bool_]  # [W] the determinant's sign is right
    sign: Floats  # [W]
    folds: NDArray[np.int64]  # [W]
    bifurcations: NDArray[np.int64]  # [W]
    drift: Floats  # [W] change of a probability for as much precision again
    is_settled: NDArray[np.bool_]  # [W] precision is high, and drift small or no longer falling
    passes: NDArray[np.int64]  # [W]

    def part(self, keep: NDArray[np.int64]) -> Way:
        """Some of the worlds."""
        return Way(*(getattr(self, one.name)[..., keep] for one in fields(self)))


@dataclass
class Traced:
    """What tracing gives."""

    scores: Floats  # [A, W]
    place: Floats  # [W]
    log_choice: Floats  # [A, W]
    worth: Floats  # [A, W]
    ended: NDArray[np.int64]  # [W] ARRIVED, STALLED or LONG
    residual: Floats  # [W] greatest difference between a probability and the response to all
    correction: Floats  # [W] the most that the last Newton step moved a probability
    drift: Floats  # [W]
    folds: NDArray[np.int64]  # [W]
    bifurcations: NDArray[np.int64]  # [W]
