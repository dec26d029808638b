"""Why a mover prefers one action to another: his payoff gap, split by stake and by outcome (M5, M8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stratagem.analyse.study import Study
from stratagem.errors import UsageError, near, quote
from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import TRUTH
from stratagem.solve.expect import Expectation, action_expectation, expect
from stratagem.solve.intervene import Choice
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values

ATTITUDE = "risk attitude and reference points"


@dataclass
class Gap:
    """The pooled gap between two actions as the mover sees it, and its parts, which sum to it."""

    baseline: str
    gap: float = 0.0
    by_stake: dict[str, float] = field(default_factory=dict)
    by_outcome: dict[str, float] = field(default_factory=dict)


def payoff_gap(
    study: Study, step: int, options: tuple[int, int], baseline: str | None, do: tuple[Choice, ...] = ()
) -> Gap:
    """The gap of the first option over the second, over worlds and over the states reached in which both are available."""
    game = study.game
    outcome = _baseline(game, baseline)
    solver = study.solver(step, do)
    player = game.steps[step].player
    found = Gap(game.outcomes[outcome])
    total = 0.0
    for chunk in solver.chunks():
        total += _add_chunk(found, solver, chunk, step, options, player, outcome)
    scale = 1 / total if total > 0 else 0.0
    found.gap *= scale
    found.by_stake = {name: value * scale for name, value in found.by_stake.items()}
    found.by_outcome = {name: value * scale for name, value in found.by_outcome.items()}
    return found


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


def _add_chunk(
    found: Gap, solver: Solver, chunk: Chunk, step: int, options: tuple[int, int], player: int, outcome: int
) -> float:
    """Add a chunk's part to the sums; gives the weight that it had."""
    plan, game, inputs = solver.plan, solver.game, chunk.inputs
    first, second = _edges_of(game, step, options)
    if not len(first):
        return 0.0
    nodes = game.parent_of_edge[first]
    share = inputs.tables[TRUTH][game.share_of_edge]
    stands = (share[first] > 0) & (share[second] > 0)
    weight = chunk.way.reach[nodes] * stands * (chunk.status == SOLVED)
    hope = expect(plan, inputs, chunk.sweep.behaviour, player, step)
    one, two = (action_expectation(plan, inputs, hope, edges, player) for edges in (first, second))
    gap = _own_value(solver, chunk, first, player) - _own_value(solver, chunk, second, player)
    found.gap += float((weight * gap).sum())
    plain, attitude = _plain(game, inputs.worth[player], one.accounts - two.accounts)
    linear = np.zeros_like(gap)
    for name, part in plain.items():
        linear += part
        found.by_stake[name] = found.by_stake.get(name, 0.0) + float((weight * part).sum())
    rest = float((weight * (gap - linear)).sum())
    found.by_stake[ATTITUDE] = found.by_stake.get(ATTITUDE, 0.0) + rest
    _add_outcomes(found, game, one, two, weight, outcome, gap, attitude)
    return float(weight.sum())


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


def _plain(game: Game, worth: Floats, accounts: Floats) -> tuple[dict[str, Floats], Floats]:
    """The mean gap by stake, a loss weighed like a gain, and what weighing losses more adds."""
    plain: dict[str, Floats] = {}
    attitude = np.zeros(accounts[:, 0].shape)
    above = {one.stake: place for place, one in enumerate(game.accounts) if one.side == "above"}
    for place, one in enumerate(game.accounts):
        part = accounts[:, place]
        if one.side == "below":
            gain, loss = worth[above[one.stake]], -worth[place]
            even = np.where(loss != 0, part * np.divide(gain, np.where(loss != 0, loss, 1.0)), 0.0)
            attitude += part - even
            part = even
        name = one.stake or "payoff"
        plain[name] = plain.get(name, 0.0) + part
    return {name: part for name, part in plain.items() if np.abs(part).max() > 0}, attitude


def _add_outcomes(
    found: Gap,
    game: Game,
    one: Expectation,
    two: Expectation,
    weight: Floats,
    outcome: int,
    gap: Floats,
    _attitude: Floats,
) -> None:
    """Each outcome's part: how much likelier, times how much better than the baseline's mean payoff."""
    chance = two.chance[:, outcome]
    base = np.where(chance > 0, two.by_outcome[:, outcome] / np.where(chance > 0, chance, 1.0), 0.0)
    total = np.zeros_like(gap)
    for place, name in enumerate(game.outcomes):
        part = (one.by_outcome - two.by_outcome)[:, place] - base * (one.chance - two.chance)[:, place]
        total += part
        found.by_outcome[name] = found.by_outcome.get(name, 0.0) + float((weight * part).sum())
    found.by_outcome[ATTITUDE] = found.by_outcome.get(ATTITUDE, 0.0) + float((weight * (gap - total)).sum())
