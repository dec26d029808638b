"""What a player expects of each account and each outcome, under his own numbers and everybody's behaviour (M5, M8).

A linear pass backwards over a solved chunk, from the latest layer to a step: means, before any risk attitude.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import TERMINAL, Floats
from stratagem.solve.columns import Inputs
from stratagem.solve.plan import Block, Plan, places_of


@dataclass(frozen=True)
class Expectation:
    """Expected gains from each node on; discounted to the node."""

    accounts: Floats  # [N, A, W] by account
    chance: Floats  # [N, O, W] probability of each outcome
    by_outcome: Floats  # [N, O, W] expected payoff on the histories that end in each outcome


def expect(plan: Plan, inputs: Inputs, behaviour: Floats, player: int, first_step: int) -> Expectation:
    """The player's expectations from every node of `first_step` and later."""
    game, size = plan.game, len(inputs)
    worth = gains_by_account(plan, inputs, player)
    found = Expectation(
        np.zeros((game.num_nodes, len(game.accounts), size)),
        np.zeros((game.num_nodes, len(game.outcomes), size)),
        np.zeros((game.num_nodes, len(game.outcomes), size)),
    )
    ends = np.flatnonzero(game.player_of_node == TERMINAL)
    found.chance[ends, game.outcome_of_node[ends]] = 1.0
    for block in plan.backward:
        if block.step >= first_step:
            _expect_block(block, plan, inputs, behaviour, player, worth, found)
    return found


def expect_total(plan: Plan, inputs: Inputs, behaviour: Floats, player: int, first_step: int) -> Floats:
    """[N, W]: the player's expected total from every node of `first_step` and later, of all accounts together."""
    game = plan.game
    found = np.zeros((game.num_nodes, len(inputs)))
    for block in plan.backward:
        if block.step >= first_step:
            edges = places_of(block.edges).reshape(-1, block.branching)
            table = inputs.tables[inputs.columns.evaluator[player]]
            chances = table[game.share_of_edge[edges]] if block.is_chance else behaviour[edges]
            onward = [total_of_edges(plan, inputs, found, edges[:, j], player) for j in range(block.branching)]
            found[block.nodes] = sum(chances[:, j] * total for j, total in enumerate(onward))
    return found


def total_of_edges(plan: Plan, inputs: Inputs, found: Floats, edges: np.ndarray, player: int) -> Floats:
    """[edges, W]: the player's expected total of taking each edge, from those of nodes."""
    game = plan.game
    onward = found[game.child_of_edge[edges]]
    if inputs.discounts is not None:
        onward = onward * inputs.factors(game, edges, player, slice(None))
    return np.asarray(onward + inputs.gains[game.gain_of_edge[edges], player])


def gains_by_account(plan: Plan, inputs: Inputs, player: int) -> Floats:
    """[G, A, W]: what each gain row adds to each account, in the player's payoff and by his numbers."""
    game = plan.game
    table = inputs.tables[inputs.columns.evaluator[player]]
    found = np.zeros((game.num_gains, len(game.accounts), len(inputs)))
    found[game.gain_row, game.gain_account] = table[game.gain_value] * inputs.worth[player][game.gain_account]
    return found


def _expect_block(
    block: Block, plan: Plan, inputs: Inputs, behaviour: Floats, player: int, worth: Floats, found: Expectation
) -> None:
    game = plan.game
    edges = places_of(block.edges).reshape(-1, block.branching)
    table = inputs.tables[inputs.columns.evaluator[player]]
    chances = table[game.share_of_edge[edges]] if block.is_chance else behaviour[edges]
    totals = [np.zeros_like(part[block.nodes]) for part in (found.accounts, found.chance, found.by_outcome)]
    for j in range(block.branching):
        child, chance = game.child_of_edge[edges[:, j]], chances[:, j, None]
        gain = worth[game.gain_of_edge[edges[:, j]]]
        factor = discount_of(plan, inputs, edges[:, j], player)
        totals[0] += chance * (gain + factor * found.accounts[child])
        totals[1] += chance * found.chance[child]
        totals[2] += chance * (gain.sum(axis=1, keepdims=True) * found.chance[child] + factor * found.by_outcome[child])
    found.accounts[block.nodes], found.chance[block.nodes], found.by_outcome[block.nodes] = totals


def discount_of(plan: Plan, inputs: Inputs, edges: np.ndarray, player: int) -> Floats | float:
    """The discount factor [n, 1, W] over each edge; 1 where nothing is discounted."""
    if inputs.discounts is None:
        return 1.0
    return inputs.factors(plan.game, edges, player, slice(None))[:, None]


def action_expectation(plan: Plan, inputs: Inputs, found: Expectation, edges: np.ndarray, player: int) -> Expectation:
    """The player's expectations of taking each of some edges: [edges, …, W]."""
    game = plan.game
    child = game.child_of_edge[edges]
    gain = gains_by_account(plan, inputs, player)[game.gain_of_edge[edges]]
    factor = discount_of(plan, inputs, edges, player)
    return Expectation(
        gain + factor * found.accounts[child],
        found.chance[child],
        gain.sum(axis=1, keepdims=True) * found.chance[child] + factor * found.by_outcome[child],
    )
