"""What would flip a decision: thresholds, tornado, region map, nearest flip, and how far the worlds must be reweighed.

A decision is read in its likeliest situation (states that offer the same actions), over the states of it that a world reaches. The
preferred action is the one that the mover holds worth most; it flips where another overtakes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.grounds import bases
from stratagem.analyse.latent import Latent
from stratagem.analyse.options import nodes_by_situation, situations
from stratagem.analyse.study import Study
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats, Ints
from stratagem.graph.worlds import Worlds, stated
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Solver
from stratagem.solve.sweep import action_values

GRID = 41
REACH = 0.99  # how far into its distribution a number is varied
BISECTIONS = 40
SAMPLED_WORLDS = 48
COARSE = 7
MAP = 13
ITERATIONS = 30
STEP = 1e-4
SIDE = 1e-4  # how far beyond a flip both sides are solved again, as a share of the way
FARTHEST = 8.0  # standard deviations
MOST_NUMBERS = 12
AMONG = 5  # how many axes the sparse flips are sought among


@dataclass(frozen=True)
class Setting:
    """The decision under study: its solver, the states of its situation, and the actions there."""

    study: Study
    solver: Solver
    nodes: Ints
    options: tuple[int, ...]
    latent: Latent

    def values(self, worlds: Worlds) -> Floats:
        """[options, W]: what each action is worth to the mover, over the states reached; NaN where none is."""
        found = np.full((len(self.options), len(worlds)), np.nan)
        game = self.solver.game
        player = game.steps[game.step_of_node[self.nodes[0]]].player
        for chunk in self.solver.of_worlds(worlds):
            reach = chunk.way.reach[self.nodes] * (chunk.status == SOLVED)
            total = reach.sum(axis=0)
            share = reach / np.where(total > 0, total, 1.0)
            for place in range(len(self.options)):
                edges = game.first_edge[self.nodes] + place
                worth = action_values(game, chunk.inputs, chunk.sweep, edges, player)
                found[place, chunk.place] = np.where(total > 0, (share * worth).sum(axis=0), np.nan)
        return found

    def lead(self, worlds: Worlds, first: int) -> Floats:
        """[W]: how far action `first` leads the best of the others; negative where it is overtaken."""
        values = self.values(worlds)
        return np.asarray(values[first] - np.delete(values, first, axis=0).max(axis=0))


def flips(study: Study, decision: str) -> Finding:
    """Everything that would flip a decision, nearest first. Raises `UsageError` for an unknown decision."""
    step = study.decision(decision)
    setting, reach = _setting(study, step)
    info = study.game.steps[step]
    titles = [info.option_titles[option] for option in setting.options]
    if len(titles) < 2:
        raise UsageError(f"{quote(info.label)} offers one action only where it is likeliest; there is nothing to flip")
    if not setting.latent.names:
        raise UsageError(
            f"no number of {quote(study.scenario.scenario)} varies without steps; there is nothing to move"
        )
    origin = np.zeros((len(setting.latent.names), 1))
    values = setting.values(setting.latent.worlds(origin))[:, 0]
    if np.isnan(values).any():
        raise UsageError(f"{quote(info.label)} is not met in the central world; there is nothing to flip")
    first = int(values.argmax())
    axes = axes_of(setting, first)
    near = list(_nearest(setting, first))
    tables = (
        _threshold_table(axes, titles), _tornado(axes), _map_table(setting, axes, titles), _nearest_table(near, titles),
        _world_table(setting, axes), _reweighting(setting, titles),
    )  # fmt: skip
    mover = study.scenario.players[study.game.players[info.player]].name
    return Finding(
        kind="flips",
        title=f"{study.scenario.scenario}: what would flip {info.label}",
        judgements=tuple(_judgements(mover, titles, first, values, axes, near, reach)),
        tables=tables,
        caveats=(
            f"in the likeliest situation, met in {percent(reach)} of plays; central world: medians, and prior means for weights",
            f"over worlds: {SAMPLED_WORLDS} worlds, each number moved alone through the middle {2 * REACH - 1:.0%} of its range",
        ),
        rests_on=bases(study.scenario, (info.move,), tables),
        manifest={"decision": info.label, "worlds": study.worlds, "seed": study.seed},
    )


def _setting(study: Study, step: int) -> tuple[Setting, float]:
    """The likeliest situation of the decision, and how likely it is met."""
    solver = study.solver(step)
    situation_of = situations(solver.game, step)
    groups = nodes_by_situation(situation_of)
    reach, whole = np.zeros(len(groups)), 0.0
    for chunk in solver.chunks():
        counted = chunk.status == SOLVED
        whole += float(chunk.way.reach[0] @ counted)
        reach += [float((chunk.way.reach[nodes] @ counted).sum()) for nodes in groups]
    best = int(reach.argmax())
    nodes = groups[best]
    first = solver.game.first_edge
    options = tuple(solver.game.option_of_edge[first[nodes[0]] : first[nodes[0] + 1]].tolist())
    return Setting(study, solver, nodes, options, Latent(study.scenario, study.perceptions)), float(reach[best] / whole)


# --- one number at a time ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """One number moved alone in the central world: where the decision flips, and how far the lead swings."""

    name: str
    centre: float
    low: float  # 5 % point
    high: float  # 95 % point
    lead_low: float
    lead_high: float
    thresholds: tuple[tuple[float, int], ...]  # value, and the action that overtakes or is overtaken there

    @property
    def swing(self) -> float:
        """How far the lead moves over the 90 % range."""
        return abs(self.lead_high - self.lead_low)

    def is_inside(self, value: float) -> bool:
        """Whether a value lies in the 90 % range."""
        return self.low <= value <= self.high


def _axis_names(latent: Latent) -> Iterator[str]:
    yield from latent.numbers
    for player, simplex in latent.simplices.items():
        yield from (f"{player}.weights.{stake}" for stake in simplex.stakes)


def _values_of(latent: Latent, name: str) -> Floats:
    """The 5 % point, the centre and the 95 % point of a number or weight, and a grid over its range."""
    u = np.concatenate([[0.05, 0.5, 0.95], np.linspace(1 - REACH, REACH, GRID)])
    if name in latent.numbers:
        return latent.number_at(name, special.ndtri(u))
    player, _, stake = name.split(".")
    values = np.quantile(latent.drawn_weights[player][stake], u)
    simplex = latent.simplices[player]
    values[1] = simplex.mean[simplex.stakes.index(stake)]
    return np.asarray(values)


def axes_of(setting: Setting, first: int) -> list[Axis]:
    """Every number moved alone in the central world, widest swing first; all thresholds are refined together."""
    names = list(_axis_names(setting.latent))
    moves = [(name, _values_of(setting.latent, name)) for name in names]
    worth = setting.values(setting.latent.varied(moves))
    lead = (worth[first] - np.delete(worth, first, axis=0).max(axis=0)).reshape(len(names), -1)
    brackets = [
        (name, values[3 + place], values[4 + place], leads[3 + place], leads[4 + place])
        for (name, values), leads in zip(moves, lead, strict=True)
        for place in np.flatnonzero(leads[3:-1] * leads[4:] < 0)
    ]
    found: dict[str, list[tuple[float, int]]] = {name: [] for name in names}
    for name, value, rival in _crossings(setting, brackets, first):
        found[name].append((value, rival))
    axes = [
        Axis(
            name,
            float(values[1]),
            float(values[0]),
            float(values[2]),
            float(leads[0]),
            float(leads[2]),
            tuple(found[name]),
        )
        for (name, values), leads in zip(moves, lead, strict=True)
    ]
    return sorted(axes, key=lambda axis: -axis.swing)


Bracket = tuple[str, float, float, float, float]


def _crossings(setting: Setting, brackets: list[Bracket], first: int) -> Iterator[tuple[str, float, int]]:
    """Where each lead changes sign between two values (regula falsi, Illinois form), and the action beyond."""
    if not brackets:
        return
    names = [one[0] for one in brackets]
    left, right, at_left, at_right = (np.array([one[place] for one in brackets]) for place in (1, 2, 3, 4))
    goes_up = at_left < 0
    for _ in range(BISECTIONS):
        middle = (left * at_right - right * at_left) / (at_right - at_left)
        lead = _lead_at(setting, names, middle, first)
        is_left = lead * at_left > 0
        at_right = np.where(is_left, at_right / 2, lead)
        at_left = np.where(is_left, lead, at_left / 2)
        left, right = np.where(is_left, middle, left), np.where(is_left, right, middle)
        if (np.abs(lead) < 1e-13).all() or (right - left <= 1e-12 * np.maximum(1, np.abs(middle))).all():
            break
    beyond = middle + np.where(goes_up, -1, 1) * 1e-7 * np.maximum(np.abs(middle), 1e-3)
    rivals = setting.values(setting.latent.varied(_pairs(names, beyond)))
    others = np.where(np.arange(len(rivals))[:, None] == first, -np.inf, rivals)
    yield from zip(names, middle.tolist(), others.argmax(axis=0).tolist(), strict=True)


def _lead_at(setting: Setting, names: list[str], values: Floats, first: int) -> Floats:
    return setting.lead(setting.latent.varied(_pairs(names, values)), first)


def _pairs(names: list[str], values: Floats) -> list[tuple[str, Floats]]:
    return [(name, np.array([value])) for name, value in zip(names, values, strict=True)]


# --- all numbers together ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flip:
    """A smallest move of some numbers together that flips the decision, certified on both sides."""

    axes: tuple[str, ...]
    distance: float  # in standard deviations
    rival: int
    moves: tuple[tuple[str, float, float], ...]  # name, from, to
    is_certified: bool


def _nearest(setting: Setting, first: int) -> Iterator[Flip]:
    """The nearest flip over all numbers, and over one, two and three of them."""
    names = np.array(setting.latent.names)
    groups = list(dict.fromkeys(setting.latent.names))
    everything = _descend(setting, first, np.ones((len(names), 1), bool))[0]
    if everything is None:
        return
    yield _flip(setting, first, everything, ("all",))
    pull = {name: float(np.linalg.norm(everything[names == name])) for name in groups}
    leading = sorted(groups, key=lambda name: -pull[name])[:AMONG]
    sparse = [chosen for count in (1, 2, 3) for chosen in combinations(leading, count)]
    points = _descend(setting, first, np.array([np.isin(names, chosen) for chosen in sparse]).T)
    for count in (1, 2, 3):
        found = [
            (float(np.linalg.norm(point)), chosen, point)
            for chosen, point in zip(sparse, points, strict=True)
            if len(chosen) == count and point is not None
        ]
        if found:
            _, chosen, point = min(found, key=lambda one: one[0])
            yield _flip(setting, first, point, chosen)


def _descend(setting: Setting, first: int, is_free: np.ndarray) -> list[Floats | None]:
    """For each column of `is_free` [dim, m], the point nearest to the origin with no lead that moves free axes only.

    The iteration of Hasofer, Lind, Rackwitz and Fiessler (1978), all columns at once; None where it finds none nearby.
    """
    points = np.zeros(is_free.shape)
    is_lost = np.zeros(is_free.shape[1], bool)
    for _ in range(ITERATIONS):
        lead, slope = _slopes(setting, first, points, is_free)
        size = (slope**2).sum(axis=0)
        is_lost |= ~np.isfinite(lead) | (size < 1e-20)
        target = slope * (((slope * points).sum(axis=0) - lead) / np.where(size > 0, size, 1.0))
        is_lost |= np.linalg.norm(target, axis=0) > FARTHEST
        target[:, is_lost] = points[:, is_lost]
        if (np.linalg.norm(target - points, axis=0) < 1e-7).all():
            points = target
            break
        points = _damped(setting, first, points, target)
    found = _on_boundary(setting, first, points)
    return [None if lost or point is None else point for lost, point in zip(is_lost, found, strict=True)]


def _slopes(setting: Setting, first: int, points: Floats, is_free: np.ndarray) -> tuple[Floats, Floats]:
    """The lead at each point [m] and its slope [dim, m] by central differences along the free axes."""
    axis, column = np.nonzero(is_free)
    steps = np.zeros((len(points), len(axis)))
    steps[axis, np.arange(len(axis))] = STEP
    tried = np.concatenate([points, points[:, column] + steps, points[:, column] - steps], axis=1)
    leads = setting.lead(setting.latent.worlds(tried), first)
    count = points.shape[1]
    slope = np.zeros(points.shape)
    slope[axis, column] = (leads[count : count + len(axis)] - leads[count + len(axis) :]) / (2 * STEP)
    return leads[:count], slope


def _damped(setting: Setting, first: int, points: Floats, target: Floats) -> Floats:
    """A step of each point towards its target that does not overshoot: the best of a few lengths."""
    lengths = np.array([1.0, 0.5, 0.25])
    tried = points[:, :, None] + (target - points)[:, :, None] * lengths
    leads = np.abs(setting.lead(setting.latent.worlds(tried.reshape(len(points), -1)), first))
    merit = 0.5 * (tried**2).sum(axis=0) + 1e3 * leads.reshape(tried.shape[1:])
    best = np.where(np.isnan(merit), np.inf, merit).argmin(axis=1)
    return np.asarray(tried[:, np.arange(tried.shape[1]), best])


def _on_boundary(setting: Setting, first: int, points: Floats) -> list[Floats | None]:
    """Each point scaled along its ray to where the lead is nil; None where the ray has no such place nearby."""
    scales = np.linspace(0.0, 1.3, 27)
    count = points.shape[1]
    leads = setting.lead(setting.latent.worlds((points[:, :, None] * scales).reshape(len(points), -1)), first)
    lost = leads.reshape(count, -1) < 0
    place = np.where(lost.any(axis=1), lost.argmax(axis=1), 0)
    low, high = scales[np.maximum(place - 1, 0)], scales[place]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_ahead = setting.lead(setting.latent.worlds(points * middle), first) > 0
        low, high = np.where(is_ahead, middle, low), np.where(is_ahead, high, middle)
    return [points[:, m] * (low[m] + high[m]) / 2 if place[m] > 0 else None for m in range(count)]


def _flip(setting: Setting, first: int, point: Floats, names: tuple[str, ...]) -> Flip:
    sides = setting.values(setting.latent.worlds(point[:, None] * np.array([1 - SIDE, 1 + SIDE])))
    before, after = sides.argmax(axis=0)
    here, there = setting.latent.worlds(point[:, None]), setting.latent.worlds(np.zeros((len(point), 1)))
    return Flip(
        names,
        float(np.linalg.norm(point)),
        int(after),
        tuple(_moves(setting.latent, point, there, here)),
        before == first != after,
    )


def _moves(latent: Latent, point: Floats, before: Worlds, after: Worlds) -> Iterator[tuple[str, float, float]]:
    """The numbers that move, largest move first."""
    for place in np.argsort(-np.abs(point)):
        name = latent.names[place]
        if name in latent.numbers and abs(point[place]) > 0.05:
            yield name, float(before.quantities[name][0]), float(after.quantities[name][0])
    for player in latent.simplices:
        for stake, values in before.players.weights[player].items():
            now = float(after.players.weights[player][stake][0])
            if abs(now - values[0]) > 0.005:
                yield f"{player}.weights.{stake}", float(values[0]), now


# --- tables ------------------------------------------------------------------------------------------------------


def _threshold_table(axes: list[Axis], titles: list[str]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for axis in axes:
        for value, rival in axis.thresholds:
            where = "inside" if axis.is_inside(value) else "outside"
            rows.append((axis.name, axis.centre, axis.low, axis.high, value, where, titles[rival]))
    columns = (
        Column("number", ""), Column("centre", "centre", "size"), Column("p5", "5 %", "size"), Column("p95", "95 %", "size"),
        Column("threshold", "flips at", "size"), Column("where", "90 % range"), Column("to", "to"),
    )  # fmt: skip
    note = None if rows else "no single number flips the decision within the middle 98 % of its range"
    return Table(
        "thresholds", "Where one number alone flips the decision, in the central world", columns, tuple(rows), note
    )


def _tornado(axes: list[Axis]) -> Table:
    rows = tuple((axis.name, axis.low, axis.high, axis.lead_low, axis.lead_high, axis.swing) for axis in axes)
    columns = (
        Column("number", ""), Column("p5", "5 %", "size"), Column("p95", "95 %", "size"), Column("lead_p5", "lead at 5 %", "amount"),
        Column("lead_p95", "lead at 95 %", "amount"), Column("swing", "swing", "size"),
    )  # fmt: skip
    return Table(
        "tornado",
        "How far each number moves the lead of the preferred action",
        columns,
        rows,
        "payoff of the mover; below 0 the decision has flipped",
    )


def _map_table(setting: Setting, axes: list[Axis], titles: list[str]) -> Table:
    """The preferred action over the two numbers that swing the lead most."""
    names = [axis.name for axis in axes if axis.name in setting.latent.numbers][:2]
    if len(names) < 2:
        return Table("map", "Region map", (), (), "fewer than two numbers to map")
    rows_at, columns_at = (
        setting.latent.number_at(name, special.ndtri(np.linspace(0.05, 0.95, MAP))) for name in names
    )
    size = MAP * MAP
    worlds = setting.latent.worlds(np.zeros((len(setting.latent.names), size)))
    numbers = {**worlds.quantities, names[0]: np.repeat(rows_at, MAP), names[1]: np.tile(columns_at, MAP)}
    best = setting.values(_with(setting, numbers, worlds)).argmax(axis=0).reshape(MAP, MAP)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    shown = [one for one in range(len(titles)) if (best == one).any()]
    key = "; ".join(f"{letters[one]} {titles[one]}" for one in shown)
    columns = (
        Column(names[0], names[0], "size"),
        *(Column(f"{names[1]}_{n}", f"{value:.2g}") for n, value in enumerate(columns_at)),
    )
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (float(value), *(letters[one] for one in best[place])) for place, value in enumerate(rows_at)
    )
    return Table("map", f"The preferred action by {names[0]} (down) and {names[1]} (across)", columns, rows, key)


def _with(setting: Setting, numbers: dict[str, Floats], worlds: Worlds) -> Worlds:
    return stated(
        setting.study.scenario,
        numbers,
        {p: worlds.players.weights[p] for p in setting.latent.simplices},
        setting.study.perceptions,
    )


def _nearest_table(near: list[Flip], titles: list[str]) -> Table:
    rows = tuple(
        (
            "all together" if flip.axes == ("all",) else ", ".join(flip.axes), flip.distance, titles[flip.rival],
            "; ".join(f"{name} {before:.3g} → {after:.3g}" for name, before, after in flip.moves[:6]), "yes" if flip.is_certified else "NO",
        )
        for flip in near
    )  # fmt: skip
    columns = (
        Column("moved", "moved"),
        Column("distance", "sd", "size"),
        Column("to", "flips to"),
        Column("how", "how"),
        Column("certified", "certified"),
    )
    note = (
        "distance in standard deviations of the prior from its centre; certified by solving again on both sides"
        if rows
        else "no flip within 8 standard deviations"
    )
    return Table("nearest", "The nearest flips", columns, rows, note)


def _world_table(setting: Setting, axes: list[Axis]) -> Table:
    """In which share of sampled worlds moving one number alone flips what is preferred there."""
    preferred = setting.values(setting.solver.sampled(SAMPLED_WORLDS)).argmax(axis=0)
    numbers = [axis for axis in axes if axis.name in setting.latent.numbers][:MOST_NUMBERS]
    rows: list[tuple[Cell, ...]] = []
    for axis in numbers:
        grid = setting.latent.number_at(axis.name, special.ndtri(np.linspace(0.05, 0.95, COARSE)))
        worlds = setting.solver.sampled(SAMPLED_WORLDS, COARSE, {axis.name: grid})
        differs = setting.values(worlds).argmax(axis=0).reshape(SAMPLED_WORLDS, COARSE) != preferred[:, None]
        at = [float(grid[np.flatnonzero(row)[0]]) for row in differs if row.any()]
        rows.append((axis.name, float(differs.any(axis=1).mean()), float(np.median(at)) if at else None))
    columns = (
        Column("number", ""),
        Column("flips_in", "flips in", "chance"),
        Column("median", "first at, median", "size"),
    )
    return Table(
        "over_worlds",
        "Over worlds: where moving one number alone through its 90 % range flips what is preferred",
        columns,
        tuple(rows),
        f"the {len(numbers)} numbers that swing the lead most",
    )


def _reweighting(setting: Setting, titles: list[str]) -> Table:
    """How far worlds must be reweighed, in nats, until another action is best in as many of them."""
    counts = np.zeros(len(titles))
    for chunk in setting.solver.chunks():
        reach = chunk.way.reach[setting.nodes] * (chunk.status == SOLVED)
        counts += _best_counts(setting, chunk, reach)
    shares = counts / counts.sum()
    order = np.argsort(-shares)
    top, second = float(shares[order[0]]), float(shares[order[1]]) if len(order) > 1 else 0.0
    columns = (
        Column("option", ""),
        Column("share", "best in", "chance"),
        Column("nats", "nats to overtake the first", "size"),
    )
    rows = tuple(
        (titles[o], float(shares[o]), None if o == order[0] else reweighting_nats(top, float(shares[o]))) for o in order
    )
    return Table(
        "reweighting",
        "The smallest reweighting of worlds that flips the majority",
        columns,
        rows,
        None if second else "one action is best in every world",
    )


def _best_counts(setting: Setting, chunk: object, reach: Floats) -> Floats:
    game, sweep, inputs = setting.solver.game, chunk.sweep, chunk.inputs  # type: ignore[attr-defined]
    player = game.steps[game.step_of_node[setting.nodes[0]]].player
    total = reach.sum(axis=0)
    share = reach / np.where(total > 0, total, 1.0)
    worth = []
    for place in range(len(setting.options)):
        edges = game.first_edge[setting.nodes] + place
        worth.append((share * action_values(game, inputs, sweep, edges, player)).sum(axis=0))
    return np.bincount(np.argmax(worth, axis=0), total, len(setting.options)).astype(np.float64)


def reweighting_nats(top: float, other: float) -> float | None:
    """The least relative entropy, in nats, of weights under which two shares are equal; None where the other is nil.

    >>> round(reweighting_nats(0.75, 0.25), 6)
    0.143841
    """
    if other <= 0:
        return None
    return float(-np.log(2 * np.sqrt(top * other) + 1 - top - other))


def _judgements(
    mover: str, titles: list[str], first: int, values: Floats, axes: list[Axis], near: list[Flip], reach: float
) -> Iterator[str]:
    second = float(np.delete(values, first).max())
    yield f"In the central world {mover} prefers “{titles[first]}”, by {values[first] - second:.3f} (met in {percent(reach)} of plays)."
    inside = [axis.name for axis in axes if any(axis.is_inside(value) for value, _ in axis.thresholds)]
    if inside:
        yield f"Within their 90 % ranges these flip it alone: {', '.join(inside[:8])}" + (
            f" and {len(inside) - 8} more." if len(inside) > 8 else "."
        )
    else:
        yield "No single number flips it within its 90 % range."
    if near:
        yield f"The nearest flip, all numbers together, is {near[0].distance:.2f} standard deviations away, to “{titles[near[0].rival]}”."
