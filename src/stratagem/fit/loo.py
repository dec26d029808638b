"""How well a Bayesian fit would forecast a row that it had not seen: leave-one-out by Pareto-smoothed importance sampling.

Vehtari, Gelman and Gabry 2017, Statistics and Computing 27:1413-1432. Takes posteriors; gives pointwise expected log
predictive densities and the shape k of each row's weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from stratagem.analyse.finding import Column, Table
from stratagem.analyse.pareto import Smoothed, smooth
from stratagem.fit.compare import check_same_response
from stratagem.fit.jet import Floats
from stratagem.fit.posterior import Posterior

DEAR = 4.0  # a difference in elpd below this is small (Sivula, Magnusson, Matamoros and Vehtari 2020)


@dataclass(frozen=True)
class Loo:
    """Leave-one-out of every row: elpd [N], log-likelihood averaged over the posterior [N], Pareto k [N]."""

    pointwise: Floats
    seen: Floats
    shapes: Floats
    limit: float  # the k up to which so many draws do

    @property
    def elpd(self) -> float:
        """The expected log predictive density of all rows."""
        return float(self.pointwise.sum())

    @property
    def error(self) -> float:
        """Its standard error over rows."""
        return math.sqrt(len(self.pointwise)) * float(self.pointwise.std())

    @property
    def num_effective(self) -> float:
        """The effective number of coefficients."""
        return float((self.seen - self.pointwise).sum())

    @property
    def num_bad(self) -> int:
        """Rows whose weights rest on too few draws."""
        return int((self.shapes > self.limit).sum())


def leave_one_out(posterior: Posterior) -> Loo:
    """PSIS-LOO by the rows of the table; a row that tallies several events is left out as a whole."""
    count = posterior.problem.num_rows
    elpd, seen, shapes = np.empty(count), np.empty(count), np.empty(count)
    for rows, logs in posterior.log_likelihoods():
        seen[rows] = logsumexp(logs, axis=0) - math.log(len(logs))
        for at, one in zip(range(rows.start, rows.stop), logs.T, strict=True):
            found = smooth(np.exp(one.min() - one))
            with np.errstate(divide="ignore"):
                weight = np.log(found.ratios)
            elpd[at] = logsumexp(weight + one) - logsumexp(weight)
            shapes[at] = found.shape
    return Loo(elpd, seen, shapes, Smoothed(np.ones(len(posterior.draws)), 0.0).limit)


def loo_table(loo: Loo) -> Table:
    """The score and the diagnostics of a leave-one-out."""
    columns = (Column("measure", "measure"), Column("value", "value", "amount"), Column("error", "std error", "size"))
    rows = (
        ("elpd (higher is better)", loo.elpd, loo.error),
        ("effective coefficients", loo.num_effective, None),
        (f"rows with k over {loo.limit:.2f}", float(loo.num_bad), None),
        ("largest k", _finite(float(loo.shapes.max())), None),
    )
    return Table("loo", "Leave-one-out (PSIS-LOO)", columns, rows, f"of {len(loo.pointwise):,} rows")


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def compare_loo(first: Posterior, second: Posterior, loo: Loo, other: Loo) -> tuple[Table, str]:
    """Two models of the same response by leave-one-out, and what it says. Raises `UsageError` where rows or responses differ."""
    check_same_response(first.problem, second.problem)
    gaps = loo.pointwise - other.pointwise
    gap, error = float(gaps.sum()), math.sqrt(len(gaps)) * float(gaps.std())
    files = first.problem.model.file, second.problem.model.file
    columns = (
        Column("model", "model"), Column("elpd", "elpd", "amount"), Column("error", "std error", "size"),
        Column("effective", "effective coef.", "size"), Column("bad", "k too high", "count"),
        Column("difference", "elpd less", "amount"), Column("difference_error", "std error", "size"),
    )  # fmt: skip
    rows = (
        (files[0], loo.elpd, loo.error, loo.num_effective, loo.num_bad, 0.0, 0.0),
        (files[1], other.elpd, other.error, other.num_effective, other.num_bad, -gap, error),
    )
    ahead = files[0] if gap > 0 else files[1]
    if abs(gap) < DEAR or abs(gap) < 2 * error:
        said = f"Leave-one-out cannot tell {files[0]} from {files[1]}: elpd differs by {gap:+.2f}, standard error {error:.2f}."
    else:
        said = f"Leave-one-out favours {ahead}: elpd higher by {abs(gap):.2f}, standard error {error:.2f}."
    if loo.num_bad or other.num_bad:
        said += f" Pareto k is too high in {loo.num_bad} and {other.num_bad} rows: do not rest on it."
    note = "elpd: expected log predictive density of rows left out; higher is better; less: against the first model"
    return Table("comparison", f"Compared with {files[1]} by leave-one-out", columns, rows, note), said
