"""The verb that writes games for other programs."""

from __future__ import annotations

import click

from stratagem.cli.games import is_game, refuse_all_but
from stratagem.cli.output import OutputFile, refuse, scenario_argument
from stratagem.cli.program import main


@main.command()
@scenario_argument
@click.option("-o", "--output", required=True, type=OutputFile(), help="The .efg file to write.")
@click.option(
    "--world", default="central", show_default=True, metavar="central|N", help="Medians and prior means, or world N."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Whose world N it is.")
@click.option("--without", multiple=True, metavar="LINK", help="Switch a link between theatres off; repeatable.")
@click.option("--taken-as-known", is_flag=True, help="Treat numbers not known to all as known to all.")
def export(scenario: str, output: str, world: str, seed: int, without: tuple[str, ...], taken_as_known: bool) -> None:
    """Write a scenario's world as a game in a .efg file, which Gambit and OpenSpiel read (docs/efg.md)."""
    from stratagem.catalogue import load
    from stratagem.exchange.efg_read import read_efg
    from stratagem.exchange.efg_write import write_efg
    from stratagem.exchange.plain import plain
    from stratagem.exchange.scenario_tree import CENTRAL, Export, export_world
    from stratagem.show.files import write_atomically

    if is_game(scenario):
        refuse_all_but("output")
        found = Export(plain(read_efg(scenario)), ())
    else:
        if world == CENTRAL:
            refuse({"seed"}, "the central world is drawn from none; give `--world N` too, or leave it out")
        found = export_world(load(scenario).scenario, world, seed, without, taken_as_known)
    write_atomically(output, write_efg(found.tree))
    click.echo(f"{output}: {found.tree.num_nodes:,} nodes, {len(found.tree.infosets):,} information sets and events")
    for one in found.warnings:
        click.echo(f"not in the file: {one}", err=True)
