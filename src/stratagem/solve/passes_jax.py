"""The passes over a game's steps in JAX, back and forward, and their derivatives (M9).

Takes the steps of a padded game and its numbers; gives rows in the order of the steps. Pure but for `refill`, which takes the
place of the rows it is given. A derivative goes through the steps in reverse, each handing on to the rows that it read, so
that it costs a few passes, whatever the size.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from stratagem.solve.columns import TRUTH
from stratagem.solve.nodes_jax import Mode, Rule, Terms, solve_nodes
from stratagem.solve.padded import FANS, INFLOW_SLOTS, Form, Inflows, Kind, Steps

Array = Any


class Numbers(NamedTuple):
    """The numbers of a chunk of worlds, in which a solution can be differentiated."""

    gains: Array  # [G, C, W]
    shares: Array  # [S, V, W] probabilities and base shares
    precision: Array  # [P, W]
    risk_aversion: Array | None  # [C, W]
    discounts: Array | None  # [D, C, W]


class Rules(NamedTuple):
    """How ties fall, by step."""

    sign: Array  # [T, n]
    order: Array  # [T, n]
    is_preferred: Array  # [T, M]


class Rows(NamedTuple):
    """What a sweep fills in, in the order of the steps; a last row of zeros stands for terminals."""

    values: Array  # [gains + rows, C, W]
    behaviour: Array  # [edges, W]
    regret: Array  # [rows, W]
    is_tied: Array | None  # [rows, W], best replies only
    is_stuck: Array | None  # [rows, W], only where an action may not be available


# --- the way back ---


def empty(form: Form, mode: Mode, size: int) -> Rows:
    """Rows to fill in."""
    height = form.rows + form.window + 1
    return Rows(
        jnp.zeros((form.gains + height, len(mode.evaluator), size)),
        jnp.zeros((form.edges + form.slots, size)),
        jnp.zeros((height, size)),
        jnp.zeros((height, size), bool) if mode.is_best else None,
        jnp.zeros((height, size), bool) if form.can_stick else None,
    )


def fill(
    form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers, log_share: Array | None, rows: Rows
) -> Rows:
    """The way back, into `rows`. `rules` is None where all ties fall equally."""
    programs = [partial(_step, form, mode, kind, numbers, log_share) for kind in form.kinds]
    rows = rows._replace(values=lax.dynamic_update_slice_in_dim(rows.values, numbers.gains, 0, axis=0))

    def fill_one(rows: Rows, here: tuple[Steps, Rules | None]) -> tuple[Rows, None]:
        step, rule = here
        part = lax.switch(step.kind, [*programs, partial(_nothing, form, rows)], rows.values, step, rule)
        starts = (form.gains + step.row, step.edge, step.row, step.row, step.row)
        return Rows(*(_write(*one) for one in zip(rows, part, starts, strict=True))), None

    return lax.scan(fill_one, rows, (steps, rules))[0]


@partial(jax.jit, static_argnames=("form", "mode"), donate_argnames=("rows",))
def refill(form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers, rows: Rows) -> Rows:
    """`fill` compiled, in the place of rows that were filled before."""
    return fill(form, mode, steps, rules, numbers, log_share_of(mode, numbers), rows)


def _write(rows: Array | None, part: Array | None, start: Array) -> Array | None:
    return None if rows is None or part is None else lax.dynamic_update_slice_in_dim(rows, part, start, axis=0)


def log_share_of(mode: Mode, numbers: Numbers) -> Array | None:
    """[S, W]: -inf where there is no share, with derivative 0."""
    if mode.is_best:
        return None
    share = numbers.shares[:, TRUTH]
    return jnp.where(share > 0, jnp.log(jnp.where(share > 0, share, 1.0)), -jnp.inf)


def _step(
    form: Form,
    mode: Mode,
    kind: Kind,
    numbers: Numbers,
    log_share: Array | None,
    values: Array,
    step: Steps,
    rule: Rules | None,
) -> Rows:
    """The rows of one step of one kind."""
    terms = _gather(kind, mode, numbers, log_share, values, step)
    part = solve_nodes(kind, mode, terms, step.owner[: kind.size], _rule_of(kind, rule))
    size = values.shape[-1]
    no_flags = jnp.zeros((form.window, size), bool)
    tied, stuck = (no_flags if flags is None else _tall(flags, form.window) for flags in (part.is_tied, part.is_stuck))
    return Rows(
        _tall(part.value, form.window),
        _tall(part.behaviour.reshape(-1, size), form.slots),
        _tall(part.regret, form.window),
        tied if mode.is_best else None,
        stuck if form.can_stick else None,
    )


def _nothing(form: Form, rows: Rows, *_: Any) -> Rows:
    heights = (form.window, form.slots, form.window, form.window, form.window)
    return Rows(
        *(
            None if one is None else jnp.zeros((n, *one.shape[1:]), one.dtype)
            for n, one in zip(heights, rows, strict=True)
        )
    )


def _gather(kind: Kind, mode: Mode, numbers: Numbers, log_share: Array | None, values: Array, step: Steps) -> Terms:
    """What the nodes of a step read."""
    source, gain, duration, share = (
        one[: kind.size * kind.branching] for one in (step.source, step.gain, step.duration, step.share)
    )
    is_response = not kind.is_chance and not mode.is_best
    return Terms(
        _rows(values, source),
        _rows(values, gain) if kind.has_gain else None,
        None if numbers.discounts is None else _rows(numbers.discounts, duration),
        None if kind.is_even else _rows(numbers.shares, share),
        _rows(log_share, share) if is_response and not kind.is_even else None,
        _rows(numbers.precision, step.owner[: kind.size]) if is_response else None,
        numbers.risk_aversion,
    )


def _rows(table: Array, places: Array) -> Array:
    return table.at[places].get(mode="promise_in_bounds")


def _rule_of(kind: Kind, rules: Rules | None) -> Rule | None:
    if rules is None:
        return None
    preferred = rules.is_preferred[: kind.size * kind.branching].reshape(kind.size, kind.branching)
    return Rule(rules.sign[: kind.size], rules.order[: kind.size], preferred)


def _tall(rows: Array, height: int) -> Array:
    """The rows, with zeros below up to a height."""
    return rows if len(rows) == height else jnp.pad(rows, ((0, height - len(rows)), *((0, 0) for _ in rows.shape[1:])))


# --- its derivative: the steps in reverse, each handing on to the rows it read ---


class Reads(NamedTuple):
    """Derivatives by what is read: tables in full, or a step's slots of them."""

    values: Array
    gain: Array | None
    discounts: Array | None
    shares: Array
    log_share: Array | None
    precision: Array
    risk_aversion: Array | None


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def filled(
    form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers, log_share: Array | None
) -> tuple[Array, Array, Array]:
    """Values, behaviour and regret in rows; differentiable in `numbers` and `log_share`."""
    return fill(form, mode, steps, rules, numbers, log_share, empty(form, mode, numbers.gains.shape[-1]))[:3]


