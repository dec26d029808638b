"""Game trees for all engines alike, from one seed: three players and chance, new payoffs and odds in every world.

`irregular` grows a tree leaf by leaf, so that depth, branching and movers differ from place to place; `regular` has one
branching and one mover a level. A `Tree` becomes Stratagem's `Game` (`as_game`, `inputs`), the text that Gambit and OpenSpiel
read (`as_efg`), and can be solved by plain recursion (`recurse`), against which all of them are checked.

Payoffs are millionths, so that hardly two tie, and odds are thousandths: every format writes them exactly. Axes: N nodes, E edges, L leaves, K edges of chance, W worlds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from stratagem.graph.game import CHANCE, TERMINAL, Expression, Game, StepInfo
from stratagem.solve.columns import Columns, Inputs

NUM_PLAYERS = 3
PLAYERS = tuple(f"P{n}" for n in range(NUM_PLAYERS))
MOST_ACTIONS = 5
UNIT = 1_000_000
LEVELS = (0, CHANCE, 1, 2)  # who moves on the levels of a regular tree


@dataclass(frozen=True)
class Tree:
    """A tree in breadth-first order: the children of a node stand together."""

    depth: np.ndarray  # [N]
    mover: np.ndarray  # [N] a player, CHANCE or TERMINAL
    first_edge: np.ndarray  # [N+1]; edge e leads to node e + 1

    @property
    def num_nodes(self) -> int:
        return len(self.mover)

    @property
    def leaves(self) -> np.ndarray:
        """[L] the leaves."""
        return np.flatnonzero(self.mover == TERMINAL)

    @property
    def chance_edges(self) -> np.ndarray:
        """[K] the edges of chance moves."""
        return np.flatnonzero(np.repeat(self.mover, np.diff(self.first_edge)) == CHANCE)

    def children(self, node: int) -> range:
        return range(self.first_edge[node] + 1, self.first_edge[node + 1] + 1)


@dataclass(frozen=True)
class Draw:
    """The numbers of some worlds."""

    payoffs: np.ndarray  # [L, players, W] millionths, from -1 to 1
    odds: np.ndarray  # [K, W] thousandths, at least 1, summing to 1000 at each move


def irregular(num_nodes: int, seed: int = 0) -> Tree:
    """A tree of exactly so many nodes: leaves picked at random are given two to five children."""
    rng = np.random.default_rng(seed)
    parents, counts, open_leaves = [-1], [0], [0]
    while (left := num_nodes - len(parents)) > 0:
        place = int(rng.integers(len(open_leaves)))
        count = int(rng.integers(2, MOST_ACTIONS + 1))
        if count > left:
            count = left
        elif left - count == 1:
            count += 1 if count < MOST_ACTIONS else -1
        node, open_leaves[place] = open_leaves[place], open_leaves[-1]
        open_leaves[-1:] = range(len(parents), len(parents) + count)
        parents += [node] * count
        counts[node] = count
        counts += [0] * count
    return _in_order(np.array(parents), np.array(counts), rng)


def _in_order(parent: np.ndarray, count: np.ndarray, rng: np.random.Generator) -> Tree:
    """The same tree breadth first, with movers."""
    depth = np.zeros(len(parent), np.int64)
    for node in range(1, len(parent)):
        depth[node] = depth[parent[node]] + 1
    rank = np.zeros(len(parent), np.int64)
    order = [np.array([0])]
    for level in range(1, int(depth.max()) + 1):
        here = np.flatnonzero(depth == level)
        order.append(here[np.lexsort((here, rank[parent[here]]))])
        rank[order[-1]] = np.arange(len(here))
    places = np.concatenate(order)
    mover = np.where(count[places] > 0, rng.integers(CHANCE, NUM_PLAYERS, len(parent)), TERMINAL)
    return Tree(depth[places], mover, np.concatenate([[0], np.cumsum(count[places])]))


def regular(num_nodes: int, branching: int = 3) -> Tree:
    """The largest complete tree with at most so many nodes."""
    widths = [1]
    while sum(widths) + widths[-1] * branching <= num_nodes:
        widths.append(widths[-1] * branching)
    depth = np.repeat(np.arange(len(widths)), widths)
    mover = np.where(depth == len(widths) - 1, TERMINAL, np.array(LEVELS)[depth % len(LEVELS)])
    count = np.where(mover == TERMINAL, 0, branching)
    return Tree(depth, mover, np.concatenate([[0], np.cumsum(count)]))


def draw(tree: Tree, worlds: int, seed: int = 1) -> Draw:
    """New numbers for every world."""
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-UNIT, UNIT + 1, (len(tree.leaves), NUM_PLAYERS, worlds))
    odds = np.empty((len(tree.chance_edges), worlds), np.int64)
    place = 0
    for node in np.flatnonzero(tree.mover == CHANCE):
        count = int(tree.first_edge[node + 1] - tree.first_edge[node])
        raw = rng.exponential(size=(count, worlds))
        odds[place : place + count] = 1 + np.floor(raw / raw.sum(axis=0) * (1000 - count)).astype(np.int64)
        odds[place] += 1000 - odds[place : place + count].sum(axis=0)
        place += count
    return Draw(payoffs, odds)


def as_game(tree: Tree) -> Game:
    """The tree as Stratagem's struct: a gain row for each leaf, an expression row for each outcome of chance."""
    count = tree.num_nodes - 1
    share = np.zeros(count, np.int32)
    share[tree.chance_edges] = 1 + np.arange(len(tree.chance_edges))
    gain = np.zeros(tree.num_nodes, np.int32)
    gain[tree.leaves] = 1 + np.arange(len(tree.leaves))
    actions = tuple(str(n) for n in range(MOST_ACTIONS))
    levels = range(int(tree.depth.max()) + 1)
    none = np.empty(0, np.int32)
    ends = tree.mover == TERMINAL
    return Game(
        players=PLAYERS,
        steps=tuple(StepInfo(f"m{n}", f"m{n}", None, 0, None, "", actions, actions, "equal") for n in levels),
        accounts=(),
        outcomes=("end",),
        questions=(),
        expressions=(
            Expression("constant", (1.0,)),
            *(Expression("quantity", (f"q{n}",)) for n in range(len(tree.chance_edges))),
        ),
        checks=(),
        layer_of_node=tree.depth.astype(np.int32),
        player_of_node=tree.mover.astype(np.int32),
        step_of_node=tree.depth.astype(np.int32),
        infoset_of_node=np.where(tree.mover >= 0, np.arange(tree.num_nodes), -1).astype(np.int32),
        outcome_of_node=np.where(ends, 0, -1).astype(np.int32),
        state_of_node=(),
        first_edge=tree.first_edge.astype(np.int32),
        child_of_edge=np.arange(1, count + 1, dtype=np.int32),
        option_of_edge=(np.arange(count) - np.repeat(tree.first_edge[:-1], np.diff(tree.first_edge))).astype(np.int32),
        share_of_edge=share,
        gain_of_edge=gain[1:],
        duration_of_edge=np.zeros(count, np.int32),
        durations=np.zeros(1),
        gain_row=none,
        gain_account=none,
        gain_value=none,
        num_gains=len(tree.leaves) + 1,
        event_edge=none,
        event_question=none,
        event_value=none,
        is_conditional=(),
        guarded_rows=none,
        num_histories=float(len(tree.leaves)),
    )


