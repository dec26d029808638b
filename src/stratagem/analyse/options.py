"""The options of a move side by side: means, spread, risk, regret and dominance (the comparison of risks).

For each available action: what the mover gains from the move on, exactly in the mean, and sampled for its distribution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.digits import chance, fixed
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import Pooled, pool, quantiles
from stratagem.analyse.study import Study
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats, Game, Ints
from stratagem.scenario.model import Claim
from stratagem.solve.expect import expect_total, total_of_edges
from stratagem.solve.sample import Points, sampled_totals
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver

PLAYS = 8
TAIL = 0.05
LEAST_REACH = 0.005
GRID = np.linspace(0.01, 0.99, 99)


@dataclass(frozen=True)
class Option:
    """One action's gains for the mover: exact means by world, sampled totals, and how much each world counts."""

    name: str
    title: str
    means: Floats  # [W]; NaN where the action does not stand
    totals: Floats  # [plays, W]
    weight: Floats  # [W]

    @property
    def is_open(self) -> bool:
        """Whether the action stands in some world."""
        return bool((self.weight > 0).any())


@dataclass(frozen=True)
class Risk:
    """Summary of an option's distribution."""

    mean: float
    error: float
    over_chance: float
    over_worlds: float
    below: float
    value_at_risk: float
    tail_mean: float
    tail_error: float
    worst: float
    points: Floats  # quantiles on GRID


def options(study: Study, decision: str, reference: float = 0.0, believed: bool = True) -> Finding:
    """Every option of a move for its mover, by the mover's own numbers (`believed`) or the true ones.

    Options are compared where the same ones stand: states of the move that offer the same actions form a situation, and each
    situation has tables of its own. Payoffs count from the move on, 0 being no change; below `reference` a total is a loss.
    """
    if not math.isfinite(reference):
        raise UsageError(f"the reference {quote(reference)}; a payoff, as a number")
    step = study.decision(decision)
    info = study.game.steps[step]
    mover = study.scenario.players[study.game.players[info.player]].name
    tables: list[Table] = []
    judgements: list[str] = []
    for number, situation in enumerate(compare(study, step, believed), start=1):
        risks = {one.name: risk_of(one, reference) for one in situation.options}
        tables += [
            _risk_table(number, situation, risks, reference),
            _regret_table(number, situation, reference),
            _dominance_table(number, situation, risks),
        ]
        judgements += _judgements(situation, risks, mover)
    if not judgements:
        judgements.append(f"{info.label} is next to never met: there is nothing to compare.")
    tables.append(_claims_table(study, step))
    return Finding(
        kind="options",
        title=f"{study.scenario.scenario}: what {mover} can do at {info.label}",
        judgements=tuple(judgements),
        tables=tuple(tables),
        caveats=(
            "by the mover's own numbers" if believed else "by the true numbers, which the mover may not hold",
            f"distributions are sampled: {PLAYS} plays of each world; the error stands beside the mean",
        ),
        rests_on=bases(study.scenario, (info.move,), tables),
        manifest={
            "decision": info.label,
            "reference": reference,
            "believed": believed,
            "worlds": study.worlds,
            "seed": study.seed,
        },
    )


@dataclass(frozen=True)
class Situation:
    """States of a move that offer the same actions: how likely the move is met in one of them, and the actions."""

    reach: Pooled
    options: tuple[Option, ...]

    @property
    def title(self) -> str:
        """The situation by what can be done in it."""
        stand = "1 option stands" if len(self.options) == 1 else f"{len(self.options)} options stand"
        return f"where {stand} (met in {chance(self.reach.mean, self.reach.error)} of plays)"


_Reading = tuple[Floats, Floats, Floats]


