"""Statements on what moves show, tried in worlds: whether each holds there, and how likely the move is (M12, L25).

Takes a study and statements; gives, for each statement, assumption on the road not taken and precision, what it comes to in every
world. Worlds are solved once for all statements that share them. Knows no verdicts.

Axes: W worlds, N nodes, A accounts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.pooling import quantiles
from stratagem.analyse.seen import in_order
from stratagem.analyse.study import Study
from stratagem.graph.game import Floats, Ints
from stratagem.graph.worlds import Worlds, draw
from stratagem.scenario.check_revealed import ends
from stratagem.scenario.choices import parse_says
from stratagem.scenario.evidence import Quantity, Revealed
from stratagem.scenario.model import Scenario
from stratagem.solve.columns import TRUTH
from stratagem.solve.expect import Expectation, action_expectation, expect
from stratagem.solve.intervene import Choice
from stratagem.solve.passage import restrict
from stratagem.solve.solution import RULED_OUT, SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values, forward

MOST_WORLDS = 2048
STATED, LEVELS = "as stated", 3  # of precision
Numbers = Mapping[str, Quantity]
History = tuple[Choice, ...]


@dataclass(frozen=True)
class Trial:
    """A statement tried in worlds: whether it holds there, and how likely the move is."""

    holds: NDArray[np.bool_]  # [W]
    at_stake: float  # mean size of what the move makes of the second stake; 1 for statements on other things
    weight: Floats  # [W] probability of what was seen before, and of coming to the move
    likelihood: Floats  # [W] probability of the action taken, given that


@dataclass(frozen=True)
class Statement:
    """A statement at a move, with the action that was taken, or is said to be."""

    one: Revealed
    step: int
    player: int
    taken: int
    instead: int | None  # None for what the mover would have liked best
    before: History

    @cached_property
    def sides(self) -> tuple[str, str]:
        """What is compared."""
        sides = parse_says(self.one.says)
        assert sides is not None  # the scenario is checked
        return sides


def statement(study: Study, one: Revealed, step: int, taken: int) -> Statement:
    """A statement of a study's scenario, ready to be tried."""
    info = study.game.steps[step]
    instead = None if one.instead_of is None else info.options.index(one.instead_of)
    before = in_order(choice for choice in study.seen if choice.step < step)
    return Statement(one, step, info.player, taken, instead, before)


@dataclass(frozen=True)
class _Setting:
    """What worlds are like in which statements are tried."""

    assumed: int  # place of the scenario on the shelf
    player: int | None = None  # whose precision is another than stated
    precision: float | None = None


AS_STATED = _Setting(0)
Part = tuple[NDArray[np.bool_], Floats, Floats, Floats]  # holds, stake, weight, likelihood: each [W]


class Trials:
    """Statements under every assumption and level of the mover's precision, as stated first.

    Worlds as they stand may be swept for other ends: whoever sweeps all of them takes what `look` gives of each chunk, hands it to `take`, and
    they are not swept again.
    """

    def __init__(self, study: Study, statements: Sequence[Statement]) -> None:
        self.shelf = _Shelf(study)
        self.rows: list[list[tuple[str, str, _Setting]]] = []
        self.asked: dict[_Setting, dict[int, Statement]] = {}
        self.parts: list[list[Part]] = []
        self.are_shared = study.worlds <= MOST_WORLDS
        for number, one in enumerate(statements):
            assumptions: dict[str, Numbers] = {STATED: {}, **one.one.rivals}
            self.rows.append([])
            for name, numbers in assumptions.items():
                assumed = self.shelf.place(numbers)
                for level, precision in self.shelf.levels(assumed, one.player).items():
                    setting = _Setting(assumed, None if precision is None else one.player, precision)
                    self.rows[-1].append((name, level, setting))
                    self.asked.setdefault(setting, {})[number] = one

    def look(self, solver: Solver, chunk: Chunk) -> list[Part] | None:
        """The statements in a chunk of the worlds as they stand, before anything was seen; None where that is of no use."""
        if not (self.are_shared and self.rows):
            return None
        return self.shelf.read(AS_STATED, solver, chunk, self.asked[AS_STATED].values())

    def take(self, parts: Iterable[list[Part] | None]) -> None:
        """What was looked at of all chunks, in order."""
        self.parts = [part for part in parts if part is not None]

    def found(self) -> list[list[tuple[str, str, Trial]]]:
        """By statement: assumption, level and trial."""
        trials: dict[tuple[_Setting, int], Trial] = {}
        for setting, asked in self.asked.items():
            is_taken = setting == AS_STATED and self.parts
            parts = self.parts if is_taken else self.shelf.solved(setting, asked.values())
            joined = [_joined(some) for some in zip(*parts, strict=True)]
            trials.update({(setting, number): trial for number, trial in zip(asked, joined, strict=True)})
        return [
            [(name, level, trials[setting, number]) for name, level, setting in own]
            for number, own in enumerate(self.rows)
        ]


