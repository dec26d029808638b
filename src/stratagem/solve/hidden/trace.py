"""The branch of equilibria traced from precision 0, every world at its own pace.

In each pass every world of the batch takes one Newton step, and those that have arrived on the branch set out on the next stretch by
the tangent that the same factorisation gives. The way is pseudo-arclength (Allgower & Georg 1990, Numerical Continuation Methods;
Turocy 2005, Games and Economic Behavior 51:243-263, for quantal response), so a branch that folds back is followed through the fold
until precision first meets its target. Worlds that have finished leave; those whose steps shrink go on alone.

The determinant of the bordered Jacobian keeps its sign along a smooth branch: a step across which it changes has jumped to another
branch and is taken back, unless no shorter step helps, which is a bifurcation.

Axes: W worlds, A actions, D unknown scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.limit import Readings
from stratagem.solve.hidden.paths import Floats
from stratagem.solve.hidden.system import Point, bordered, jacobian, point
from stratagem.solve.hidden.way import Traced, Way
from stratagem.solve.hidden.worth import Batch, worth

ARRIVED, STALLED, LONG = 0, 1, 2
FIRST_STEP = 8.0  # lengths: for scores, shares of their scale; for place, shares of what it has come to
LEAST_STEP = 1e-7
BIFURCATION_STEP = 1e-5  # so short a step that leads to the other sign of the determinant is no jump
GREATEST_STEP = 10.0
NEAR = 1e-3  # a Newton step so small, as a share of the scale of scores, is on the branch
GREATEST_MISS = 0.5  # of the first Newton step
GOOD_MISS = 0.2
TURN = 0.3  # cosine between tangents
RESIDUAL = 1e-11
FINE = 1e-8
ROUNDING = 2e-16  # for each unit of precision times range of payoffs
MOST_NEWTON = 8
POWERS = 6  # of a matrix, to show that its determinant is positive
RESPONSES = 16
DOUBLINGS = 6  # of precision, that responses may bridge
CALM = 0.1  # scores move so little before precision is raised
STILL = 3e-5  # scores move so little where responses end
DEPARTURE = 1e-9
WORTH_CUTTING = 0.75  # share of worlds still under way, below which the others leave the batch
MOST_PASSES = 4000
DRIFT = 1e-9
SETTLED = 1e-7
HIGH = 1e2  # precision times range of payoffs from which points are taken finely, to tell where behaviour settles
FAR = 1e7  # precision times range of payoffs at which the limit may be taken
LESS_FAR = 1e4  # the same, where rounding moves what is a tie before it is taken there
SHORT = 1e-2  # steps that shrink so far out there are hindered by rounding
FARTHEST = 1e11


def start(batch: Batch, target: Floats) -> Way:
    """All worlds at precision 0, setting out to `target` [W]."""
    worlds, layout = len(batch), batch.layout
    at = point(batch, batch.offset, np.zeros(worlds))
    unit = 1 + np.abs(batch.offset[layout.unknown] - batch.offset[layout.reference])
    tangent = at.lead * batch.scale / unit
    size = np.maximum(np.abs(tangent).max(axis=0, initial=0.0), 1.0)
    way = Way(
        world=np.arange(worlds),
        scores=batch.offset.copy(),
        place=np.zeros(worlds),
        border=np.zeros_like(tangent),
        border_place=np.ones(worlds),
        anchor=batch.offset.copy(),
        anchor_place=np.zeros(worlds),
        tangent=tangent / size,
        tangent_place=1 / size,
        unit=unit,
        step=np.full(worlds, FIRST_STEP),
        newton=np.zeros(worlds, np.int64),
        first_miss=np.zeros(worlds),
        last_miss=np.full(worlds, np.inf),
        correction=np.full(worlds, np.inf),
        is_last=np.zeros(worlds, bool),
        is_sure=np.zeros(worlds, bool),
        sign=np.ones(worlds),
        folds=np.zeros(worlds, np.int64),
        bifurcations=np.zeros(worlds, np.int64),
        drift=np.full(worlds, np.inf),
        is_settled=np.zeros(worlds, bool),
        passes=np.zeros(worlds, np.int64),
    )
    _set_out(way, at, np.ones(worlds, bool), target)
    if (way.place * 2**DOUBLINGS >= target).mean() > 0.5:
        _respond(way, batch, target)
    return way


def _respond(way: Way, batch: Batch, target: Floats) -> None:
    """Go up to `target` [W] by responses to responses in worlds where these contract, which costs less than Newton's steps.

    Precision at most doubles at once, and only where the last response moved scores by less than half of what the one before it
    did. A world in which that fails is left where it was.
    """
    scores, place = way.scores, way.place.copy()
    contracts = place * 2**DOUBLINGS >= target
    last = np.full(len(batch), np.inf)
    for _ in range(RESPONSES):
        at = point(batch, scores, place)
        answer = batch.offset + batch.rate * place * at.worth.worth
        move = np.abs(answer - scores).max(axis=0)
        contracts &= (move < 0.5 * last) | (move < STILL)
        is_calm = np.isfinite(last) & (move < CALM)
        scores = answer if contracts.all() else np.where(contracts, answer, scores)
        is_there = place >= target
        if (~contracts | (is_there & (move < STILL))).all():
            break
        rises = contracts & is_calm & ~is_there
        place = np.where(rises, np.minimum(2 * place, target), place)
        last = np.where(rises, np.inf, move)
    arrived = contracts & (place >= target) & (move < CALM)
    way.scores = np.where(arrived, scores, way.scores)
    way.place[arrived] = target[arrived]
    way.is_last |= arrived
    way.border[:, arrived] = 0.0
    way.border_place[arrived] = 1.0


def resume(batch: Batch, scores: Floats, place: Floats, direction: Floats) -> Way:
    """Worlds in equilibrium at scores [A, W] and places [W], setting out to higher (1) or lower (-1) precision [W]."""
    layout, worlds = batch.layout, len(batch)
    at = point(batch, layout.centred(scores), place)
    unit = 1 + np.abs(at.scores[layout.unknown] - at.scores[layout.reference])
    length = batch.scale + place
    matrix = bordered(at, unit, length, np.zeros_like(unit), np.ones(worlds))
    sides = np.zeros((*matrix.shape[:2], 2))
    sides[:, -1, 1] = 1.0
    _, ahead, is_solved = _solved(matrix, sides)
    size = np.abs(ahead).max(axis=0)
    way = start(batch, place)
    way.scores, way.anchor = at.scores.copy(), at.scores.copy()
    way.unit, way.tangent, way.tangent_place = unit, direction * ahead[:-1] / size, direction * ahead[-1] / size
    way.place, way.anchor_place = (place * (1 + direction * DEPARTURE) for _ in range(2))
    way.sign = direction * np.where(is_solved, np.linalg.slogdet(matrix)[0], 0.0)
    way.step[:] = 1.0
    _set_out(way, at, np.ones(worlds, bool), np.full(worlds, np.inf))
    return way


def trace(
    batch: Batch,
    way: Way,
    target: Floats,
    is_limit: NDArray[np.bool_],
    ceiling: Floats | None = None,
    most_passes: int = MOST_PASSES,
    far: float = FAR,
) -> Traced:
    """Follow the branch to the first point at place `target` [W], or where `is_limit` [W] until behaviour is settled.

    It may be settled where precision times the range of payoffs is `far`. Worlds that pass the `ceiling` [W], come back to precision 0, or take too many passes, end as too long.
    """
    done = _nothing(batch)
    readings = Readings.none(batch.offset.shape) if is_limit.any() else None
    part, is_over = batch, np.zeros(len(batch), bool)
    while len(way.world):
        at = point(part, way.scores, way.place)
        ended, residual = _ended(way, at, is_limit[way.world])
        is_long = (way.passes >= most_passes) | (way.anchor_place < 0)
        if ceiling is not None:
            is_long |= way.anchor_place > ceiling[way.world]
        ended[(ended < 0) & is_long] = LONG
        ended[is_over] = -1
        if (ended >= 0).any():
            _record(done, way, at, ended, residual)
            is_over |= ended >= 0
            keep = np.flatnonzero(~is_over)
            if not len(keep):
                break
            if len(keep) < WORTH_CUTTING * len(ended) or (ended > ARRIVED).any():
                way, at, is_over = way.part(keep), at.part(keep), is_over[keep]
                part = at.batch
        _advance(way, at, target[way.world], is_limit[way.world], far, readings)
    if readings is not None:
        _take_limits(done, batch, readings, is_limit)
    return done


def _take_limits(done: Traced, batch: Batch, readings: Readings, is_limit: NDArray[np.bool_]) -> None:
    """Put the limit in place of behaviour at the last point, where it could be read better than that.

    That is an arrival, too, where rounding has lost the branch behind the point that the limit was read at.
    """
    done.drift[is_limit & (done.place < _least_far(batch))] = np.inf
    log_choice, doubt, faint = readings.limit(batch.layout)
    known = np.where((done.ended == ARRIVED) & ~readings.is_lost, np.maximum(done.correction, done.drift), np.inf)
    better = np.flatnonzero(is_limit & (doubt + faint < known))
    if not len(better):
        return
    done.log_choice[:, better] = log_choice[:, better]
    done.worth[:, better] = worth(batch.part(better), log_choice[:, better]).worth
    done.drift[better] = doubt[better]
    done.correction[better] = (doubt + faint)[better]
    done.ended[better] = ARRIVED


def _nothing(batch: Batch) -> Traced:
    worlds, row = len(batch), np.full(len(batch), np.inf)
    count = np.zeros(worlds, np.int64)
    table = np.zeros_like(batch.offset)
    return Traced(
        batch.offset.copy(),
        np.zeros(worlds),
        table,
        table.copy(),
        count + STALLED,
        row,
        row.copy(),
        row.copy(),
        count,
        count.copy(),
    )


def _ended(way: Way, at: Point, is_limit: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """How each world ended [W], -1 where it goes on, and the residual [W]."""
    held = way.is_last & way.is_sure
    residual = at.residual if held.any() else np.full(len(held), np.inf)
    is_still = held & (way.last_miss <= _fine(way, at))
    is_still |= held & (way.last_miss <= NEAR) & np.where(is_limit, way.is_settled, residual <= RESIDUAL)
    ended = np.where(is_still, ARRIVED, -1)
    ended[(ended < 0) & (way.step < LEAST_STEP)] = STALLED
    return ended, residual


def _fine(way: Way, at: Point) -> Floats:
    """[W] Newton steps that small are followed by rounding."""
    return np.asarray(np.maximum(FINE, ROUNDING * way.place / at.batch.scale))


def _record(done: Traced, way: Way, at: Point, ended: NDArray[np.int64], residual: Floats) -> None:
    """Note where worlds ended; those that did not arrive, at the last point on the branch.

    That is an arrival too where the limit may be taken there, though rounding hinders Newton's last step.
    """
    lost = ended > ARRIVED
    if lost.any():
        back = np.flatnonzero(lost)
        last = point(at.batch.part(back), way.anchor[:, back], way.anchor_place[back])
        at.scores[:, back], at.place[back], at.log_choice[:, back] = last.scores, last.place, last.log_choice
        at.worth.worth[:, back], residual[back] = last.worth.worth, last.residual
    gone, is_taken = ended >= 0, lost & way.is_settled
    world = way.world[gone]
    for name, value in (
        ("scores", at.scores),
        ("place", at.place),
        ("log_choice", at.log_choice),
        ("worth", at.worth.worth),
        ("ended", np.where(is_taken, ARRIVED, ended)),
        ("residual", residual),
        ("correction", np.where(lost, residual, way.correction)),
        ("drift", way.drift),
        ("folds", way.folds),
        ("bifurcations", way.bifurcations),
    ):
        getattr(done, name)[..., world] = value[..., gone]


def _advance(
    way: Way, at: Point, target: Floats, is_limit: NDArray[np.bool_], far: float, readings: Readings | None
) -> None:
    """One Newton step in every world, and a new stretch in those that are on the branch or have gone astray."""
    layout = at.batch.layout
    length = at.batch.scale + np.abs(way.anchor_place)
    matrix, newton, ahead, is_solved = _newton(way, at, length)
    miss = np.abs(newton).max(axis=0)
    is_first = way.newton == 0
    way.first_miss[is_first] = miss[is_first]
    is_astray = (
        ~is_solved
        | ~np.isfinite(miss)
        | (is_first & (miss > GREATEST_MISS))
        | (~is_first & (miss > 0.5 * way.last_miss) & (miss > _fine(way, at)))
        | (way.newton >= MOST_NEWTON)
    )
    is_high = is_limit & (way.place > HIGH * at.batch.scale)
    is_near = ~is_astray & (miss < np.where(is_high, _fine(way, at), NEAR))
    _check_sign(way, matrix, ahead, is_near & ~way.is_sure, is_astray)
    landing = way.place + np.where(is_near, newton[-1] * length, 0.0)
    overshoots = is_near & ~way.is_last & ((way.anchor_place < target) != (landing < target))
    is_astray |= overshoots
    is_near &= ~is_astray
    way.last_miss = miss
    if way.is_last.any():
        moved = at.batch.response.moved(at.scores, at.log_choice, newton[:-1] * way.unit)
        way.correction = np.abs(np.exp(at.log_choice) * moved).max(axis=0, initial=0.0)
    goes_on = ~is_astray
    way.scores[layout.unknown] += np.where(goes_on, newton[:-1] * way.unit, 0.0)
    way.place[goes_on] += np.where(way.is_last, 0.0, newton[-1] * length)[goes_on]
    way.newton += 1
    way.passes += 1
    arrived = is_near & ~way.is_last
    _arrive(way, at, ahead, arrived, length, far, readings if is_high.any() else None)
    way.step[is_astray] *= np.clip(np.sqrt(GOOD_MISS / np.maximum(way.first_miss[is_astray], 1e-300)), 0.1, 0.5)
    is_rounding = (way.step < SHORT) & (way.anchor_place >= far * at.batch.scale) & (way.drift < SETTLED)
    is_rounding &= way.anchor_place >= _least_far(at.batch)
    way.is_settled = (way.is_settled | is_rounding) & is_limit
    _set_out(way, at, arrived | is_astray, target)


def _newton(way: Way, at: Point, length: Floats) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """The matrix [W, ., .], Newton steps and the way ahead [D + 1, W], and where there are any [W]; no border where all hold precision."""
    gap = -(at.gap / way.unit).T
    if way.is_last.all():
        matrix = jacobian(at, way.unit)
        step, _, is_solved = _solved(matrix, gap[:, :, None])
        nowhere = np.zeros((1, len(gap)))
        return matrix, np.concatenate([step, nowhere]), np.zeros((len(step) + 1, len(gap))), is_solved
    matrix = bordered(at, way.unit, length, way.border, way.border_place)
    sides = np.zeros((*matrix.shape[:2], 2))
    sides[:, :-1, 0] = gap
    sides[:, -1, 1] = 1.0
    return matrix, *_solved(matrix, sides)


def _solved(matrix: Floats, sides: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Newton steps [D + 1, W], the way ahead [D + 1, W], and where there are any [W]."""
    is_solved: NDArray[np.bool_] = np.asarray(
        np.isfinite(matrix).all(axis=(1, 2)) & np.isfinite(sides).all(axis=(1, 2))
    )
    if not is_solved.all():
        matrix[~is_solved] = np.eye(matrix.shape[1])
        sides[~is_solved] = 0.0
    try:
        found = np.asarray(np.linalg.solve(matrix, sides), np.float64)
    except np.linalg.LinAlgError:
        found = np.zeros_like(sides)
        for world in range(len(matrix)):
            try:
                found[world] = np.linalg.solve(matrix[world], sides[world])
            except np.linalg.LinAlgError:
                is_solved[world] = False
    return found[:, :, 0].T.copy(), found[:, :, -1].T.copy(), is_solved


