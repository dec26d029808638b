"""The crisis-signalling game of Lewis and Schultz (2003, Political Analysis 11:345-367), solved in its equilibria.

A leaves the status quo (S_A) or challenges. B then concedes (V_A; C_B) or resists; A then stands firm (W_A + e; W_B + e')
or backs down (a + e''; V_B). The three shocks are standard normal and private. In equilibrium, with c the worth of
challenging's threshold: c = (S_A - (1 - r) V_A) / r, challenge 1 - Phi(c - W_A) Phi(c - a), stand firm given challenge
f = Phi2((W_A - a) / sqrt 2, W_A - c; 1 / sqrt 2) / challenge, resist r = Phi((f W_B + (1 - f) V_B - C_B) / f).
The equations as in Jo 2011 and Crisman-Cox and Gibilisco 2021, PSRM, doi:10.1017/psrm.2019.58.

All equilibria are found: r = Phi(z) is one where B's inclination to resist, w_B + (v_B - c_B) / f - v_B, is z. Which of
several is meant: the *traced* one, on the branch from precision 0 (all payoffs times 0, r = 1/2) to 1; or, where
equilibrium probabilities are parameters under constraint, that under which what was seen in the row is likeliest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

from stratagem.fit import jet
from stratagem.fit.jet import Floats, Jet, Number

RHO = math.sqrt(0.5)
SMALLEST = 1e-12
RARE, DEEPEST = 1e-8, -1e4  # a chance of challenge that is told by its tails; how far out these are followed
GRID = np.concatenate(
    [[-40.0], np.linspace(-5.0, 5.0, 51), [40.0]]
)  # of inclinations, between which equilibria are looked for
REFINED = 60  # steps at most to an equilibrium between two points of the grid
STRIDE, STRIDES = 0.05, 2000  # along the branch: of inclination and precision together, and how many at most


def both_below(x: Floats, y: Floats) -> Floats:
    """P(X <= x, Y <= y) of standard normals that correlate at sqrt(1/2), by Owen's T (Owen 1956)."""
    x, y = np.where(np.abs(x) < 1e-300, 1e-300, x), np.where(np.abs(y) < 1e-300, 1e-300, y)
    root = math.sqrt(1 - RHO**2)
    from_x, from_y = owens_t(x, (y / x - RHO) / root), owens_t(y, (x / y - RHO) / root)
    crossing = np.where(x * y < 0, 0.5, 0.0)
    return np.asarray(np.clip(0.5 * (ndtr(x) + ndtr(y)) - from_x - from_y - crossing, 0.0, 1.0), float)


def _joint(x: Number, y: Number) -> Number:
    """`both_below` of jets, with its exact derivatives."""
    if not isinstance(x, Jet) and not isinstance(y, Jet):
        return both_below(np.asarray(x, float), np.asarray(y, float))
    root = math.sqrt(1 - RHO**2)
    xv, yv = (np.asarray(one.value if isinstance(one, Jet) else one, float) for one in (x, y))
    value = both_below(xv, yv)
    density = np.exp(-0.5 * (xv**2 - 2 * RHO * xv * yv + yv**2) / root**2) / (2 * math.pi * root)
    by_x = _normal(xv) * ndtr((yv - RHO * xv) / root)
    by_y = _normal(yv) * ndtr((xv - RHO * yv) / root)
    by_xx, by_yy = -xv * by_x - RHO * density, -yv * by_y - RHO * density
    dx, dy = (one - one.value if isinstance(one, Jet) else 0.0 for one in (x, y))
    joint: Number = value + by_x * dx + by_y * dy + 0.5 * by_xx * dx * dx + density * dx * dy + 0.5 * by_yy * dy * dy
    return joint


def _normal(x: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi), float)


def replies(inputs: Sequence[Number], resist: Number) -> tuple[Number, Number, Number, Number]:
    """Challenge, its complement, standing firm given challenge, and B's inclination, where A expects `resist`."""
    s_a, v_a, c_b, w_a, w_b, a, v_b = inputs
    c = (s_a - (1.0 - resist) * v_a) * _inverse(resist)
    quiet = jet.apply(jet.normal_chance, c - w_a) * jet.apply(jet.normal_chance, c - a)
    fights, backs = jet.apply(jet.normal_chance, w_a - c), jet.apply(jet.normal_chance, a - c)
    challenge = fights + backs - fights * backs
    firm = _firm(w_a, a, c, challenge)
    return challenge, quiet, firm, w_b + (v_b - c_b) * _inverse(_at_least(firm)) - v_b


