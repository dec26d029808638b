"""A scenario solved in many worlds, chunk by chunk (M9 to M11).

The one entry to the solver: draws worlds, sweeps each chunk, and keeps what analyses need within bounded memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import TooLargeError
from stratagem.graph.game import CHANCE, TERMINAL, Floats, Game, Ints
from stratagem.graph.worlds import Worlds, draw
from stratagem.scenario.model import Scenario
from stratagem.solve.columns import TRUTH, Inputs, prepare
from stratagem.solve.intervene import FORCED, Choice, announced, consistent, overrides, surprised
from stratagem.solve.keep import Keeper, flows
from stratagem.solve.known import with_means
from stratagem.solve.plan import Plan, plan
from stratagem.solve.solution import IMPOSSIBLE, SOLVED, STUCK, UNDONE, Solution
from stratagem.solve.sweep import Sweep, backward, forward, likelihood

TIE_RULES = ("equal", "concede", "resist", "first", "last")
PILOT_WORLDS = 256
DRAW_WORLDS = 8192
CHUNK_BYTES = 48 << 20
MAX_KEPT_BYTES = 1 << 30

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """What to solve for: how many worlds, of which seed, at which precision, after which history, under which interventions."""

    worlds: int = 10_000
    seed: int = 1
    precision: float | None = None
    history: tuple[Choice, ...] = ()
    do: tuple[Choice, ...] = ()
    is_announced: bool = False
    fixed: Mapping[str, float] = field(default_factory=dict)
    perceptions: bool = True
    decisions: int = 200
    taken_as_known: bool = False


def solve(game: Game, scenario: Scenario, request: Request, progress: Progress | None = None) -> Solution:
    """The solution of a compiled scenario.

    Raises `WorldsError` where a formula has no meaning, `NotSolvedError` for numbers that are not known to all and whose mean
    does not do, `TooLargeError` where the answer would not fit.
    """
    return _Solver(game, scenario, request, progress).run()


class _Solver:
    def __init__(self, game: Game, scenario: Scenario, request: Request, progress: Progress | None) -> None:
        self.scenario, self.request, self.progress = scenario, request, progress
        self.game = announced(game, request.do) if request.is_announced else game
        self.plan: Plan = plan(self.game)
        self.kept = consistent(self.game, request.history) if request.history else None
        self.surprise = () if request.is_announced else request.do
        self.choice_rows = self._forced_edges()

    def run(self) -> Solution:
        pilot = self._inputs(0, min(PILOT_WORLDS, self.request.worlds))
        nodes, edges = self._decisions(pilot)
        self._check_size(len(edges))
        keeper = Keeper(self.plan, self.request.worlds, self.request.seed, self.request.history, nodes, edges)
        done = 0
        while done < self.request.worlds:
            worlds = self._worlds(done, min(DRAW_WORLDS, self.request.worlds - done))
            keeper.draw(done, worlds)
            for start in range(0, len(worlds), chunk := self._chunk()):
                part = _part(worlds, start, min(start + chunk, len(worlds)))
                self._solve_chunk(done + start, prepare(self.game, self.scenario, part), keeper)
                if self.progress is not None:
                    self.progress(done + start + len(part), self.request.worlds)
            done += len(worlds)
        return keeper.solution()

    def _worlds(self, first: int, count: int) -> Worlds:
        worlds = draw(self.scenario, count, self.request.seed, first, self.request.fixed, self.request.perceptions)
        if self.request.precision is not None:
            level = {name: np.full(count, self.request.precision) for name in self.game.players}
            worlds = replace(worlds, players=replace(worlds.players, precision=level))
        return with_means(self.game, self.scenario, worlds, self.request.taken_as_known)

    def _inputs(self, first: int, count: int) -> Inputs:
        return prepare(self.game, self.scenario, self._worlds(first, count))

    def _chunk(self) -> int:
        """Worlds a chunk, so that the buffers stay near the cache and within bounds."""
        game = self.game
        columns = len(game.players) + len(self.scenario.perceptions)
        per_world = 8 * ((game.num_nodes + game.num_gains) * columns + 2 * game.num_edges + 3 * game.num_nodes + len(game.expressions))
        return int(np.clip(CHUNK_BYTES // per_world, 16, 1024))

    def _check_size(self, edges: int) -> None:
        size = self.request.worlds * 12 * (edges + len(self.game.outcomes) + 4 * len(self.game.questions))
        if size > 2 * MAX_KEPT_BYTES:
            raise TooLargeError(f"{self.request.worlds:,} worlds would keep {size / 2**30:.1f} GiB; use fewer worlds or `--decisions`")

    def _decisions(self, inputs: Inputs) -> tuple[Ints, Ints]:
        """The decision states of highest reach in the first worlds, and their edges."""
        sweep = backward(self.plan, inputs)
        reach = forward(self.plan, self._behaviour(sweep), self.kept).mean(axis=1)
        nodes = np.flatnonzero(self.game.player_of_node >= 0)
        kept = nodes[np.argsort(-reach[nodes], kind="stable")[: self.request.decisions]]
        kept = np.sort(kept).astype(np.int32)
        first = self.game.first_edge
        edges = [np.arange(first[node], first[node + 1], dtype=np.int32) for node in kept]
        return kept, np.concatenate(edges) if edges else np.empty(0, np.int32)

    def _behaviour(self, sweep: Sweep) -> Floats:
        return surprised(self.game, self.surprise, sweep.behaviour) if self.surprise else sweep.behaviour

    def _forced_edges(self) -> Ints:
        """Decision edges that are forced and may not be available in some world."""
        forced = np.flatnonzero(overrides(self.game, self.request.do) == FORCED)
        return forced[self.game.player_of_node[self.game.parent_of_edge[forced]] != CHANCE].astype(np.int32)

    def _solve_chunk(self, start: int, inputs: Inputs, keeper: Keeper) -> None:
        sweep = backward(self.plan, inputs)
        behaviour = self._behaviour(sweep)
        reach = forward(self.plan, behaviour, self.kept)
        status = self._status(inputs, sweep, behaviour, reach)
        onward = likelihood(self.plan, behaviour, self.kept) if self.kept is not None else None
        place = slice(start, start + len(inputs))
        keeper.keep(place, inputs, sweep, behaviour, reach, onward, status)
        if sweep.tied is not None:
            tied = (sweep.tied & (reach > 0)).any(axis=0)
            keeper.tied[place] = tied
            if tied.any():
                self._tie_range(place, inputs, np.flatnonzero(tied), keeper)

    def _status(self, inputs: Inputs, sweep: Sweep, behaviour: Floats, reach: Floats) -> NDArray[np.int8]:
        status = np.full(len(inputs), SOLVED, np.int8)
        if self.kept is not None:
            status[reach[self.game.player_of_node == TERMINAL].sum(axis=0) <= 0] = IMPOSSIBLE
        if sweep.is_stuck is not None:
            feasible = forward(self.plan, (inputs.tables[TRUTH][self.game.share_of_edge] > 0).astype(float))
            status[(sweep.is_stuck & (feasible > 0)).any(axis=0)] = STUCK
        if len(self.choice_rows):
            share = inputs.tables[TRUTH][self.game.share_of_edge[self.choice_rows]]
            there = reach[self.game.parent_of_edge[self.choice_rows]] > 0
            status[((share <= 0) & there).any(axis=0)] = UNDONE
        return status

    def _tie_range(self, place: slice, inputs: Inputs, tied: NDArray[np.int64], keeper: Keeper) -> None:
        """The questions' range over tie rules, in the worlds that have ties."""
        part = _inputs_part(inputs, tied)
        for rule in TIE_RULES:
            behaviour = self._behaviour(backward(self.plan, part, rule))
            reach = forward(self.plan, behaviour, self.kept)
            onward = likelihood(self.plan, behaviour, self.kept) if self.kept is not None else None
            values, conditions = keeper.read_questions(part, flows(self.game, behaviour, reach, onward, self.kept))
            keeper.widen(place.start + tied, values, conditions)


