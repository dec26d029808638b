"""The sweep compiled by JAX, and its derivatives (M9); an extra, imported only when asked for.

Takes a plan and a chunk's inputs; gives what `sweep` gives, to rounding. One program serves all games of a form: the arrays of
the game are arguments of it. JAX clamps an index out of bounds instead of failing, so indices are checked before they go in.
`differentiable` gives the whole solution as a pure function of a game's numbers.

Importing this module turns on 64-bit numbers in JAX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from stratagem.graph.game import Floats, Game
from stratagem.solve.columns import Inputs
from stratagem.solve.nodes_jax import Mode
from stratagem.solve.padded import ALWAYS, FIRST_FLOW, FIRST_SHARE, Form, Inflows, Padded, Steps, lay_out, rounded
from stratagem.solve.passes_jax import Numbers, Rows, Rules, empty, filled, forward_reach, log_share_of, refill
from stratagem.solve.plan import Plan
from stratagem.solve.scratch import Scratch
from stratagem.solve.sweep import Bools, Sweep

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

Array = Any
CHUNKS = (128, 64, 32)  # worlds at once, to choose from
MOST_BYTES = 256 << 20  # of the rows of a chunk, where a smaller one is to be had
PLAIN_RULES = ("equal", "concede", "resist", "first", "last")


class Compiled:
    """A game made ready: `backward` and `forward` give what those of `sweep` give."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.padded = plan, lay_out(plan.game)
        check_bounds(self.padded, plan.game)
        self.chunk = _chunk(self.padded.form, len(plan.game.players))
        self.steps, self.inflows = jax.device_put((self.padded.steps, self.padded.inflows))
        self.rules: dict[str | None, Rules | None] = {}
        self.rows: dict[Mode, Rows] = {}
        self.scratch = Scratch()

    def backward(self, inputs: Inputs, tie_rule: str | None = None) -> Sweep:
        """Values and behaviour, latest layer first; `tie_rule` overrides the moves' own."""
        mode = mode_of(inputs)
        rules = self._rules(tie_rule) if mode.is_best else None
        sweep = self._sweep(mode, inputs)
        for start in range(0, len(inputs), self.chunk):
            here = slice(start, min(start + self.chunk, len(inputs)))
            rows = self.rows.pop(mode, None) or empty(self.padded.form, mode, self.chunk)
            self.rows[mode] = refill(self.padded.form, mode, self.steps, rules, self.numbers(inputs, here), rows)
            self._copy(self.rows[mode], sweep, here)
        if sweep.is_stuck is not None and not sweep.is_stuck.any():
            sweep.is_stuck = None
        return sweep

    def _sweep(self, mode: Mode, inputs: Inputs) -> Sweep:
        """A sweep to fill in; what is never filled in, at terminals, is 0."""
        game, size, take = self.plan.game, len(inputs), self.scratch.take
        buffer = take("buffer", (game.num_gains + game.num_nodes, *inputs.gains.shape[1:]))
        buffer[: game.num_gains] = inputs.gains
        return Sweep(
            buffer,
            take("behaviour", (game.num_edges, size)),
            take("regret", (game.num_nodes, size)),
            take("tied", (game.num_nodes, size), bool) if mode.is_best else None,
            take("stuck", (game.num_nodes, size), bool) if self.padded.form.can_stick else None,
        )

    def numbers(self, inputs: Inputs, here: slice) -> Numbers:
        """The numbers of a chunk in the shapes of the form; the last world is repeated up to a full chunk."""
        form, shares, take, size = self.padded.form, self.padded.shares, self.scratch.take, self.chunk
        gains = take("gains", (form.gains, inputs.gains.shape[1], size))
        _put(gains[: len(inputs.gains)], inputs.gains[..., here])
        odds = take("odds", (rounded(len(shares)) + FIRST_SHARE, len(inputs.tables), size))
        odds[ALWAYS] = 1.0
        for evaluator, table in enumerate(inputs.tables):
            _put(odds[FIRST_SHARE : FIRST_SHARE + len(shares), evaluator], table[shares, here])
        rest = {"precision": inputs.precision, "risk": inputs.risk_aversion, "discounts": inputs.discounts}
        wide = (
            None if one is None else _put(take(name, (*one.shape[:-1], size)), one[..., here])
            for name, one in rest.items()
        )
        return Numbers(gains, odds, *wide)

    def _copy(self, rows: Rows, sweep: Sweep, here: slice) -> None:
        """From the order of the steps to that of the game."""
        padded, nodes = self.padded, self.padded.node_of_row
        count, first = here.stop - here.start, padded.form.gains
        sweep.values(self.plan)[nodes, :, here] = np.asarray(rows.values)[first : first + len(nodes), :, :count]
        sweep.behaviour[padded.edge_of_row, here] = np.asarray(rows.behaviour)[: len(padded.edge_of_row), :count]
        for target, source in (
            (sweep.regret, rows.regret),
            (sweep.tied, rows.is_tied),
            (sweep.is_stuck, rows.is_stuck),
        ):
            if target is not None:
                target[nodes, here] = np.asarray(source)[: len(nodes), :count]

    def forward(self, behaviour: Floats, kept: Bools | None = None) -> Floats:
        """The probability [N, W] of reaching each node, over the edges `kept`."""
        form, count = self.padded.form, behaviour.shape[1]
        flows = np.zeros((form.edges, rounded(count)))
        flows[: self.plan.game.num_edges, :count] = behaviour if kept is None else behaviour * kept[:, None]
        return np.asarray(forward_reach(form, self.inflows, flows))[self.padded.target_of_node, :count]

    def _rules(self, tie_rule: str | None) -> Rules | None:
        if tie_rule not in self.rules:
            self.rules[tie_rule] = jax.device_put(rules_of(self.plan.game, self.padded, tie_rule))
        return self.rules[tie_rule]


