"""What verbs share: the scenario they take, progress, and how answers are printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from stratagem.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from stratagem.analyse.finding import Finding


class OutputFile(click.Path):
    """A file to write, refused before anything is solved where it could not be written."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises `StratagemError`."""
        from stratagem.show.files import check_writable

        path = super().convert(value, param, ctx)
        check_writable(os.fsdecode(path))
        return path


def scenario_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """The scenario that a verb is about."""
    return click.argument("scenario", metavar="FILE_OR_NAME")(function)


history_option = click.option(
    "--history",
    multiple=True,
    metavar="MOVE=ACTION,…",
    help="Moves already seen, instead of the scenario's own; repeatable.",
)


json_option = click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
report_option = click.option(
    "--report",
    "report_file",
    type=OutputFile(),
    metavar="FILE.html",
    help="Also write a page with pictures.",
)
known_option = click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all.")
perceptions_option = click.option("--no-perceptions", is_flag=True, help="Players read the true numbers.")
links_option = click.option(
    "--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable."
)


def worlds_option(most: int = 1_000_000, says: str = "How many worlds to draw.") -> Callable[..., Any]:
    """How many worlds, up to so many."""
    return click.option("--worlds", type=click.IntRange(1, most), default=10_000, show_default=True, help=says)


def seed_option(says: str = "Same seed, same worlds.") -> Callable[..., Any]:
    """The seed."""
    return click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help=says)


def picture_option(what: str) -> Callable[..., Any]:
    """A picture of what is said, beside the text."""
    return click.option("--svg", "svg_file", type=OutputFile(), help=f"Also draw {what} as SVG.")


def given() -> set[str]:
    """The options that stand on the command line."""
    context = click.get_current_context()
    return {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}


def refuse(names: Collection[str], why: str) -> None:
    """Raise `UsageError` for options that stand on the command line and would change nothing."""
    if unfit := given().intersection(names):
        flags = sorted(one.opts[-1] for one in click.get_current_context().command.params if one.name in unfit)
        raise UsageError(f"{', '.join(flags)}: {why}")


def seen_moves(history: tuple[str, ...]) -> tuple[str, ...] | None:
    """The moves of `--history`, in several texts or in one with commas; None where it is not given."""
    return tuple(one.strip() for text in history for one in text.split(",") if one.strip()) if history else None


def say(text: str) -> None:
    """Print a line with what could steer a terminal replaced."""
    click.echo("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text))


def console(error: bool = False) -> Console:
    """Where text goes; a width of its own where nobody looks."""
    from rich.console import Console

    class Page(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # for the program to say; rich would exit as for a mistake of ours

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100
    return Page(stderr=error, highlight=False, markup=False, width=width)


@contextmanager
def progress_bar(title: str, is_shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error, where a person looks at it."""
    if not is_shown or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def show_finding(finding: Finding, is_json: bool) -> None:
    """Print a finding as text or as JSON."""
    from stratagem.show.findings import finding_json, render_finding

    if is_json:
        click.echo(finding_json(finding))
    else:
        console().print(render_finding(finding))


def echo_data(schema: str, view: Any) -> None:
    """Print a view as JSON."""
    from stratagem.show.as_json import dump, plain

    click.echo(dump({"schema": schema, **plain(view)}))