def inputs(numbers: Draw, precision: float) -> Inputs:
    """A draw as Stratagem's inputs; `inf` is best reply."""
    worlds = numbers.payoffs.shape[2]
    return Inputs(
        columns=Columns(tuple(range(NUM_PLAYERS)), (0,) * NUM_PLAYERS, (None,)),
        tables=(np.concatenate([np.ones((1, worlds)), numbers.odds / 1000]),),
        worth=np.zeros((NUM_PLAYERS, 0, worlds)),
        gains=np.concatenate([np.zeros((1, NUM_PLAYERS, worlds)), numbers.payoffs / UNIT]),
        precision=np.full((NUM_PLAYERS, worlds), precision),
        risk_aversion=None,
        discounts=None,
        world=np.arange(worlds),
    )


def as_efg(tree: Tree, numbers: Draw, world: int) -> str:
    """One world in Gambit's format, depth first."""
    payoff_of = {int(leaf): numbers.payoffs[place, :, world] for place, leaf in enumerate(tree.leaves)}
    odds_of = {int(edge): int(numbers.odds[place, world]) for place, edge in enumerate(tree.chance_edges)}
    counters = dict.fromkeys((*range(CHANCE, NUM_PLAYERS), TERMINAL), 0)
    lines = ['EFG 2 R "tree" { ' + " ".join(f'"{name}"' for name in PLAYERS) + " }", '""', ""]
    waiting = [0]
    while waiting:
        node = waiting.pop()
        mover = int(tree.mover[node])
        counters[mover] += 1
        number, edges = counters[mover], range(tree.first_edge[node], tree.first_edge[node + 1])
        if mover == TERMINAL:
            shown = ", ".join(f"{value / UNIT:.6f}" for value in payoff_of[node])
            lines.append(f't "" {number} "o{number}" {{ {shown} }}')
        elif mover == CHANCE:
            shown = " ".join(f'"{place}" {odds_of[edge]}/1000' for place, edge in enumerate(edges))
            lines.append(f'c "" {number} "c{node}" {{ {shown} }} 0')
        else:
            shown = " ".join(f'"{place}"' for place in range(len(edges)))
            lines.append(f'p "" {mover + 1} {number} "i{node}" {{ {shown} }} 0')
        waiting += reversed(tree.children(node))
    return "\n".join(lines) + "\n"


def recurse(tree: Tree, numbers: Draw, world: int, precision: float) -> list[list[float]]:
    """[N, players] the values of one world, node by node."""
    values: list[list[float]] = [[0.0] * NUM_PLAYERS for _ in range(tree.num_nodes)]
    for place, leaf in enumerate(tree.leaves):
        values[leaf] = [float(value) / UNIT for value in numbers.payoffs[place, :, world]]
    odds_of = dict(zip(tree.chance_edges.tolist(), numbers.odds[:, world].tolist(), strict=True))
    for node in np.flatnonzero(tree.mover != TERMINAL)[::-1]:
        below = [values[child] for child in tree.children(node)]
        mover = int(tree.mover[node])
        if mover == CHANCE:
            chances = [odds_of[child - 1] / 1000 for child in tree.children(node)]
        else:
            chances = respond([value[mover] for value in below], precision)
        values[node] = [
            sum(p * value[player] for p, value in zip(chances, below, strict=True)) for player in range(NUM_PLAYERS)
        ]
    return values


def respond(worth: list[float], precision: float) -> list[float]:
    """Logit choice probabilities; at infinite precision the best replies, alike."""
    top = max(worth)
    if precision == float("inf"):
        weights = [1.0 if value >= top - 1e-9 else 0.0 for value in worth]
    else:
        weights = [exp(precision * (value - top)) for value in worth]
    return [weight / sum(weights) for weight in weights]