def _chunk(form: Form, num_columns: int) -> int:
    """How many worlds to take at once."""
    by_world = 8 * ((form.gains + form.rows) * num_columns + form.edges)
    return next((size for size in CHUNKS if size * by_world <= MOST_BYTES), CHUNKS[-1])


def check_bounds(padded: Padded, game: Game) -> None:
    """Raise `IndexError` where an index is out of bounds."""
    form, steps, inflows = padded.form, padded.steps, padded.inflows
    bounds = (
        (steps.source, form.gains + form.rows), (steps.gain, game.num_gains), (steps.share, len(padded.shares) + FIRST_SHARE),
        (steps.duration, len(game.durations)), (steps.owner, len(game.players)), (steps.row, form.rows + 1), (steps.edge, form.edges + 1),
        (inflows.edge, game.num_edges + FIRST_FLOW), (inflows.parent, form.targets), (inflows.row, form.targets + 1),
    )  # fmt: skip
    for places, bound in bounds:
        if places.min() < 0 or places.max() >= bound:
            raise IndexError(f"an index from {places.min()} to {places.max()} where there are {bound} rows")


def mode_of(inputs: Inputs) -> Mode:
    """What a program needs to know of the inputs."""
    risk = inputs.risk_aversion
    is_neutral = tuple(risk is None or not bool(risk[column].any()) for column in range(len(inputs.columns.player)))
    return Mode(len(inputs.precision), inputs.columns.evaluator, is_neutral, bool(np.isinf(inputs.precision).any()))


def rules_of(game: Game, padded: Padded, tie_rule: str | None = None) -> Rules | None:
    """How ties fall in a game, or everywhere by `tie_rule`; None where all fall equally."""
    nodes, place = padded.node_of_row, (padded.step_of_row, padded.slot_of_row)
    rule = np.array([_rule_at(game, node) if tie_rule is None else tie_rule for node in nodes])
    if (rule == "equal").all():
        return None
    shape = padded.steps.owner.shape
    rules = Rules(np.zeros(shape), np.zeros(shape, np.int32), np.zeros(padded.steps.source.shape, bool))
    rules.sign[place] = (rule == "concede") * 1.0 - (rule == "resist")
    rules.order[place] = (rule == "first") * 1 - (rule == "last")
    for row in np.flatnonzero(~np.isin(rule, PLAIN_RULES)):
        options = game.steps[game.step_of_node[nodes[row]]].options
        edges = np.arange(game.first_edge[nodes[row]], game.first_edge[nodes[row] + 1])
        slots = padded.slot_of_row[row] * len(edges) + np.arange(len(edges))
        rules.is_preferred[padded.step_of_row[row], slots] = game.option_of_edge[edges] == options.index(rule[row])
    return rules


