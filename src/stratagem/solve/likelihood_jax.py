"""The probability of what was seen as a function of latent normals, with its exact gradient (M12); an extra, imported only when asked for.

Takes a game, a scenario and a history; gives a pure function of z [D, W]. What `columns.prepare` does with arrays is done here in
JAX, so that derivatives pass from the history's probability through the solved game to every uncertain number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from stratagem.errors import UsageError
from stratagem.graph.attitudes import WITH_PAYOFFS, private_attitudes
from stratagem.graph.expression import Evaluator, Expressions
from stratagem.graph.game import TERMINAL, Expression, Game
from stratagem.graph.means import mean, unknown_to_all
from stratagem.graph.personal import drawn_weight
from stratagem.graph.readings import read_apart
from stratagem.graph.worlds import draw
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Scenario
from stratagem.scenario.names import Symbols
from stratagem.scenario.quantities import resolved
from stratagem.solve.columns import Columns, Inputs, columns_of, prepare
from stratagem.solve.draws_jax import Draws
from stratagem.solve.infosets import is_hidden
from stratagem.solve.intervene import Choice
from stratagem.solve.known import with_means
from stratagem.solve.likelihood_differences import Differenced
from stratagem.solve.likelihood_hidden import Outside
from stratagem.solve.padded import lay_out
from stratagem.solve.passage import Restriction, restrict
from stratagem.solve.passes_jax import Numbers, forward_reach
from stratagem.solve.plan import plan
from stratagem.solve.solve import Request
from stratagem.solve.sweep_jax import differentiable

Array = Any
STEEPNESS = 10.0  # of the slope that stands for the order of weights, by log odds
SAMPLE = 8  # drawn worlds that show which numbers a solve reads


@dataclass(frozen=True)
class Setting:
    """How a study has its worlds: what is fixed, whose numbers are whose."""

    precision: float | None = None
    perceptions: bool = True
    fixed: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1


class Likelihood:
    """The log-likelihood of a history at latent normals. Raises `UsageError` at infinite precision, where it has no gradient."""

    def __init__(self, game: Game, scenario: Scenario, history: tuple[Choice, ...], setting: Setting) -> None:
        self.game, self.scenario, self.setting = game, scenario, setting
        self.draws = Draws(scenario)
        self.formulas = _Formulas(scenario)
        self.table = _Rows(game.expressions)
        self.means = self._means()
        inputs = self._sample()
        movers = np.unique(game.player_of_node[game.player_of_node >= 0])
        if np.isinf(inputs.precision[movers]).any():
            raise UsageError(
                "at best reply the likelihood has no gradient: gradient-based sampling needs a finite `precision` of all who move [M9]"
            )
        self.is_neutral, self.is_discounted = inputs.risk_aversion is None, inputs.discounts is not None
        restriction = restrict(game, history)
        if self._is_rough(inputs):
            request = Request(
                seed=setting.seed, precision=setting.precision, history=history, fixed=setting.fixed, perceptions=setting.perceptions, has_truth=False
            )  # fmt: skip
            self.way: Inside | Outside | Differenced = Differenced(game, scenario, request, self.drawn)
        else:
            self.way = (Outside if is_hidden(game) else Inside)(game, inputs, restriction)

    def _is_rough(self, inputs: Inputs) -> bool:
        """Whether slopes are differences: of players who are mistaken, of numbers or attitudes by type, of hidden games with aversion and discounts."""
        game, scenario = self.game, self.scenario
        facts = set(game.facts)
        return bool(
            scenario.mistakes
            or game.casts
            or private_attitudes(scenario, Symbols(scenario), facts, WITH_PAYOFFS)
            or any(facts.issuperset(turns_on) for turns_on in read_apart(scenario).values())
            or (is_hidden(game) and inputs.discounts is not None and inputs.risk_aversion is not None)
        )

    def _sample(self) -> Inputs:
        """The inputs of a few worlds, which show what a solve reads."""
        one = self.setting
        worlds = draw(self.scenario, SAMPLE, one.seed, 0, one.fixed, one.perceptions)
        if one.precision is not None:
            level = dict.fromkeys(self.game.players, np.full(SAMPLE, one.precision))
            worlds = replace(worlds, players=replace(worlds.players, precision=level))
        return prepare(self.game, self.scenario, with_means(self.game, self.scenario, worlds))

    def __call__(self, z: Array) -> Array:
        """[W]; minus infinity where the history cannot have happened or weights are out of order."""
        chance, margins = self._chance(z)
        return jnp.where((margins >= 0).all(axis=0), chance, -jnp.inf)

    def softened(self, z: Array) -> Array:
        """[W] with a slope instead of a wall where the order of weights ends; draws from it are weighed by `correction`."""
        chance, margins = self._chance(z)
        return chance + _slope(margins)

    def correction(self, z: Array) -> Array:
        """[W] what a draw from the softened likelihood weighs: nothing out of order, within it a little more near its end."""
        margins = self.margins(z)
        return jnp.where((margins >= 0).all(axis=0), jnp.exp(-_slope(margins)), 0.0)

    def _chance(self, z: Array) -> tuple[Array, Array]:
        if isinstance(self.way, Differenced):
            return self.way(z), self.margins(z)
        numbers, margins = self.numbers(z)
        return self.way(numbers), margins

    @property
    def gradient(self) -> str:
        """How slopes are taken."""
        is_mixed = self.draws.type_odds.names and not isinstance(self.way, Differenced)
        return self.way.gradient + (", odds of types by central differences" if is_mixed else "")

    @property
    def is_solved_together(self) -> bool:
        """Whether the worlds of all chains are solved in one batch, outside JAX."""
        return not isinstance(self.way, Inside)

    def numbers(self, z: Array) -> tuple[Numbers, Array]:
        """What a solve reads at latent normals [D, W], and the margins by which weights keep their order."""
        quantities, weights, margins = self._drawn(z)
        return self.read({**quantities, **self.draws.odds(z)}, weights, z.shape[1]), margins

    def margins(self, z: Array) -> Array:
        """[n, W] the margins by which weights keep their order."""
        return self._drawn(z)[2]

    def drawn(self, z: Array) -> tuple[dict[str, Array], dict[str, dict[str, Array]], dict[str, Array]]:
        """The numbers by name, the weights that are drawn as a whole by player and stake, and the correlated numbers as standard normals: each [W]."""
        quantities, weights, _ = self._drawn(z)
        whole = {player: one for player, one in weights.items() if player in self.draws.simplices}
        return quantities, whole, self.draws.correlated(z)

    def _drawn(self, z: Array) -> tuple[dict[str, Array], dict[str, dict[str, Array]], Array]:
        size = z.shape[1]
        quantities = self.draws.quantities(z)
        quantities.update({name: jnp.full(size, value) for name, value in self.setting.fixed.items()})
        return quantities, *self.draws.weights(z, quantities, self.formulas.at(quantities, size))

    def read(self, quantities: dict[str, Array], weights: Mapping[str, Mapping[str, Array]], size: int) -> Numbers:
        """What a solve reads of quantities [W] and weights, by player and stake [W]."""
        setting, value = self.setting, self.formulas.at(quantities, size)
        views = self._views(quantities, value, size)
        columns = columns_of(self.game.players, views)
        inward = {drawn_weight(who, stake): one for who, by in weights.items() for stake, one in by.items()}
        held = [{**(quantities if name is None else views[name]), **inward} for name in columns.evaluators]
        tables = [self.table.at(numbers, size) for numbers in held]
        worth = self._worth(columns, weights, quantities, value, size)
        precision = self.draws.precision(quantities, value, size)
        if setting.precision is not None:
            precision = {name: jnp.full(size, setting.precision) for name in precision}
        return Numbers(
            self._gains(columns, tables, worth, size),
            jnp.stack(tables, axis=1),
            jnp.stack([precision[name] for name in self.game.players]),
            None if self.is_neutral else self._by_column(columns, "risk_aversion", 0.0, quantities, value, size),
            self._discounts(columns, quantities, value, size) if self.is_discounted else None,
        )

    def _means(self) -> dict[str, float]:
        """The means that stand for numbers known to nobody."""
        return {name: mean(self.draws.estimates[name]) for name in unknown_to_all(self.game, self.scenario)}

    def _views(
        self, quantities: dict[str, Array], value: Callable[[Formula], Array], size: int
    ) -> dict[str, dict[str, Array]]:
        """What players hold the numbers to be, where they do not read the true ones; players of one view share it."""
        means = {name: jnp.full(size, one) for name, one in self.means.items()}
        found: dict[str, dict[str, Array]] = {}
        if means:
            common = {**quantities, **means}
            found = dict.fromkeys(self.game.players, common)
        for player, views in (self.scenario.perceptions if self.setting.perceptions else {}).items():
            own = dict(means)
            for name, one in views.items():
                if one.formula is not None:
                    own[name] = value(one.formula)
                elif name in means and one.estimate is not None:
                    own[name] = jnp.full(size, mean(resolved(self.scenario, one.estimate)))
                else:
                    own[name] = quantities[f"{player}.{name}"]
            found[player] = {**quantities, **own}
        return found

    def _worth(
        self,
        columns: Columns,
        weights: Mapping[str, Mapping[str, Array]],
        quantities: Mapping[str, Array],
        value: Callable[[Formula], Array],
        size: int,
    ) -> Array:
        """[C, A, W]: what a unit of each account is worth in each column."""
        nothing = jnp.zeros(size)
        direct = {account.name for account in self.game.accounts if account.side == "payoff"}
        losses = self.draws.of_players("loss_aversion", 1.0, quantities, value, size)
        rows = []
        for player in columns.player:
            name = self.game.players[player]
            for account in self.game.accounts:
                if account.side != "payoff" and name in direct:
                    rows.append(nothing)
                    continue
                rows.append(self._worth_of(name, account.name, account.side, weights, value, losses[name], nothing))
        return jnp.stack(rows).reshape(len(columns.player), len(self.game.accounts), size)

    def _worth_of(
        self,
        player: str,
        name: str,
        side: str,
        weights: Mapping[str, Mapping[str, Array]],
        value: Callable[[Formula], Array],
        loss: Array,
        nothing: Array,
    ) -> Array:
        if side == "payoff":
            return nothing + (name == player)
        stake = self.scenario.stakes[name]
        direction = 1.0 if stake.best > stake.worst else -1.0
        if player in weights:
            worth = weights[player].get(name, nothing) / abs(stake.best - stake.worst)
        else:
            stated = (self.scenario.players[player].payoffs or {}).get(name)
            worth = nothing if stated is None else value(stated)
            worth, direction = (worth, 1.0) if side == "whole" or direction > 0 else (-worth, 1.0)
        if side == "whole":
            return worth * direction
        return worth if side == "above" else -loss * worth

    def _gains(self, columns: Columns, tables: list[Array], worth: Array, size: int) -> Array:
        """[G, C, W]: gains weighed, each column with its evaluator's numbers."""
        game = self.game
        found = [
            jnp.zeros((game.num_gains, size))
            .at[game.gain_row]
            .add(worth[column][game.gain_account] * tables[evaluator][game.gain_value])
            for column, evaluator in enumerate(columns.evaluator)
        ]
        return jnp.stack(found, axis=1)

    def _by_column(
        self,
        columns: Columns,
        name: str,
        default: float,
        quantities: Mapping[str, Array],
        value: Callable[[Formula], Array],
        size: int,
    ) -> Array:
        found = self.draws.of_players(name, default, quantities, value, size)
        return jnp.stack([found[self.game.players[player]] for player in columns.player])

    def _discounts(
        self, columns: Columns, quantities: Mapping[str, Array], value: Callable[[Formula], Array], size: int
    ) -> Array:
        rate = self._by_column(columns, "discount", 1.0, quantities, value, size)
        return rate[None] ** self.game.durations[:, None, None]


