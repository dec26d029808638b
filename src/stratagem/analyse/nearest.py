"""The nearest flip: the smallest move of the uncertain numbers, all together or few of them, under which another action is preferred.

Distances are measured in the latent normals. The set where the preferred action is overtaken is the union over rivals of where that
rival is worth more, so that the nearest flip is the nearest of the rivals' own, each sought on a smooth surface. Few numbers move
while correlated ones stay, and a weight moves while the player's other weights keep their proportions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from stratagem.analyse.latent import Latent
from stratagem.analyse.lead import Setting, lead_of
from stratagem.analyse.thresholds import Axis
from stratagem.analyse.zeros import zeros
from stratagem.graph.game import Floats
from stratagem.graph.worlds import Worlds
from stratagem.solve.processes import each

ITERATIONS = 40
EARLY, HOPELESS = 5, 1.02  # from this iteration on, what heads for so many times the best distance is given up
STEP = 1e-4
CLOSE = 1e-4  # standard deviations, of the way to the nearest point; of its distance this is the square
SIDE = 1e-4  # how far beyond a flip both sides are solved again, as a share of the way
FARTHEST = 8.0  # standard deviations
AMONG = 6  # how many numbers the flips of two and three are sought among
FARTHER, SCALES = 1.3, 27  # a ray is scanned so far beyond a point, at so many places
LEAST_STEP = 1 / 16


@dataclass(frozen=True)
class Flip:
    """A smallest move of some numbers together that flips the decision, certified on both sides."""

    axes: tuple[str, ...]
    distance: float  # in standard deviations
    rival: int
    moves: tuple[tuple[str, float, float], ...]  # name, from, to
    is_certified: bool


@dataclass(frozen=True)
class _Problem:
    """The nearest point at which a rival is worth as much, within the span of a basis [dim, k], from a start [dim]."""

    axes: tuple[str, ...]
    basis: Floats
    start: Floats
    rival: int


def searches(setting: Setting, first: int, axes: list[Axis]) -> list[Callable[[], list[Found]]]:
    """What to search first, each by itself: the nearest flip over all numbers together, and over each alone.

    `axes` are the numbers moved alone, whose thresholds are starts.
    """
    latent = setting.latent
    rivals = [rival for rival in range(len(setting.options)) if rival != first]
    crossed = [(axis.name, latent.alone(axis.name, value), rival) for axis in axes for value, rival in axis.thresholds]
    sets = _everything(latent, rivals, crossed), _alone(latent, rivals, crossed)
    return [partial(_best, setting, first, problems) for problems in sets]


def nearest(setting: Setting, first: int, dense: list[Found], singles: list[Found]) -> Iterator[Flip]:
    """The nearest flips over all numbers and over one, as searched, and over two and three; those that are too far are left out."""
    rivals = [rival for rival in range(len(setting.options)) if rival != first]
    found, rivals = [*dense[:1], *singles[:1]], _within_reach(rivals, dense, singles)
    leading = _leading(setting, first, [one.axes[0] for one in singles], dense)
    few = [_few(setting.latent, list(combinations(leading, count)), rivals, singles[:1]) for count in (2, 3)]
    is_long = setting.solver.is_long(EARLY * sum(one.basis.shape[1] for problems in few for one in problems))
    found += [one[0] for one in each([partial(_best, setting, first, problems) for problems in few], is_long) if one]
    if found:
        yield from _flips(setting, first, found)


_Crossed = tuple[str, Floats, int]  # a number, the point at which it alone flips the decision, and to what


def _everything(latent: Latent, rivals: Sequence[int], crossed: Sequence[_Crossed]) -> list[_Problem]:
    """All numbers together, from the origin, and from where one number alone flips it soonest."""
    dim = len(latent.names)
    starts = [(np.zeros(dim), rival) for rival in rivals]
    starts += [(point, rival) for _, point, rival in sorted(crossed, key=lambda one: float(np.linalg.norm(one[1])))[:1]]
    return [_Problem(("all",), np.eye(dim), point, rival) for point, rival in starts]


def _alone(latent: Latent, rivals: Sequence[int], crossed: Sequence[_Crossed]) -> list[_Problem]:
    """Each number alone, from the origin and from where it flips the decision."""
    found = _problems(latent, ((name,) for name in latent.directions), rivals, np.zeros(len(latent.names)))
    for name, point, rival in crossed:
        found += _problems(latent, [(name,)], [rival], point)
    return found


def _few(
    latent: Latent, chosen: Sequence[tuple[str, ...]], rivals: Sequence[int], single: Sequence[Found]
) -> list[_Problem]:
    """Some numbers at a time, from the origin, and from the nearest flip of one of them."""
    found = _problems(latent, chosen, rivals, np.zeros(len(latent.names)))
    for one in single:
        found += _problems(latent, [names for names in chosen if one.axes[0] in names], [one.rival], one.point)
    return found


def _problems(
    latent: Latent, chosen: Iterable[tuple[str, ...]], rivals: Sequence[int], start: Floats
) -> list[_Problem]:
    found = []
    for names in chosen:
        basis = np.linalg.qr(np.array([latent.directions[name] for name in names]).T)[0]
        found += [_Problem(names, basis, start, rival) for rival in rivals]
    return found


def _within_reach(rivals: list[int], dense: list[Found], singles: list[Found]) -> list[int]:
    """The rivals that can be nearest with few numbers moved: with all moved they are nearer than the nearest with one moved."""
    if not singles:
        return rivals
    nearer = {one.rival for one in dense if one.distance <= singles[0].distance}
    return [rival for rival in rivals if rival in nearer or rival == singles[0].rival]


def _leading(setting: Setting, first: int, near: list[str], dense: list[Found]) -> list[str]:
    """The numbers among which few are sought: those that flip it alone soonest, and those that the move of all leans on."""
    pull = dict.fromkeys(setting.latent.directions, 0.0)
    if dense:
        slope = _slopes(setting, first, [_Problem(("all",), np.eye(len(dense[0].point)), dense[0].point, dense[0].rival)], [dense[0].point])[1][0]  # fmt: skip
        pull = {name: abs(float(slope @ way)) / float(np.linalg.norm(way)) for name, way in setting.latent.directions.items()}  # fmt: skip
    by_pull = sorted(pull, key=lambda name: -pull[name])
    mixed = [name for pair in zip(by_pull, [*near, *by_pull], strict=False) for name in pair]
    return list(dict.fromkeys(mixed))[:AMONG]


@dataclass(frozen=True)
class Found:
    """A nearest point at which a rival is worth as much."""

    axes: tuple[str, ...]
    point: Floats
    rival: int

    @property
    def distance(self) -> float:
        """From the centre, in standard deviations."""
        return float(np.linalg.norm(self.point))


def _best(setting: Setting, first: int, problems: list[_Problem]) -> list[Found]:
    """The solutions of problems, nearest first; those that have none nearby are left out."""
    points = _descend(setting, first, problems) if problems else []
    found = [Found(one.axes, at, one.rival) for one, at in zip(problems, points, strict=True) if at is not None]
    return sorted(found, key=lambda one: one.distance)


def _descend(setting: Setting, first: int, problems: list[_Problem]) -> list[Floats | None]:
    """For each problem the point nearest to the origin where the rival is worth as much; None where none is found nearby.

    The iteration of Hasofer, Lind, Rackwitz and Fiessler (1978), with steps halved until they come nearer (Liu & Der
    Kiureghian 1991, Structural Safety 9:161); all problems at once.
    """
    found: list[Floats | None] = [None] * len(problems)
    points = [one.start for one in problems]
    leads, slopes = _slopes(setting, first, problems, points)
    lengths = np.ones(len(problems))
    active = list(range(len(problems)))
    for iteration in range(ITERATIONS):
        steps = {}
        best = min((float(np.linalg.norm(one)) for one in found if one is not None), default=FARTHEST)
        bound = FARTHEST if iteration < EARLY else min(FARTHEST, HOPELESS * best)
        for one in active:
            steep = float(slopes[one] @ slopes[one])
            if not steep > 1e-20 or not np.isfinite(leads[one]):
                continue
            target = slopes[one] * ((slopes[one] @ points[one] - leads[one]) / steep)
            if np.linalg.norm(target) > bound:
                continue
            if np.linalg.norm(target - points[one]) < CLOSE:
                found[one] = target
            else:
                steps[one] = target - points[one]
        active = list(steps)
        if not active:
            break
        tried = [points[one] + lengths[one] * steps[one] for one in active]
        lead, slope = _slopes(setting, first, [problems[one] for one in active], tried)
        for place, one in enumerate(active):
            steep = float(np.linalg.norm(slopes[one]))
            price = 2 * float(np.linalg.norm(points[one])) / steep + 10 / steep
            now, then = (0.5 * float(x @ x) + price * abs(g) for x, g in ((points[one], leads[one]), (tried[place], lead[place])))  # fmt: skip
            if then < now or lengths[one] <= LEAST_STEP:
                points[one], leads[one], slopes[one], lengths[one] = tried[place], lead[place], slope[place], 1.0
            else:
                lengths[one] /= 2
    return found


def _slopes(
    setting: Setting, first: int, problems: list[_Problem], points: list[Floats]
) -> tuple[list[float], list[Floats]]:
    """The lead over each problem's rival at its point, and its slope [dim] within the basis: exact where JAX sweeps, else by
    differences. Points that problems share are solved once."""
    if setting.exact is not None:
        exact, steep = setting.exact.slopes(np.column_stack(points), first, np.array([one.rival for one in problems]))
        return exact.tolist(), [one.basis @ (one.basis.T @ slope) for one, slope in zip(problems, steep.T, strict=True)]
    tried = [np.column_stack([at, at[:, None] + STEP * one.basis]) for one, at in zip(problems, points, strict=True)]
    distinct, place = np.unique(np.concatenate(tried, axis=1), axis=1, return_inverse=True)
    values = setting.values(setting.latent.worlds(distinct))[:, place.ravel()]
    leads, slopes, start = [], [], 0
    for one in problems:
        end = start + 1 + one.basis.shape[1]
        lead = values[first, start:end] - values[one.rival, start:end]
        leads.append(float(lead[0]))
        slopes.append(one.basis @ ((lead[1:] - lead[0]) / STEP))
        start = end
    return leads, slopes


def _flips(setting: Setting, first: int, found: list[Found]) -> Iterator[Flip]:
    """The flips at points, moved along their rays to where the lead is nil, and solved again on both sides."""
    latent, points = setting.latent, _on_boundary(setting, first, np.array([one.point for one in found]).T)
    sides = setting.values(latent.worlds(np.concatenate([points * (1 - SIDE), points * (1 + SIDE)], axis=1)))
    before, after = sides.argmax(axis=0).reshape(2, -1)
    here, centre = latent.worlds(points), latent.worlds(np.zeros((len(points), 1)))
    for place, one in enumerate(found):
        yield Flip(
            one.axes,
            float(np.linalg.norm(points[:, place])),
            int(after[place]) if after[place] != first else one.rival,
            tuple(_moves(latent, centre, here, place)),
            bool(before[place] == first != after[place]),
        )


def _on_boundary(setting: Setting, first: int, points: Floats) -> Floats:
    """Points [dim, m], each scaled along its ray to where the lead is first nil; as it is where the ray has no such place nearby."""

    def lead(rays: Floats, scales: Floats) -> Floats:
        worlds = setting.latent.worlds((rays[:, None] * scales).reshape(len(rays), -1))
        return lead_of(setting.values(worlds), first).reshape(scales.shape)

    scales = np.linspace(0.0, FARTHER, SCALES)
    leads = lead(points, np.repeat(scales[:, None], points.shape[1], axis=1))
    crossing = np.flatnonzero((leads < 0).any(axis=0))
    beyond = np.maximum((leads < 0).argmax(axis=0)[crossing], 1)
    at_ends = leads[beyond - 1, crossing], leads[beyond, crossing]
    found = np.ones(points.shape[1])
    if len(crossing):
        rays = points[:, crossing]
        found[crossing] = zeros(
            lambda at: lead(rays, at[None])[0], scales[beyond - 1], scales[beyond], *at_ends, CLOSE**2
        )
    return np.asarray(points * found)


def _moves(latent: Latent, before: Worlds, after: Worlds, place: int) -> Iterator[tuple[str, float, float]]:
    """The numbers that move by more than a twentieth of a standard deviation, largest move first."""
    found = []
    for name in latent.numbers:
        was, now = float(before.quantities[name][0]), float(after.quantities[name][place])
        low, high = latent.number_at(name, np.array([-1.0, 1.0]))
        found.append((abs(now - was) / max(float(high - low) / 2, 1e-300), name, was, now))
    for player in latent.simplices:
        for stake, values in before.players.weights[player].items():
            was, now = float(values[0]), float(after.players.weights[player][stake][place])
            spread = float(latent.drawn_weights[player][stake].std())
            found.append((abs(now - was) / max(spread, 1e-300), f"{player}.weights.{stake}", was, now))
    yield from ((name, was, now) for size, name, was, now in sorted(found, key=lambda one: -one[0]) if size > 0.05)
