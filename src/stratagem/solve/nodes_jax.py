"""What happens at the nodes of one step, in JAX: the kernel's arithmetic on rows gathered for it (M5, M9).

Takes the terms that nodes read (continuations, gains, shares, precisions); gives their values and behaviour. Pure, and
differentiable in every term. Knows nothing of where rows lie.

Axes: n nodes, B actions or outcomes of each, C columns, V evaluators, P players, W worlds.
"""

from __future__ import annotations

from functools import reduce
from math import factorial
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from stratagem.solve.columns import TRUTH
from stratagem.solve.kernel import best_set, break_ties, mean, quantal_response
from stratagem.solve.padded import Kind

Array = Any
Maybe = Any  # an array, or None
SMALL_EXPONENT = 0.25


class Mode(NamedTuple):
    """What a program depends on besides the game's form."""

    num_players: int
    evaluator: tuple[int, ...]  # [C]
    is_neutral: tuple[bool, ...]  # [C] towards risk, in every world
    is_best: bool  # best replies, not quantal response


class Terms(NamedTuple):
    """What the nodes of a step read; None where their kind reads none."""

    source: Array  # [n*B, C, W] value of the child, or of the gain where the child is terminal
    gain: Maybe  # [n*B, C, W] gain beside the continuation
    discount: Maybe  # [n*B, C, W]
    share: Maybe  # [n*B, V, W] probability or base share
    log_share: Maybe  # [n*B, W]
    precision: Maybe  # [n, W]
    risk_aversion: Maybe  # [C, W]


class Rule(NamedTuple):
    """How ties fall at each node."""

    sign: Array  # [n] 1 concede, -1 resist, 0 neither
    order: Array  # [n] 1 first, -1 last, 0 neither
    is_preferred: Array  # [n, B]


class Part(NamedTuple):
    """What a step finds."""

    value: Array  # [n, C, W]
    behaviour: Array  # [n, B, W]
    regret: Array  # [n, W]
    is_tied: Array | None  # [n, W]
    is_stuck: Array | None  # [n, W]


def solve_nodes(kind: Kind, mode: Mode, terms: Terms, owner: Array, rule: Rule | None) -> Part:
    """The nodes of a step; `owner` [n] counts at decisions, `rule` None lets ties fall equally."""
    children = _edge_values(kind, terms)
    if kind.is_chance:
        share = _by_node(kind, terms.share)
        chances = [_read_by(mode, share[:, j]) for j in range(kind.branching)]
        value = _combine(mode, terms, chances, children)
        return Part(value, share[:, :, TRUTH], jnp.zeros_like(value[:, 0]), None, None)
    own = jnp.stack([_own(child, owner) for child in children], axis=1)
    share, is_available, is_stuck = _availability(kind, terms)
    reachable = own if is_available is None else jnp.where(is_available, own, -jnp.inf)
    is_tied = None
    if mode.is_best:
        best = best_set(jnp, own, is_available)
        is_tied = jnp.sum(jnp.where(best, 1.0, 0.0), axis=1) > 1.0
        behaviour = _by_rule(mode, best, share, children, rule, owner)
    else:
        weight = None if is_stuck is None else jnp.where(is_stuck[:, None], 0.0, _by_node(kind, terms.log_share))
        behaviour = quantal_response(jnp, own, terms.precision[:, None], weight)
    value = _combine(mode, terms, [behaviour[:, j, None] for j in range(kind.branching)], children)
    expected = jnp.sum(behaviour * own, axis=1) if all(mode.is_neutral) else _own(value, owner)
    return Part(value, behaviour, jnp.max(reachable, axis=1) - expected, is_tied, is_stuck)


def _by_node(kind: Kind, rows: Array) -> Array:
    """[n, B, ...] of rows [n*B, ...]."""
    return rows.reshape(kind.size, kind.branching, *rows.shape[1:])


def _edge_values(kind: Kind, terms: Terms) -> list[Array]:
    """The value [n, C, W] of each edge: discounted continuation plus gain."""
    value = terms.source if terms.discount is None else terms.source * terms.discount
    value = _by_node(kind, value if terms.gain is None else value + terms.gain)
    return [value[:, j] for j in range(kind.branching)]


def _own(value: Array, owner: Array) -> Array:
    """[n, W]: the column of each node's owner."""
    found = value[:, 0]
    for column in range(1, value.shape[1]):
        found = jnp.where((owner == column)[:, None], value[:, column], found)
    return found


def _read_by(mode: Mode, share: Array) -> Array:
    """[n, C or 1, W]: the probabilities that each column reads."""
    return share if share.shape[1] == 1 else share[:, list(mode.evaluator)]