class Inside:
    """A public game, swept in JAX, with the log probability [W] of a history."""

    gradient = "exact, through the sweep"

    def __init__(self, game: Game, inputs: Inputs, restriction: Restriction | None) -> None:
        self.answer = differentiable(plan(game), inputs)[0]
        padded = lay_out(game)
        self.reach = partial(forward_reach, padded.form, padded.inflows)
        self.target_of_node = padded.target_of_node
        self.kept = np.ones(game.num_edges, bool) if restriction is None else restriction.kept
        self.ends = np.flatnonzero(game.player_of_node == TERMINAL)

    def __call__(self, numbers: Numbers) -> Array:
        """[W]; minus infinity where it cannot have happened."""
        behaviour = self.answer(numbers).behaviour
        reach = self.reach(behaviour * self.kept[:, None])[self.target_of_node[self.ends]]
        chance = reach.sum(axis=0)
        is_possible = chance > 0
        return jnp.where(is_possible, jnp.log(jnp.where(is_possible, chance, 1.0)), -jnp.inf)


def _slope(margins: Array) -> Array:
    """[W] the log of a smooth step at margin 0; an infinite margin adds nothing."""
    return jax.nn.log_sigmoid(STEEPNESS * margins).sum(axis=0)


class _Formulas:
    """Formulas over quantities alone."""

    def __init__(self, scenario: Scenario) -> None:
        self.symbols = Symbols(scenario)

    def at(self, quantities: Mapping[str, Array], size: int) -> Callable[[Formula], Array]:
        """What evaluates a formula at these quantities."""

        def value(formula: Formula) -> Array:
            table = Expressions()
            row = table.row(Evaluator(table, self.symbols).evaluate(self.symbols.tree(formula), _no_state))
            return _Rows(table.expressions()).at(quantities, size)[row]

        return value


