"""The ways through a hidden subgame step by step, for players who discount (M5).

Axes: J edges, W worlds, T steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.columns import Inputs
from stratagem.solve.hidden.steps import Steps
from stratagem.solve.infosets import Agent, HiddenSubgame
from stratagem.solve.subgames import Paths

Longs = NDArray[np.int64]


def discounting(subgame: HiddenSubgame, inputs: Inputs) -> list[int]:
    """The agents who decide in a subgame and discount."""
    if inputs.discounts is None:
        return []
    movers = np.unique(subgame.agent_of_infoset).tolist()
    return [one for one in movers if (_discounts(subgame.agents[one], inputs) != 1).any()]


def _discounts(agent: Agent, inputs: Inputs) -> Floats:
    """An agent's discount factors [D, W]."""
    found = inputs.of(agent.cast).discounts
    assert found is not None
    return np.asarray(found[:, agent.player])


def odds_of(game: Game, table: Floats, edges: Ints, given: Floats | None) -> Floats:
    """The probability [J, W] of chance and of behaviour that is given; 1 where behaviour is free."""
    is_chance = (game.player_of_node[game.parent_of_edge[edges]] < 0)[:, None]
    odds = np.where(is_chance, table[game.share_of_edge[edges]], 1.0)
    return odds if given is None else np.where(np.isnan(given[edges]), odds, given[edges])


def odds_by_evaluator(
    game: Game, subgame: HiddenSubgame, inputs: Inputs, given: Floats | None, edges: Ints
) -> dict[int, Floats]:
    """The same [J, W] as each evaluator among the agents of a subgame has it."""
    evaluators = dict.fromkeys(inputs.columns.evaluator[one.player] for one in subgame.agents)
    return {one: odds_of(game, inputs.tables[one], edges, given) for one in evaluators}


def log_trembles(held: Mapping[int, Floats]) -> Floats:
    """[J, W]: what an agent holds to be impossible counts as they have it who hold it possible."""
    likeliest = np.max(list(held.values()), axis=0)
    return np.asarray(np.log(np.where(likeliest > 0, likeliest, 1.0)))


def steps_of(
    game: Game,
    subgame: HiddenSubgame,
    inputs: Inputs,
    buffer: Floats,
    given: Floats | None,
    is_free: NDArray[np.bool_],
) -> Steps:
    """The trees of the agents who discount, alike but for what the steps mean to each; `is_free` [A] are the actions sought."""
    edge, parent, path, depth = _tree(subgame.ways)
    agents = discounting(subgame, inputs)
    copies = len(agents)
    order = _order(depth, copies)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    parents = np.tile(parent, copies)
    above = place[parents + np.repeat(np.arange(copies) * len(edge), len(edge))]
    action = subgame.actions_of(edge)
    action = np.where((action >= 0) & is_free[action], (np.cumsum(is_free) - 1)[action], -1)
    meant = [_meant(game, inputs, buffer, given, edge, path, subgame.agents[one]) for one in agents]
    log_odds, gain, factor = (np.concatenate([one[part] for one in meant])[order] for part in range(3))
    aversion = np.zeros((len(subgame.agents), len(inputs)))
    if inputs.risk_aversion is not None:
        aversion[:] = [inputs.of(one.cast).risk_aversion[one.player] for one in subgame.agents]  # type: ignore[index]
    return Steps(
        np.repeat(agents, len(edge)).astype(np.int64)[order],
        np.where(parents >= 0, above, -1)[order],
        np.tile(path, copies)[order],
        np.tile(action, copies).astype(np.int64)[order],
        log_odds,
        gain,
        factor,
        aversion,
        np.tile(log_trembles(odds_by_evaluator(game, subgame, inputs, given, edge)), (copies, 1))[order],
    )


def taken(subgame: HiddenSubgame, inputs: Inputs) -> tuple[Ints, Longs, NDArray[np.bool_]]:
    """By step [T]: its edge, the agent in whose tree it is, and whether it is the last of a path."""
    edge, _, path, depth = _tree(subgame.ways)
    agents = discounting(subgame, inputs)
    order = _order(depth, len(agents))
    agent = np.repeat(agents, len(edge)).astype(np.int64)
    return np.tile(edge, len(agents))[order], agent[order], np.tile(path >= 0, len(agents))[order]


def _order(depth: Longs, copies: int) -> Longs:
    """In which the steps of so many trees stand: by depth."""
    return np.argsort(np.tile(depth, copies), kind="stable")


def _meant(
    game: Game, inputs: Inputs, buffer: Floats, given: Floats | None, edge: Ints, path: Longs, agent: Agent
) -> tuple[Floats, Floats, Floats]:
    """Log odds, gains and discount factors [T, W] of an agent's."""
    player = agent.player
    odds = odds_of(game, inputs.tables[inputs.columns.evaluator[player]], edge, given)
    gain, factor = buffer[game.gain_of_edge[edge], player], _discounts(agent, inputs)[game.duration_of_edge[edge]]
    last = np.flatnonzero(path >= 0)
    gain[last] += factor[last] * buffer[game.num_gains + game.child_of_edge[edge[last]], player]
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(odds, 0.0)), gain, factor


def _tree(ways: Paths) -> tuple[Ints, Longs, Longs, Longs]:
    """Edge, parent, path (-1 unless the step is its last) and depth of each step, by depth."""
    parts = list(_levels(ways))
    sizes = np.cumsum([0, *(len(edge) for edge, _, _ in parts)])
    parents = [np.where(parent >= 0, parent + sizes[depth - 1], -1) for depth, (_, parent, _) in enumerate(parts)]
    depth = np.repeat(np.arange(len(parts), dtype=np.int64), np.diff(sizes))
    edges, paths = np.concatenate([one[0] for one in parts]), np.concatenate([one[2] for one in parts])
    return edges, np.concatenate(parents), paths, depth


def _levels(ways: Paths) -> Iterator[tuple[Ints, Longs, Longs]]:
    """Edge, place of the parent in the level before, and path, of the steps of each depth."""
    length = np.diff(ways.first)
    at = np.full(len(length), -1)
    for depth in range(int(length.max())):
        here = np.flatnonzero(length > depth)
        pairs = np.stack([at[here], ways.edge[ways.first[here] + depth]])
        (parent, edge), step = np.unique(pairs, axis=1, return_inverse=True)
        at[here] = step.ravel()
        path = np.full(len(edge), -1)
        is_last = length[here] == depth + 1
        path[step.ravel()[is_last]] = here[is_last]
        yield edge.astype(np.int32), parent, path
