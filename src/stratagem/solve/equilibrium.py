"""The equilibria of hidden subgames in a chunk of worlds, put into the sweep (M7, M9).

Takes subgames whose later subgames are valued; gives the behaviour at its decisions, what each action is worth to its mover, and
how well it was found.

Axes: I information sets, A actions, J edges of decisions, T ways through, P players, W worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import NotSolvedError, quote
from stratagem.graph.game import Floats, Game, Ints
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.others import others
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve
from stratagem.solve.infosets import HiddenSubgame

MAX_SEARCHED = 60  # probabilities left open, up to which further equilibria are searched for


@dataclass(frozen=True)
class Found:
    """What the equilibrium of a subgame says of each edge of its decisions."""

    behaviour: Floats  # [J, W]
    worth: Floats  # [J, W] of the action to its mover, given all that he knows
    regret: Floats  # [J, W] of the information set
    is_stuck: NDArray[np.bool_]  # [J, W] no action is available there
    residual: Floats  # [W]
    is_solved: NDArray[np.bool_]  # [W]


def equilibria(
    game: Game, subgames: Sequence[HiddenSubgame], inputs: Inputs, buffer: Floats, given: Floats | None
) -> Iterator[Found]:
    """The equilibrium of each of some subgames none of which follows on another; those of one form are solved together.

    `given` [E, W] holds behaviour that is as it is; NaN where it is free. What is given is worth NaN. Raises `NotSolvedError` where
    a player who is not risk-neutral discounts: then payoffs on the way do not add up.
    """
    asked = [_asked(game, one, inputs, buffer, given) for one in subgames]
    alike: dict[tuple[bytes, ...], list[int]] = {}
    for number, one in enumerate(asked):
        if one.numbers is not None:
            alike.setdefault(one.paths.form, []).append(number)
    answers: dict[int, tuple[Equilibrium, int]] = {}
    for numbers in alike.values():
        together = Numbers.joined([part for number in numbers if (part := asked[number].numbers) is not None])
        answer = solve(asked[numbers[0]].paths, together)
        answers.update((number, (answer, place * len(inputs))) for place, number in enumerate(numbers))
    for number, (subgame, one) in enumerate(zip(subgames, asked, strict=True)):
        yield _found(subgame, one, answers.get(number), len(inputs))


@dataclass(frozen=True)
class _Asked:
    """What is to be found of a subgame."""

    is_free: NDArray[np.bool_]  # [A]
    is_stuck: NDArray[np.bool_]  # [I, W]
    behaviour: Floats  # [A, W] NaN where it is free
    paths: Paths
    numbers: Numbers | None  # None where all is given


def _asked(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats, given: Floats | None) -> _Asked:
    _refuse_recursive(game, subgame, inputs)
    behaviour = np.full((len(subgame.edge_of_action), len(inputs)), np.nan)
    if given is not None:
        behaviour[:] = given[subgame.edge_of_action]
    is_free = np.isnan(behaviour[:, 0])
    log_share, is_stuck = _log_share(game, subgame, inputs)
    numbers = _numbers(game, subgame, inputs, buffer, given, log_share[is_free]) if is_free.any() else None
    return _Asked(is_free, is_stuck, behaviour, _paths(subgame, is_free.tobytes()), numbers)


def _found(subgame: HiddenSubgame, asked: _Asked, answer: tuple[Equilibrium, int] | None, size: int) -> Found:
    behaviour = asked.behaviour
    worth, regret = np.full_like(behaviour, np.nan), np.full_like(behaviour, np.nan)
    residual, is_solved = np.zeros(size), np.ones(size, bool)
    if answer is not None:
        found, begin = answer
        here, is_free = slice(begin, begin + size), asked.is_free
        behaviour[is_free], worth[is_free] = np.exp(found.log_behaviour[:, here]), found.worth[:, here]
        regret[is_free] = np.repeat(found.regret[:, here], _sizes(subgame)[is_free[subgame.first_action[:-1]]], axis=0)
        residual, is_solved = found.residual[here], found.is_found[here]
    action, stuck = subgame.action_of_edge, np.repeat(asked.is_stuck, _sizes(subgame), axis=0)
    return Found(behaviour[action], worth[action], np.nan_to_num(regret[action]), stuck[action], residual, is_solved)


def has_others(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> NDArray[np.bool_]:
    """[W] whether a search finds further equilibria of a subgame; none are looked for where many probabilities are open."""
    found = np.zeros(len(inputs), bool)
    if len(subgame.edge_of_action) - len(subgame.infoset) <= MAX_SEARCHED:
        is_free = np.ones(len(subgame.edge_of_action), bool)
        log_share, _ = _log_share(game, subgame, inputs)
        form, numbers = _paths(subgame, is_free.tobytes()), _numbers(game, subgame, inputs, buffer, None, log_share)
        found[others(form, numbers, solve(form, numbers)).world] = True
    return found


def _sizes(subgame: HiddenSubgame) -> NDArray[np.intp]:
    """[I] how many actions each information set has."""
    return np.diff(subgame.first_action).astype(np.intp)


@lru_cache(maxsize=256)
def _paths(subgame: HiddenSubgame, free: bytes) -> Paths:
    """The ways as paths through the information sets whose behaviour is sought: those of actions that are `free`, a byte for each."""
    is_free = np.frombuffer(free, bool)
    is_sought = is_free[subgame.first_action[:-1]]
    action = subgame.actions_of(subgame.ways.edge)
    is_visit = (action >= 0) & is_free[action]
    passed = np.concatenate([[0], np.cumsum(is_visit)])
    return Paths(
        subgame.player_of_infoset[is_sought].astype(np.int64),
        np.concatenate([[0], np.cumsum(_sizes(subgame)[is_sought])]),
        passed[subgame.ways.first],
        (np.cumsum(is_free) - 1)[action[is_visit]],
    )


def _log_share(game: Game, subgame: HiddenSubgame, inputs: Inputs) -> tuple[Floats, NDArray[np.bool_]]:
    """Logarithms [A, W] of base shares, and [I, W] where no action is available: there all count as available."""
    share = inputs.tables[TRUTH][game.share_of_edge[subgame.edge_of_action]]
    is_stuck = ~np.logical_or.reduceat(share > 0, subgame.first_action[:-1], axis=0)
    share = np.where(np.repeat(is_stuck, np.diff(subgame.first_action), axis=0), 1.0, share)
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(share, 0.0)), is_stuck


def _numbers(
    game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats, given: Floats | None, log_share: Floats
) -> Numbers:
    """Chance and payoffs of each way, as each player has them."""
    players, evaluators = len(game.players), inputs.columns.evaluator[: len(game.players)]
    log_chance, trembles = {}, {}
    for evaluator in set(evaluators):
        odds = _odds(game, inputs.tables[evaluator], subgame.passed, given)
        is_possible = odds > 0
        log_chance[evaluator] = subgame.passes @ np.log(np.where(is_possible, odds, 1.0))
        trembles[evaluator] = np.zeros_like(log_chance[evaluator], np.int64)
        if not is_possible.all():
            trembles[evaluator] = (subgame.passes @ (~is_possible).astype(np.float64)).astype(np.int64)
    payoff = _payoffs(game, subgame, inputs, buffer)
    return Numbers(
        np.stack([log_chance[one] for one in evaluators]),
        np.ascontiguousarray(payoff.transpose(1, 0, 2)),
        log_share,
        inputs.precision,
        None if inputs.risk_aversion is None else inputs.risk_aversion[:players],
        np.stack([trembles[one] for one in evaluators]),
    )


def _payoffs(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> Floats:
    """[T, P, W] what each player gets on each way, with what follows its leaf."""
    ways, players = subgame.ways, len(game.players)
    payoff = buffer[game.num_gains + ways.leaf, :players]
    if inputs.discounts is None:
        gains = buffer[game.gain_of_edge[subgame.passed], :players]
        return np.asarray(payoff + (subgame.passes @ gains.reshape(len(gains), -1)).reshape(payoff.shape))
    length = np.diff(ways.first)
    for back in range(1, int(length.max()) + 1):
        here = np.flatnonzero(length >= back)
        edges = ways.edge[ways.first[here + 1] - back]
        payoff[here] *= inputs.discounts[game.duration_of_edge[edges], :players]
        payoff[here] += buffer[game.gain_of_edge[edges], :players]
    return payoff


def _odds(game: Game, table: Floats, edges: Ints, given: Floats | None) -> Floats:
    """The probability [edges, W] of chance and of behaviour that is given; 1 where behaviour is free."""
    is_chance = (game.player_of_node[game.parent_of_edge[edges]] < 0)[:, None]
    odds = np.where(is_chance, table[game.share_of_edge[edges]], 1.0)
    return odds if given is None else np.where(np.isnan(given[edges]), odds, given[edges])


def _refuse_recursive(game: Game, subgame: HiddenSubgame, inputs: Inputs) -> None:
    if inputs.risk_aversion is None or inputs.discounts is None:
        return
    averse = (inputs.risk_aversion[: len(game.players)] != 0).any(axis=1)
    discounted = (inputs.discounts[:, : len(game.players)] != 1).any(axis=(0, 2))
    for player in np.unique(subgame.player_of_infoset):
        if averse[player] and discounted[player]:
            raise NotSolvedError(
                f"{quote(game.players[player])} is not risk-neutral and discounts, and cannot tell some states apart: a recursive preference, "
                "which is not solved with hidden information [M5]; drop the discount or the risk aversion"
            )
