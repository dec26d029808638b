"""The program that verbs belong to: faults become messages and exit codes."""

from __future__ import annotations

import gc
import io
import os
import sys
from typing import Any

import click

from stratagem.errors import EXIT_FAULT, EXIT_INTERNAL, EXIT_INTERRUPTED, StratagemError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Group(click.Group):
    """Turns faults into messages and exit codes; a traceback only for our own mistakes, with how to report them."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        gc.set_threshold(
            100_000
        )  # many small objects live on and few form cycles: looking often costs a tenth of a cold start
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that lacks a character shows `?` for it
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
        except MemoryError:
            click.echo("out of memory; use fewer `--worlds`", err=True)
            sys.exit(EXIT_FAULT)
        except Exception:
            import traceback

            click.echo(
                f"{traceback.format_exc()}\nThis is a mistake in stratagem, not in your file; please report it with the lines above.",
                err=True,
            )
            sys.exit(EXIT_INTERNAL)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; a reader that left early, as `head` does, is no mistake (click itself would exit as for one)."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_INTERRUPTED)


@click.group(cls=_Group, context_settings=CONTEXT)
@click.version_option(package_name="stratagem", message="%(prog)s %(version)s")
def main() -> None:
    """What would shift a leader's calculus?

    Write a crisis as a short text file; check it, solve it in thousands of worlds, and see what each player will do and
    on which sentence of which source the answer rests.

    Start with `stratagem list`, then `stratagem solve NAME`.

    Long work is spread over the cores, up to eight; STRATAGEM_PROCESSES=1 keeps it to one.
    """
