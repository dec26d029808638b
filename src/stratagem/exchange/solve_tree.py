"""A game in one world, solved: public parts by the sweep, hidden ones on the branch of equilibria from precision 0 (M9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stratagem.errors import TooLargeError
from stratagem.graph.game import CHANCE, TERMINAL, Floats, Game, Ints
from stratagem.graph.table import evaluate
from stratagem.solve.columns import Columns, Inputs
from stratagem.solve.hidden.certify import is_off_path
from stratagem.solve.hidden.equilibrium import CONVERGED, LIMIT, STATUS, Equilibrium
from stratagem.solve.hidden.others import others
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve as solve_hidden
from stratagem.solve.plan import plan
from stratagem.solve.subgames import Paths as Ways
from stratagem.solve.subgames import Subgame, hidden_parts, paths, whole
from stratagem.solve.sweep import Sweep, backward, forward

MAX_FREE = 4000  # probabilities that one hidden part leaves open
NO_INFOSET = -1
MAX_PAIRS = 100_000_000  # of decisions on one way through a hidden part, over all ways
MAX_SEARCHED = 60  # probabilities left open, up to which further equilibria are searched for
STARTS = 80  # profiles that the search begins from
SEEN = 1e-8  # reach above which an information set is on the path


@dataclass(frozen=True)
class Solved:
    """An equilibrium of a game. Axes: E edges, P players, I information sets."""

    behaviour: Floats  # [E]
    payoffs: Floats  # [P]
    residual: float
    regret: float  # the most that any mover would gain by another action, where he moves
    remarks: tuple[str, ...]
    is_found: bool


@dataclass(frozen=True)
class Part:
    """A hidden part of a game as the solver of such parts takes it."""

    paths: Paths
    numbers: Numbers
    infosets: Ints  # [I] as the game numbers them
    edges: list[Ints]  # [A] the edges of each action


def solve_tree(game: Game, precision: float, response: str = "logit") -> Solved:
    """The equilibrium of a game whose numbers are all constants; precision in 1/payoff, infinite for the limit.

    Raises `TooLargeError` for hidden parts beyond bounds.
    """
    inputs = _inputs(game, precision)
    parts = hidden_parts(game) if response == "logit" else [whole(game)]
    solved = [_solve_part(game, inputs, part, response) for part in parts]
    return _joined(game, inputs, parts, solved)


def is_searched(game: Game) -> bool:
    """Whether further equilibria are searched for: something is hidden, and few probabilities are open."""
    _, heads = np.unique(np.where(game.infoset_of_node >= 0, game.infoset_of_node, NO_INFOSET), return_index=True)
    deciding = heads[game.infoset_of_node[heads] >= 0]
    free = int((np.diff(game.first_edge)[deciding] - 1).sum())
    return bool(hidden_parts(game)) and free <= MAX_SEARCHED


def other_equilibria(game: Game, precision: float, response: str = "logit") -> list[Solved]:
    """Further equilibria of a game in which something is hidden and few probabilities are open, as far as a search finds them.

    The search goes on along the branch and begins anew from 80 profiles (`solve.hidden.others`); it proves no list complete.
    """
    if not is_searched(game):
        return []
    inputs, everything = _inputs(game, precision), whole(game)
    part = _part(game, inputs, everything)
    found = solve_hidden(part.paths, part.numbers, response)
    more = others(part.paths, part.numbers, found, response, starts=STARTS)
    return [
        _other(game, inputs, everything, part, np.ascontiguousarray(more.log_behaviour[:, [place]]), float(residual))
        for place, residual in enumerate(more.residual)
    ]


def _other(
    game: Game, inputs: Inputs, everything: Subgame, part: Part, log_behaviour: Floats, residual: float
) -> Solved:
    behaviour = np.zeros(game.num_edges)
    _fill(game, inputs, everything, part, log_behaviour, behaviour)
    return Solved(behaviour, _expected(part, log_behaviour), residual, float("nan"), (), True)


def _inputs(game: Game, precision: float) -> Inputs:
    """The numbers of the one world."""
    players = len(game.players)
    table = evaluate(game.expressions, {}, 1, game.rows_read)
    gains = np.zeros((game.num_gains, players, 1))
    np.add.at(gains, (game.gain_row, game.gain_account), table[game.gain_value])
    return Inputs(
        columns=Columns(tuple(range(players)), (0,) * players, (None,)),
        tables=(table,),
        worth=np.eye(players)[..., None],
        gains=gains,
        precision=np.full((players, 1), precision),
        risk_aversion=None,
        discounts=None,
        world=np.zeros(1, np.int64),
    )


# --- hidden parts ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SolvedPart:
    """A hidden part with its equilibrium."""

    part: Part
    equilibrium: Equilibrium
    payoffs: Floats  # [P] at its root


def _solve_part(game: Game, inputs: Inputs, subgame: Subgame, response: str) -> SolvedPart:
    part = _part(game, inputs, subgame)
    found = solve_hidden(part.paths, part.numbers, response)
    return SolvedPart(part, found, _expected(part, found.log_behaviour))


def _part(game: Game, inputs: Inputs, subgame: Subgame) -> Part:
    ways = paths(game, subgame)
    way_of_step = np.repeat(np.arange(len(ways.leaf)), np.diff(ways.first))
    infoset_of_edge = game.infoset_of_node[game.parent_of_edge]
    is_decision = infoset_of_edge[ways.edge] >= 0
    infosets, place = np.unique(infoset_of_edge[ways.edge[is_decision]], return_inverse=True)
    players, counts = _infosets(game, infosets)
    first = np.concatenate([[0], np.cumsum(counts)])
    free = int(first[-1] - len(infosets))
    if free > MAX_FREE:
        raise TooLargeError(
            f"what is hidden leaves {free:,} probabilities open at once; at most {MAX_FREE:,} are solved for together [M7]"
        )
    action = first[place] + game.option_of_edge[ways.edge[is_decision]]
    visits = np.bincount(way_of_step[is_decision], minlength=len(ways.leaf))
    pairs = int((visits**2).sum())
    if pairs > MAX_PAIRS:
        raise TooLargeError(
            f"what is hidden has ways of up to {visits.max():,} decisions, {pairs:,} pairs of them in all; at most {MAX_PAIRS:,} are solved "
            "for together: a smaller or shallower game [M7]"
        )
    edges = [np.unique(ways.edge[is_decision][action == one]) for one in range(first[-1])]
    return Part(
        Paths(_longs(players), _longs(first), _longs([0, *np.cumsum(visits)]), _longs(action)),
        _numbers(game, inputs, ways, int(first[-1])),
        infosets.astype(np.int32),
        edges,
    )


def _infosets(game: Game, infosets: Ints) -> tuple[Ints, Ints]:
    """Who moves at information sets, and among how many actions."""
    node = {int(infoset): number for number, infoset in enumerate(game.infoset_of_node)}
    nodes = [node[int(infoset)] for infoset in infosets]
    return game.player_of_node[nodes], np.diff(game.first_edge)[nodes]


def _longs(values: ArrayLike) -> NDArray[np.int64]:
    return np.asarray(values, np.int64)


def _numbers(game: Game, inputs: Inputs, ways: Ways, num_actions: int) -> Numbers:
    players, count, edge = len(game.players), len(ways.leaf), ways.edge
    way = np.repeat(np.arange(count), np.diff(ways.first))
    odds = np.where(
        game.player_of_node[game.parent_of_edge[edge]] == CHANCE, inputs.tables[0][game.share_of_edge[edge], 0], 1.0
    )
    log_chance = np.bincount(way, np.log(np.where(odds > 0, odds, 1.0)), count).astype(float)
    gains = inputs.gains[game.gain_of_edge[edge], :, 0]
    payoff = np.stack([np.bincount(way, gains[:, player], count) for player in range(players)]).astype(float)
    return Numbers(
        log_chance=log_chance[None, :, None],
        payoff=payoff[..., None],
        log_share=np.zeros((num_actions, 1)),
        precision=inputs.precision,
        trembles=np.bincount(way[odds <= 0], minlength=count)[None, :, None],
    )


def _expected(part: Part, log_behaviour: Floats) -> Floats:
    """[P] what players expect at the root of a part."""
    ways = part.paths
    log_weight = np.bincount(ways.path_of_visit, log_behaviour[ways.action_of_visit, 0], ways.num_paths)
    weight = np.exp(log_weight + part.numbers.log_chance[0, :, 0]) * (part.numbers.order[0, :, 0] == 0)
    return np.asarray(part.numbers.payoff[..., 0] @ weight)


# --- the public part before them ------------------------------------------------------------------------------------


def _joined(game: Game, inputs: Inputs, subgames: Sequence[Subgame], parts: Sequence[SolvedPart]) -> Solved:
    """The public part before the hidden ones swept, and all put together."""
    sweep = _swept(game, inputs, subgames, [one.payoffs for one in parts])
    behaviour = np.zeros(game.num_edges) if sweep is None else sweep.behaviour[:, 0].copy()
    for subgame, one in zip(subgames, parts, strict=True):
        _fill(game, inputs, subgame, one.part, one.equilibrium.log_behaviour, behaviour)
    found = [one.equilibrium for one in parts]
    regrets = [one.regret for one in found] if sweep is None else [sweep.regret, *(one.regret for one in found)]
    remarks = _remarks(parts, bool(np.isinf(inputs.precision).all()))
    return Solved(
        behaviour=behaviour,
        payoffs=parts[0].payoffs if sweep is None else sweep.buffer[-game.num_nodes, :, 0],
        residual=max((float(one.residual[0]) for one in found), default=0.0),
        regret=max(float(one.max(initial=0.0)) for one in regrets),
        remarks=(*remarks, *_tie_remarks(game, sweep, behaviour)),
        is_found=all(bool(one.is_found[0]) for one in found),
    )


def _swept(game: Game, inputs: Inputs, subgames: Sequence[Subgame], payoffs: Sequence[Floats]) -> Sweep | None:
    """The sweep of what comes before the hidden parts, which are worth what players expect there; None where nothing does."""
    if subgames and subgames[0].root == 0:
        return None
    closed, values = _closed(game, inputs, subgames, payoffs)
    return backward(plan(closed), values)


def _closed(game: Game, inputs: Inputs, subgames: Sequence[Subgame], payoffs: Sequence[Floats]) -> tuple[Game, Inputs]:
    """The game that ends where its hidden parts begin."""
    player, gain = game.player_of_node.copy(), game.gain_of_edge.copy()
    gains = [inputs.gains]
    count = game.num_gains
    for subgame, payoff in zip(subgames, payoffs, strict=True):
        player[subgame.inner] = TERMINAL
        for edge in np.flatnonzero(game.child_of_edge == subgame.root):
            gains.append((inputs.gains[gain[edge], :, 0] + payoff)[None, :, None])
            gain[edge] = count
            count += 1
    closed = replace(game, player_of_node=player, gain_of_edge=gain, num_gains=count)
    return closed, replace(inputs, gains=np.concatenate(gains))


def _fill(game: Game, inputs: Inputs, subgame: Subgame, part: Part, log_behaviour: Floats, behaviour: Floats) -> None:
    """Write the behaviour of a hidden part, and the odds of chance in it."""
    for node in subgame.inner[game.player_of_node[subgame.inner] == CHANCE]:
        edges = np.arange(game.first_edge[node], game.first_edge[node + 1])
        behaviour[edges] = inputs.tables[0][game.share_of_edge[edges], 0]
    for edges, chance in zip(part.edges, np.exp(log_behaviour[:, 0]), strict=True):
        behaviour[edges] = chance


def _remarks(parts: Sequence[SolvedPart], is_limit: bool) -> list[str]:
    """What is to be said of the hidden parts."""
    if not parts:
        return ["public: solved by one sweep"]
    found = [one.equilibrium for one in parts]
    said = list(dict.fromkeys(STATUS[int(one.status[0])] for one in found))
    failed = [one for one in found if one.status[0] not in (CONVERGED, LIMIT)]
    remarks = said if not failed else [STATUS[int(one.status[0])] for one in failed[:1]]
    folds, crossings = (sum(int(getattr(one, name)[0]) for one in found) for name in ("folds", "bifurcations"))
    if folds:
        remarks.append(f"the branch folded {_times(folds)} on the way")
    if crossings:
        remarks.append(f"another branch crossed it {_times(crossings)}")
    off = sum(
        int(is_off_path(one.part.paths, one.part.numbers, one.equilibrium.log_behaviour)[:, 0].sum()) for one in parts
    )
    if is_limit and off:
        remarks.append(f"information sets off the path of play: {off}; beliefs there are those of the branch")
    return remarks


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _tie_remarks(game: Game, sweep: Sweep | None, behaviour: Floats) -> list[str]:
    if sweep is None or sweep.tied is None:
        return []
    reach = forward(plan(game), behaviour[:, None])
    tied = int((sweep.tied & (reach > SEEN)).sum())
    return [f"decisions on the path with several best replies, shared equally: {tied}"] if tied else []
