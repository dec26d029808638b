"""The limit of a branch, read from points at finite precision.

Takes behaviour and its slope at points of high precision, point after point; gives behaviour in the limit, and by how much two readings
of it differ. Must not know how the branch is traced.

Behaviour nears its limit like a series in 1/precision, with logarithms among its terms where an action dies out by the same powers;
but rounding grows with precision, so that the point nearest to the limit is far from exact. A form with four terms through two points
and their slopes is exact to a higher order, and can be read where rounding is still small. What dies out is left as it is at the
calmest point, where neither precision nor rounding moves behaviour much: its logarithm tells what is believed off the path.

Axes: W worlds, A actions, F forms of the series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats

APART = 2.0  # the least ratio of precisions between two points
FAINT = 1e-6  # probability below which an action dies out in the limit
REMOTE = 3.0  # how many times its greatest slope behaviour at the calmest point may lie from the limit
SURE = 1e-7  # how close two readings lie
ROUNDING = 2e-16  # weighed against slope, for each unit of precision times range of payoffs
LOST = 1e-6  # how far apart readings lie where rounding has taken over
FORMS = 2


@dataclass
class Readings:
    """The last point of each world, the best reading of its limit, and the calmest point."""

    place: Floats  # [W] 0 before the first point
    choice: Floats  # [A, W] probabilities at the point
    slope: Floats  # [A, W] their derivatives by the logarithm of precision
    latest: Floats  # [F, A, W] the readings there; NaN where there are none
    best: Floats  # [A, W]
    doubt: Floats  # [W] by how much the best reading differs from the one before it
    calmest: Floats  # [A, W] log probabilities
    drift: Floats  # [W] the greatest slope there
    unrest: Floats  # [W] what the calmest point has least of: slope, and what precision lacks and rounding adds
    is_lost: NDArray[np.bool_]  # [W] whether points have left the limit again, which is rounding: they count no more

    @staticmethod
    def none(shape: tuple[int, int]) -> Readings:
        """Before the first point."""
        missing, far = np.full((FORMS, *shape), np.nan), np.full(shape[1], np.inf)
        return Readings(
            np.zeros(shape[1]),
            np.zeros(shape),
            np.zeros(shape),
            missing,
            missing[0].copy(),
            far,
            np.zeros(shape),
            far.copy(),
            far.copy(),
            np.zeros(shape[1], bool),
        )

    def note(self, world: NDArray[np.int64], place: Floats, log_choice: Floats, slope: Floats) -> None:
        """Add a point of some worlds at places [w], with log probabilities and the slopes of probabilities [A, w].

        Where precision has fallen since the last point, what was read is forgotten.
        """
        is_kept = ~self.is_lost[world]
        world, place, log_choice, slope = world[is_kept], place[is_kept], log_choice[:, is_kept], slope[:, is_kept]
        is_back = world[place < self.place[world]]
        self.place[is_back], self.doubt[is_back] = 0.0, np.inf
        is_apart = place >= APART * self.place[world]
        world, place, log_choice, slope = world[is_apart], place[is_apart], log_choice[:, is_apart], slope[:, is_apart]
        choice = np.exp(log_choice)
        is_first = self.place[world] == 0
        weights = _weights(place / np.where(is_first, place / APART, self.place[world]))
        parts = (choice, slope, self.choice[:, world], self.slope[:, world])
        least = np.full(len(world), np.inf)
        for form, weight in enumerate(weights):
            reading = sum(one * part for one, part in zip(weight, parts, strict=True))
            reading = np.where(is_first, np.nan, reading)
            gap = np.nan_to_num(np.abs(reading - self.latest[form][:, world]).max(axis=0, initial=0.0), nan=np.inf)
            least = np.minimum(least, gap)
            better = np.flatnonzero(gap < self.doubt[world])
            self.doubt[world[better]], self.best[:, world[better]] = gap[better], reading[:, better]
            self.latest[form][:, world] = reading
        self.place[world], self.choice[:, world], self.slope[:, world] = place, choice, slope
        self.is_lost[world] = (self.doubt[world] < SURE) & ((least > LOST) & np.isfinite(least))
        drift = np.abs(slope).max(axis=0, initial=0.0)
        unrest = drift + 1 / place + ROUNDING * place
        calmer = np.flatnonzero((unrest < self.unrest[world]) & ~self.is_lost[world])
        self.calmest[:, world[calmer]] = log_choice[:, calmer]
        self.drift[world[calmer]], self.unrest[world[calmer]] = drift[calmer], unrest[calmer]

    def limit(self, layout: Layout) -> tuple[Floats, Floats, Floats]:
        """Log probabilities [A, W] in the limit, how far readings differ [W], and how much is left of what dies out [W].

        The difference is infinite where no reading is sure.
        """
        choice = np.exp(self.calmest)
        is_faint = choice < FAINT
        with np.errstate(invalid="ignore"):
            fits = (np.abs(self.best - choice) < REMOTE * self.drift + SURE) & (is_faint | (self.best > choice / 2))
        is_read = fits.all(axis=0) & (self.doubt < SURE)
        kept = np.where(is_faint | ~is_read, 0.0, self.best)
        faint = layout.total @ np.where(is_faint, choice, 0.0)
        with np.errstate(divide="ignore"):
            share = np.log((1 - faint) / np.where(is_read, layout.total @ kept, 1.0))
            read = np.where(is_faint, self.calmest, np.log(kept) + share[layout.infoset_of_action])
        return read, np.where(is_read, self.doubt, np.inf), faint.max(axis=0, initial=0.0)


def _weights(ratio: Floats) -> Floats:
    """What values and slopes at the nearer point and at one with precision lower by `ratio` [W] weigh in the limit [F, 4, W].

    With s for 1/precision, 1 at the nearer point, the forms are 1, s, s^2, s^3 and 1, s, s^2, s log s; slopes are by -log s.
    """
    found = []
    for has_logarithm in range(FORMS):
        rows = [row for s in (np.ones_like(ratio), ratio) for row in _terms(s, bool(has_logarithm))]
        matrix = np.moveaxis(np.array(rows), 2, 0)  # [W, 4, 4]
        first = np.zeros((len(ratio), 4, 1))
        first[:, 0] = 1.0
        found.append(np.linalg.solve(matrix.transpose(0, 2, 1), first)[:, :, 0].T)
    return np.array(found)


def _terms(s: Floats, has_logarithm: bool) -> tuple[list[Floats], list[Floats]]:
    """The terms [4, W] of a form at s [W], and their slopes."""
    last, last_slope = (s * np.log(s), -s * (1 + np.log(s))) if has_logarithm else (s**3, -3 * s**3)
    return [np.ones_like(s), s, s**2, last], [np.zeros_like(s), -s, -2 * s**2, last_slope]