def _firm(w_a: Number, a: Number, c: Number, challenge: Number) -> Number:
    """How often A stands firm having challenged; where challenges are all but unheard of, by their tails."""
    whole = _joint((w_a - a) * RHO, w_a - c) * _inverse(_at_least(challenge, RARE))
    fights, backs = (jet.apply(jet.log_normal_chance, one + _at_least(-c, DEEPEST)) for one in (w_a, a))
    tail = jet.apply(jet.logistic_chance, fights - backs)
    is_rare = (challenge.value if isinstance(challenge, Jet) else np.asarray(challenge)) < RARE
    return whole * (~is_rare).astype(float) + tail * is_rare.astype(float)


def _inverse(number: Number) -> Number:
    return jet.apply(jet.inverse, number)


def _at_least(number: Number, least: float = SMALLEST) -> Number:
    """A number kept from falling below another, as a probability off zero."""
    if isinstance(number, Jet):
        return number + np.maximum(least - number.value, 0.0)
    return np.maximum(number, least)


def excess(inputs: Sequence[Number], inclined: Number) -> Number:
    """How much more B is inclined to resist than A, who expects resistance with chance Phi(`inclined`), takes B to be."""
    return replies(inputs, resist_of(inclined))[3] - inclined


def resist_of(inclined: Number) -> Number:
    """B's chance of resisting, kept off zero, as A divides by it."""
    return _at_least(jet.apply(jet.normal_chance, inclined))


def _excess_and_slope(inputs: Sequence[Floats], inclined: Floats) -> tuple[Floats, Floats]:
    found = excess(list(inputs), Jet.of_input(inclined, 0, 1))
    assert isinstance(found, Jet)
    return found.value, np.broadcast_to(found.slope[0], inclined.shape)


def equilibria(inputs: Sequence[Floats]) -> tuple[Floats, NDArray[np.intp]]:
    """Every equilibrium of rows [N]: B's inclination [E] and the row [E], by row and then from the least inclined."""
    with np.errstate(all="ignore"):
        over = np.asarray(excess([one[:, None] for one in inputs], GRID[1:-1]))
    is_over = np.hstack([np.ones((len(over), 1), bool), over > 0, np.zeros((len(over), 1), bool)])
    rows, at = np.nonzero(is_over[:, 1:] != is_over[:, :-1])
    return _between([one[rows] for one in inputs], GRID[at], GRID[at + 1], is_over[rows, at]), rows


def _between(inputs: Sequence[Floats], low: Floats, high: Floats, falls: NDArray[np.bool_]) -> Floats:
    """Where the excess crosses zero between `low` and `high`: Newton's steps, halving where one would leave."""
    low, high = low.copy(), high.copy()
    at = np.clip(0.5 * (low + high), GRID[1] - 1, GRID[-2] + 1)
    with np.errstate(all="ignore"):
        for _ in range(REFINED):
            over, slope = _excess_and_slope(inputs, at)
            is_left = (over > 0) == falls
            low, high = np.where(is_left, at, low), np.where(is_left, high, at)
            stepped = at - over / slope
            following = np.where((stepped > low) & (stepped < high), stepped, 0.5 * (low + high))
            moved, at = np.abs(following - at), np.where(over == 0, at, following)
            if (moved <= 1e-13 * (1 + np.abs(at))).all():
                break
    return at


def traced(inputs: Sequence[Floats]) -> Floats:
    """B's inclination in the equilibrium on the branch from precision 0, [...]."""
    shape = np.broadcast_shapes(*(np.shape(one) for one in inputs))
    flat = [np.broadcast_to(np.asarray(one, float), shape).ravel() for one in inputs]
    found, rows = equilibria(flat)
    chosen, count = np.full(flat[0].shape, np.nan), np.bincount(rows, minlength=flat[0].size)
    chosen[rows] = found
    several = np.flatnonzero(count > 1)
    if len(several):
        chosen[several] = _nearest(found, rows, several, _branch([one[several] for one in flat]))
    return chosen.reshape(shape)


def _nearest(found: Floats, rows: NDArray[np.intp], asked: NDArray[np.intp], to: Floats) -> Floats:
    """Of the equilibria of each row `asked`, the one nearest to a point."""
    place = np.full(int(rows.max()) + 1, -1)
    place[asked] = np.arange(len(asked))
    is_asked = place[rows] >= 0
    of, inclined = place[rows[is_asked]], found[is_asked]
    order = np.lexsort((-np.abs(inclined - to[of]), of))
    chosen = np.empty(len(asked))
    chosen[of[order]] = inclined[order]
    return np.where(np.isfinite(to), chosen, np.nan)


