"""What is kept of each chunk of worlds, within bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stratagem.graph.game import CHANCE, NO_EVENT, TERMINAL, Floats, Game, Ints
from stratagem.graph.readings import is_of_types
from stratagem.graph.worlds import Worlds
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.intervene import FREE, Choice, overrides, surprised
from stratagem.solve.kernel import TIE_TOLERANCE
from stratagem.solve.passage import Passage, passage, restrict
from stratagem.solve.plan import Plan
from stratagem.solve.solution import SOLVED, Solution
from stratagem.solve.sweep import Sweep, action_values, likelihood
from stratagem.solve.witness import sightings, told


@dataclass(frozen=True)
class Choices:
    """The actions of each step, summed over all its states. Axis C: (step, option) in the order of the timeline."""

    options: tuple[tuple[int, int], ...]  # [C]
    nodes: Ints  # where somebody decides
    edges: Ints  # theirs
    sums: sparse.csr_array  # [C, edges]

    @classmethod
    def of(cls, game: Game) -> Choices:
        """The choices of a game."""
        nodes = np.flatnonzero(game.player_of_node >= 0).astype(np.int32)
        edges = np.flatnonzero(game.player_of_node[game.parent_of_edge] >= 0).astype(np.int32)
        keys = np.stack([game.step_of_node[game.parent_of_edge[edges]], game.option_of_edge[edges]], axis=1)
        options, which = np.unique(keys, axis=0, return_inverse=True)
        entries = np.ones(len(edges)), (which.ravel(), np.arange(len(edges)))
        sums = sparse.csr_array(entries, shape=(len(options), len(edges)))
        return cls(tuple((int(step), int(option)) for step, option in options), nodes, edges, sums)

    def summed(self, game: Game, of_edge: NDArray[np.floating[Any]], reach: Floats) -> Floats:
        """[C, W] a share of each edge, weighed by how likely its state is reached."""
        return np.asarray(self.sums @ (of_edge * reach[game.parent_of_edge[self.edges]]))


class ByWorld:
    """Arrays by name in a dataclass, worlds their last axis."""

    def put(self, place: slice, part: Self) -> None:
        """Put what was read of some worlds where they belong."""
        for one in fields(self):  # type: ignore[arg-type]
            getattr(self, one.name)[..., place] = getattr(part, one.name)


@dataclass
class Kept(ByWorld):
    """What is kept of some worlds; axes as in `Solution`."""

    world: NDArray[np.int64]
    status: NDArray[np.int8]
    weight: Floats
    seen_likelihood: Floats
    reach: Floats
    behaviour: Floats
    best: NDArray[np.float32]
    chosen: Floats
    preferred: Floats
    questions: Floats
    conditions: Floats
    questions_low: Floats
    questions_high: Floats
    outcomes: Floats
    accounts: Floats
    believed: Floats
    true: Floats
    regret: Floats
    residual: Floats
    folds: NDArray[np.int64]
    bifurcations: NDArray[np.int64]
    told: Floats
    tied: NDArray[np.bool_]

    def widen(self, places: NDArray[np.int64], values: Floats, conditions: Floats) -> None:
        """Widen the questions' range over tie rules in some worlds."""
        with np.errstate(invalid="ignore", divide="ignore"):
            joint = np.where(
                conditions > 0, values / conditions * self.conditions[:, places], self.questions[:, places]
            )
        self.questions_low[:, places] = np.minimum(self.questions_low[:, places], joint)
        self.questions_high[:, places] = np.maximum(self.questions_high[:, places], joint)


