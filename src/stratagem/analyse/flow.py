"""How play flows through a game: every move once, what is done there and where it leads, over worlds and merged states.

Takes a study; gives shares of play small enough to draw, whatever the number of states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.study import Study
from stratagem.graph.game import CHANCE, Floats, Game
from stratagem.solve.kernel import TIE_TOLERANCE
from stratagem.solve.solution import SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values

FLOW_WORLDS = 1_000
START = -1


@dataclass(frozen=True)
class FlowOption:
    """What can be done at a move: how often it is done, and how often it is the best reply, where the move is met."""

    name: str
    title: str
    chance: float
    best: float | None  # None at chance


@dataclass(frozen=True)
class FlowStep:
    """A move in a round: who moves, in how many merged states, in which share of plays it is met."""

    label: str
    title: str
    player: str | None  # None: chance
    date: str | None
    num_states: int
    met: float
    is_seen: bool
    options: tuple[FlowOption, ...]


@dataclass(frozen=True)
class FlowLink:
    """The share of plays that goes from an option to the next move that is met, or to an outcome."""

    step: int  # START: the beginning
    option: int
    to: int  # a step, or the number of steps and an outcome added
    share: float


@dataclass(frozen=True)
class Flow:
    """All moves in order, the outcomes, and what leads where."""

    steps: tuple[FlowStep, ...]
    outcomes: tuple[tuple[str, str, float], ...]  # name, title, share
    links: tuple[FlowLink, ...]


def flow(study: Study) -> Flow:
    """The flow of a study's game, given its history, over all its worlds."""
    solver = study.solver(0)
    passed, best = _edge_means(solver)
    game = solver.game
    seen = {one.step for one in study.seen}
    links = tuple(_links(game, passed))
    met = np.zeros(len(game.steps) + len(game.outcomes))
    for link in links:
        met[link.to] += link.share
    titles = study.scenario.outcomes
    return Flow(
        tuple(_step(game, number, passed, best, float(met[number]), number in seen) for number in range(len(game.steps))),
        tuple(
            (name, (titles[name].title if name in titles else None) or name.replace("_", " "), float(share))
            for name, share in zip(game.outcomes, met[len(game.steps) :], strict=True)
        ),
        links,
    )  # fmt: skip


def _edge_means(solver: Solver) -> tuple[Floats, Floats]:
    """[E] share of plays that pass each edge, and [E] share in which it is the best reply at a state that is met."""
    game = solver.game

    def look(chunk: Chunk) -> tuple[Floats, Floats, float]:
        counted = (chunk.status == SOLVED).astype(float)
        best = _best(game, chunk) * chunk.way.reach[game.parent_of_edge]
        return chunk.way.flow(game) @ counted, best @ counted, float(chunk.way.reach[0] @ counted)

    passed, best, whole = (sum(part) for part in zip(*(found for _, found in solver.read(look)), strict=True))
    return passed / max(whole, 1e-300), best / max(whole, 1e-300)


def _best(game: Game, chunk: Chunk) -> Floats:
    """[E, W] whether each edge is its mover's best reply; ties are shared, and chance has none."""
    if chunk.sweep.tied is not None:
        return chunk.sweep.behaviour
    owner = np.maximum(game.player_of_node[game.parent_of_edge], 0)
    edges = np.arange(game.num_edges, dtype=np.int32)
    value = action_values(game, chunk.inputs, chunk.sweep, edges, owner)
    value = np.where(chunk.sweep.behaviour > 0, value, -np.inf)
    parents, starts = np.unique(game.parent_of_edge, return_index=True)
    counts = np.diff(game.first_edge)[parents]
    is_best = value >= np.repeat(np.maximum.reduceat(value, starts, axis=0), counts, axis=0) - TIE_TOLERANCE
    ties = np.repeat(np.add.reduceat(is_best.astype(float), starts, axis=0), counts, axis=0)
    return np.asarray(is_best / ties)


def _step(game: Game, number: int, passed: Floats, best: Floats, met: float, is_seen: bool) -> FlowStep:
    info = game.steps[number]
    here = (game.step_of_node[game.parent_of_edge] == number) & (game.option_of_edge >= 0)
    size = len(info.options)
    shares = [np.bincount(game.option_of_edge[here], one[here], size) / met if met > 0 else np.zeros(size) for one in (passed, best)]  # fmt: skip
    is_chance = info.player == CHANCE
    return FlowStep(
        info.label,
        info.title,
        None if is_chance else game.players[info.player],
        info.date,
        len(np.unique(game.parent_of_edge[here])),
        met,
        is_seen,
        tuple(
            FlowOption(name, title, float(chance), None if is_chance else float(best))
            for name, title, chance, best in zip(info.options, info.option_titles, *shares, strict=True)
        ),
    )


def _links(game: Game, passed: Floats) -> Iterator[FlowLink]:
    """Every link, by following where the plays at each state came from; states at which a move is passed over are looked through."""
    sources = [(START, 0)] + [
        (number, option) for number, step in enumerate(game.steps) for option in range(len(step.options))
    ]
    first = np.cumsum([1, *(len(step.options) for step in game.steps)])
    came = np.zeros((game.num_nodes, len(sources)))
    came[0, 0] = 1.0
    joined = np.zeros((len(game.steps) + len(game.outcomes), len(sources)))
    for node in range(game.num_nodes):
        whole = came[node].sum()
        if not whole > 0:
            continue
        if game.outcome_of_node[node] >= 0:
            joined[len(game.steps) + game.outcome_of_node[node]] += came[node]
            continue
        step = game.step_of_node[node]
        for edge in range(game.first_edge[node], game.first_edge[node + 1]):
            share = came[node] * (passed[edge] / whole)
            if game.option_of_edge[edge] < 0:
                came[game.child_of_edge[edge]] += share
            else:
                joined[step] += share
                came[game.child_of_edge[edge], first[step] + game.option_of_edge[edge]] += passed[edge]
    for to, source in zip(*np.nonzero(joined), strict=True):
        step, option = sources[source]
        yield FlowLink(step, option, int(to), float(joined[to, source]))
