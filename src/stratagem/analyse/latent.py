"""The uncertain numbers of a scenario as independent standard normals, and back.

Numbers run through their quantiles (correlated ones through the copula's factor); a player's weights through isometric
log-ratios (Egozcue et al. 2003), centred on the prior mean and whitened by the prior covariance. So one unit in any direction is
as surprising as one standard deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from stratagem.graph.families import quantile
from stratagem.graph.game import Floats
from stratagem.graph.worlds import Worlds, prior_weights, stated
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import amounts, cholesky, correlation_matrix

DISCRETE = ("choice",)


@dataclass(frozen=True)
class Latent:
    """The space of a scenario's uncertain numbers; `names` label its axes."""

    scenario: Scenario
    perceptions: bool = True

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Every number by name; weights that are drawn as a whole are not among them."""
        return amounts(self.scenario)

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The continuous uncertain numbers."""
        return tuple(name for name, one in self.estimates.items() if not one.is_exact and one.family not in DISCRETE)

    @cached_property
    def drawn_weights(self) -> Mapping[str, Mapping[str, Floats]]:
        """Draws of every player's weights."""
        return prior_weights(self.scenario)

    @cached_property
    def simplices(self) -> dict[str, Simplex]:
        """The weights that are drawn as a whole, by player."""
        drawn = self.drawn_weights
        players = self.scenario.players
        return {
            name: Simplex.of(drawn[name])
            for name, player in players.items()
            if player.weights is not None and player.weights.dirichlet is not None and len(player.weights.dirichlet) > 1
        }

    @cached_property
    def names(self) -> tuple[str, ...]:
        """[dim] what each axis moves."""
        axes = list(self.numbers)
        for player, simplex in self.simplices.items():
            axes += [f"{player}.weights"] * (len(simplex.stakes) - 1)
        return tuple(axes)

    def worlds(self, latent: Floats) -> Worlds:
        """The worlds at latent points [dim, W]; the origin is the central world."""
        size = latent.shape[1]
        normals = self._correlate(dict(zip(self.numbers, latent, strict=False)))
        numbers = {name: quantile(one, np.full(size, 0.5)) for name, one in self.estimates.items()}
        for name, z in normals.items():
            numbers[name] = quantile(self.estimates[name], special.ndtr(z))
        weights, row = {}, len(self.numbers)
        for player, simplex in self.simplices.items():
            count = len(simplex.stakes) - 1
            weights[player] = simplex.weights(latent[row : row + count])
            row += count
        return stated(self.scenario, numbers, weights, self.perceptions)

    def number_at(self, name: str, z: Floats) -> Floats:
        """The values of a number at its own standard normals."""
        return quantile(self.estimates[name], special.ndtr(z))

    def varied(self, moves: Sequence[tuple[str, Floats]]) -> Worlds:
        """The central world once for every value of every move, with the number or weight of that name set to it.

        Other numbers stay where they are, correlated ones too; a player's other weights are rescaled.
        """
        sizes = [len(values) for _, values in moves]
        numbers = {key: quantile(one, np.full(sum(sizes), 0.5)) for key, one in self.estimates.items()}
        weights = {
            player: one.weights(np.zeros((len(one.stakes) - 1, sum(sizes)))) for player, one in self.simplices.items()
        }
        for (name, values), stop in zip(moves, np.cumsum(sizes), strict=True):
            place = slice(stop - len(values), stop)
            if name in numbers:
                numbers[name][place] = values
            else:
                player, _, stake = name.split(".")
                own = weights[player]
                scale = (1 - values) / (1 - own[stake][place])
                for key, one in own.items():
                    one[place] = values if key == stake else one[place] * scale
        return stated(self.scenario, numbers, weights, self.perceptions)

    def _correlate(self, normals: dict[str, Floats]) -> dict[str, Floats]:
        names, matrix = correlation_matrix(self.scenario)
        free = [name for name in names if name in normals]
        if len(free) < 2:
            return normals
        rows = [names.index(name) for name in free]
        factor = np.asarray(cholesky([[matrix[a][b] for b in rows] for a in rows]))
        joined = factor @ np.array([normals[name] for name in free])
        return {**normals, **dict(zip(free, joined, strict=True))}


@dataclass(frozen=True)
class Simplex:
    """Weights as whitened log-ratios about their prior mean."""

    stakes: tuple[str, ...]
    basis: Floats  # [stakes, dim]
    centre: Floats  # [dim]
    factor: Floats  # [dim, dim]
    mean: Floats  # [stakes]

    @classmethod
    def of(cls, drawn: Mapping[str, Floats]) -> Simplex:
        """The simplex of drawn weights (stake to [W])."""
        values = dict(drawn)
        table = np.array(list(values.values()))
        basis = helmert(len(table))
        ratios = basis.T @ np.log(np.maximum(table, 1e-300))
        mean = table.mean(axis=1)
        covariance = np.atleast_2d(np.cov(ratios))
        return cls(tuple(values), basis, basis.T @ np.log(mean), np.linalg.cholesky(covariance), mean)

    def weights(self, latent: Floats) -> dict[str, Floats]:
        """Stake to [W] at whitened coordinates [dim, W]."""
        logs = self.basis @ (self.centre[:, None] + self.factor @ latent)
        shares = np.exp(logs - logs.max(axis=0))
        shares /= shares.sum(axis=0)
        return dict(zip(self.stakes, shares, strict=True))


def helmert(count: int) -> Floats:
    """An orthonormal basis [count, count - 1] of the log-ratios of `count` parts."""
    basis = np.zeros((count, count - 1))
    for column in range(count - 1):
        basis[: column + 1, column] = 1 / (column + 1)
        basis[column + 1, column] = -1
        basis[:, column] *= np.sqrt((column + 1) / (column + 2))
    return basis
