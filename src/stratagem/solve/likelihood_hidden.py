"""The probability of a history where something is hidden, as a function in JAX that is solved outside it with NumPy (M12).

Takes a game, a history and numbers [.., W]; gives log probabilities, whose derivatives are those of the adjoint of the sweep. Knows no
scenario.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from stratagem.errors import UsageError
from stratagem.graph.game import Floats, Game
from stratagem.solve.adjoint import Adjoint
from stratagem.solve.columns import Inputs
from stratagem.solve.passage import Restriction
from stratagem.solve.passes_jax import Numbers
from stratagem.solve.plan import plan

Array = Any


class Outside:
    """The log probability [W] of a history; minus infinity where it cannot have happened or a world has no answer.

    Under `vmap` the worlds of all calls are solved in one batch. Raises `UsageError` without a history.
    """

    gradient = "exact, by implicit differentiation"

    def __init__(self, game: Game, inputs: Inputs, restriction: Restriction | None) -> None:
        if restriction is None:
            raise UsageError("nothing was seen yet: there is nothing to learn from [L22]")
        self.adjoint, self.like = Adjoint(plan(game), restriction), inputs
        self.solved, self.failed = 0, 0  # worlds so far, and those of them without an answer
        self._chance = jax.custom_vjp(lambda numbers: self._called(numbers)[0])
        self._chance.defvjp(self._called, _pulled)

    def __call__(self, numbers: Numbers) -> Array:
        """[W]."""
        return self._chance(numbers)

    def _called(self, numbers: Numbers) -> tuple[Array, Numbers]:
        """The log probability, and its derivatives by all numbers."""
        shapes = jax.eval_shape(lambda one: (one.precision[0], one), numbers)
        found: tuple[Array, Numbers] = jax.pure_callback(self._solve, shapes, numbers, vmap_method="broadcast_all")
        return found

    def _solve(self, numbers: Numbers) -> tuple[Floats, Numbers]:
        """The same outside JAX, of tables with worlds on the first axes and on the last."""
        outer, size = numbers.precision.shape[:-2], numbers.precision.shape[-1]
        inputs, is_finite = self._inputs(Numbers(*(_worlds_last(one, len(outer)) for one in numbers)))
        told = self.adjoint.told(inputs)
        is_failed = np.isnan(told.log_chance) | ~is_finite
        self.solved, self.failed = self.solved + len(is_failed), self.failed + int(is_failed.sum())
        chance, slopes = np.where(is_failed, -np.inf, told.log_chance), told.slopes
        tables = np.stack(slopes.tables, axis=1)
        for one in (slopes.gains, tables, slopes.precision, slopes.risk_aversion, slopes.discounts):
            if one is not None:
                one[..., is_failed] = 0.0
        found = (slopes.gains, tables, slopes.precision, slopes.risk_aversion, slopes.discounts)
        return chance.reshape(*outer, size), Numbers(*(_worlds_first(one, outer, size) for one in found))

    def _inputs(self, numbers: Numbers) -> tuple[Inputs, NDArray[np.bool_]]:
        """What goes into the sweep, accounts weighed already, and [W] where all that is read has a value; elsewhere others stand for it."""
        game, size = self.adjoint.plan.game, numbers.precision.shape[-1]
        read = (numbers.gains, numbers.shares[game.share_of_edge], numbers.precision)
        is_finite = np.all([np.isfinite(one).all(axis=tuple(range(one.ndim - 1))) for one in read], axis=0)
        if not is_finite.all():
            numbers = Numbers(*(None if one is None else _filled(one, is_finite) for one in numbers))
        inputs = replace(
            self.like,
            tables=tuple(np.ascontiguousarray(table) for table in numbers.shares.swapaxes(0, 1)),
            worth=np.zeros((*self.like.worth.shape[:2], size)),
            gains=numbers.gains,
            precision=numbers.precision,
            risk_aversion=numbers.risk_aversion,
            discounts=numbers.discounts,
            world=np.arange(size),
        )
        return inputs, is_finite


def _filled(table: Floats, is_finite: NDArray[np.bool_]) -> Floats:
    """A table with even numbers in the worlds that have none."""
    return np.where(is_finite, table, 1.0)


def _pulled(slopes: Numbers, by_chance: Array) -> tuple[Numbers]:
    return (Numbers(*(None if one is None else one * by_chance for one in slopes)),)


def _worlds_last(table: Array | None, outer: int) -> Floats | None:
    """A table with worlds on the first axes and the last, [outer…, …, W], as […, all worlds]."""
    if table is None:
        return None
    array = np.asarray(table)
    inner = array.shape[outer:-1]
    return np.ascontiguousarray(np.moveaxis(array.reshape(-1, *inner, array.shape[-1]), 0, -2).reshape(*inner, -1))


def _worlds_first(table: Floats | None, outer: Sequence[int], size: int) -> Floats | None:
    """What `_worlds_last` did, undone."""
    if table is None:
        return None
    inner = table.shape[:-1]
    return np.moveaxis(table.reshape(*inner, -1, size), -2, 0).reshape(*outer, *inner, size)