def compare(study: Study, step: int, believed: bool) -> list[Situation]:
    """The situations of a step, likeliest first; those that are next to never met are left out."""
    solver = study.solver(step)
    info, groups = study.game.steps[step], nodes_by_situation(situations(solver.game, step))

    def look(chunk: Chunk) -> tuple[Floats, list[tuple[Floats, list[_Reading]]]]:
        counted = chunk.status == SOLVED
        column = info.player if believed else chunk.inputs.columns.true_of_player[info.player]
        hope = expect_total(solver.plan, chunk.inputs, chunk.sweep.behaviour, column, step)
        points = Points(study.seed, chunk.inputs.world, PLAYS)
        readings = [
            [
                _reading(solver, chunk, nodes, option, believed, (column, hope), points)
                for option in range(len(info.options))
            ]
            for nodes in groups
        ]
        met = [chunk.way.reach[nodes].sum(axis=0) * counted for nodes in groups]
        return chunk.way.reach[0] * counted, list(zip(met, readings, strict=True))

    chunks = [found for _, found in solver.read(look)]
    whole = np.concatenate([root for root, _ in chunks])
    found = []
    for in_chunks in zip(*(of_groups for _, of_groups in chunks), strict=True):
        reach = np.concatenate([reach for reach, _ in in_chunks])
        met = pool(reach, whole)
        if met is None or met.mean < LEAST_REACH:
            continue
        of_options = zip(*(readings for _, readings in in_chunks), strict=True)
        standing = [
            Option(name, title, *(np.concatenate(part, axis=-1) for part in zip(*readings, strict=True)))
            for name, title, readings in zip(info.options, info.option_titles, of_options, strict=True)
        ]
        found.append((reach.sum(), Situation(met, tuple(one for one in standing if one.is_open))))
    return [situation for _, situation in sorted(found, key=lambda one: -one[0])]


def situations(game: Game, step: int) -> dict[int, int]:
    """The situation of each state of a step: states with the same options share one."""
    numbers: dict[tuple[int, ...], int] = {}
    found = {}
    for node in np.flatnonzero((game.step_of_node == step) & (game.player_of_node >= 0)):
        offered = tuple(game.option_of_edge[game.first_edge[node] : game.first_edge[node + 1]].tolist())
        found[int(node)] = numbers.setdefault(offered, len(numbers))
    return found


def nodes_by_situation(situation_of: dict[int, int]) -> list[Ints]:
    """The states of each situation."""
    count = len(set(situation_of.values()))
    return [np.array([node for node, one in situation_of.items() if one == place], np.int32) for place in range(count)]


def _reading(
    solver: Solver,
    chunk: Chunk,
    among: Ints,
    option: int,
    believed: bool,
    expected: tuple[int, Floats],
    points: Points,
) -> _Reading:
    """An option in some states of a chunk: mean [W], sampled totals [PLAYS, W] and weight [W], nothing where no state has it."""
    game, inputs = solver.game, chunk.inputs
    step = int(game.step_of_node[among[0]])
    player = game.steps[step].player
    edges = np.flatnonzero((game.option_of_edge == option) & np.isin(game.parent_of_edge, among))
    if not len(edges):
        nothing = np.full((1 + PLAYS, len(inputs)), np.nan)
        return nothing[0], nothing[1:], np.zeros(len(inputs))
    nodes = game.parent_of_edge[edges]
    stands = inputs.tables[0][game.share_of_edge[edges]] > 0
    reach = chunk.way.reach[nodes] * stands * (chunk.status == SOLVED)
    weight = reach.sum(axis=0)
    share = reach / np.where(weight > 0, weight, 1.0)
    column, hope = expected
    gain = total_of_edges(solver.plan, inputs, hope, edges, column)
    totals = sampled_totals(game, inputs, chunk.sweep.behaviour, player, (nodes, share), option, points, believed)
    return np.where(weight > 0, (share * gain).sum(axis=0), np.nan), totals, weight


