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

from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.hidden.equilibrium import Equilibrium, standing
from stratagem.solve.hidden.gradient import Change, pulled
from stratagem.solve.hidden.others import SOURCE, Others, others
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve
from stratagem.solve.infosets import HiddenSubgame
from stratagem.solve.solution import Rival
from stratagem.solve.stepwise import discounting, log_trembles, odds_by_evaluator, steps_of

Ints64 = NDArray[np.int64]
PRINCIPAL = "on the branch from precision 0"
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
    folds: Ints64  # [W] how often the branch turned back on the way
    bifurcations: Ints64  # [W] how often another branch crossed it


def equilibria(
    game: Game, subgames: Sequence[HiddenSubgame], inputs: Inputs, buffer: Floats, given: Floats | None
) -> Iterator[Found]:
    """The equilibrium of each of some subgames none of which follows on another; those of one form are solved together.

    `given` [E, W] holds behaviour that is as it is; NaN where it is free. What is given is worth NaN.
    """
    asked = [_asked(game, one, inputs, buffer, given) for one in subgames]
    answers: dict[int, tuple[Equilibrium, int]] = {}
    for numbers in _alike(asked):
        together = Numbers.joined([part for number in numbers if (part := asked[number].numbers) is not None])
        answer = solve(asked[numbers[0]].paths, together, inputs.response)
        answers.update((number, (answer, place * len(inputs))) for place, number in enumerate(numbers))
    for number, (subgame, one) in enumerate(zip(subgames, asked, strict=True)):
        yield _found(subgame, one, answers.get(number), len(inputs))


def pulled_back(
    game: Game,
    subgames: Sequence[HiddenSubgame],
    inputs: Inputs,
    buffer: Floats,
    pulls: Sequence[Floats],
    sweep_behaviour: Floats,
) -> Iterator[Change]:
    """Derivatives, by the numbers of each subgame, of what has these derivatives [A, W] by the log probabilities of its actions.

    Behaviour [E, W] is what was found, and free everywhere. Raises `ValueError` where one who decides discounts and is not risk-neutral.
    """
    asked = [_asked(game, one, inputs, buffer, None) for one in subgames]
    if any(one.numbers is not None and _has_averse_steps(one.numbers) for one in asked):
        raise ValueError("derivatives by risk aversion are those of players who do not discount")
    found: dict[int, Change] = {}
    for numbers in _alike(asked):
        together = Numbers.joined([part for number in numbers if (part := asked[number].numbers) is not None])
        behaviour = np.concatenate([sweep_behaviour[subgames[number].edge_of_action] for number in numbers], axis=1)
        with np.errstate(divide="ignore"):
            at = np.log(behaviour)
        pull = np.concatenate([pulls[number] for number in numbers], axis=1)
        change = pulled(asked[numbers[0]].paths, together, standing(at), pull[None], inputs.response)
        for place, number in enumerate(numbers):
            found[number] = change.part(0, slice(place * len(inputs), (place + 1) * len(inputs)))
    yield from (found[number] for number in range(len(subgames)))


@dataclass(frozen=True)
class _Asked:
    """What is to be found of a subgame."""

    is_free: NDArray[np.bool_]  # [A]
    is_stuck: NDArray[np.bool_]  # [I, W]
    behaviour: Floats  # [A, W] NaN where it is free
    paths: Paths
    numbers: Numbers | None  # None where all is given


def _asked(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats, given: Floats | None) -> _Asked:
    behaviour = np.full((len(subgame.edge_of_action), len(inputs)), np.nan)
    if given is not None:
        behaviour[:] = given[subgame.edge_of_action]
    is_free = np.isnan(behaviour[:, 0])
    _, is_stuck = _log_share(game, subgame, inputs)
    numbers = _numbers(game, subgame, inputs, buffer, given, is_free) if is_free.any() else None
    return _Asked(is_free, is_stuck, behaviour, _paths(subgame, is_free.tobytes()), numbers)


def _alike(asked: Sequence[_Asked]) -> list[list[int]]:
    """The places of those of one form, which are solved together; nothing is asked of a subgame in which all is given."""
    alike: dict[object, list[int]] = {}
    for number, one in enumerate(asked):
        if one.numbers is not None:
            alike.setdefault(one.paths.form if one.numbers.steps is None else number, []).append(number)
    return list(alike.values())


def _has_averse_steps(numbers: Numbers) -> bool:
    return numbers.steps is not None and bool(numbers.steps.aversion[np.unique(numbers.steps.player)].any())


def _found(subgame: HiddenSubgame, asked: _Asked, answer: tuple[Equilibrium, int] | None, size: int) -> Found:
    behaviour = asked.behaviour
    worth, regret = np.full_like(behaviour, np.nan), np.full_like(behaviour, np.nan)
    residual, is_solved = np.zeros(size), np.ones(size, bool)
    folds = bifurcations = np.zeros(size, np.int64)
    if answer is not None:
        found, begin = answer
        here, is_free = slice(begin, begin + size), asked.is_free
        behaviour[is_free], worth[is_free] = np.exp(found.log_behaviour[:, here]), found.worth[:, here]
        regret[is_free] = np.repeat(found.regret[:, here], _sizes(subgame)[is_free[subgame.first_action[:-1]]], axis=0)
        residual, is_solved = found.residual[here], found.is_found[here]
        folds, bifurcations = found.folds[here], found.bifurcations[here]
    action, stuck = subgame.action_of_edge, np.repeat(asked.is_stuck, _sizes(subgame), axis=0)
    return Found(
        behaviour[action], worth[action], np.nan_to_num(regret[action]), stuck[action], residual, is_solved,
        folds, bifurcations,
    )  # fmt: skip


