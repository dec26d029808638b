"""What a player expects of each account and each outcome, under his own numbers and everybody's behaviour (M5, M8).

A linear pass backwards over a solved chunk, from the latest layer to where it is asked for: means, before any risk attitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import TERMINAL, Floats, Ints
from stratagem.solve.columns import Inputs
from stratagem.solve.plan import Block, Plan, places_of


@dataclass(frozen=True)
class Expectation:
    """Expected gains from each node on; discounted to the node."""

    accounts: Floats  # [N, A, W] by account asked for
    chance: Floats  # [N, O, W] probability of each outcome asked for
    by_outcome: Floats  # [N, O, W] expected payoff on the histories that end in each outcome


def expect(
    plan: Plan,
    inputs: Inputs,
    behaviour: Floats,
    player: int,
    start: Ints,
    accounts: Sequence[int] | None = None,
    outcomes: Sequence[int] | None = None,
) -> Expectation:
    """The player's expectations from some nodes and all that come after them; elsewhere there is nothing to be read.

    Of all accounts and outcomes, or of those at the places given.
    """
    game, size = plan.game, len(inputs)
    accounts = range(len(game.accounts)) if accounts is None else accounts
    outcomes = range(len(game.outcomes)) if outcomes is None else outcomes
    worth = gains_by_account(plan, inputs, player, accounts)
    found = Expectation(
        np.zeros((game.num_nodes, len(accounts), size)),
        np.zeros((game.num_nodes, len(outcomes), size)),
        np.zeros((game.num_nodes, len(outcomes), size)),
    )
    for place, outcome in enumerate(outcomes):
        found.chance[(game.player_of_node == TERMINAL) & (game.outcome_of_node == outcome), place] = 1.0
    is_after = _from(plan, start)
    for block in plan.backward:
        here = np.flatnonzero(is_after[block.nodes])
        if len(here):
            _expect_block(block, here, plan, inputs, behaviour, player, worth, found)
    return found


def _from(plan: Plan, start: Ints) -> NDArray[np.bool_]:
    """[N] the nodes that some nodes lead to, these among them."""
    is_after = np.zeros(plan.game.num_nodes, bool)
    is_after[start] = True
    for inflow in plan.forward:
        flow = is_after[inflow.parents]
        is_after[inflow.children] |= flow if inflow.sums is None else inflow.sums @ flow > 0
    return is_after


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


def gains_by_account(plan: Plan, inputs: Inputs, player: int, accounts: Sequence[int]) -> Floats:
    """[G, A, W]: what each gain row adds to each of some accounts, in the player's payoff and by his numbers."""
    game = plan.game
    table = inputs.tables[inputs.columns.evaluator[player]]
    found = np.zeros((game.num_gains, len(accounts), len(inputs)))
    for place, account in enumerate(accounts):
        entries = np.flatnonzero(game.gain_account == account)
        found[game.gain_row[entries], place] = table[game.gain_value[entries]] * inputs.worth[player][account]
    return found


def _expect_block(
    block: Block,
    here: NDArray[np.intp],
    plan: Plan,
    inputs: Inputs,
    behaviour: Floats,
    player: int,
    worth: Floats,
    found: Expectation,
) -> None:
    game = plan.game
    nodes, edges = places_of(block.nodes)[here], places_of(block.edges).reshape(-1, block.branching)[here]
    table = inputs.tables[inputs.columns.evaluator[player]]
    chances = table[game.share_of_edge[edges]] if block.is_chance else behaviour[edges]
    totals = [np.zeros_like(part[nodes]) for part in (found.accounts, found.chance, found.by_outcome)]
    for j in range(block.branching):
        child, chance = game.child_of_edge[edges[:, j]], chances[:, j, None]
        factor = discount_of(plan, inputs, edges[:, j], player)
        ends = chance * found.chance[child]
        totals[0] += chance * (worth[game.gain_of_edge[edges[:, j]]] + factor * found.accounts[child])
        totals[1] += ends
        totals[2] += _gain_of(plan, inputs, edges[:, j], player) * ends + chance * factor * found.by_outcome[child]
    found.accounts[nodes], found.chance[nodes], found.by_outcome[nodes] = totals


def _gain_of(plan: Plan, inputs: Inputs, edges: np.ndarray, player: int) -> Floats:
    """[n, 1, W] what the edges themselves bring the player, in all accounts together."""
    return np.asarray(inputs.gains[plan.game.gain_of_edge[edges], player][:, None])


def discount_of(plan: Plan, inputs: Inputs, edges: np.ndarray, player: int) -> Floats | float:
    """The discount factor [n, 1, W] over each edge; 1 where nothing is discounted."""
    if inputs.discounts is None:
        return 1.0
    return inputs.factors(plan.game, edges, player, slice(None))[:, None]


def action_expectation(
    plan: Plan,
    inputs: Inputs,
    found: Expectation,
    edges: np.ndarray,
    player: int,
    accounts: Sequence[int] | None = None,
) -> Expectation:
    """The player's expectations of taking each of some edges, in the accounts and outcomes of what was found: [edges, …, W]."""
    game = plan.game
    accounts = range(len(game.accounts)) if accounts is None else accounts
    child = game.child_of_edge[edges]
    gain = gains_by_account(plan, inputs, player, accounts)[game.gain_of_edge[edges]]
    factor = discount_of(plan, inputs, edges, player)
    return Expectation(
        gain + factor * found.accounts[child],
        found.chance[child],
        _gain_of(plan, inputs, edges, player) * found.chance[child] + factor * found.by_outcome[child],
    )
