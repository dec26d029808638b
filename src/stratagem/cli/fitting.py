"""The verb `fit`: a model file and a table in, estimates and what was asked of them out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from stratagem.cli.fitting_bayes import drawing_options
from stratagem.cli.program import main

if TYPE_CHECKING:
    from stratagem.analyse.finding import Finding, Table
    from stratagem.fit.estimate import Fitted
    from stratagem.fit.posterior import Posterior
    from stratagem.fit.problem import Problem

PENALTIES = ("ridge", "log-f")


@main.command()
@click.argument("model", type=click.Path(dir_okay=False))
@click.argument("data", type=click.Path(dir_okay=False))
@click.option(
    "--starts",
    type=click.IntRange(1, 1000),
    default=8,
    show_default=True,
    help="Where the climb begins; more are drawn while the best maximum was found once.",
)
@drawing_options
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same answer.")
@click.option(
    "--errors",
    type=click.Choice(["observed", "robust", "clustered", "bootstrap"]),
    default="observed",
    show_default=True,
    help="Standard errors; clusters are those of the model's `cluster:` or of --cluster.",
)
@click.option("--cluster", metavar="COLUMN", help="Rows with the same cell belong together.")
@click.option("--samples", type=click.IntRange(20, 100_000), default=500, show_default=True, help="Of the bootstrap.")
@click.option("--penalty", type=click.Choice(PENALTIES), help="Pull coefficients towards zero.")
@click.option(
    "--strength", type=click.FloatRange(0, 1e6, min_open=True), default=1.0, show_default=True, help="Of the penalty."
)
@click.option("--choose-within", is_flag=True, help="Choose the strength by cross-validation within the rows fitted.")
@click.option(
    "--order", metavar="COLUMN", help="With --choose-within: forecast later rows from earlier ones by this column."
)
@click.option("--where", multiple=True, metavar="CONDITION", help="Only rows such as `year >= 1850`; repeatable.")
@click.option("--test", metavar="CONDITION", help="Hold these rows back and score the forecasts of them.")
@click.option(
    "--predict", "new", type=click.Path(dir_okay=False), metavar="NEW.csv", help="Probabilities for new rows."
)
@click.option("--vary", multiple=True, metavar="COLUMN[=LOW:HIGH]", help="How chances move with a column; repeatable.")
@click.option(
    "--compare",
    "other",
    type=click.Path(dir_okay=False),
    metavar="MODEL",
    help="Vuong's and Clarke's tests against another model; with --bayes leave-one-out.",
)
@click.option(
    "--as-quantities",
    "quantities",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the estimates as quantities of a scenario.",
)
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False),
    help="Also write the last table (predictions, or coefficients) as CSV.",
)
@click.option("--json", "is_json", is_flag=True, help="Print as JSON (docs/json.md).")
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def fit(is_json: bool, quiet: bool, csv_file: str | None, **options: Any) -> None:
    """Fit the payoffs of a game of your own to data (docs/fitting.md).

    MODEL is a short file: players, tree, payoffs as formulas in columns, where the moves are recorded. DATA is a CSV file.
    """
    found = _found(_progress(quiet), **options)
    if csv_file is not None:
        from stratagem.show.files import write_atomically

        write_atomically(csv_file, _csv(_main_table(found)))
    if is_json:
        from stratagem.show.findings import finding_json

        click.echo(finding_json(found))
    else:
        from rich.console import Console

        from stratagem.show.findings import render_finding

        width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
        Console(highlight=False, markup=False, width=width).print(render_finding(found))


def _progress(quiet: bool) -> Callable[[str], Callable[[int, int], None] | None]:
    """What shows how far a stage is: a line on standard error that overwrites itself, where a person looks at it."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None

    def of(stage: str) -> Callable[[int, int], None]:
        def show(done: int, total: int) -> None:
            click.echo(f"\r{stage}: {done} of {total}", nl=done >= total, err=True)

        return show

    return of


