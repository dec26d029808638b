"""A model and a table brought together: the rows that can be used, the design, the likelihood.

Takes a `Model` and a `Table`; gives a `Problem`. The one place that knows which likelihood belongs to which kind of game.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stratagem.errors import DataError
from stratagem.fit import jet, signalling, ultimatum
from stratagem.fit.design import Design, design, usable_rows
from stratagem.fit.jet import Floats, Jet, Number
from stratagem.fit.likelihood import Likelihood, Penalty
from stratagem.fit.model import SIGNALLING_PAYOFFS, Model
from stratagem.fit.responses import Observed, missing_response, observe
from stratagem.fit.table import Table, rows_where
from stratagem.fit.tree import Tree


@dataclass(frozen=True)
class Problem:
    """What is to be maximised, and on what."""

    model: Model
    table: Table  # the rows used
    observed: Observed
    design: Design
    num_left_out: int  # rows that the conditions left out
    dropped: dict[str, int]  # what was missing, by column; rows with any of it are left out
    num_dropped: int

    @property
    def num_rows(self) -> int:
        """How many rows are used."""
        return len(self.table)

    def spreads(self) -> Floats:
        """What brings each coefficient [P] to one scale: the spread of what it multiplies, in units of the errors."""
        found = self.design.spreads()
        if self.model.kind == "ultimatum":
            units = ultimatum.units(self.model, self.observed)
            for one in self.design.inputs:
                found[list(one.index)] /= units.get(one.term.name, 1.0)
        return found

    def likelihood(self, weights: Floats | None = None, penalty: Penalty | None = None) -> Likelihood:
        """The log-likelihood of the response."""
        return Likelihood(self.design, self.of_rows, self.num_rows, weights, penalty)

    def of_rows(self, inputs: Sequence[Jet], rows: slice) -> Number:
        """The log-likelihood of some rows from their inputs."""
        kind, seen = self.model.kind, self.observed
        if kind == "tree":
            taken = {key: one[rows] for key, one in seen.taken.items()}
            return Tree.of(self.model).log_likelihood(
                inputs, taken, {key: one[rows] for key, one in seen.pooled.items()}
            )
        if kind == "ultimatum":
            return ultimatum.log_likelihood(self.model, self.whole(inputs), seen, rows)
        whole, counts = self.whole(inputs), {name: one[rows] for name, one in seen.outcomes.items()}
        chances = signalling.log_outcomes(whole, self.resistance(whole, counts))
        return jet.total([chances[name] * count for name, count in counts.items()])

    def resistance(self, whole: Sequence[Number], counts: Mapping[str, Floats]) -> Number:
        """How likely B resists in a signalling game, by the equilibrium that the model selects; `counts` are what was seen."""
        return signalling.resistance(whole, counts if self.model.equilibrium == "constrained" else None)

    def whole(self, inputs: Sequence[Jet]) -> list[Number]:
        """The inputs of a game that is no tree in their fixed order, what is not estimated as plain numbers."""
        estimated = iter(inputs)
        if self.model.kind == "signalling":
            by_name = {outcome: term for (_, outcome), term in self.model.payoffs.items()}
            return [
                next(estimated) if by_name[name].is_estimated else by_name[name].fixed for name in SIGNALLING_PAYOFFS
            ]
        return [next(estimated) if one.is_estimated else one.fixed for one in self.model.terms]

    def outcomes(self, coefficients: Floats, on: Design | None = None) -> dict[str, Floats]:
        """The probability of each outcome, [rows] each, at `coefficients` [P]; of the ultimatum game see `offers`."""
        return {name: one[0] for name, one in self.outcomes_of_many(coefficients[None], on).items()}

    def outcomes_of_many(self, coefficients: Floats, on: Design | None = None) -> dict[str, Floats]:
        """The same at many points [S, P]: [S, rows] each."""
        inputs = (on or self.design).jets(coefficients, 0)
        shape = inputs[0].value.shape
        if self.model.kind == "tree":
            logs = dict(Tree.of(self.model).solve(inputs).outcomes)
        else:
            whole = self.whole(inputs)
            resist = self.resistance(whole, self.observed.outcomes) if on is None else signalling.resistance(whole)
            logs = signalling.log_outcomes(whole, resist)
        return {
            name: np.broadcast_to(np.exp(one.value if isinstance(one, Jet) else one), shape)
            for name, one in logs.items()
        }

    def offers(self, coefficients: Floats, on: Design | None = None) -> tuple[Floats, Floats]:
        """Expected offer and chance of acceptance of an ultimatum game, [rows] each."""
        inputs = self.whole((on or self.design).jets(coefficients[None], 0))
        plain = [
            np.broadcast_to(
                one.value[0] if isinstance(one, Jet) else np.asarray(one), (len((on or self.design).inputs[0].matrix),)
            )
            for one in inputs
        ]
        return ultimatum.expected_offer(self.model, plain)

    def rows(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Problem:
        """The same for some of the rows."""
        return replace(
            self, table=self.table.rows(chosen), observed=self.observed.rows(chosen), design=self.design.rows(chosen)
        )


def problem(model: Model, table: Table, conditions: Sequence[str] = (), keep: Sequence[str] = ()) -> Problem:
    """The problem of fitting a model to the rows of a table that meet the conditions and miss nothing that is used.

    `keep` names further columns that must not be missing. Raises `DataError` where no row is left.
    """
    wanted = rows_where(table, (*model.rows, *conditions))
    asked = table.rows(wanted)
    named = sorted({column for term in model.terms for column in term.columns} | set(keep))
    usable, missing = usable_rows(model, asked, named)
    lacking = missing_response(model, asked)
    if lacking.any():
        missing["response"] = int(lacking.sum())
    used = asked.rows(usable & ~lacking)
    if not len(used):
        raise DataError(f"{table.file}: {_why_none(table, asked)}")
    return Problem(
        model=model,
        table=used,
        observed=observe(model, used),
        design=design(model, used),
        num_left_out=len(table) - len(asked),
        dropped=missing,
        num_dropped=len(asked) - len(used),
    )


def _why_none(table: Table, asked: Table) -> str:
    if not len(table):
        return "no rows; the file has a header only"
    return f"no row of {len(table)} is left; {'each misses a cell that is used' if len(asked) else 'none meets the conditions'}"
