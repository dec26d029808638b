"""Whose numbers value what: the payoff columns of a solve, and its inputs per world (M5, M8).

Takes a game, a scenario's players and drawn worlds; gives arrays for the sweep. A column is a player read by an evaluator:
the player's own view, and beside it the true numbers where they differ.

Axes: C columns, V evaluators (0 is the truth), W worlds, others as in `graph.game`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import WorldsError
from stratagem.graph.game import Floats, Game, Ints
from stratagem.graph.personal import drawn_weight
from stratagem.graph.table import check_probabilities, evaluate
from stratagem.graph.worlds import MOST, Worlds
from stratagem.scenario.model import Scenario
from stratagem.solve.attitudes import attitudes_in, spanned
from stratagem.solve.kernel import SMALL_RISK_AVERSION

TRUTH = 0


@dataclass(frozen=True)
class Columns:
    """Which player and which evaluator each column of values belongs to; the first P columns are the players' own views."""

    player: tuple[int, ...]  # [C]
    evaluator: tuple[int, ...]  # [C]
    evaluators: tuple[str | None, ...]  # [V], None is the truth

    @property
    def true_of_player(self) -> tuple[int, ...]:
        """[P] the column of each player's values under the true numbers."""
        found = {
            player: column
            for column, (player, v) in enumerate(zip(self.player, self.evaluator, strict=True))
            if v == TRUTH
        }
        return tuple(found[player] for player in range(max(self.player) + 1))


@dataclass(frozen=True)
class Run:
    """Neighbouring columns that one formula serves."""

    columns: slice
    evaluator: int
    is_neutral: bool
    is_averse: bool  # in every world
    mild: NDArray[np.intp]  # worlds in which risk aversion is small