def _no_state(name: str) -> Any:
    raise UsageError(f"`{name}` in a formula over quantities only")


class _Rows:
    """An expression table, its rows gathered by depth and operation so that few operations evaluate all."""

    def __init__(self, expressions: tuple[Expression, ...]) -> None:
        self.expressions = expressions
        depth: list[int] = []
        groups: dict[tuple[int, str, int], list[int]] = {}
        for row, one in enumerate(expressions):
            read = _operands(one)
            depth.append(1 + max((depth[inner] for inner in read), default=-1))
            if one.operation not in ("constant", "quantity"):
                groups.setdefault((depth[row], one.operation, len(read)), []).append(row)
        self.groups = sorted(groups.items())

    def at(self, quantities: Mapping[str, Array], size: int) -> Array:
        """[X, W] every row at these quantities; truths are 1 or 0."""
        table = jnp.stack([self._leaf(one, quantities, size) for one in self.expressions])
        for (_, operation, _), rows in self.groups:
            places = np.array([_operands(self.expressions[row]) for row in rows], np.int32).reshape(len(rows), -1)
            operands = [table[places[:, column]] for column in range(places.shape[1])]
            found = self._linear(rows, operands) if operation == "linear" else _FUNCTIONS[operation](*operands)
            table = table.at[np.array(rows, np.int32)].set(found)
        return table

    def _leaf(self, one: Expression, quantities: Mapping[str, Array], size: int) -> Array:
        if one.operation == "constant":
            return jnp.full(size, float(one.operands[0]))
        return quantities[one.operands[0]] if one.operation == "quantity" else jnp.zeros(size)

    def _linear(self, rows: list[int], operands: list[Array]) -> Array:
        constant = np.array([self.expressions[row].operands[0] for row in rows])
        coefficients = np.array([[c for _, c in self.expressions[row].operands[1]] for row in rows])
        return constant[:, None] + sum(coefficients[:, column, None] * one for column, one in enumerate(operands))