def _check_sign(
    way: Way, matrix: Floats, ahead: Floats, asked: NDArray[np.bool_], is_astray: NDArray[np.bool_]
) -> None:
    """Mark as astray where the determinant has the wrong sign, or the branch would turn too sharply."""
    if not asked.any():
        return
    sign = np.zeros(len(asked))
    size = len(way.unit)
    is_plain = asked & way.is_last & _is_dominant(matrix[:, :size, :size])
    sign[is_plain] = 1.0
    rest = asked & ~is_plain
    if rest.any():
        sign[rest] = np.linalg.slogdet(matrix[rest])[0]
    expected = np.where(way.is_last & (way.tangent_place < 0), -way.sign, way.sign)
    differs = asked & (sign != expected)
    is_bifurcation = differs & (way.step <= BIFURCATION_STEP)
    way.bifurcations[is_bifurcation] += 1
    way.sign[is_bifurcation] *= -1
    cosine = 1 / np.sqrt(1e-300 + (ahead**2).sum(axis=0) * ((way.tangent**2).sum(axis=0) + way.tangent_place**2))
    is_astray |= (differs & ~is_bifurcation) | (asked & ~way.is_last & (way.anchor_place > 0) & (cosine < TURN))
    way.is_sure |= asked & ~is_astray


def _is_dominant(matrix: Floats) -> NDArray[np.bool_]:
    """[W] whether some positive weights make the diagonal outweigh each row: the determinant is positive then.

    There are such weights where a power of the matrix of what stands beside the diagonal, as shares of it, has no row sum of 1 or more
    (Berman & Plemmons 1994, Nonnegative Matrices in the Mathematical Sciences, theorem 6.2.3).
    """
    beside = np.abs(matrix)
    diagonal = np.diagonal(matrix, axis1=1, axis2=2)
    is_positive: NDArray[np.bool_] = np.asarray((diagonal > 0).all(axis=1))
    np.einsum("wii->wi", beside)[:] = 0.0
    sums, least = np.ones(diagonal.shape), np.where(is_positive[:, None], diagonal, 1.0)
    for _ in range(POWERS):
        sums = np.einsum("wij,wj->wi", beside, sums) / least
        if (sums < 1).all():
            break
    return np.asarray(is_positive & (sums < 1).all(axis=1))