class _Shelf:
    """Scenarios by what they assume, each with its worlds drawn once."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.assumed: list[Numbers] = []
        self.drawn: list[tuple[Scenario, Worlds]] = []

    def place(self, numbers: Numbers) -> int:
        """The place of the scenario with some numbers in place of its own."""
        if numbers not in self.assumed:
            study = self.study
            scenario = _assuming(study.scenario, numbers)
            count = min(study.worlds, MOST_WORLDS)
            self.assumed.append(numbers)
            self.drawn.append((scenario, draw(scenario, count, study.seed, 0, study.fixed, study.perceptions)))
        return self.assumed.index(numbers)

    def levels(self, assumed: int, player: int) -> dict[str, float | None]:
        """A player's precision: as stated, low and high; at best reply, or where it is that of his type, there is one only."""
        stated = self.drawn[assumed][1].players.precision
        precision = stated.get(self.study.game.players[player], np.array([np.inf]))
        if self.study.precision is not None or np.isinf(precision).any():
            return {STATED: None}
        low, high = quantiles(precision, np.ones(len(precision)), (0.05, 0.95))
        return {STATED: None, "low": low if low < high else low / 2, "high": high if low < high else 2 * high}

    def solved(self, setting: _Setting, statements: Collection[Statement]) -> list[list[Part]]:
        """The parts, chunk by chunk, of statements that share their worlds."""
        scenario, worlds = self.drawn[setting.assumed]
        if setting.player is not None and setting.precision is not None:
            level = {self.study.game.players[setting.player]: np.full(len(worlds), setting.precision)}
            precision = {**worlds.players.precision, **level}
            worlds = replace(worlds, players=replace(worlds.players, precision=precision))
        request = replace(self.study.request(0), history=(), step=None, has_truth=False)
        solver = Solver(self.study.game, scenario, request)
        looked = solver.read_given(lambda chunk: self.read(setting, solver, chunk, statements), worlds)
        return [parts for _, parts in looked]

    def read(self, setting: _Setting, solver: Solver, chunk: Chunk, statements: Collection[Statement]) -> list[Part]:
        """The parts of statements in a chunk."""
        return list(_Reader(solver, chunk, self.drawn[setting.assumed][1]).trials(statements))


def _assuming(scenario: Scenario, numbers: Numbers) -> Scenario:
    if not numbers:
        return scenario
    groups = {
        head: {
            key: quantity if key not in numbers else quantity.model_copy(update={"is_": numbers[key].is_})
            for key, quantity in group.items()
        }
        for head, group in scenario.quantities.items()
    }
    return scenario.model_copy(update={"quantities": groups})


def _joined(parts: Sequence[Part]) -> Trial:
    holds, stake, weight, likelihood = (np.concatenate(one) for one in zip(*parts, strict=True))
    total = weight.sum()
    return Trial(holds.astype(bool), float(weight @ stake / total) if total > 0 else 0.0, weight, likelihood)