class Keeper:
    """Reads what is to be kept of each chunk, and holds it."""

    def __init__(
        self,
        plan: Plan,
        num_worlds: int,
        seed: int,
        history: tuple[Choice, ...],
        surprise: tuple[Choice, ...],
        nodes: Ints,
        edges: Ints,
    ) -> None:
        game = plan.game
        self.plan, self.game, self.seed, self.history, self.nodes, self.edges = plan, game, seed, history, nodes, edges
        self.every = Choices.of(game)
        self.sightings = sightings(game)
        self.surprise, self.is_forced = surprise, overrides(game, surprise) != FREE
        self.nodes_of = [np.flatnonzero(game.player_of_node == player) for player in range(len(game.players))]
        self.events = tuple(_events(game))
        parts = [restrict(game, history[: count + 1]) for count in range(len(history))]
        self.restrictions = [part for part in parts if part is not None]
        self.quantities: dict[str, Floats] = {}
        self.total_reach = np.zeros(game.num_nodes)
        self.kept = self._nothing(num_worlds)

    def draw(self, start: int, worlds: Worlds) -> None:
        """Keep the drawn numbers."""
        named = {name: values for name, values in worlds.quantities.items() if not is_of_types(name)}
        for player, weights in worlds.players.weights.items():
            named.update({f"{player}.weights.{stake}": values for stake, values in weights.items()})
        for name in self.game.facts:
            named.pop(name, None)
        for name, values in named.items():
            held = self.quantities.setdefault(name, np.zeros(len(self.kept.world)))
            held[start : start + len(worlds)] = values

    def put(self, place: slice, part: Kept, total_reach: Floats) -> None:
        """Hold what was read of a chunk."""
        self.kept.put(place, part)
        self.total_reach += total_reach

    def read(
        self, inputs: Inputs, sweep: Sweep, way: Passage, status: NDArray[np.int8], start: Floats | None = None
    ) -> tuple[Kept, Floats]:
        """What is kept of a chunk, and [N] the reach of each node summed over its worlds.

        `start` [C, W] is what the game is worth in each column, where it is not what the sweep found.
        """
        game, behaviour, passed = self.game, way.behaviour, way.reach
        flow, every, found = way.flow(game), self.every, self._nothing(len(inputs))
        found.status, found.world, found.weight = status, inputs.world, passed[0]
        found.reach, found.behaviour = passed[self.nodes], behaviour[self.edges]
        found.best = self._best(inputs, sweep, self.nodes, self.edges)
        found.chosen = every.summed(game, behaviour[every.edges], passed)
        found.preferred = every.summed(game, self._best(inputs, sweep, every.nodes, every.edges), passed)
        found.questions, found.conditions = self.read_questions(inputs, way)
        found.questions_low, found.questions_high = found.questions.copy(), found.questions.copy()
        for node in np.flatnonzero(game.player_of_node == TERMINAL):
            found.outcomes[game.outcome_of_node[node]] += passed[node]
        found.accounts = _account_totals(game, inputs, flow)
        worth = sweep.values(self.plan)[0] if start is None else start
        found.believed[:] = worth[: len(game.players)]
        for player, believed in sweep.believed.items():
            found.believed[player] = believed
        if self.sightings:
            onlookers = {one.player for one in self.sightings}
            found.told[:] = told(
                game, self.sightings, {one: self._as_held(inputs, sweep, way, one) for one in onlookers}
            )
        if sweep.residual is not None:
            found.residual = sweep.residual
        if sweep.turns is not None:
            found.folds[:], found.bifurcations[:] = sweep.turns
        found.true[:] = worth[list(inputs.columns.true_of_player)]
        for player, mine in enumerate(self.nodes_of):
            found.regret[player] = np.einsum("nw,nw->w", passed[mine], sweep.regret[mine])
        for count, one in enumerate(self._likelihoods(way)):
            found.seen_likelihood[count] = one
        return found, np.einsum("nw,w->n", passed, (status == SOLVED).astype(np.float64))

    def _nothing(self, worlds: int) -> Kept:
        """What is kept before anything is read."""
        game, count = self.game, len(self.game.questions)

        def table(rows: int) -> Floats:
            return np.zeros((rows, worlds))

        actions, choices, players = len(self.edges), len(self.every.options), len(game.players)
        return Kept(
            world=np.arange(worlds), status=np.zeros(worlds, np.int8), weight=np.ones(worlds),
            seen_likelihood=np.ones((len(self.history), worlds)),
            reach=table(len(self.nodes)), behaviour=table(actions), best=table(actions).astype(np.float32),
            chosen=table(choices), preferred=table(choices),
            questions=table(count), conditions=table(count), questions_low=table(count), questions_high=table(count),
            outcomes=table(len(game.outcomes)), accounts=table(len(game.accounts)),
            believed=table(players), true=table(players), regret=table(players),
            residual=np.zeros(worlds), folds=np.zeros(worlds, np.int64), bifurcations=np.zeros(worlds, np.int64),
            told=table(len(self.sightings)), tied=np.zeros(worlds, bool),
        )  # fmt: skip

    def _as_held(self, inputs: Inputs, sweep: Sweep, way: Passage, player: int) -> Passage:
        """The way as a player has it: by his own odds of chance, where nothing is forced, and if he is mistaken by the play that he expects."""
        game, behaviour = self.game, way.behaviour.copy()
        if player in sweep.held:
            inputs, expected = sweep.held[player]
            behaviour = surprised(game, self.surprise, expected)
        elif inputs.columns.evaluator[player] == TRUTH:
            return way
        edges = np.flatnonzero((game.player_of_node[game.parent_of_edge] == CHANCE) & ~self.is_forced)
        behaviour[edges] = inputs.tables[inputs.columns.evaluator[player]][game.share_of_edge[edges]]
        return passage(self.plan, behaviour, way.restriction)

    def _likelihoods(self, way: Passage) -> Iterator[Floats]:
        """[W] the probability of each seen move, given the history up to it."""
        before = np.ones(way.behaviour.shape[1])
        for count in range(len(self.history)):
            part = self.restrictions[count]
            is_whole = count + 1 == len(self.history)
            now = way.reach[0] if is_whole else likelihood(self.plan, way.behaviour, part.kept, part.last)[0]
            with np.errstate(invalid="ignore", divide="ignore"):
                yield np.where(before > 0, now / before, 0.0)
            before = now

    def read_questions(self, inputs: Inputs, way: Passage) -> tuple[Floats, Floats]:
        """[Q, W] probabilities of events and of conditions (joint with the history)."""
        game, table = self.game, inputs.tables[TRUTH]
        count, weight = len(game.questions), way.reach[0]
        found = np.zeros((2 * count, len(weight)))
        flows = way.flows(game, [edges for _, edges, _ in self.events])
        for (question, _, rows), flow in zip(self.events, flows, strict=True):
            found[question] += flow.sum(axis=0) if rows is None else np.einsum("vw,vw->w", flow, table[rows])
        for question, row in zip(
            game.event_question[game.event_edge == NO_EVENT], game.event_value[game.event_edge == NO_EVENT], strict=True
        ):
            found[question] += weight * table[row]
        for question, is_conditional in enumerate(game.is_conditional):
            if not is_conditional:
                found[count + question] = weight
        return found[:count], found[count:]

    def _best(self, inputs: Inputs, sweep: Sweep, nodes: Ints, edges: Ints) -> NDArray[np.float32]:
        """Which edges of some nodes are best replies; at infinite precision by the tie rule, else ties are shared."""
        if not len(edges):
            return np.zeros((0, len(inputs)), np.float32)
        if sweep.tied is not None:
            return sweep.behaviour[edges].astype(np.float32)
        game = self.game
        own = action_values(game, inputs, sweep, edges, game.player_of_node[game.parent_of_edge[edges]])
        own = np.where(inputs.tables[TRUTH][game.share_of_edge[edges]] > 0, own, -np.inf)
        counts = np.diff(game.first_edge)[nodes]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        top = np.repeat(np.maximum.reduceat(own, starts, axis=0), counts, axis=0)
        is_best = own >= top - TIE_TOLERANCE
        ties = np.repeat(np.add.reduceat(is_best.astype(np.float32), starts, axis=0), counts, axis=0)
        return np.asarray(is_best / ties, np.float32)

    def solution(self) -> Solution:
        """All that is held."""
        solved = max(int((self.kept.status == SOLVED).sum()), 1)
        return Solution(
            game=self.game, seed=self.seed, seen=self.history, kept_nodes=self.nodes, kept_edges=self.edges, choices=self.every.options,
            mean_reach=self.total_reach / solved, sightings=self.sightings, quantities=self.quantities, **vars(self.kept),
        )  # fmt: skip