def _part(worlds: Worlds, start: int, stop: int) -> Worlds:
    def cut(values: Mapping[str, Floats]) -> dict[str, Floats]:
        return {name: one[start:stop] for name, one in values.items()}

    players = worlds.players
    views = {id(one): cut(one) for one in worlds.perceived.values()}
    return Worlds(
        worlds.number[start:stop],
        cut(worlds.quantities),
        {name: views[id(one)] for name, one in worlds.perceived.items()},
        replace(
            players,
            weights={name: cut(one) for name, one in players.weights.items()},
            payoffs={name: cut(one) for name, one in players.payoffs.items()},
            precision=cut(players.precision),
            risk_aversion=cut(players.risk_aversion),
            loss_aversion=cut(players.loss_aversion),
            discount=cut(players.discount),
        ),
    )


def _inputs_part(inputs: Inputs, places: NDArray[np.int64]) -> Inputs:
    return replace(
        inputs,
        tables=tuple(np.ascontiguousarray(table[:, places]) for table in inputs.tables),
        gains=np.ascontiguousarray(inputs.gains[..., places]),
        precision=inputs.precision[:, places],
        risk_aversion=None if inputs.risk_aversion is None else inputs.risk_aversion[:, places],
        discounts=None if inputs.discounts is None else inputs.discounts[..., places],
        world=inputs.world[places],
    )
