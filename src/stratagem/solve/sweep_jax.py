"""The sweep compiled by JAX, and its derivatives (M9); an extra, imported only when asked for.

Takes a game laid out in steps and a chunk's inputs; gives what `sweep` gives, to rounding. One program serves all games of a
form: the arrays of the game are arguments. `swept` and `reached` are pure, so that they can be differentiated in every number
of `Numbers`. JAX clamps an index that is out of bounds instead of failing, so indices are checked before they go in.

Importing this module turns on 64-bit numbers in JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import TRUTH, Inputs
from stratagem.solve.kernel import best_set, break_ties, certainty_equivalent, mean, quantal_response
from stratagem.solve.padded import FANS, FIRST_FLOW, FIRST_SHARE, INFLOW_SLOTS, Form, Inflows, Kind, Padded, Steps, lay_out, rounded
from stratagem.solve.plan import Plan
from stratagem.solve.sweep import Bools, Sweep

jax.config.update("jax_enable_x64", True)

Array = Any
CHUNK = 128
SMALL_EXPONENT = 1.0
PLAIN_RULES = ("equal", "concede", "resist", "first", "last")


class Numbers(NamedTuple):
    """What a chunk of worlds feeds to the program; every field but the tables' padding can be differentiated."""

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

    evaluator: tuple[int, ...]  # [C]
    is_neutral: tuple[bool, ...]  # [C] towards risk, in every world
    is_best: bool  # best replies, not quantal response


class Rows(NamedTuple):
    """What a sweep fills in, in the order of the steps; a last row of zeros stands for terminals."""

    values: Array  # [gains + rows, C, W]
    behaviour: Array  # [edges, W]
    regret: Array  # [rows, W]
    is_tied: Array | None  # [rows, W], best replies only
    is_stuck: Array | None  # [rows, W], only where an action may not be available


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


def sweep_back(form: Form, mode: Mode, steps: Steps, rules: Rules | None, numbers: Numbers, rows: Rows) -> Rows:
    """The way back, into `rows`. `rules` is None where all ties fall equally."""
    log_share = None if mode.is_best else _logarithm(numbers.shares[:, TRUTH])
    programs = [partial(_sweep_step, form, mode, kind, numbers, log_share) for kind in form.kinds]
    rows = rows._replace(values=lax.dynamic_update_slice_in_dim(rows.values, numbers.gains, 0, axis=0))

    def sweep_one(rows: Rows, here: tuple[Steps, Rules | None]) -> tuple[Rows, None]:
        step, rule = here
        part = lax.switch(step.kind, [*programs, partial(_nothing, form, rows)], rows.values, step, rule)
        starts = (form.gains + step.row, step.edge, step.row, step.row, step.row)
        return Rows(*(_write(*one) for one in zip(rows, part, starts, strict=True))), None

    return lax.scan(sweep_one, rows, (steps, rules))[0]


swept = jax.jit(sweep_back, static_argnames=("form", "mode"), donate_argnames=("rows",))


def _write(rows: Array | None, part: Array | None, start: Array) -> Array | None:
    if rows is None or part is None:
        return None
    return lax.dynamic_update_slice_in_dim(rows, part, start, axis=0)


