"""How likely the types are of numbers that not all know and that are correlated with others (M6, L8).

Joined by the same Gaussian copula as numbers that all know: in each world, given the numbers drawn there. Of such numbers that still hang
together then, a cluster, each is decided given the types of those before it. Players who hold a number to be other than it is have odds of
their own, by the ranks of what they hold it to be (M8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import NotSolvedError, quote
from stratagem.graph.families import normal_quantile
from stratagem.graph.game import Floats
from stratagem.graph.types import Types, hidden_names, types_of
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import correlation_matrix

ODDS = "odds__"  # begins the name of a number of the world that says how likely a type is
UNRELATED = 1e-12
FAR = 8.5  # standard deviations beyond which nothing is left
MOST_POINTS = 1 << 25  # at which a cluster is evaluated, once for all worlds
MOST_POINTS_A_WORLD = 1 << 22  # the same where every world has its own
POINTS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Linked:
    """A number that hangs together with others; `before` are those of its cluster that are decided first."""

    number: int
    name: str
    types: Types
    pull: Mapping[str, float]  # of the numbers drawn, as standard normals, on its mean
    spread: float  # what is left of its standard deviation
    before: tuple[Linked, ...]
    together: Floats  # [before + 1] squared: correlations left, its own last

    def bounds(self, viewer: str | None, holder: str | None) -> tuple[Floats, Floats]:
        """Where each type begins and ends [types], as a standard normal, as a player has it; types that he holds to be impossible have no width."""
        part = self.types.part(viewer, holder)
        ends = normal_quantile(np.cumsum([float(one) for one in part.shares])[:-1])
        low, high = np.zeros(len(self.types.names)), np.zeros(len(self.types.names))
        low[list(part.places)], high[list(part.places)] = np.append(-np.inf, ends), np.append(ends, np.inf)
        return low, high

    def odds_name(self, types: tuple[int, ...]) -> str:
        """The name of the number of the world that says how likely a type is, last of `types`, given those before it."""
        return f"{ODDS}{self.number}_{'_'.join(map(str, types))}"


def linked(scenario: Scenario) -> list[Linked]:
    """The numbers that chance decides within the game and whose odds are numbers of the world, because they are correlated or somebody holds
    them to be other than they are, in the order in which it does. Raises `NotSolvedError` where a cluster is too large."""
    names, matrix = _related(scenario)
    hidden = hidden_names(scenario)
    ours = [place for place, name in enumerate(names) if name in hidden]
    if not ours:
        return []
    symbols = Symbols(scenario)
    drawn = [place for place in range(len(names)) if place not in ours]
    whole = np.array(matrix)
    pull = whole[np.ix_(ours, drawn)] @ np.linalg.inv(whole[np.ix_(drawn, drawn)])
    left = whole[np.ix_(ours, ours)] - pull @ whole[np.ix_(drawn, ours)]
    sd = np.sqrt(np.diag(left))
    left = left / np.outer(sd, sd)
    cluster = _clusters(np.abs(left) > UNRELATED)
    found: list[Linked] = []
    for row, place in enumerate(ours):
        rows = [other for other in range(row + 1) if cluster[other] == cluster[row]]
        pulls = {names[one]: float(pull[row, column]) for column, one in enumerate(drawn)}
        types = types_of(scenario, symbols, names[place])
        before = tuple(found[other] for other in rows[:-1])
        found.append(Linked(row, names[place], types, pulls, float(sd[row]), before, left[np.ix_(rows, rows)]))
        if _num_points(found[-1]) > (MOST_POINTS_A_WORLD if _is_pulled(found[-1]) else MOST_POINTS):
            raise NotSolvedError(_too_large(scenario, [found[other].name for other in rows]))
    return found


def _too_large(scenario: Scenario, names: list[str]) -> str:
    where = next(n for n, one in enumerate(scenario.correlations) if names[-1] in one.between)
    return (
        f"{scenario.where('correlations', where)}{', '.join(map(quote, names))}, which not all know, hang together, and have too many types between "
        f"them [M6, L8]; give them fewer `types`, correlate fewer, or say `taken as known: [{names[-1]}]`"
    )


def _clusters(is_related: NDArray[np.bool_]) -> list[int]:
    """For each number, the first that it hangs together with, through others or not."""
    reached = is_related.copy()
    for _ in range(len(reached)):
        reached = reached @ reached
    return [int(np.argmax(row)) for row in reached]


def _related(scenario: Scenario) -> tuple[tuple[str, ...], list[list[float]]]:
    """The numbers that are correlated or viewed, and the correlations of their latent normals."""
    names, matrix = correlation_matrix(scenario)
    hidden = hidden_names(scenario)
    views = [view for section in (scenario.perceptions, scenario.mistakes) for view in section.values()]
    alone = dict.fromkeys(name for view in views for name in view if name in hidden and name not in names)
    matrix = [[*row, *(0.0 for _ in alone)] for row in matrix]
    matrix += [
        [float(place == column) for column in range(len(names) + len(alone))]
        for place in range(len(names), len(names) + len(alone))
    ]
    return (*names, *alone), matrix


def type_odds(
    scenario: Scenario,
    normals: Mapping[str, Floats],
    size: int,
    viewer: str | None = None,
    holder: str | None = None,
) -> dict[str, Floats]:
    """How likely types are in each world [W], by name; `normals` are the drawn numbers as standard normals, 0 if left out.

    In truth or as a `viewer` has it; in the game as it is, or as a mistaken `holder` has it.
    """
    members = linked(scenario)
    inner = {other.name for one in members for other in one.before}
    found: dict[str, Floats] = {}
    for last in members:
        if last.name not in inner:
            found.update(_of_cluster((*last.before, last), normals, size, viewer, holder))
    return found


def _of_cluster(
    members: tuple[Linked, ...], normals: Mapping[str, Floats], size: int, viewer: str | None, holder: str | None
) -> Iterator[tuple[str, Floats]]:
    """Given what a viewer holds to be impossible, a type is as likely as they have it who do not."""
    others = dict.fromkeys(one for member in members for one in (*member.types.own, *member.types.made))
    joints = [_joint_as_seen(members, normals, size, one, holder) for one in dict.fromkeys((viewer, None, *others))]
    for place, one in enumerate(members):
        odds: Floats | None = None
        for joint in joints:
            table = joint.sum(axis=tuple(range(place + 1, len(members))))
            total = table.sum(axis=place, keepdims=True)
            own = np.where(total > 0, table / np.where(total > 0, total, 1.0), np.nan)
            odds = own if odds is None else np.where(np.isnan(odds), own, odds)
        assert odds is not None
        odds = np.where(np.isnan(odds), 1 / odds.shape[place], odds)
        for types in np.ndindex(odds.shape[:-1]):
            yield one.odds_name(types), np.broadcast_to(odds[types], size).copy()


def _joint_as_seen(
    members: tuple[Linked, ...], normals: Mapping[str, Floats], size: int, viewer: str | None, holder: str | None
) -> Floats:
    """The probability [types of each, W or 1] of types together."""
    together = members[-1].together
    each = [one.bounds(viewer, holder) for one in members]
    if _is_pulled(members[-1]):
        return _joint([_standard(one, *ends, normals, size) for one, ends in zip(members, each, strict=True)], together)
    bounds = [_standard(one, *ends, {}, 1) for one, ends in zip(members, each, strict=True)]
    counts = tuple(len(low) for low, _ in bounds)
    return _joint_in_all_worlds(np.concatenate(bounds, axis=1).tobytes(), counts, together.tobytes())


def _is_pulled(last: Linked) -> bool:
    """Whether a cluster turns on numbers that are drawn."""
    return any(abs(factor) > UNRELATED for one in (*last.before, last) for factor in one.pull.values())


def _standard(
    one: Linked, low: Floats, high: Floats, normals: Mapping[str, Floats], size: int
) -> tuple[Floats, Floats]:
    """Where each type begins and ends [types, W], as a standard normal given the numbers drawn."""
    mean = np.zeros(size)
    for name, factor in one.pull.items():
        if abs(factor) > UNRELATED:
            mean = mean + factor * normals.get(name, np.zeros(size))
    return (low[:, None] - mean) / one.spread, (high[:, None] - mean) / one.spread


@lru_cache(maxsize=16)
def _joint_in_all_worlds(bounds: bytes, counts: tuple[int, ...], together: bytes) -> Floats:
    """The same [types of each, 1] where no world has its own."""
    low, high = np.frombuffer(bounds).reshape(2, -1, 1)
    cuts = np.cumsum(counts)[:-1]
    each = list(zip(np.split(low, cuts), np.split(high, cuts), strict=True))
    return _joint(each, np.frombuffer(together).reshape(len(counts), -1))


def _joint(bounds: list[tuple[Floats, Floats]], together: Floats) -> Floats:
    """The probability [types of each, W] that standard normals of these correlations fall between bounds [types, W].

    By Gauss-Legendre quadrature over all but the last, which given the others is normal.
    """
    if len(bounds) == 1:
        return _between(*bounds[0])
    precision = np.asarray(np.linalg.inv(together[:-1, :-1]), np.float64)
    lean = together[-1, :-1] @ precision
    rest = float(np.sqrt(1 - lean @ together[:-1, -1]))
    counts = [_counts(low, high, together) for low, high in bounds[:-1]]
    worlds = bounds[0][0].shape[1]
    step = max(POINTS_AT_ONCE // (int(np.prod([sum(one) for one in counts])) * len(bounds[-1][0])), 1)
    parts = []
    for begin in range(0, worlds, step):
        here = [tuple(bound[:, begin : begin + step] for bound in one) for one in bounds]
        grid = [_grid(low, high, count) for (low, high), count in zip(here[:-1], counts, strict=True)]
        parts.append(_summed(grid, counts, here[-1], precision, lean, rest))
    return np.concatenate(parts, axis=-1)


def _summed(
    grid: list[tuple[Floats, Floats]],
    counts: list[list[int]],
    last: tuple[Floats, ...],
    precision: Floats,
    lean: Floats,
    rest: float,
) -> Floats:
    """The quadrature of some worlds over points and weights [points, W] of each number but the last."""
    dims = len(grid)
    shaped = [[np.expand_dims(one, [axis for axis in range(dims) if axis != place]) for one in pair] for place, pair in enumerate(grid)]  # fmt: skip
    points = [pair[0] for pair in shaped]
    height = -sum(precision[a, b] * points[a] * points[b] for a in range(dims) for b in range(dims)) / 2
    weight = np.exp(height) * np.prod(np.broadcast_arrays(*(pair[1] for pair in shaped)), axis=0)
    weight *= np.sqrt(np.linalg.det(precision) / (2 * np.pi) ** dims)
    mean = sum(factor * one for factor, one in zip(lean, points, strict=True))
    low, high = (bound[(slice(None), *[None] * dims)] for bound in last)
    table = np.moveaxis(weight * _between((low - mean) / rest, (high - mean) / rest), 0, -2)
    for axis, count in enumerate(counts):
        table = np.add.reduceat(table, np.cumsum([0, *count[:-1]]), axis=axis)
    return np.asarray(table)


def _counts(low: Floats, high: Floats, together: Floats) -> list[int]:
    """How many points the quadrature takes in each type of a number: more where it is wide, or the correlation strong."""
    steep = np.sqrt(1 - np.max(np.abs(together - np.eye(len(together)))) ** 2)
    width = np.minimum(np.max(high - low, axis=1), FAR)
    return np.ceil(10 + 4 * width / max(steep, 0.1)).astype(int).tolist()  # type: ignore[no-any-return]


def _num_points(last: Linked) -> int:
    """At how many points the cluster that ends so far with a number is evaluated in a world."""
    bounds = [one.bounds(None, None) for one in last.before]
    counts = [sum(_counts(low[:, None] / one.spread, high[:, None] / one.spread, last.together)) for one, (low, high) in zip(last.before, bounds, strict=True)]  # fmt: skip
    return int(np.prod([*counts, len(last.types.names)]))


def _grid(low: Floats, high: Floats, counts: list[int]) -> tuple[Floats, Floats]:
    """Points and weights [points, W] of types that lie between bounds [types, W], one type after another."""
    nearest = np.clip(0.0, low, high)
    start, stop = np.maximum(low, nearest - FAR), np.minimum(high, nearest + FAR)
    rules = [_legendre(count) for count in counts]
    half = (stop - start) / 2
    points = [(start[n] + stop[n]) / 2 + half[n] * nodes[:, None] for n, (nodes, _) in enumerate(rules)]
    weights = [half[n] * weights[:, None] for n, (_, weights) in enumerate(rules)]
    return np.concatenate(points), np.concatenate(weights)


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights


def _between(low: Floats, high: Floats) -> Floats:
    """The standard normal probability between two points, from the tail that is nearer."""
    from scipy import special  # noqa: PLC0415 - only where numbers are correlated

    flip = low > 0
    first, last = np.where(flip, -high, low), np.where(flip, -low, high)
    return np.asarray(special.ndtr(last) - special.ndtr(first))
