"""Verbs that ask of a solved scenario what moves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from stratagem.cli.output import (
    history_option,
    json_option,
    known_option,
    links_option,
    perceptions_option,
    refuse,
    scenario_argument,
    seed_option,
    seen_moves,
    show_finding,
    worlds_option,
)
from stratagem.cli.program import main

if TYPE_CHECKING:
    from stratagem.analyse.study import Study


def study_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What every analysis of a solved scenario takes."""
    options = (
        worlds_option(),
        seed_option(),
        history_option,
        perceptions_option,
        links_option,
        click.option(
            "--engine",
            type=click.Choice(["auto", "numpy", "jax"]),
            default="auto",
            show_default=True,
            help="What sweeps the game.",
        ),
        known_option,
        json_option,
    )
    for option in reversed(options):
        function = option(function)
    return function


@main.command()
@scenario_argument
@click.option("--do", "event", required=True, metavar="MOVE=ACTION", help="The event.")
@click.option(
    "--decision", required=True, metavar="MOVE", help="The decision that it may shift; `MOVE[2]` for a round."
)
@click.option("--announced", is_flag=True, help="The event is known from the start.")
@click.option("--as-if-chosen", is_flag=True, help="Those who see the event infer from it as from a choice.")
@click.option("--given", is_flag=True, help="The event is learnt, not made: worlds are reweighted.")
@click.option("--baseline", metavar="OUTCOME", help="The outcome that payoffs are measured against.")
@study_options
def shift(
    scenario: str,
    event: str,
    decision: str,
    announced: bool,
    as_if_chosen: bool,
    given: bool,
    baseline: str | None,
    is_json: bool,
    **options: Any,
) -> None:
    """Show how an event in one place moves a decision in another, and why."""
    from stratagem.analyse.shift import shift as shift_decision

    asked = {"announced": announced, "as if chosen": as_if_chosen, "given": given}
    ways = [way for way, is_asked in asked.items() if is_asked] or ["surprise"]
    if len(ways) > 1:
        refuse({"announced", "as_if_chosen", "given"}, "ways to ask of an event; one of them [M11]")
    show_finding(shift_decision(study_of(scenario, **options), event, decision, ways[0], baseline), is_json)


@main.command()
@scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option(
    "--reference", type=float, default=0.0, show_default=True, help="The payoff below which a total is a loss."
)
@click.option("--true", "is_true", is_flag=True, help="By the true numbers instead of the mover's own.")
@study_options
def options(scenario: str, decision: str, reference: float, is_true: bool, is_json: bool, **options: Any) -> None:
    """Put the options of a move side by side: mean, spread, risk, regret, dominance."""
    from stratagem.analyse.options import options as compare_options

    show_finding(compare_options(study_of(scenario, **options), decision, reference, not is_true), is_json)


@main.command()
@scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The decision to inform; `MOVE[2]` for a round.")
@study_options
def learn(scenario: str, decision: str, is_json: bool, **options: Any) -> None:
    """Show which number to learn next: what would sharpen each question, and what it is worth to who decides."""
    from stratagem.analyse.learn import learn as learn_next

    show_finding(learn_next(study_of(scenario, **options), decision), is_json)


@main.command()
@scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@study_options
def flips(scenario: str, decision: str, is_json: bool, **options: Any) -> None:
    """Show what would flip a decision: thresholds, a map, the nearest flips."""
    from stratagem.analyse.flips import flips as find_flips

    show_finding(find_flips(study_of(scenario, **options), decision), is_json)


@main.command()
@scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option("--option", "option", metavar="ACTION", help="The action to explain; the likeliest one by default.")
@study_options
def discover(scenario: str, decision: str, option: str | None, is_json: bool, **options: Any) -> None:
    """Say in which worlds the mover takes an option: boxes of quantities, each checked on half-samples."""
    from stratagem.analyse.discover import discover as discover_boxes

    show_finding(discover_boxes(study_of(scenario, **options), decision, option), is_json)


@main.command()
@scenario_argument
@click.option("--decision", required=True, metavar="MOVE", help="The move; `MOVE[2]` for a round.")
@click.option("--option", "option", metavar="ACTION", help="The action to explain; the likeliest one by default.")
@study_options
def sensitivity(scenario: str, decision: str, option: str | None, is_json: bool, **options: Any) -> None:
    """Share out the variance of a payoff gap and of a chance among the uncertain numbers."""
    from stratagem.analyse.sensitivity import sensitivity as share_out

    show_finding(share_out(study_of(scenario, **options), decision, option), is_json)


@main.command()
@click.argument("before", metavar="FILE_OR_NAME")
@click.argument("after", metavar="FILE_OR_NAME")
@worlds_option()
@seed_option()
@known_option
@json_option
def diff(before: str, after: str, is_json: bool, **options: Any) -> None:
    """Compare two editions: which inputs changed, which conclusions moved."""
    from stratagem.analyse.editions import diff as compare
    from stratagem.api import solve as solve_scenario
    from stratagem.catalogue import load

    cases = load(before), load(after)
    answers = (solve_scenario(cases[0], **options), solve_scenario(cases[1], **options))
    show_finding(compare(cases[0].scenario, cases[1].scenario, answers), is_json)


def study_of(scenario: str, no_perceptions: bool, history: tuple[str, ...], **options: Any) -> Study:
    """The study that the options of a verb ask for."""
    from stratagem.analyse.study import Study
    from stratagem.catalogue import load

    return Study(load(scenario), perceptions=not no_perceptions, history=seen_moves(history), **options)
