"""The whole way from a scenario to its answer, for Python and for the command line alike."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

from stratagem.analyse.forecast import forecast
from stratagem.catalogue import Case, load
from stratagem.errors import UsageError, quote
from stratagem.exchange.answer import GameAnswer, answer
from stratagem.exchange.efg_read import read_efg
from stratagem.graph.compile import MAX_NODES, compile_scenario
from stratagem.graph.facts import all_known
from stratagem.graph.game import Game
from stratagem.scenario.model import Scenario
from stratagem.show.notebook import Answer
from stratagem.solve.intervene import Choice, choice
from stratagem.solve.solve import Progress, Request, check_response
from stratagem.solve.solve import solve as solve_game


def solve(
    scenario: Case | str | Path,
    worlds: int = 10_000,
    seed: int = 1,
    precision: float | str | None = None,
    do: Iterable[str] = (),
    announced: bool = False,
    as_if_chosen: bool = False,
    history: Iterable[str] | None = None,
    perceptions: bool = True,
    without: Iterable[str] = (),
    taken_as_known: bool = False,
    decisions: int = 200,
    max_nodes: int = MAX_NODES,
    engine: str = "auto",
    response: str = "logit",
    search: int = 8,
    progress: Progress | None = None,
    game: Game | None = None,
) -> Answer:
    """The forecast of a scenario, given by name, path or as a `Case`; it prints as text and shows as HTML in a notebook.

    `precision` overrides every player's: a number in 1/payoff, or `"best"`. `do` forces `move=action` (or sets `quantity=number`), as a
    surprise unless `announced`; with `as_if_chosen` those who see it infer from it what they would from a choice. `history` replaces the scenario's own. `engine` is `numpy`, `jax` or `auto`,
    which takes JAX for very large runs. `response` is `logit` (errors of extreme value) or `probit` (normal ones). Where something
    is hidden, further equilibria are searched for in `search` worlds and in the central one. `game` is what the scenario compiles to,
    where that is known. Raises `StratagemError`; its text says what to put right.

    >>> solve("signorino-deterrence", worlds=10).questions[0].name
    'war'
    """
    case = scenario if isinstance(scenario, Case) else load(scenario)
    file, off, moves = all_known(case.scenario) if taken_as_known else case.scenario, _listed(without), _listed(do)
    game = game or compile_scenario(file, max_nodes, off)
    if announced and as_if_chosen:
        raise UsageError("a move both `announced` and `as if chosen`; one of them [M11]")
    forced, fixed = _interventions(file, game, moves)
    seen = _listed(history) if history is not None else tuple(one.that for one in file.history)
    made = tuple(choice(game, one) for one in seen)
    _refuse_contradiction(game, made, forced)
    request = Request(
        worlds=worlds, seed=seed, precision=None if precision is None else _precision(precision), history=made, do=forced,
        is_announced=announced, is_as_chosen=as_if_chosen, fixed=fixed, perceptions=perceptions, decisions=decisions, engine=engine, response=response, searched=search,
    )  # fmt: skip
    manifest: dict[str, object] = {
        "scenario": case.name, "sha256": case.digest, "edition": file.edition, "as_of": file.as_of.text if file.as_of else None,
        "precision": "as stated" if precision is None else str(precision), "response": response, "history": list(seen), "do": list(moves),
        "announced": announced, "as_if_chosen": as_if_chosen, "perceptions": perceptions, "without": list(off),
    }  # fmt: skip
    return Answer.of(forecast(file, solve_game(game, file, request, progress), manifest))


def solve_game_file(file: str | Path, precision: float | str = "best", response: str = "logit") -> GameAnswer:
    """The equilibrium of a game in Gambit's .efg format (docs/efg.md), at one precision (1/payoff) for all players.

    `"best"` is the limit. Errors are `logit` (extreme value) or `probit` (normal). Raises `StratagemError`.
    """
    level = _precision(precision)
    check_response(response, level)
    return answer(read_efg(file), level, response)


def _listed(texts: Iterable[str]) -> tuple[str, ...]:
    """Several texts, or one, as a tuple."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _precision(precision: float | str) -> float:
    if precision == "best":
        return float("inf")
    try:
        value = float(precision)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        raise UsageError(f"the precision {quote(precision)}; a number from 0 to 1,000,000, or `best` [M9]")
    return value


def _refuse_contradiction(game: Game, made: tuple[Choice, ...], forced: tuple[Choice, ...]) -> None:
    """Raise `UsageError` where a move is forced that the history has seen otherwise."""
    for one in forced:
        for other in made:
            if other.step == one.step and other.option != one.option:
                step = game.steps[one.step]
                raise UsageError(
                    f"`{step.label}={step.options[one.option]}` is forced, yet the history has `{step.label}={step.options[other.option]}`: "
                    "that is past; force a later move, or give another `--history` [M11]"
                )


def _interventions(scenario: Scenario, game: Game, do: tuple[str, ...]) -> tuple[tuple[Choice, ...], dict[str, float]]:
    names = {name for _, name, _ in scenario.known_quantities()} - set(game.facts)
    forced: list[Choice] = []
    fixed: dict[str, float] = {}
    for one in do:
        name, _, value = (part.strip() for part in one.partition("="))
        if name not in names:
            forced.append(choice(game, one))
            continue
        try:
            fixed[name] = float(value.rstrip("%")) / (100 if value.endswith("%") else 1)
        except ValueError:
            fixed[name] = math.nan
        if not math.isfinite(fixed[name]):
            raise UsageError(f"{quote(one)}: expected `{name}=NUMBER` [M11]")
    if len({one.step for one in forced}) + len(fixed) < len(do):
        raise UsageError(f"one thing forced twice in {quote(', '.join(do))}; say each move and quantity once [M11]")
    return tuple(forced), fixed