def is_searchable(subgame: HiddenSubgame) -> bool:
    """Whether so few probabilities are open that further equilibria are searched for."""
    return len(subgame.edge_of_action) - len(subgame.infoset) <= MAX_SEARCHED


def has_others(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> NDArray[np.bool_]:
    """[W] whether a search finds further equilibria of a subgame; none are looked for where many probabilities are open."""
    has_some = np.zeros(len(inputs), bool)
    if is_searchable(subgame):
        has_some[_searched(game, subgame, inputs, buffer)[1].world] = True
    return has_some


def rivals(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> list[Rival]:
    """The equilibria of a subgame in one world, where a search finds more than one."""
    if not is_searchable(subgame):
        return []
    found, more = _searched(game, subgame, inputs, buffer)
    if not len(more.world) or not found.is_found[0]:
        return []
    listed = [(found.log_behaviour[:, 0], found.residual[0], PRINCIPAL)]
    listed += [
        (more.log_behaviour[:, one], more.residual[one], SOURCE[int(more.source[one])])
        for one in range(len(more.world))
    ]
    return [
        Rival(subgame.root, subgame.edge_of_action, np.exp(log_behaviour), float(residual), source)
        for log_behaviour, residual, source in listed
    ]


def _searched(game: Game, subgame: HiddenSubgame, inputs: Inputs, buffer: Floats) -> tuple[Equilibrium, Others]:
    """The equilibrium on the branch, and the others that a search finds."""
    is_free = np.ones(len(subgame.edge_of_action), bool)
    form, numbers = _paths(subgame, is_free.tobytes()), _numbers(game, subgame, inputs, buffer, None, is_free)
    found = solve(form, numbers, inputs.response)
    return found, others(form, numbers, found, inputs.response)


def _sizes(subgame: HiddenSubgame) -> NDArray[np.intp]:
    """[I] how many actions each information set has."""
    return np.diff(subgame.first_action).astype(np.intp)


@lru_cache(maxsize=256)
def _paths(subgame: HiddenSubgame, free: bytes) -> Paths:
    """The ways as paths through the information sets whose behaviour is sought: those of actions that are `free`, a byte for each.

    Their players are agents: a player, or each of his types.
    """
    is_free = np.frombuffer(free, bool)
    is_sought = is_free[subgame.first_action[:-1]]
    action = subgame.actions_of(subgame.ways.edge)
    is_visit = (action >= 0) & is_free[action]
    passed = np.concatenate([[0], np.cumsum(is_visit)])
    return Paths(
        subgame.agent_of_infoset[is_sought].astype(np.int64),
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
    game: Game,
    subgame: HiddenSubgame,
    inputs: Inputs,
    buffer: Floats,
    given: Floats | None,
    is_free: NDArray[np.bool_],
) -> Numbers:
    """Chance and payoffs of each way, as each agent has them.

    What an agent holds to be impossible is a tremble, as likely as they have it who hold it possible. Payoffs of the way are undiscounted: one who discounts goes by its steps.
    """
    agents = subgame.agents
    players = [one.player for one in agents]
    evaluators = [inputs.columns.evaluator[player] for player in players]
    log_chance, trembles = {}, {}
    held = odds_by_evaluator(game, subgame, inputs, given, subgame.passed)
    unheld = log_trembles(held)
    for evaluator, odds in held.items():
        is_possible = odds > 0
        log_chance[evaluator] = subgame.passes @ np.where(is_possible, np.log(np.where(is_possible, odds, 1.0)), unheld)
        trembles[evaluator] = np.zeros_like(log_chance[evaluator], np.int64)
        if not is_possible.all():
            trembles[evaluator] = (subgame.passes @ (~is_possible).astype(np.float64)).astype(np.int64)
    gains = buffer[game.gain_of_edge[subgame.passed], : len(game.players)]
    payoff = buffer[game.num_gains + subgame.ways.leaf, : len(game.players)]
    payoff = payoff + (subgame.passes @ gains.reshape(len(gains), -1)).reshape(payoff.shape)
    ours = discounting(subgame, inputs)
    aversion = None
    if inputs.risk_aversion is not None:
        aversion = np.array([inputs.of(one.cast).risk_aversion[one.player] for one in agents])  # type: ignore[index]
    steps = None
    if len(ours):
        steps = steps_of(game, subgame, inputs, buffer, given, is_free)
        if aversion is not None:
            aversion[ours] = 0.0
    return Numbers(
        np.stack([log_chance[one] for one in evaluators]),
        np.ascontiguousarray(payoff.transpose(1, 0, 2)[players]),
        _log_share(game, subgame, inputs)[0][is_free],
        np.array([inputs.of(one.cast).precision[one.player] for one in agents]),
        aversion,
        np.stack([trembles[one] for one in evaluators]),
        steps,
    )
