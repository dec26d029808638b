"""The equilibrium of a hidden subgame in a chunk of worlds, put into the sweep (M7, M9).

Takes a subgame whose later subgames are valued; gives the behaviour at its decisions, what each action is worth to its mover, and
how well it was found.

Axes: I information sets, A actions, J edges of decisions, T ways through, P players, W worlds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.others import SOURCE, Others, others
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve
from stratagem.solve.infosets import HiddenSubgame
from stratagem.solve.solution import Rival
from stratagem.solve.stepwise import discounting, odds_of, steps_of

Ints64 = NDArray[np.int64]
PRINCIPAL = "on the branch from precision 0"
MAX_SEARCHED = 60  # probabilities left open, up to which further equilibria are searched for


@dataclass(frozen=True)
class Found:
    """What the equilibrium of a subgame says of each edge of its decisions."""

    behaviour: Floats  # [J, W]
    worth: Floats  # [J, W] of the action to its mover, given all that he knows
    regret: Floats  # [J, W] of the information set
    is_stuck: NDArray[np.bool_]  # [J, W] no action is available there
    residual: Floats  # [W]
    is_solved: NDArray[np.bool_]  # [W]
    folds: Ints64  # [W] how often the branch turned back on the way
    bifurcations: Ints64  # [W] how often another branch crossed it


def equilibrium(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats, given: Floats | None) -> Found:
    """The equilibrium of a subgame. `given` [E, W] holds behaviour that is as it is; NaN where it is free.

    What is given is worth NaN.
    """
    behaviour, worth, regret = (np.full((len(subgame.edge_of_action), len(inputs)), np.nan) for _ in range(3))
    if given is not None:
        behaviour[:] = given[subgame.edge_of_action]
    is_free = np.isnan(behaviour[:, 0])
    _, is_stuck = _log_share(game, subgame, inputs)
    residual, is_solved = np.zeros(len(inputs)), np.ones(len(inputs), bool)
    folds = bifurcations = np.zeros(len(inputs), np.int64)
    if is_free.any():
        found = solve(
            _paths(subgame, is_free), _numbers(game, subgame, inputs, buffer, given, is_free), inputs.response
        )
        behaviour[is_free], worth[is_free] = np.exp(found.log_behaviour), found.worth
        regret[is_free] = np.repeat(found.regret, _sizes(subgame)[is_free[subgame.first_action[:-1]]], axis=0)
        residual, is_solved = found.residual, found.is_found
        folds, bifurcations = found.folds, found.bifurcations
    action, stuck = subgame.action_of_edge, np.repeat(is_stuck, _sizes(subgame), axis=0)
    return Found(
        behaviour[action], worth[action], np.nan_to_num(regret[action]), stuck[action], residual, is_solved,
        folds, bifurcations,
    )  # fmt: skip


def is_searchable(subgame: HiddenSubgame) -> bool:
    """Whether so few probabilities are open that further equilibria are searched for."""
    return len(subgame.edge_of_action) - len(subgame.infoset) <= MAX_SEARCHED


def has_others(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> NDArray[np.bool_]:
    """[W] whether a search finds further equilibria of a subgame; none are looked for where many probabilities are open."""
    has_some = np.zeros(len(inputs), bool)
    if is_searchable(subgame):
        has_some[_searched(game, subgame, inputs, buffer)[1].world] = True
    return has_some


def rivals(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> list[Rival]:
    """The equilibria of a subgame in one world, where a search finds more than one."""
    if not is_searchable(subgame):
        return []
    found, more = _searched(game, subgame, inputs, buffer)
    if not len(more.world) or not found.is_found[0]:
        return []
    listed = [(found.log_behaviour[:, 0], found.residual[0], PRINCIPAL)]
    listed += [
        (more.log_behaviour[:, one], more.residual[one], SOURCE[int(more.source[one])])
        for one in range(len(more.world))
    ]
    return [
        Rival(subgame.root, subgame.edge_of_action, np.exp(log_behaviour), float(residual), source)
        for log_behaviour, residual, source in listed
    ]


def _searched(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> tuple[Equilibrium, Others]:
    """The equilibrium on the branch, and the others that a search finds."""
    is_free = np.ones(len(subgame.edge_of_action), bool)
    form, numbers = _paths(subgame, is_free), _numbers(game, subgame, inputs, buffer, None, is_free)
    found = solve(form, numbers, inputs.response)
    return found, others(form, numbers, found, inputs.response)


def _sizes(subgame: HiddenSubgame) -> NDArray[np.intp]:
    """[I] how many actions each information set has."""
    return np.diff(subgame.first_action).astype(np.intp)


def _paths(subgame: HiddenSubgame, is_free: NDArray[np.bool_]) -> Paths:
    """The ways as paths through the information sets whose behaviour is sought."""
    is_sought = is_free[subgame.first_action[:-1]]
    action = subgame.actions_of(subgame.ways.edge)
    is_visit = (action >= 0) & is_free[action]
    passed = np.concatenate([[0], np.cumsum(is_visit)])
    return Paths(
        subgame.player_of_infoset[is_sought].astype(np.int64),
        np.concatenate([[0], np.cumsum(_sizes(subgame)[is_sought])]),
        passed[subgame.ways.first],
        (np.cumsum(is_free) - 1)[action[is_visit]],
    )


def _log_share(game: Game, subgame: HiddenSubgame, inputs: Inputs) -> tuple[Floats, NDArray[np.bool_]]:
    """Logarithms [A, W] of base shares, and [I, W] where no action is available: there all count as available."""
    share = inputs.tables[TRUTH][game.share_of_edge[subgame.edge_of_action]]
    is_stuck = ~np.logical_or.reduceat(share > 0, subgame.first_action[:-1], axis=0)
    share = np.where(np.repeat(is_stuck, np.diff(subgame.first_action), axis=0), 1.0, share)
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(share, 0.0)), is_stuck


def _numbers(
    game: Game,
    subgame: HiddenSubgame,
    inputs: Inputs,
    buffer: Floats,
    given: Floats | None,
    is_free: NDArray[np.bool_],
) -> Numbers:
    """Chance and payoffs of each way, as each player has them, from its last edge to its first.

    Payoffs of the way are undiscounted: one who discounts goes by its steps.
    """
    ways, players = subgame.ways, len(game.players)
    payoff = buffer[game.num_gains + ways.leaf, :players].copy()
    evaluators = inputs.columns.evaluator[:players]
    log_chance, trembles = (
        {evaluator: np.zeros((len(ways.leaf), len(inputs)), kind) for evaluator in set(evaluators)}
        for kind in (np.float64, np.int64)
    )
    length = np.diff(ways.first)
    for back in range(1, int(length.max()) + 1):
        here = np.flatnonzero(length >= back)
        edges = ways.edge[ways.first[here + 1] - back]
        payoff[here] += buffer[game.gain_of_edge[edges], :players]
        for evaluator in log_chance:
            odds = odds_of(game, inputs.tables[evaluator], edges, given)
            log_chance[evaluator][here] += np.log(np.where(odds > 0, odds, 1.0))
            trembles[evaluator][here] += odds <= 0
    ours = discounting(subgame, inputs)
    aversion = None if inputs.risk_aversion is None else inputs.risk_aversion[:players].copy()
    steps = None
    if len(ours):
        steps = steps_of(game, subgame, inputs, buffer, given, is_free)
        if aversion is not None:
            aversion[ours] = 0.0
    return Numbers(
        np.stack([log_chance[one] for one in evaluators]),
        np.ascontiguousarray(payoff.transpose(1, 0, 2)),
        _log_share(game, subgame, inputs)[0][is_free],
        inputs.precision,
        aversion,
        np.stack([trembles[one] for one in evaluators]),
        steps,
    )