def _filled_fwd(
    form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers, log_share: Array | None
) -> tuple[Any, Any]:
    rows = filled(form, mode, steps, rules, numbers, log_share)
    return rows, (steps, rules, numbers, log_share, rows[0])


def _filled_bwd(form: Form, mode: Mode, kept: Any, slopes: tuple[Array, Array, Array]) -> tuple[Any, ...]:
    steps, rules, numbers, log_share, values = kept
    by_value, by_behaviour, by_regret = slopes
    programs = [partial(_step_slopes, form, mode, kind, numbers, log_share, values) for kind in form.kinds]
    start = jax.tree.map(jnp.zeros_like, _tables(numbers, log_share, values))._replace(values=by_value)

    def undo_one(found: Reads, here: tuple[Steps, Rules | None]) -> tuple[Reads, None]:
        step, rule = here
        by_part = (
            lax.dynamic_slice_in_dim(found.values, form.gains + step.row, form.window),
            lax.dynamic_slice_in_dim(by_behaviour, step.edge, form.slots),
            lax.dynamic_slice_in_dim(by_regret, step.row, form.window),
        )
        part = lax.switch(step.kind, [*programs, partial(_no_slopes, form, found)], step, rule, by_part)
        return _hand_on(found, part, step), None

    found = lax.scan(undo_one, start, (steps, rules), reverse=True)[0]
    slopes_of = Numbers(found.values[: form.gains], found.shares, found.precision, found.risk_aversion, found.discounts)
    return None, None, slopes_of, found.log_share


filled.defvjp(_filled_fwd, _filled_bwd)


def _step_slopes(
    form: Form,
    mode: Mode,
    kind: Kind,
    numbers: Numbers,
    log_share: Array | None,
    values: Array,
    step: Steps,
    rule: Rules | None,
    by_part: Any,
) -> Reads:
    """Derivatives by what a step reads, slot by slot, from those by what it finds."""
    is_real = jnp.arange(kind.size) < step.height
    by_value, by_behaviour, by_regret = by_part
    shaped = (
        jnp.where(is_real[:, None, None], by_value[: kind.size], 0.0),
        jnp.where(
            is_real[:, None, None],
            by_behaviour[: kind.size * kind.branching].reshape(kind.size, kind.branching, -1),
            0.0,
        ),
        jnp.where(is_real[:, None], by_regret[: kind.size], 0.0),
    )
    terms = _gather(kind, mode, numbers, log_share, values, step)
    _, pull = jax.vjp(
        lambda terms: solve_nodes(kind, mode, terms, step.owner[: kind.size], _rule_of(kind, rule))[:3], terms
    )
    (by_terms,) = pull(shaped)
    nothing = _no_slopes(form, _tables(numbers, log_share, values))
    heights = Reads(*(None if one is None else len(one) for one in nothing))
    found = Reads(
        by_terms.source,
        by_terms.gain,
        by_terms.discount,
        by_terms.share,
        by_terms.log_share,
        by_terms.precision,
        by_terms.risk_aversion,
    )
    return Reads(
        *(
            zero if one is None else _tall(one, height)
            for one, zero, height in zip(found, nothing, heights, strict=True)
        )
    )