def _branch(inputs: Sequence[Floats]) -> Floats:
    """The end of the branch of each row [N]: steps along it in inclination and precision, back onto it after each."""
    inclined, precision = np.zeros(len(inputs[0])), np.zeros(len(inputs[0]))
    way = np.stack([np.zeros_like(inclined), np.ones_like(inclined)])
    end = np.full(len(inclined), np.nan)
    left = np.arange(len(inclined))
    with np.errstate(all="ignore"):
        for _ in range(STRIDES):
            there = [one[left] for one in inputs]
            _, by_z, by_p = _on_branch(there, inclined[left], precision[left])
            tangent = np.stack([-by_p, by_z]) / np.hypot(by_z, by_p)
            tangent *= np.where((tangent * way[:, left]).sum(0) < 0, -1.0, 1.0)
            z, p = inclined[left] + STRIDE * tangent[0], precision[left] + STRIDE * tangent[1]
            for _ in range(3):
                off, by_z, by_p = _on_branch(there, z, p)
                square = by_z**2 + by_p**2
                z, p = z - off * by_z / square, p - off * by_p / square
            has_ended = p >= 1
            share = (1 - precision[left]) / (p - precision[left])
            end[left[has_ended]] = (inclined[left] + share * (z - inclined[left]))[has_ended]
            inclined[left], precision[left], way[:, left] = z, p, tangent
            left = left[~has_ended & np.isfinite(z + p)]
            if not len(left):
                break
    return end


def _on_branch(inputs: Sequence[Floats], inclined: Floats, precision: Floats) -> tuple[Floats, Floats, Floats]:
    """The excess at a precision, and its slopes by inclination and by precision."""
    scale = Jet.of_input(precision, 1, 1)
    found = excess([scale * one for one in inputs], Jet.of_input(inclined, 0, 1))
    assert isinstance(found, Jet)
    return found.value, np.broadcast_to(found.slope[0], inclined.shape), np.broadcast_to(found.slope[1], inclined.shape)


def likeliest(inputs: Sequence[Floats], counts: Mapping[str, Floats]) -> Floats:
    """B's inclination in that equilibrium of each row [..., N] under which the counts of its outcomes [N] are likeliest."""
    shape = np.broadcast_shapes(*(np.shape(one) for one in inputs))
    flat = [np.broadcast_to(np.asarray(one, float), shape).ravel() for one in inputs]
    found, rows = equilibria(flat)
    logs = log_outcomes([one[rows] for one in flat], np.asarray(resist_of(found)))
    heights = sum(np.broadcast_to(count, shape).ravel()[rows] * logs[name] for name, count in counts.items())
    order = np.lexsort((np.asarray(heights), rows))
    chosen = np.full(flat[0].shape, np.nan)
    chosen[rows[order]] = found[order]
    return chosen.reshape(shape)


def resistance(inputs: Sequence[Number], counts: Mapping[str, Floats] | None = None) -> Number:
    """How likely B resists, as a jet: in the traced equilibrium, or with `counts` in the likeliest.

    Newton's steps on jets make first and second derivatives exact.
    """
    plain = [one.value if isinstance(one, Jet) else np.asarray(one, float) for one in inputs]
    value = traced(plain) if counts is None else likeliest(plain, counts)
    order = max((one.order for one in inputs if isinstance(one, Jet)), default=0)
    with np.errstate(all="ignore"):
        slope = _excess_and_slope([np.broadcast_to(one, value.shape) for one in plain], value)[1] if order else 1.0
        inclined: Number = value
        for _ in range(order):
            inclined = inclined - excess(inputs, inclined) * (1.0 / slope)
            inclined = inclined + (value - inclined.value) if isinstance(inclined, Jet) else inclined
        return resist_of(inclined)


def log_outcomes(inputs: Sequence[Number], resist: Number) -> dict[str, Number]:
    """Log-probabilities of SQ, CD, SF and BD where B resists with chance `resist`."""
    challenge, quiet, firm, _ = replies(inputs, resist)
    return _logs(challenge, quiet, firm, resist)


def log_outcomes_of_replies(inputs: Sequence[Number], resist: Floats, firm: Floats) -> dict[str, Number]:
    """The same where each replies to what is held of the other, rightly or not: that B resists and A stands firm so often.

    The pseudo-likelihood of Crisman-Cox and Gibilisco: no equilibrium is solved, so that it is easily climbed.
    """
    challenge, quiet, standing, _ = replies(inputs, resist)
    _, _, c_b, _, w_b, _, v_b = inputs
    return _logs(challenge, quiet, standing, jet.apply(jet.normal_chance, w_b + (v_b - c_b) * (1 / firm) - v_b))


def _logs(challenge: Number, quiet: Number, firm: Number, resist: Number) -> dict[str, Number]:
    return {
        "SQ": _log(quiet),
        "CD": _log(challenge) + _log(1.0 - resist),
        "SF": _log(challenge) + _log(resist) + _log(firm),
        "BD": _log(challenge) + _log(resist) + _log(1.0 - firm),
    }


def _log(chance: Number) -> Number:
    return jet.log(_at_least(chance))


def num_equilibria(inputs: Sequence[Floats]) -> NDArray[np.intp]:
    """How many equilibria each row [N] has."""
    return np.bincount(equilibria(inputs)[1], minlength=len(inputs[0]))
