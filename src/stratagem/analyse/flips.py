"""What would flip a decision: thresholds, tornado, region map, nearest flip, and how far the worlds must be reweighed.

A decision is read in its likeliest situation (states that offer the same actions), over the states of it that a world reaches. The
preferred action is the one that the mover holds worth most; it flips where another overtakes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import special

from stratagem.analyse.digits import chance
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.grounds import bases
from stratagem.analyse.lead import Setting, setting_of
from stratagem.analyse.nearest import Flip, nearest, searches
from stratagem.analyse.pooling import Pooled
from stratagem.analyse.study import Study
from stratagem.analyse.thresholds import REACH, SAMPLED_WORLDS, Axis, axes_of, over_worlds
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats
from stratagem.graph.worlds import Worlds, stated
from stratagem.solve.kernel import TIE_TOLERANCE
from stratagem.solve.processes import each

MAP = 13
MOST_NUMBERS = 12


def flips(study: Study, decision: str) -> Finding:
    """Everything that would flip a decision, nearest first. Raises `UsageError` for an unknown decision."""
    step = study.decision(decision)
    setting = setting_of(study, step)
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
    jobs: list[Callable[[], Any]] = [
        partial(_world_table, setting, axes), *searches(setting, first, axes), partial(_map_table, setting, axes, titles),
    ]  # fmt: skip
    world_table, dense, singles, map_table = each(jobs, setting.solver.is_long(study.worlds))
    near = list(nearest(setting, first, dense, singles))
    tables = (
        _threshold_table(axes, titles), _tornado(axes), map_table, _nearest_table(near, titles), world_table,
        _reweighting(setting, titles),
    )  # fmt: skip
    mover = study.scenario.players[study.game.players[info.player]].name
    return Finding(
        kind="flips",
        title=f"{study.scenario.scenario}: what would flip {info.label}",
        judgements=tuple(_judgements(mover, titles, first, values, axes, near, setting.reach)),
        tables=tables,
        caveats=(
            f"in the likeliest situation, met in {chance(setting.reach.mean, setting.reach.error)} of plays; central world: medians, and prior means for weights",
            f"one number alone: moved through the middle {2 * REACH - 1:.0%} of its range, correlated numbers staying where they are",
        ),
        rests_on=bases(study.scenario, (info.move,), tables),
        manifest={"decision": info.label, "worlds": study.worlds, "seed": study.seed},
    )


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
    """In which share of sampled worlds moving one number alone flips what is preferred there, and how near to its value there."""
    numbers = [axis.name for axis in axes if axis.name in setting.latent.numbers][:MOST_NUMBERS]
    columns = (
        Column("number", ""), Column("flips_in", "flips in", "chance"), Column("p5", "5 %", "size"), Column("median", "median", "size"),
        Column("p95", "95 %", "size"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for name, met in over_worlds(setting, numbers):
        flips_at = met[~np.isnan(met)]
        ends = np.quantile(flips_at, (0.05, 0.5, 0.95)).tolist() if len(flips_at) else (None, None, None)
        rows.append((name, len(flips_at) / max(len(met), 1), *ends))
    return Table(
        "over_worlds",
        "Over worlds: where moving one number alone through its 90 % range flips what is preferred",
        columns,
        tuple(rows),
        f"in {SAMPLED_WORLDS} worlds, the threshold nearest to the world's own value; the {len(numbers)} numbers that swing the lead most",
    )


def _reweighting(setting: Setting, titles: list[str]) -> Table:
    """How far worlds must be reweighed, in nats, until another action is best in as many of them."""
    shares = setting.best_in
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


def reweighting_nats(top: float, other: float) -> float | None:
    """The least relative entropy, in nats, of weights under which two shares are equal; None where the other is nil.

    >>> round(reweighting_nats(0.75, 0.25), 6)
    0.143841
    """
    if other <= 0:
        return None
    return float(-np.log(2 * np.sqrt(top * other) + 1 - top - other))


def _judgements(
    mover: str, titles: list[str], first: int, values: Floats, axes: list[Axis], near: list[Flip], reach: Pooled
) -> Iterator[str]:
    second = float(np.delete(values, first).max())
    if values[first] - second <= TIE_TOLERANCE:
        level = [title for title, value in zip(titles, values, strict=True) if values[first] - value <= TIE_TOLERANCE]
        yield f"In the central world {' and '.join(f'“{one}”' for one in level)} are worth the same to {mover}: a tie, which any move of what they hang on breaks."
    else:
        yield f"In the central world {mover} prefers “{titles[first]}”, by {values[first] - second:.3f} (met in {chance(reach.mean, reach.error)} of plays)."
    inside = [axis.name for axis in axes if any(axis.is_inside(value) for value, _ in axis.thresholds)]
    if inside:
        yield f"Within their 90 % ranges these flip it alone: {', '.join(inside[:8])}" + (
            f" and {len(inside) - 8} more." if len(inside) > 8 else "."
        )
    else:
        yield "No single number flips it within its 90 % range."
    if near:
        yield f"The nearest flip, all numbers together, is {near[0].distance:.2f} standard deviations away, to “{titles[near[0].rival]}”."
