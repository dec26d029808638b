"""How an equilibrium moves with the numbers, by implicit differentiation: exact where the Jacobian is regular.

Players who discount go by the numbers of their steps; the payoffs and the chances of whole paths are those of the others.

Axes: W worlds, P players, A actions, Z paths, V visits, D unknown scores, Q quantities, T steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.paths import Floats, Numbers, Paths
from stratagem.solve.hidden.recursive_gradient import StepChange, worth_moved, worth_pulled
from stratagem.solve.hidden.solve import Piece, pieces
from stratagem.solve.hidden.system import Point, jacobian, point
from stratagem.solve.hidden.worth import worth

SMALL_TILT = 1e-3
STEP_NAMES = ("gain", "log_odds", "factor")


@dataclass(frozen=True)
class Change:
    """Changes of numbers, or derivatives by them; the shapes are those of `Numbers`, behind an axis Q where there are several."""

    payoff: Floats
    log_chance: Floats
    log_share: Floats
    precision: Floats
    steps: StepChange | None = None  # of players who discount
    risk_aversion: Floats | None = None  # of derivatives only; None where players are risk-neutral

    def part(self, quantity: int, worlds: slice) -> Change:
        """Derivatives of one of several quantities, in some of the worlds."""
        here = (quantity, ..., worlds)
        steps = None if self.steps is None else StepChange(*(getattr(self.steps, name)[here] for name in STEP_NAMES))
        aversion = None if self.risk_aversion is None else self.risk_aversion[here]
        given = (self.payoff, self.log_chance, self.log_share, self.precision)
        payoff, log_chance, log_share, precision = (one[here] for one in given)
        return Change(payoff, log_chance, log_share, precision, steps, aversion)


def moved(paths: Paths, numbers: Numbers, found: Equilibrium, change: Change, response: str = "logit") -> Floats:
    """The change of log probabilities [A, W] that a small change of the numbers makes; NaN without an equilibrium at finite precision."""
    table = np.full(found.log_behaviour.shape, np.nan)
    for piece, worlds, at in _points(paths, numbers, found, response):
        layout, parts = piece.layout, at.worth
        player, path, evaluator = layout.player_of_visit, piece.left.paths[layout.path_of_visit], _evaluator(piece)
        here = piece.worlds[worlds]
        by_visit = parts.share * change.payoff[:, :, here][player, path]
        by_visit += parts.slope * change.log_chance[:, :, here][evaluator, path]
        by_action = layout.sum_of_action @ (by_visit * _adds_up(at)[layout.action_of_visit])
        if at.batch.recursion is not None and change.steps is not None:
            by_action += worth_moved(
                at.batch.recursion, at.log_choice, _cut(change.steps, _steps_left(piece, numbers), here)
            )
        push = at.batch.response.offset_moved(at.batch.offset, change.log_share[np.ix_(piece.left.actions, here)])
        push = push + at.batch.rate * by_action
        push += change.precision[:, here][layout.player_of_action] * parts.worth
        side = push[layout.unknown] - push[layout.reference]
        scores = np.linalg.solve(jacobian(at), side.T[:, :, None])[:, :, 0].T
        table[:, here] = 0.0
        table[np.ix_(piece.left.actions, here)] = at.batch.response.moved(at.scores, at.log_choice, scores)
    return table


def pulled(paths: Paths, numbers: Numbers, found: Equilibrium, pull: Floats, response: str = "logit") -> Change:
    """Derivatives by all numbers of quantities whose derivatives by log probabilities are `pull` [Q, A, W].

    One factorisation serves all numbers and quantities. NaN where a world has no equilibrium at finite precision. What a quantity
    owes to the numbers directly, behaviour unchanged, is the caller's to add.
    """
    count = len(pull)
    given = (numbers.payoff, numbers.log_chance, numbers.log_share, numbers.precision)
    payoff, log_chance, log_share, precision = (np.full((count, *one.shape), np.nan) for one in given)
    aversion = None if numbers.risk_aversion is None else np.full((count, *numbers.risk_aversion.shape), np.nan)
    total = Change(payoff, log_chance, log_share, precision, _no_steps(numbers, count), aversion)
    for piece, worlds, at in _points(paths, numbers, found, response):
        layout, parts, here = piece.layout, at.worth, piece.worlds[worlds]
        for table in _tables(total):
            table[..., here] = 0.0
        sides = np.stack(
            [at.batch.response.pulled(at.scores, at.log_choice, one[np.ix_(piece.left.actions, here)]) for one in pull]
        )
        solved = np.asarray(
            np.linalg.solve(jacobian(at).transpose(0, 2, 1), sides.transpose(2, 1, 0)), float
        )  # [W, D, Q]
        players, num_paths = numbers.payoff.shape[0], numbers.payoff.shape[1]
        to_payoff = _sum_by_path(layout.player_of_visit, piece.left.paths[layout.path_of_visit], players, num_paths)
        to_chance = _sum_by_path(
            _evaluator(piece), piece.left.paths[layout.path_of_visit], numbers.log_chance.shape[0], num_paths
        )
        for number in range(count):
            push = _spread(at, solved[:, :, number].T)
            by_visit = (push * at.batch.rate * _adds_up(at))[layout.action_of_visit]
            total.payoff[number][:, :, here] = (to_payoff @ (by_visit * parts.share)).reshape(players, num_paths, -1)
            chance = to_chance @ (by_visit * parts.slope)
            total.log_chance[number][:, :, here] = chance.reshape(-1, num_paths, len(here))
            total.log_share[number][np.ix_(piece.left.actions, here)] = at.batch.response.offset_pulled(
                at.batch.offset, push
            )
            mover = layout.player_of_action[:, None], here[None]
            np.add.at(total.precision[number], mover, push * parts.worth)
            if total.risk_aversion is not None:
                by_action = push * at.batch.rate * _adds_up(at) * _by_aversion(piece, worlds, at)
                np.add.at(total.risk_aversion[number], mover, by_action)
            if at.batch.recursion is not None and total.steps is not None:
                by_step = worth_pulled(at.batch.recursion, at.log_choice, push * at.batch.rate)
                rows = np.ix_(_steps_left(piece, numbers), here)
                for name in STEP_NAMES:
                    getattr(total.steps, name)[number][rows] = getattr(by_step, name)
    return total


def _by_aversion(piece: Piece, worlds: NDArray[np.int64], at: Point) -> Floats:
    """[A, W] derivatives of an action's worth by its mover's risk aversion, behaviour unchanged."""
    layout, averse = piece.layout, piece.numbers.risk_aversion
    assert averse is not None
    payoff = piece.numbers.payoff[:, :, worlds]
    middle = (payoff.min(axis=1) + payoff.max(axis=1)) / 2  # worth is counted from there
    player = layout.player_of_visit
    gap = payoff[player, layout.path_of_visit] - middle[player] - at.worth.worth[layout.action_of_visit]
    tilt = averse[:, worlds][player] * gap
    return np.asarray(layout.sum_of_action @ (at.worth.belief * gap**2 * aversion_slope(tilt)))


def aversion_slope(tilt: Floats) -> Floats:
    """((1 + t) exp(-t) - 1) / t^2: what a payoff, t / a away from the certainty equivalent, adds to its derivative by risk aversion a, over the squared distance.

    >>> aversion_slope(np.array([0.0, 1.0])).round(6).tolist()
    [-0.5, -0.264241]
    """
    is_small = np.abs(tilt) < SMALL_TILT
    safe = np.where(is_small, 1.0, tilt)
    series = -1 / 2 + tilt * (1 / 3 - tilt * (1 / 8 - tilt / 30))
    return np.where(is_small, series, ((1 + safe) * np.exp(-safe) - 1) / safe**2)


def _points(
    paths: Paths, numbers: Numbers, found: Equilibrium, response: str
) -> Iterator[tuple[Piece, NDArray[np.int64], Point]]:
    """Pieces, their worlds with an equilibrium at finite precision, and the equilibria there."""
    for piece in pieces(paths, numbers, response):
        worlds = np.flatnonzero(found.is_found[piece.worlds] & ~piece.is_limit)
        if len(worlds):
            batch, place = piece.batch.part(worlds), np.ones(len(worlds))
            log_choice = found.log_behaviour[np.ix_(piece.left.actions, piece.worlds[worlds])]
            scores = batch.offset + batch.rate * worth(batch, log_choice).worth
            yield piece, worlds, point(batch, piece.layout.centred(scores), place)


def _adds_up(at: Point) -> Floats:
    """[A, 1] 1 where the mover's payoffs add up along a path, 0 where he discounts."""
    if at.worth.reckoned is None:
        return np.ones((len(at.scores), 1))
    return np.where(at.worth.reckoned.is_ours[:, None], 0.0, 1.0)