def _rule_at(game: Game, node: int) -> str:
    step = game.step_of_node[node]
    return game.steps[step].ties if game.player_of_node[node] >= 0 and step < len(game.steps) else "equal"


def numbers_of(inputs: Inputs) -> Numbers:
    """The numbers of inputs; every expression row counts as a share."""
    return Numbers(
        inputs.gains, np.stack(inputs.tables, axis=1), inputs.precision, inputs.risk_aversion, inputs.discounts
    )


def pad_numbers(form: Form, shares: Array, numbers: Numbers) -> Numbers:
    """The numbers in the shapes of a form: gains with rows of zeros below; the expressions that are shares, with a row of ones above."""
    found = numbers.shares[shares]
    above = jnp.ones((FIRST_SHARE, *found.shape[1:]))
    below = jnp.ones((rounded(len(found)) - len(found), *found.shape[1:]))
    more = jnp.zeros((form.gains - len(numbers.gains), *numbers.gains.shape[1:]))
    return numbers._replace(gains=jnp.concatenate([numbers.gains, more]), shares=jnp.concatenate([above, found, below]))


def _put(target: Floats, values: Floats) -> Floats:
    """Fill the target with values, their last world repeated."""
    count = values.shape[-1]
    target[..., :count] = values
    target[..., count:] = values[..., -1:]
    return target


class Answer(NamedTuple):
    """A solved game."""

    values: Array  # [N, C, W]
    behaviour: Array  # [E, W]
    reach: Array  # [N, W]


class Layout(NamedTuple):
    """The arrays of a game that a solution needs."""

    steps: Steps
    rules: Rules | None
    inflows: Inflows
    shares: Array  # [S] expression rows
    row_of_node: Array  # [N], with gains
    row_of_edge: Array  # [E]
    target_of_node: Array  # [N]


@partial(jax.jit, static_argnames=("form", "mode"))
def solved(form: Form, mode: Mode, layout: Layout, numbers: Numbers) -> Answer:
    """The way back and forward, in the order of the game; differentiable in `numbers`."""
    wide = pad_numbers(form, layout.shares, numbers)
    values, behaviour, _ = filled(form, mode, layout.steps, layout.rules, wide, log_share_of(mode, wide))
    behaviour = behaviour[layout.row_of_edge]
    reach = forward_reach(form, layout.inflows, behaviour)
    return Answer(values[layout.row_of_node], behaviour, reach[layout.target_of_node])


def differentiable(plan: Plan, inputs: Inputs) -> tuple[Callable[[Numbers], Answer], Numbers]:
    """A pure function from numbers to the answer, and the numbers of these worlds to start from.

    Derivatives are exact but for three: of behaviour at infinite precision (0 almost everywhere, taken as 0), by a share where it
    is 0 (taken as 0), and by risk aversion where it is 0 (taken as 0). With the two at hand,
    `jax.grad(lambda numbers: jnp.log(answer(numbers).behaviour[edge]).sum())(numbers).gains` is the slope of a log probability by
    every gain.
    """
    padded, mode = lay_out(plan.game), mode_of(inputs)
    check_bounds(padded, plan.game)
    rules = rules_of(plan.game, padded) if mode.is_best else None
    rows = padded.form.gains + padded.row_of_node
    layout = Layout(padded.steps, rules, padded.inflows, padded.shares, rows, padded.row_of_edge, padded.target_of_node)
    return partial(solved, padded.form, mode, layout), Numbers(
        *(None if one is None else jnp.asarray(one) for one in numbers_of(inputs))
    )
