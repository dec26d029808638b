"""Verbs about scenario files and the language: write, check, look into."""

from __future__ import annotations

import sys

import click

from stratagem.cli.output import console, echo_data, json_option, refuse, say, scenario_argument
from stratagem.cli.program import main
from stratagem.errors import EXIT_FAULT, StratagemError


@main.command()
@scenario_argument
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
        say(
            f"{case.file}: sound — {model.scenario} ({len(model.players)} players, {len(model.moves)} moves, {sum(1 for _ in model.known_quantities())} quantities)"
        )


@main.command()
@scenario_argument
@click.option("--tree", is_flag=True, help="Draw the game as a tree.")
@click.option("--lines", type=click.IntRange(1), default=200, show_default=True, help="How much of the tree.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link off.")
@click.option(
    "--max-nodes", type=click.IntRange(1, 5_000_000), default=200_000, show_default=True, help="Cap on merged states."
)
@json_option
def inspect(scenario: str, tree: bool, lines: int, without: tuple[str, ...], max_nodes: int, is_json: bool) -> None:
    """Show what a scenario compiles to: its layers, what merged, what each move sees and can do."""
    from stratagem.analyse.inspect import inspect as look
    from stratagem.analyse.inspect import tree_lines
    from stratagem.catalogue import load
    from stratagem.graph.compile import compile_scenario

    if tree:
        refuse({"is_json"}, "a tree is drawn as text; leave out this or `--tree`")
    else:
        refuse({"lines"}, "of a tree; give `--tree` too, or leave it out")
    model = load(scenario).scenario
    game = compile_scenario(model, max_nodes, without)
    if tree:
        for depth, text in tree_lines(game, lines):
            say("  " * depth + text)
    elif is_json:
        echo_data("stratagem/inspect/1", look(model, game))
    else:
        from stratagem.show.structure import render_game

        console().print(render_game(look(model, game)))


@main.command()
@scenario_argument
@json_option
def sources(scenario: str, is_json: bool) -> None:
    """Show, paragraph by paragraph, which source carries what, and what rests on assumption alone."""
    from stratagem.analyse.provenance import provenance
    from stratagem.catalogue import load

    view = provenance(load(scenario).scenario)
    if is_json:
        echo_data("stratagem/sources/1", view)
    else:
        from stratagem.show.structure import render_provenance

        console().print(render_provenance(view))


@main.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from stratagem.scenario.schema import json_schema

    click.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@main.command("list")
@json_option
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
    """Say what a rule of the language (L1 …), the model (M1 …), fits (F1 …) or game files (efg) means; without one, list them."""
    from stratagem.rules import rule as find
    from stratagem.rules import rules

    if rule is None:
        for number, (title, _) in rules().items():
            click.echo(f"{number:4} {title}")
        return
    name, title, text = find(rule)
    click.echo(f"{name} {title}\n\n{text}")
