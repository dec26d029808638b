"""`python -m benches`: measure, and print a table or JSON."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import click

from benches import analyses, bayes_fit, discover, fitting, limit, peers, signalling, start, subjects  # noqa: F401
from benches.registry import CASES, PHASES, Effort, Result, chosen

PACKAGES = ("stratagem", "numpy", "jax", "pygambit", "open_spiel")


@click.command()
@click.option("--subject", "wanted", multiple=True, help="Subjects whose name starts so; repeatable.")
@click.option("--phase", "phases", multiple=True, type=click.Choice(PHASES), help="Repeatable.")
@click.option("--quick", is_flag=True, help="Small subjects, few repeats: some minutes less.")
@click.option(
    "--full",
    is_flag=True,
    help="Also the largest memory run: 100,000 worlds of 100,000 states, some twenty minutes.",
)
@click.option("--json", "is_json", is_flag=True, help="Print as JSON.")
@click.option("--list", "is_list", is_flag=True, help="Print the subjects and phases only.")
def main(
    wanted: tuple[str, ...], phases: tuple[str, ...], quick: bool, full: bool, is_json: bool, is_list: bool
) -> None:
    """Measure Stratagem, medians with the lowest and the highest of several runs (benches/README.md)."""
    if is_list:
        for one in CASES:
            click.echo(f"{one.subject:16} {one.phase}")
        return
    effort = Effort(repeats=3, seconds=0.1, is_quick=True) if quick else Effort(is_full=full)
    results: list[Result] = []
    for one in chosen(wanted, phases, quick):
        for result in one.results(effort):
            results.append(result)
            if not is_json:
                click.echo(line(result))
    if is_json:
        shown = [{**asdict(result), "is_met": result.is_met} for result in results]
        click.echo(json.dumps({"schema": "stratagem/benches/1", "versions": versions(), "results": shown}, indent=1))
    if any(result.is_met is False for result in results):
        sys.exit(1)


def versions() -> dict[str, str]:
    """What was measured."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def line(result: Result) -> str:
    """A result as a line of the table."""
    spread = (
        f"({shown(result.low)} to {shown(result.high)})" if result.low is not None and result.high is not None else ""
    )
    met = {None: "", True: f"target {result.target}: met", False: f"target {result.target}: MISSED"}[result.is_met]
    head = f"{result.subject:15} {result.phase:8} {result.what:48} {shown(result.value):>8} {result.unit:16}"
    return f"{head} {spread:20} {met} {result.note}".rstrip()


def shown(value: float) -> str:
    """Three digits."""
    if value >= 1e6:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
