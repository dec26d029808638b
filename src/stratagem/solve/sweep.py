"""One chunk of worlds, swept back and forth with NumPy (M9, M10).

Takes a plan and a chunk's inputs; gives values, behaviour and reach of every node. Worlds are contiguous; the chunk is
chosen so that its arrays stay in cache and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import TERMINAL, Floats, Game, Ints
from stratagem.solve.columns import TRUTH, Inputs, Run
from stratagem.solve.infosets import HiddenSubgame
from stratagem.solve.kernel import (
    MILD_EXPONENT,
    SAFE_EXPONENT,
    averse_equivalent,
    best_set,
    break_ties,
    certainty_equivalent,
    quantal_response,
)
from stratagem.solve.memory import keep_freed
from stratagem.solve.plan import Block, Plan, places_of

Bools = NDArray[np.bool_]


@dataclass
class Sweep:
    """Values, behaviour and reach in a chunk of worlds."""

    buffer: Floats  # [G+N, C, W]: payoffs of gain rows, then values of nodes
    behaviour: Floats  # [E, W] probability of each edge, under the true numbers
    regret: Floats  # [N, W] own best value less own value, at decisions
    tied: Bools | None  # [N, W] several best replies; None at finite precision
    is_stuck: Bools | None  # [N, W] no action is available; None where that never happens
    is_tame: bool = False  # no certainty equivalent can overflow
    hidden_edges: Ints | None = None  # ascending; of movers who cannot tell states apart
    worth: Floats | None = None  # [hidden edges, W] of each action to its mover
    residual: Floats | None = None  # [W] how far behaviour is from a response to itself, where something is hidden
    is_unsolved: Bools | None = None  # [W] no equilibrium was found
    turns: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None  # each [W]: folds of branches, and bifurcations
    believed: Mapping[int, Floats] = field(default_factory=dict)  # [W] root values as the mistaken have them, by player
    held: Mapping[int, tuple[Inputs, Floats]] = field(
        default_factory=dict
    )  # the game and its behaviour [E, W] as the mistaken have them, by player

    def values(self, plan: Plan) -> Floats:
        """[N, C, W]."""
        return self.buffer[plan.game.num_gains :]


def backward(plan: Plan, inputs: Inputs, tie_rule: str | None = None, given: Floats | None = None) -> Sweep:
    """Values and behaviour, latest layer first; `tie_rule` overrides the moves' own (`first` and `last` are rules too).

    `given` [E, W] is behaviour that is as it is, whatever it is worth; NaN where it is free.
    """
    keep_freed()
    game, size = plan.game, len(inputs)
    buffer = np.empty((game.num_gains + game.num_nodes, *inputs.gains.shape[1:]))
    buffer[: game.num_gains] = inputs.gains
    buffer[game.num_gains + np.flatnonzero(game.player_of_node == TERMINAL)] = 0.0
    sweep = Sweep(
        buffer,
        np.empty((game.num_edges, size)),
        np.zeros((game.num_nodes, size)),
        np.zeros((game.num_nodes, size), bool) if np.isinf(inputs.precision).any() else None,
        None,
        _is_tame(plan, inputs),
    )
    with np.errstate(divide="ignore"):
        for place, block in enumerate(plan.backward):
            if place in plan.hidden:
                _solve_hidden(plan.hidden[place], plan, inputs, sweep, given)
            _sweep_block(block, plan, inputs.of(block.cast), sweep, tie_rule, given)
    return sweep


def at_start(plan: Plan, inputs: Inputs, behaviour: Floats, is_forced: Bools) -> Floats:
    """[C, W]: what the game is worth at its start in each column, where play goes by a behaviour [E, W] that overrides the odds of
    chance on the edges [E] that are forced."""
    buffer = np.concatenate([inputs.gains, np.zeros((plan.game.num_nodes, *inputs.gains.shape[1:]))])
    values, is_tame = buffer[plan.game.num_gains :], _is_tame(plan, inputs)
    for block in plan.backward:
        shape = (-1, block.branching, len(inputs))
        here = behaviour[block.edges].reshape(shape)
        odds = [here] * len(inputs.tables)
        if block.is_chance:
            forced = is_forced[block.edges].reshape(-1, block.branching, 1)
            odds = [np.where(forced, here, table[block.share]) for table in inputs.tables]
        own = inputs.of(block.cast)
        _combine(own, odds, edge_values(block, own, buffer), is_tame, values, block.nodes)
    return np.asarray(values[0])


def _solve_hidden(
    subgames: tuple[HiddenSubgame, ...], plan: Plan, inputs: Inputs, sweep: Sweep, given: Floats | None
) -> None:
    """Put the equilibria of hidden subgames where their blocks will read them."""
    from stratagem.solve.equilibrium import equilibria  # noqa: PLC0415 - only where something is hidden

    game, size = plan.game, len(inputs)
    if sweep.worth is None or sweep.residual is None or sweep.is_unsolved is None:
        sweep.hidden_edges, sweep.worth = plan.hidden_edges, np.zeros((len(plan.hidden_edges), size))
        sweep.residual, sweep.is_unsolved = np.zeros(size), np.zeros(size, bool)
    for subgame, found in zip(subgames, equilibria(game, subgames, inputs, sweep.buffer, given), strict=True):
        sweep.behaviour[subgame.edges] = found.behaviour
        sweep.worth[np.searchsorted(plan.hidden_edges, subgame.edges)] = found.worth
        sweep.residual = np.maximum(sweep.residual, found.residual)
        sweep.is_unsolved |= ~found.is_solved
        folds, bifurcations = sweep.turns or (0, 0)
        sweep.turns = (folds + found.folds, bifurcations + found.bifurcations)
        nodes = game.parent_of_edge[subgame.edges]
        sweep.regret[nodes] = found.regret
        if found.is_stuck.any():
            _stuck(plan, sweep, size)[nodes] |= found.is_stuck


def _sweep_block(
    block: Block, plan: Plan, inputs: Inputs, sweep: Sweep, tie_rule: str | None, given: Floats | None
) -> None:
    children, values = edge_values(block, inputs, sweep.buffer), sweep.values(plan)
    if block.is_chance:
        odds = [_as_given(block, table[block.share], given) for table in inputs.tables]
        behaviour = odds[TRUTH]
        _combine(inputs, odds, children, sweep.is_tame, values, block.nodes)
    elif block.is_given:
        behaviour = sweep.behaviour[block.edges].reshape(-1, block.branching, len(inputs))
        _combine(inputs, [behaviour] * len(inputs.tables), children, sweep.is_tame, values, block.nodes)
    else:
        own = _own(block, children)
        share = _share(block, inputs)
        is_available = None if share is None else share > 0
        if is_available is not None:
            is_available = _mark_stuck(block, plan, sweep, is_available, own.shape)
        behaviour = _respond(block, inputs, own, share, is_available, children, sweep, tie_rule)
        behaviour = _as_given(block, behaviour, given)
        _combine(inputs, [behaviour] * len(inputs.tables), children, sweep.is_tame, values, block.nodes)
        reachable = own if is_available is None else np.where(is_available, own, -np.inf)
        nodes = block.nodes if isinstance(block.owner, int) else places_of(block.nodes)
        sweep.regret[block.nodes] = reachable.max(axis=1) - values[nodes, block.owner]
    sweep.behaviour[block.edges] = behaviour.reshape(-1, len(inputs))


def _as_given(block: Block, behaviour: Floats, given: Floats | None) -> Floats:
    """Behaviour [n, B, W], where it is not given otherwise."""
    if given is None:
        return behaviour
    stated = given[block.edges].reshape(behaviour.shape)
    return np.where(np.isnan(stated), behaviour, stated)


def _share(block: Block, inputs: Inputs) -> Floats | None:
    """Base shares, broadcasting to [n, B, W]; None where all are alike."""
    if block.is_even:
        return None
    return inputs.tables[TRUTH][block.share] if block.fixed_share is None else block.fixed_share


def _mark_stuck(block: Block, plan: Plan, sweep: Sweep, is_available: Bools, shape: tuple[int, ...]) -> Bools:
    """Note where no action is available; there all count as available, so that the sweep goes on."""
    is_empty: Bools = np.asarray(~np.broadcast_to(is_available, shape).any(axis=1))
    if not is_empty.any():
        return is_available
    _stuck(plan, sweep, shape[2])[block.nodes] = is_empty
    return is_available | is_empty[:, None]


def _stuck(plan: Plan, sweep: Sweep, size: int) -> Bools:
    """[N, W] the nodes at which no action is available, as far as is known."""
    if sweep.is_stuck is None:
        sweep.is_stuck = np.zeros((plan.game.num_nodes, size), bool)
    return sweep.is_stuck


def edge_values(block: Block, inputs: Inputs, buffer: Floats) -> Floats:
    """The value [n, B, C, W] of each edge of a block: gain plus discounted continuation."""
    value = buffer.take(block.source, axis=0, mode="clip")
    if inputs.discounts is not None and block.duration is not None:
        value *= inputs.discounts[block.duration]
    for place, gain in block.extra:
        value[place] += buffer[gain]
    return value.reshape(-1, block.branching, *value.shape[1:])


def action_values(game: Game, inputs: Inputs, sweep: Sweep, edges: Ints, column: int | Ints) -> Floats:
    """[edges, W]: what taking each edge is worth in a column (or in each edge's own): player p's view is column p.

    To a mover who cannot tell states apart it is what the action is worth in all of them, as he weighs them.
    """
    onward = sweep.buffer[game.num_gains + game.child_of_edge[edges], column]
    if inputs.discounts is not None:
        onward = onward * inputs.factors(game, edges, column, slice(None))
    worth = np.asarray(onward + sweep.buffer[game.gain_of_edge[edges], column])
    if sweep.worth is not None and sweep.hidden_edges is not None:
        mover = game.player_of_node[game.parent_of_edge[edges]]
        own = np.flatnonzero(np.isin(edges, sweep.hidden_edges) & (mover == column))
        known = sweep.worth[np.searchsorted(sweep.hidden_edges, edges[own])]
        worth[own] = np.where(np.isnan(known), worth[own], known)
    return worth


def _own(block: Block, children: Floats) -> Floats:
    """[n, B, W]: what each edge is worth to who moves."""
    if isinstance(block.owner, int):
        return children[:, :, block.owner]
    return np.asarray(children[np.arange(len(children)), :, block.owner])


def _respond(
    block: Block,
    inputs: Inputs,
    own: Floats,
    share: Floats | None,
    is_available: Bools | None,
    children: Floats,
    sweep: Sweep,
    tie_rule: str | None,
) -> Floats:
    if share is not None and is_available is not None:
        share = np.where(is_available, np.maximum(share, np.where(share > 0, 0.0, 1.0)), 0.0)
    if sweep.tied is None:
        precision = inputs.precision[block.owner]
        if inputs.response == "probit":
            from stratagem.solve.probit_choice import probit_response  # noqa: PLC0415 - needs scipy

            return probit_response(own, precision if isinstance(block.owner, int) else precision[:, None], share)
        log_share = None if share is None else np.log(share)
        return np.asarray(
            quantal_response(np, own, precision if isinstance(block.owner, int) else precision[:, None], log_share)
        )
    best = best_set(np, own, is_available)
    sweep.tied[block.nodes] = best.sum(axis=1) > 1
    return _by_rule(block, tie_rule or block.ties, best, share, children, inputs)


def _by_rule(block: Block, rule: str, best: Bools, share: Floats | None, children: Floats, inputs: Inputs) -> Floats:
    if rule in ("first", "last"):
        order = best if rule == "first" else best[:, ::-1]
        first = (np.cumsum(order, axis=1) == 1) & order
        return np.asarray(first if rule == "first" else first[:, ::-1], np.float64)
    if rule in ("concede", "resist"):
        players = len(inputs.precision)
        others = children[:, :, :players].sum(axis=2) - _own(block, children)
        return np.asarray(break_ties(np, best, share, others, 1.0 if rule == "concede" else -1.0))
    if rule != "equal" and block.preferred is not None:
        preferred = best & block.preferred[..., None]
        best = np.where(preferred.any(axis=1, keepdims=True), preferred, best)
    return np.asarray(break_ties(np, best, share, None, 1.0))


def _combine(
    inputs: Inputs, odds: list[Floats], children: Floats, is_tame: bool, values: Floats, nodes: slice | Ints
) -> None:
    """Put the values of a block's nodes under each evaluator's odds [n, B, W] among `values` [N, C, W]: means over edges, and certainty
    equivalents where a player is not risk-neutral."""
    for run in inputs.runs:
        here, worth = odds[run.evaluator], children[:, :, run.columns]
        if run.is_neutral or inputs.risk_aversion is None:
            values[nodes, run.columns] = np.einsum("njw,njcw->ncw", here, worth)
        else:
            values[nodes, run.columns] = _equivalent(here, worth, inputs.risk_aversion[run.columns], run, is_tame)


def _equivalent(odds: Floats, worth: Floats, alpha: Floats, run: Run, is_tame: bool) -> Floats:
    """Certainty equivalents; where risk aversion is small the form that is exact as it goes to 0 takes over."""
    if is_tame and run.is_averse:
        found = np.asarray(averse_equivalent(np, odds, worth, alpha))
    else:
        found = np.asarray(certainty_equivalent(np, *_by_edge(odds, worth), alpha, is_small=False))
    if len(run.mild):
        odds, worth, alpha = (part[..., run.mild] for part in (odds, worth, alpha))
        exact = certainty_equivalent(np, *_by_edge(odds, worth), alpha, is_small=True)
        is_mild = np.abs(alpha) * (worth.max(axis=1) - worth.min(axis=1)) < MILD_EXPONENT
        found[..., run.mild] = np.where(is_mild, exact, found[..., run.mild])
    return found


def _by_edge(odds: Floats, worth: Floats) -> tuple[list[Floats], list[Floats]]:
    edges = range(odds.shape[1])
    return [odds[:, edge, None] for edge in edges], [worth[:, edge] for edge in edges]


def _is_tame(plan: Plan, inputs: Inputs) -> bool:
    """Whether no certainty equivalent can overflow: risk aversion times the greatest spread of payoffs is moderate."""
    if inputs.risk_aversion is None:
        return True
    depth = len(np.unique(plan.game.layer_of_node))
    spread = (float(inputs.gains.max()) - float(inputs.gains.min())) * depth
    return float(np.abs(inputs.risk_aversion).max()) * spread < SAFE_EXPONENT


def forward(plan: Plan, behaviour: Floats, kept: Bools | None = None) -> Floats:
    """The probability [N, W] of reaching each node, over the edges `kept`."""
    game = plan.game
    reach = np.zeros((game.num_nodes, behaviour.shape[1]))
    reach[0] = 1.0
    for inflow in plan.forward:
        flow = behaviour[inflow.edges] * reach[inflow.parents]
        if kept is not None and not (is_kept := kept[inflow.edges]).all():
            flow *= is_kept[:, None]
        reach[inflow.children] = flow if inflow.sums is None else inflow.sums @ flow
    return reach


def likelihood(plan: Plan, behaviour: Floats, kept: Bools, last: int) -> Floats:
    """The probability [N, W], from each node on, of staying on the edges `kept`, all of which are free after step `last`."""
    game = plan.game
    found = np.ones((game.num_nodes, behaviour.shape[1]))
    for block in plan.backward:
        if block.step <= last:
            odds, onward = behaviour[block.edges], found[game.child_of_edge[block.edges]]
            if not (is_kept := kept[block.edges]).all():
                odds = odds * is_kept[:, None]
            shape = (-1, block.branching, behaviour.shape[1])
            found[block.nodes] = np.einsum("nbw,nbw->nw", odds.reshape(shape), onward.reshape(shape))
    return found
