"""The crisis-signalling game of Lewis and Schultz (2003, Political Analysis 11:345-367), solved in its equilibrium.

A leaves the status quo (S_A) or challenges. B then concedes (V_A; C_B) or resists; A then stands firm (W_A + e; W_B + e')
or backs down (a + e''; V_B). The three shocks are standard normal and private. In equilibrium, with c the worth of
challenging's threshold: c = (S_A - (1 - r) V_A) / r, challenge 1 - Phi(c - W_A) Phi(c - a), stand firm given challenge
f = Phi2((W_A - a) / sqrt 2, W_A - c; 1 / sqrt 2) / challenge, resist r = Phi((f W_B + (1 - f) V_B - C_B) / f).
The equations as in Jo 2011 and Crisman-Cox and Gibilisco 2021, PSRM, doi:10.1017/psrm.2019.58.

Which equilibrium: where several solve the equations, the *traced* one, reached by continuity from the game without
information of B's own (r = 1/2): the damped iteration from r = 1/2. How many rows have others is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, owens_t

from stratagem.fit import jet
from stratagem.fit.jet import Floats, Jet, Number

RHO = math.sqrt(0.5)
SMALLEST = 1e-12
ROUNDS = ((0.5, 12), (0.5, 40), (0.1, 200))  # damping and how often, the next where the last did not settle
NEWTON, SETTLED = 8, 1e-10
GRID = 400


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


def chances(inputs: Sequence[Number], resist: Number) -> tuple[Number, Number, Number, Number]:
    """Challenge, its complement, standing firm given challenge, and B's best reply, where A expects `resist`."""
    s_a, v_a, c_b, w_a, w_b, a, v_b = inputs
    c = (s_a - (1.0 - resist) * v_a) * _inverse(resist)
    quiet = jet.apply(jet.normal_chance, c - w_a) * jet.apply(jet.normal_chance, c - a)
    challenge = 1.0 - quiet
    firm = _joint((w_a - a) * RHO, w_a - c) * _inverse(_at_least(challenge))
    gap = w_b + (v_b - c_b) * _inverse(_at_least(firm)) - v_b
    return challenge, quiet, firm, jet.apply(jet.normal_chance, gap)


def _inverse(number: Number) -> Number:
    return jet.apply(jet.inverse, number)


def _at_least(number: Number) -> Number:
    """A probability kept off zero."""
    if isinstance(number, Jet):
        return number + np.maximum(SMALLEST - number.value, 0.0)
    return np.maximum(number, SMALLEST)


def resistance(inputs: Sequence[Floats]) -> Floats:
    """The traced equilibrium: how likely B resists, [...]; NaN where the iteration does not settle."""
    shape = np.broadcast_shapes(*(np.shape(one) for one in inputs))
    spread = [np.broadcast_to(np.asarray(one, float), shape).ravel() for one in inputs]
    resist = np.full(spread[0].shape, 0.5)
    left = np.arange(len(resist))
    for damping, rounds in ROUNDS:
        there = [one[left] for one in spread]
        resist[left] = _iterated(there, np.full(len(left), 0.5), damping, rounds)
        left = left[~(_misses(there, resist[left]) < SETTLED)]
        if not len(left):
            break
    resist[left] = np.nan
    return resist.reshape(shape)


def _iterated(inputs: Sequence[Floats], resist: Floats, damping: float, rounds: int) -> Floats:
    """Damped replies, then Newton's steps as long as they bring a row nearer."""
    for _ in range(rounds):
        resist = (1 - damping) * resist + damping * _kept(chances(inputs, resist)[3])
    off = _misses(inputs, resist)
    for _ in range(NEWTON):
        reply = _kept(chances(inputs, resist)[3])
        stepped = _kept(resist + (reply - resist) / (1 - _slope(inputs, resist)))
        is_nearer = (after := _misses(inputs, stepped)) < off
        resist, off = np.where(is_nearer, stepped, resist), np.where(is_nearer, after, off)
        if not is_nearer.any():
            break
    return resist


def _misses(inputs: Sequence[Floats], resist: Floats) -> Floats:
    """How far B's reply is from what A expects."""
    return np.asarray(np.abs(_kept(chances(inputs, resist)[3]) - resist), float)


def _kept(resist: Number) -> Floats:
    return np.asarray(np.clip(np.asarray(resist, float), SMALLEST, 1 - SMALLEST), float)


def settled(inputs: Sequence[Number]) -> Number:
    """The traced equilibrium as a jet: two of Newton's steps on jets make its first and second derivatives exact."""
    plain = [one.value if isinstance(one, Jet) else np.asarray(one, float) for one in inputs]
    value = resistance(plain)
    resist: Number = value
    order = max((one.order for one in inputs if isinstance(one, Jet)), default=0)
    for _ in range(order):
        at = resist.value if isinstance(resist, Jet) else np.asarray(resist)
        reply = chances(inputs, resist)[3]
        slope = _slope(plain, at)
        resist = resist + (reply - resist) * (1.0 / (1.0 - slope))
        resist = resist + (value - resist.value) if isinstance(resist, Jet) else resist
    return resist


def _slope(inputs: Sequence[Floats], resist: Floats) -> Floats:
    """How B's reply moves with the resistance that A expects."""
    by = chances(list(inputs), Jet.of_input(resist, 0, 1))[3]
    return np.asarray(by.slope[0]) if isinstance(by, Jet) and by.slope else np.zeros_like(resist)


def log_outcomes(inputs: Sequence[Number], resist: Number) -> dict[str, Number]:
    """Log-probabilities of SQ, CD, SF and BD where B resists with chance `resist`."""
    challenge, quiet, firm, _ = chances(inputs, resist)
    return {
        "SQ": _log(quiet),
        "CD": _log(challenge) + _log(1.0 - resist),
        "SF": _log(challenge) + _log(resist) + _log(firm),
        "BD": _log(challenge) + _log(resist) + _log(1.0 - firm),
    }


def _log(chance: Number) -> Number:
    return jet.log(_at_least(chance))


def num_equilibria(inputs: Sequence[Floats]) -> Floats:
    """How many equilibria each row [N] has: crossings of B's reply with the diagonal on a grid."""
    grid = np.linspace(1e-6, 1 - 1e-6, GRID)[:, None]
    with np.errstate(all="ignore"):
        gap = np.asarray(chances([np.asarray(one)[None] for one in inputs], grid)[3]) - grid
    return np.asarray((np.sign(gap[1:]) != np.sign(gap[:-1])).sum(0), float)
