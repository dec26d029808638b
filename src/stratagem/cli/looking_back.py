"""Verbs that look back: what the moves reveal, and how good forecasts were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stratagem.cli.analyses import study_of, study_options
from stratagem.cli.output import (
    json_option,
    picture_option,
    refuse,
    report_option,
    scenario_argument,
    seed_option,
    show_finding,
    worlds_option,
)
from stratagem.cli.program import main

if TYPE_CHECKING:
    from stratagem.analyse.finding import Finding


@main.command()
@scenario_argument
@click.option(
    "--sampler",
    type=click.Choice(["auto", "weights", "nuts"]),
    default="auto",
    show_default=True,
    help="How worlds after the history are got.",
)
@click.option(
    "--draws",
    type=click.IntRange(10, 100_000),
    help="Draws a chain of `nuts`, as many again to warm up [default: 500 of 4 chains, 150 of 16 where something is hidden].",
)
@picture_option("before and after")
@study_options
def infer(
    scenario: str,
    sampler: str,
    draws: int | None,
    svg_file: str | None,
    is_json: bool,
    **options: Any,
) -> None:
    """Say what the moves already made reveal of every uncertain number, and how far the forecast moves."""
    from stratagem.analyse.infer import infer as infer_from

    finding = infer_from(study_of(scenario, **options), sampler, draws)
    show_finding(finding, is_json)
    if svg_file is not None:
        from stratagem.show.before_after import write_before_after

        write_before_after(finding, svg_file)


@main.command()
@scenario_argument
@study_options
def watch(scenario: str, is_json: bool, **options: Any) -> None:
    """List the moves and outcomes ahead that would tell most of each question and each hidden fact."""
    from stratagem.analyse.watch import watch as look_ahead

    show_finding(look_ahead(study_of(scenario, **options)), is_json)


@main.command()
@click.argument("subject", metavar="TABLE.csv|FILE_OR_NAME")
@click.option("--features", default="", metavar="COLUMN,…", help="Columns for a multinomial logit to compare with.")
@worlds_option(says="Of a scenario.")
@seed_option("Same seed, same answer.")
@picture_option("the reliability diagram")
@report_option
@json_option
def score(
    subject: str, features: str, worlds: int, seed: int, svg_file: str | None, report_file: str | None, is_json: bool
) -> None:
    """Score forecasts: a table (CSV) of probabilities and outcomes, or a scenario's resolved questions."""
    if report_file is not None:
        from stratagem.show.html import check_packages

        check_packages()
    finding = _scored(subject, [one.strip() for one in features.split(",") if one.strip()], worlds, seed)
    show_finding(finding, is_json)
    if report_file is not None:
        from stratagem.show.finding_page import write_finding_page

        write_finding_page(finding, report_file)
    if svg_file is not None:
        from stratagem.show.reliability import write_reliability

        write_reliability(finding, svg_file)


def _scored(subject: str, features: list[str], worlds: int, seed: int) -> Finding:
    from stratagem.analyse.score import resolved
    from stratagem.analyse.score import score as score_table
    from stratagem.analyse.score_table import read_forecasts

    if subject.lower().endswith(".csv"):
        refuse({"worlds"}, "a table has none; leave it out")
        return score_table(f"Scores of {subject}", read_forecasts(subject, features), seed)
    refuse({"features"}, "columns of a table; a scenario has none: leave it out")
    from stratagem.api import solve

    answer = solve(subject, worlds=worlds, seed=seed)
    return score_table(f"{answer.title}: scores of its resolved questions", resolved(answer), seed, answer.manifest)
