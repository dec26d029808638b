"""The command line: verbs in, answers out. The one place that knows all stages; each is imported when it is needed.

Standard output is the answer, standard error the progress and the faults.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from stratagem.errors import EXIT_FAULT, EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_SOME_FAILED, StratagemError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

GAME_SUFFIX = ".efg"
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


def _say(text: str) -> None:
    """Print a line with what could steer a terminal replaced."""
    click.echo("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text))


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

        faults = [
            {"line": one.line, "column": one.column, "found": one.found, "expected": one.expected, "rule": one.rule}
            for one in error.faults
        ]
        click.echo(
            json.dumps(
                {"schema": "stratagem/check/1", "file": error.file, "faults": faults}, ensure_ascii=False, indent=1
            )
        )
        sys.exit(EXIT_FAULT)
    if is_json:
        import json

        click.echo(json.dumps({"schema": "stratagem/check/1", "file": case.file, "faults": []}))
    else:
        _say(
            f"{case.file}: sound — {model.scenario} ({len(model.players)} players, {len(model.moves)} moves, {sum(1 for _ in model.known_quantities())} quantities)"
        )


@main.command()
@_scenario_argument
@click.option(
    "--worlds", type=click.IntRange(1, 10_000_000), default=10_000, show_default=True, help="How many worlds to draw."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same worlds.")
@click.option("--precision", metavar="X|best", help="Override every player's precision (1/payoff), or `best` reply.")
@click.option("--do", "do", multiple=True, metavar="MOVE=ACTION", help="Force a move, or set a quantity; repeatable.")
@click.option(
    "--announced", is_flag=True, help="The forced moves are known from the start (otherwise they are a surprise)."
)
@click.option("--history", metavar="MOVE=ACTION,…", help="Moves already seen, instead of the scenario's own.")
@click.option("--no-perceptions", is_flag=True, help="Players read the true numbers.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable.")
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
    help="How errors are drawn, in a game file.",
)
@click.option("--states", is_flag=True, help="Show decisions state by state.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False), help="Also write the tables as CSV to this file.")
@click.option(
    "--svg", "svg_file", type=click.Path(dir_okay=False), help="Also draw the key judgements as SVG to this file."
)
@click.option("--json", "is_json", is_flag=True, help="Print the answer as JSON (docs/json.md).")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def solve(
    scenario: str,
    history: str | None,
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
    if scenario.lower().endswith(GAME_SUFFIX):
        _solve_game(scenario, options["precision"] or "best", response, is_json)
        return
    _refuse_options("a scenario", {"response"})
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load

    case = load(scenario)
    seen = None if history is None else [one.strip() for one in history.split(",") if one.strip()]
    with _progress("solving worlds", not quiet) as progress:
        answer = solve_scenario(case, history=seen, perceptions=not no_perceptions, progress=progress, **options)
    if is_json:
        from stratagem.show.as_json import forecast_json

        click.echo(forecast_json(answer))
    else:
        from stratagem.show.terminal import show_forecast

        show_forecast(_console(), answer, states)
    if svg_file is not None:
        from stratagem.show.picture import write_picture

        write_picture(answer, svg_file)
    if csv_file is not None:
        from stratagem.show.as_csv import write_forecast

        write_forecast(answer, csv_file)
    if answer.num_failed:
        sys.exit(EXIT_SOME_FAILED)


def _solve_game(file: str, precision: str, response: str, is_json: bool) -> None:
    """Solve a game file and print what each player does at each information set."""
    _refuse_options("a game file", _options_given() - {"precision", "response", "is_json", "quiet"})
    from stratagem.api import solve_game_file
    from stratagem.show.games import game_json, show_game

    answer = solve_game_file(file, precision, response)
    if is_json:
        click.echo(game_json(answer))
    else:
        show_game(_console(), answer)
    if not answer.is_found:
        sys.exit(EXIT_SOME_FAILED)


def _options_given() -> set[str]:
    """The options that stand on the command line."""
    from click.core import ParameterSource

    context = click.get_current_context()
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    return given - {"scenario"}


def _refuse_options(subject: str, names: set[str]) -> None:
    """Raise `UsageError` for options that say nothing about what is solved."""
    if unfit := sorted(_options_given() & names):
        flags = {one.name: one.opts[-1] for one in click.get_current_context().command.params}
        raise UsageError(f"{', '.join(flags[name] for name in unfit)}: not for {subject}; leave it out")


def _study_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What every analysis of a solved scenario takes."""
    options = (
        click.option(
            "--worlds",
            type=click.IntRange(1, 1_000_000),
            default=10_000,
            show_default=True,
            help="How many worlds to draw.",
        ),
        click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same worlds."),
        click.option("--no-perceptions", is_flag=True, help="Players read the true numbers."),
        click.option(
            "--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable."
        ),
        click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all."),
        click.option("--json", "is_json", is_flag=True, help="Print as JSON."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@main.command()
@_scenario_argument
@click.option("--do", "event", required=True, metavar="MOVE=ACTION", help="The event.")
@click.option(
    "--decision", required=True, metavar="MOVE", help="The decision that it may shift; `MOVE[2]` for a round."
)
@click.option("--announced", "way", flag_value="announced", help="The event is known from the start.")
@click.option("--given", "way", flag_value="given", help="The event is learnt, not made: worlds are reweighted.")
@click.option("--baseline", metavar="OUTCOME", help="The outcome that payoffs are measured against.")
@_study_options
def shift(
    scenario: str, event: str, decision: str, way: str | None, baseline: str | None, is_json: bool, **options: Any
) -> None:
    """Show how an event in one place moves a decision in another, and why."""
    from stratagem.analyse.shift import shift as shift_decision

    _show_finding(shift_decision(_study(scenario, **options), event, decision, way or "surprise", baseline), is_json)


@main.command()
@_scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option(
    "--reference", type=float, default=0.0, show_default=True, help="The payoff below which a total is a loss."
)
@click.option("--true", "is_true", is_flag=True, help="By the true numbers instead of the mover's own.")
@_study_options
def options(scenario: str, decision: str, reference: float, is_true: bool, is_json: bool, **options: Any) -> None:
    """Put the options of a move side by side: mean, spread, risk, regret, dominance."""
    from stratagem.analyse.options import options as compare_options

    _show_finding(compare_options(_study(scenario, **options), decision, reference, not is_true), is_json)


@main.command()
@_scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The decision to inform; `MOVE[2]` for a round.")
@_study_options
def learn(scenario: str, decision: str, is_json: bool, **options: Any) -> None:
    """Show which number to learn next: what would sharpen each question, and what it is worth to who decides."""
    from stratagem.analyse.learn import learn as learn_next

    _show_finding(learn_next(_study(scenario, **options), decision), is_json)


@main.command()
@_scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@_study_options
def flips(scenario: str, decision: str, is_json: bool, **options: Any) -> None:
    """Show what would flip a decision: thresholds, a map, the nearest flips."""
    from stratagem.analyse.flips import flips as find_flips

    _show_finding(find_flips(_study(scenario, **options), decision), is_json)


@main.command()
@_scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option("--option", "option", metavar="ACTION", help="The action to explain; the likeliest one by default.")
@_study_options
def discover(scenario: str, decision: str, option: str | None, is_json: bool, **options: Any) -> None:
    """Say in which worlds the mover takes an option: boxes of quantities, each checked on half-samples."""
    from stratagem.analyse.discover import discover as discover_boxes

    _show_finding(discover_boxes(_study(scenario, **options), decision, option), is_json)


@main.command()
@_scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option("--option", "option", metavar="ACTION", help="The action to explain; the likeliest one by default.")
@_study_options
def sensitivity(scenario: str, decision: str, option: str | None, is_json: bool, **options: Any) -> None:
    """Share out the variance of a payoff gap and of a chance among the uncertain numbers."""
    from stratagem.analyse.sensitivity import sensitivity as share_out

    _show_finding(share_out(_study(scenario, **options), decision, option), is_json)


@main.command()
@click.argument("before", metavar="FILE_OR_NAME")
@click.argument("after", metavar="FILE_OR_NAME")
@click.option(
    "--worlds", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many worlds to draw."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same worlds.")
@click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all.")
@click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
def diff(before: str, after: str, is_json: bool, **options: Any) -> None:
    """Compare two editions: which inputs changed, which conclusions moved."""
    from stratagem.analyse.editions import diff as compare
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load

    cases = load(before), load(after)
    answers = (solve_scenario(cases[0], **options), solve_scenario(cases[1], **options))
    _show_finding(compare(cases[0].scenario, cases[1].scenario, answers), is_json)


def _study(scenario: str, no_perceptions: bool, **options: Any) -> Any:
    from stratagem.analyse.study import Study
    from stratagem.catalogue import load

    return Study(load(scenario), perceptions=not no_perceptions, **options)


def _show_finding(finding: Any, is_json: bool) -> None:
    from stratagem.show.findings import finding_json, render_finding

    if is_json:
        click.echo(finding_json(finding))
    else:
        _console().print(render_finding(finding))


@main.command()
@_scenario_argument
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="The HTML file to write.")
@click.option(
    "--decision", metavar="MOVE", help="The main decision; by default the first player's with most options still open."
)
@click.option(
    "--do", "event", metavar="MOVE=ACTION", help="The event whose effect on it is shown; by default what moves it most."
)
@click.option(
    "--worlds", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many worlds to draw."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Same seed, same worlds.")
@click.option("--no-perceptions", is_flag=True, help="Players read the true numbers.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable.")
@click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all.")
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
    from stratagem.show.report import check_packages, write_report

    check_packages()
    case = load(scenario)
    with _progress("solving worlds", not quiet) as progress:
        answer = solve_scenario(case, perceptions=not no_perceptions, progress=progress, **options)
    study = Study(case, perceptions=not no_perceptions, **options)
    with _progress("what would change it", not quiet) as progress:
        briefing = brief(study, answer, decision, event, progress=progress)
    write_report(briefing, output)
    if not quiet:
        click.echo(f"{output}: written", err=True)
    if answer.num_failed:
        sys.exit(EXIT_SOME_FAILED)


@main.command()
@_scenario_argument
@click.option("--tree", is_flag=True, help="Draw the game as a tree.")
@click.option("--lines", type=click.IntRange(1), default=200, show_default=True, help="How much of the tree.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link off.")
@click.option(
    "--max-nodes", type=click.IntRange(1, 5_000_000), default=200_000, show_default=True, help="Cap on merged states."
)
@click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
def inspect(scenario: str, tree: bool, lines: int, without: tuple[str, ...], max_nodes: int, is_json: bool) -> None:
    """Show what a scenario compiles to: its layers, what merged, what each move sees and can do."""
    from stratagem.analyse.inspect import inspect as look
    from stratagem.analyse.inspect import tree_lines
    from stratagem.catalogue import load
    from stratagem.graph.compile import compile_scenario

    model = load(scenario).scenario
    game = compile_scenario(model, max_nodes, without)
    if tree:
        for depth, text in tree_lines(game, lines):
            _say("  " * depth + text)
    elif is_json:
        _echo_data("stratagem/inspect/1", look(model, game))
    else:
        from stratagem.show.structure import render_game

        _console().print(render_game(look(model, game)))


@main.command()
@_scenario_argument
@click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
def sources(scenario: str, is_json: bool) -> None:
    """Show, paragraph by paragraph, which source carries what, and what rests on assumption alone."""
    from stratagem.analyse.provenance import provenance
    from stratagem.catalogue import load

    view = provenance(load(scenario).scenario)
    if is_json:
        _echo_data("stratagem/sources/1", view)
    else:
        from stratagem.show.structure import render_provenance

        _console().print(render_provenance(view))


def _echo_data(schema: str, view: Any) -> None:
    """Print a view as JSON."""
    from stratagem.show.as_json import dump, plain

    click.echo(dump({"schema": schema, **plain(view)}))


@main.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from stratagem.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@main.command("list")
@click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
def list_(is_json: bool) -> None:
    """List the scenarios of the catalogue."""
    from stratagem.catalogue import load, names

    found = [(name, load(name).scenario.scenario) for name in names()]
    if is_json:
        from stratagem.show.as_json import dump

        click.echo(
            dump({"schema": "stratagem/list/1", "scenarios": [{"name": name, "title": title} for name, title in found]})
        )
        return
    width = max(len(name) for name, _ in found)
    for name, title in found:
        click.echo(f"{name:{width}}  {title}")


@main.command()
@click.argument("file", type=click.Path(dir_okay=False))
def new(file: str) -> None:
    """Write a small scenario to start from; an existing file is left alone."""
    from stratagem.catalogue import template

    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(template())
    except OSError as error:
        raise StratagemError(f"cannot write {file}: {error.strerror}") from None
    click.echo(f"{file}: written; now `stratagem solve {file}`")


@main.command()
@click.argument("rule", required=False)
def explain(rule: str | None) -> None:
    """Say what a rule of the language (L1 …) or the model (M1 …) means; without one, list them."""
    from stratagem.rules import rule as find
    from stratagem.rules import rules

    if rule is None:
        for number, (title, _) in rules().items():
            click.echo(f"{number:4} {title}")
        return
    title, text = find(rule)
    click.echo(f"{rule.upper()} {title}\n\n{text}")


if __name__ == "__main__":
    main()
