"""Why a mover prefers one action to another: his payoff gap, split by stake and by outcome (M5, M8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stratagem.analyse.study import Study
from stratagem.errors import UsageError, near, quote
from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.columns import TRUTH
from stratagem.solve.expect import Expectation, action_expectation, expect
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import Bools, action_values

ATTITUDE = "risk attitude and reference points"


@dataclass
class Gap:
    """The pooled gap between two actions as the mover sees it, and its parts, which sum to it."""

    baseline: str
    gap: float = 0.0
    by_stake: dict[str, float] = field(default_factory=dict)
    by_outcome: dict[str, float] = field(default_factory=dict)


def payoff_gaps(solvers: Sequence[Solver], step: int, options: tuple[int, int], baseline: str | None) -> list[Gap]:
    """The gap of the first option over the second, over worlds and over the states reached in which both are available.

    One gap a solver; solvers of one game share their sweeps.
    """
    outcome = _baseline(solvers[0].game, baseline)
    found = [Gap(one.game.outcomes[outcome]) for one in solvers]
    totals = [0.0] * len(solvers)
    for lead in [place for place, one in enumerate(solvers) if one.game is not solvers[0].game or place == 0]:
        alike = [place for place, one in enumerate(solvers) if one.game is solvers[lead].game]
        for chunk in solvers[lead].chunks():
            parts = _parts(solvers[lead], chunk, step, options, outcome)
            for place in alike if parts is not None else ():
                own = chunk if place == lead else solvers[place].again(chunk)
                here = parts if own.sweep is chunk.sweep else _parts(solvers[place], own, step, options, outcome)
                assert here is not None
                totals[place] += _add(found[place], here, own)
    for one, total in zip(found, totals, strict=True):
        scale = 1 / total if total > 0 else 0.0
        one.gap *= scale
        one.by_stake = {name: value * scale for name, value in one.by_stake.items()}
        one.by_outcome = {name: value * scale for name, value in one.by_outcome.items()}
    return found


@dataclass(frozen=True)
class _Parts:
    """The gap of a chunk's worlds at the states where both options may stand, and its parts: all [n, W]."""

    nodes: Ints
    stands: Bools
    gap: Floats
    by_stake: dict[str, Floats]
    by_outcome: dict[str, Floats]


def world_gap(study: Study, step: int, options: tuple[int, int]) -> tuple[Floats, Floats]:
    """[W] the mover's gap of the first option over the second in each world, and the weight of the states where both stand.

    The gap is a mean over these states; NaN where a world reaches none of them.
    """
    solver = study.solver(step)
    player = study.game.steps[step].player
    first, second = _edges_of(study.game, step, options)
    nodes = study.game.parent_of_edge[first]
    gap, total = np.zeros(study.worlds), np.zeros(study.worlds)
    for chunk in solver.chunks():
        share = chunk.inputs.tables[0][study.game.share_of_edge[[first, second]]] if len(first) else np.zeros((2, 0, 1))
        weight = chunk.way.reach[nodes] * (chunk.status == SOLVED) * (share > 0).all(axis=0)
        own = _own_value(solver, chunk, first, player) - _own_value(solver, chunk, second, player)
        gap[chunk.place] = (weight * np.where(weight > 0, own, 0.0)).sum(axis=0)
        total[chunk.place] = weight.sum(axis=0)
    return np.where(total > 0, gap / np.where(total > 0, total, 1.0), np.nan), total


def _baseline(game: Game, name: str | None) -> int:
    if name is None:
        return 0
    if name not in game.outcomes:
        raise UsageError(
            f"the unknown outcome {quote(name)}{near(name, game.outcomes)}; one of {', '.join(game.outcomes)}"
        )
    return game.outcomes.index(name)


def _add(found: Gap, parts: _Parts, chunk: Chunk) -> float:
    """Add a chunk's part to the sums; gives the weight that it had."""
    weight = chunk.way.reach[parts.nodes] * parts.stands * (chunk.status == SOLVED)
    found.gap += float((weight * parts.gap).sum())
    for sums, by in ((found.by_stake, parts.by_stake), (found.by_outcome, parts.by_outcome)):
        for name, part in by.items():
            sums[name] = sums.get(name, 0.0) + float((weight * part).sum())
    return float(weight.sum())


def _parts(solver: Solver, chunk: Chunk, step: int, options: tuple[int, int], outcome: int) -> _Parts | None:
    """The gap and its parts in a chunk; None where both options stand in no state."""
    plan, game, inputs = solver.plan, solver.game, chunk.inputs
    player = game.steps[step].player
    first, second = _edges_of(game, step, options)
    if not len(first):
        return None
    share = inputs.tables[TRUTH][game.share_of_edge]
    hope = expect(plan, inputs, chunk.sweep.behaviour, player, game.parent_of_edge[first])
    one, two = (action_expectation(plan, inputs, hope, edges, player) for edges in (first, second))
    gap = _own_value(solver, chunk, first, player) - _own_value(solver, chunk, second, player)
    by_stake = _plain(game, inputs.worth[player], one.accounts - two.accounts)
    by_stake[ATTITUDE] = gap - np.sum([np.zeros_like(gap), *by_stake.values()], axis=0)
    stands = (share[first] > 0) & (share[second] > 0)
    return _Parts(game.parent_of_edge[first], stands, gap, by_stake, _by_outcome(game, one, two, outcome, gap))


def _edges_of(game: Game, step: int, options: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The edges of both options at the states where both stand."""
    parent = game.parent_of_edge
    here = game.step_of_node[parent] == step
    edges = [np.flatnonzero(here & (game.option_of_edge == option)) for option in options]
    common = np.intersect1d(parent[edges[0]], parent[edges[1]])
    return edges[0][np.isin(parent[edges[0]], common)], edges[1][np.isin(parent[edges[1]], common)]


def _own_value(solver: Solver, chunk: Chunk, edges: np.ndarray, player: int) -> Floats:
    """[edges, W]: what the actions are worth to the mover, risk attitude and all."""
    return action_values(solver.game, chunk.inputs, chunk.sweep, edges, player)


def _plain(game: Game, worth: Floats, accounts: Floats) -> dict[str, Floats]:
    """The mean gap by stake, a loss weighed like a gain."""
    plain: dict[str, Floats] = {}
    above = {one.stake: place for place, one in enumerate(game.accounts) if one.side == "above"}
    for place, one in enumerate(game.accounts):
        part = accounts[:, place]
        if one.side == "below":
            gain, loss = worth[above[one.stake]], -worth[place]
            part = np.where(loss != 0, part * np.divide(gain, np.where(loss != 0, loss, 1.0)), 0.0)
        name = one.stake or "payoff"
        plain[name] = plain.get(name, 0.0) + part
    return {name: part for name, part in plain.items() if np.abs(part).max() > 0}


def _by_outcome(game: Game, one: Expectation, two: Expectation, outcome: int, gap: Floats) -> dict[str, Floats]:
    """Each outcome's part: how much likelier, times how much better than the baseline's mean payoff."""
    chance = two.chance[:, outcome]
    base = np.where(chance > 0, two.by_outcome[:, outcome] / np.where(chance > 0, chance, 1.0), 0.0)
    found = {
        name: (one.by_outcome - two.by_outcome)[:, place] - base * (one.chance - two.chance)[:, place]
        for place, name in enumerate(game.outcomes)
    }
    found[ATTITUDE] = gap - np.sum(list(found.values()), axis=0)
    return found