def _steps_left(piece: Piece, numbers: Numbers) -> NDArray[np.int64]:
    """[T] the steps of a piece, of all."""
    assert numbers.steps is not None
    is_path = np.zeros(numbers.payoff.shape[1], bool)
    is_path[piece.left.paths] = True
    return np.flatnonzero(numbers.steps.left(is_path))


def _cut(change: StepChange, steps: NDArray[np.int64], worlds: NDArray[np.int64]) -> StepChange:
    return StepChange(*(getattr(change, name)[np.ix_(steps, worlds)] for name in STEP_NAMES))


def _no_steps(numbers: Numbers, count: int) -> StepChange | None:
    if numbers.steps is None:
        return None
    return StepChange(*(np.full((count, *numbers.steps.gain.shape), np.nan) for _ in STEP_NAMES))


def _tables(change: Change) -> list[Floats]:
    steps = [] if change.steps is None else [getattr(change.steps, name) for name in STEP_NAMES]
    aversion = [] if change.risk_aversion is None else [change.risk_aversion]
    return [change.payoff, change.log_chance, change.log_share, change.precision, *aversion, *steps]


def _spread(at: Point, unknown: Floats) -> Floats:
    """[A, W] from differences [D, W]: an action's own, and minus their sum for the reference."""
    layout = at.batch.layout
    full = np.zeros_like(at.scores)
    full[layout.unknown] = unknown
    full[layout.paths.first_action[:-1]] = -(layout.total @ full)
    return full


def _evaluator(piece: Piece) -> NDArray[np.int64]:
    """[V] by whose numbers chance is evaluated."""
    player = piece.layout.player_of_visit
    return player if piece.numbers.log_chance.shape[0] > 1 else np.zeros_like(player)


def _sum_by_path(first: NDArray[np.int64], path: NDArray[np.int64], count: int, num_paths: int) -> sparse.csr_array:
    """[count * Z, V] sums over visits."""
    shape = (count * num_paths, len(path))
    return sparse.csr_array((np.ones(len(path)), (first * num_paths + path, np.arange(len(path)))), shape=shape)
