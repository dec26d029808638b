"""The command line: verbs in, answers out. The one place that knows all stages; each is imported when it is needed.

Standard output is the answer, standard error the progress and the faults.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from stratagem.errors import EXIT_FAULT, EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_SOME_FAILED, StratagemError

if TYPE_CHECKING:
    from rich.console import Console

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Group(click.Group):
    """Turns faults into messages and exit codes; a traceback only for our own mistakes, with how to report them."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.ClickException as error:
            error.show()
            sys.exit(EXIT_FAULT)
        except StratagemError as error:
            click.echo(str(error), err=True)
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("interrupted", err=True)
            sys.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_INTERRUPTED)
        except MemoryError:
            click.echo("out of memory; use fewer `--worlds`", err=True)
            sys.exit(EXIT_FAULT)
        except Exception:
            import traceback

            click.echo(f"{traceback.format_exc()}\nThis is a mistake in stratagem, not in your file; please report it with the lines above.", err=True)
            sys.exit(EXIT_INTERNAL)


@click.group(cls=_Group, context_settings=CONTEXT)
@click.version_option(package_name="stratagem", message="%(prog)s %(version)s")
def main() -> None:
    """What would shift a leader's calculus?

    Write a crisis as a short text file; check it, solve it in thousands of worlds, and see what each player will do and
    on which sentence of which source the answer rests.

    Start with `stratagem list`, then `stratagem solve NAME`.
    """


def _scenario_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("scenario", metavar="FILE_OR_NAME")(function)


def _console(error: bool = False) -> Console:
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    return Console(stderr=error, highlight=False, markup=False, width=width)


@contextmanager
def _progress(title: str, is_shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where a person looks at it."""
    if not is_shown or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console(error=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@main.command()
@_scenario_argument
@click.option("--json", "is_json", is_flag=True, help="Print the faults as JSON.")
def check(scenario: str, is_json: bool) -> None:
    """Check a scenario: exit 0 if it is sound, 2 with every fault of it."""
    from stratagem.catalogue import load
    from stratagem.errors import ScenarioError

    try:
        case = load(scenario)
        model = case.scenario
    except ScenarioError as error:
        if not is_json:
            raise
        import json

        faults = [{"line": one.line, "column": one.column, "found": one.found, "expected": one.expected, "rule": one.rule} for one in error.faults]
        click.echo(json.dumps({"schema": "stratagem/check/1", "file": error.file, "faults": faults}, ensure_ascii=False, indent=1))
        sys.exit(EXIT_FAULT)
    if is_json:
        import json

        click.echo(json.dumps({"schema": "stratagem/check/1", "file": case.file, "faults": []}))
    else:
        click.echo(f"{case.file}: sound — {model.scenario} ({len(model.players)} players, {len(model.moves)} moves, {sum(1 for _ in model.known_quantities())} quantities)")


@main.command()
@_scenario_argument
@click.option("--worlds", type=click.IntRange(1, 10_000_000), default=10_000, show_default=True, help="How many worlds to draw.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same worlds.")
@click.option("--precision", metavar="X|best", help="Override every player's precision (1/payoff), or `best` reply.")
@click.option("--do", "do", multiple=True, metavar="MOVE=ACTION", help="Force a move, or set a quantity; repeatable.")
@click.option("--announced", is_flag=True, help="The forced moves are known from the start (otherwise they are a surprise).")
@click.option("--history", metavar="MOVE=ACTION,…", help="Moves already seen, instead of the scenario's own.")
@click.option("--no-perceptions", is_flag=True, help="Players read the true numbers.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable.")
@click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all; the answer lists them.")
@click.option("--decisions", type=click.IntRange(1, 100_000), default=200, show_default=True, help="States whose range over worlds is kept.")
@click.option("--max-nodes", type=click.IntRange(1, 5_000_000), default=200_000, show_default=True, help="Cap on merged states.")
@click.option("--states", is_flag=True, help="Show decisions state by state.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False), help="Also write the tables as CSV to this file.")
@click.option("--json", "is_json", is_flag=True, help="Print the answer as JSON (docs/json.md).")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def solve(scenario: str, history: str | None, no_perceptions: bool, states: bool, csv_file: str | None, is_json: bool, quiet: bool, **options: Any) -> None:
    """Solve a scenario and say what each player will do."""
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load

    case = load(scenario)
    seen = None if history is None else [one.strip() for one in history.split(",") if one.strip()]
    with _progress("solving worlds", not quiet) as progress:
        answer = solve_scenario(case, history=seen, perceptions=not no_perceptions, progress=progress, **options)
    if csv_file is not None:
        from stratagem.show.as_csv import write_forecast

        write_forecast(answer, csv_file)
    if is_json:
        from stratagem.show.as_json import forecast_json

        click.echo(forecast_json(answer))
    else:
        from stratagem.show.terminal import show_forecast

        show_forecast(_console(), answer, states)
    if answer.num_failed:
        sys.exit(EXIT_SOME_FAILED)


if __name__ == "__main__":
    main()
