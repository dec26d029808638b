"""A game file solved, as its answer: behaviour by information set in the order of the file, payoffs, and how far to trust them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stratagem.exchange.solve_tree import Solved, is_searched, other_equilibria, solve_tree
from stratagem.exchange.tree import Tree
from stratagem.exchange.tree_to_game import infosets_in_order, player_names, to_game
from stratagem.graph.game import Game
from stratagem.solve.subgames import hidden_parts


@dataclass(frozen=True)
class InfosetAnswer:
    """What is done at an information set."""

    player: str
    number: int
    label: str
    actions: tuple[tuple[str, float], ...]  # with their probabilities


@dataclass(frozen=True)
class Profile:
    """An equilibrium."""

    infosets: tuple[InfosetAnswer, ...]  # by player, then by number
    payoffs: Mapping[str, float]
    residual: float


@dataclass(frozen=True)
class GameAnswer:
    """The equilibrium on the branch from precision 0, and others where they were found."""

    title: str
    profile: Profile
    status: str
    precision: float  # 1/payoff; infinite in the limit
    others: tuple[Profile, ...]
    is_found: bool


def answer(tree: Tree, precision: float, response: str = "logit") -> GameAnswer:
    """The answer to a game at a precision (1/payoff), the same for all players.

    Raises `TooLargeError` for games beyond bounds.
    """
    game = to_game(tree)
    solved = solve_tree(game, precision, response)
    unsearched = [] if is_searched(game) or not hidden_parts(game) else ["too large to search for further equilibria"]
    remarks = [*solved.remarks, f"no move gains more than {solved.regret:.1e} by another action"]
    return GameAnswer(
        title=tree.title,
        profile=_profile(tree, game, solved),
        status="; ".join([*(remarks if math.isinf(precision) else solved.remarks), *unsearched]),
        precision=precision,
        others=tuple(_profile(tree, game, one) for one in other_equilibria(game, precision, response)),
        is_found=solved.is_found,
    )


def _profile(tree: Tree, game: Game, solved: Solved) -> Profile:
    payoffs = dict(zip(game.players, map(float, solved.payoffs), strict=True))
    return Profile(tuple(_infosets(tree, game, solved)), payoffs, solved.residual)


def _infosets(tree: Tree, game: Game, solved: Solved) -> Iterator[InfosetAnswer]:
    names = player_names(tree)
    node_of_infoset = {int(infoset): node for node, infoset in enumerate(game.infoset_of_node)}
    for number, place in enumerate(infosets_in_order(tree)):
        infoset, node = tree.infosets[place], node_of_infoset[number]
        chances = solved.behaviour[game.first_edge[node] : game.first_edge[node + 1]].tolist()
        actions = tuple(zip(infoset.actions, chances, strict=True))
        yield InfosetAnswer(names[infoset.player], infoset.number, infoset.label, actions)
