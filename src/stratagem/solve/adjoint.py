"""How likely a history is in each world, with its exact derivatives by all that a sweep reads (M10, M12).

Takes a plan, a history and inputs; gives the logarithm of the history's probability and derivatives of the shapes of `Inputs`. The
sweep is passed through once more, backwards: behaviour pulls on values, values on payoffs and odds, and the equilibria of hidden
subgames on what they were found from, by implicit differentiation. Knows no scenario.

Axes: W worlds, N nodes, E edges, G gain rows, C columns, V evaluators, X expressions, P players, B edges of a node, A actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.equilibrium import pulled_back
from stratagem.solve.hidden.gradient import Change, aversion_slope
from stratagem.solve.hidden.recursive_gradient import StepChange
from stratagem.solve.infosets import HiddenSubgame
from stratagem.solve.passage import Restriction
from stratagem.solve.plan import Block, Plan, places_of
from stratagem.solve.stepwise import odds_of, taken
from stratagem.solve.sweep import Sweep, backward, edge_values, forward, likelihood


@dataclass(frozen=True)
class Slopes:
    """Derivatives by what goes into a sweep; shapes as in `Inputs`."""

    gains: Floats  # [G, C, W]
    tables: tuple[Floats, ...]  # V of [X, W]
    precision: Floats  # [P, W]
    risk_aversion: Floats | None  # [C, W]
    discounts: Floats | None  # [D, C, W]


@dataclass(frozen=True)
class Told:
    """What a history tells in each world."""

    log_chance: Floats  # [W] minus infinity where it cannot have happened, NaN where a world has no answer
    slopes: Slopes  # of it; 0 in such worlds
    sweep: Sweep


class Adjoint:
    """A history of a game, ready to be asked how likely it is. Raises `ValueError` where attitudes turn on what is hidden."""

    def __init__(self, plan: Plan, restriction: Restriction) -> None:
        if plan.game.casts:
            raise ValueError("derivatives are those of players who have one attitude each")
        self.plan, self.restriction = plan, restriction
        self.scatters = [_Scatters(block) for block in plan.backward]

    def told(self, inputs: Inputs) -> Told:
        """The history in some worlds, all at finite precision and logit responses. Raises `ValueError` where something is hidden from one who discounts and is not risk-neutral."""
        sweep = backward(self.plan, inputs)
        bound, kept = self.restriction.num_bound, self.restriction.kept
        arrival = forward(self.plan, sweep.behaviour, kept)
        onward = likelihood(self.plan, sweep.behaviour, kept, self.restriction.last)
        is_solved = np.ones(len(inputs), bool) if sweep.is_unsolved is None else ~sweep.is_unsolved
        is_told = is_solved & (onward[0] > 0)
        with np.errstate(divide="ignore"):
            log_chance = np.where(is_solved, np.log(onward[0]), np.nan)
        game = self.plan.game
        push = np.zeros_like(sweep.behaviour)
        parent, child = game.parent_of_edge[:bound], game.child_of_edge[:bound]
        push[:bound] = arrival[parent] * kept[:bound, None] * onward[child] / np.where(is_told, onward[0], 1.0)
        push[:, ~is_told] = 0.0
        return Told(log_chance, self._pulled(inputs, sweep, push, is_told), sweep)

    def _pulled(self, inputs: Inputs, sweep: Sweep, push: Floats, is_told: NDArray[np.bool_]) -> Slopes:
        """Derivatives of what has derivatives `push` [E, W] by behaviour."""
        at = _Pull(self.plan, inputs, sweep, push)
        for place in range(len(self.plan.backward) - 1, -1, -1):
            at.through_block(self.plan.backward[place], self.scatters[place])
            if place in self.plan.hidden:
                at.through_hidden(self.plan.hidden[place])
        slopes = at.slopes
        for one in (slopes.gains, *slopes.tables, slopes.precision, slopes.risk_aversion, slopes.discounts):
            if one is not None:
                one[..., ~is_told] = 0.0
        return slopes


class _Pull:
    """Derivatives gathered on the way, from the first layer to the last."""

    def __init__(self, plan: Plan, inputs: Inputs, sweep: Sweep, push: Floats) -> None:
        self.plan, self.inputs, self.sweep, self.push = plan, inputs, sweep, push
        self.game: Game = plan.game
        self.buffer = np.zeros_like(sweep.buffer)
        self.tables = tuple(np.zeros_like(one) for one in inputs.tables)
        self.precision = np.zeros_like(inputs.precision)
        self.risk_aversion = None if inputs.risk_aversion is None else np.zeros_like(inputs.risk_aversion)
        self.discounts = None if inputs.discounts is None else np.zeros_like(inputs.discounts)

    @property
    def slopes(self) -> Slopes:
        """What was gathered."""
        gains = self.buffer[: self.game.num_gains]
        return Slopes(gains, self.tables, self.precision, self.risk_aversion, self.discounts)

    def through_block(self, block: Block, scatters: _Scatters) -> None:
        """From the values and the behaviour of a block's nodes to its edges, odds and attitudes."""
        inputs, shape = self.inputs, (-1, block.branching, len(self.inputs))
        children = edge_values(block, inputs, self.sweep.buffer)
        behaviour = self.sweep.behaviour[block.edges].reshape(shape)
        odds = [table[block.share] for table in inputs.tables] if block.is_chance else [behaviour] * len(inputs.tables)
        pulls = np.zeros_like(children)
        by_odds = [np.zeros_like(behaviour) for _ in inputs.tables]
        self._through_values(block, odds, children, pulls, by_odds)
        if block.is_chance:
            by_odds[TRUTH] += self.push[block.edges].reshape(shape)
            for table, one in zip(self.tables, by_odds, strict=True):
                scatters.share.add(table, one.reshape(-1, len(inputs)))
        else:
            edges = places_of(block.edges)
            self.push[edges] += np.sum(by_odds, axis=0).reshape(-1, len(inputs))
            if not block.is_given:
                self._through_response(block, behaviour, children, pulls, scatters)
        self._through_edges(block, pulls.reshape(-1, *pulls.shape[2:]), scatters)

    def _through_values(
        self, block: Block, odds: list[Floats], children: Floats, pulls: Floats, by_odds: list[Floats]
    ) -> None:
        """A node's value is the certainty equivalent of its edges'. Odds always sum to 1, so that their derivatives may share a constant."""
        inputs, nodes = self.inputs, places_of(block.nodes)
        value, pull = self.sweep.values(self.plan)[nodes], self.buffer[self.game.num_gains + nodes]
        for run in inputs.runs:
            columns, chance, here = run.columns, odds[run.evaluator][:, :, None], by_odds[run.evaluator]
            own = pull[:, None, columns]
            gap = np.where(chance > 0, children[:, :, columns] - value[:, None, columns], 0.0)
            if run.is_neutral or inputs.risk_aversion is None or self.risk_aversion is None:
                pulls[:, :, columns] += own * chance
                here += (own * gap).sum(axis=2)
                continue
            alpha = inputs.risk_aversion[columns]
            tilt = alpha * gap
            pulls[:, :, columns] += own * chance * np.exp(-tilt)
            safe = np.where(alpha == 0, 1.0, alpha)
            here += (own * np.where(alpha == 0, gap, -np.expm1(-tilt) / safe)).sum(axis=2)
            self.risk_aversion[columns] += (own * chance * gap**2 * aversion_slope(tilt)).sum(axis=(0, 1))

    def _through_response(
        self, block: Block, behaviour: Floats, children: Floats, pulls: Floats, scatters: _Scatters
    ) -> None:
        """Logit responses: from probabilities to scores, and on to payoffs, precision and base shares."""
        inputs, every = self.inputs, np.arange(len(behaviour))
        push = self.push[block.edges].reshape(behaviour.shape)
        by_score = behaviour * (push - (behaviour * push).sum(axis=1, keepdims=True))
        owner = np.broadcast_to(block.owner, len(behaviour))
        own = np.where(behaviour > 0, children[every, :, owner], 0.0)
        by_precision = (by_score * (own - (behaviour * own).sum(axis=1, keepdims=True))).sum(axis=1)
        np.add.at(self.precision, owner, by_precision)
        pulls[every, :, owner] += by_score * inputs.precision[owner][:, None]
        if block.fixed_share is None:
            share = inputs.tables[TRUTH][block.share]
            by_share = np.where(share > 0, by_score / np.where(share > 0, share, 1.0), 0.0)
            scatters.share.add(self.tables[TRUTH], by_share.reshape(-1, len(inputs)))

    def _through_edges(self, block: Block, pulls: Floats, scatters: _Scatters) -> None:
        """An edge's value is its gain and the discounted value of what follows; derivatives are [n * B, C, W]."""
        scatters.extra.add(self.buffer, pulls[[place for place, _ in block.extra]])
        if self.inputs.discounts is not None and self.discounts is not None and block.duration is not None:
            np.add.at(self.discounts, block.duration, pulls * self.sweep.buffer[block.source])
            pulls = pulls * self.inputs.discounts[block.duration]
        scatters.source.add(self.buffer, pulls)

    def through_hidden(self, subgames: tuple[HiddenSubgame, ...]) -> None:
        """From the behaviour of hidden subgames to what their equilibria were found from."""
        behaviour, pulls = self.sweep.behaviour, []
        for one in subgames:
            pull = np.zeros((len(one.edge_of_action), len(self.inputs)))
            np.add.at(pull, one.action_of_edge, self.push[one.edges])
            pulls.append(pull * behaviour[one.edge_of_action])
        found = pulled_back(self.game, subgames, self.inputs, self.sweep.buffer, pulls, behaviour)
        for one, change in zip(subgames, found, strict=True):
            self._into_hidden(one, change)

    def _into_hidden(self, subgame: HiddenSubgame, change: Change) -> None:
        """From the numbers of a subgame's ways to odds, payoffs, precision and attitudes."""
        game, inputs, players = self.game, self.inputs, len(self.game.players)
        by_payoff = np.nan_to_num(change.payoff).transpose(1, 0, 2)  # [T, P, W]
        np.add.at(self.buffer[:, :players], game.num_gains + subgame.ways.leaf, by_payoff)
        by_gain = subgame.passes.T @ by_payoff.reshape(len(by_payoff), -1)
        gains = game.gain_of_edge[subgame.passed]
        np.add.at(self.buffer[:, :players], gains, by_gain.reshape(-1, *by_payoff.shape[1:]))
        is_chance = game.player_of_node[game.parent_of_edge[subgame.passed]] < 0
        rows = game.share_of_edge[subgame.passed][is_chance]
        for player, by_chance in enumerate(np.nan_to_num(change.log_chance)):
            evaluator = inputs.columns.evaluator[player]
            odds = odds_of(game, inputs.tables[evaluator], subgame.passed, None)[is_chance]
            by_odds = (subgame.passes.T @ by_chance)[is_chance] / np.where(odds > 0, odds, 1.0)
            np.add.at(self.tables[evaluator], rows, np.where(odds > 0, by_odds, 0.0))
        actions = game.share_of_edge[subgame.edge_of_action]
        share = inputs.tables[TRUTH][actions]
        by_share = np.nan_to_num(change.log_share) / np.where(share > 0, share, 1.0)
        np.add.at(self.tables[TRUTH], actions, np.where(share > 0, by_share, 0.0))
        self.precision += np.nan_to_num(change.precision)
        if self.risk_aversion is not None and change.risk_aversion is not None:
            self.risk_aversion[:players] += np.nan_to_num(change.risk_aversion)
        if change.steps is not None:
            self._into_steps(subgame, change.steps)

    def _into_steps(self, subgame: HiddenSubgame, change: StepChange) -> None:
        """From the steps of players who discount to odds, payoffs and discount factors."""
        game, inputs = self.game, self.inputs
        edges, players, is_last = taken(subgame, inputs)
        by_gain, by_odds, by_factor = map(np.nan_to_num, (change.gain, change.log_odds, change.factor))
        for player in np.unique(players):
            here, ends = players == player, (players == player) & is_last
            np.add.at(self.buffer[:, player], game.gain_of_edge[edges[here]], by_gain[here])
            child, duration = game.num_gains + game.child_of_edge[edges[ends]], game.duration_of_edge[edges]
            if self.discounts is not None and inputs.discounts is not None:
                factor = inputs.discounts[duration[ends], player]
                np.add.at(self.buffer[:, player], child, by_gain[ends] * factor)
                by_duration = self.discounts[:, player]
                np.add.at(by_duration, duration[ends], by_gain[ends] * self.sweep.buffer[child, player])
                np.add.at(by_duration, duration[here], by_factor[here])
            evaluator = inputs.columns.evaluator[player]
            odds = odds_of(game, inputs.tables[evaluator], edges[here], None)
            by_row = np.where(odds > 0, by_odds[here] / np.where(odds > 0, odds, 1.0), 0.0)
            np.add.at(self.tables[evaluator], game.share_of_edge[edges[here]], by_row)


@dataclass(frozen=True)
class _Scatters:
    """Where the parts of a block add up."""

    block: Block

    @cached_property
    def source(self) -> _Scatter:
        """The buffer rows of what follows each edge."""
        return _Scatter(self.block.source)

    @cached_property
    def extra(self) -> _Scatter:
        """The gain rows beside them."""
        return _Scatter(np.array([gain for _, gain in self.block.extra], np.intp))

    @cached_property
    def share(self) -> _Scatter:
        """The expression rows of odds and shares."""
        return _Scatter(self.block.share.ravel())


class _Scatter:
    """Adds rows up where several have one target."""

    def __init__(self, rows: NDArray[np.signedinteger]) -> None:
        self.order = np.argsort(rows, kind="stable")
        self.targets, self.starts = np.unique(rows[self.order], return_index=True)

    def add(self, into: Floats, values: Floats) -> None:
        """Add values [n, …] to their targets."""
        if len(self.targets):
            into[self.targets] += np.add.reduceat(values[self.order], self.starts, axis=0)
