"""The uncertain numbers of a scenario as smooth functions of standard normals, in JAX (M6); an extra, imported only when asked for.

What `graph.worlds` draws by counters, here as a pure function of latent normals z [D, W], one row for each number drawn: the same
quantiles, the same copula, the same weights, so that prior times likelihood can be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special as jax_special
from scipy import special

from stratagem.graph.families import LEAST_GAMMA
from stratagem.graph.game import Floats
from stratagem.graph.personal import personal
from stratagem.graph.worlds import LEAST_ERROR
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.model import Player, Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import (
    amounts,
    cholesky,
    correlation_matrix,
    hidden_weights,
    order_chain,
    private_names,
)
from stratagem.solve.type_odds_jax import TypeOdds

Array = Any
Curve = Callable[[Array], Array]
FARTHEST, STEPS = 20.0, 10_240  # the grid on which quantiles without a closed form are interpolated


class Draws:
    """Where each number stands in the latent space, and how it follows from it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.estimates = amounts(scenario)
        self.numbers = tuple(name for name, one in self.estimates.items() if not one.is_exact)
        self.inward = _inward(scenario)
        self.simplices = {
            name: dict(player.weights.dirichlet)
            for name, player in scenario.players.items()
            if player.weights is not None and player.weights.dirichlet is not None and name not in self.inward
        }
        self.curves = {name: curve(self.estimates[name]) for name in self.numbers}
        self.gammas = {alpha: _log_gamma(alpha) for alphas in self.simplices.values() for alpha in alphas.values()}
        every, matrix = correlation_matrix(scenario)
        rows = [row for row, name in enumerate(every) if name in self.curves]
        factor = np.asarray(cholesky([[matrix[a][b] for b in rows] for a in rows])) if rows else np.zeros((0, 0))
        self.copula = tuple(every[row] for row in rows), factor
        self.type_odds = TypeOdds(scenario, self.copula[0])

    @property
    def names(self) -> tuple[str, ...]:
        """[D] what each latent normal draws."""
        drawn = [f"{player}.weights.{stake}" for player, alphas in self.simplices.items() for stake in alphas]
        return (*self.numbers, *drawn)

    def quantities(self, z: Array) -> dict[str, Array]:
        """Every number by name, [W]."""
        latent = {**dict(zip(self.names, z, strict=True)), **self.correlated(z)}
        exact = {name: jnp.full(z.shape[1], one.parameters[0]) for name, one in self.estimates.items() if one.is_exact}
        return exact | {name: self.curves[name](latent[name]) for name in self.numbers}

    def odds(self, z: Array) -> dict[str, Array]:
        """How likely the types are of numbers that hang together with the drawn ones, by name, [W]."""
        normals = self.correlated(z)
        return self.type_odds(jnp.stack(list(normals.values())) if normals else jnp.zeros((0, z.shape[1])))

    def correlated(self, z: Array) -> dict[str, Array]:
        """The numbers that are correlated with others as standard normals [W], joined."""
        names, factor = self.copula
        if not names:
            return {}
        latent = dict(zip(self.names, z, strict=True))
        return dict(zip(names, factor @ jnp.stack([latent[name] for name in names]), strict=True))

    def weights(
        self, z: Array, quantities: Mapping[str, Array], value: Callable[[Any], Array]
    ) -> tuple[dict[str, dict[str, Array]], Array]:
        """Player to stake to weight [W], and the margins [n, W], in log odds, by which the order of weights is kept (negative where it is
        not); `value` evaluates a formula."""
        found: dict[str, dict[str, Array]] = {}
        margins = [jnp.full(z.shape[1], jnp.inf)]
        for name, player in self.scenario.players.items():
            if player.weights is None or name in self.inward:
                continue
            if name in self.simplices:
                found[name], own = self._simplex(name, player, z)
                margins += own
            elif player.weights.swings is not None:
                ratings = {stake: quantities[f"{name}.weights.{stake}"] for stake in player.weights.swings}
                total = sum(ratings.values())
                found[name] = {stake: rating / total for stake, rating in ratings.items()}
            else:
                found[name] = {
                    stake: value(one.formula) if one.formula else quantities[f"{name}.weights.{stake}"]
                    for stake, one in (player.weights.exact or {}).items()
                }
        return found, jnp.stack(margins)

    def _simplex(self, name: str, player: Player, z: Array) -> tuple[dict[str, Array], list[Array]]:
        """Gamma variates over their sum; a lone chain of equal alphas is met by sorting, which is exact; of others the margins are told."""
        assert player.weights is not None
        alphas = self.simplices[name]
        start = self.names.index(f"{name}.weights.{next(iter(alphas))}")
        logs = jnp.stack([self.gammas[alpha](z[start + row]) for row, alpha in enumerate(alphas.values())])
        shares = jax.nn.softmax(logs, axis=0)
        stakes = list(alphas)
        chains = [[stakes.index(stake) for stake in order_chain(text)] for text in player.weights.order]
        if len(chains) == 1 and len({alphas[stakes[row]] for row in chains[0]}) == 1:
            rows = np.array(chains[0])
            shares = shares.at[rows].set(jnp.sort(shares[rows], axis=0)[::-1])
            return dict(zip(stakes, shares, strict=True)), []
        margins = [logs[first] - logs[second] for chain in chains for first, second in pairwise(chain)]
        return dict(zip(stakes, shares, strict=True)), margins

    def of_players(
        self, field: str, default: float, quantities: Mapping[str, Array], value: Callable[[Any], Array], size: int
    ) -> dict[str, Array]:
        """A number of every player, [W]."""
        found: dict[str, Array] = {}
        for name, player in self.scenario.players.items():
            amount = getattr(player, field)
            if amount is None:
                found[name] = jnp.full(size, default)
            else:
                found[name] = value(amount.formula) if amount.formula else quantities[f"{name}.{field}"]
        return found

    def precision(self, quantities: Mapping[str, Array], value: Callable[[Any], Array], size: int) -> dict[str, Array]:
        """The precision of every player, from the odds of an error where those are stated (M9)."""
        found = self.of_players("precision", np.inf, quantities, value, size)
        for name, player in self.scenario.players.items():
            if player.errors is not None:
                stated = (
                    value(player.errors.formula)
                    if player.errors.formula
                    else jnp.clip(quantities[f"{name}.errors"], LEAST_ERROR, 0.5)
                )
                found[name] = jnp.log((1 - stated) / stated) / (0.1 * (player.range or 1.0))
        return found


