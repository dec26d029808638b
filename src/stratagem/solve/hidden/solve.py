"""A game with hidden information, solved in every world.

Worlds in which the same actions are available are solved together, chunk by chunk within bounded memory.

Axes: W worlds, I infosets, A actions, Z paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden import equilibrium as states
from stratagem.solve.hidden.certify import regret
from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.layout import Layout, layout
from stratagem.solve.hidden.paths import Floats, Ints, Numbers, Paths, check
from stratagem.solve.hidden.probit import Probit
from stratagem.solve.hidden.response import Logit, Response
from stratagem.solve.hidden.trace import ARRIVED, FARTHEST, LESS_FAR, SETTLED, STALLED, start, trace
from stratagem.solve.hidden.way import Traced
from stratagem.solve.hidden.worth import Batch, batch_of
from stratagem.solve.memory import keep_freed

CHUNK_BYTES = 32 << 20
MOST_WORLDS = 1024
RESPONSES: dict[str, Callable[[Layout], Response]] = {"logit": Logit, "probit": Probit}


def solve(paths: Paths, numbers: Numbers, response: str = "logit") -> Equilibrium:
    """The equilibrium on the branch from precision 0, in every world.

    Raises `ValueError` where the numbers do not fit the paths. A world that fails says so in its status.
    """
    check(paths, numbers)
    if response not in RESPONSES:
        raise ValueError(f"the response is one of {', '.join(RESPONSES)}, not {response}")
    if response != "logit" and np.isinf(numbers.precision).any():
        raise ValueError("the limit is that of the logit branch")
    keep_freed()
    found = _empty(paths, numbers)
    for piece in pieces(paths, numbers, response):
        _fill(found, piece, _solved(piece))
    return found


@dataclass(frozen=True)
class Left:
    """What is left of a game where only some actions are available."""

    actions: Ints  # [A] of all
    infosets: Ints  # [I] of all
    paths: Ints  # [Z] of all
    is_whole: bool
    layout: Layout
    response: Response


@dataclass(frozen=True)
class Piece:
    """Some worlds with the same available actions."""

    worlds: NDArray[np.int64]  # [W] of all
    numbers: Numbers
    left: Left

    @property
    def layout(self) -> Layout:
        """Of what is left of the game."""
        return self.left.layout

    @property
    def batch(self) -> Batch:
        """The numbers by visit."""
        return batch_of(self.layout, self.left.response, self.numbers)

    @property
    def is_limit(self) -> NDArray[np.bool_]:
        """[W] where precision is infinite."""
        return np.asarray(np.isinf(self.numbers.precision[self.layout.player_of_action]).any(axis=0))


def pieces(paths: Paths, numbers: Numbers, response: str) -> Iterator[Piece]:
    """The worlds by available actions, in chunks."""
    for available, worlds in _patterns(~np.isneginf(numbers.log_share)):
        key = available.tobytes(), response
        if key not in paths.parts:
            paths.parts[key] = _left(paths, available, response)
        left: Left | None = paths.parts[key]
        if left is None:
            continue
        size = _chunk_worlds(left.layout, 0 if numbers.steps is None else len(numbers.steps.parent))
        for begin in range(0, len(worlds), size):
            chunk = worlds[begin : begin + size]
            is_run = chunk[-1] - chunk[0] + 1 == len(chunk)
            part = numbers.part(slice(int(chunk[0]), int(chunk[-1]) + 1) if is_run else chunk)
            if not left.is_whole:
                part = part.kept(left.paths, left.actions)
            yield Piece(chunk, part, left)


def _patterns(is_available: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Which actions [A] are available together, and in which worlds [W]."""
    if not is_available.shape[1]:
        return
    if is_available.all():
        yield is_available[:, 0], np.arange(is_available.shape[1])
        return
    packed, which = np.unique(np.packbits(is_available, axis=0), axis=1, return_inverse=True)
    for number in range(packed.shape[1]):
        worlds = np.flatnonzero(which.ravel() == number)
        yield is_available[:, worlds[0]], worlds


def _left(paths: Paths, available: NDArray[np.bool_], response: str) -> Left | None:
    """The game that is left where some actions are not available, if anything is: infosets on no path that is left go too."""
    is_path = np.logical_and.reduceat(np.append(available[paths.action_of_visit], True), paths.first_visit[:-1])
    is_path |= np.diff(paths.first_visit) == 0
    count = np.diff(paths.first_visit)
    visit = np.repeat(is_path, count)
    is_action = np.zeros(paths.num_actions, bool)
    is_action[paths.action_of_visit[visit]] = True
    left = np.add.reduceat(is_action, paths.first_action[:-1])
    infosets = np.flatnonzero(left > 0)
    if not len(infosets):
        return None
    number = np.cumsum(is_action) - 1
    form = layout(
        Paths(
            paths.player_of_infoset[infosets],
            np.append(0, np.cumsum(left[infosets])),
            np.append(0, np.cumsum(count[is_path])),
            number[paths.action_of_visit[visit]],
        )
    )
    actions, ways = np.flatnonzero(is_action), np.flatnonzero(is_path)
    return Left(actions, infosets, ways, bool(is_action.all() and is_path.all()), form, RESPONSES[response](form))