def _found(
    progress: Callable[[str], Callable[[int, int], None] | None], model: str, data: str, starts: int, seed: int, errors: str,
    cluster: str | None, samples: int, penalty: str | None, strength: float, choose_within: bool, order: str | None,
    where: tuple[str, ...], test: str | None, new: str | None, vary: tuple[str, ...], other: str | None, quantities: str | None,
    arviz: str | None, **drawing: Any,
) -> Finding:  # fmt: skip
    from dataclasses import replace

    from stratagem.cli.fitting_bayes import drawing_request, drawn_finding
    from stratagem.errors import UsageError
    from stratagem.fit.compare import compare
    from stratagem.fit.estimate import Fitted, Request
    from stratagem.fit.estimate import fit as fit_problem
    from stratagem.fit.finding import fit_finding
    from stratagem.fit.model_file import load_model
    from stratagem.fit.outside import choose_strength, score_outside
    from stratagem.fit.predict import predictions, statics
    from stratagem.fit.problem import problem
    from stratagem.fit.table import load_table, rows_where

    to_draw = drawing_request(seed=seed, arviz=arviz, **drawing)
    if choose_within and penalty is None:
        raise UsageError("--choose-within chooses the strength of a penalty; give --penalty ridge or log-f")
    stated, table = load_model(model), load_table(data)
    stated = replace(stated, cluster=cluster or stated.cluster)
    if errors == "clustered" and stated.cluster is None:
        raise UsageError("--errors clustered needs --cluster COLUMN, or `cluster:` in the model file")
    rival = None if other is None else load_model(other)
    keep = [one for one in (stated.cluster, order) if one is not None]
    keep += [] if rival is None else sorted({one for term in rival.terms for one in term.columns})
    request = Request(starts, seed, errors, samples, None if penalty is None else (penalty, strength))  # type: ignore[arg-type]
    kept = table if test is None else table.rows(~rows_where(table, [test]))
    inside = problem(stated, kept, where, keep)
    further: list[Table] = []
    said: list[str] = []
    if choose_within and penalty is not None:
        chosen, strengths = choose_strength(inside, penalty, request, order, progress("choosing the penalty"))
        request = replace(request, penalty=(penalty, chosen))
        further.append(strengths)

    def fit_to(one: Problem, of: str = "") -> Fitted | Posterior:
        if to_draw is None:
            return fit_problem(one, request, progress("fitting" + of))
        from stratagem.fit.posterior import sample

        return sample(one, to_draw, progress("drawing" + of))

    fitted, against = fit_to(inside), None
    if test is not None:
        scores, sentence = score_outside(stated, table, test, request, where, fitted, order)
        further.append(scores)
        said.append(sentence)
    further += [statics(fitted, one, seed) for one in vary]
    if rival is not None:
        used = sorted({one for term in stated.terms for one in term.columns})
        against = fit_to(
            problem(replace(rival, cluster=stated.cluster), inside.table, (), [*keep, *used]), " the other model"
        )
    if isinstance(fitted, Fitted) and isinstance(against, Fitted):
        further.append(compare(fitted, against))
    if new is not None:
        further.append(predictions(fitted, load_table(new)))
    if quantities is not None:
        said.append(_write_quantities(fitted, quantities))
    if isinstance(fitted, Fitted):
        return fit_finding(fitted, tuple(further), tuple(said))
    return drawn_finding(fitted, None if isinstance(against, Fitted) else against, arviz, further, said)


def _write_quantities(fitted: Fitted | Posterior, file: str) -> str:
    from stratagem.fit.as_quantities import quantities_text
    from stratagem.show.files import write_atomically

    write_atomically(file, quantities_text(fitted))
    return f"{file}: the estimates as quantities of a scenario."


def _main_table(found: Finding) -> Table:
    """The predictions where they were asked for, else the coefficients."""
    return next((one for one in found.tables if one.name == "predictions"), found.tables[0])


def _csv(table: Table) -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows(["" if cell is None else cell for cell in row] for row in table.rows)
    return stream.getvalue()
