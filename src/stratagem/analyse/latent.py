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
WIDEST, HALVINGS = 8.0, 60  # standard deviations; halvings of twice that, to rounding


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
        """The weights that are drawn as a whole, by player; those that not all know are types in every world, and drawn in none."""
        players = self.scenario.players
        return {
            name: Simplex.of(drawn)
            for name, drawn in self.drawn_weights.items()
            if (weights := players[name].weights) is not None
            and weights.dirichlet is not None
            and len(weights.dirichlet) > 1
        }

    @cached_property
    def names(self) -> tuple[str, ...]:
        """[dim] what each axis moves."""
        axes = list(self.numbers)
        for player, simplex in self.simplices.items():
            axes += [f"{player}.weights"] * (len(simplex.stakes) - 1)
        return tuple(axes)

    @cached_property
    def medians(self) -> dict[str, float]:
        """Every number in the central world."""
        return {name: float(quantile(one, np.array([0.5]))[0]) for name, one in self.estimates.items()}

    @cached_property
    def directions(self) -> dict[str, Floats]:
        """[dim] the way in which each number or weight moves alone: correlated numbers stay, and other weights keep their proportions."""
        found, dim = {}, len(self.names)
        for place, name in enumerate(self.numbers):
            found[name] = np.eye(dim)[place]
        names, factor = self._factor
        for place, name in enumerate(names):
            found[name] = np.zeros(dim)
            found[name][[self.numbers.index(one) for one in names]] = np.linalg.solve(factor, np.eye(len(names))[place])
        row = len(self.numbers)
        for player, simplex in self.simplices.items():
            count = len(simplex.stakes) - 1
            for stake, way in zip(simplex.stakes, np.linalg.solve(simplex.factor, simplex.basis.T).T, strict=True):
                found[f"{player}.weights.{stake}"] = np.zeros(dim)
                found[f"{player}.weights.{stake}"][row : row + count] = way
            row += count
        return found

    def alone(self, name: str, value: float) -> Floats:
        """[dim] the point at which one number or weight has a value and nothing else has moved."""
        if name in self.numbers:
            low, high = -WIDEST, WIDEST
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                is_below = self.number_at(name, np.array([middle]))[0] < value
                low, high = (middle, high) if is_below else (low, middle)
            return self.directions[name] * ((low + high) / 2)
        player, _, stake = name.split(".")
        simplex = self.simplices[player]
        return self.directions[name] * float(
            special.logit(value) - special.logit(simplex.mean[simplex.stakes.index(stake)])
        )

    def worlds(self, latent: Floats) -> Worlds:
        """The worlds at latent points [dim, W]; the origin is the central world."""
        size = latent.shape[1]
        normals = self._correlate(dict(zip(self.numbers, latent, strict=False)))
        numbers = {name: np.full(size, value) for name, value in self.medians.items()}
        for name, z in normals.items():
            moved = np.flatnonzero(z)
            numbers[name][moved] = self.number_at(name, z[moved])
        weights, row = {}, len(self.numbers)
        for player, simplex in self.simplices.items():
            count = len(simplex.stakes) - 1
            weights[player] = simplex.weights(latent[row : row + count])
            row += count
        return stated(self.scenario, numbers, weights, self.perceptions, normals)

    def number_at(self, name: str, z: Floats) -> Floats:
        """The values of a number at its own standard normals; what lies farther out than any search goes is taken at its edge."""
        return quantile(self.estimates[name], special.ndtr(np.clip(z, -WIDEST, WIDEST)))

    def varied(self, moves: Sequence[tuple[str, Floats]]) -> Worlds:
        """The central world once for every value of every move, with the number or weight of that name set to it.

        Other numbers stay where they are, correlated ones too; a player's other weights are rescaled.
        """
        sizes = [len(values) for _, values in moves]
        numbers = {name: np.full(sum(sizes), value) for name, value in self.medians.items()}
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

    @cached_property
    def _factor(self) -> tuple[list[str], Floats]:
        """The numbers that are correlated with each other, and the factor of their correlation."""
        names, matrix = correlation_matrix(self.scenario)
        free = [name for name in names if name in self.numbers]
        if len(free) < 2:
            return [], np.zeros((0, 0))
        rows = [names.index(name) for name in free]
        return free, np.asarray(cholesky([[matrix[a][b] for b in rows] for a in rows]))

    def _correlate(self, normals: dict[str, Floats]) -> dict[str, Floats]:
        free, factor = self._factor
        if not free:
            return normals
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
