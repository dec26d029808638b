"""Numbers that carry their exact first and second derivatives by a few inputs, for many rows at once.

A jet holds a value [..., rows], its slopes by the inputs on which it depends, and its bends (second derivatives) by pairs
of them. Only what is not zero is held. Arithmetic on jets is the chain rule, so a recursion written once over them gives
a likelihood, its gradient and its Hessian. The functions below take plain numbers too: floats, NumPy's arrays, and JAX's,
which JAX then differentiates and compiles. Knows nothing of games.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Slope = Floats | float
Derivatives = tuple[Floats, Floats, Floats]

Key = TypeVar("Key")
_LOG_SQRT_2_PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Jet:
    """A value with `order` 0, 1 or 2 derivatives: `slope[k]` by input k, `bend[k, l]` by inputs k <= l."""

    value: Floats
    order: int = 0
    slope: dict[int, Slope] = field(default_factory=dict)
    bend: dict[tuple[int, int], Slope] = field(default_factory=dict)

    __array_ufunc__ = None  # an array beside a jet leaves the arithmetic to the jet

    @classmethod
    def of_input(cls, value: Floats, index: int, order: int) -> Jet:
        """The input number `index` itself."""
        return cls(value, order, {index: 1.0} if order else {})

    def __add__(self, other: Number) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.order, self.slope, self.bend)
        return Jet(self.value + other.value, self.order, _sum(self.slope, other.slope), _sum(self.bend, other.bend))

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return self * -1.0

    def __sub__(self, other: Number) -> Jet:
        return self + (-other)

    def __rsub__(self, other: float | Floats) -> Jet:
        return (-self) + other

    def __mul__(self, other: Number) -> Jet:
        if not isinstance(other, Jet):
            return Jet(
                self.value * other,
                self.order,
                {k: one * other for k, one in self.slope.items()},
                {pair: one * other for pair, one in self.bend.items()},
            )
        slope = _sum(
            {k: one * other.value for k, one in self.slope.items()},
            {k: one * self.value for k, one in other.slope.items()},
        )
        if self.order < 2:
            return Jet(self.value * other.value, self.order, slope)
        bend = _sum(
            {pair: one * other.value for pair, one in self.bend.items()},
            {pair: one * self.value for pair, one in other.bend.items()},
        )
        crossed: dict[tuple[int, int], Slope] = {}
        for k, left in self.slope.items():
            for m, right in other.slope.items():
                _add_to(crossed, (min(k, m), max(k, m)), left * right * (2.0 if k == m else 1.0))
        return Jet(self.value * other.value, self.order, slope, _sum(bend, crossed))

    __rmul__ = __mul__

    def through(self, function: Callable[[Floats], Derivatives]) -> Jet:
        """A function of this jet; `function` gives its value and its first two derivatives."""
        value, first, second = function(self.value)
        slope: dict[int, Slope] = {k: first * one for k, one in self.slope.items()}
        if self.order < 2:
            return Jet(value, self.order, slope)
        bend: dict[tuple[int, int], Slope] = {pair: first * one for pair, one in self.bend.items()}
        inputs = sorted(self.slope)
        for at, k in enumerate(inputs):
            for m in inputs[at:]:
                _add_to(bend, (k, m), second * (self.slope[k] * self.slope[m]))
        return Jet(value, self.order, slope, bend)

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Jet:
        """The jet at some of its rows (the last axis)."""

        def cut(one: Slope) -> Slope:
            return one if isinstance(one, float) or one.ndim == 0 else one[..., chosen]

        return Jet(
            self.value[..., chosen],
            self.order,
            {k: cut(one) for k, one in self.slope.items()},
            {pair: cut(one) for pair, one in self.bend.items()},
        )


Number = Jet | float | Floats


def _sum(left: dict[Key, Slope], right: dict[Key, Slope]) -> dict[Key, Slope]:
    total = dict(left)
    for key, one in right.items():
        total[key] = total[key] + one if key in total else one
    return total


def _add_to(total: dict[Key, Slope], key: Key, one: Slope) -> None:
    total[key] = total[key] + one if key in total else one


def modules_of(x: Any) -> tuple[Any, Any]:
    """The modules of arrays and of special functions that plain numbers belong to: NumPy's, or JAX's."""
    if isinstance(x, float | int | np.ndarray | np.generic):
        return np, special
    import jax.numpy as jnp

    from stratagem.fit import jax_functions

    return jnp, jax_functions


# --- functions: value, first and second derivative ---------------------------------------------------------------


def exponential(x: Floats) -> Derivatives:
    """exp x."""
    value = modules_of(x)[0].exp(x)
    return value, value, value


def logarithm(x: Floats) -> Derivatives:
    """log x."""
    inverse = 1 / x
    return modules_of(x)[0].log(x), inverse, -inverse * inverse


def inverse_root(x: Floats) -> Derivatives:
    """x ** -1/2."""
    value = x**-0.5
    first = -0.5 * value / x
    return value, first, -1.5 * first / x


def inverse(x: Floats) -> Derivatives:
    """1 / x."""
    value = 1 / x
    return value, -value * value, 2 * value**3


def log_normal_chance(x: Floats) -> Derivatives:
    """log of the standard normal distribution function, accurate in both tails."""
    arrays, functions = modules_of(x)
    value = functions.log_ndtr(x)
    first = arrays.exp(-0.5 * x * x - _LOG_SQRT_2_PI - value)
    return value, first, arrays.clip(-first * (x + first), -1.0, 0.0)


def log_logistic_chance(x: Floats) -> Derivatives:
    """log of the standard logistic distribution function, accurate in both tails."""
    arrays, functions = modules_of(x)
    above = functions.expit(-x)
    return -arrays.logaddexp(0.0, -x), above, -above * functions.expit(x)


def normal_chance(x: Floats) -> Derivatives:
    """The standard normal distribution function."""
    arrays, functions = modules_of(x)
    density = arrays.exp(-0.5 * x * x - _LOG_SQRT_2_PI)
    return functions.ndtr(x), density, -x * density


def logistic_chance(x: Floats) -> Derivatives:
    """The standard logistic distribution function."""
    functions = modules_of(x)[1]
    value = functions.expit(x)
    first = value * functions.expit(-x)
    return value, first, first * (1 - 2 * value)


def log_sum_exp(jets: Sequence[Number]) -> Number:
    """log of the sum of the exponentials of several jets or plain numbers, without overflow."""
    largest = plain(jets[0])
    for one in jets[1:]:
        largest = greater(largest, plain(one))
    shares = [exp(one - largest) for one in jets]
    return log(total(shares)) + largest


def log_mean_exp(function: Callable[[Any], Any], points: Floats, weights: Floats) -> Number:
    """log of the mean of exp of a function over points [K] by weights [K], as of a quadrature."""
    first = function(float(points[0]))
    if isinstance(first, Jet) or modules_of(first)[0] is np:
        rest = [function(float(point)) for point in points[1:]]
        return log_sum_exp([one + math.log(weight) for one, weight in zip((first, *rest), weights, strict=True)])
    import jax

    def weighted(point: Any, weight: Any) -> Any:
        return function(point) + jax.numpy.log(weight)

    found: Any = jax.scipy.special.logsumexp(jax.vmap(weighted)(points, weights), axis=0)
    return found  # type: ignore[no-any-return]


def total(numbers: Sequence[Number]) -> Number:
    """The sum of jets and plain numbers."""
    result = numbers[0]
    for one in numbers[1:]:
        result = result + one
    return result


def plain(number: Number) -> Floats:
    """The value of a jet; plain numbers as they are."""
    return number.value if isinstance(number, Jet) else number  # type: ignore[return-value]


def greater(left: Any, right: Any) -> Any:
    """The greater of plain numbers, element by element."""
    arrays = modules_of(left)[0]
    return (arrays if arrays is not np else modules_of(right)[0]).maximum(left, right)


def exp(number: Number) -> Number:
    """exp of a jet or of plain numbers."""
    return apply(exponential, number)


def log(number: Number) -> Number:
    """log of a jet or of plain numbers."""
    return apply(logarithm, number)


def apply(function: Callable[[Floats], Derivatives], number: Number) -> Number:
    """A function of a jet or of plain numbers."""
    if isinstance(number, Jet):
        return number.through(function)
    return function(np.asarray(number, float) if isinstance(number, float | int) else number)[0]