def _chunk_worlds(form: Layout, steps: int) -> int:
    unknown = len(form.unknown) + 1
    terms = len(form.terms[0]) + 2 * len(form.entries[0])
    per_world = 8 * (12 * form.num_visits + 12 * steps + 2 * terms + 16 * len(form.infoset_of_action) + 3 * unknown**2)
    return int(np.clip(CHUNK_BYTES // per_world, 1, MOST_WORLDS))


def _empty(paths: Paths, numbers: Numbers) -> Equilibrium:
    """Base shares everywhere, which stand where nothing is to be decided."""
    worlds, infosets = len(numbers), paths.num_infosets
    first, infoset = paths.first_action[:-1], paths.infoset_of_action
    with np.errstate(divide="ignore"):
        total = np.log(np.add.reduceat(np.exp(numbers.log_share), first, axis=0))
    behaviour = np.where(
        np.isneginf(numbers.log_share), -np.inf, numbers.log_share - np.maximum(total, -1e300)[infoset]
    )
    is_limit = np.isinf(numbers.precision).any(axis=0)
    status = np.where(is_limit, states.LIMIT, states.CONVERGED).astype(np.int8)
    status[_is_stuck(paths, numbers)] = states.STUCK
    none = np.zeros(worlds, np.int64)
    return Equilibrium(
        behaviour, np.zeros(worlds), status, np.ones(worlds), none, none.copy(), np.zeros(worlds), np.full((paths.num_actions, worlds), np.nan), np.zeros((infosets, worlds)),
    )  # fmt: skip


def _is_stuck(paths: Paths, numbers: Numbers) -> NDArray[np.bool_]:
    """[W] where a history that can happen ends at an infoset without available action."""
    is_available = ~np.isneginf(numbers.log_share)
    has_any = np.logical_or.reduceat(is_available, paths.first_action[:-1], axis=0)
    stuck = np.zeros(len(numbers), bool)
    if has_any.all():
        return stuck
    is_possible = (numbers.order == 0).any(axis=0)  # [Z, W]
    for path in range(paths.num_paths):
        alive = is_possible[path].copy()
        for action in paths.action_of_visit[paths.first_visit[path] : paths.first_visit[path + 1]]:
            stuck |= alive & ~has_any[paths.infoset_of_action[action]]
            alive &= is_available[action]
    return stuck


def _solved(piece: Piece) -> Traced:
    batch, is_limit = piece.batch, piece.is_limit
    target = np.where(is_limit, FARTHEST * batch.scale, 1.0)
    found = trace(batch, start(batch, target), target, is_limit)
    lost = np.flatnonzero(is_limit & ~_is_settled(found))
    if len(lost):
        _take_nearer(found, batch, target, lost)
    return found


def _is_settled(found: Traced) -> NDArray[np.bool_]:
    return np.asarray((found.ended == ARRIVED) & (found.drift < SETTLED))


def _take_nearer(found: Traced, batch: Batch, target: Floats, lost: NDArray[np.int64]) -> None:
    """Where rounding moves behaviour before the limit is taken, take it nearer: what rounding alone tells apart is a tie (M9)."""
    part = batch.part(lost)
    nearer = trace(part, start(part, target[lost]), target[lost], np.ones(len(lost), bool), far=LESS_FAR)
    better = np.flatnonzero(_is_settled(nearer))
    for one in fields(Traced):
        getattr(found, one.name)[..., lost[better]] = getattr(nearer, one.name)[..., better]


def _fill(found: Equilibrium, piece: Piece, traced: Traced) -> None:
    """Write a piece's results to where they belong, and certify them."""
    is_limit = piece.is_limit
    residual = np.where(is_limit & (traced.ended == ARRIVED), traced.correction, traced.residual)
    status = np.where(is_limit, np.where(traced.drift < SETTLED, states.LIMIT, states.UNSETTLED), states.CONVERGED)
    status = np.where(~is_limit & (residual > states.RESIDUAL), states.ROUNDED, status)
    failed = np.where(traced.ended == STALLED, states.STALLED, states.LONG)
    status = np.where(traced.ended == ARRIVED, status, failed)
    worlds = piece.worlds
    status = np.where(found.status[worlds] == states.STUCK, states.STUCK, status)
    for name, value in (
        ("residual", residual),
        ("status", status),
        ("precision_reached", traced.place),
        ("folds", traced.folds),
        ("bifurcations", traced.bifurcations),
        ("drift", traced.drift),
    ):
        getattr(found, name)[worlds] = value
    found.log_behaviour[np.ix_(piece.left.actions, worlds)] = traced.log_choice
    found.worth[np.ix_(piece.left.actions, worlds)] = traced.worth
    found.regret[np.ix_(piece.left.infosets, worlds)] = regret(piece.layout, traced.log_choice, traced.worth)
