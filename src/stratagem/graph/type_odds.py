"""How likely the types are of a number that not all know and that is correlated with others (M6, L8).

Joined by the same Gaussian copula as numbers that all know: in each world, given the numbers drawn there; and of two such numbers that
still hang together then, the second given the type of the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from stratagem.errors import NotSolvedError, quote
from stratagem.graph.discrete import discrete
from stratagem.graph.families import normal_quantile
from stratagem.graph.game import Floats
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import correlation_matrix, resolved, taken_as_known, unknown_names

ODDS = "odds__"  # begins the name of a number of the world that says how likely a type is
UNRELATED = 1e-12
FAR = 8.5  # standard deviations beyond which nothing is left
NODES = 48
Array = Any  # of NumPy, or of another array library


@dataclass(frozen=True)
class Linked:
    """A number that hangs together with others; `before` is the one whose type is decided first, where it still depends on it."""

    number: int
    name: str
    values: tuple[float, ...]  # by type
    low: Floats  # [types] where the type begins, as a standard normal
    high: Floats
    pull: Mapping[str, float]  # of the numbers drawn, as standard normals, on its mean
    spread: float  # what is left of its standard deviation
    before: Linked | None
    together: float  # the correlation left with `before`

    def odds_name(self, mine: int, other: int | None = None) -> str:
        """The name of the number of the world that says how likely a type is, given another's."""
        return f"{ODDS}{self.number}_{mine}" + (f"_{other}" if other is not None else "")

    def odds(self, mine: int) -> str:
        """That number as a formula over the one whose type is decided first."""
        if self.before is None:
            return self.odds_name(mine)
        by_value = sorted((value, other) for other, value in enumerate(self.before.values))
        return self._chosen(mine, self.before.name, by_value)

    def _chosen(self, mine: int, name: str, by_value: list[tuple[float, int]]) -> str:
        if len(by_value) == 1:
            return self.odds_name(mine, by_value[0][1])
        half = len(by_value) // 2
        low, high = (self._chosen(mine, name, part) for part in (by_value[:half], by_value[half:]))
        middle = Fraction((by_value[half - 1][0] + by_value[half][0]) / 2)
        return f"(if {name} < {middle.numerator} / {middle.denominator} then {low} else {high})"

    @property
    def names(self) -> list[str]:
        """All such numbers."""
        others = [None] if self.before is None else range(len(self.before.values))
        return [self.odds_name(mine, other) for mine in range(len(self.values)) for other in others]


def linked(scenario: Scenario) -> list[Linked]:
    """The correlated numbers that chance decides within the game. Raises `NotSolvedError` where more than two hang together."""
    names, matrix = correlation_matrix(scenario)
    taken = set(taken_as_known(scenario))
    hidden = {name for name, _ in unknown_names(scenario) if name not in taken and not name.endswith(".weights")}
    ours = [place for place, name in enumerate(names) if name in hidden]
    if not ours:
        return []
    drawn = [place for place in range(len(names)) if place not in ours]
    whole = np.array(matrix)
    pull = whole[np.ix_(ours, drawn)] @ np.linalg.inv(whole[np.ix_(drawn, drawn)])
    left = whole[np.ix_(ours, ours)] - pull @ whole[np.ix_(drawn, ours)]
    sd = np.sqrt(np.diag(left))
    left = left / np.outer(sd, sd)
    found: list[Linked] = []
    for row, place in enumerate(ours):
        earlier = [other for other in range(row) if abs(left[row, other]) > UNRELATED]
        if len(earlier) > 1 or any(found[other].before is not None for other in earlier):
            which = ", ".join(quote(names[one]) for one in ours)
            where = next(n for n, one in enumerate(scenario.correlations) if names[place] in one.between)
            raise NotSolvedError(
                f"{scenario.where('correlations', where)}more than two numbers that not all know hang together, of {which} [M6, L8]; "
                f"correlate each with one other at most, or say `taken as known: [{names[place]}]`"
            )
        pulls = {names[one]: float(pull[row, column]) for column, one in enumerate(drawn)}
        before = found[earlier[0]] if earlier else None
        together = float(left[row, earlier[0]]) if earlier else 0.0
        found.append(_linked(scenario, len(found), names[place], pulls, float(sd[row]), before, together))
    return found