def _availability(kind: Kind, terms: Terms) -> tuple[Maybe, Maybe, Maybe]:
    """Base shares and what is available [n, B, W], and where nothing is [n, W]: there all counts as available, at share 1."""
    if kind.is_even:
        return None, None, None
    share = _by_node(kind, terms.share)[:, :, TRUTH]
    is_stuck = ~jnp.any(share > 0, axis=1)
    return jnp.where(is_stuck[:, None], 1.0, share), (share > 0) | is_stuck[:, None], is_stuck


def _by_rule(
    mode: Mode, best: Array, share: Array | None, children: list[Array], rule: Rule | None, owner: Array
) -> Array:
    if rule is None:
        return break_ties(jnp, best, share, None, 1.0)
    preferred = best & rule.is_preferred[:, :, None]
    best = jnp.where(jnp.any(preferred, axis=1, keepdims=True), preferred, best)
    order = rule.order[:, None, None]
    best = jnp.where(order > 0, _first(best), jnp.where(order < 0, _first(best[:, ::-1])[:, ::-1], best))
    others = jnp.stack(
        [jnp.sum(child[:, : mode.num_players], axis=1) - _own(child, owner) for child in children], axis=1
    )
    return break_ties(jnp, best, share, others, rule.sign[:, None, None])


def _first(best: Array) -> Array:
    return best & (jnp.cumsum(best, axis=1) == 1)


def _combine(mode: Mode, terms: Terms, chances: list[Array], children: list[Array]) -> Array:
    """The value [n, C, W] of each node: means, and certainty equivalents in the columns of risk-averse players."""
    if all(mode.is_neutral):
        return mean(chances, children)
    averse = [column for column, is_neutral in enumerate(mode.is_neutral) if not is_neutral]
    probability = [_columns(chance, averse) if chance.shape[1] > 1 else chance for chance in chances]
    found = certainty_equivalent(
        probability, [_columns(child, averse) for child in children], _columns(terms.risk_aversion[None], averse)[0]
    )
    value = mean(chances, children)
    place_of = {column: place for place, column in enumerate(averse)}
    return jnp.stack([found[:, place_of[c]] if c in place_of else value[:, c] for c in range(value.shape[1])], axis=1)


def _columns(values: Array, columns: list[int]) -> Array:
    """Some columns of [n, C, W], as slices rather than by index, which is slower."""
    return jnp.stack([values[:, column] for column in columns], axis=1)


def certainty_equivalent(probability: list[Array], values: list[Array], risk_aversion: Array) -> Array:
    """The kernel's certainty equivalent [n, ..., W], with derivatives that hold where values tie.

    The pivot cancels, so its derivative is left out. One form is exact where risk aversion times the spread is small, the other
    where it is not; each entry takes its own. At risk aversion 0 it is the mean, and its derivative there is left at 0.
    """
    is_there = [jnp.broadcast_to(p > 0, v.shape) for p, v in zip(probability, values, strict=True)]
    low = reduce(jnp.minimum, (jnp.where(there, v, jnp.inf) for there, v in zip(is_there, values, strict=True)))
    high = reduce(jnp.maximum, (jnp.where(there, v, -jnp.inf) for there, v in zip(is_there, values, strict=True)))
    pivot = lax.stop_gradient(jnp.where(risk_aversion > 0, low, high))
    is_small = lax.stop_gradient(jnp.abs(risk_aversion) * (high - low)) < SMALL_EXPONENT
    near = far = 0.0
    for p, there, value in zip(probability, is_there, values, strict=True):
        exponent = -risk_aversion * (value - pivot)
        near = near + p * expm1_near(jnp.where(there & is_small, exponent, 0.0))
        far = far + p * jnp.exp(jnp.where(there & ~is_small, exponent, 0.0))
    logarithm = jnp.where(is_small, log1p_near(near), jnp.log(jnp.where(is_small, 1.0, far)))
    is_zero = risk_aversion == 0
    return jnp.where(is_zero, mean(probability, values), pivot - logarithm / jnp.where(is_zero, 1.0, risk_aversion))


def expm1_near(x: Array) -> Array:
    """exp(x) - 1 for x in [-1/4, 0]: its series, several times faster here than the general function."""
    total = 1.0 / factorial(13)
    for power in range(12, 0, -1):
        total = total * x + 1.0 / factorial(power)
    return total * x


def log1p_near(x: Array) -> Array:
    """log(1 + x) for x in [exp(-1/4) - 1, 0], as 2 artanh(x / (2 + x)) by its series."""
    ratio = x / (2.0 + x)
    square, total = ratio * ratio, 1.0 / 21
    for power in range(19, 0, -2):
        total = total * square + 1.0 / power
    return 2.0 * ratio * total
