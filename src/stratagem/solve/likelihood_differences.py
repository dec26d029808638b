"""The probability of a history as a function of latent normals whose slopes are central differences (M12).

For games whose slopes are not taken exactly: where something is hidden from players who discount and are not risk-neutral, players
differ in attitudes by type, read by type what they perceive, or are mistaken. Takes latent normals in JAX; solves their worlds, and those a step aside, together and outside it with NumPy.

Axes: D latent normals, W worlds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stratagem.errors import WorldsError
from stratagem.graph.game import Floats, Game
from stratagem.graph.worlds import stated
from stratagem.scenario.model import Scenario
from stratagem.solve.solution import RULED_OUT, SOLVED
from stratagem.solve.solve import Request, Solver

Array = Any
Drawn = Callable[[Array], tuple[dict[str, Array], dict[str, dict[str, Array]], dict[str, Array]]]
WIDTH = 1e-4  # standard deviations: error of the slope about 1e-8 by curvature, 1e-6 by the residual of an equilibrium


class Differenced:
    """The log probability [W] of a history at latent normals [D, W]; minus infinity where it cannot have happened or a world has no answer.

    `drawn` gives the numbers by name, the weights by player and stake, and the correlated numbers as standard normals, at latent normals.
    `request` holds the history.
    """

    gradient = "central differences"

    def __init__(self, game: Game, scenario: Scenario, request: Request, drawn: Drawn) -> None:
        self.scenario, self.request, self.drawn = scenario, request, drawn
        self.solver = Solver(game, scenario, request)
        self.solved, self.failed = 0, 0  # worlds so far, and those of them without an answer
        self._chance = jax.custom_vjp(self._at)
        self._chance.defvjp(self._called, lambda slopes, by_chance: (slopes * by_chance,))

    def __call__(self, z: Array) -> Array:
        """[W]."""
        return self._chance(z)

    def _at(self, points: Array) -> Array:
        shape = jax.eval_shape(lambda points: points[0], points)
        return jax.pure_callback(self._solve, shape, *self.drawn(points), vmap_method="broadcast_all")

    def _called(self, z: Array) -> tuple[Array, Array]:
        """The log probability, and its slopes [D, W]."""
        count, size = z.shape
        aside = WIDTH * jnp.concatenate([jnp.zeros((count, 1)), jnp.eye(count), -jnp.eye(count)], axis=1)
        points = (z[:, None] + aside[:, :, None]).reshape(count, -1)
        whole = self._at(points).reshape(-1, size)
        slopes = (whole[1 : count + 1] - whole[count + 1 :]) / (2 * WIDTH)
        return whole[0], jnp.where(jnp.isfinite(slopes), slopes, 0.0)

    def _solve(self, *drawn: Mapping[str, Any]) -> Floats:
        """[…] the log probability in worlds of these numbers, weights and normals […]."""
        shape = np.shape(jax.tree.leaves(drawn)[0])
        flat = jax.tree.map(lambda one: np.asarray(one).ravel(), drawn)
        chance = self._chances(*flat)
        is_failed = np.isnan(chance)
        self.solved, self.failed = self.solved + len(chance), self.failed + int(is_failed.sum())
        with np.errstate(divide="ignore"):
            return np.log(np.where(is_failed, 0.0, chance)).reshape(shape)

    def _chances(
        self, numbers: Mapping[str, Floats], weights: Mapping[str, Mapping[str, Floats]], normals: Mapping[str, Floats]
    ) -> Floats:
        """[W] the probability; NaN where a world has no answer, one whose formulas have no value among them."""
        size = len(jax.tree.leaves((numbers, weights))[0])
        try:
            worlds = stated(self.scenario, numbers, weights, self.request.perceptions, normals)
            chunks = list(self.solver.of_worlds(worlds))
        except WorldsError:
            if size == 1:
                return np.array([np.nan])
            parts = [_world((numbers, weights, normals), place) for place in range(size)]
            return np.concatenate([self._chances(*part) for part in parts])
        is_answered = [np.isin(chunk.status, (SOLVED, RULED_OUT)) for chunk in chunks]
        return np.concatenate(
            [np.where(here, chunk.way.reach[0], np.nan) for here, chunk in zip(is_answered, chunks, strict=True)]
        )


def _world(drawn: Any, place: int) -> Any:
    """One of the worlds."""
    return jax.tree.map(lambda one: one[place : place + 1], drawn)
