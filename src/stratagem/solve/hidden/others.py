"""Further equilibria: along the branch past the point found, and by Newton's method from other starts.

What is listed are equilibria, each with its residual; that there are no more is not shown.

Axes: W worlds, A actions, D unknown scores, K equilibria found, each with its world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.equilibrium import RESIDUAL, Equilibrium
from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Numbers, Paths, check
from stratagem.solve.hidden.solve import Piece, pieces
from stratagem.solve.hidden.system import jacobian, point
from stratagem.solve.hidden.trace import ARRIVED, FARTHEST, SETTLED, resume, trace
from stratagem.solve.hidden.worth import Batch, worth

PRINCIPAL, BRANCH, START, FOLLOWED = -1, 0, 1, 2
SOURCE = {BRANCH: "further along the branch", START: "from another start", FOLLOWED: "along the branch of another"}
DISTINCT = 1e-6
CEILING = 20.0  # times the precision asked for, to which the branch is followed
MOST_CROSSINGS = 8
MOST_PASSES = 400
MOST_NEWTON = 80
AT_ONCE = 1024  # worlds that start from profiles of their own
LEVELS = (30.0, 1000.0)  # precision times range of payoffs from which limits are sought
FAINT = 1e-3  # probability of the actions that a nearly pure start does not choose


@dataclass(frozen=True)
class Others:
    """Equilibria other than those on the branch, of all worlds one after another."""

    world: NDArray[np.int64]  # [K]
    log_behaviour: Floats  # [A, K]
    residual: Floats  # [K] as of an `Equilibrium`
    source: NDArray[np.int8]  # [K], see SOURCE


def others(
    paths: Paths, numbers: Numbers, found: Equilibrium, response: str = "logit", starts: int = 40, seed: int = 1
) -> Others:
    """Equilibria other than `found`, at the same precision or in the limit, further apart than 1e-6 in some probability.

    Half of the starts are nearly pure, all pure profiles where they are few; the others are drawn.
    """
    check(paths, numbers)
    rng = np.random.default_rng(seed)
    kept: list[tuple[int, Floats, float, int]] = []
    for piece in pieces(paths, numbers, response):
        behaviour = found.log_behaviour[:, piece.worlds]
        for place, one in _of_piece(piece, behaviour[piece.left.actions], found.is_found[piece.worlds], starts, rng):
            full = behaviour[:, place].copy()
            full[piece.left.actions] = one.log_choice
            kept.append((int(piece.worlds[place]), full, one.residual, one.source))
    kept.sort(key=lambda one: one[0])
    return Others(
        np.array([one[0] for one in kept], np.int64),
        np.array([one[1] for one in kept]).reshape(len(kept), paths.num_actions).T,
        np.array([one[2] for one in kept], float),
        np.array([one[3] for one in kept], np.int8),
    )


@dataclass(frozen=True)
class _Found:
    """One equilibrium of one world."""

    scores: Floats  # [A]
    log_choice: Floats  # [A]
    residual: float
    source: int


class _Known:
    """The distinct equilibria of each world, in the order in which they were found."""

    def __init__(self, worlds: int) -> None:
        self.of_world: list[list[_Found]] = [[] for _ in range(worlds)]

    def add(self, world: int, one: _Found) -> bool:
        """Keep an equilibrium, unless it is known; whether it was new."""
        choice = np.exp(one.log_choice)
        is_new = all(np.abs(choice - np.exp(other.log_choice)).max() > DISTINCT for other in self.of_world[world])
        if is_new:
            self.of_world[world].append(one)
        return is_new

    def all(self) -> list[tuple[int, _Found]]:
        """World by world."""
        return [(world, one) for world, found in enumerate(self.of_world) for one in found]


def _of_piece(
    piece: Piece, log_choice: Floats, is_found: NDArray[np.bool_], starts: int, rng: np.random.Generator
) -> list[tuple[int, _Found]]:
    """(number in the piece, equilibrium) of all further ones."""
    batch, known = piece.batch, _Known(len(piece.worlds))
    for world in range(len(piece.worlds)):
        known.add(world, _Found(log_choice[:, world], log_choice[:, world], 0.0, PRINCIPAL))
    finite, limits = np.flatnonzero(~piece.is_limit & is_found), np.flatnonzero(piece.is_limit)
    if len(finite):
        part, place = batch.part(finite), np.ones(len(finite))
        scores = part.offset + part.rate * worth(part, log_choice[:, finite]).worth
        for world, one in _sought(part, place, scores, starts, rng).all():
            known.add(int(finite[world]), one)
    if len(limits):
        for level in LEVELS:
            part = batch.part(limits)
            place = level * part.scale
            for world, one in _to_limit(part, place, _sought(part, place, None, starts, rng).all()):
                known.add(int(limits[world]), one)
    return [(world, one) for world, one in known.all() if one.source != PRINCIPAL]


def _sought(batch: Batch, place: Floats, principal: Floats | None, starts: int, rng: np.random.Generator) -> _Known:
    """Equilibria at places [W]: along the branch from the principal scores [A, W], from other starts, and along their branches."""
    known, upward = _Known(len(batch)), np.ones(len(batch))
    if principal is not None:
        log_choice = batch.response.log_choice(principal)
        for world in range(len(batch)):
            known.add(world, _Found(principal[:, world], log_choice[:, world], 0.0, PRINCIPAL))
        _follow(batch, place, known, np.arange(len(batch)), principal, upward, BRANCH)
    begins = _starts(batch, place, starts, rng)
    together = max(AT_ONCE // len(batch), 1)
    for first in range(0, len(begins), together):
        some = begins[first : first + together]
        started = np.tile(np.arange(len(batch)), len(some))
        scores, residual = settle(batch.part(started), np.concatenate(some, axis=1), place[started])
        log_choice = batch.response.log_choice(scores)
        for at in np.flatnonzero(residual < RESIDUAL):
            one = _Found(scores[:, at], log_choice[:, at], float(residual[at]), START)
            known.add(int(started[at]), one)
    ours = [(world, one) for world, one in known.all() if one.source == START]
    if ours:
        worlds, scores = np.array([world for world, _ in ours]), np.array([one.scores for _, one in ours]).T
        for direction in (1.0, -1.0):
            _follow(batch, place, known, worlds, scores, np.full(len(ours), direction), FOLLOWED)
    return known


def _follow(
    batch: Batch, place: Floats, known: _Known, world: NDArray[np.int64], scores: Floats, direction: Floats, source: int
) -> None:
    """Follow branches through equilibria [A, K] of worlds [K], and add where they meet the same precision again."""
    for _ in range(MOST_CROSSINGS):
        part = batch.part(world)
        way = resume(part, scores, place[world], direction)
        end = trace(part, way, place[world], np.zeros(len(world), bool), CEILING * place[world], MOST_PASSES)
        is_back = (end.ended == ARRIVED) & (end.residual < RESIDUAL)
        back = [
            one
            for one in np.flatnonzero(is_back)
            if known.add(
                int(world[one]), _Found(end.scores[:, one], end.log_choice[:, one], float(end.residual[one]), source)
            )
        ]
        if not back:
            return
        world, scores, direction = world[back], end.scores[:, back], -direction[back]


def _to_limit(batch: Batch, place: Floats, found: list[tuple[int, _Found]]) -> list[tuple[int, _Found]]:
    """Follow equilibria at places [W] to where behaviour is settled; those whose branches do not get there are left out."""
    if not found:
        return []
    world, scores = np.array([one for one, _ in found]), np.array([one.scores for _, one in found]).T
    part = batch.part(world)
    way = resume(part, scores, place[world], np.ones(len(world)))
    end = trace(part, way, FARTHEST * part.scale, np.ones(len(world), bool), most_passes=MOST_PASSES)
    return [
        (int(world[one]), _Found(end.scores[:, one], end.log_choice[:, one], float(end.correction[one]), START))
        for one in np.flatnonzero((end.ended == ARRIVED) & (end.drift < SETTLED))
    ]


def _starts(batch: Batch, place: Floats, count: int, rng: np.random.Generator) -> list[Floats]:
    """Scores [A, W] to start from: responses to nearly pure profiles, and draws."""
    layout = batch.layout
    starts = []
    for choice in _profiles(layout, count // 2, rng):
        log_choice = np.broadcast_to(np.log(choice)[:, None], batch.offset.shape)
        starts.append(batch.offset + batch.rate * place * worth(batch, log_choice).worth)
    starts += [rng.normal(0, 1 + number % 4, batch.offset.shape) for number in range(count - len(starts))]
    return starts


def _profiles(layout: Layout, count: int, rng: np.random.Generator) -> list[Floats]:
    """Nearly pure profiles [A], all of them where there are at most `count`."""
    first = layout.paths.first_action[:-1]
    widths = np.diff(layout.paths.first_action)
    if np.prod(widths.astype(float)) <= count:
        chosen = np.stack(
            [one.ravel() for one in np.meshgrid(*(np.arange(width) for width in widths), indexing="ij")], axis=1
        )
    else:
        chosen = rng.integers(0, widths, (count, len(widths)))
    profiles = []
    for choice in chosen:
        profile = (FAINT / widths)[layout.infoset_of_action]
        profile[first + choice] += 1 - FAINT
        profiles.append(profile)
    return profiles


def settle(batch: Batch, scores: Floats, place: Floats) -> tuple[Floats, Floats]:
    """Newton's method at fixed precision from scores [A, W], steps bounded: scores, and the residual [W] (infinite where none was found)."""
    layout = batch.layout
    scores, residual = layout.centred(scores), np.full(len(batch), np.inf)
    world = np.arange(len(batch))
    for _ in range(MOST_NEWTON):
        at = point(batch.part(world), scores[:, world], place[world])
        residual[world] = at.residual
        matrix = jacobian(at)
        gap = at.gap
        fine = np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(gap).all(axis=0) & (at.residual > RESIDUAL / 100)
        if not fine.any():
            break
        world, matrix, gap = world[fine], matrix[fine], gap[:, fine]
        step, is_regular = _newton(matrix, gap)
        unit = 1 + np.abs(scores[layout.unknown][:, world] - scores[layout.reference][:, world])
        size = np.abs(step / unit).max(axis=0, initial=0.0)
        moved = scores[:, world]
        moved[layout.unknown] += step / np.maximum(size, 1.0)
        scores[:, world] = layout.centred(moved)
        world = world[is_regular]
        if not len(world):
            break
    return scores, np.where(np.isfinite(residual), residual, np.inf)


def _newton(matrix: Floats, gap: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Newton steps [D, W], 0 where the matrix [W, D, D] is singular, and where it is not [W]."""
    is_regular: NDArray[np.bool_] = np.ones(len(matrix), bool)
    step = np.zeros_like(gap)
    try:
        step[:] = -np.linalg.solve(matrix, gap.T[:, :, None])[:, :, 0].T
    except np.linalg.LinAlgError:
        is_regular = np.asarray(np.linalg.slogdet(matrix)[0] != 0)
        step[:, is_regular] = -np.linalg.solve(matrix[is_regular], gap.T[is_regular][:, :, None])[:, :, 0].T
    return step, is_regular