def _events(game: Game) -> Iterator[tuple[int, Ints, Ints | None]]:
    """For each event: the edges on which it surely holds, and those (with their rows) on which it depends on the world."""
    is_sure = np.array([one.operation == "constant" and one.operands[0] == 1 for one in game.expressions])
    for question in range(2 * len(game.questions)):
        here = np.flatnonzero((game.event_question == question) & (game.event_edge != NO_EVENT))
        sure = here[is_sure[game.event_value[here]]]
        rest = here[~is_sure[game.event_value[here]]]
        if len(sure):
            yield question, game.event_edge[sure], None
        if len(rest):
            yield question, game.event_edge[rest], game.event_value[rest]


def _account_totals(game: Game, inputs: Inputs, flow: Floats) -> Floats:
    """[A, W] the expected gain of each account, under the true numbers."""
    gaining = np.flatnonzero(game.gain_of_edge)
    order = gaining[np.argsort(game.gain_of_edge[gaining], kind="stable")]
    rows, starts = np.unique(game.gain_of_edge[order], return_index=True)
    passing = np.zeros((game.num_gains, flow.shape[1]))
    if len(order):
        passing[rows] = np.add.reduceat(flow[order], starts, axis=0)
    totals = np.zeros((len(game.accounts), flow.shape[1]))
    table = inputs.tables[TRUTH]
    for account in range(len(game.accounts)):
        here = game.gain_account == account
        totals[account] = (passing[game.gain_row[here]] * table[game.gain_value[here]]).sum(axis=0)
    return totals