def _operands(one: Expression) -> list[int]:
    if one.operation in ("constant", "quantity"):
        return []
    if one.operation == "linear":
        return [row for row, _ in one.operands[1]]
    return list(one.operands)


def _contest(a: Array, b: Array, m: Array) -> Array:
    top = jnp.maximum(a, b)
    scale = jnp.where(top > 0, top, 1.0)
    left, right = (a / scale) ** m, (b / scale) ** m
    return jnp.where(top > 0, left / jnp.where(top > 0, left + right, 1.0), 0.5)


def _reduced(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def over(*operands: Array) -> Array:
        found = operands[0]
        for one in operands[1:]:
            found = function(found, one)
        return found

    return over


def _divided(a: Array, b: Array) -> Array:
    return a / jnp.where(b == 0, jnp.nan, b)


_FUNCTIONS: dict[str, Callable[..., Array]] = {
    "*": jnp.multiply, "/": _divided, "^": jnp.power, "min": _reduced(jnp.minimum), "max": _reduced(jnp.maximum),
    "exp": jnp.exp, "log": jnp.log, "sqrt": jnp.sqrt, "abs": jnp.abs, "logistic": jax.nn.sigmoid, "contest": _contest,
    "<": lambda gap: (gap < 0) * 1.0, "<=": lambda gap: (gap <= 0) * 1.0, "==": lambda gap: (gap == 0) * 1.0,
    "and": _reduced(jnp.multiply), "or": _reduced(jnp.maximum), "not": lambda truth: 1.0 - truth,
    "if": lambda condition, yes, no: jnp.where(condition > 0, yes, no),
}  # fmt: skip
