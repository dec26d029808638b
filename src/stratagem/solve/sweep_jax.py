"""The sweep compiled by JAX, and its derivatives (M9); an extra, imported only when asked for.

Takes a game laid out in steps and a chunk's inputs; gives what `sweep` gives, to rounding. One program serves all games of a
form: the arrays of the game are arguments. `swept` and `reached` are pure, so that they can be differentiated in every number
of `Numbers`. JAX clamps an index that is out of bounds instead of failing, so indices are checked before they go in.

Importing this module turns on 64-bit numbers in JAX.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from stratagem.solve.columns import TRUTH
from stratagem.solve.kernel import (
    best_set,
    break_ties,
    certainty_equivalent,
    mean,
    quantal_response,
)
from stratagem.solve.padded import FANS, Form, Inflows, Kind, Steps

jax.config.update("jax_enable_x64", True)

Array = Any
CHUNK = 128


class Numbers(NamedTuple):
    """What a chunk of worlds feeds to the program."""

    gains: Array  # [G, C, W]
    shares: Array  # [S, V, W] base shares and probabilities; row 0 is 1
    precision: Array  # [P, W]
    risk_aversion: Array | None  # [C, W]
    discounts: Array | None  # [D, C, W]


class Rules(NamedTuple):
    """How ties fall, by node and action."""

    sign: Array  # [T, n] 1 concede, -1 resist, 0 neither
    order: Array  # [T, n] 1 first, -1 last, 0 neither
    is_preferred: Array  # [T, M]


class Mode(NamedTuple):
    """What the program depends on besides the form."""

    num_players: int
    evaluator: tuple[int, ...]  # [C]
    attitude: tuple[str, ...]  # [C] `neutral`, `small` or `large` risk aversion
    is_best: bool  # best replies, not quantal response


class Found(NamedTuple):
    """The rows that a sweep fills, in the order of the steps."""

    values: Array  # [G + rows, C, W]
    behaviour: Array  # [edges, W]
    regret: Array  # [rows, W]
    is_tied: Array  # [rows, W]
    is_stuck: Array  # [rows, W]


@partial(jax.jit, static_argnames=("form", "mode"))
def swept(form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers) -> Found:
    """The way back. `rules` is None where all ties fall equally."""
    size = numbers.gains.shape[-1]
    extra = form.rows + form.window
    can_stick = any(not kind.is_chance and not kind.is_even for kind in form.kinds)
    start = Found(
        jnp.concatenate([numbers.gains, jnp.zeros((extra + 1, *numbers.gains.shape[1:]))]),
        jnp.zeros((form.edges + form.slots, size)),
        jnp.zeros((extra + 1, size)),
        jnp.zeros((extra + 1, size), bool) if mode.is_best else None,
        jnp.zeros((extra + 1, size), bool) if can_stick else None,
    )
    log_share = None if mode.is_best else _logarithm(numbers.shares[:, TRUTH])
    programs = [partial(_sweep_step, form, mode, kind, numbers, log_share) for kind in form.kinds]

    def sweep_one(found: Found, here: tuple[Steps, Rules | None]) -> tuple[Found, None]:
        step, rule = here
        nothing = partial(_nothing, form, found)
        part = lax.switch(step.kind, [*programs, nothing], found.values, step, rule)
        starts = (form.gains + step.row, step.edge, step.row, step.row, step.row)
        return Found(*(_write(*one) for one in zip(found, part, starts, strict=True))), None

    return lax.scan(sweep_one, start, (steps, rules))[0]


def _write(rows: Array | None, part: Array | None, start: Array) -> Array | None:
    if rows is None or part is None:
        return None
    return lax.dynamic_update_slice_in_dim(rows, part, start, axis=0)


def _nothing(form: Form, found: Found, *_: Any) -> Found:
    heights = (form.window, form.slots, form.window, form.window, form.window)
    return Found(
        *(
            None if rows is None else jnp.zeros((n, *rows.shape[1:]), rows.dtype)
            for n, rows in zip(heights, found, strict=True)
        )
    )


def _logarithm(share: Array) -> Array:
    """The logarithm, -inf at 0 with derivative 0."""
    return jnp.where(share > 0, jnp.log(jnp.where(share > 0, share, 1.0)), -jnp.inf)


def _sweep_step(
    form: Form,
    mode: Mode,
    kind: Kind,
    numbers: Numbers,
    log_share: Array,
    values: Array,
    step: Steps,
    rule: Rules | None,
) -> Found:
    """The rows of one step of one kind."""
    edge_at = partial(_by_node, kind)
    children = _edge_values(kind, numbers, values, step)
    size = values.shape[-1]
    if kind.is_chance:
        share = numbers.shares[edge_at(step.share)]
        behaviour = share[:, :, TRUTH]
        chances = [_chance(mode, share[:, j]) for j in range(kind.branching)]
        value = _combine(mode, numbers, chances, children)
        regret, tied, stuck = jnp.zeros((kind.size, size)), None, None
    else:
        owner = step.owner[: kind.size]
        own = jnp.stack([_own(child, owner) for child in children], axis=1)
        behaviour, tied, stuck, reachable = _respond(mode, kind, numbers, log_share, own, children, step, rule)
        value = _combine(mode, numbers, [behaviour[:, j, None] for j in range(kind.branching)], children)
        regret = jnp.max(reachable, axis=1) - _own(value, owner)
    can_stick = any(not one.is_chance and not one.is_even for one in form.kinds)
    flags = jnp.zeros((kind.size, size), bool)
    return Found(
        _tall(value, form.window),
        _tall(behaviour.reshape(-1, size), form.slots),
        _tall(regret, form.window),
        _tall(flags if tied is None else tied, form.window) if mode.is_best else None,
        _tall(flags if stuck is None else stuck, form.window) if can_stick else None,
    )


def _tall(rows: Array, height: int) -> Array:
    """The rows, with zeros below up to a height."""
    return rows if len(rows) == height else jnp.pad(rows, ((0, height - len(rows)), *((0, 0) for _ in rows.shape[1:])))


def _by_node(kind: Kind, slots: Array) -> Array:
    return slots[: kind.size * kind.branching].reshape(kind.size, kind.branching)


def _edge_values(kind: Kind, numbers: Numbers, values: Array, step: Steps) -> list[Array]:
    """The value [n, C, W] of each edge: discounted continuation plus gain."""
    source, gain, duration = (_by_node(kind, one) for one in (step.source, step.gain, step.duration))
    found = []
    for j in range(kind.branching):
        value = _rows(values, source[:, j])
        if numbers.discounts is not None:
            value = value * _rows(numbers.discounts, duration[:, j])
        found.append(value + _rows(values, gain[:, j]) if kind.has_gain else value)
    return found


def _rows(table: Array, places: Array) -> Array:
    return table.at[places].get(mode="promise_in_bounds")


def _own(value: Array, owner: Array) -> Array:
    """[n, W]: each node's owner's column."""
    found = value[:, 0]
    for column in range(1, value.shape[1]):
        found = jnp.where((owner == column)[:, None], value[:, column], found)
    return found


def _chance(mode: Mode, share: Array) -> Array:
    """[n, C or 1, W]: the probabilities that each column reads."""
    return share if share.shape[1] == 1 else share[:, list(mode.evaluator)]


def _respond(
    mode: Mode,
    kind: Kind,
    numbers: Numbers,
    log_share: Array,
    own: Array,
    children: list[Array],
    step: Steps,
    rule: Rules | None,
) -> tuple[Array, Array | None, Array | None, Array]:
    """Behaviour [n, B, W], where it is tied and stuck [n, W], and own values where available."""
    place, owner = _by_node(kind, step.share), step.owner[: kind.size]
    share = stuck = is_available = None
    if not kind.is_even:
        share = numbers.shares[place][:, :, TRUTH]
        is_available = share > 0
        stuck = ~jnp.any(is_available, axis=1)
        is_available = is_available | stuck[:, None]
        share = jnp.where(stuck[:, None], 1.0, share)
    reachable = own if is_available is None else jnp.where(is_available, own, -jnp.inf)
    if not mode.is_best:
        weight = None if stuck is None else jnp.where(stuck[:, None], 0.0, _rows(log_share, place))
        return quantal_response(jnp, own, numbers.precision[owner][:, None], weight), None, stuck, reachable
    best = best_set(jnp, own, is_available)
    tied = jnp.sum(best, axis=1) > 1
    return _by_rule(mode, kind, best, share, children, rule, owner), tied, stuck, reachable


def _by_rule(
    mode: Mode, kind: Kind, best: Array, share: Array | None, children: list[Array], rule: Rules | None, owner: Array
) -> Array:
    if rule is None:
        return break_ties(jnp, best, share, None, 1.0)
    order, sign = rule.order[: kind.size, None, None], rule.sign[: kind.size, None, None]
    preferred = best & _by_node(kind, rule.is_preferred)[:, :, None]
    best = jnp.where(jnp.any(preferred, axis=1, keepdims=True), preferred, best)
    best = jnp.where(order > 0, _first(best), jnp.where(order < 0, _first(best[:, ::-1])[:, ::-1], best))
    others = jnp.stack(
        [jnp.sum(child[:, : mode.num_players], axis=1) - _own(child, owner) for child in children], axis=1
    )
    return break_ties(jnp, best, share, others, sign)


def _first(best: Array) -> Array:
    return best & (jnp.cumsum(best, axis=1) == 1)


def _combine(mode: Mode, numbers: Numbers, chances: list[Array], children: list[Array]) -> Array:
    value = mean(chances, children)
    if numbers.risk_aversion is None:
        return value
    columns = [value[:, column] for column in range(value.shape[1])]
    for column, attitude in enumerate(mode.attitude):
        if attitude != "neutral":
            probability = [chance[:, column if chance.shape[1] > 1 else 0] for chance in chances]
            outcomes = [child[:, column] for child in children]
            columns[column] = certainty_equivalent(
                jnp, probability, outcomes, numbers.risk_aversion[column], attitude == "small"
            )
    return jnp.stack(columns, axis=1)


@partial(jax.jit, static_argnames=("form",))
def reached(form: Form, inflows: Inflows, behaviour: Array) -> Array:
    """The way forward: the reach [targets, W] under behaviour [E, W] in the order of the game's edges."""
    size = behaviour.shape[1]
    flows = jnp.concatenate([jnp.ones((1, size)), jnp.zeros((1, size)), behaviour])
    reach = jnp.zeros((form.targets + form.slots, size)).at[0].set(1.0)
    programs = [partial(_sum_flows, form, fan, flows) for fan in FANS]

    def sum_one(reach: Array, step: Inflows) -> tuple[Array, None]:
        part = lax.switch(step.fan, [*programs, lambda *_: jnp.zeros((form.slots, size))], reach, step)
        return lax.dynamic_update_slice_in_dim(reach, part, step.row, axis=0), None

    return lax.scan(sum_one, reach, inflows)[0]


def _sum_flows(form: Form, fan: int, flows: Array, reach: Array, step: Inflows) -> Array:
    count = form.slots // fan
    edge, parent = (one[: count * fan].reshape(count, fan) for one in (step.edge, step.parent))
    total = _rows(flows, edge[:, 0]) * _rows(reach, parent[:, 0])
    for j in range(1, fan):
        total = total + _rows(flows, edge[:, j]) * _rows(reach, parent[:, j])
    return _tall(total, form.slots)