def _tables(numbers: Numbers, log_share: Array | None, values: Array) -> Reads:
    return Reads(values, None, numbers.discounts, numbers.shares, log_share, numbers.precision, numbers.risk_aversion)


def _no_slopes(form: Form, tables: Reads, *_: Any) -> Reads:
    """Zeros in the shapes of a step's slots."""
    heights = Reads(form.slots, form.slots, form.slots, form.slots, form.slots, form.window, None)
    likes = tables._replace(gain=tables.values)
    return Reads(
        *(
            None if one is None else jnp.zeros((height or len(one), *one.shape[1:]))
            for one, height in zip(likes, heights, strict=True)
        )
    )


def _hand_on(found: Reads, part: Reads, step: Steps) -> Reads:
    """Add a step's derivatives to those of the tables it read from."""

    def add(table: Array | None, places: Array, rows: Array) -> Array | None:
        return None if table is None else table.at[places].add(rows, mode="promise_in_bounds")

    values = add(add(found.values, step.source, part.values), step.gain, part.gain)
    return Reads(
        values,
        None,
        add(found.discounts, step.duration, part.discounts),
        add(found.shares, step.share, part.shares),
        add(found.log_share, step.share, part.log_share),
        add(found.precision, step.owner, part.precision),
        None if found.risk_aversion is None else found.risk_aversion + part.risk_aversion,
    )


# --- the way forward ---


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def reach_of(form: Form, inflows: Inflows, flows: Array) -> Array:
    """The reach [targets, W] of each row, from the flow table [edges, W]."""
    size = flows.shape[1]
    reach = jnp.zeros((form.targets + INFLOW_SLOTS, size)).at[0].set(1.0)
    programs = [partial(_sum_flows, fan, flows) for fan in FANS]

    def sum_one(reach: Array, step: Inflows) -> tuple[Array, None]:
        part = lax.switch(step.fan, [*programs, lambda *_: jnp.zeros((INFLOW_SLOTS, size))], reach, step)
        return lax.dynamic_update_slice_in_dim(reach, part, step.row, axis=0), None

    return lax.scan(sum_one, reach, inflows)[0]


def _sum_flows(fan: int, flows: Array, reach: Array, step: Inflows) -> Array:
    edge, parent = (one.reshape(-1, fan) for one in (step.edge, step.parent))
    total = _rows(flows, edge[:, 0]) * _rows(reach, parent[:, 0])
    for j in range(1, fan):
        total = total + _rows(flows, edge[:, j]) * _rows(reach, parent[:, j])
    return _tall(total, INFLOW_SLOTS)


def _reach_fwd(form: Form, inflows: Inflows, flows: Array) -> tuple[Array, Any]:
    reach = reach_of(form, inflows, flows)
    return reach, (inflows, flows, reach)


def _reach_bwd(_form: Form, kept: Any, by_reach: Array) -> tuple[None, Array]:
    inflows, flows, reach = kept
    slots, fans = jnp.arange(INFLOW_SLOTS), jnp.array([*FANS, 1])

    def undo_one(found: tuple[Array, Array], step: Inflows) -> tuple[tuple[Array, Array], None]:
        by_flow, by_reach = found
        by_sum = jnp.where(
            (slots < step.height)[:, None], lax.dynamic_slice_in_dim(by_reach, step.row, INFLOW_SLOTS), 0.0
        )
        by_slot = _rows(by_sum, slots // fans[step.fan])
        by_flow = by_flow.at[step.edge].add(by_slot * _rows(reach, step.parent), mode="promise_in_bounds")
        return (
            by_flow,
            by_reach.at[step.parent].add(by_slot * _rows(flows, step.edge), mode="promise_in_bounds"),
        ), None

    return None, lax.scan(undo_one, (jnp.zeros_like(flows), by_reach), inflows, reverse=True)[0][0]


reach_of.defvjp(_reach_fwd, _reach_bwd)


@partial(jax.jit, static_argnames=("form",))
def forward_reach(form: Form, inflows: Inflows, behaviour: Array) -> Array:
    """The reach [targets, W] under behaviour [E, W] in the order of the game."""
    sure, never = jnp.ones((1, behaviour.shape[1])), jnp.zeros((1, behaviour.shape[1]))
    return reach_of(form, inflows, jnp.concatenate([sure, never, behaviour]))