def risk_of(option: Option, reference: float) -> Risk:
    """The risk of an option; worlds weigh by how likely they reach the move with the option open."""
    here = option.weight > 0
    weight, means, totals = option.weight[here], option.means[here], option.totals[:, here]
    share = weight / weight.sum()
    mean = float(share @ means)
    pooled, pooled_weight = totals.ravel(), np.tile(share, len(totals)) / len(totals)
    at_risk, tail = tail_of(pooled, pooled_weight, TAIL)
    return Risk(
        mean=mean,
        error=_error(pooled, pooled_weight),
        over_chance=float(np.sqrt(share @ totals.var(axis=0, ddof=1))) if len(totals) > 1 else 0.0,
        over_worlds=float(np.sqrt(share @ (means - mean) ** 2)),
        below=float(pooled_weight[pooled < reference - 1e-12].sum()),
        value_at_risk=at_risk,
        tail_mean=tail,
        tail_error=_error(np.maximum(at_risk - pooled, 0.0), pooled_weight) / TAIL,
        worst=float(pooled.min()),
        points=np.array(quantiles(pooled, pooled_weight, tuple(GRID))),
    )


def _error(values: Floats, weight: Floats) -> float:
    """The Monte Carlo error of a mean under weights that sum to 1."""
    return float(np.sqrt((weight**2 * (values - values @ weight) ** 2).sum()))


def tail_of(values: Floats, weight: Floats, mass: float) -> tuple[float, float]:
    """Value at risk and the mean of the worst `mass` of a distribution (Rockafellar & Uryasev 2000), splitting the atom at its edge.

    >>> tail_of(np.array([10.0, 0.0, -20.0]), np.array([0.5, 0.3, 0.2]), 0.25)
    (0.0, -16.0)
    """
    order = np.argsort(values, kind="stable")
    values, weight = values[order], weight[order] / weight.sum()
    passed = np.cumsum(weight)
    taken = np.clip(mass - (passed - weight), 0.0, weight)
    edge = min(int(np.searchsorted(passed, mass * (1 - 1e-12))), len(values) - 1)
    return float(values[edge]), float(taken @ values / mass)


def dominates(one: Floats, other: Floats, order: int, slack: float = 1e-9) -> bool:
    """Whether a distribution, by its quantiles at equal steps, dominates another in the first or second order."""
    gap = one - other if order == 1 else np.cumsum(one - other)
    return bool((gap >= -slack).all() and (gap > slack).any())


# --- tables ------------------------------------------------------------------------------------------------------


def _risk_table(number: int, situation: Situation, risks: dict[str, Risk], reference: float) -> Table:
    columns = (
        Column("option", ""), Column("mean", "mean", "amount"), Column("error", "error", "size"),
        Column("sd_chance", "sd, chance", "size"), Column("sd_worlds", "sd, worlds", "size"),
        Column("below", f"below {reference:g}", "chance"), Column("cvar", "worst 5 %", "amount"), Column("worst", "worst", "amount"),
    )  # fmt: skip
    rows = [
        (one.title, risk.mean, risk.error, risk.over_chance, risk.over_worlds, risk.below, risk.tail_mean, risk.worst)
        for one in situation.options
        for risk in [risks[one.name]]
    ]
    return Table(
        f"risk_{number}",
        f"What each option brings, {situation.title}",
        columns,
        tuple(rows),
        "payoff from the move on, 0 being no change",
    )


def _regret_table(number: int, situation: Situation, reference: float) -> Table:
    """Regret against the best option of each world, over worlds in which all of them stand."""
    found = situation.options
    together = np.all([one.weight > 0 for one in found], axis=0)
    columns = (
        Column("option", ""), Column("mean_regret", "mean regret", "size"), Column("regret_p95", "95 %", "size"),
        Column("max_regret", "greatest", "size"), Column("satisfies", f"at least {reference:g}", "chance"), Column("is_best", "best in", "chance"),
    )  # fmt: skip
    if not together.any():
        return Table(f"regret_{number}", "Regret", columns, (), "no world has all options open together")
    means = np.array([one.means[together] for one in found])
    weight = np.min([one.weight[together] for one in found], axis=0)
    weight = weight / weight.sum()
    regret = means.max(axis=0) - means
    rows: list[tuple[Cell, ...]] = []
    for place, one in enumerate(found):
        p95 = quantiles(regret[place], weight, (0.95,))[0]
        satisfied = float(weight[means[place] >= reference - 1e-12].sum())
        best = float(weight[regret[place] <= 1e-12].sum())
        rows.append((one.title, float(weight @ regret[place]), p95, float(regret[place].max()), satisfied, best))
    return Table(
        f"regret_{number}",
        "Regret over worlds, by mean payoff",
        columns,
        tuple(rows),
        f"in the {together.sum():,} worlds in which all these options may stand",
    )


