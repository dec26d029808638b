"""What the command line does with game files."""

from __future__ import annotations

import sys
from collections.abc import Set as AbstractSet

import click
from click.core import ParameterSource

from stratagem.catalogue import GAME_SUFFIX
from stratagem.cli.output import console
from stratagem.errors import EXIT_SOME_FAILED, UsageError


def is_game(file: str) -> bool:
    """Whether a name is that of a game file."""
    return file.lower().endswith(GAME_SUFFIX)


def solve_game(file: str, precision: str | None, response: str, is_json: bool) -> None:
    """Solve a game file and print what each player does at each information set."""
    refuse_options("a game file", _given() - {"precision", "response", "is_json", "quiet"})
    from stratagem.api import solve_game_file
    from stratagem.show.games import game_json, show_game

    answer = solve_game_file(file, "best" if precision is None else precision, response)
    if is_json:
        click.echo(game_json(answer))
    else:
        show_game(console(), answer)
    if not answer.is_found:
        sys.exit(EXIT_SOME_FAILED)


def _given() -> set[str]:
    """The options that stand on the command line."""
    context = click.get_current_context()
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return given - {"scenario"}


def refuse_options(subject: str, names: AbstractSet[str]) -> None:
    """Raise `UsageError` for options that say nothing about what is solved."""
    if unfit := sorted(_given() & names):
        flags = {one.name: one.opts[-1] for one in click.get_current_context().command.params}
        raise UsageError(f"{', '.join(flags[name] for name in unfit)}: not for {subject}; leave it out")
