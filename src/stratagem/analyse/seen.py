"""What was seen, read in every world: how likely each part of a history is, and what it leaves of the questions (M10, M12).

Takes a study and some histories; gives readings by world. Each chunk of worlds is swept once and passed through once a history.

Axes: W worlds, H seen moves, Q questions, C choices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.study import Study
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats, Game, Ints
from stratagem.graph.worlds import Worlds
from stratagem.solve.intervene import Choice
from stratagem.solve.keep import ByWorld, Keeper
from stratagem.solve.passage import passage, restrict
from stratagem.solve.solution import RULED_OUT, SOLVED
from stratagem.solve.solve import Chunk, Solver

History = tuple[Choice, ...]


@dataclass(frozen=True)
class Reading(ByWorld):
    """What a game gives under a history, in each world."""

    likelihood: Floats  # [W] probability of the history
    questions: Floats  # [Q, W] of each event, with its condition and the history
    conditions: Floats  # [Q, W] of each condition, with the history
    choices: Floats  # [C, W] of each choice asked for, with the history


@dataclass(frozen=True)
class Readings:
    """Readings of several histories in the same worlds."""

    numbers: dict[str, Floats]  # uncertain numbers and weights by name, [W]
    is_counted: NDArray[np.bool_]  # [W] which worlds have an answer
    of: dict[History, Reading]
    others: tuple[Any, ...] = ()  # what else was looked at, chunk by chunk


def in_order(moves: Iterable[Choice]) -> History:
    """Moves in the order in which they were made. Raises `UsageError` where one was made twice."""
    found = tuple(sorted(moves, key=lambda one: one.step))
    if len({one.step for one in found}) < len(found):
        raise UsageError("one move seen twice; say each move once [L22]")
    return found


def label(study: Study, one: Choice) -> str:
    """A choice as `move=action`."""
    step = study.game.steps[one.step]
    return f"{step.label}={step.options[one.option]}"


def without(history: History, place: int) -> History:
    """A history but for one of its moves."""
    return (*history[:place], *history[place + 1 :])


def prefixes(history: History) -> tuple[History, ...]:
    """The history as it grew, from nothing to all of it."""
    return tuple(history[:count] for count in range(len(history) + 1))


def free_solver(study: Study, progress: Callable[[int, int], None] | None = None) -> Solver:
    """A solver of the study's worlds before anything is seen."""
    request = replace(study.request(0), history=(), step=None, has_truth=False)
    return Solver(study.game, study.scenario, request, progress)


def read(
    study: Study,
    histories: Sequence[History],
    worlds: Worlds | None = None,
    progress: Callable[[int, int], None] | None = None,
    choices: Sequence[Choice] = (),
    also: Callable[[Solver, Chunk], Any] | None = None,
) -> Readings:
    """The readings of histories, and of choices under each, in the study's worlds or in worlds that are given.

    `also` is what else to look at in each chunk of worlds as it is swept.
    """
    solver = free_solver(study, progress)
    size = study.worlds if worlds is None else len(worlds)
    nothing = np.zeros(0, np.int32)
    keeper = Keeper(solver.plan, size, study.seed, (), solver.surprise, nothing, nothing)
    count = len(study.game.questions)
    found = [
        Reading(*(np.zeros(shape) for shape in ((size,), (count, size), (count, size), (len(choices), size))))
        for _ in histories
    ]
    edges = [_edges_of(study.game, one) for one in choices]
    status, others = np.zeros(size, np.int8), list[Any]()

    def look(chunk: Chunk) -> tuple[NDArray[np.int8], Any, list[Reading]]:
        other = None if also is None else also(solver, chunk)
        return chunk.status, other, [_read_chunk(solver, keeper, chunk, history, edges) for history in histories]

    if worlds is not None:
        keeper.draw(0, worlds)
    looked = solver.read(look, keeper.draw) if worlds is None else solver.read_given(look, worlds)
    for place, (status_here, other, readings) in looked:
        status[place] = status_here
        others.append(other)
        for whole, part in zip(found, readings, strict=True):
            whole.put(place, part)
    is_counted = np.asarray((status == SOLVED) | (status == RULED_OUT))
    of = {history: _counted(part, is_counted) for history, part in zip(histories, found, strict=True)}
    return Readings(keeper.quantities, is_counted, of, tuple(others))


def _edges_of(game: Game, one: Choice) -> Ints:
    """The edges on which a choice is made."""
    is_here = (game.step_of_node[game.parent_of_edge] == one.step) & (game.option_of_edge == one.option)
    return np.flatnonzero(is_here).astype(np.int32)


def _read_chunk(solver: Solver, keeper: Keeper, chunk: Chunk, history: History, choices: Sequence[Ints]) -> Reading:
    way = passage(solver.plan, chunk.sweep.behaviour, restrict(solver.game, history))
    chosen = [flow.sum(axis=0) for flow in way.flows(solver.game, choices)]
    root = way.reach[0]
    return Reading(root, *keeper.read_questions(chunk.inputs, way), np.array(chosen).reshape(-1, len(root)))


def _counted(reading: Reading, is_counted: NDArray[np.bool_]) -> Reading:
    parts = (reading.likelihood, reading.questions, reading.conditions, reading.choices)
    return Reading(*(np.where(is_counted, part, 0.0) for part in parts))


def together(readings: Sequence[Reading]) -> Reading:
    """What histories that exclude each other give in sum."""
    parts = ((one.likelihood, one.questions, one.conditions, one.choices) for one in readings)
    return Reading(*(np.sum(part, axis=0) for part in zip(*parts, strict=True)))


def refuse_impossible(study: Study, history: History, readings: Readings) -> None:
    """Raise `UsageError` where no world gives the history any probability, with the first move that makes it so."""
    for before, now in zip(prefixes(history), prefixes(history)[1:], strict=False):
        if not readings.of[now].likelihood.any():
            seen = " and ".join(label(study, one) for one in before)
            told = f" once {quote(seen, 200)} was seen" if seen else ""
            raise UsageError(
                f"{quote(label(study, now[-1]))} has probability 0 in every world{told}: by this scenario it cannot have happened [M10]; "
                "check `history`, guards and forces"
            )