def _arrive(
    way: Way,
    at: Point,
    ahead: Floats,
    arrived: NDArray[np.bool_],
    length: Floats,
    far: float,
    readings: Readings | None,
) -> None:
    """Take the points just reached as anchors, with tangents of length 1 and the next step."""
    if not arrived.any():
        return
    layout = at.batch.layout
    moved = ahead[:-1] * way.unit
    change = at.batch.response.moved(at.scores, at.log_choice, moved) * np.exp(at.log_choice)
    drift = np.abs(change).max(axis=0, initial=0.0) / np.maximum(np.abs(ahead[-1]), 1e-100) * at.place / length
    if readings is not None:
        _read(readings, way, at, change, ahead[-1] * length, arrived)
    arrived = arrived & ~_settle(way, at, arrived, drift, far)
    way.drift[arrived] = drift[arrived]
    way.anchor[:, arrived] = layout.centred(way.scores)[:, arrived]
    way.anchor_place[arrived] = way.place[arrived]
    lead = way.anchor[layout.unknown] - way.anchor[layout.reference]
    way.unit[:, arrived] = 1 + np.abs(lead[:, arrived])
    tangent = moved / way.unit
    tangent_place = ahead[-1] * length / (at.batch.scale + np.abs(way.anchor_place))
    size = np.maximum(np.maximum(np.abs(tangent).max(axis=0, initial=0.0), np.abs(tangent_place)), 1e-300)
    way.folds[arrived & (np.sign(tangent_place) * np.sign(way.tangent_place) < 0)] += 1
    way.tangent[:, arrived] = (tangent / size)[:, arrived]
    way.tangent_place[arrived] = (tangent_place / size)[arrived]
    growth = np.clip(np.sqrt(GOOD_MISS / np.maximum(way.first_miss, 1e-6)), 0.5, 4.0)
    way.step[arrived] = np.minimum(way.step * growth, GREATEST_STEP)[arrived]