@dataclass(frozen=True)
class Inputs:
    """What one chunk of worlds feeds to the sweep."""

    columns: Columns
    tables: tuple[Floats, ...]  # V of [X, W]
    worth: Floats  # [C, A, W] payoff of a unit of each account
    gains: Floats  # [G, C, W] payoff of each gain row
    precision: Floats  # [P, W]
    risk_aversion: Floats | None  # [C, W], None where all are risk-neutral
    discounts: Floats | None  # [D, C, W] factor of each duration, None where nothing is discounted
    world: NDArray[np.int64]  # [W]
    response: str = "logit"  # how errors are drawn at decisions, or `probit`
    casts: tuple[
        Inputs, ...
    ] = ()  # the same with the attitudes of each cast of the game, where they turn on what is hidden

    def __len__(self) -> int:
        return len(self.world)

    def of(self, cast: int) -> Inputs:
        """The inputs with the attitudes of a cast."""
        return self.casts[cast] if self.casts else self

    def factors(self, game: Game, edges: Ints, column: int | Ints, worlds: slice | NDArray[np.int64]) -> Floats:
        """By what is discounted what follows each edge, in a column: [edges, W], or [edges] in a world each."""
        assert self.discounts is not None
        duration = game.duration_of_edge[edges]
        if game.cast_of_node is None or not self.casts:
            return np.asarray(self.discounts[duration, column, worlds])
        table = np.stack([cast.discounts for cast in self.casts if cast.discounts is not None])
        return np.asarray(table[game.cast_of_node[game.parent_of_edge[edges]], duration, column, worlds])

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The columns in runs of one evaluator whose players are all risk-neutral, or all not."""
        evaluator = self.columns.evaluator
        is_neutral = (
            [True] * len(evaluator) if self.risk_aversion is None else [not one.any() for one in self.risk_aversion]
        )
        kinds = list(zip(evaluator, is_neutral, strict=True))
        starts = [place for place in range(len(kinds)) if place == 0 or kinds[place] != kinds[place - 1]]
        return tuple(self._run(slice(*ends)) for ends in pairwise((*starts, len(kinds))))

    def _run(self, columns: slice) -> Run:
        alpha = np.zeros((1, 1)) if self.risk_aversion is None else self.risk_aversion[columns]
        mild = np.flatnonzero((np.abs(alpha) < SMALL_RISK_AVERSION).any(axis=0))
        return Run(columns, self.columns.evaluator[columns.start], not alpha.any(), bool((alpha > 0).all()), mild)

    def part(self, places: slice | NDArray[np.int64]) -> Inputs:
        """The inputs of some of the worlds."""
        return Inputs(
            columns=self.columns,
            tables=tuple(table[:, places] for table in self.tables),
            worth=self.worth[..., places],
            gains=self.gains[..., places],
            precision=self.precision[:, places],
            risk_aversion=None if self.risk_aversion is None else self.risk_aversion[:, places],
            discounts=None if self.discounts is None else self.discounts[..., places],
            world=self.world[places],
            response=self.response,
            casts=tuple(one.part(places) for one in self.casts),
        )


def columns_of(players: Sequence[str], perceived: Mapping[str, object], has_truth: bool = True) -> Columns:
    """The columns of a game; players whose perceived numbers are the same object share an evaluator.

    Without the truth there are only the players' own views.
    """
    views = list({id(view): name for name, view in reversed(list(perceived.items()))}.values())[::-1]
    evaluators: tuple[str | None, ...] = (None, *views)
    place = {id(perceived[name]): number for number, name in enumerate(views, start=1)}
    own = tuple(place[id(perceived[name])] if name in perceived else TRUTH for name in players)
    extra = tuple(player for player, evaluator in enumerate(own) if evaluator != TRUTH and has_truth)
    return Columns((*range(len(players)), *extra), (*own, *(TRUTH for _ in extra)), evaluators)


def prepare(game: Game, scenario: Scenario, worlds: Worlds, response: str = "logit", has_truth: bool = True) -> Inputs:
    """The inputs of the sweep in some worlds; without the truth payoffs are as players hold them only. Raises `WorldsError` where a formula has no meaning or a probability is none."""
    columns = columns_of(game.players, worlds.perceived, has_truth)
    size = len(worlds)
    weights = (
        {drawn_weight(who, stake): one for who, by in worlds.players.weights.items() for stake, one in by.items()}
        if game.facts
        else {}
    )
    views = [
        {**(worlds.quantities if name is None else worlds.perceived[name]), **weights} for name in columns.evaluators
    ]
    tables = [evaluate(game.expressions, view, size, game.rows_read) for view in views]
    for table in tables:
        check_probabilities(game, table, worlds.number)
    coefficients = _coefficients(game, scenario, worlds, columns)
    gains = _payoffs(game, columns, tables, coefficients)
    _refuse_vast(gains, "payoff")
    _refuse_vast(tables[TRUTH][game.gain_value], "gain")
    attitudes = [attitudes_in(game, scenario, worlds, cast, tables[TRUTH]) for cast in game.casts]
    attitudes.append(spanned(attitudes) if attitudes else attitudes_in(game, scenario, worlds, {}, tables[TRUTH]))
    risks, discounts = (
        np.array([getattr(one, name)[list(columns.player)] for one in attitudes])
        for name in ("risk_aversion", "discount")
    )
    is_discounted = bool((discounts != 1).any() and game.durations.any())
    every = [
        Inputs(
            columns=columns,
            tables=tuple(tables),
            worth=coefficients,
            gains=gains,
            precision=one.precision,
            risk_aversion=risk if risks.any() else None,
            discounts=discount[None] ** game.durations[:, None, None] if is_discounted else None,
            world=worlds.number,
            response=response,
        )
        for one, risk, discount in zip(attitudes, risks, discounts, strict=True)
    ]
    return replace(every[-1], casts=tuple(every[:-1]))


def _refuse_vast(values: Floats, what: str) -> None:
    """Raise `WorldsError` where sums, squares or exponents of these numbers could overflow."""
    if values.size and np.abs(values).max() > MOST:
        raise WorldsError(
            f"a {what} of {values.flat[np.abs(values).argmax()]:.3g}, of a size that cannot be reckoned with [M5]; use a larger unit"
        )


def _coefficients(game: Game, scenario: Scenario, worlds: Worlds, columns: Columns) -> Floats:
    """[C, A, W]: what a unit of each account is worth in each column."""
    found = np.zeros((len(columns.player), len(game.accounts), len(worlds)))
    direct = {one.name for one in game.accounts if one.side == "payoff"}
    for column, player in enumerate(columns.player):
        for account, one in enumerate(game.accounts):
            if one.side != "payoff" and game.players[player] in direct:
                continue
            found[column, account] = _worth(scenario, worlds, game.players[player], one.name, one.side)
    return found


def _worth(scenario: Scenario, worlds: Worlds, player: str, name: str, side: str) -> Floats | float:
    players = worlds.players
    if side == "payoff":
        return 1.0 if name == player else 0.0
    stake = scenario.stakes[name]
    if player in players.weights:
        worth: Floats | float = players.weights[player].get(name, np.zeros(1)) / abs(stake.best - stake.worst)
        direction = 1.0 if stake.best > stake.worst else -1.0
    else:
        worth = players.payoffs.get(player, {}).get(name, np.zeros(1))
        direction = 1.0
        if stake.best < stake.worst and side != "whole":
            worth = -worth
    if side == "whole":
        return worth * direction
    return worth if side == "above" else -players.loss_aversion[player] * worth


def _payoffs(game: Game, columns: Columns, tables: list[Floats], coefficients: Floats) -> Floats:
    """[G, C, W]: gains weighed, each column with its evaluator's numbers."""
    size = coefficients.shape[2]
    found = np.zeros((game.num_gains, len(columns.player), size))
    for account in range(len(game.accounts)):
        entries = np.flatnonzero(game.gain_account == account)
        if not len(entries):
            continue
        rows, values = game.gain_row[entries], game.gain_value[entries]
        for column, evaluator in enumerate(columns.evaluator):
            worth = coefficients[column, account]
            if worth.any():
                found[rows, column] += worth * tables[evaluator][values]
    return found
