"""By how much one action leads another, with its exact slope in the latent normals; an extra, imported only where JAX sweeps.

The same number as `lead` gives, here as a pure function of a latent point, so that JAX differentiates through the solved game.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from stratagem.analyse.latent import Latent
from stratagem.errors import UsageError
from stratagem.graph.game import Floats, Ints
from stratagem.solve.likelihood_jax import Inside, Likelihood, Setting

if TYPE_CHECKING:
    from stratagem.analyse.study import Study

Array = Any
TOGETHER = 8  # points are padded to multiples of so many, so that few sizes are compiled


class ExactLead:
    """The lead at latent points. Raises `UsageError` where something is hidden, and at infinite precision."""

    def __init__(self, study: Study, latent: Latent, nodes: Ints) -> None:
        self.game, self.latent, self.nodes = study.game, latent, nodes
        setting = Setting(study.precision, study.perceptions, study.fixed, study.seed)
        self.solved = Likelihood(study.game, study.scenario, study.seen, setting)
        if not isinstance(self.solved.way, Inside):
            raise UsageError(
                "JAX does not sweep games that hide something, or in which players are mistaken or differ by type [M9]"
            )
        self.swept = self.solved.way
        self.place = {name: row for row, name in enumerate(self.solved.draws.names)}

    def slopes(self, points: Floats, first: int, rivals: Ints) -> tuple[Floats, Floats]:
        """The lead [m] of action `first` over a rival [m] at each point [dim, m], and its slopes [dim, m]."""
        count = points.shape[1]
        spare = -count % TOGETHER
        padded, others = np.pad(points, ((0, 0), (0, spare))), np.pad(rivals, (0, spare), mode="edge")
        leads, slopes = _valued(self, first, jnp.asarray(padded), jnp.asarray(others))
        return np.asarray(leads)[:count], np.asarray(slopes)[:, :count]

    def worths(self, points: Array) -> Array:
        """[options, W] what each action is worth to the mover at latent points [dim, W], over the states reached."""
        size, game, nodes = points.shape[1], self.game, self.nodes
        numbers = self.solved.read(self._quantities(points), self._weights(points), size)
        answer = self.swept.answer(numbers)
        kept = answer.behaviour * self.swept.kept[:, None]
        reach = self.swept.reach(kept)[self.swept.target_of_node[nodes]]
        share = reach / reach.sum(axis=0)
        player = game.steps[game.step_of_node[nodes[0]]].player
        options = range(game.first_edge[nodes[0] + 1] - game.first_edge[nodes[0]])
        edges = [game.first_edge[nodes] + option for option in options]
        return jnp.stack([(share * self._of_edges(numbers, answer.values, one, player)).sum(axis=0) for one in edges])

    def _of_edges(self, numbers: Any, values: Array, edges: Ints, player: int) -> Array:
        onward = values[self.game.child_of_edge[edges], player]
        if numbers.discounts is not None:
            onward = onward * numbers.discounts[self.game.duration_of_edge[edges], player]
        return onward + numbers.gains[self.game.gain_of_edge[edges], player]

    def _quantities(self, points: Array) -> dict[str, Array]:
        size = points.shape[1]
        z = jnp.zeros((len(self.place), size))
        rows = np.array([self.place[name] for name in self.latent.numbers], int)
        z = z.at[rows].set(points[: len(rows)])
        fixed = {name: jnp.full(size, value) for name, value in self.solved.setting.fixed.items()}
        return {**self.solved.draws.quantities(z), **fixed, **self.solved.draws.odds(z)}

    def _weights(self, points: Array) -> dict[str, dict[str, Array]]:
        quantities = self._quantities(points)
        size, row = points.shape[1], len(self.latent.numbers)
        z = jnp.zeros((len(self.place), size))
        found, _ = self.solved.draws.weights(z, quantities, self.solved.formulas.at(quantities, size))
        for player, simplex in self.latent.simplices.items():
            count = len(simplex.stakes) - 1
            logs = simplex.basis @ (simplex.centre[:, None] + simplex.factor @ points[row : row + count])
            found[player] = dict(zip(simplex.stakes, jax.nn.softmax(logs, axis=0), strict=True))
            row += count
        return found


@partial(jax.jit, static_argnums=(0, 1))
def _valued(lead: ExactLead, first: int, points: Array, rivals: Array) -> tuple[Array, Array]:
    def total(at: Array) -> tuple[Array, Array]:
        worth = lead.worths(at)
        leads = worth[first] - jnp.take_along_axis(worth, rivals[None], axis=0)[0]
        return leads.sum(), leads

    (_, leads), slopes = jax.value_and_grad(total, has_aux=True)(points)
    return leads, slopes