def _inward(scenario: Scenario) -> frozenset[str]:
    """The players whose weights are matters of the game, not of the world: formulas over what chance decides there, or types."""
    typed = hidden_weights(scenario)
    return frozenset(
        name
        for name in personal(scenario, Symbols(scenario), private_names(scenario))
        if name in typed or (one := scenario.players[name].weights) is None or one.exact is not None
    )


# --- quantiles at standard normals -------------------------------------------------------------------------------


def curve(estimate: Estimate) -> Curve:
    """The value of an estimate at standard normals; numbers of several levels step, all others are smooth."""
    a = estimate.parameters
    curves: dict[str, Callable[[], Curve]] = {
        "normal": lambda: lambda z: a[0] + a[1] * z,
        "lognormal": lambda: lambda z: a[0] * jnp.exp(a[1] * z),
        "logitnormal": lambda: lambda z: jax.nn.sigmoid(np.log(a[0] / (1 - a[0])) + a[1] * z),
        "uniform": lambda: lambda z: a[0] + (a[1] - a[0]) * jax_special.ndtr(z),
        "beta": lambda: _beta(a[0], a[1]),
        "pert": lambda: _pert(*a),
        "triangular": lambda: _triangular(*a),
        "choice": lambda: _choice(np.asarray(a)),
    }
    return curves[estimate.family]()


def _pert(low: float, mode: float, high: float) -> Curve:
    first = 1 + 4 * (mode - low) / (high - low)
    inner = _beta(first, 6 - first)
    return lambda z: low + (high - low) * inner(z)


def _triangular(low: float, mode: float, high: float) -> Curve:
    width = high - low
    turn = (mode - low) / width

    def at(z: Array) -> Array:
        below, above = jax_special.ndtr(z), jax_special.ndtr(-z)
        is_left = below < turn
        left = jnp.sqrt(jnp.where(is_left, below, 1.0) * width * (mode - low))
        right = jnp.sqrt(jnp.where(is_left, 1.0, above) * width * (high - mode))
        return jnp.where(is_left, low + left, high - right)

    return at


def _choice(values_and_shares: Floats) -> Curve:
    values, shares = values_and_shares.reshape(2, -1)
    order = np.argsort(values, kind="stable")
    edges, ranked = np.cumsum(shares[order]), values[order]
    return lambda z: jnp.asarray(ranked)[
        jnp.minimum(jnp.searchsorted(edges, jax_special.ndtr(z), side="right"), len(ranked) - 1)
    ]


def _beta(a: float, b: float) -> Curve:
    z = _grid()
    is_low = z < 0
    low = special.betaincinv(a, b, special.ndtr(np.where(is_low, z, 0.0)))
    high = special.betaincinv(
        b, a, special.ndtr(np.where(is_low, 0.0, -z))
    )  # the distance from 1, which keeps its digits there
    x, rest = np.where(is_low, low, 1 - high), np.where(is_low, 1 - low, high)
    log_density = special.xlogy(a - 1, x) + special.xlogy(b - 1, rest) - special.betaln(a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        return _interpolated(x, np.exp(_log_normal_density(z) - log_density))


def _log_gamma(alpha: float) -> Curve:
    """Logarithms of unit gamma variates."""
    if alpha == 1:
        return lambda z: jnp.log(-jax_special.log_ndtr(-z))
    z = _grid()
    plain = np.where(z < 0, special.gammaincinv(alpha, special.ndtr(z)), special.gammainccinv(alpha, special.ndtr(-z)))
    least = (special.log_ndtr(z) + special.gammaln(alpha + 1)) / alpha
    logs = np.where(plain > LEAST_GAMMA, np.log(np.maximum(plain, LEAST_GAMMA)), least)
    slope = np.exp(_log_normal_density(z) - alpha * logs + np.exp(np.minimum(logs, 700)) + special.gammaln(alpha))
    return _interpolated(logs, slope)


def _grid() -> Floats:
    return np.linspace(-FARTHEST, FARTHEST, STEPS + 1)


def _log_normal_density(z: Floats) -> Floats:
    return np.asarray(-(z**2) / 2 - np.log(2 * np.pi) / 2)


def _interpolated(values: Floats, slopes: Floats) -> Curve:
    """Cubic pieces through values and slopes on the grid (Hermite); straight on beyond it."""
    width = 2 * FARTHEST / STEPS
    table = jnp.asarray(np.stack([values, np.where(np.isfinite(slopes), slopes, 0.0) * width]))

    def at(z: Array) -> Array:
        place = (z + FARTHEST) / width
        left = jnp.clip(jnp.floor(place), 0, STEPS - 1).astype(jnp.int32)
        t = place - left
        (v0, s0), (v1, s1) = table[:, left], table[:, left + 1]
        inner = v0 + t * (s0 + t * (3 * (v1 - v0) - 2 * s0 - s1 + t * (2 * (v0 - v1) + s0 + s1)))
        return jnp.where(t < 0, v0 + s0 * t, jnp.where(t > 1, v1 + s1 * (t - 1), inner))

    return at
