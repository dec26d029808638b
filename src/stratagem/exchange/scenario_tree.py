"""A scenario in one of its worlds as a tree, with what a tree cannot say (M5, M8, M9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from stratagem.errors import TooLargeError, UsageError, quote
from stratagem.exchange.efg_read import MAX_NODES
from stratagem.exchange.plain import plain
from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree
from stratagem.graph.compile import compile_scenario
from stratagem.graph.facts import all_known
from stratagem.graph.game import CHANCE, TERMINAL, Game
from stratagem.graph.worlds import MAX_WORLDS, Worlds, central, draw
from stratagem.scenario.model import Scenario
from stratagem.solve.columns import TRUTH, Inputs, prepare
from stratagem.solve.known import at_means
from stratagem.solve.subgames import subgames

CENTRAL = "central"
DECIMALS = 18  # of probabilities


@dataclass(frozen=True)
class Export:
    """A scenario's world as a tree, and what was lost on the way."""

    tree: Tree
    warnings: tuple[str, ...]


def export_world(
    scenario: Scenario,
    world: str = CENTRAL,
    seed: int = 1,
    without: Iterable[str] = (),
    taken_as_known: bool = False,
) -> Export:
    """The tree of a scenario in its central world (medians, prior means for weights), or in a world drawn: `"0"`, `"1"`, …

    Histories that the game merges stand apart again; payoffs are totals under the true numbers, but numbers that nobody knows stand at
    their means, so that the file's players know no more than the scenario's. Raises `TooLargeError` beyond
    200,000 nodes, `UsageError` for a world that is none.
    """
    scenario = all_known(scenario) if taken_as_known else scenario
    game = compile_scenario(scenario, without=tuple(without))
    worlds = at_means(game, scenario, _world(scenario, world, seed))
    inputs = prepare(game, scenario, worlds)
    grower = _Grower(game, inputs, (scenario.scenario, _comment(game, inputs, world, seed)))
    return Export(plain(grower.tree()), tuple(_warnings(game, scenario, inputs)))


def _world(scenario: Scenario, world: str, seed: int) -> Worlds:
    if world == CENTRAL:
        return central(scenario)
    if not world.isdecimal() or not world.isascii() or len(world) > 9 or int(world) >= MAX_WORLDS:
        raise UsageError(f"the world {quote(world)}; `{CENTRAL}`, or a number from 0 to {MAX_WORLDS - 1:,}")
    return draw(scenario, 1, seed, int(world))


def _comment(game: Game, inputs: Inputs, world: str, seed: int) -> str:
    """What the tree itself does not say: which world it is, and how precisely players choose."""
    levels = (f"{name} {level:.6g}" for name, level in zip(game.players, inputs.precision[:, 0], strict=True))
    which = "the central world" if world == CENTRAL else f"world {world} of seed {seed}"
    return f"{which}; precision: {', '.join(levels)}"


def _warnings(game: Game, scenario: Scenario, inputs: Inputs) -> Iterator[str]:
    """What a game file cannot say of this world."""
    if any(inputs.columns.evaluator):
        yield "players read other numbers than the true ones; the file has the true ones alone"
    if inputs.risk_aversion is not None:
        yield "players are not risk-neutral; the file has payoffs, not certainty equivalents"
    if inputs.discounts is not None:
        yield "players discount; the file has undiscounted totals"
    if _has_unequal_shares(game, inputs):
        yield "base shares of actions differ; programs that read the file take them as equal"
    if scenario.mistakes:
        yield "players are mistaken about each other; the file has the true numbers alone"
    if scenario.history:
        yield "moves already seen are left open; the file has the game from its start"


def _has_unequal_shares(game: Game, inputs: Inputs) -> bool:
    shares = inputs.tables[TRUTH][game.share_of_edge, 0]
    decisions = np.flatnonzero(game.player_of_node >= 0)
    parts = (shares[game.first_edge[node] : game.first_edge[node + 1]] for node in decisions)
    return any(len(np.unique(part[part > 0])) > 1 for part in parts)


@dataclass(frozen=True)
class Branch:
    """A history yet to be followed."""

    node: int
    parent: int  # in the tree
    entry: int  # the place in the tree at which its subgame begins
    gains: tuple[tuple[float, ...], ...]  # [P] what each player gained at each step


