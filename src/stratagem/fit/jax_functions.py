"""Special functions for JAX's arrays in 64 bits, under SciPy's names; an extra, imported only when asked for.

The logarithm of the normal distribution function is our own: JAX's works out three expansions and takes one of them, at
five times the cost, and a choice among three actions asks for it some three hundred times a row.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc, expit, ndtr

__all__ = ["expit", "log_ndtr", "ndtr"]

Array = Any
FAR = -20.0  # below it the asymptotic series is exact to 1e-11


@jax.custom_jvp
def log_ndtr(x: Array) -> Array:
    """log of the standard normal distribution function: through erfc, and far below zero by the asymptotic series."""
    low = jnp.minimum(x, FAR)
    y = 1 / (low * low)
    series = 1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y * (1 - 9 * y * (1 - 11 * y)))))
    is_far = x < FAR
    share = jnp.where(is_far, series / (-low * math.sqrt(2 * math.pi)), 0.5 * erfc(-math.sqrt(0.5) * x))
    return jnp.log(share) - jnp.where(is_far, 0.5 * low * low, 0.0)


@log_ndtr.defjvp
def _slope(at: tuple[Array], by: tuple[Array]) -> tuple[Array, Array]:
    value = log_ndtr(at[0])
    return value, by[0] * jnp.exp(-0.5 * at[0] ** 2 - 0.5 * math.log(2 * math.pi) - value)
