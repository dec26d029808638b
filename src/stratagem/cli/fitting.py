"""The verb `fit`: a model file and a table in, estimates and what was asked of them out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from stratagem.cli.fitting_bayes import drawing_options
from stratagem.cli.output import (
    OutputFile,
    json_option,
    picture_option,
    refuse,
    report_option,
    seed_option,
    show_finding,
)
from stratagem.cli.program import main

if TYPE_CHECKING:
    from stratagem.analyse.finding import Finding, Table
    from stratagem.fit.estimate import Fitted, Request
    from stratagem.fit.posterior import BayesRequest, Posterior
    from stratagem.fit.problem import Problem

Stages = Callable[[str], Callable[[int, int], None] | None]  # what shows how far each stage is
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
@seed_option("Same seed, same answer.")
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
    "--order",
    metavar="COLUMN",
    help="With folds: forecast later rows from earlier ones by this column, such as a year.",
)
@click.option("--where", multiple=True, metavar="CONDITION", help="Only rows such as `year >= 1850`; repeatable.")
@click.option("--test", metavar="CONDITION", help="Hold these rows back and score the forecasts of them.")
@click.option(
    "--cross-validate",
    is_flag=True,
    help="Score forecasts of each fold of the rows fitted from the others: by --order, by cluster, or by row.",
)
@click.option(
    "--predict", "new", type=click.Path(dir_okay=False), metavar="NEW.csv", help="Probabilities for new rows."
)
@click.option(
    "--vary", multiple=True, metavar="COLUMN[=LOW:HIGH[:COUNT]]", help="How chances move with a column; repeatable."
)
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
    type=OutputFile(),
    metavar="FILE",
    help="Write the estimates as quantities of a scenario.",
)
@click.option(
    "--csv",
    "csv_file",
    type=OutputFile(),
    help="Also write the last table (predictions, or coefficients) as CSV.",
)
@picture_option("the first --vary, or the coefficients,")
@report_option
@json_option
@click.option("--quiet", is_flag=True, help="No progress on standard error.")
def fit(
    is_json: bool, quiet: bool, csv_file: str | None, svg_file: str | None, report_file: str | None, **options: Any
) -> None:
    """Fit the payoffs of a game of your own to data (docs/fitting.md).

    MODEL is a short file: players, tree, payoffs as formulas in columns, where the moves are recorded. DATA is a CSV file.
    """
    if report_file is not None or svg_file is not None:
        from stratagem.show.html import check_packages

        check_packages()
    found = _found(_progress(quiet), **options)
    if csv_file is not None:
        from stratagem.show.files import write_atomically

        write_atomically(csv_file, _csv(_main_table(found)))
    if report_file is not None:
        from stratagem.show.finding_page import write_finding_page

        write_finding_page(found, report_file)
    if svg_file is not None:
        from stratagem.show.fit_charts import write_fit_picture

        write_fit_picture(found, svg_file)
    show_finding(found, is_json)


def _progress(quiet: bool) -> Stages:
    """What shows how far a stage is: a line on standard error that overwrites itself, where a person looks at it."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None

    def of(stage: str) -> Callable[[int, int], None]:
        def show(done: int, total: int) -> None:
            click.echo(f"\r{stage}: {done} of {total}", nl=done >= total, err=True)

        return show

    return of


def _fit_to(
    one: Problem, request: Request, to_draw: BayesRequest | None, progress: Stages, of: str = ""
) -> Fitted | Posterior:
    """A model fitted by maximum likelihood, or its posterior drawn."""
    if to_draw is None:
        from stratagem.fit.estimate import fit as climb

        return climb(one, request, progress("fitting" + of))
    from stratagem.fit.posterior import sample

    return sample(one, to_draw, progress("drawing" + of))


def _found(
    progress: Stages, model: str, data: str, starts: int, seed: int, errors: str,
    cluster: str | None, samples: int, penalty: str | None, strength: float, choose_within: bool, order: str | None,
    cross_validate: bool, where: tuple[str, ...], test: str | None, new: str | None, vary: tuple[str, ...], other: str | None, quantities: str | None,
    arviz: str | None, **drawing: Any,
) -> Finding:  # fmt: skip
    from dataclasses import replace

    from stratagem.cli.fitting_bayes import drawing_request, drawn_finding
    from stratagem.errors import UsageError
    from stratagem.fit import outside
    from stratagem.fit.compare import compare
    from stratagem.fit.estimate import Fitted, Request
    from stratagem.fit.finding import fit_finding
    from stratagem.fit.model_file import load_model
    from stratagem.fit.predict import predictions, statics
    from stratagem.fit.problem import problem
    from stratagem.fit.table import load_table, rows_where
    from stratagem.fit.within import choose_strength

    to_draw = drawing_request(seed=seed, arviz=arviz, **drawing)
    _refuse_idle(errors, penalty, choose_within, cross_validate, test)
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
    chosen = None
    if choose_within and penalty is not None:
        chosen = choose_strength(inside, penalty, request, order, progress("choosing the penalty"))
        request = replace(request, penalty=(penalty, chosen.strength))
        further.append(chosen.table())
    fitted, against = _fit_to(inside, request, to_draw, progress), None
    held_back = (
        [] if test is None else [outside.score_outside(stated, table, test, request, where, fitted, order, chosen)]
    )
    if cross_validate:
        held_back.append(outside.cross_validate(inside, request, order, choose_within, progress("cross-validation")))
    further += [one for tables, _ in held_back for one in tables]
    said += [sentence for _, sentence in held_back]
    further += [statics(fitted, one, seed) for one in vary]
    if rival is not None:
        used = sorted({one for term in stated.terms for one in term.columns})
        rivals = problem(replace(rival, cluster=stated.cluster), inside.table, (), [*keep, *used])
        against = _fit_to(rivals, request, to_draw, progress, " the other model")
    if isinstance(fitted, Fitted) and isinstance(against, Fitted):
        further.append(compare(fitted, against))
    if new is not None:
        further.append(predictions(fitted, load_table(new)))
    if quantities is not None:
        said.append(_write_quantities(fitted, quantities))
    if isinstance(fitted, Fitted):
        return fit_finding(fitted, tuple(further), tuple(said))
    return drawn_finding(fitted, None if isinstance(against, Fitted) else against, arviz, further, said)


def _refuse_idle(errors: str, penalty: str | None, choose_within: bool, cross_validate: bool, test: str | None) -> None:
    """Raise `UsageError` for options that change nothing beside the others."""
    is_in_folds = cross_validate or choose_within
    if errors != "bootstrap":
        refuse({"samples"}, "of the bootstrap; give `--errors bootstrap` too, or leave it out")
    if penalty is None:
        refuse({"strength", "choose_within"}, "of a penalty; give `--penalty ridge` or `log-f` too, or leave it out")
    if choose_within:
        refuse({"strength"}, "it is chosen by `--choose-within`; leave out one of them")
    if not is_in_folds and (test is None or penalty is None):
        refuse({"order"}, "of folds; give `--cross-validate` or `--choose-within` too, or leave it out")
    if not is_in_folds and test is None and errors not in ("clustered", "bootstrap"):
        refuse(
            {"cluster"},
            "nothing goes by clusters; give `--errors clustered` or `bootstrap`, `--cross-validate` or `--test` too, or leave it out",
        )


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
