"""What the command line does with game files."""

from __future__ import annotations

import sys

import click

from stratagem.cli.output import console, given, refuse
from stratagem.errors import EXIT_SOME_FAILED


def is_game(file: str) -> bool:
    """Whether a name is that of a game file."""
    from stratagem.catalogue import GAME_SUFFIX

    return file.lower().endswith(GAME_SUFFIX)


def refuse_all_but(*names: str) -> None:
    """Raise `UsageError` for options that say nothing of a game file."""
    refuse(given() - {"scenario", *names}, "not for a game file; leave it out")


def solve_game(file: str, precision: str | None, response: str, is_json: bool) -> None:
    """Solve a game file and print what each player does at each information set."""
    refuse_all_but("precision", "response", "is_json", "quiet")
    from stratagem.api import solve_game_file
    from stratagem.show.games import game_json, show_game

    answer = solve_game_file(file, "best" if precision is None else precision, response)
    if is_json:
        click.echo(game_json(answer))
    else:
        show_game(console(), answer)
    if not answer.is_found:
        sys.exit(EXIT_SOME_FAILED)