def _read(readings: Readings, way: Way, at: Point, change: Floats, gain: Floats, arrived: NDArray[np.bool_]) -> None:
    """Note the points just reached at high precision, where behaviour changes by `change` [A, W] while place gains so much [W]."""
    high = np.flatnonzero(arrived & (way.place > _least_far(at.batch)) & (gain != 0))
    if len(high):
        log_choice = at.batch.response.log_choice(way.scores)[:, high]
        slope = change[:, high] * (at.place / np.where(gain == 0, 1.0, gain))[high]
        readings.note(way.world[high], (way.place / at.batch.scale)[high], log_choice, slope)


def _least_far(batch: Batch) -> Floats:
    """[W] the place from which every player's precision is high: before it, one with small payoffs has hardly begun to choose."""
    return HIGH * batch.scale * batch.disparity


def _settle(way: Way, at: Point, arrived: NDArray[np.bool_], drift: Floats, far: float) -> NDArray[np.bool_]:
    """Mark where the limit may be taken; where behaviour has begun to move more again, by rounding, the last point is better [W]."""
    is_far = arrived & (way.place >= np.maximum(far * at.batch.scale, _least_far(at.batch)))
    way.is_settled |= is_far & (drift < DRIFT)
    is_worse = is_far & ~way.is_settled & (way.drift < SETTLED) & (drift > way.drift)
    is_worse &= way.anchor_place >= far * at.batch.scale
    way.is_settled |= is_worse
    return is_worse


