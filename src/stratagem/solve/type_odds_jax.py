"""How likely the types are of numbers that hang together with drawn ones, as a function in JAX that is taken outside it with NumPy (M6).

Takes the drawn numbers as standard normals; slopes by them are central differences of smooth integrals, exact to some ten digits.

Axes: K drawn numbers, O odds, W worlds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stratagem.graph.game import Floats
from stratagem.graph.type_odds import linked, type_odds
from stratagem.scenario.model import Scenario

Array = Any
WIDTH = 1e-5  # standard deviations: error of the slope about 1e-10 by curvature, 1e-11 by rounding


class TypeOdds:
    """The odds of a scenario's types, by name [W], at the normals [K, W] of the drawn numbers named."""

    def __init__(self, scenario: Scenario, drawn: Sequence[str]) -> None:
        self.scenario, self.drawn = scenario, tuple(drawn)
        self.names = tuple(type_odds(scenario, {}, 1)) if linked(scenario) else ()
        self._odds = jax.custom_vjp(lambda normals: self._outside(self._at, (len(self.names),), normals))
        self._odds.defvjp(self._called, lambda slopes, by_odds: (jnp.einsum("okw,ow->kw", slopes, by_odds),))

    def __call__(self, normals: Array) -> dict[str, Array]:
        """By name of the odds."""
        return dict(zip(self.names, self._odds(normals), strict=True)) if self.names else {}

    def _called(self, normals: Array) -> tuple[Array, Array]:
        """The odds, and their slopes [O, K, W]."""
        shape = (len(self.names), len(self.drawn))
        return self._odds(normals), self._outside(self._slopes, shape, normals)

    def _outside(self, function: Any, shape: tuple[int, ...], normals: Array) -> Array:
        """A function of normals [K, n] taken on the worlds of all calls together; it gives [shape, n]."""

        def together(normals: Array) -> Floats:
            every = np.moveaxis(np.asarray(normals), -2, 0)
            found = function(every.reshape(len(self.drawn), -1)).reshape(*shape, *every.shape[1:])
            return np.asarray(np.moveaxis(found, range(len(shape)), range(-1 - len(shape), -1)))

        result = jax.ShapeDtypeStruct((*shape, normals.shape[-1]), normals.dtype)  # type: ignore[no-untyped-call]
        return jax.pure_callback(together, result, normals, vmap_method="broadcast_all")

    def _at(self, normals: Floats) -> Floats:
        found = type_odds(self.scenario, dict(zip(self.drawn, normals, strict=True)), normals.shape[1])
        return np.stack([found[name] for name in self.names])

    def _slopes(self, normals: Floats) -> Floats:
        count, size = normals.shape
        aside = WIDTH * np.concatenate([np.eye(count), -np.eye(count)], axis=1)
        points = normals[:, None] + aside[:, :, None]
        whole = self._at(points.reshape(count, -1)).reshape(len(self.names), 2 * count, size)
        return (whole[:, :count] - whole[:, count:]) / (2 * WIDTH)