def _nothing(form: Form, rows: Rows, *_: Any) -> Rows:
    heights = (form.window, form.slots, form.window, form.window, form.window)
    return Rows(*(None if one is None else jnp.zeros((n, *one.shape[1:]), one.dtype) for n, one in zip(heights, rows, strict=True)))


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
) -> Rows:
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
    flags = jnp.zeros((kind.size, size), bool)
    return Rows(
        _tall(value, form.window),
        _tall(behaviour.reshape(-1, size), form.slots),
        _tall(regret, form.window),
        _tall(flags if tied is None else tied, form.window) if mode.is_best else None,
        _tall(flags if stuck is None else stuck, form.window) if form.can_stick else None,
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
    return _by_rule(kind, numbers, best, share, children, rule, owner), tied, stuck, reachable


def _by_rule(kind: Kind, numbers: Numbers, best: Array, share: Array | None, children: list[Array], rule: Rules | None, owner: Array) -> Array:
    if rule is None:
        return break_ties(jnp, best, share, None, 1.0)
    order, sign = rule.order[: kind.size, None, None], rule.sign[: kind.size, None, None]
    preferred = best & _by_node(kind, rule.is_preferred)[:, :, None]
    best = jnp.where(jnp.any(preferred, axis=1, keepdims=True), preferred, best)
    best = jnp.where(order > 0, _first(best), jnp.where(order < 0, _first(best[:, ::-1])[:, ::-1], best))
    num_players = len(numbers.precision)
    others = jnp.stack([jnp.sum(child[:, :num_players], axis=1) - _own(child, owner) for child in children], axis=1)
    return break_ties(jnp, best, share, others, sign)


def _first(best: Array) -> Array:
    return best & (jnp.cumsum(best, axis=1) == 1)


def _combine(mode: Mode, numbers: Numbers, chances: list[Array], children: list[Array]) -> Array:
    """The value [n, C, W] of each node: means, and certainty equivalents in the columns of risk-averse players."""
    if numbers.risk_aversion is None:
        return mean(chances, children)
    columns = []
    for column, is_neutral in enumerate(mode.is_neutral):
        probability = [chance[:, column if chance.shape[1] > 1 else 0] for chance in chances]
        worth = [child[:, column] for child in children]
        alpha = numbers.risk_aversion[column]
        columns.append(mean(probability, worth) if is_neutral else _equivalent(probability, worth, alpha))
    return jnp.stack(columns, axis=1)


def _equivalent(probability: list[Array], values: list[Array], alpha: Array) -> Array:
    """The certainty equivalent [n, W], by the form that is exact: one where alpha times the spread is small, one where not."""
    counted = [(jnp.where(p > 0, v, jnp.inf), jnp.where(p > 0, v, -jnp.inf)) for p, v in zip(probability, values, strict=True)]
    low, high = reduce(jnp.minimum, (one for one, _ in counted)), reduce(jnp.maximum, (one for _, one in counted))
    is_small = lax.stop_gradient(jnp.abs(alpha) * (high - low)) < SMALL_EXPONENT
    quiet = [jnp.where(is_small, value, 0.0) for value in values]
    exact = certainty_equivalent(jnp, probability, quiet, alpha, True)
    return jnp.where(is_small, exact, certainty_equivalent(jnp, probability, values, jnp.where(alpha == 0, 1.0, alpha), False))


def sweep_forward(form: Form, inflows: Inflows, behaviour: Array) -> Array:
    """The way forward: reach [targets, W] under behaviour [E, W], both in the order of the game."""
    size = behaviour.shape[1]
    flows = jnp.concatenate([jnp.ones((1, size)), jnp.zeros((1, size)), behaviour])
    reach = jnp.zeros((form.targets + INFLOW_SLOTS, size)).at[0].set(1.0)
    programs = [partial(_sum_flows, fan, flows) for fan in FANS]

    def sum_one(reach: Array, step: Inflows) -> tuple[Array, None]:
        part = lax.switch(step.fan, [*programs, lambda *_: jnp.zeros((INFLOW_SLOTS, size))], reach, step)
        return lax.dynamic_update_slice_in_dim(reach, part, step.row, axis=0), None

    return lax.scan(sum_one, reach, inflows)[0]


reached = jax.jit(sweep_forward, static_argnames=("form",))


def _sum_flows(fan: int, flows: Array, reach: Array, step: Inflows) -> Array:
    count = INFLOW_SLOTS // fan
    edge, parent = (one.reshape(count, fan) for one in (step.edge, step.parent))
    total = _rows(flows, edge[:, 0]) * _rows(reach, parent[:, 0])
    for j in range(1, fan):
        total = total + _rows(flows, edge[:, j]) * _rows(reach, parent[:, j])
    return _tall(total, INFLOW_SLOTS)


class Compiled:
    """A game made ready: `backward` and `forward` give what those of `sweep` give."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.padded = plan, lay_out(plan.game)
        _check(self.padded, plan.game)
        self.steps, self.inflows = jax.device_put((self.padded.steps, self.padded.inflows))
        self.rules: dict[str | None, Rules | None] = {}

    def backward(self, plan: Plan, inputs: Inputs, tie_rule: str | None = None) -> Sweep:
        """Values and behaviour, latest layer first; `tie_rule` overrides the moves' own."""
        game, padded, size = plan.game, self.padded, len(inputs)
        mode = mode_of(inputs)
        sweep = Sweep(
            np.empty((game.num_gains + game.num_nodes, *inputs.gains.shape[1:])),
            np.empty((game.num_edges, size)),
            np.empty((game.num_nodes, size)),
            np.empty((game.num_nodes, size), bool) if mode.is_best else None,
            np.empty((game.num_nodes, size), bool) if padded.form.can_stick else None,
        )
        sweep.buffer[: game.num_gains] = inputs.gains
        rules = self._rules(tie_rule) if mode.is_best else None
        rows = empty(padded.form, mode, CHUNK)
        for start in range(0, size, CHUNK):
            here = slice(start, min(start + CHUNK, size))
            numbers = _widened(pad_numbers(np, padded, numbers_of(inputs.part(here))), CHUNK)
            rows = swept(padded.form, mode, self.steps, rules, numbers, rows)
            self._copy(rows, sweep, here)
        if sweep.is_stuck is not None and not sweep.is_stuck.any():
            sweep.is_stuck = None
        return sweep

    def _copy(self, rows: Rows, sweep: Sweep, here: slice) -> None:
        """From the order of the steps to that of the game."""
        padded, count = self.padded, here.stop - here.start
        sweep.values(self.plan)[..., here] = np.asarray(rows.values)[padded.form.gains + padded.row_of_node, :, :count]
        sweep.behaviour[:, here] = np.asarray(rows.behaviour)[padded.row_of_edge, :count]
        for target, source in ((sweep.regret, rows.regret), (sweep.tied, rows.is_tied), (sweep.is_stuck, rows.is_stuck)):
            if target is not None:
                target[:, here] = np.asarray(source)[padded.row_of_node, :count]

    def forward(self, plan: Plan, behaviour: Floats, kept: Bools | None = None) -> Floats:
        """The probability [N, W] of reaching each node, over the edges `kept`."""
        form, game = self.padded.form, plan.game
        flows = np.zeros((form.edges, rounded(behaviour.shape[1])))
        flows[: game.num_edges, : behaviour.shape[1]] = behaviour if kept is None else behaviour * kept[:, None]
        return np.asarray(reached(form, self.inflows, flows))[self.padded.target_of_node, : behaviour.shape[1]]

    def _rules(self, tie_rule: str | None) -> Rules | None:
        if tie_rule not in self.rules:
            self.rules[tie_rule] = jax.device_put(rules_of(self.plan.game, self.padded, tie_rule))
        return self.rules[tie_rule]


def _check(padded: Padded, game: Game) -> None:
    """Raise `IndexError` where an index is out of bounds."""
    form, steps, inflows = padded.form, padded.steps, padded.inflows
    bounds = (
        (steps.source, form.gains + form.rows), (steps.gain, game.num_gains), (steps.share, len(padded.shares) + FIRST_SHARE),
        (steps.duration, len(game.durations)), (steps.owner, len(game.players)), (steps.row, form.rows + 1), (steps.edge, form.edges + 1),
        (inflows.edge, game.num_edges + FIRST_FLOW), (inflows.parent, form.targets), (inflows.row, form.targets + 1),
    )  # fmt: skip
    for places, bound in bounds:
        if places.size and (places.min() < 0 or places.max() >= bound):
            raise IndexError(f"an index of {places.max()} where {bound} is the bound")


def mode_of(inputs: Inputs) -> Mode:
    """What the program needs to know of the inputs."""
    risk = inputs.risk_aversion
    is_neutral = tuple(risk is None or not risk[column].any() for column in range(len(inputs.columns.player)))
    return Mode(inputs.columns.evaluator, is_neutral, bool(np.isinf(inputs.precision).any()))


def rules_of(game: Game, padded: Padded, tie_rule: str | None = None) -> Rules | None:
    """How ties fall in a game, or everywhere by `tie_rule`; None where all fall equally."""
    nodes, place = padded.node_of_row, (padded.step_of_row, padded.slot_of_row)
    rule = np.array([_rule(game, node) if tie_rule is None else tie_rule for node in nodes])
    rules = Rules(np.zeros(padded.steps.owner.shape), np.zeros(padded.steps.owner.shape, np.int32), np.zeros(padded.steps.source.shape, bool))
    rules.sign[place] = (rule == "concede") * 1.0 - (rule == "resist")
    rules.order[place] = (rule == "first") * 1 - (rule == "last")
    for row in np.flatnonzero(~np.isin(rule, PLAIN_RULES)):
        step = game.steps[game.step_of_node[nodes[row]]]
        edges = np.arange(game.first_edge[nodes[row]], game.first_edge[nodes[row] + 1])
        slots = padded.slot_of_row[row] * len(edges) + np.arange(len(edges))
        rules.is_preferred[padded.step_of_row[row], slots] = game.option_of_edge[edges] == step.options.index(rule[row])
    return rules if (rule != "equal").any() else None


def _rule(game: Game, node: int) -> str:
    step = game.step_of_node[node]
    return game.steps[step].ties if game.player_of_node[node] >= 0 and step < len(game.steps) else "equal"


def numbers_of(inputs: Inputs) -> Numbers:
    """The numbers of inputs; as shares all expression rows."""
    return Numbers(inputs.gains, np.stack(inputs.tables, axis=1), inputs.precision, inputs.risk_aversion, inputs.discounts)


def pad_numbers(xp: Any, padded: Padded, numbers: Numbers) -> Numbers:
    """The numbers in the shapes of a form: gains with rows of zeros, and of the expressions those that are shares, from row 1 on."""
    form, shares = padded.form, numbers.shares[padded.shares]
    above = xp.ones((FIRST_SHARE, *shares.shape[1:]))
    below = xp.ones((rounded(len(shares)) - len(shares), *shares.shape[1:]))
    more = xp.zeros((form.gains - len(numbers.gains), *numbers.gains.shape[1:]))
    return numbers._replace(gains=xp.concatenate([numbers.gains, more]), shares=xp.concatenate([above, shares, below]))


def _widened(numbers: Numbers, size: int) -> Numbers:
    """The numbers with the last world repeated up to `size` worlds."""
    missing = size - numbers.gains.shape[-1]
    return jax.tree.map(lambda one: np.pad(one, [(0, 0)] * (one.ndim - 1) + [(0, missing)], mode="edge"), numbers) if missing else numbers


class Answer(NamedTuple):
    """A solved game, as functions of its numbers."""

    values: Array  # [N, C, W]
    behaviour: Array  # [E, W]
    reach: Array  # [N, W]


def differentiable(plan: Plan, inputs: Inputs) -> tuple[Callable[[Numbers], Answer], Numbers]:
    """A pure function from numbers to the answer, and the numbers of these worlds to start from.

    Behaviour at infinite precision has derivative 0 almost everywhere; moves' tie rules are kept.

    >>> function, numbers = differentiable(plan, inputs)
    >>> jax.grad(lambda numbers: jnp.log(function(numbers).behaviour[edge]).sum())(numbers).gains
    """
    padded, mode = lay_out(plan.game), mode_of(inputs)
    _check(padded, plan.game)
    rules = rules_of(plan.game, padded) if mode.is_best else None

    def answer(numbers: Numbers) -> Answer:
        rows = empty(padded.form, mode, numbers.gains.shape[-1])
        rows = sweep_back(padded.form, mode, padded.steps, rules, pad_numbers(jnp, padded, numbers), rows)
        behaviour = rows.behaviour[padded.row_of_edge]
        reach = sweep_forward(padded.form, padded.inflows, behaviour)
        return Answer(rows.values[padded.form.gains + padded.row_of_node], behaviour, reach[padded.target_of_node])

    return answer, Numbers(*(None if one is None else jnp.asarray(one) for one in numbers_of(inputs)))