def _set_out(way: Way, at: Point, starts: NDArray[np.bool_], target: Floats) -> None:
    """Predict the next point along the tangent; hold precision at its target where that lies within the step."""
    if not starts.any():
        return
    layout = at.batch.layout
    length = at.batch.scale + np.abs(way.anchor_place)
    left = (target - way.anchor_place) / length
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(left * way.tangent_place > 0, left / way.tangent_place, np.inf)
    needed = np.where(left == 0, 0.0, needed)
    is_last = (needed <= way.step) | way.is_settled
    stretch = np.where(way.is_settled, 0.0, np.minimum(needed, way.step))
    ahead = way.anchor.copy()
    ahead[layout.unknown] += stretch * way.tangent * way.unit
    way.scores[:, starts] = ahead[:, starts]
    place = np.where(is_last & ~way.is_settled, target, way.anchor_place + stretch * way.tangent_place * length)
    way.place[starts] = place[starts]
    border = np.where(is_last, 0.0, way.tangent)
    way.border[:, starts] = border[:, starts]
    way.border_place[starts] = np.where(is_last, 1.0, way.tangent_place)[starts]
    way.is_last[starts] = is_last[starts]
    way.is_sure[starts] = way.is_settled[starts]
    way.newton[starts] = 0
    way.last_miss[starts] = np.inf
