"""Verbs that answer for a whole scenario: solve it, report on it."""

from __future__ import annotations

import sys
from typing import Any

import click

from stratagem.cli.games import is_game, solve_game
from stratagem.cli.output import (
    OutputFile,
    console,
    history_option,
    known_option,
    links_option,
    perceptions_option,
    progress_bar,
    refuse,
    scenario_argument,
    seed_option,
    seen_moves,
    worlds_option,
)
from stratagem.cli.program import main
from stratagem.errors import EXIT_SOME_FAILED


@main.command()
@scenario_argument
@worlds_option(10_000_000)
@seed_option()
@click.option("--precision", metavar="X|best", help="Override every player's precision (1/payoff), or `best` reply.")
@click.option("--do", "do", multiple=True, metavar="MOVE=ACTION", help="Force a move, or set a quantity; repeatable.")
@click.option(
    "--announced", is_flag=True, help="The forced moves are known from the start (otherwise they are a surprise)."
)
@click.option(
    "--as-if-chosen", is_flag=True, help="Those who see a forced move infer from it as if it had been chosen."
)
@history_option
@perceptions_option
@links_option
@click.option(
    "--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all; the answer lists them."
)
@click.option(
    "--decisions",
    type=click.IntRange(1, 100_000),
    default=200,
    show_default=True,
    help="States whose range over worlds is kept.",
)
@click.option(
    "--max-nodes", type=click.IntRange(1, 5_000_000), default=200_000, show_default=True, help="Cap on merged states."
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "numpy", "jax"]),
    default="auto",
    show_default=True,
    help="What sweeps the game.",
)
@click.option(
    "--response",
    type=click.Choice(["logit", "probit"]),
    default="logit",
    show_default=True,
    help="How errors are drawn: extreme values, or normal ones.",
)
@click.option(
    "--search",
    type=click.IntRange(0, 10_000_000),
    default=8,
    show_default=True,
    help="Worlds in which further equilibria are searched for, and the central one; 0: none.",
)
@click.option("--states", is_flag=True, help="Show decisions state by state.")
@click.option("--csv", "csv_file", type=OutputFile(), help="Also write the tables as CSV to this file.")
@click.option("--svg", "svg_file", type=OutputFile(), help="Also draw the key judgements as SVG to this file.")
@click.option("--json", "is_json", is_flag=True, help="Print the answer as JSON (docs/json.md).")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def solve(
    scenario: str,
    history: tuple[str, ...],
    no_perceptions: bool,
    response: str,
    states: bool,
    csv_file: str | None,
    svg_file: str | None,
    is_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Solve a scenario, or a game in a .efg file, and say what each player will do."""
    if is_game(scenario):
        solve_game(scenario, options["precision"], response, is_json)
        return
    if not options["do"]:
        refuse({"announced", "as_if_chosen"}, "no move is forced; give `--do` too, or leave it out")
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load

    case = load(scenario)
    with progress_bar("solving worlds", not quiet) as progress:
        answer = solve_scenario(
            case,
            history=seen_moves(history),
            perceptions=not no_perceptions,
            response=response,
            progress=progress,
            **options,
        )
    if is_json:
        from stratagem.show.as_json import forecast_json

        click.echo(forecast_json(answer))
    else:
        from stratagem.show.terminal import show_forecast

        show_forecast(console(), answer, states)
    if svg_file is not None:
        from stratagem.show.picture import write_picture

        write_picture(answer, svg_file)
    if csv_file is not None:
        from stratagem.show.as_csv import write_forecast

        write_forecast(answer, csv_file)
    if answer.num_failed:
        sys.exit(EXIT_SOME_FAILED)


@main.command()
@scenario_argument
@click.option("-o", "--output", required=True, type=OutputFile(), help="The HTML file to write.")
@click.option(
    "--decision", metavar="MOVE", help="The main decision; by default the first player's with most options still open."
)
@click.option(
    "--do", "event", metavar="MOVE=ACTION", help="The event whose effect on it is shown; by default what moves it most."
)
@worlds_option()
@seed_option()
@perceptions_option
@links_option
@known_option
@click.option("--quiet", is_flag=True, help="No progress, no closing line.")
def report(
    scenario: str,
    output: str,
    decision: str | None,
    event: str | None,
    no_perceptions: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Write all that can be said of a scenario as one HTML file, with pictures and sources, that needs nothing else."""
    from stratagem.analyse.briefing import brief
    from stratagem.analyse.study import Study
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load
    from stratagem.show.html import check_packages
    from stratagem.show.report import write_report

    check_packages()
    case = load(scenario)
    study = Study(case, perceptions=not no_perceptions, **options)
    with progress_bar("solving worlds", not quiet) as progress:
        answer = solve_scenario(case, perceptions=not no_perceptions, progress=progress, game=study.game, **options)
    with progress_bar("what would change it", not quiet) as progress:
        briefing = brief(study, answer, decision, event, progress=progress)
    write_report(briefing, output)
    if not quiet:
        click.echo(f"{output}: written", err=True)
    if answer.num_failed:
        sys.exit(EXIT_SOME_FAILED)