@dataclass(frozen=True)
class _Ahead:
    """What a mover expects from where he moves on, of some accounts and outcomes."""

    of: Expectation
    accounts: Sequence[int]
    outcomes: Sequence[int]


@dataclass(frozen=True)
class _Met:
    """The nodes at which a move is made."""

    nodes: Ints  # [n]
    mix: Floats  # [n, W] share of each among those met; 0 where none is
    taken: Ints  # [n] the edge taken, -1 where it does not stand
    instead: NDArray[np.int32]  # [n, W] the road not taken, -1 where there is none


class _Reader:
    """Reads statements in one chunk of worlds."""

    def __init__(self, solver: Solver, chunk: Chunk, worlds: Worlds) -> None:
        self.solver, self.chunk, self.worlds = solver, chunk, worlds
        self.scenario, self.game = solver.scenario, solver.game
        self.outcomes = ends(self.scenario)
        self.is_counted = np.isin(chunk.status, (SOLVED, RULED_OUT))
        self.reaches: dict[History, Floats] = {}

    def trials(self, statements: Collection[Statement]) -> Iterator[Part]:
        """Each statement's part."""
        reached = [self._reached(one) for one in statements]
        ahead = dict(self._ahead(statements, [nodes for nodes, _ in reached]))
        for one, (nodes, reach) in zip(statements, reached, strict=True):
            yield self._trial(one, nodes, reach, ahead.get(one.player))

    def _reached(self, one: Statement) -> tuple[Ints, Floats]:
        """The nodes at which a move may be made after what was seen before it, and how likely that is [n, W]."""
        if one.before not in self.reaches:
            restriction = restrict(self.game, one.before)
            kept = None if restriction is None else restriction.kept
            self.reaches[one.before] = forward(self.solver.plan, self.chunk.sweep.behaviour, kept) * self.is_counted
        reach = self.reaches[one.before]
        is_here = (self.game.step_of_node == one.step) & (self.game.player_of_node >= 0)
        nodes = np.flatnonzero(is_here & reach.any(axis=1)).astype(np.int32)
        return nodes, reach[nodes]

    def _ahead(self, asked: Collection[Statement], nodes: Sequence[Ints]) -> Iterator[tuple[int, _Ahead]]:
        """What each mover expects of all that some statement of his compares."""
        game, stakes, statements = self.game, self.scenario.stakes, tuple(asked)
        for player in {one.player for one in statements}:
            own = [place for place, one in enumerate(statements) if one.player == player]
            sides = {side for place in own for side in statements[place].sides}
            accounts = [place for place, one in enumerate(game.accounts) if one.stake in sides]
            outcomes = [place for place, name in enumerate(game.outcomes) if name in sides and name not in stakes]
            start = np.concatenate([nodes[place] for place in own])
            plan, inputs, behaviour = self.solver.plan, self.chunk.inputs, self.chunk.sweep.behaviour
            if accounts or outcomes:
                found = expect(plan, inputs, behaviour, player, start, accounts, outcomes)
                yield player, _Ahead(found, accounts, outcomes)

    def _trial(self, one: Statement, nodes: Ints, reach: Floats, ahead: _Ahead | None) -> Part:
        """Whether it holds, what is at stake, the weight and the likelihood."""
        taken, instead = self._roads(one, nodes)
        is_there = taken >= 0
        weight = reach.sum(axis=0)
        joint = (reach[is_there] * self.chunk.sweep.behaviour[taken[is_there]]).sum(axis=0)
        safe = np.where(weight > 0, weight, 1.0)
        met = _Met(nodes, reach / safe, taken, instead)
        holds, stake = self._holds(one, met, ahead)
        return holds, stake, weight, joint / safe

    def _roads(self, one: Statement, nodes: Ints) -> tuple[Ints, NDArray[np.int32]]:
        """[n] the edge taken at each node, -1 where it does not stand or nothing else does, and [n, W] the road not taken."""
        game, chunk = self.game, self.chunk
        first, option = game.first_edge, game.option_of_edge
        taken = np.full(len(nodes), -1, np.int32)
        instead = np.full((len(nodes), len(chunk.inputs)), -1, np.int32)
        for place, node in enumerate(nodes):
            here = np.arange(first[node], first[node + 1], dtype=np.int32)
            own = here[option[here] == one.taken]
            rest = here[(option[here] != one.taken) if one.instead is None else (option[here] == one.instead)]
            if len(own) and len(rest):
                stands = chunk.inputs.tables[TRUTH][game.share_of_edge[rest]] > 0
                values = action_values(game, chunk.inputs, chunk.sweep, rest, one.player)
                best = rest[np.where(stands, values, -np.inf).argmax(axis=0)]
                taken[place], instead[place] = own[0], np.where(stands.any(axis=0), best, -1)
        return taken, instead

    def _holds(self, one: Statement, met: _Met, ahead: _Ahead | None) -> tuple[NDArray[np.bool_], Floats]:
        """[W] whether the statement holds, and the size of what is at stake in its second side."""
        left, right = (self._side(side, one.player, met, ahead) for side in one.sides)
        if all(side in self.scenario.stakes for side in one.sides):
            size = np.abs(right)
            return left > size, size
        return left > right, np.ones(len(self.chunk.inputs))

    def _side(self, side: str, player: int, met: _Met, ahead: _Ahead | None) -> Floats:
        """[W] what one side of a statement comes to; minus infinity for an outcome that never comes."""
        if side in self.scenario.stakes:
            return self._stake(side, player, met, ahead)
        if side not in self.outcomes:
            return self._number(side)
        if ahead is None or side not in self.game.outcomes:
            return np.full(len(self.chunk.inputs), -np.inf)
        place = ahead.outcomes.index(self.game.outcomes.index(side))
        total, chance = (
            (met.mix * part[met.nodes, place]).sum(axis=0) for part in (ahead.of.by_outcome, ahead.of.chance)
        )
        return np.where(chance > 0, total / np.where(chance > 0, chance, 1.0), -np.inf)

    def _stake(self, stake: str, player: int, met: _Met, ahead: _Ahead | None) -> Floats:
        """[W] weight times stake difference between the action taken and the road not taken, in the mover's payoff."""
        every = np.arange(len(self.chunk.inputs))
        edges = np.unique([*met.taken, *met.instead.ravel()]).astype(np.int32)
        edges = edges[edges >= 0]
        if ahead is None or not len(edges):
            return np.zeros(len(every))
        of_stake = [place for place, account in enumerate(ahead.accounts) if self.game.accounts[account].stake == stake]
        plan, inputs = self.solver.plan, self.chunk.inputs
        worth = (
            action_expectation(plan, inputs, ahead.of, edges, player, ahead.accounts).accounts[:, of_stake].sum(axis=1)
        )
        most = len(edges) - 1
        own = worth[np.minimum(np.searchsorted(edges, met.taken), most)]
        rest = worth[np.minimum(np.searchsorted(edges, met.instead), most), every]
        gap = np.where((met.taken[:, None] >= 0) & (met.instead >= 0), own - rest, 0.0)
        return np.asarray((met.mix * gap).sum(axis=0))

    def _number(self, name: str) -> Floats:
        """[W] a number by name, or a plain number."""
        named, weights = self.worlds.quantities, self.worlds.players.weights
        player, _, rest = name.partition(".")
        if rest.startswith("weights."):
            values = weights[player][rest.removeprefix("weights.")]
        elif name in named:
            values = named[name]
        else:
            return np.full(len(self.chunk.inputs), float(name))
        return values[self.chunk.place]
