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

    def add(self, part: Gap) -> None:
        """Add what other worlds come to."""
        self.gap += part.gap
        for sums, by in ((self.by_stake, part.by_stake), (self.by_outcome, part.by_outcome)):
            for name, value in by.items():
                sums[name] = sums.get(name, 0.0) + value

    def scale(self, by: float) -> None:
        """Multiply all by a number."""
        self.gap *= by
        for sums in (self.by_stake, self.by_outcome):
            sums.update({name: value * by for name, value in sums.items()})


def payoff_gaps(solvers: Sequence[Solver], step: int, options: tuple[int, int], baseline: str | None) -> list[Gap]:
    """The gap of the first option over the second, over worlds and over the states reached in which both are available.

    One gap a solver; solvers of one game share their sweeps.
    """
    outcome = _baseline(solvers[0].game, baseline)
    found: dict[int, Gap] = {}
    for lead in [place for place, one in enumerate(solvers) if one.game is not solvers[0].game or place == 0]:
        alike = [place for place, one in enumerate(solvers) if one.game is solvers[lead].game]
        found.update(zip(alike, _gaps([solvers[place] for place in alike], step, options, outcome), strict=True))
    return [found[place] for place in range(len(solvers))]


def _gaps(solvers: Sequence[Solver], step: int, options: tuple[int, int], outcome: int) -> list[Gap]:
    """The gaps of solvers of one game."""
    first = solvers[0]
    name = first.game.outcomes[outcome]

    def look(chunk: Chunk) -> list[tuple[Gap, float]]:
        parts = _parts(first, chunk, step, options, outcome)
        if parts is None:
            return []
        chunks = [chunk, *(one.again(chunk) for one in solvers[1:])]
        found = [
            parts if own.sweep is chunk.sweep else _parts(solver, own, step, options, outcome)
            for solver, own in zip(solvers, chunks, strict=True)
        ]
        return [_summed(name, here, own) for here, own in zip(found, chunks, strict=True) if here is not None]

    found, totals = [Gap(name) for _ in solvers], np.zeros(len(solvers))
    for _, sums in first.read(look):
        for place, (gap, weight) in enumerate(sums):
            found[place].add(gap)
            totals[place] += weight
    for one, total in zip(found, totals.tolist(), strict=True):
        one.scale(1 / total if total > 0 else 0.0)
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

    def look(chunk: Chunk) -> tuple[Floats, Floats]:
        share = chunk.inputs.tables[0][study.game.share_of_edge[[first, second]]] if len(first) else np.zeros((2, 0, 1))
        weight = chunk.way.reach[nodes] * (chunk.status == SOLVED) * (share > 0).all(axis=0)
        own = _own_value(solver, chunk, first, player) - _own_value(solver, chunk, second, player)
        return (weight * np.where(weight > 0, own, 0.0)).sum(axis=0), weight.sum(axis=0)

    for place, (gap_here, weight) in solver.read(look):
        gap[place], total[place] = gap_here, weight
    return np.where(total > 0, gap / np.where(total > 0, total, 1.0), np.nan), total


def _baseline(game: Game, name: str | None) -> int:
    if name is None:
        return 0
    if name not in game.outcomes:
        raise UsageError(
            f"the unknown outcome {quote(name)}{near(name, game.outcomes)}; one of {', '.join(game.outcomes)}"
        )
    return game.outcomes.index(name)


def _summed(name: str, parts: _Parts, chunk: Chunk) -> tuple[Gap, float]:
    """A chunk's parts summed over its worlds, and the weight that these have."""
    weight = chunk.way.reach[parts.nodes] * parts.stands * (chunk.status == SOLVED)
    by_stake, by_outcome = (
        {key: float((weight * part).sum()) for key, part in by.items()} for by in (parts.by_stake, parts.by_outcome)
    )
    return Gap(name, float((weight * parts.gap).sum()), by_stake, by_outcome), float(weight.sum())


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
