"""The disputes of 1816 to 1899 fitted: eight starts, standard errors and checks, against the R package `games`.

The table is that of the package, in the folder `$STRATAGEM_DATA`; without it, one of the same size is simulated and R is
left out. R runs where it is installed with the package; otherwise its time is the one that was measured before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benches.measure import cpu_seconds
from benches.registry import Effort, Result, case
from stratagem.fit.estimate import Fitted, Request, fit
from stratagem.fit.finding import fit_finding
from stratagem.fit.model import Model
from stratagem.fit.model_file import parse_model
from stratagem.fit.problem import problem
from stratagem.fit.table import Table, load_table

MODEL = Path(__file__).with_name("war1800.yaml").read_text("utf-8")
HIGHEST, AGREED = -286.1237547185, 1e-7
BEFORE = 0.068  # CPU seconds of R's one start, measured on one of two shared cores
BY_R = """
suppressMessages(library(games))
disputes <- read.csv(commandArgs(TRUE)[1])
fit <- function() suppressWarnings(egame12(esc + war ~ s_wt_re1 + revis1 | 0 | regime1 | balanc + regime2,
                                           data = disputes, link = "probit", type = "agent"))
fit()
cat(sapply(1:7, function(i) { time <- system.time(fit()); time["user.self"] + time["sys.self"] }))
"""


def disputes() -> Path | None:
    """The table of disputes, where it is at hand."""
    folder = os.environ.get("STRATAGEM_DATA")
    file = Path(folder or ".") / "war1800.csv"
    return file if folder and file.exists() else None


def simulated(rows: int = 282) -> Table:
    """A table of the same columns in which balances and regimes matter."""
    generator = np.random.default_rng(1)
    columns: dict[str, np.ndarray] = {name: generator.random(rows) for name in ("s_wt_re1", "balanc")}
    columns["revis1"] = generator.integers(0, 2, rows).astype(float)
    for name in ("regime1", "regime2"):
        columns[name] = generator.choice(["autoc", "dem", "mixed"], rows).astype(object)
    fights = 0.5 + columns["balanc"] - (columns["regime2"] == "dem") + generator.normal(size=rows) > 0
    goes = 0.6 - columns["s_wt_re1"] - 0.5 * (columns["regime1"] == "dem") + generator.normal(size=rows) > 0
    columns |= {"esc": goes.astype(float), "war": (goes & fights).astype(float)}
    return Table("simulated", columns, np.arange(2, rows + 2))


def fitted(model: Model, table: Table) -> Fitted:
    """What `stratagem fit` does with a model and a table that were read."""
    found = fit(problem(model, table), Request(starts=8))
    fit_finding(found)
    return found


@case("war1800", "analyse")
def fit_disputes(effort: Effort) -> Iterator[Result]:
    file, model = disputes(), parse_model(MODEL)
    table = simulated() if file is None else load_table(file)
    found = fitted(model, table)
    assert file is None or abs(found.log_likelihood - HIGHEST) < AGREED, found.log_likelihood
    theirs = None if file is None else by_r(file)
    limit = BEFORE if theirs is None else theirs
    target, note = (f"< {limit:g}", "") if file is not None else ("", "simulated: STRATAGEM_DATA has no war1800.csv")
    ours = cpu_seconds(lambda: fitted(model, table), effort)
    yield ours.result("war1800", "analyse", "fit, 8 starts, errors and checks", target, note)
    if theirs is not None:
        yield Result("war1800", "analyse", "the R package games, one start", theirs, "s")


def by_r(file: Path) -> float | None:
    """CPU seconds of a fit by the R package `games`; None where R or the package is missing."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", BY_R, str(file)], capture_output=True, text=True, check=False)
    return float(np.median([float(one) for one in done.stdout.split()])) if done.returncode == 0 else None
