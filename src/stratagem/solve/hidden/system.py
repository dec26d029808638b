"""The equations of equilibrium, linearised: scores are offsets plus precision times worth.

The unknowns are the scores of all actions but the first of each infoset, as differences from it, and the place on the branch: every
player's precision is his rate times the place. One more row, the border, fixes which way along the branch.

Axes: W worlds, A actions, V visits, D unknown scores, K entries of the Jacobian.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.paths import Floats
from stratagem.solve.hidden.worth import Batch, Worth, worth


@dataclass(frozen=True)
class Point:
    """All worlds of a batch at some scores and places."""

    batch: Batch
    scores: Floats  # [A, W]
    place: Floats  # [W]
    log_choice: Floats  # [A, W]
    worth: Worth

    def part(self, worlds: NDArray[np.int64]) -> Point:
        """Some of the worlds."""
        cut = (self.scores[:, worlds], self.place[worlds], self.log_choice[:, worlds])
        return Point(self.batch.part(worlds), *cut, self.worth.part(worlds))

    @property
    def lead(self) -> Floats:
        """[D, W] rate times worth over the first action's of the infoset: what a score gains with place.

        Where precision is high, differences of worth drown in rounding and in what Newton has yet to take away; there the lead is
        read from the scores, which on the branch is the same.
        """
        layout = self.batch.layout
        high = self.place > self.batch.scale
        read = (self.scores - self.batch.offset) / np.where(high, self.place, 1.0)
        scaled = np.where(high, read, self.worth.worth * self.batch.rate)
        return np.asarray(scaled[layout.unknown] - scaled[layout.reference])

    @property
    def gap(self) -> Floats:
        """[D, W] score less what it is to be; 0 in equilibrium."""
        layout = self.batch.layout
        rest = self.scores - self.batch.offset - self.batch.rate * self.place * self.worth.worth
        return np.asarray(rest[layout.unknown] - rest[layout.reference])

    @property
    def residual(self) -> Floats:
        """[W] the greatest difference between a probability and the response to all."""
        scores = self.batch.offset + self.batch.rate * self.place * self.worth.worth
        answer = np.exp(self.batch.response.log_choice(scores))
        return np.asarray(np.abs(answer - np.exp(self.log_choice)).max(axis=0, initial=0.0))


def point(batch: Batch, scores: Floats, place: Floats) -> Point:
    """The batch at scores [A, W] and places [W]."""
    log_choice = batch.response.log_choice(scores)
    return Point(batch, scores, place, log_choice, worth(batch, log_choice))


def jacobian(at: Point, unit: Floats | None = None) -> Floats:
    """[W, D, D] derivatives of the gaps by the unknown scores, both in units [D, W] where these are given."""
    size = len(at.batch.layout.unknown)
    matrix = np.zeros((len(at.batch), size, size))
    _fill(at, matrix, unit)
    return matrix


def bordered(at: Point, unit: Floats, length: Floats, border: Floats, border_place: Floats) -> Floats:
    """[W, D + 1, D + 1] derivatives of the gaps by scores and place, and the border [D, W], [W] as the last row.

    Scores and gaps count in units [D, W], and place in units of `length` [W], so that rounding stays small where precision is high.
    """
    size = len(at.batch.layout.unknown)
    matrix = np.zeros((len(at.batch), size + 1, size + 1))
    _fill(at, matrix, unit)
    matrix[:, :size, size] = -(at.lead * length / unit).T
    matrix[:, size, :size] = border.T
    matrix[:, size, size] = border_place
    return matrix


def _fill(at: Point, matrix: Floats, unit: Floats | None) -> None:
    batch, layout = at.batch, at.batch.layout
    row, column, _, _ = layout.entries
    entries = batch.response.entries(at.scores, at.log_choice, at.worth.terms)
    precision = (batch.rate * at.place)[layout.unknown]
    if unit is None:
        entries *= precision[row]
    else:
        entries *= (precision / unit)[row]
        entries *= unit[column]
    flat = matrix.reshape(len(batch), -1)
    width = matrix.shape[1]
    flat[:, row * width + column] = -entries.T
    flat[:, np.arange(len(layout.unknown)) * (width + 1)] += 1.0