@dataclass
class _Grower:
    """Grows the tree history by history."""

    game: Game
    inputs: Inputs
    heading: tuple[str, str]
    infosets: list[Infoset] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    infoset_of_node: list[int] = field(default_factory=list)
    outcome_of_node: list[int] = field(default_factory=list)
    known: dict[tuple[int, int], int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)  # information sets by player

    def tree(self) -> Tree:
        self.begins = {one.root for one in subgames(self.game)}
        todo = [Branch(0, NONE, NONE, ((),) * len(self.game.players))]
        while todo:
            branch = self._passed(todo.pop())
            if len(self.parents) >= MAX_NODES:
                raise TooLargeError(
                    f"a tree with more than {MAX_NODES:,} nodes: {self.game.num_histories:,.0f} histories; use fewer rounds or moves"
                )
            todo += reversed(list(self._grown(branch)))
        title, comment = (one.replace('"', "'") for one in self.heading)
        return Tree(
            title=title,
            players=self.game.players,
            comment=comment,
            infosets=tuple(self.infosets),
            outcomes=tuple(self.outcomes),
            label_of_node=("",) * len(self.parents),
            parent_of_node=tuple(self.parents),
            infoset_of_node=tuple(self.infoset_of_node),
            outcome_of_node=tuple(self.outcome_of_node),
        )

    def _passed(self, branch: Branch) -> Branch:
        """The branch where next anything is open: moves of chance that can end in one way only are passed by."""
        while self.game.player_of_node[branch.node] == CHANCE and len(edges := self._open(branch.node)) == 1:
            branch = self._after(branch, edges[0], branch.parent)
        return branch

    def _grown(self, branch: Branch) -> Iterator[Branch]:
        """Add a node; the branches from it."""
        place, game = len(self.parents), self.game
        entry = place if branch.node in self.begins else branch.entry
        self.parents.append(branch.parent)
        if game.player_of_node[branch.node] == TERMINAL:
            self.infoset_of_node.append(NONE)
            self.outcome_of_node.append(self._outcome(branch))
            return
        edges = self._open(branch.node)
        self.infoset_of_node.append(self._infoset(branch.node, place, entry, edges))
        self.outcome_of_node.append(NONE)
        for edge in edges:
            yield self._after(Branch(branch.node, place, entry, branch.gains), edge, place)

    def _open(self, node: int) -> list[int]:
        """The edges that can be taken in this world."""
        edges = range(self.game.first_edge[node], self.game.first_edge[node + 1])
        shares = self.inputs.tables[TRUTH][self.game.share_of_edge[edges.start : edges.stop], 0]
        return [edge for edge, share in zip(edges, shares, strict=True) if share > 0]

    def _after(self, branch: Branch, edge: int, parent: int) -> Branch:
        gained = self.inputs.gains[self.game.gain_of_edge[edge], self.inputs.columns.true_of_player, 0]
        gains = branch.gains
        if gained.any():
            gains = tuple((*before, one) for before, one in zip(branch.gains, gained.tolist(), strict=True))
        return Branch(int(self.game.child_of_edge[edge]), parent, branch.entry, gains)

    def _infoset(self, node: int, place: int, entry: int, edges: list[int]) -> int:
        """The information set of a node of the tree; chance has an event of its own at each."""
        game = self.game
        player = int(game.player_of_node[node])
        key = (entry, int(game.infoset_of_node[node])) if player != CHANCE else (place, NONE)
        if key not in self.known:
            self.known[key] = len(self.infosets)
            step = game.steps[game.step_of_node[node]]
            names = tuple(step.options[game.option_of_edge[edge]] for edge in edges)
            number = self.counts[player] = self.counts.get(player, 0) + 1
            self.infosets.append(
                Infoset(player, number, step.label, names, self._odds(edges) if player == CHANCE else ())
            )
        return self.known[key]

    def _odds(self, edges: list[int]) -> tuple[Fraction, ...]:
        """Probabilities as decimals that sum to exactly 1: the greatest makes up for rounding."""
        unit = 10**DECIMALS
        shares = self.inputs.tables[TRUTH][self.game.share_of_edge[edges], 0]
        parts = [max(round(Fraction(float(share)) * unit), 1) for share in shares]
        parts[int(np.argmax(shares))] += unit - sum(parts)
        return tuple(Fraction(part, unit) for part in parts)

    def _outcome(self, branch: Branch) -> int:
        name = self.game.outcomes[self.game.outcome_of_node[branch.node]]
        payoffs = tuple(Fraction(repr(math.fsum(one))) for one in branch.gains)
        self.outcomes.append(Outcome(len(self.outcomes) + 1, name, payoffs))
        return len(self.outcomes) - 1
