"""A model and a table to design matrices: which numbers multiply which coefficient, row by row.

Takes a `Model` and a `Table`; gives a `Design` and the rows that it could use. Formulas are read by the library
`formulaic` (extra `fit`), after `formula_text` has let them pass. Knows nothing of how players choose.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stratagem.errors import DataError, UsageError, near, one_of, quote
from stratagem.fit.jet import Floats, Jet
from stratagem.fit.model import Model, Term
from stratagem.fit.table import Table, is_number

CONSTANT = "constant"
MOSTLY = 0.5  # the share of words from which on a column is words
FUNCTIONS = {"sqrt": np.sqrt}  # beside those that formulaic brings


@dataclass(frozen=True)
class Input:
    """A quantity linear in coefficients: `matrix [rows, columns] @ coefficients[index] + fixed`."""

    term: Term
    matrix: Floats
    index: tuple[int, ...]
    of_term: tuple[int, ...]  # the coefficient of each column of the formula, before those that share one are summed
    spec: Any  # what builds the matrix for new rows


@dataclass(frozen=True)
class Design:
    """The inputs of a likelihood and the names of its coefficients."""

    inputs: tuple[Input, ...]
    names: tuple[str, ...]
    is_constant: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.names)

    def jets(self, coefficients: Floats, order: int, rows: slice = slice(None)) -> list[Jet]:
        """The inputs at `coefficients` [starts, names]: a jet each, of values [starts, rows]."""
        return [
            Jet.of_input(coefficients[:, one.index] @ one.matrix[rows].T + one.term.fixed, at, order)
            for at, one in enumerate(self.inputs)
        ]

    def spreads(self) -> Floats:
        """The standard deviation of what each coefficient multiplies (1 for constants), to bring them to one scale."""
        found = np.ones(len(self.names))
        for one in self.inputs:
            for column, at in zip(one.matrix.T, one.index, strict=True):
                if not self.is_constant[at] and column.std() > 0:
                    found[at] = column.std()
        return found

    def rows(self, chosen: Any) -> Design:
        """The same for some of the rows."""
        inputs = tuple(replace(one, matrix=one.matrix[chosen]) for one in self.inputs)
        return Design(inputs, self.names, self.is_constant)

    def on(self, table: Table) -> Design:
        """The same coefficients on new rows. Raises `DataError` for a missing column or cell, or a new level."""
        inputs = tuple(
            replace(one, matrix=_together(_again(one.term, one.spec, table), one.of_term)) for one in self.inputs
        )
        return Design(inputs, self.names, self.is_constant)


def usable_rows(
    model: Model, table: Table, columns: Sequence[str]
) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], dict[str, int]]:
    """Which rows miss none of the columns, and how many cells each column misses."""
    for one in model.terms:
        _check_columns(model, one, table)
    missing = {name: table.is_missing(name) for name in columns}
    usable = np.ones(len(table), bool)
    for lacking in missing.values():
        usable &= ~lacking
    return usable, {name: int(one.sum()) for name, one in missing.items() if one.any()}


def _check_columns(model: Model, term: Term, table: Table) -> None:
    for name in sorted(term.columns):
        if name not in table.columns and term.formula is not None:
            found = f"the column {quote(name)}{near(name, table.columns)}, which {table.file} lacks"
            raise model.fault(
                term.place, found, f"one of {one_of(table.columns)}", "F4", max(0, term.formula.find(name))
            )
        _check_cells(term, name, table)


def _check_cells(term: Term, name: str, table: Table) -> None:
    """A column of numbers with a word among them is no factor, unless the formula says so."""
    column = table.column(name)
    if column.dtype == np.float64 or f"C({name})" in (term.formula or "").replace(" ", ""):
        return
    wrong = [at for at, one in enumerate(column) if one is not None and not is_number(one)]
    if 0 < len(wrong) < MOSTLY * sum(one is not None for one in column):
        raise DataError(
            f"{table.file}:{table.lines[wrong[0]]}: {quote(column[wrong[0]])} in the column {quote(name)}, whose other cells are numbers "
            f"({len(wrong)} such); mend it, or leave it empty where it is missing; for a factor write `C({name})` [F4]"
        )


def design(model: Model, table: Table) -> Design:
    """The design of a model on a table without missing cells. Raises `ScenarioError` where a column tells nothing."""
    names: dict[str, int] = {}
    constants: list[bool] = []
    inputs = []
    for term in _estimated(model):
        matrix, labels, spec = _matrix(model, term, table)
        _check_varies(model, term, matrix, labels)
        unknown = [one for one in term.shared if one not in labels]
        if unknown:
            raise model.fault(
                term.place,
                f"`shared` names the term {quote(unknown[0])}{near(unknown[0], labels)}",
                f"one of {one_of(labels)}",
                "F3",
            )
        index = []
        for label in labels:
            name = term.shared.get(label, f"{term.name}: {label}")
            if name not in names:
                names[name] = len(names)
                constants.append(label == CONSTANT)
            index.append(names[name])
        inputs.append(Input(term, _together(matrix, index), tuple(dict.fromkeys(index)), tuple(index), spec))
    if not names:
        raise UsageError(f"{model.file}: nothing to estimate; give at least one payoff a formula [F3]")
    return Design(tuple(inputs), tuple(names), tuple(constants))


def _estimated(model: Model) -> list[Term]:
    return [one for one in model.terms if one.is_estimated]


def _matrix(model: Model, term: Term, table: Table) -> tuple[Floats, list[str], Any]:
    try:
        from formulaic import Formula
        from formulaic.errors import FormulaicError
    except ImportError:
        raise UsageError("fitting needs the extra `fit`: pip install 'stratagem[fit]'") from None

    if not term.columns:
        return np.ones((len(table), 1)), [CONSTANT], None
    text = (term.formula or "").replace("^", "**")
    try:
        built = Formula(text).get_model_matrix(
            _frame(term, table), na_action="raise", context=FUNCTIONS, output="numpy"
        )
    except (FormulaicError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise model.fault(
            term.place,
            f"the formula {quote(term.formula)} cannot be worked out ({reason})",
            "numbers in functions and products; words stand alone or in `:`",
            "F4",
        ) from None
    matrix = np.asarray(built, float)
    if not np.isfinite(matrix).all():
        raise model.fault(
            term.place,
            f"the formula {quote(term.formula)} is not finite in {int((~np.isfinite(matrix)).any(1).sum())} rows",
            "a formula that every row has a value of",
            "F4",
        )
    return matrix, [_label(one) for one in built.model_spec.column_names], built.model_spec


def _together(matrix: Floats, index: Sequence[int]) -> Floats:
    """Columns that share a coefficient summed."""
    kept = list(dict.fromkeys(index))
    if len(kept) == len(index):
        return matrix
    return np.stack([matrix[:, [at for at, one in enumerate(index) if one == wanted]].sum(1) for wanted in kept], 1)


def _label(name: str) -> str:
    return CONSTANT if name == "Intercept" else name.replace("[T.", "[")


def _frame(term: Term, table: Table) -> Any:
    import pandas

    return pandas.DataFrame({name: table.column(name) for name in sorted(term.columns)})


def _again(term: Term, spec: Any, table: Table) -> Floats:
    """The matrix of a formula on new rows, by the levels and transformations of the first ones."""
    if spec is None:
        return np.ones((len(table), 1))
    for name in sorted(term.columns):
        if table.is_missing(name).any():
            line = table.lines[int(np.argmax(table.is_missing(name)))]
            raise DataError(
                f"{table.file}:{line}: no value in the column {quote(name)}; every row to be predicted needs one"
            )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return np.asarray(spec.get_model_matrix(_frame(term, table), context=FUNCTIONS), float)
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(
            f"{table.file}: {quote(term.formula)} cannot be worked out there ({reason}); use the levels that the model was fitted on"
        ) from None


def _check_varies(model: Model, term: Term, matrix: Floats, labels: Sequence[str]) -> None:
    for label, column in zip(labels, matrix.T, strict=True):
        if label != CONSTANT and len(column) > 1 and np.ptp(column) == 0:
            found = f"{quote(label)}, which is {column[0]:g} in all {len(column)} rows"
            raise model.fault(term.place, found, "leave it out: it cannot be told from a constant (`1`)", "F4")
