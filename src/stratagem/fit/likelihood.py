"""A likelihood and its exact derivatives, for many starts and many weightings of the rows at once.

Takes a design and what gives each row's log-likelihood as a jet; gives values, gradients and Hessians by the
coefficients. Knows neither trees nor data files. Axes: S starts, N rows, P coefficients, K inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.fit.design import Design
from stratagem.fit.jet import Floats, Jet, Number

CHUNK = 16_384  # rows times starts worked on at once: what stays in cache

RowLikelihood = Callable[[Sequence[Jet], slice], Number]  # the inputs of some rows [S, N] -> log-likelihood [S, N]
Penalty = Callable[[Floats], tuple[Floats, Floats, Floats]]  # [S, P] -> value [S], gradient [S, P], curvature [S, P]


@dataclass(frozen=True)
class Evaluation:
    """Log-likelihood [S], its gradient [S, P] and its Hessian [S, P, P]; what was not asked for is empty."""

    value: Floats
    gradient: Floats
    hessian: Floats


@dataclass(frozen=True)
class Likelihood:
    """A log-likelihood of coefficients, less a penalty where there is one."""

    design: Design
    of_rows: RowLikelihood
    num_rows: int
    weights: Floats | None = None  # [S, N] or [1, N]
    penalty: Penalty | None = None

    def among(self, starts: NDArray[np.intp]) -> Likelihood:
        """The same for some of the starts, each with its own weights."""
        if self.weights is None or len(self.weights) == 1:
            return self
        return replace(self, weights=self.weights[starts])

    def __call__(self, coefficients: Floats, order: int = 2) -> Evaluation:
        """The log-likelihood at `coefficients` [S, P], with derivatives up to `order`."""
        starts, count = coefficients.shape
        value, gradient = np.zeros(starts), np.zeros((starts, count if order else 0))
        hessian = np.zeros((starts, count, count) if order > 1 else (starts, 0, 0))
        step = max(1, CHUNK // starts)
        for begin in range(0, self.num_rows, step):
            rows = slice(begin, min(begin + step, self.num_rows))
            with np.errstate(all="ignore"):  # a point without a likelihood has none, which the climb sees
                self._add(coefficients, order, rows, value, gradient, hessian)
        if self.penalty is not None:
            less, slope, curve = self.penalty(coefficients)
            value -= less
            if order:
                gradient -= slope
            if order > 1:
                hessian[:, np.arange(count), np.arange(count)] -= curve
        return Evaluation(value, gradient, hessian)

    def _add(
        self, coefficients: Floats, order: int, rows: slice, value: Floats, gradient: Floats, hessian: Floats
    ) -> None:
        found = self._jet(coefficients, order, rows)
        weights = 1.0 if self.weights is None else self.weights[:, rows]
        shape = found.value.shape
        value += (found.value * weights).sum(1)
        inputs = self.design.inputs
        weighted = {k: np.broadcast_to(one * weights, shape) for k, one in found.slope.items()}
        for k, one in weighted.items():
            gradient[:, list(inputs[k].index)] += one @ inputs[k].matrix[rows]
        for (k, m), bend in found.bend.items():
            left, right = inputs[k], inputs[m]
            curved = np.broadcast_to(bend * weights, shape)
            product = np.matmul(left.matrix[rows].T[None], curved[:, :, None] * right.matrix[rows][None])
            _add_block(hessian, left.index, right.index, product)
            if k != m:
                _add_block(hessian, right.index, left.index, product.transpose(0, 2, 1))

    def _jet(self, coefficients: Floats, order: int, rows: slice) -> Jet:
        found = self.of_rows(self.design.jets(coefficients, order, rows), rows)
        if isinstance(found, Jet):
            return found
        shape = (len(coefficients), rows.stop - rows.start)
        return Jet(np.broadcast_to(np.asarray(found, float), shape), order)

    def by_row(self, coefficients: Floats) -> Floats:
        """The log-likelihood of each row [N] at `coefficients` [P], without weights and penalty."""
        return np.asarray(self._jet(coefficients[None], 0, slice(0, self.num_rows)).value[0], float)

    def of_many(self, coefficients: Floats, rows: slice) -> Floats:
        """The log-likelihood [S, rows] of some rows at many points [S, P], without weights and penalty."""
        with np.errstate(all="ignore"):
            return np.asarray(self._jet(coefficients, 0, rows).value, float)

    def scores(self, coefficients: Floats) -> Floats:
        """The gradient of each row [N, P] at `coefficients` [P], without weights and penalty."""
        found = self._jet(coefficients[None], 1, slice(0, self.num_rows))
        scores = np.zeros((self.num_rows, len(coefficients)))
        for k, one in found.slope.items():
            each = np.broadcast_to(one, found.value.shape)[0]
            scores[:, list(self.design.inputs[k].index)] += each[:, None] * self.design.inputs[k].matrix
        return scores


def _add_block(hessian: Floats, left: Sequence[int], right: Sequence[int], block: Floats) -> None:
    hessian[:, np.array(left)[:, None], np.array(right)[None, :]] += block
