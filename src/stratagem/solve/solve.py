"""A scenario solved in many worlds, chunk by chunk (M9 to M11).

The one entry to the solver: draws worlds, sweeps each chunk, and keeps what analyses need within bounded memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stratagem.errors import TooLargeError, UsageError, WorldsError, near, quote
from stratagem.graph.game import CHANCE, Floats, Game, Ints
from stratagem.graph.worlds import Worlds, central, draw, mistaken, stated
from stratagem.scenario.model import Scenario
from stratagem.solve.columns import TRUTH, Inputs, prepare
from stratagem.solve.engine import Engine, engine_of
from stratagem.solve.intervene import (
    FORCED,
    FREE,
    Choice,
    after_surprise,
    announced,
    choice,
    dead_ends,
    overrides,
    surprised,
)
from stratagem.solve.keep import Keeper, Kept
from stratagem.solve.known import with_means
from stratagem.solve.passage import Passage, passage, restrict
from stratagem.solve.plan import Plan, plan
from stratagem.solve.processes import each
from stratagem.solve.solution import RULED_OUT, SOLVED, STUCK, UNDONE, UNSOLVED, Solution
from stratagem.solve.sweep import Sweep, at_start, backward, forward

LOGIT = "logit"
RESPONSES = (LOGIT, "probit")
TIE_RULES = ("equal", "concede", "resist", "first", "last")
PILOT_WORLDS = 64
DRAW_WORLDS = 16384
CHUNK_BYTES = 64 << 20
BATCH_BYTES = 128 << 20
MAX_KEPT_BYTES = 1 << 30
LONG = 5_000_000  # states solved from which processes of their own pay
TIMES_HIDDEN = 8  # a state of a game that hides something takes so many times as long

T = TypeVar("T")
Progress = Callable[[int, int], None]
Held = Mapping[int, Inputs]  # by player who is mistaken about another: the game as he has it


@dataclass(frozen=True)
class Request:
    """What to solve for: how many worlds, of which seed, at which precision, after which history, under which interventions."""

    worlds: int = 10_000
    seed: int = 1
    precision: float | None = None
    history: tuple[Choice, ...] = ()
    do: tuple[Choice, ...] = ()
    is_announced: bool = False
    is_as_chosen: bool = False  # later movers take a forced move for a choice, and infer from it
    fixed: Mapping[str, float] = field(default_factory=dict)
    perceptions: bool = True
    decisions: int = 200
    step: int | None = None  # keep the states of this step instead of those of highest reach
    has_truth: bool = True  # payoffs by the true numbers too, not only as players hold them
    searched: int = 0  # in so many of the first worlds, and in the central one, look for further equilibria
    engine: str = "auto"  # `numpy`, `jax`, or by size
    response: str = "logit"  # how errors are drawn: extreme values, or `probit`, normal ones


def check_response(response: str, precision: ArrayLike = 0.0) -> None:
    """Raise `UsageError` for a response that is unknown, or that has no limit where a precision (1/payoff) is infinite."""
    if response not in RESPONSES:
        raise UsageError(
            f"the unknown response {quote(response)}{near(response, RESPONSES)}; one of {', '.join(RESPONSES)} [M9]"
        )
    if response != LOGIT and np.isinf(precision).any():
        raise UsageError(
            "best reply is the limit of logit responses; for a probit response give `--precision X`, or a scenario's `precision` or `errors` [M9]"
        )


def solve(game: Game, scenario: Scenario, request: Request, progress: Progress | None = None) -> Solution:
    """The solution of a compiled scenario.

    Raises `WorldsError` where a formula has no meaning or the history cannot have happened, `UsageError` for an unknown response or
    engine, or one that does not solve this game, `TooLargeError` where the answer would not fit.
    """
    return Solver(game, scenario, request, progress).run()


def together(solvers: Sequence[Solver]) -> list[Solution]:
    """The solutions of solvers of one game in the same worlds, under other histories and surprises: each world is swept once.

    Solvers of an announced intervention have games of their own, and do not belong here.
    """
    first, *others = solvers
    keepers = [one.keeper() for one in solvers]

    def draw(start: int, worlds: Worlds) -> None:
        for keeper in keepers:
            keeper.draw(start, worlds)

    def look(chunk: Chunk) -> list[tuple[Kept, Floats]]:
        chunks = [chunk, *(solver.again(chunk) for solver in others)]
        return [solver.look(one, keeper) for solver, one, keeper in zip(solvers, chunks, keepers, strict=True)]

    for place, parts in first.read(look, draw, times=len(solvers)):
        for keeper, part in zip(keepers, parts, strict=True):
            keeper.put(place, *part)
    return [keeper.solution() for keeper in keepers]


@dataclass(frozen=True)
class Chunk:
    """Some worlds, solved: where they stand among all, what went in and what came out."""

    place: slice
    inputs: Inputs
    held: Held
    sweep: Sweep
    way: Passage
    status: NDArray[np.int8]  # [W]


class Solver:
    """Solves chunk by chunk; analyses that need more than a `Solution` keeps read the chunks themselves."""

    def __init__(self, game: Game, scenario: Scenario, request: Request, progress: Progress | None = None) -> None:
        self.scenario, self.request, self.progress = scenario, request, progress
        self.game = announced(game, request.do) if request.is_announced else game
        self.plan: Plan = plan(self.game)
        if self.plan.hidden:
            import stratagem.solve.equilibrium  # noqa: F401, PLC0415 - here once, not in each process
        self.engine = self._engine()
        self.restriction = restrict(self.game, request.history)
        self.surprise = () if request.is_announced else request.do
        self.unsettling = self._unsettling()
        self.forced_edges = self._forced_edges()
        self.dead_ends = dead_ends(self.game, request.do)

    def run(self) -> Solution:
        """The solution in all worlds."""
        (solution,) = together([self])
        if self.plan.hidden and self.request.searched:
            solution = replace(solution, **self._further_equilibria())
        if solution.is_impossible:
            raise WorldsError(
                f"{self._where_history()}the history has probability 0 in every world: by this scenario it cannot have happened [M10]; check `history`, guards and forces"
            )
        return solution

    def _where_history(self) -> str:
        """Where the history stands in the file, if it is the file's own."""
        stated = {choice(self.game, one.that) for one in self.scenario.history}
        return self.scenario.where("history") if stated == set(self.request.history) else ""

    def keeper(self) -> Keeper:
        """What is to hold the answer. Raises `TooLargeError` where it would not fit."""
        nodes, edges = self._decisions()
        self._check_size(len(edges))
        one = self.request
        return Keeper(self.plan, one.worlds, one.seed, one.history, self.surprise, nodes, edges)

    def again(self, chunk: Chunk) -> Chunk:
        """A chunk that was swept for another history or surprise of this game, passed through under this one's."""
        sweep = self._swept(chunk.inputs, chunk.held) if self.unsettling else chunk.sweep
        way = self._passage(sweep)
        return replace(chunk, sweep=sweep, way=way, status=self._status(chunk.inputs, sweep, way))

    def look(self, chunk: Chunk, keeper: Keeper) -> tuple[Kept, Floats]:
        """What a keeper keeps of a chunk of this solver's; what players expect where a move is forced is read of whole games only."""
        is_whole = self.request.step is None
        start = self._forced_start(chunk.inputs, chunk.sweep.behaviour) if self.surprise and is_whole else None
        found, reach = keeper.read(chunk.inputs, chunk.sweep, chunk.way, chunk.status, start)
        if chunk.sweep.tied is not None:
            found.tied[:] = (chunk.sweep.tied & (chunk.way.reach > 0)).any(axis=0)
            self._widen(chunk, found, keeper)
        return found, reach

    def read(
        self, look: Callable[[Chunk], T], on_draw: Callable[[int, Worlds], None] | None = None, times: int = 1
    ) -> Iterator[tuple[slice, T]]:
        """What is seen in all worlds, chunk by chunk in order, with their places; `on_draw` is told of each batch of worlds as it is drawn.

        Chunks are solved in several processes where that pays, so that only what `look` gives comes back; `times` is how often it
        sweeps each.
        """
        for first, worlds in self._drawn():
            if on_draw is not None:
                on_draw(first, worlds)
            yield from self._looked(look, first, worlds, times)

    def read_given(self, look: Callable[[Chunk], T], worlds: Worlds) -> Iterator[tuple[slice, T]]:
        """The same of worlds that are given instead of drawn."""
        yield from self._looked(look, 0, self._as_seen(worlds))

    def of_worlds(self, worlds: Worlds) -> Iterator[Chunk]:
        """The chunks of worlds that are given instead of drawn, solved in this process."""
        yield from self._solved(self._as_seen(worlds))

    def is_long(self, worlds: int) -> bool:
        """Whether so many worlds take long enough for processes of their own to pay."""
        return self.game.num_nodes * worlds * (TIMES_HIDDEN if self.plan.hidden else 1) >= LONG

    def _looked(
        self, look: Callable[[Chunk], T], first: int, worlds: Worlds, times: int = 1
    ) -> Iterator[tuple[slice, T]]:
        inputs, held = self._prepared(worlds)
        places = self._places(len(worlds))
        jobs = [partial(self._look_at, look, first, place, inputs, held) for place in places]
        for place, found in zip(places, each(jobs, self.is_long(times * len(worlds))), strict=True):
            yield slice(first + place.start, first + place.stop), found
            if self.progress is not None:
                self.progress(min(first + place.stop, self.request.worlds), self.request.worlds)

    def _places(self, worlds: int) -> list[slice]:
        """The places of chunks, about as large and as few as may be; an even number of them if several, for two processes to share."""
        count = -(-worlds // self._chunk_worlds())
        count += count % 2 if count > 1 else 0
        size = -(-worlds // max(count, 1))
        return [slice(start, min(start + size, worlds)) for start in range(0, worlds, size or 1)]

    def _look_at(self, look: Callable[[Chunk], T], first: int, place: slice, inputs: Inputs, held: Held) -> T:
        return look(self._chunk(first, place, inputs, held))

    def _engine(self) -> Engine:
        scenario, name, response = self.scenario, self.request.engine, self.request.response
        check_response(response)
        is_neutral = all(player.risk_aversion is None for player in scenario.players.values())
        if self.plan.hidden or self.game.casts or scenario.mistakes or response != LOGIT:
            if name == "jax":
                raise UsageError(
                    "the JAX engine solves public games with logit responses only [M9]; leave `engine` at `auto`"
                )
            name = "numpy"
        return engine_of(name, self.plan, self.request.worlds, is_neutral)

    def _further_equilibria(self) -> dict[str, Any]:
        """What a search finds beside the branch: in how many of the first worlds there are more, and which in the central one."""
        from stratagem.solve.equilibrium import has_others, is_searchable, rivals  # noqa: PLC0415 - only where something is hidden

        hidden = [one for subgames in self.plan.hidden.values() for one in subgames]
        count, several = min(self.request.searched, self.request.worlds), 0
        size = self._chunk_worlds()
        for first in range(0, count, size):
            inputs, held = self._prepared(self._worlds(first, min(size, count - first)))
            sweep = self._swept(inputs, held)
            has_some = [has_others(self.game, one, inputs, sweep.buffer) for one in hidden]
            several += int(np.any(has_some, axis=0).sum())
        inputs, held = self._prepared(
            self._as_seen(central(self.scenario, self.request.perceptions, self.request.fixed))
        )
        sweep = self._swept(inputs, held)
        listed = [one for subgame in hidden[::-1] for one in rivals(self.game, subgame, inputs, sweep.buffer)]
        return {
            "num_searched": count,
            "num_several": several,
            "num_unsearched": sum(not is_searchable(one) for one in hidden),
            "rivals": tuple(listed),
        }

    def _prepared(self, worlds: Worlds) -> tuple[Inputs, Held]:
        """What goes into the sweep, and what goes into it as each player has it who is mistaken about another."""
        held = {
            self.game.players.index(name): prepare(
                self.game,
                self.scenario,
                self._as_seen(
                    mistaken(self.scenario, worlds, name, self.request.seed, self.request.perceptions), views
                ),
                self.request.response,
                self.request.has_truth,
            )
            for name, views in self.scenario.mistakes.items()
        }
        inputs = prepare(self.game, self.scenario, worlds, self.request.response, self.request.has_truth)
        check_response(inputs.response, inputs.precision)
        return inputs, held

    def _chunk(self, first: int, places: slice, inputs: Inputs, held: Held) -> Chunk:
        part = inputs.part(places)
        own = {player: one.part(places) for player, one in held.items()}
        sweep = self._swept(part, own)
        way = self._passage(sweep)
        place = slice(first + places.start, first + places.start + len(part))
        return Chunk(place, part, own, sweep, way, self._status(part, sweep, way))

    def _swept(self, inputs: Inputs, held: Held, tie_rule: str | None = None) -> Sweep:
        """The sweep in which the mistaken play as they see the game, and the others respond to that."""
        if not held and not self.unsettling:
            return self.engine.backward(inputs, tie_rule)
        given = np.full((self.game.num_edges, len(inputs)), np.nan)
        owner = self.game.player_of_node[self.game.parent_of_edge]
        believed: dict[int, Floats] = {}
        views: dict[int, Sweep] = {}
        for player, own in held.items():
            view = backward(self.plan, own, tie_rule)
            views[player] = view
            given[owner == player] = view.behaviour[owner == player]
            start = self._forced_start(own, view.behaviour) if self.surprise else view.values(self.plan)[0]
            believed[player] = start[player]
        sweep = backward(self.plan, inputs, tie_rule, given)
        for one in self.unsettling:
            given = after_surprise(self.game, one, sweep.behaviour, given)
            sweep = backward(self.plan, inputs, tie_rule, given)
        for view in views.values():
            if view.is_unsolved is not None:
                sweep.is_unsolved = view.is_unsolved | (False if sweep.is_unsolved is None else sweep.is_unsolved)
        sweep.believed = believed
        sweep.held = {player: (held[player], view.behaviour) for player, view in views.items()}
        return sweep

    def _forced_start(self, inputs: Inputs, behaviour: Floats) -> Floats:
        """[C, W]: what the game is worth at its start once moves are forced by surprise."""
        is_forced = overrides(self.game, self.surprise) != FREE
        return at_start(self.plan, inputs, surprised(self.game, self.surprise, behaviour), is_forced)

    def _unsettling(self) -> tuple[Choice, ...]:
        """The surprises in order from which somebody would infer something if they were choices: those inside a subgame that hides something."""
        if self.request.is_as_chosen:
            return ()
        inner = [one.inner for subgames in self.plan.hidden.values() for one in subgames]
        steps = set(self.game.step_of_node[np.concatenate(inner)].tolist()) if inner else set()
        return tuple(sorted((one for one in self.surprise if one.step in steps), key=lambda one: one.step))

    def _drawn(self) -> Iterator[tuple[int, Worlds]]:
        """Worlds in batches whose inputs stay within bounds."""
        per_world = 8 * (self.game.num_gains * self._num_columns() + 2 * len(self.game.expressions))
        batch = int(np.clip(BATCH_BYTES // per_world, 16, DRAW_WORLDS))
        for first in range(0, self.request.worlds, batch):
            yield first, self._worlds(first, min(batch, self.request.worlds - first))

    def _solved(self, worlds: Worlds) -> Iterator[Chunk]:
        inputs, held = self._prepared(worlds)
        for place in self._places(len(worlds)):
            yield self._chunk(0, place, inputs, held)

    def sampled(self, count: int, moves: Mapping[str, NDArray[np.float64]] | None = None) -> Worlds:
        """The first `count` worlds; with moves, each of them once for every value of every move, with the number of that name set to it."""
        one, ends = self.request, np.cumsum([len(values) for values in (moves or {}).values()])
        repeat = int(ends[-1]) if len(ends) else 1
        worlds = draw(self.scenario, count, one.seed, 0, one.fixed, one.perceptions)
        repeated = {name: np.repeat(values, repeat) for name, values in worlds.quantities.items()}
        for (name, values), end in zip((moves or {}).items(), ends, strict=True):
            repeated[name].reshape(count, repeat)[:, end - len(values) : end] = values
        weights = {
            player: {stake: np.repeat(values, repeat) for stake, values in stakes.items()}
            for player, stakes in worlds.players.weights.items()
        }
        normals = {name: np.repeat(values, repeat) for name, values in worlds.normals.items()}
        return stated(self.scenario, repeated, weights, one.perceptions, normals)

    def _worlds(self, first: int, count: int) -> Worlds:
        one = self.request
        return self._as_seen(draw(self.scenario, count, one.seed, first, one.fixed, one.perceptions))

    def _as_seen(self, worlds: Worlds, held: Collection[str] = ()) -> Worlds:
        """Worlds at the precision asked for, as players see them who hold some numbers to be known."""
        if self.request.precision is not None:
            level = {name: np.full(len(worlds), self.request.precision) for name in self.game.players}
            worlds = replace(worlds, players=replace(worlds.players, precision=level))
        return with_means(self.game, self.scenario, worlds, held)

    def _chunk_worlds(self) -> int:
        """Worlds a chunk, so that the buffers stay near the cache and within bounds."""
        game = self.game
        per_world = 8 * (
            (game.num_nodes + game.num_gains) * self._num_columns()
            + 2 * game.num_edges
            + 3 * game.num_nodes
            + sum(len(one.ways.edge) for subgames in self.plan.hidden.values() for one in subgames)
        )
        return max(int(np.clip(CHUNK_BYTES // per_world, 16, 1024)), self.engine.chunk)

    def _num_columns(self) -> int:
        return len(self.game.players) + (len(self.scenario.perceptions) if self.request.has_truth else 0)

    def _check_size(self, edges: int) -> None:
        size = self.request.worlds * 12 * (edges + len(self.game.outcomes) + 4 * len(self.game.questions))
        if size > 2 * MAX_KEPT_BYTES:
            raise TooLargeError(
                f"{self.request.worlds:,} worlds would keep {size / 2**30:.1f} GiB; use fewer worlds or `--decisions`"
            )

    def _decisions(self) -> tuple[Ints, Ints]:
        """The states whose values are kept by world, and their edges: those of the step asked for, or those of highest reach
        in the first worlds."""
        game = self.game
        nodes = np.flatnonzero(game.player_of_node >= 0)
        if self.request.step is not None:
            nodes = nodes[game.step_of_node[nodes] == self.request.step]
        else:
            pilot = self._worlds(0, min(PILOT_WORLDS, self.request.worlds))
            reach = np.sum([chunk.way.reach.sum(axis=1) for chunk in self._solved(pilot)], axis=0)
            nodes = np.sort(nodes[np.argsort(-reach[nodes], kind="stable")[: self.request.decisions]])
        first = game.first_edge
        edges = [np.arange(first[node], first[node + 1]) for node in nodes]
        return nodes.astype(np.int32), np.concatenate([np.empty(0), *edges]).astype(np.int32)

    def _passage(self, sweep: Sweep) -> Passage:
        return passage(self.plan, sweep.behaviour, self.restriction, self.surprise)

    def _forced_edges(self) -> Ints:
        """Decision edges that are forced and may not be available in some world."""
        forced = np.flatnonzero(overrides(self.game, self.request.do) == FORCED)
        is_decision = self.game.player_of_node[self.game.parent_of_edge[forced]] != CHANCE
        return np.asarray(forced[is_decision], np.int32)

    def _status(self, inputs: Inputs, sweep: Sweep, way: Passage) -> NDArray[np.int8]:
        status = np.full(len(inputs), SOLVED, np.int8)
        status[way.reach[0] <= 0] = RULED_OUT
        if sweep.is_stuck is not None:
            feasible = forward(self.plan, (inputs.tables[TRUTH][self.game.share_of_edge] > 0).astype(float))
            status[(sweep.is_stuck & (feasible > 0)).any(axis=0)] = STUCK
        if len(self.forced_edges):
            share = inputs.tables[TRUTH][self.game.share_of_edge[self.forced_edges]]
            there = way.reach[self.game.parent_of_edge[self.forced_edges]] > 0
            status[((share <= 0) & there).any(axis=0)] = UNDONE
        status[(way.reach[self.dead_ends] > 0).any(axis=0)] = UNDONE
        if sweep.is_unsolved is not None:
            status[sweep.is_unsolved] = UNSOLVED
        return status

    def _widen(self, chunk: Chunk, found: Kept, keeper: Keeper) -> None:
        """Widen the questions' range over tie rules, in the worlds that have ties."""
        tied = np.flatnonzero(found.tied)
        if not len(tied):
            return
        part = chunk.inputs.part(tied)
        held = {player: one.part(tied) for player, one in chunk.held.items()}
        for rule in TIE_RULES:
            way = self._passage(self._swept(part, held, rule))
            found.widen(tied, *keeper.read_questions(part, way))
