"""What would flip a decision: thresholds, tornado, region map, nearest flip, and how far the worlds must be reweighed.

A decision is read in its likeliest situation (states that offer the same actions), over the states of it that a world reaches. The
preferred action is the one that the mover holds worth most; it flips where another overtakes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.latent import Latent
from stratagem.analyse.options import nodes_by_situation, situations
from stratagem.analyse.study import Study
from stratagem.graph.game import Floats, Ints
from stratagem.graph.worlds import Worlds
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Solver

GRID = 41
REACH = 0.99  # how far into its distribution a number is varied
BISECTIONS = 40
SAMPLED_WORLDS = 48
COARSE = 7
MAP = 13
ITERATIONS = 30
STEP = 1e-4
SIDE = 1e-4  # how far beyond a flip both sides are solved again, as a share of the way
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
                onward = chunk.sweep.buffer[game.num_gains + game.child_of_edge[edges], player]
                if chunk.inputs.discounts is not None:
                    onward = onward * chunk.inputs.discounts[game.duration_of_edge[edges], player]
                worth = onward + chunk.sweep.buffer[game.gain_of_edge[edges], player]
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
    origin = np.zeros((len(setting.latent.names), 1))
    values = setting.values(setting.latent.worlds(origin))[:, 0]
    first = int(values.argmax())
    axes = [axis_of(setting, name, first) for name in _axis_names(setting.latent)]
    axes.sort(key=lambda axis: -axis.swing)
    near = list(_nearest(setting, first))
    worlds = _world_table(setting, axes)
    mover = study.scenario.players[study.game.players[info.player]].name
    return Finding(
        kind="flips",
        title=f"{study.scenario.scenario}: what would flip {info.label}",
        judgements=tuple(_judgements(mover, titles, first, values, axes, near, reach)),
        tables=(
            _threshold_table(axes, titles), _tornado(axes), _map_table(setting, axes, titles), _nearest_table(near, titles),
            worlds, _reweighting(setting, titles),
        ),
        caveats=(
            f"in the likeliest situation, met in {percent(reach)} of plays; central world: medians, and prior means for weights",
            f"over worlds: {SAMPLED_WORLDS} worlds, each number moved alone through the middle {2 * REACH - 1:.0%} of its range",
        ),
        manifest={"decision": info.label, "worlds": study.worlds, "seed": study.seed},
    )  # fmt: skip


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


def _mover_of(latent: Latent, name: str) -> tuple[Callable[[Floats], Worlds], Callable[[Floats], Floats]]:
    """How a number is set, and its quantiles."""
    if name in latent.numbers:
        return (lambda values: latent.with_number(name, values)), lambda u: latent.number_at(name, _normal(u))
    player, _, stake = name.split(".")
    drawn = _drawn_weights(latent, player)[stake]
    return (lambda values: latent.with_weight(player, stake, values)), lambda u: np.quantile(drawn, u)


def _normal(u: Floats) -> Floats:
    from scipy import special  # noqa: PLC0415

    return np.asarray(special.ndtri(u))


def _drawn_weights(latent: Latent, player: str) -> dict[str, Floats]:
    from stratagem.graph.worlds import prior_weights  # noqa: PLC0415

    return dict(prior_weights(latent.scenario)[player])


def axis_of(setting: Setting, name: str, first: int) -> Axis:
    """The thresholds of one number in the central world, all of them, refined by bisection."""
    place, points = _mover_of(setting.latent, name)
    u = np.concatenate([[0.05, 0.5, 0.95], np.linspace(1 - REACH, REACH, GRID)])
    values = points(u)
    if name not in setting.latent.numbers:
        values[1] = _central_weight(setting.latent, name)
    worth = setting.values(place(values))
    lead = worth[first] - np.delete(worth, first, axis=0).max(axis=0)
    thresholds = tuple(_crossings(setting, place, values[3:], lead[3:], first))
    return Axis(name, float(values[1]), float(values[0]), float(values[2]), float(lead[0]), float(lead[2]), thresholds)


def _central_weight(latent: Latent, name: str) -> float:
    player, _, stake = name.split(".")
    simplex = latent.simplices[player]
    return float(simplex.mean[simplex.stakes.index(stake)])


def _crossings(
    setting: Setting, place: Callable[[Floats], Worlds], values: Floats, lead: Floats, first: int
) -> Iterator[tuple[float, int]]:
    """Every value at which the lead changes sign, and the action on the other side."""
    brackets = np.flatnonzero(
        np.isfinite(lead[:-1]) & np.isfinite(lead[1:]) & (np.sign(lead[:-1]) != np.sign(lead[1:]))
    )
    if not len(brackets):
        return
    left, right, sign = values[brackets].copy(), values[brackets + 1].copy(), np.sign(lead[brackets])
    for _ in range(BISECTIONS):
        middle = (left + right) / 2
        same = np.sign(setting.lead(place(middle), first)) == sign
        left, right = np.where(same, middle, left), np.where(same, right, middle)
        if (np.abs(right - left) <= 1e-10 * np.maximum(1, np.abs(middle))).all():
            break
    lost = np.where(sign > 0, right, left)
    rivals = setting.values(place(lost)).argmax(axis=0)
    yield from zip(((left + right) / 2).tolist(), rivals.tolist(), strict=True)


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
    latent = setting.latent
    groups = list(dict.fromkeys(latent.names))
    everything = _descend(setting, first, np.ones(len(latent.names), bool))
    if everything is None:
        return
    yield _flip(setting, first, everything, ("all",))
    pull = {
        name: float(np.sqrt(sum(everything[i] ** 2 for i, one in enumerate(latent.names) if one == name)))
        for name in groups
    }
    leading = sorted(groups, key=lambda name: -pull[name])[:AMONG]
    for count in (1, 2, 3):
        found = []
        for names in combinations(leading, count):
            point = _descend(setting, first, np.isin(latent.names, names))
            if point is not None:
                found.append((float(np.linalg.norm(point)), names, point))
        if found:
            _, names, point = min(found, key=lambda one: one[0])
            yield _flip(setting, first, point, names)


def _descend(setting: Setting, first: int, is_free: np.ndarray) -> Floats | None:
    """The point nearest to the origin with no lead, by the Hasofer-Lind-Rackwitz-Fiessler iteration; None where it is not reached."""
    point = np.zeros(len(is_free))
    for _ in range(ITERATIONS):
        lead, slope = _slope(setting, first, point, is_free)
        size = float(slope @ slope)
        if not np.isfinite(lead) or size < 1e-20:
            return None
        target = slope * (float(slope @ point) - lead) / size
        if np.linalg.norm(target) > 8:
            return None
        if np.linalg.norm(target - point) < 1e-7:
            point = target
            break
        point = _damped(setting, first, point, target)
    return _on_boundary(setting, first, point)


def _slope(setting: Setting, first: int, point: Floats, is_free: np.ndarray) -> tuple[float, Floats]:
    """The lead at a point and its slope by central differences along the free axes."""
    free = np.flatnonzero(is_free)
    steps = np.zeros((len(point), 2 * len(free) + 1))
    steps[free, np.arange(len(free))] = STEP
    steps[free, len(free) + np.arange(len(free))] = -STEP
    leads = setting.lead(setting.latent.worlds(point[:, None] + steps), first)
    slope = np.zeros(len(point))
    slope[free] = (leads[: len(free)] - leads[len(free) : -1]) / (2 * STEP)
    return float(leads[-1]), slope


def _damped(setting: Setting, first: int, point: Floats, target: Floats) -> Floats:
    """A step towards the target that does not overshoot: the best of a few lengths, by distance and lead together."""
    lengths = np.array([1.0, 0.5, 0.25])
    tried = point[:, None] + (target - point)[:, None] * lengths
    leads = np.abs(setting.lead(setting.latent.worlds(tried), first))
    merit = 0.5 * (tried**2).sum(axis=0) + 1e3 * leads
    return np.asarray(tried[:, int(np.nanargmin(merit))])


def _on_boundary(setting: Setting, first: int, point: Floats) -> Floats | None:
    """The point scaled along its ray to where the lead is nil; None where the ray has no such place nearby."""
    scales = np.linspace(0.0, 1.3, 27)
    leads = setting.lead(setting.latent.worlds(point[:, None] * scales), first)
    lost = np.flatnonzero(leads < 0)
    if not len(lost) or lost[0] == 0:
        return None
    low, high = scales[lost[0] - 1], scales[lost[0]]
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_ahead = setting.lead(setting.latent.worlds(point[:, None] * middle), first)[0] > 0
        low, high = (middle, high) if is_ahead else (low, middle)
    return np.asarray(point * (low + high) / 2)


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
    rows_at, columns_at = (setting.latent.number_at(name, _normal(np.linspace(0.05, 0.95, MAP))) for name in names)
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
    from stratagem.graph.worlds import stated  # noqa: PLC0415

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
    drawn = setting.solver.sampled(SAMPLED_WORLDS)
    preferred = setting.values(drawn).argmax(axis=0)
    rows: list[tuple[Cell, ...]] = []
    numbers = [axis for axis in axes if axis.name in setting.latent.numbers][:12]
    for axis in numbers:
        grid = setting.latent.number_at(axis.name, _normal(np.linspace(0.05, 0.95, COARSE)))
        best = (
            setting.values(setting.solver.sampled(SAMPLED_WORLDS, COARSE, {axis.name: grid}))
            .argmax(axis=0)
            .reshape(SAMPLED_WORLDS, COARSE)
        )
        differs = best != preferred[:, None]
        flipped = differs.any(axis=1)
        at = [float(grid[np.flatnonzero(row)[0]]) for row in differs[flipped]]
        rows.append((axis.name, float(flipped.mean()), float(np.median(at)) if at else None))
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
        onward = sweep.buffer[game.num_gains + game.child_of_edge[edges], player]
        if inputs.discounts is not None:
            onward = onward * inputs.discounts[game.duration_of_edge[edges], player]
        worth.append((share * (onward + sweep.buffer[game.gain_of_edge[edges], player])).sum(axis=0))
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
