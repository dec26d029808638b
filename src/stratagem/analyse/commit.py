"""What each action of a decision is worth to its mover, world by world, while his own numbers stand still.

Takes a study and a step; gives, for the states where the same actions stand, payoffs by action and world, and the numbers that the
worlds drew. The others play as they do in each world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from stratagem.analyse.options import LEAST_REACH
from stratagem.analyse.pooling import Pooled, pool
from stratagem.analyse.study import Study
from stratagem.graph.game import Floats, Ints
from stratagem.graph.readings import is_of_types
from stratagem.graph.values import PlayerValues
from stratagem.graph.worlds import Worlds, central, draw, stated
from stratagem.solve.columns import TRUTH
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values

BATCH = 4096
FIELDS = ("weights", "payoffs", "precision", "risk_aversion", "loss_aversion", "discount")


@dataclass(frozen=True)
class Standing:
    """States of a decision in which the same actions stand."""

    options: tuple[int, ...]
    weight: Floats  # [W] probability of the history and of meeting such a state
    payoff: Floats  # [options, W] certainty equivalent from the move on, by the true numbers; 0 where the weight is


@dataclass(frozen=True)
class Commitment:
    """A decision whose mover has numbers of his own that are the same in every world."""

    standing: tuple[Standing, ...]  # likeliest first
    reach: tuple[Pooled, ...]  # how likely each is met
    numbers: dict[str, Floats]  # name to [W]: all that differs by world, but for the mover's own
    risk_aversion: float | None  # None where his types differ in it
    num_failed: int


def commitment(study: Study, step: int) -> Commitment:
    """The payoffs of a decision's actions in every world of a study; what is next to never met is left out."""
    player = study.game.players[study.game.steps[step].player]
    gathered = _Gathered(study.worlds)
    solver = study.solver(step)
    own = _central_numbers(study)
    risk = own.risk_aversion.get(player)

    def look(chunk: Chunk) -> _Gathered:
        return _Gathered.of(solver, chunk, step)

    for first in range(0, study.worlds, BATCH):
        count = min(BATCH, study.worlds - first)
        worlds = draw(study.scenario, count, study.seed, first, study.fixed, study.perceptions)
        gathered.draw(first, worlds, player)
        for place, part in solver.read_given(look, _with_own(worlds, player, own)):
            gathered.put(slice(first + place.start, first + place.stop), part)
    pooled = {options: pool(weight, gathered.whole) for options, weight in gathered.weight.items()}
    met = {options: one for options, one in pooled.items() if one is not None and one.mean >= LEAST_REACH}
    kept = sorted(met, key=lambda options: -met[options].mean)
    return Commitment(
        tuple(gathered.standing(options) for options in kept),
        tuple(met[options] for options in kept),
        gathered.numbers,
        None if risk is None else float(risk[0]),
        gathered.num_failed,
    )


def _central_numbers(study: Study) -> PlayerValues:
    """Every player's own numbers in one world: weights at their prior means, all else by the medians of what it reads."""
    medians = {**central(study.scenario).quantities, **{name: np.array([x]) for name, x in study.fixed.items()}}
    prior = draw(study.scenario, 4096, 0, 0, study.fixed).players.weights
    means = {player: {s: np.array([values.mean()]) for s, values in by.items()} for player, by in prior.items()}
    return stated(study.scenario, medians, means).players


def _with_own(worlds: Worlds, player: str, own: PlayerValues) -> Worlds:
    """The worlds with one player's own numbers set."""
    size = len(worlds)
    changed = {}
    for field in FIELDS:
        values = getattr(own, field).get(player)
        if values is not None:
            spread = {s: np.full(size, one[0]) for s, one in values.items()} if isinstance(values, dict) else None
            changed[field] = {**getattr(worlds.players, field), player: spread or np.full(size, values[0])}
    return replace(worlds, players=replace(worlds.players, **changed))


class _Gathered:
    """What is gathered chunk by chunk."""

    def __init__(self, num_worlds: int) -> None:
        self.size, self.whole, self.num_failed = num_worlds, np.zeros(num_worlds), 0
        self.weight: dict[tuple[int, ...], Floats] = {}
        self.total: dict[tuple[int, ...], Floats] = {}
        self.numbers: dict[str, Floats] = {}

    def draw(self, first: int, worlds: Worlds, player: str) -> None:
        """Keep what the worlds drew, but for the player's own numbers."""
        named = {name: values for name, values in worlds.quantities.items() if not is_of_types(name)}
        for other, weights in worlds.players.weights.items():
            named.update({f"{other}.weights.{stake}": values for stake, values in weights.items()})
        for name, values in named.items():
            if not name.startswith(f"{player}."):
                self.numbers.setdefault(name, np.empty(self.size))[first : first + len(worlds)] = values

    @classmethod
    def of(cls, solver: Solver, chunk: Chunk, step: int) -> _Gathered:
        """The states of a step in one chunk."""
        game, counted = solver.game, chunk.status == SOLVED
        found = cls(len(chunk.inputs))
        found.num_failed = int(((chunk.status != SOLVED) & (chunk.way.reach[0] > 0)).sum())
        found.whole = chunk.way.reach[0] * counted
        for node in np.flatnonzero((game.step_of_node == step) & (game.player_of_node >= 0)):
            reach = chunk.way.reach[node] * counted
            edges = np.arange(game.first_edge[node], game.first_edge[node + 1], dtype=np.int32)
            payoff = _payoffs(solver, chunk, edges)
            for stands, here in _patterns(chunk.inputs.tables[TRUTH][game.share_of_edge[edges]] > 0):
                options = tuple(game.option_of_edge[edges[stands]].tolist())
                found._hold(options)
                found.weight[options] += reach * here
                found.total[options] += reach * here * payoff[stands]
        return found

    def put(self, place: slice, part: _Gathered) -> None:
        """Put what a chunk gave where it belongs."""
        self.num_failed += part.num_failed
        self.whole[place] = part.whole
        for options in part.weight:
            self._hold(options)
            self.weight[options][place], self.total[options][:, place] = part.weight[options], part.total[options]

    def _hold(self, options: tuple[int, ...]) -> None:
        if options not in self.weight:
            self.weight[options] = np.zeros(self.size)
            self.total[options] = np.zeros((len(options), self.size))

    def standing(self, options: tuple[int, ...]) -> Standing:
        """The states where these actions stand."""
        weight = self.weight[options]
        return Standing(options, weight, self.total[options] / np.where(weight > 0, weight, 1.0))


def _payoffs(solver: Solver, chunk: Chunk, edges: Ints) -> Floats:
    """[edges, W] what each action brings its mover from the move on, under the true numbers."""
    game = solver.game
    player = int(game.player_of_node[game.parent_of_edge[edges[0]]])
    return action_values(game, chunk.inputs, chunk.sweep, edges, chunk.inputs.columns.true_of_player[player])


def _patterns(stands: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each set of actions that stand together in some world [edges], with the worlds where they do [W]."""
    if stands.all():
        yield stands[:, 0], np.ones(stands.shape[1], bool)
        return
    patterns, which = np.unique(stands, axis=1, return_inverse=True)
    for number, pattern in enumerate(patterns.T):
        if pattern.any():
            yield pattern, which.reshape(-1) == number