def _dominance_table(number: int, situation: Situation, risks: dict[str, Risk]) -> Table:
    found = situation.options
    rows: list[tuple[Cell, ...]] = []
    for one in found:
        for other in found:
            if one is other:
                continue
            a, b = risks[one.name].points, risks[other.name].points
            order = next((n for n in (1, 2) if dominates(a, b, n)), None)
            if order is not None:
                rows.append((one.title, other.title, "first" if order == 1 else "second"))
    columns = (Column("option", "option"), Column("over", "dominates"), Column("order", "order"))
    note = "of the sampled distributions, at 99 quantiles; first: better at every level, second: preferred by all who dislike risk"
    return Table(
        f"dominance_{number}", "Stochastic dominance", columns, tuple(rows), note if rows else "none dominates another"
    )


def _compared(study: Study, move: str) -> Iterator[tuple[str, Claim]]:
    """The claims that compare at least two actions of the move."""
    for name, claim in study.scenario.claims.items():
        if sum(element.startswith(f"{move}.") for element in claim.modelled_by or ()) >= 2:
            yield name, claim


def _claims_table(study: Study, step: int) -> Table:
    info = study.game.steps[step]
    titles = dict(zip(info.options, info.option_titles, strict=True))
    rows: list[tuple[Cell, ...]] = []
    for name, claim in _compared(study, info.move):
        named = {
            element.partition(".")[2] for element in claim.modelled_by or () if element.startswith(f"{info.move}.")
        }
        left = [title for option, title in titles.items() if option not in named]
        rows.append(
            (name, claim.says, ", ".join(titles[one] for one in titles if one in named), ", ".join(left) or "none")
        )
    columns = (
        Column("claim", "claim"),
        Column("says", "says"),
        Column("compares", "compares"),
        Column("leaves_out", "leaves out"),
    )
    note = None if rows else "no claim compares these options"
    return Table("claims", "What the sources compare, and what they leave out", columns, tuple(rows), note)


def _judgements(situation: Situation, risks: dict[str, Risk], mover: str) -> Iterator[str]:
    found = situation.options
    where = f"{situation.title[0].upper()}{situation.title[1:]}"
    if len(found) == 1:
        yield f"{where}, {mover} can only choose “{found[0].title}”: there is nothing to compare."
        return
    by_mean = max(found, key=lambda one: risks[one.name].mean)
    by_tail = max(found, key=lambda one: risks[one.name].tail_mean)
    level = [one.title for one in found if one is not by_mean and risks[one.name].mean == risks[by_mean.name].mean]
    compared = [risks[one.name] for one in (by_tail, by_mean)]
    tails = [fixed(one.tail_mean, max(two.tail_error for two in compared), 2, "+") for one in compared]
    least = (
        "which also has the least bad worst 5 %"
        if by_tail is by_mean
        else f"while the least bad worst 5 % is that of “{by_tail.title}” ({tails[0]} against {tails[1]})"
    )
    tie = f", as much as {' and '.join(f'“{one}”' for one in level)}" if level else ""
    mean = fixed(risks[by_mean.name].mean, risks[by_mean.name].error, 2, "+")
    yield f"{where}, “{by_mean.title}” brings {mover} most in the mean ({mean}){tie}, {least}."