def _linked(
    scenario: Scenario,
    number: int,
    name: str,
    pull: dict[str, float],
    spread: float,
    before: Linked | None,
    together: float,
) -> Linked:
    quantity = next(one for _, other, one in scenario.known_quantities() if other == name)
    values, shares = discrete(resolved(scenario, quantity.is_), quantity.types)
    order = np.argsort([float(value) for value in values], kind="stable")
    ends = np.cumsum(np.array([float(share) for share in shares])[order])
    bounds = np.concatenate([[-np.inf], normal_quantile(ends[:-1]), [np.inf]])
    low, high = np.empty(len(values)), np.empty(len(values))
    low[order], high[order] = bounds[:-1], bounds[1:]
    return Linked(number, name, tuple(map(float, values)), low, high, pull, spread, before, together)


def type_odds(
    scenario: Scenario,
    normals: Mapping[str, Array],
    size: int,
    xp: Any = np,
    below: Callable[[Array], Array] | None = None,
) -> dict[str, Array]:
    """How likely types are in each world [W], by name; `normals` are the drawn numbers as standard normals, 0 if left out.

    In NumPy, or in another array library `xp`, with its standard normal distribution function `below`.
    """
    links = linked(scenario)
    if not links:
        return {}
    normal = Normal(xp, below or _below)
    found: dict[str, Array] = {}
    for one in links:
        odds = (
            _odds(one, normals, size, normal)
            if one.before is None
            else _odds_given(one, one.before, normals, size, normal)
        )
        found.update(odds)
    return found


class Normal(NamedTuple):
    """An array library and the standard normal distribution function."""

    xp: Any
    below: Callable[[Array], Array]


def _below(z: Array) -> Array:
    from scipy import special  # noqa: PLC0415 - only where numbers are correlated

    return special.ndtr(z)


def _odds(one: Linked, normals: Mapping[str, Array], size: int, normal: Normal) -> Iterator[tuple[str, Array]]:
    odds = _between(*_standard(one, normals, size), normal)
    return ((one.odds_name(mine), row) for mine, row in enumerate(odds / odds.sum(axis=0)))


def _odds_given(
    one: Linked, before: Linked, normals: Mapping[str, Array], size: int, normal: Normal
) -> Iterator[tuple[str, Array]]:
    """By Gauss-Legendre quadrature over the part of the other's range that each of its types stands for."""
    xp = normal.xp
    low, high = _standard(one, normals, size)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    rest = np.sqrt(1 - one.together**2)
    for other, (begin, end) in enumerate(zip(*_standard(before, normals, size), strict=True)):
        start, stop = xp.clip(begin, -FAR, FAR), xp.clip(end, -FAR, FAR)
        z = (start + stop) / 2 + nodes[:, None] * (stop - start) / 2
        nearest = xp.minimum(xp.abs(start), xp.abs(stop)) ** 2 * (start * stop > 0)
        height = (weights[:, None] * xp.exp(-(z**2 - nearest) / 2))[:, None]
        pulled = one.together * z[:, None]
        joint = (height * _between((low - pulled) / rest, (high - pulled) / rest, normal)).sum(axis=0)
        total = joint.sum(axis=0)
        odds = xp.where(total > 0, joint / xp.where(total > 0, total, 1.0), 1 / len(one.values))
        yield from ((one.odds_name(mine, other), row) for mine, row in enumerate(odds))


def _standard(one: Linked, normals: Mapping[str, Array], size: int) -> tuple[Array, Array]:
    """Where each type begins and ends [types, W], as a standard normal given the numbers drawn."""
    mean = np.zeros(size)
    for name, factor in one.pull.items():
        mean = mean + factor * normals.get(name, np.zeros(size))
    low, high = ((bound[:, None] - mean) / one.spread for bound in (one.low, one.high))
    return low, high


def _between(low: Array, high: Array, normal: Normal) -> Array:
    """The standard normal probability between two points, from the tail that is nearer."""
    flip = low > 0
    first, last = normal.xp.where(flip, -high, low), normal.xp.where(flip, -low, high)
    return normal.below(last) - normal.below(first)
